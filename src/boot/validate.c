// SPDX-License-Identifier: MIT
/*
 * Conservation: what each page is, and that all records agree.
 *
 * Memory is walked twice, in memblock's order: all of it, and the free part.
 * What is free must be in the lists, allocated, or in an extent; what is not
 * free must be in none of them; and the sums for each zone must equal its
 * counters.
 */
#include "base/bits.h"
#include "base/fmt.h"
#include "base/string.h"
#include "deferred/memory.h"
#include "hotplug/layout.h"
#include "memup/boot.h"

typedef unsigned long long ull;

struct audit {
	struct mu_mm *mm;
	uint64_t written; /* descriptors that were found written */
	uint64_t cached;  /* free pages in caches, not in the census */
	struct mu_error *error;
	struct mu_census *census; /* of everything */
	const struct mu_zone *zone;
	mu_pfn_t end; /* of the current piece of free memory */
	enum mu_status status;
};

static mu_pfn_t corrupt(struct audit *audit, const char *what, mu_pfn_t pfn)
{
	audit->status = mu_fail(audit->error, MU_ERR_CORRUPT, 0,
				"pfn 0x%llx (node %d zone %s): %s", (ull)pfn,
				audit->zone->nid,
				mu_zone_type_str(audit->zone->type), what);
	return audit->end;
}

/* The online page at @pfn: count it, check its tails, step past it. */
static mu_pfn_t audit_page(struct audit *audit, mu_pfn_t pfn)
{
	const struct mu_memmap *memmap = &audit->mm->memmap;
	const struct mu_page *page = mu_pfn_to_page(memmap, pfn);
	mu_pfn_t pages = (mu_pfn_t)1 << page->order;

	if (mu_page_zone(page) != audit->zone->id)
		return corrupt(audit, "is in another zone's book", pfn);
	if (pages > audit->end - pfn || pfn & (pages - 1))
		return corrupt(audit, "its order does not fit its place", pfn);
	if (mu_page_kind(page) == MU_PAGE_FREE)
		audit->census->free += pages;
	else if (mu_page_kind(page) == MU_PAGE_CACHED)
		audit->cached += pages;
	else if (mu_page_kind(page) == MU_PAGE_ALLOCATED)
		audit->census->allocated += pages;
	else if (mu_page_kind(page) == MU_PAGE_POISONED && !page->order)
		audit->census->poisoned++;
	else
		return corrupt(audit, "neither free, allocated nor poisoned",
			       pfn);
	audit->written += mu_page_flags(page) & MU_PAGE_SPARSE ? 1 : pages;
	if (mu_page_flags(page) & MU_PAGE_SPARSE) {
		if (mu_page_kind(page) != MU_PAGE_ALLOCATED ||
		    mu_memmap_next(memmap, pfn + 1, pfn + pages) != pfn + pages)
			return corrupt(audit, "sparse, but a tail is written",
				       pfn);
		return pfn + pages;
	}
	for (mu_pfn_t tail = pfn + 1; tail < pfn + pages; tail++) {
		if (!mu_memmap_online(memmap, tail))
			return corrupt(audit, "a tail is pristine", tail);
		if (mu_page_kind(mu_pfn_to_page(memmap, tail)) != MU_PAGE_TAIL)
			return corrupt(audit, "not a tail, in a larger page",
				       tail);
	}
	return pfn + pages;
}

static void audit_free(void *arg, int nid, enum mu_zone_type type,
		       mu_pfn_t start, mu_pfn_t end)
{
	struct audit *audit = arg;
	const struct mu_mm *mm = audit->mm;
	mu_pfn_t pfn = start;

	if (audit->status != MU_OK)
		return;
	audit->zone = &mm->buddy.zones[mm->buddy.nodes[nid].zone_id[type]];
	audit->end = end;
	while (pfn < end) {
		mu_pfn_t next;

		if (mu_memmap_online(&mm->memmap, pfn)) {
			pfn = audit_page(audit, pfn);
			continue;
		}
		if (mu_deferred_is_pristine(&mm->deferred, audit->zone, pfn,
					    &next)) {
			next = MU_MIN(next, end);
			audit->census->pristine += next - pfn;
		} else if (mu_deferred_is_busy(&mm->deferred, audit->zone)) {
			next = MU_MIN(next, end);
			audit->census->busy += next - pfn;
		} else {
			next = corrupt(audit,
				       "lost: free in memblock, and in "
				       "nobody's book",
				       pfn);
		}
		pfn = next;
	}
}

