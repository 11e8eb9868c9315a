// SPDX-License-Identifier: MIT
/*
 * Short descriptions: functions that follow the rules of the grammar in
 * include/memup/machine_read.h.
 */
#include "base/bits.h"
#include "base/fmt.h"
#include "machine/text.h"

struct reader {
	struct mu_machine *machine;
	struct mu_text whole, rest;
	struct mu_error *error;
};

static enum mu_status wrong(const struct reader *reader, enum mu_status status,
			    const char *at, const char *what)
{
	struct mu_quote quote;

	return mu_fail(reader->error, status, 0, "%s: %s at character %zu",
		       mu_text_quote(&quote, reader->whole), what,
		       (size_t)(at - reader->whole.at) + 1);
}

/* A number with an optional unit; *@plain when there is none. */
static enum mu_status read_number(struct reader *reader, const char *expected,
				  uint64_t *value, bool *plain)
{
	const char *start = reader->rest.at;
	bool unit = false;
	enum mu_status status = mu_text_size(&reader->rest, value, &unit);

	if (status == MU_ERR_SYNTAX)
		return wrong(reader, status, start, expected);
	if (status)
		return wrong(reader, status, start, "a number past 64 bits");
	*plain = !unit;
	return MU_OK;
}

static enum mu_status check_aligned(const struct reader *reader,
				    const char *start, uint64_t value)
{
	if (value % (1u << MU_PAGE_SHIFT_MIN))
		return wrong(reader, MU_ERR_RANGE, start,
			     "not a multiple of 4 KiB");
	return MU_OK;
}

static enum mu_status check_size(const struct reader *reader, const char *start,
				 uint64_t size)
{
	if (!size)
		return wrong(reader, MU_ERR_RANGE, start, "a size of 0");
	return check_aligned(reader, start, size);
}

static enum mu_status read_size(struct reader *reader, uint64_t *size)
{
	const char *start = reader->rest.at;
	bool plain = false;
	enum mu_status status =
		read_number(reader, "expected a size", size, &plain);

	return status ? status : check_size(reader, start, *size);
}

static enum mu_status read_address(struct reader *reader, uint64_t *address)
{
	const char *start = reader->rest.at;
	bool plain = false;
	enum mu_status status =
		read_number(reader, "expected an address", address, &plain);

	return status ? status : check_aligned(reader, start, *address);
}

/* A number without a unit, at most @max. */
static enum mu_status read_count(struct reader *reader, const char *expected,
				 const char *too_many, uint64_t max,
				 unsigned *count)
{
	const char *start = reader->rest.at;
	uint64_t value;
	enum mu_status status = mu_text_number(&reader->rest, 10, &value);

	if (status == MU_ERR_SYNTAX)
		return wrong(reader, status, start, expected);
	if (status || value > max)
		return wrong(reader, MU_ERR_RANGE, start, too_many);
	*count = (unsigned)value;
	return MU_OK;
}

static enum mu_status add(struct reader *reader, const char *start,
			  mu_phys_t base, mu_phys_t size, unsigned nid)
{
	enum mu_status status;

	if (base > MU_PHYS_MAX || size > MU_PHYS_MAX - base)
		return wrong(reader, MU_ERR_RANGE, start,
			     "memory past the limit of 52 address bits");
	status = mu_machine_add(reader->machine, base, size, MU_RANGE_RAM, 0,
				reader->error);
	if (!status)
		status = mu_machine_add_affinity(reader->machine, base, size,
						 (int)nid, 0, reader->error);
	return status;
}

/* @count nodes of the size that follows, one after the other. */
static enum mu_status read_equal_nodes(struct reader *reader, uint64_t count)
{
	const char *start = reader->rest.at;
	enum mu_status status;
	uint64_t size;

	if (!count || count > reader->machine->max_nodes)
		return wrong(reader, MU_ERR_RANGE, reader->whole.at,
			     count ? "too many nodes" : "no node");
	status = read_size(reader, &size);
	for (unsigned i = 0; !status && i < count; i++) {
		if (size > MU_PHYS_MAX / (i + 1))
			return wrong(
				reader, MU_ERR_RANGE, start,
				"memory past the limit of 52 address bits");
		status = add(reader, start, i * size, size, i);
	}
	return status;
}

