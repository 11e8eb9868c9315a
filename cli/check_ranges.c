// SPDX-License-Identifier: MIT
/* Which memory is whose: early ranges, spans of nodes, and the user's map. */
#include <strings.h>
#include "cli/checker.h"

/* Next range of memory in whole pages; what touches on one node is one. */
static bool our_range(const struct checker *checker, uint64_t *cursor,
		      struct said_range *range)
{
	const struct mu_memblock *memblock = &checker->mm->memblock;
	mu_pfn_t start, end;
	bool any = false;
	int nid;

	for (uint64_t next = *cursor; mu_memblock_next_mem_pfn(
		     memblock, &next, MU_NO_NODE, &start, &end, &nid);
	     *cursor = next) {
		mu_phys_t base = start << checker->shift;

		if (any && (base != range->end || nid != range->nid))
			break;
		if (!any)
			*range = (struct said_range){.nid = nid, .base = base};
		range->end = end << checker->shift;
		any = true;
	}
	return any;
}

static bool their_range(const struct said *said, unsigned *next,
			struct said_range *range)
{
	unsigned i = *next;

	if (i >= said->nr_early)
		return false;
	*range = said->early[i++];
	while (i < said->nr_early && said->early[i].base == range->end &&
	       said->early[i].nid == range->nid)
		range->end = said->early[i++].end;
	*next = i;
	return true;
}

static void early_row(struct checker *checker, const struct said_range *ours,
		      const struct said_range *theirs)
{
	mu_phys_t base = ours ? ours->base : 0;
	int nid = ours ? ours->nid : MU_NO_NODE;
	char a[64] = "none", b[64] = "none";
	struct range_text text;

	if (ours)
		snprintf(a, sizeof(a), "%s",
			 range_text(&text, ours->base, ours->end));
	if (theirs && !ours) {
		base = theirs->base;
		nid = theirs->nid;
	}
	if (theirs)
		snprintf(b, sizeof(b), "%s",
			 range_text(&text, theirs->base, theirs->end));
	if (ours && theirs && ours->nid != theirs->nid) {
		snprintf(a, sizeof(a), "node %d, %s", ours->nid,
			 range_text(&text, ours->base, ours->end));
		snprintf(b, sizeof(b), "node %d, %s", theirs->nid,
			 range_text(&text, theirs->base, theirs->end));
	}
	row_add(checker->rows, a, b, "node %d, memory from 0x%" PRIx64, nid,
		base);
}

static void compare_early(struct checker *checker)
{
	const struct said *said = checker->said;
	uint64_t cursor = MU_MEMBLOCK_FIRST;
	struct said_range ours, theirs;
	unsigned next = 0;
	bool have_ours, have_theirs;

	if (!said->has_early) {
		row_bare(checker->rows, VERDICT_ABSENT, "early memory ranges");
		return;
	}
	/* With an SRAT memup has computed the nodes of those ranges itself. */
	if (!said->has_firmware && !said->has_srat) {
		row_bare(checker->rows, VERDICT_TAKEN, "early memory ranges");
		return;
	}
	have_ours = our_range(checker, &cursor, &ours);
	have_theirs = their_range(said, &next, &theirs);
	while (have_ours || have_theirs) {
		bool show_ours =
			have_ours && (!have_theirs || ours.base < theirs.end);
		bool show_theirs =
			have_theirs && (!show_ours || theirs.base < ours.end);

		early_row(checker, show_ours ? &ours : NULL,
			  show_theirs ? &theirs : NULL);
		if (show_ours)
			have_ours = our_range(checker, &cursor, &ours);
		if (show_theirs)
			have_theirs = their_range(said, &next, &theirs);
	}
}