/* Zone by zone: do the counters say what the walk found? */
struct zone_sum {
	struct audit audit;
	struct mu_census census;
	const struct mu_zone *only;
};

static void audit_zone_piece(void *arg, int nid, enum mu_zone_type type,
			     mu_pfn_t start, mu_pfn_t end)
{
	struct zone_sum *sum = arg;

	if (nid == sum->only->nid && type == sum->only->type)
		audit_free(&sum->audit, nid, type, start, end);
}

static enum mu_status compare(const struct zone_sum *sum, const char *what,
			      uint64_t counter, uint64_t walk)
{
	if (counter == walk)
		return MU_OK;
	return mu_fail(sum->audit.error, MU_ERR_CORRUPT, 0,
		       "node %d zone %s: %s says %llu, the walk found %llu",
		       sum->only->nid, mu_zone_type_str(sum->only->type), what,
		       (ull)counter, (ull)walk);
}

static enum mu_status audit_zone(struct mu_mm *mm, struct mu_zone *zone,
				 struct mu_census *total, uint64_t *written,
				 struct mu_error *error)
{
	struct zone_sum sum = {.only = zone};
	const struct mu_census *census = &sum.census;
	enum mu_status status;

	sum.audit.mm = mm;
	sum.audit.error = error;
	sum.audit.census = &sum.census;
	mu_layout_free(&mm->layout, audit_zone_piece, &sum);
	status = sum.audit.status;
	if (status == MU_OK)
		status = mu_zone_validate(&mm->buddy, zone, error);
	if (status == MU_OK)
		status = compare(&sum, "free_pages", zone->free_pages,
				 census->free);
	if (status == MU_OK)
		status = compare(&sum, "mu_zone_cached()",
				 mu_zone_cached(&mm->buddy, zone),
				 sum.audit.cached);
	if (status == MU_OK)
		status = compare(&sum, "pristine_pages", zone->pristine_pages,
				 census->pristine + census->busy);
	if (status == MU_OK)
		status = compare(&sum, "managed_pages", zone->managed_pages,
				 census->free + sum.audit.cached +
					 census->pristine + census->busy +
					 census->allocated);
	if (status == MU_OK)
		status = compare(&sum, "poisoned_pages", zone->poisoned_pages,
				 census->poisoned);
	*written += sum.audit.written;
	total->allocated += census->allocated;
	total->free += census->free + sum.audit.cached;
	total->pristine += census->pristine;
	total->busy += census->busy;
	total->poisoned += census->poisoned;
	total->reserved += zone->present_pages - zone->managed_pages -
			   zone->poisoned_pages;
	return status;
}

/* Reserved pages with descriptors: each by itself, in no zone's counters. */
static void count_reserved(void *arg, int nid, enum mu_zone_type type,
			   mu_pfn_t start, mu_pfn_t end)
{
	struct audit *audit = arg;
	const struct mu_mm *mm = audit->mm;
	const struct mu_memmap *memmap = &mm->memmap;
	mu_pfn_t pfn = start;

	audit->zone = &mm->buddy.zones[mm->buddy.nodes[nid].zone_id[type]];
	for (; (pfn = mu_memmap_next(memmap, pfn, end)) < end; pfn++) {
		const struct mu_page *page = mu_pfn_to_page(memmap, pfn);

		if (mu_page_kind(page) != MU_PAGE_RESERVED)
			continue;
		audit->written++;
		if (page->order || mu_page_zone(page) != audit->zone->id)
			corrupt(audit,
				"reserved, with an order or of another "
				"zone",
				pfn);
	}
}

static void count_piece(void *arg, int nid, enum mu_zone_type type,
			mu_pfn_t start, mu_pfn_t end)
{
	(void)nid;
	(void)type;
	*(uint64_t *)arg += end - start;
}

static uint64_t count_offline(const struct mu_mm *mm)
{
	const struct mu_memblock_region *region;
	uint64_t pages = 0;

	/* Whole blocks, all of them. */
	mu_for_each_mem_region (&mm->memblock, region) {
		if (region->flags & MU_MEMBLOCK_OFFLINE)
			pages += region->size >> mm->page_shift;
	}
	return pages;
}

/* Spans and sums of nodes and zones: those of the memory that is online. */
struct span {
	mu_pfn_t start, end;
	uint64_t pages;
};

struct spans {
	int nid;
	enum mu_zone_type type; /* MU_NR_ZONES: any */
	struct span span;
};

