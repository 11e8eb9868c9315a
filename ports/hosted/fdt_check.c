// SPDX-License-Identifier: MIT
/*
 * fdt_check: libfdt says whether a tree is sound, and if not why, in one word.
 * The user of a file that was cut or overwritten wants to know where.
 * Devicetree Specification 0.4, chapter 5.
 */
#include "ports/hosted/fdt_check.h"
#include "ports/hosted/read_file.h"

#ifdef MU_HAVE_LIBFDT

#include <libfdt.h>

/* The first version whose nodes have names, not whole paths. */
#define OLDEST 16

/* Check the header, and that the blocks lie within the tree. */
static enum mu_status check_header(const void *fdt, size_t len,
				   struct mu_error *error)
{
	if (len < FDT_V1_SIZE)
		return mu_hosted_fail(error, MU_ERR_CORRUPT,
				      "%zu bytes are less than the header of a "
				      "device tree",
				      len);
	if (fdt_magic(fdt) != FDT_MAGIC)
		return mu_hosted_fail(error, MU_ERR_CORRUPT,
				      "no device tree: it begins with 0x%x, "
				      "expected 0x%x",
				      fdt_magic(fdt), FDT_MAGIC);
	if (fdt_totalsize(fdt) > len)
		return mu_hosted_fail(error, MU_ERR_CORRUPT,
				      "the device tree says that it has %u "
				      "bytes, %zu are there",
				      fdt_totalsize(fdt), len);
	/* libfdt accepts older ones, too, and fdt_check_full() of 1.6.1
	 * dereferences a null pointer if the root's path has no slash. */
	if (fdt_last_comp_version(fdt) > FDT_LAST_SUPPORTED_VERSION ||
	    fdt_version(fdt) < OLDEST)
		return mu_hosted_fail(error, MU_ERR_CORRUPT,
				      "a device tree of version %u, compatible "
				      "with %u: expected %u or %u",
				      fdt_version(fdt),
				      fdt_last_comp_version(fdt), OLDEST,
				      FDT_LAST_SUPPORTED_VERSION);
	if (fdt_check_header(fdt))
		return mu_hosted_fail(
			error, MU_ERR_CORRUPT,
			"the header of the device tree has the reserve map at "
			"0x%x, the structure at 0x%x and the strings at 0x%x, "
			"not all in its %u bytes",
			fdt_off_mem_rsvmap(fdt), fdt_off_dt_struct(fdt),
			fdt_off_dt_strings(fdt), fdt_totalsize(fdt));
	return MU_OK;
}

/* Where the structure cannot be followed any further. */
static int follow(const void *fdt)
{
	uint32_t tag = FDT_NOP;
	int offset = 0, next;

	while (tag != FDT_END) {
		tag = fdt_next_tag(fdt, offset, &next);
		if (next < 0)
			break;
		offset = next;
	}
	return offset;
}

enum mu_status mu_fdt_check(const void *fdt, size_t len, struct mu_error *error)
{
	enum mu_status status = check_header(fdt, len, error);
	int code;

	if (status)
		return status;
	code = fdt_check_full(fdt, len);
	if (!code)
		return MU_OK;
	return mu_hosted_fail(error, MU_ERR_CORRUPT,
			      "byte 0x%x: the structure of the device tree is "
			      "sound up to here: %s",
			      fdt_off_dt_struct(fdt) + (uint32_t)follow(fdt),
			      fdt_strerror(code));
}

#endif
