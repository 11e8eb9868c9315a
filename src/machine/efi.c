// SPDX-License-Identifier: MIT
#include "base/bits.h"
#include "base/fmt.h"
#include "machine/efi.h"

/*
 * Indexed by EFI_MEMORY_TYPE (UEFI 2.10, 7.2.3). Boot services and the loader
 * are gone when memory comes up. Unaccepted memory is RAM that a guest has to
 * accept first.
 */
static const struct {
	const char *name;
	enum mu_range_type type;
} types[] = {
	{"Reserved", MU_RANGE_RESERVED},
	{"Loader Code", MU_RANGE_RAM},
	{"Loader Data", MU_RANGE_RAM},
	{"Boot Code", MU_RANGE_RAM},
	{"Boot Data", MU_RANGE_RAM},
	{"Runtime Code", MU_RANGE_RESERVED},
	{"Runtime Data", MU_RANGE_RESERVED},
	{"Conventional", MU_RANGE_RAM},
	{"Unusable", MU_RANGE_UNUSABLE},
	{"ACPI Reclaim", MU_RANGE_ACPI},
	{"ACPI Mem", MU_RANGE_NVS},
	{"Memory Mapped I/O", MU_RANGE_RESERVED},
	{"MMIO", MU_RANGE_RESERVED},
	{"PAL Code", MU_RANGE_RESERVED},
	{"Persistent", MU_RANGE_PMEM},
	{"Unaccepted", MU_RANGE_RAM},
};

#define UNACCEPTED 15u

/* Attributes (the same section): their bit, the letters, what they mean here.
 */
#define EFI_NV ((uint64_t)0x8000)
#define EFI_MR ((uint64_t)0x10000)
#define EFI_SP ((uint64_t)0x40000)

/* "[Boot Data |RUN|  |MR|...]" */
static bool read_words(struct mu_text *line, unsigned *type, uint64_t *attr)
{
	struct mu_text words = *line, rest;

	if (!mu_text_skip(&words, "[") || !mu_text_find(line, "range="))
		return false;
	words.end = line->at;
	for (*type = 0; *type < MU_ARRAY_SIZE(types); (*type)++) {
		rest = words;
		if (mu_text_skip(&rest, types[*type].name))
			break;
	}
	rest = words;
	*attr = mu_text_find(&rest, "|NV|") ? EFI_NV : 0;
	rest = words;
	*attr |= mu_text_find(&rest, "|MR|") ? EFI_MR : 0;
	rest = words;
	*attr |= mu_text_find(&rest, "|SP|") ? EFI_SP : 0;
	return *type < MU_ARRAY_SIZE(types);
}

/* "type=4, attr=0xf, " */
static bool read_numbers(struct mu_text *line, unsigned *type, uint64_t *attr)
{
	uint64_t number;

	if (!mu_text_skip(line, "type=") || mu_text_number(line, 10, &number) ||
	    number >= MU_ARRAY_SIZE(types) || !mu_text_skip(line, ", attr=") ||
	    mu_text_number(line, 16, attr) || !mu_text_find(line, "range="))
		return false;
	*type = (unsigned)number;
	return true;
}

static bool read_range(struct mu_text *line, mu_phys_t *first, mu_phys_t *end)
{
	if (!mu_text_skip(line, "[") || mu_text_number(line, 16, first) ||
	    !mu_text_skip(line, "-") || mu_text_number(line, 16, end))
		return false;
	if (mu_text_skip(line, "]") && *end < UINT64_MAX)
		++*end;
	return true;
}

enum mu_status mu_efi_add_line(struct mu_machine *machine, struct mu_text line,
			       struct mu_error *error)
{
	enum mu_range_type type;
	mu_phys_t first, end;
	struct mu_quote quote;
	struct mu_text whole = line;
	uint64_t number, attr;
	unsigned index, flags;

	if (mu_text_number(&line, 10, &number) || !mu_text_skip(&line, ": ") ||
	    (!read_numbers(&line, &index, &attr) &&
	     !read_words(&line, &index, &attr)) ||
	    !read_range(&line, &first, &end))
		return mu_fail(error, MU_ERR_SYNTAX, 0,
			       "no EFI memory descriptor in \"%s\"",
			       mu_text_quote(&quote, whole));
	if (end < first)
		return mu_fail(error, MU_ERR_RANGE, 0,
			       "range 0x%llx-0x%llx ends before it begins",
			       (unsigned long long)first,
			       (unsigned long long)end);
	type = types[index].type;
	if (type == MU_RANGE_RAM && attr & EFI_SP)
		type = MU_RANGE_SOFT_RESERVED;
	flags = attr & EFI_MR ? MU_RANGE_MIRROR : 0;
	flags |= attr & EFI_NV ? MU_RANGE_NONVOLATILE : 0;
	flags |= index == UNACCEPTED ? MU_RANGE_UNACCEPTED : 0;
	return mu_machine_add(machine, first, end - first, type, flags, error);
}