static void add_to_span(void *arg, int nid, enum mu_zone_type type,
			mu_pfn_t start, mu_pfn_t end)
{
	struct spans *spans = arg;
	struct span *span = &spans->span;

	if (nid != spans->nid ||
	    (spans->type != MU_NR_ZONES && type != spans->type))
		return;
	span->start = span->pages ? MU_MIN(span->start, start) : start;
	span->end = MU_MAX(span->end, end);
	span->pages += end - start;
}

static struct span span_of(const struct mu_mm *mm, int nid,
			   enum mu_zone_type type)
{
	struct spans spans = {.nid = nid, .type = type};

	mu_layout_memory(&mm->layout, add_to_span, &spans);
	return spans.span;
}

static enum mu_status check_spans(struct mu_mm *mm, struct mu_error *error)
{
	for (unsigned i = 0; i < mm->buddy.nr_zones; i++) {
		const struct mu_zone *zone = &mm->buddy.zones[i];
		struct span span = span_of(mm, zone->nid, zone->type);

		if (zone->type == MU_ZONE_ISOLATED)
			span = (struct span){0, 0, 0};
		if (zone->present_pages != span.pages ||
		    (span.pages && (zone->start_pfn > span.start ||
				    zone->end_pfn < span.end)))
			return mu_fail(error, MU_ERR_CORRUPT, 0,
				       "node %d zone %s: pfns 0x%llx-0x%llx "
				       "with %llu pages, not 0x%llx-0x%llx "
				       "with %llu",
				       zone->nid, mu_zone_type_str(zone->type),
				       (ull)zone->start_pfn, (ull)zone->end_pfn,
				       (ull)zone->present_pages,
				       (ull)span.start, (ull)span.end,
				       (ull)span.pages);
	}
	for (unsigned nid = 0; nid < mm->nr_nodes; nid++) {
		const struct mu_node *node = &mm->buddy.nodes[nid];
		struct span span = span_of(mm, (int)nid, MU_NR_ZONES);

		if (node->present_pages != span.pages ||
		    (span.pages && (node->start_pfn != span.start ||
				    node->end_pfn != span.end)))
			return mu_fail(
				error, MU_ERR_CORRUPT, 0,
				"node %u: pfns 0x%llx-0x%llx with %llu "
				"pages, not 0x%llx-0x%llx with %llu",
				nid, (ull)node->start_pfn, (ull)node->end_pfn,
				(ull)node->present_pages, (ull)span.start,
				(ull)span.end, (ull)span.pages);
	}
	return MU_OK;
}

enum mu_status mu_validate(struct mu_mm *mm, struct mu_census *census,
			   struct mu_error *error)
{
	struct audit reserved = {.mm = mm, .error = error, .status = MU_OK};
	struct mu_census ignored;
	uint64_t memory = 0, managed = 0, written = 0;
	enum mu_status status;

	census = census ? census : &ignored;
	memset(census, 0, sizeof(*census));
	for (unsigned i = 0; i < mm->buddy.nr_zones; i++) {
		status = audit_zone(mm, &mm->buddy.zones[i], census, &written,
				    error);
		if (status != MU_OK)
			return status;
		managed += mm->buddy.zones[i].managed_pages;
	}
	mu_layout_memory(&mm->layout, count_reserved, &reserved);
	if (reserved.status != MU_OK)
		return reserved.status;
	if (mm->memmap.written_pages != written + reserved.written)
		return mu_fail(error, MU_ERR_CORRUPT, 0,
			       "%llu descriptors were written, but the walk "
			       "found %llu, %llu of them reserved",
			       (ull)mm->memmap.written_pages,
			       (ull)(written + reserved.written),
			       (ull)reserved.written);
	status = mu_devices_validate(&mm->devices, &census->device, error);
	if (status != MU_OK)
		return status;
	mu_layout_memory(&mm->layout, count_piece, &memory);
	census->offline = count_offline(mm);
	census->total = mm->memmap.end_pfn;
	census->hole =
		census->total - memory - census->device - census->offline;
	if (managed + census->reserved + census->poisoned != memory)
		return mu_fail(error, MU_ERR_CORRUPT, 0,
			       "%llu pages are managed, %llu reserved and %llu "
			       "poisoned, but memory has %llu",
			       (ull)managed, (ull)census->reserved,
			       (ull)census->poisoned, (ull)memory);
	return check_spans(mm, error);
}