static void compare_spans(struct checker *checker)
{
	const struct said *said = checker->said;
	const struct mu_mm *mm = checker->mm;

	if (!said->nr_spans)
		row_bare(checker->rows, VERDICT_ABSENT, "spans of nodes");
	for (unsigned i = 0; i < said->nr_spans; i++) {
		const struct said_range *span = &said->spans[i];
		struct range_text memup, linux_;
		mu_pfn_t start = 0, end = 0;

		if (span->nid >= 0 && (unsigned)span->nid < mm->nr_nodes) {
			start = mm->buddy.nodes[span->nid].start_pfn;
			end = mm->buddy.nodes[span->nid].end_pfn;
		}
		row_add(checker->rows,
			range_text(&memup, start << checker->shift,
				   end << checker->shift),
			range_text(&linux_, span->base, span->end),
			"node %d, span", span->nid);
	}
}

void compare_ranges(struct checker *checker)
{
	compare_spans(checker);
	compare_early(checker);
}

/*
 * What memup calls a type of Linux's: "persistent (type 12)" is persistent, and
 * numbers that Linux keeps apart because it does not know them are reserved.
 */
static enum mu_range_type type_of(const char *name)
{
	unsigned number;

	if (sscanf(name, "type %u", &number) == 1)
		return mu_range_type_e820(number);
	for (int type = MU_RANGE_RAM; type < MU_NR_RANGE_TYPES; type++) {
		const char *ours = mu_range_type_str((enum mu_range_type)type);

		if (!strncasecmp(name, ours, strlen(ours)))
			return (enum mu_range_type)type;
	}
	return MU_RANGE_RESERVED;
}

struct typed {
	mu_phys_t base, end;
	enum mu_range_type type;
};

/* The next range; neighbours of one type are one, nodes do not matter yet. */
static bool our_typed(const struct mu_machine *machine, unsigned *next,
		      struct typed *range)
{
	const struct mu_range *list = machine->ranges;
	unsigned i = *next;

	if (i >= machine->nr_ranges)
		return false;
	*range = (struct typed){list[i].base, list[i].base + list[i].size,
				(enum mu_range_type)list[i].type};
	while (++i < machine->nr_ranges && list[i].base == range->end &&
	       list[i].type == range->type)
		range->end += list[i].size;
	*next = i;
	return true;
}

static bool their_typed(const struct said *said, unsigned *next,
			struct typed *range)
{
	const struct said_range *list = said->user;
	unsigned i = *next;

	if (i >= said->nr_user)
		return false;
	*range = (struct typed){list[i].base, list[i].end,
				type_of(list[i].name)};
	while (++i < said->nr_user && list[i].base == range->end &&
	       type_of(list[i].name) == range->type)
		range->end = list[i].end;
	*next = i;
	return true;
}

static void typed_text(char *out, size_t room, const struct typed *range)
{
	struct range_text text;

	if (range)
		snprintf(out, room, "%s %.12s",
			 range_text(&text, range->base, range->end),
			 mu_range_type_str(range->type));
	else
		snprintf(out, room, "none");
}

void rows_compare_user_map(struct rows *rows, const struct said *said,
			   const struct mu_machine *machine)
{
	struct typed ours = {0}, theirs = {0};
	unsigned our_next = 0, their_next = 0;
	bool have_ours = our_typed(machine, &our_next, &ours);
	bool have_theirs = their_typed(said, &their_next, &theirs);

	while (have_ours || have_theirs) {
		bool show_ours =
			have_ours && (!have_theirs || ours.base < theirs.end);
		bool show_theirs =
			have_theirs && (!show_ours || theirs.base < ours.end);
		char a[64], b[64];

		typed_text(a, sizeof(a), show_ours ? &ours : NULL);
		typed_text(b, sizeof(b), show_theirs ? &theirs : NULL);
		row_add(rows, a, b, "map of parameters, 0x%" PRIx64,
			show_theirs ? theirs.base : ours.base);
		if (show_ours)
			have_ours = our_typed(machine, &our_next, &ours);
		if (show_theirs)
			have_theirs = their_typed(said, &their_next, &theirs);
	}
}
