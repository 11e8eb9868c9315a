// SPDX-License-Identifier: MIT
#include "base/bits.h"
#include "base/fmt.h"
#include "machine/text.h"

struct zone {
	struct mu_text title; /* of its first line, for messages */
	int nid;
	bool placed; /* start_pfn was there */
	uint64_t spanned, present, start_pfn;
};

struct reader {
	struct mu_machine *machine;
	struct mu_error *error;
	bool nodes_only;
	unsigned zones; /* with pages */
};

/* "Node 0, zone  Normal": begin @zone. */
static bool read_title(struct mu_text line, struct zone *zone)
{
	struct mu_text title;
	uint64_t nid;

	mu_text_blanks(&line);
	title = line;
	if (!mu_text_skip(&line, "Node ") || mu_text_number(&line, 10, &nid) ||
	    !mu_text_skip(&line, ", zone"))
		return false;
	*zone = (struct zone){
		.title = title,
		.nid = nid <= INT32_MAX ? (int)nid : -1,
	};
	return true;
}

static enum mu_status read_field(const struct reader *reader,
				 struct mu_text line, const char *name,
				 uint64_t *value, bool *found)
{
	enum mu_status status;
	struct mu_quote quote;
	struct mu_text rest = line;

	*found = false;
	mu_text_blanks(&rest);
	if (!mu_text_skip(&rest, name) || mu_text_empty(&rest) ||
	    (*rest.at != ' ' && *rest.at != '\t'))
		return MU_OK;
	mu_text_blanks(&rest);
	status = mu_text_number(&rest, 10, value);
	if (!status && *value > MU_PHYS_MAX >> reader->machine->page_shift)
		status = MU_ERR_RANGE;
	if (status)
		mu_fail(reader->error, status, 0,
			"%s is not a number of pages below 2^%u: \"%s\"", name,
			MU_PHYS_BITS - reader->machine->page_shift,
			mu_text_quote(&quote, line));
	*found = true;
	return mu_text_failed(reader->error, status, &line);
}

static enum mu_status read_fields(const struct reader *reader,
				  struct mu_text line, struct zone *zone)
{
	struct {
		const char *name;
		uint64_t *value;
	} fields[] = {
		{"spanned", &zone->spanned},
		{"present", &zone->present},
		{"start_pfn:", &zone->start_pfn},
	};

	for (unsigned i = 0; i < MU_ARRAY_SIZE(fields); i++) {
		bool found;
		enum mu_status status = read_field(reader, line, fields[i].name,
						   fields[i].value, &found);

		if (status)
			return status;
		if (found && fields[i].value == &zone->start_pfn)
			zone->placed = true;
		if (found)
			break;
	}
	return MU_OK;
}

static enum mu_status add_zone(struct reader *reader, const struct zone *zone)
{
	unsigned shift = reader->machine->page_shift;
	enum mu_status status;
	struct mu_quote quote;

	if (!zone->title.line || !zone->present)
		return MU_OK;
	if (!zone->placed)
		status = mu_fail(reader->error, MU_ERR_SYNTAX, 0,
				 "%s: pages, but no start_pfn",
				 mu_text_quote(&quote, zone->title));
	else if (zone->spanned < zone->present)
		status = mu_fail(reader->error, MU_ERR_RANGE, 0,
				 "%s: %llu pages present, %llu spanned",
				 mu_text_quote(&quote, zone->title),
				 (unsigned long long)zone->present,
				 (unsigned long long)zone->spanned);
	else
		status = mu_machine_add_affinity(
			reader->machine, zone->start_pfn << shift,
			zone->spanned << shift, zone->nid, 0, reader->error);
	if (!status && !reader->nodes_only)
		status = mu_machine_add(
			reader->machine, zone->start_pfn << shift,
			zone->present << shift, MU_RANGE_RAM, 0, reader->error);
	reader->zones++;
	return mu_text_failed(reader->error, status, &zone->title);
}

static enum mu_status read_zones(struct reader *reader, struct mu_text text)
{
	struct zone zone = {.nid = MU_NO_NODE};
	enum mu_status status = MU_OK;
	struct mu_text line;

	while (!status && mu_text_line(&text, &line)) {
		struct zone next;

		if (read_title(line, &next)) {
			status = add_zone(reader, &zone);
			zone = next;
		} else {
			status = read_fields(reader, line, &zone);
		}
	}
	if (!status)
		status = add_zone(reader, &zone);
	if (!status && !reader->zones)
		return mu_fail(reader->error, MU_ERR_NOT_FOUND, 0,
			       "no zone with pages");
	return status;
}

enum mu_status mu_machine_read_zoneinfo(struct mu_machine *machine,
					const char *text, size_t len,
					struct mu_error *error)
{
	struct reader reader = {machine, error, false, 0};

	return read_zones(&reader, mu_text(text, len));
}

enum mu_status mu_machine_read_zoneinfo_nodes(struct mu_machine *machine,
					      const char *text, size_t len,
					      struct mu_error *error)
{
	struct reader reader = {machine, error, true, 0};

	return read_zones(&reader, mu_text(text, len));
}