/* The rest of a place whose @size has been read. */
static enum mu_status read_place(struct reader *reader, const char *start,
				 uint64_t size)
{
	enum mu_status status;
	uint64_t address;
	unsigned nid = 0;

	if (!mu_text_skip(&reader->rest, "@"))
		return wrong(reader, MU_ERR_SYNTAX, reader->rest.at,
			     "expected \"@\"");
	status = read_address(reader, &address);
	if (!status && mu_text_skip(&reader->rest, ":"))
		status = read_count(reader, "expected a node",
				    "a node past the limit",
				    reader->machine->max_nodes - 1, &nid);
	return status ? status : add(reader, start, address, size, nid);
}

static bool at_end_or(const struct reader *reader, const char *chars)
{
	if (mu_text_empty(&reader->rest))
		return true;
	while (*chars && *chars != *reader->rest.at)
		chars++;
	return *chars != '\0';
}

static enum mu_status read_nodes(struct reader *reader)
{
	const char *start = reader->rest.at;
	enum mu_status status;
	uint64_t first;
	bool plain = false;

	status = read_number(reader, "expected a size or a count of nodes",
			     &first, &plain);
	if (status)
		return status;
	if (plain && mu_text_skip(&reader->rest, "x"))
		return read_equal_nodes(reader, first);
	if (!at_end_or(reader, "@/,"))
		return wrong(reader, MU_ERR_SYNTAX, reader->rest.at,
			     plain ? "expected K, M, G, T, P, \"x\" or \"@\""
				   : "expected \"@\", \"/\" or \",\"");
	status = check_size(reader, start, first);
	if (status)
		return status;
	if (at_end_or(reader, "/,"))
		return add(reader, start, 0, first, 0);
	status = read_place(reader, start, first);
	while (!status && mu_text_skip(&reader->rest, "+")) {
		start = reader->rest.at;
		status = read_size(reader, &first);
		if (!status)
			status = read_place(reader, start, first);
	}
	return status;
}

static enum mu_status read_cpus(struct reader *reader)
{
	const char *start;
	enum mu_status status;
	unsigned count = 0;

	if (!mu_text_skip(&reader->rest, "/")) {
		status = MU_OK;
		for (unsigned i = 0; !status && i < reader->machine->nr_nodes;
		     i++) {
			if (reader->machine->nodes[i].present)
				status = mu_machine_add_cpus(reader->machine,
							     (int)i, 1,
							     reader->error);
		}
		return status;
	}
	start = reader->rest.at;
	status = read_count(reader, "expected a number of CPUs",
			    "more than 4096 CPUs", MU_MAX_CPUS, &count);
	if (status)
		return status;
	if (!count)
		return wrong(reader, MU_ERR_RANGE, start, "no CPU");
	return mu_machine_spread_cpus(reader->machine, count, reader->error);
}

static enum mu_status read_hole(struct reader *reader)
{
	const char *start = reader->rest.at;
	uint64_t size, address;
	enum mu_status status;

	if (!mu_text_skip(&reader->rest, "-"))
		return wrong(reader, MU_ERR_SYNTAX, start, "expected \"-\"");
	start = reader->rest.at;
	status = read_size(reader, &size);
	if (status)
		return status;
	if (!mu_text_skip(&reader->rest, "@"))
		return wrong(reader, MU_ERR_SYNTAX, reader->rest.at,
			     "expected \"@\"");
	status = read_address(reader, &address);
	if (status)
		return status;
	if (address > MU_PHYS_MAX || size > MU_PHYS_MAX - address)
		return wrong(reader, MU_ERR_RANGE, start,
			     "a hole past the limit of 52 address bits");
	return mu_machine_update(reader->machine, address, size, MU_RANGE_RAM,
				 MU_RANGE_NONE, reader->error);
}

enum mu_status mu_machine_read_short(struct mu_machine *machine,
				     const char *text, size_t len,
				     struct mu_error *error)
{
	struct reader reader = {machine, mu_text(text, len), mu_text(text, len),
				error};
	enum mu_status status = read_nodes(&reader);

	_Static_assert(MU_MAX_CPUS == 4096 && MU_PHYS_BITS == 52,
		       "messages name the limits");
	if (!status)
		status = read_cpus(&reader);
	while (!status && mu_text_skip(&reader.rest, ","))
		status = read_hole(&reader);
	if (!status && !mu_text_empty(&reader.rest))
		return wrong(&reader, MU_ERR_SYNTAX, reader.rest.at,
			     "expected \"/\", \",\" or the end");
	return status;
}
