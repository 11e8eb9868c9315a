// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "cli/check_rows.h"

struct checker {
	struct rows *rows;
	const struct said *said;
	const struct mu_machine *machine;
	const struct mu_mm *mm;
	unsigned shift;
	mu_pfn_t first_pfn, end_pfn; /* of all memory */
};

/* ---- Rows ---- */

static struct row *new_row(struct rows *rows, enum verdict verdict)
{
	struct row *row;

	if (!(rows->nr & (rows->nr - 1))) {
		unsigned room = rows->nr ? 2 * rows->nr : 1;
		struct row *more = realloc(rows->row, room * sizeof(*more));

		rows->full |= !more;
		if (!more)
			return NULL;
		rows->row = more;
	}
	row = &rows->row[rows->nr++];
	memset(row, 0, sizeof(*row));
	row->verdict = verdict;
	rows->count[verdict]++;
	return row;
}

/* @format names the thing; equal texts agree. */
static void add_row(struct rows *rows, const char *memup, const char *linux_,
		    const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static void add_row(struct rows *rows, const char *memup, const char *linux_,
		    const char *format, ...)
{
	struct row *row = new_row(rows, strcmp(memup, linux_) ? VERDICT_DIFFERS
							      : VERDICT_AGREES);
	va_list args;

	if (!row)
		return;
	va_start(args, format);
	vsnprintf(row->what, sizeof(row->what), format, args);
	va_end(args);
	snprintf(row->memup, sizeof(row->memup), "%s", memup);
	snprintf(row->linux_, sizeof(row->linux_), "%s", linux_);
}

static void add_bare(struct rows *rows, enum verdict verdict, const char *what)
{
	struct row *row = new_row(rows, verdict);

	if (row)
		snprintf(row->what, sizeof(row->what), "%s", what);
}

static void add_numbers(struct rows *rows, const char *what, uint64_t memup,
			uint64_t linux_, const char *unit)
{
	char a[48], b[48];

	if (!linux_) {
		add_bare(rows, VERDICT_ABSENT, what);
		return;
	}
	snprintf(a, sizeof(a), "%" PRIu64 "%s", memup, unit);
	snprintf(b, sizeof(b), "%" PRIu64 "%s", linux_, unit);
	add_row(rows, a, b, "%s", what);
}

struct range_text {
	char text[48];
};

static const char *range_text(struct range_text *out, mu_phys_t base,
			      mu_phys_t end)
{
	if (base >= end)
		snprintf(out->text, sizeof(out->text), "empty");
	else
		snprintf(out->text, sizeof(out->text),
			 "0x%" PRIx64 "-0x%" PRIx64, base, end - 1);
	return out->text;
}

/* ---- Zones ---- */

/* Every zone of that type of every node: does it keep to [base, end)? */
static bool zones_keep_to(const struct checker *checker, enum mu_zone_type type,
			  mu_pfn_t start, mu_pfn_t end)
{
	const struct mu_buddy *buddy = &checker->mm->buddy;

	for (unsigned i = 0; i < buddy->nr_zones; i++) {
		const struct mu_zone *zone = &buddy->zones[i];

		if (zone->type == type &&
		    (zone->start_pfn < start || zone->end_pfn > end))
			return false;
	}
	return true;
}

/* Linux lets the lowest zone begin, and the highest end, with memory. */
static void compare_zone(struct checker *checker, const struct said_range *zone,
			 const char *name, enum mu_zone_type type)
{
	const struct mu_layout *layout = &checker->mm->layout;
	mu_pfn_t start = layout->zone_start[type];
	mu_pfn_t end = layout->zone_end[type];
	mu_phys_t top = checker->end_pfn << checker->shift;
	struct range_text memup, linux_;

	start = start > checker->first_pfn ? start : checker->first_pfn;
	end = end < checker->end_pfn ? end : checker->end_pfn;
	range_text(&memup, start << checker->shift, end << checker->shift);
	if (!zones_keep_to(checker, type, start, end))
		snprintf(memup.text, sizeof(memup.text), "zones outside it");
	/* Old kernels end it at its limit, with memory or without. */
	add_row(checker->rows, memup.text,
		range_text(&linux_, zone->base,
			   zone->end < top ? zone->end : top),
		"zone %s", name);
}

static void compare_zones(struct checker *checker)
{
	const struct said *said = checker->said;
	static const struct {
		const char *name;
		enum mu_zone_type type;
	} types[] = {
		{"DMA", MU_ZONE_DMA},
		{"DMA32", MU_ZONE_DMA32},
		{"Normal", MU_ZONE_NORMAL},
	};

	if (!said->nr_zones)
		add_bare(checker->rows, VERDICT_ABSENT, "zone ranges");
	for (unsigned i = 0; i < said->nr_zones; i++) {
		const struct said_range *zone = &said->zones[i];
		struct range_text linux_;
		bool known = false;

		for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
			if (strcmp(zone->name, types[t].name))
				continue;
			compare_zone(checker, zone, zone->name, types[t].type);
			known = true;
		}
		/* Device and HighMem: empty, or memup has no such zone. */
		if (!known && zone->base != zone->end)
			add_row(checker->rows, "no such zone",
				range_text(&linux_, zone->base, zone->end),
				"zone %s", zone->name);
	}
}

