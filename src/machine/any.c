// SPDX-License-Identifier: MIT
/*
 * Which reader a text is for: recognised by the first line that only one of
 * them can have, or by a table's signature.
 */
#include "base/bits.h"
#include "base/fmt.h"
#include "machine/acpi.h"
#include "machine/acpidump.h"
#include "machine/log.h"
#include "machine/sysfs.h"

typedef enum mu_status text_reader(struct mu_machine *machine, const char *text,
				   size_t len, struct mu_error *error);

static enum mu_status read_acpi(struct mu_machine *machine, const char *text,
				size_t len, struct mu_error *error)
{
	return mu_machine_read_acpi(machine, text, len, error);
}

static bool is_log(struct mu_text line)
{
	enum mu_log_map map;

	return mu_log_classify(&line, &map) != MU_LOG_OTHER;
}

/* "Node 0, zone      DMA"; in /proc/buddyinfo there are numbers after it. */
static bool is_zoneinfo(struct mu_text line)
{
	uint64_t nid;

	mu_text_blanks(&line);
	if (!mu_text_skip(&line, "Node ") || mu_text_number(&line, 10, &nid) ||
	    !mu_text_skip(&line, ", zone"))
		return false;
	mu_text_blanks(&line);
	while (!mu_text_empty(&line) && *line.at != ' ')
		line.at++;
	mu_text_blanks(&line);
	return mu_text_empty(&line);
}

/* "00001000-0009fbff : System RAM" */
static bool is_iomem(struct mu_text line)
{
	uint64_t first, last;

	mu_text_blanks(&line);
	return !mu_text_number(&line, 16, &first) && mu_text_skip(&line, "-") &&
	       !mu_text_number(&line, 16, &last) && mu_text_skip(&line, " : ");
}

/* The header of the table, or "range": of JSON. */
static bool is_lsmem(struct mu_text line)
{
	struct mu_text json = line;

	mu_text_blanks(&line);
	if (mu_text_skip(&line, "RANGE "))
		return true;
	return mu_text_find(&json, "\"range\":");
}

/* "node 0 size: 1024 MB" */
static bool is_numactl(struct mu_text line)
{
	uint64_t nid, size;

	if (!mu_text_find(&line, "node ") || mu_text_number(&line, 10, &nid) ||
	    !mu_text_skip(&line, " size: ") || mu_text_number(&line, 10, &size))
		return false;
	return mu_text_skip(&line, " MB");
}

static const struct {
	bool (*tells)(struct mu_text line); /* NULL: not by a line */
	text_reader *read;
} kinds[] = {
	[MU_KIND_LOG] = {is_log, mu_machine_read_log},
	[MU_KIND_ZONEINFO] = {is_zoneinfo, mu_machine_read_zoneinfo},
	[MU_KIND_IOMEM] = {is_iomem, mu_machine_read_iomem},
	[MU_KIND_LSMEM] = {is_lsmem, mu_machine_read_lsmem},
	[MU_KIND_NUMACTL] = {is_numactl, mu_machine_read_numactl},
	[MU_KIND_ACPIDUMP] = {mu_acpidump_title, mu_machine_read_acpidump},
	[MU_KIND_DSL] = {mu_dsl_signature, mu_machine_read_dsl},
	[MU_KIND_SYSFS] = {mu_sysfs_tells, mu_machine_read_sysfs},
	[MU_KIND_ACPI] = {NULL, read_acpi},
};

/* A table's length has bytes of 0 in it, as no text has. */
static bool is_acpi(const char *text, size_t len)
{
	const uint8_t *table = (const uint8_t *)text;

	if (len < MU_ACPI_HEADER || !mu_acpi_known(table))
		return false;
	return !table[7] && !table[6];
}

enum mu_machine_kind mu_machine_kind(const char *text, size_t len)
{
	struct mu_text rest = mu_text(text, len), line;

	if (is_acpi(text, len))
		return MU_KIND_ACPI;
	while (mu_text_line(&rest, &line)) {
		/* A log may have any line in it: try the other kinds first. */
		for (unsigned i = MU_ARRAY_SIZE(kinds); i-- > 0;) {
			if (kinds[i].tells && kinds[i].tells(line))
				return (enum mu_machine_kind)i;
		}
	}
	return MU_KIND_UNKNOWN;
}

/* Text that has to be unpacked first, recognised by its first bytes. */
static const char *why_wrapped(struct mu_text text)
{
	static const char *const packed[] = {"\x1f\x8b", "\xfd\x37zXZ",
					     "\x28\xb5\x2f\xfd", "BZh"};

	for (unsigned i = 0; i < MU_ARRAY_SIZE(packed); i++) {
		struct mu_text rest = text;

		if (mu_text_skip(&rest, packed[i]))
			return "it is compressed; unpack it first";
	}
	if (mu_text_skip(&text, "\xff\xfe") || mu_text_skip(&text, "\xfe\xff"))
		return "it is UTF-16; `iconv -f UTF-16 -t UTF-8` converts it";
	return NULL;
}

/* What people may try that cannot be used, and why. */
static const char *why_unknown(struct mu_text text)
{
	const char *why = why_wrapped(text);
	struct mu_text line, rest;

	if (why)
		return why;
	while (mu_text_line(&text, &line)) {
		uint64_t ignored;

		rest = line;
		if (mu_text_skip(&rest, "/dts-v1/") ||
		    mu_text_skip(&rest, "/ {"))
			return "a device tree's source; `dtc -O dtb` makes "
			       "of it what can be read";
		rest = line;
		if (mu_text_skip(&rest, "Node ") &&
		    !mu_text_number(&rest, 10, &ignored) &&
		    mu_text_skip(&rest, ", zone "))
			return "/proc/buddyinfo counts free pages, and does "
			       "not say where they are";
		rest = line;
		if (mu_text_skip(&rest, "MemTotal: "))
			return "/proc/meminfo does not say where memory is";
	}
	return "no boot log, nor anything else that tells of memory";
}

enum mu_status mu_machine_read_kind(struct mu_machine *machine,
				    enum mu_machine_kind kind, const char *text,
				    size_t len, struct mu_error *error)
{
	if ((unsigned)kind >= MU_ARRAY_SIZE(kinds) || !kinds[kind].read)
		return mu_fail(error, MU_ERR_NOT_FOUND, 0, "%s",
			       why_unknown(mu_text(text, len)));
	return kinds[kind].read(machine, text, len, error);
}

enum mu_status mu_machine_read_any(struct mu_machine *machine, const char *text,
				   size_t len, struct mu_error *error)
{
	enum mu_status status = mu_machine_read_kind(
		machine, mu_machine_kind(text, len), text, len, error);

	return status ? status : mu_machine_ram_from_affinities(machine, error);
}
