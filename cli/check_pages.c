// SPDX-License-Identifier: MIT
/*
 * Pages of nodes and zones, and those without memory that have a descriptor:
 * their number depends on the kernel's configuration, so the row agrees if one
 * of the models that its architecture can have gives all counts.
 */
#include "cli/checker.h"

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

/* Convert our pages to the kernel's. */
static uint64_t in_linux(const struct checker *checker, uint64_t pages)
{
	return (pages << checker->shift) >> checker->linux_shift;
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
			 nid < mm->nr_nodes
				 ? in_linux(checker,
					    mm->buddy.nodes[nid].present_pages)
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
			 zone ? in_linux(checker, zone->present_pages) : 0);
		snprintf(b, sizeof(b), "%" PRIu64, present->pages);
		row_add(checker->rows, a, b, "node %d, zone %s, pages",
			present->nid, present->zone);
	}
}

/*
 * Pages without memory whose descriptors exist: Linux counts each hole for the
 * zone of the memory that follows it, the last one for the zone before it.
 *
 * Which have descriptors depends on the kernel's memory model: those in
 * sections that have some memory (SPARSEMEM), or all up to the end of memory
 * (FLATMEM). Neither that nor the size of a section is in a log, so all models
 * of the architecture are tried, and the one counts with which all zones agree.
 */
struct holes {
	const struct checker *checker;
	uint64_t *pages;  /* [zone] */
	mu_pfn_t section; /* pages, a power of two; 0: FLATMEM */
	mu_pfn_t at;	  /* end of the last memory */
	mu_pfn_t backed;  /* end of its last section */
	unsigned zone;	  /* of the last memory */
};

static void add_hole(struct holes *holes, mu_pfn_t start, mu_pfn_t end,
		     unsigned zone)
{
	mu_pfn_t head = end, tail = end;

	/* The section of what is below, then that of what is above. */
	if (holes->section) {
		head = holes->backed < end ? holes->backed : end;
		head = head > start ? head : start;
		tail = end & ~(holes->section - 1);
		tail = tail > head ? tail : head;
	}
	holes->pages[zone] += head - start + end - tail;
}

static void walk_region(struct holes *holes,
			const struct mu_memblock_region *region)
{
	const struct checker *checker = holes->checker;
	const struct mu_buddy *buddy = &checker->mm->buddy;
	mu_phys_t mask = ((mu_phys_t)1 << checker->shift) - 1;
	mu_pfn_t start = (region->base + mask) >> checker->shift;
	mu_pfn_t end = (region->base + region->size) >> checker->shift;

	if (start >= end)
		return;
	for (unsigned i = 0; i < buddy->nr_zones; i++) {
		mu_phys_t from, to;

		if (!bringup_zone_part(checker->mm, &buddy->zones[i], region,
				       &from, &to))
			continue;
		if (holes->at < start && buddy->zones[i].start_pfn <= start &&
		    from <= region->base)
			add_hole(holes, holes->at, start, i);
		holes->zone = i;
	}
	holes->at = end;
	if (holes->section)
		holes->backed =
			(end + holes->section - 1) & ~(holes->section - 1);
}

static void walk_holes(struct holes *holes)
{
	const struct mu_memblock_region *region;

	holes->at = holes->backed = holes->zone = 0;
	memset(holes->pages, 0,
	       holes->checker->mm->buddy.nr_zones * sizeof(*holes->pages));
	mu_for_each_mem_region (&holes->checker->mm->memblock, region)
		walk_region(holes, region);
	if (holes->backed > holes->at)
		holes->pages[holes->zone] += holes->backed - holes->at;
}

/* Bytes of a section, the common one first; 0: FLATMEM; -1: no more. */
#define END (-1)
static const int64_t *models(const struct checker *checker)
{
	static const int64_t lists[MU_NR_ARCHS][4] = {
		[MU_ARCH_UNKNOWN] = {128 * (int64_t)MU_MIB, 0, END},
		[MU_ARCH_X86_64] = {128 * (int64_t)MU_MIB, END},
		[MU_ARCH_X86] = {0, 64 * (int64_t)MU_MIB, 512 * (int64_t)MU_MIB,
				 END},
		[MU_ARCH_ARM64] = {128 * (int64_t)MU_MIB, MU_GIB, END},
		[MU_ARCH_ARM] = {0, 256 * (int64_t)MU_MIB, END},
		[MU_ARCH_RISCV] = {128 * (int64_t)MU_MIB, 0, END},
		[MU_ARCH_PPC64] = {16 * (int64_t)MU_MIB, 0, END},
		[MU_ARCH_PPC] = {0, END},
		[MU_ARCH_S390] = {256 * (int64_t)MU_MIB, 128 * (int64_t)MU_MIB,
				  END},
		[MU_ARCH_IA64] = {MU_GIB, 0, END},
		[MU_ARCH_MIPS] = {256 * (int64_t)MU_MIB, 0, END},
		[MU_ARCH_SPARC64] = {MU_GIB, END},
		[MU_ARCH_ALPHA] = {0, END},
		[MU_ARCH_LOONGARCH] = {512 * (int64_t)MU_MIB,
				       256 * (int64_t)MU_MIB, 0, END},
	};
	static const int64_t large_pages[] = {512 * (int64_t)MU_MIB, MU_GIB,
					      END};
	enum mu_arch arch = checker->machine->arch;

	if ((arch == MU_ARCH_ARM64 || arch == MU_ARCH_UNKNOWN) &&
	    checker->shift == 16)
		return large_pages;
	return lists[arch];
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

static bool all_agree(const struct holes *holes)
{
	const struct checker *checker = holes->checker;
	const struct mu_buddy *buddy = &checker->mm->buddy;

	for (unsigned i = 0; i < buddy->nr_zones; i++)
		if (in_linux(checker, holes->pages[i]) !=
		    said_unavailable(checker->said, buddy->zones[i].nid,
				     mu_zone_type_str(buddy->zones[i].type)))
			return false;
	return true;
}

static void set_model(struct holes *holes, int64_t bytes)
{
	holes->section = (mu_pfn_t)bytes >> holes->checker->shift;
	walk_holes(holes);
}

static void compare_unavailable(struct checker *checker)
{
	const struct mu_buddy *buddy = &checker->mm->buddy;
	const int64_t *model = models(checker), *common = model;
	struct holes holes = {.checker = checker};

	if (!checker->said->nr_unavailable) {
		row_bare(checker->rows, VERDICT_ABSENT, "unavailable pages");
		return;
	}
	holes.pages = calloc(buddy->nr_zones, sizeof(*holes.pages));
	checker->rows->full |= !holes.pages;
	if (!holes.pages)
		return;
	do {
		set_model(&holes, *model++);
	} while (!all_agree(&holes) && *model != END);
	if (!all_agree(&holes))
		set_model(&holes, *common);
	for (unsigned i = 0; i < buddy->nr_zones; i++) {
		const struct mu_zone *zone = &buddy->zones[i];
		const char *name = mu_zone_type_str(zone->type);
		uint64_t theirs =
			said_unavailable(checker->said, zone->nid, name);
		char a[32], b[32];

		if (!theirs && !holes.pages[i])
			continue;
		snprintf(a, sizeof(a), "%" PRIu64,
			 in_linux(checker, holes.pages[i]));
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