static void compare_movable(struct checker *checker)
{
	const struct said *said = checker->said;
	const struct mu_mm *mm = checker->mm;

	if (!said->has_movable) {
		add_bare(checker->rows, VERDICT_ABSENT, "movable zone starts");
		return;
	}
	for (unsigned nid = 0; nid < MU_MAX_NODES; nid++) {
		mu_phys_t ours = 0, theirs = 0;
		char a[48] = "none", b[48] = "none";

		if (nid < mm->nr_nodes &&
		    mm->layout.movable_start[nid] < checker->end_pfn)
			ours = mm->layout.movable_start[nid] << checker->shift;
		for (unsigned i = 0; i < said->nr_movable; i++)
			if (said->movable[i].nid == (int)nid)
				theirs = said->movable[i].base;
		if (!ours && !theirs)
			continue;
		if (ours)
			snprintf(a, sizeof(a), "0x%" PRIx64, ours);
		if (theirs)
			snprintf(b, sizeof(b), "0x%" PRIx64, theirs);
		add_row(checker->rows, a, b, "node %u, Movable begins", nid);
	}
	if (!said->nr_movable)
		add_row(checker->rows, "none", "none", "movable zones");
}

/* ---- Ranges ---- */

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
	const struct said_range *any = ours ? ours : theirs;
	char a[64] = "none", b[64] = "none";
	struct range_text text;

	if (ours)
		snprintf(a, sizeof(a), "%s",
			 range_text(&text, ours->base, ours->end));
	if (theirs)
		snprintf(b, sizeof(b), "%s",
			 range_text(&text, theirs->base, theirs->end));
	if (ours && theirs && ours->nid != theirs->nid) {
		snprintf(a, sizeof(a), "node %d, %s", ours->nid,
			 range_text(&text, ours->base, ours->end));
		snprintf(b, sizeof(b), "node %d, %s", theirs->nid,
			 range_text(&text, theirs->base, theirs->end));
	}
	add_row(checker->rows, a, b, "node %d, memory from 0x%" PRIx64,
		any->nid, any->base);
}

