// SPDX-License-Identifier: MIT
#include "cli/check_row.h"

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

static void compare_present(struct checker *checker)
{
	const struct said *said = checker->said;
	const struct mu_mm *mm = checker->mm;

	if (!said->nr_total)
		row_bare(checker->rows, VERDICT_ABSENT, "pages of nodes");
	for (unsigned i = 0; i < said->nr_total; i++) {
		unsigned nid = (unsigned)said->total[i].nid;
		char a[32], b[32];

		snprintf(a, sizeof(a), "%" PRIu64,
			 nid < mm->nr_nodes ? mm->buddy.nodes[nid].present_pages
					    : 0);
		snprintf(b, sizeof(b), "%" PRIu64, said->total[i].pages);
		row_add(checker->rows, a, b, "node %u, pages", nid);
	}
	if (!said->nr_present)
		row_bare(checker->rows, VERDICT_ABSENT, "pages of zones");
	for (unsigned i = 0; i < said->nr_present; i++) {
		const struct said_pages *present = &said->present[i];
		const struct mu_zone *zone =
			zone_named(checker, present->nid, present->zone);
		char a[32], b[32];

		snprintf(a, sizeof(a), "%" PRIu64,
			 zone ? zone->present_pages : 0);
		snprintf(b, sizeof(b), "%" PRIu64, present->pages);
		row_add(checker->rows, a, b, "node %d, zone %s, pages",
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
		row_bare(checker->rows, VERDICT_ABSENT, "unavailable pages");
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
		row_add(checker->rows, a, b, "node %d, zone %s, unavailable",
			zone->nid, name);
	}
	free(holes.pages);
}

void compare_pages(struct checker *checker)
{
	compare_present(checker);
	compare_unavailable(checker);
}