static void compare_early(struct checker *checker)
{
	const struct said *said = checker->said;
	uint64_t cursor = MU_MEMBLOCK_FIRST;
	struct said_range ours, theirs;
	unsigned next = 0;
	bool have_ours, have_theirs;

	if (!said->has_early) {
		add_bare(checker->rows, VERDICT_ABSENT, "early memory ranges");
		return;
	}
	if (!said->has_e820) {
		add_bare(checker->rows, VERDICT_TAKEN, "early memory ranges");
		return;
	}
	have_ours = our_range(checker, &cursor, &ours);
	have_theirs = their_range(said, &next, &theirs);
	while (have_ours || have_theirs) {
		bool show_ours =
			have_ours && (!have_theirs || ours.base < theirs.end);
		bool show_theirs =
			have_theirs && (!have_ours || theirs.base < ours.end);

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
		add_bare(checker->rows, VERDICT_ABSENT, "spans of nodes");
	for (unsigned i = 0; i < said->nr_spans; i++) {
		const struct said_range *span = &said->spans[i];
		struct range_text memup, linux_;
		mu_pfn_t start = 0, end = 0;

		if (span->nid >= 0 && (unsigned)span->nid < mm->nr_nodes) {
			start = mm->buddy.nodes[span->nid].start_pfn;
			end = mm->buddy.nodes[span->nid].end_pfn;
		}
		add_row(checker->rows,
			range_text(&memup, start << checker->shift,
				   end << checker->shift),
			range_text(&linux_, span->base, span->end),
			"node %d, span", span->nid);
	}
}

/* ---- Pages ---- */

static const struct mu_zone *zone_named(const struct checker *checker, int nid,
					const char *name)
{
	const struct mu_buddy *buddy = &checker->mm->buddy;

	for (unsigned i = 0; i < buddy->nr_zones; i++)
		if (buddy->zones[i].nid == nid &&
		    !strcmp(mu_zone_type_str(buddy->zones[i].type), name))
			return &buddy->zones[i];
	return NULL;
}

static void compare_pages(struct checker *checker)
{
	const struct said *said = checker->said;
	const struct mu_mm *mm = checker->mm;

	if (!said->nr_total)
		add_bare(checker->rows, VERDICT_ABSENT, "pages of nodes");
	for (unsigned i = 0; i < said->nr_total; i++) {
		unsigned nid = (unsigned)said->total[i].nid;
		char a[32], b[32];

		snprintf(a, sizeof(a), "%" PRIu64,
			 nid < mm->nr_nodes ? mm->buddy.nodes[nid].present_pages
					    : 0);
		snprintf(b, sizeof(b), "%" PRIu64, said->total[i].pages);
		add_row(checker->rows, a, b, "node %u, pages", nid);
	}
	if (!said->nr_present)
		add_bare(checker->rows, VERDICT_ABSENT, "pages of zones");
	for (unsigned i = 0; i < said->nr_present; i++) {
		const struct said_pages *present = &said->present[i];
		const struct mu_zone *zone =
			zone_named(checker, present->nid, present->zone);
		char a[32], b[32];

		snprintf(a, sizeof(a), "%" PRIu64,
			 zone ? zone->present_pages : 0);
		snprintf(b, sizeof(b), "%" PRIu64, present->pages);
		add_row(checker->rows, a, b, "node %d, zone %s, pages",
			present->nid, present->zone);
	}
}

/*
 * Pages without memory whose descriptors exist, because their section has some
 * memory: Linux counts each hole for the zone of the memory that follows it,
 * the last one for the zone before it.
 */
struct holes {
	struct checker *checker;
	uint64_t *pages;  /* [zone] */
	mu_pfn_t section; /* pages, a power of two */
	mu_pfn_t at;	  /* end of the last memory */
	mu_pfn_t backed;  /* end of its last section */
	unsigned zone;	  /* of the last memory */
};

static void add_hole(struct holes *holes, mu_pfn_t start, mu_pfn_t end,
		     unsigned zone)
{
	/* The section of what is below, then that of what is above. */
	mu_pfn_t head = holes->backed < end ? holes->backed : end;
	mu_pfn_t tail = end & ~(holes->section - 1);

	head = head > start ? head : start;
	tail = tail > head ? tail : head;
	holes->pages[zone] += head - start + end - tail;
}

static void walk_holes(struct holes *holes)
{
	const struct checker *checker = holes->checker;
	const struct mu_buddy *buddy = &checker->mm->buddy;
	mu_pfn_t start, end;
	uint64_t cursor;
	int nid;

	mu_for_each_mem_pfn_range (&checker->mm->memblock, cursor, MU_NO_NODE,
				   &start, &end, &nid) {
		for (unsigned i = 0; i < buddy->nr_zones; i++) {
			const struct mu_zone *zone = &buddy->zones[i];

			if (zone->nid != nid || zone->end_pfn <= start ||
			    zone->start_pfn >= end)
				continue;
			if (holes->at < start && zone->start_pfn <= start)
				add_hole(holes, holes->at, start, i);
			holes->zone = i;
		}
		holes->at = end;
		holes->backed =
			(end + holes->section - 1) & ~(holes->section - 1);
	}
	if (holes->backed > holes->at)
		holes->pages[holes->zone] += holes->backed - holes->at;
}

static uint64_t said_unavailable(const struct said *said, int nid,
				 const char *name)
{
	uint64_t pages = 0;

	for (unsigned i = 0; i < said->nr_unavailable; i++)
		if (said->unavailable[i].nid == nid &&
		    !strcmp(said->unavailable[i].zone, name))
			pages += said->unavailable[i].pages;
	return pages;
}

static void compare_unavailable(struct checker *checker)
{
	const struct said *said = checker->said;
	const struct mu_buddy *buddy = &checker->mm->buddy;
	/* Linux's sections, not memup's: x86's, and arm64's since 5.12. */
	struct holes holes = {
		.checker = checker,
		.section = (checker->shift == 16 ? 512 : 128) * MU_MIB >>
			   checker->shift,
	};

	if (!said->nr_unavailable) {
		add_bare(checker->rows, VERDICT_ABSENT, "unavailable pages");
		return;
	}
	holes.pages = calloc(buddy->nr_zones, sizeof(*holes.pages));
	checker->rows->full |= !holes.pages;
	if (!holes.pages)
		return;
	walk_holes(&holes);
	for (unsigned i = 0; i < buddy->nr_zones; i++) {
		const struct mu_zone *zone = &buddy->zones[i];
		const char *name = mu_zone_type_str(zone->type);
		uint64_t theirs = said_unavailable(said, zone->nid, name);
		char a[32], b[32];

		if (!theirs && !holes.pages[i])
			continue;
		snprintf(a, sizeof(a), "%" PRIu64, holes.pages[i]);
		snprintf(b, sizeof(b), "%" PRIu64, theirs);
		add_row(checker->rows, a, b, "node %d, zone %s, unavailable",
			zone->nid, name);
	}
	free(holes.pages);
}

/* ---- All of it ---- */

static void compare_totals(struct checker *checker)
{
	const struct said *said = checker->said;
	const struct mu_mm *mm = checker->mm;
	uint64_t pages = 0;
	char a[32], b[32];

	for (unsigned nid = 0; nid < mm->nr_nodes; nid++)
		pages += mm->buddy.nodes[nid].present_pages;
	add_numbers(checker->rows, "total memory",
		    pages << (checker->shift - 10), said->total_kib, "K");
	if (!said->last_pfn) {
		add_bare(checker->rows, VERDICT_ABSENT, "last_pfn");
		return;
	}
	snprintf(a, sizeof(a), "0x%" PRIx64, checker->end_pfn);
	snprintf(b, sizeof(b), "0x%" PRIx64, said->last_pfn);
	add_row(checker->rows, a, b, "last_pfn");
}

static void compare_cpus(struct checker *checker)
{
	const struct said *said = checker->said;
	const struct mu_machine *machine = checker->machine;
	unsigned cpus = mu_machine_cpus(machine), up = 0, ids;

	if (said->has_cpus) {
		add_numbers(checker->rows, "CPUs", cpus,
			    said->cpus_present ? said->cpus_present
					       : said->cpus_up,
			    "");
	} else if (said->cpus_present || said->cpus_up) {
		add_bare(checker->rows, VERDICT_TAKEN, "CPUs");
	} else {
		add_bare(checker->rows, VERDICT_ABSENT, "CPUs");
	}
	ids = machine->nr_nodes;
	for (unsigned nid = 0; nid < machine->nr_nodes; nid++)
		up += machine->nodes[nid].nr_cpus ||
		      checker->mm->buddy.nodes[nid].present_pages;
	for (unsigned i = 0; i < machine->nr_affinities; i++)
		if (machine->affinities[i].nid >= (int)ids)
			ids = (unsigned)machine->affinities[i].nid + 1;
	add_numbers(checker->rows, "nodes with memory or CPUs", up,
		    said->nodes_up, "");
	add_numbers(checker->rows, "node ids", ids, said->node_ids, "");
}

void rows_compare(struct rows *rows, const struct said *said,
		  const struct mu_machine *machine,
		  const struct bringup *bringup)
{
	struct checker checker = {
		.rows = rows,
		.said = said,
		.machine = machine,
		.mm = &bringup->mm,
		.shift = machine->page_shift,
	};
	mu_pfn_t start, end;
	uint64_t cursor;

	checker.first_pfn = UINT64_MAX;
	mu_for_each_mem_pfn_range (&bringup->mm.memblock, cursor, MU_NO_NODE,
				   &start, &end, NULL) {
		if (checker.first_pfn == UINT64_MAX)
			checker.first_pfn = start;
		checker.end_pfn = end;
	}
	compare_totals(&checker);
	compare_cpus(&checker);
	compare_zones(&checker);
	compare_movable(&checker);
	compare_spans(&checker);
	compare_pages(&checker);
	compare_unavailable(&checker);
	compare_early(&checker);
}

/* What Linux calls our types, in the map that it prints. */
static const char *user_type(unsigned type)
{
	static const char *const names[MU_NR_RANGE_TYPES] = {
		[MU_RANGE_NONE] = "",
		[MU_RANGE_RAM] = "usable",
		[MU_RANGE_RESERVED] = "reserved",
		[MU_RANGE_ACPI] = "ACPI data",
		[MU_RANGE_NVS] = "ACPI NVS",
		[MU_RANGE_UNUSABLE] = "unusable",
		[MU_RANGE_SOFT_RESERVED] = "soft reserved",
		[MU_RANGE_PMEM] = "persistent",
	};

	return names[type];
}

/* "persistent (type 12)" is persistent to us. */
static bool same_type(const char *said, const char *ours)
{
	return !strncasecmp(said, ours, strlen(ours));
}

void rows_compare_user_map(struct rows *rows, const struct said *said,
			   const struct mu_machine *machine)
{
	unsigned at = 0;

	for (unsigned i = 0; i < said->nr_user;) {
		const struct said_range *theirs = &said->user[i];
		struct range_text text;
		char a[64] = "none", b[64];
		mu_phys_t base = theirs->base, end = theirs->end;

		/* Nodes do not matter yet: neighbours of one type are one. */
		while (++i < said->nr_user && said->user[i].base == end &&
		       !strcmp(said->user[i].name, theirs->name))
			end = said->user[i].end;
		snprintf(b, sizeof(b), "%s %.12s", range_text(&text, base, end),
			 theirs->name);
		if (at < machine->nr_ranges) {
			const struct mu_range *range = &machine->ranges[at];
			mu_phys_t until = range->base + range->size;

			while (++at < machine->nr_ranges &&
			       machine->ranges[at].base == until &&
			       machine->ranges[at].type == range->type)
				until += machine->ranges[at].size;
			snprintf(a, sizeof(a), "%s %.12s",
				 range_text(&text, range->base, until),
				 same_type(theirs->name, user_type(range->type))
					 ? theirs->name
					 : user_type(range->type));
		}
		add_row(rows, a, b, "map of parameters, 0x%" PRIx64, base);
	}
	for (; at < machine->nr_ranges; at++) {
		struct range_text text;

		range_text(&text, machine->ranges[at].base,
			   machine->ranges[at].base + machine->ranges[at].size);
		add_row(rows, text.text, "none",
			"map of parameters, 0x%" PRIx64,
			machine->ranges[at].base);
	}
}
