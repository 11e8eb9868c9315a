// SPDX-License-Identifier: MIT
#include "tests/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

static uint8_t type_of(const struct world *world, const struct mu_range *range,
		       mu_pfn_t pfn, const mu_pfn_t *movable_start)
{
	unsigned shift = world->machine->page_shift;
	bool kernel = world->config.kernelcore_mirror &&
		      range->flags & MU_RANGE_MIRROR;

	if (movable_start && !kernel && pfn >= movable_start[range->nid])
		return MU_ZONE_MOVABLE;
	if (pfn < world->config.dma_limit >> shift)
		return MU_ZONE_DMA;
	if (pfn < world->config.dma32_limit >> shift)
		return MU_ZONE_DMA32;
	return MU_ZONE_NORMAL;
}

/* Are the ranges on both sides of @address one to memblock? */
static bool is_one(const struct world *world, mu_phys_t address)
{
	const struct mu_memblock_region *region;

	mu_for_each_mem_region (&world->mm.memblock, region) {
		if (region->base < address &&
		    region->base + region->size > address)
			return true;
	}
	return false;
}

/* Whole pages of each range; a page that two ranges share is none's. */
static void add_ranges(struct model *model, const mu_pfn_t *movable_start)
{
	const struct mu_machine *machine = model->world->machine;
	mu_phys_t mask = ((mu_phys_t)1 << machine->page_shift) - 1;

	for (unsigned i = 0; i < machine->nr_ranges; i++) {
		const struct mu_range *range = &machine->ranges[i];
		mu_pfn_t pfn = (range->base + mask) >> machine->page_shift;
		mu_phys_t top = range->base + range->size;
		mu_pfn_t end;

		if (range->type != MU_RANGE_RAM)
			continue;
		while (is_one(model->world, top))
			top += machine->ranges[++i].size;
		end = top >> machine->page_shift;
		for (; pfn < end; pfn++) {
			model->pages[pfn].nid = (int16_t)range->nid;
			model->pages[pfn].type = type_of(model->world, range,
							 pfn, movable_start);
			model->pages[pfn].free =
				pfn && !(range->flags & MU_RANGE_NOMAP);
			model->memory++;
		}
	}
}

static void take_reserved(struct model *model)
{
	const struct mu_memblock_type *reserved =
		&model->world->mm.memblock.reserved;
	unsigned shift = model->world->machine->page_shift;

	for (unsigned i = 0; i < reserved->cnt; i++) {
		const struct mu_memblock_region *region = &reserved->regions[i];
		mu_pfn_t pfn = region->base >> shift;
		mu_phys_t last = region->base + region->size - 1;

		for (; pfn < model->end && pfn <= last >> shift; pfn++)
			model->pages[pfn].free = false;
	}
}

void model_init(struct model *model, struct world *world,
		const mu_pfn_t *movable_start)
{
	mu_phys_t top = mu_machine_top(world->machine);
	unsigned shift = world->machine->page_shift;

	memset(model, 0, sizeof(*model));
	model->world = world;
	model->end = ((top - 1) >> shift) + 1;
	model->pages = malloc(model->end * sizeof(*model->pages));
	assert_non_null(model->pages);
	for (mu_pfn_t pfn = 0; pfn < model->end; pfn++)
		model->pages[pfn] = (struct model_page){.nid = -1};
	add_ranges(model, movable_start);
	take_reserved(model);
	for (mu_pfn_t pfn = 0; pfn < model->end; pfn++)
		model->free += model->pages[pfn].free;
}

void model_destroy(struct model *model)
{
	free(model->pages);
}

void model_check(const struct model *model)
{
	struct world *world = model->world;
	struct mu_census census;
	uint64_t pristine = 0;

	world_validate(world, &census);
	assert_int_equal(census.total, model->end);
	assert_int_equal(census.allocated, 0);
	assert_int_equal(census.busy, 0);
	assert_int_equal(census.free + census.pristine, model->free);
	assert_int_equal(census.reserved, model->memory - model->free);
	assert_int_equal(census.hole, model->end - model->memory);
	assert_int_equal(world_managed(world), model->free);
	for (mu_pfn_t pfn = 0; pfn < model->end; pfn++) {
		const struct model_page *page = &model->pages[pfn];
		enum mu_page_state state = mu_page_state(&world->mm, pfn);
		const struct mu_page *real =
			mu_memmap_lookup(&world->mm.memmap, pfn);

		if (page->free && state == MU_STATE_PRISTINE)
			pristine++;
		else
			assert_int_equal(state, page->free ? MU_STATE_ONLINE
						: page->nid < 0
							? MU_STATE_ABSENT
							: MU_STATE_RESERVED);
		/* Eager gives reserved memory descriptors too. */
		if (state == MU_STATE_RESERVED)
			assert_true(!real ||
				    mu_page_kind(real) == MU_PAGE_RESERVED);
		else
			assert_int_equal(real != NULL,
					 state == MU_STATE_ONLINE);
	}
	assert_int_equal(pristine, census.pristine);
	assert_int_equal(mu_page_state(&world->mm, model->end),
			 MU_STATE_ABSENT);
}

/* Are the 2^@order pages at @pfn all free, and of one zone? */
static bool fits(const struct model *model, mu_pfn_t pfn, unsigned order)
{
	const struct model_page *first = &model->pages[pfn];

	if (pfn + ((mu_pfn_t)1 << order) > model->end)
		return false;
	for (mu_pfn_t i = 0; i < (mu_pfn_t)1 << order; i++)
		if (!first[i].free || first[i].nid != first->nid ||
		    first[i].type != first->type)
			return false;
	return true;
}

static void take(struct model *model, mu_pfn_t pfn, unsigned order)
{
	struct model_page *first = &model->pages[pfn];
	const struct mu_zone *zone = world_zone_of(model->world, pfn);

	assert_int_equal(pfn & (((mu_pfn_t)1 << order) - 1), 0);
	assert_true(pfn < model->end && fits(model, pfn, order));
	assert_int_equal(zone->nid, first->nid);
	assert_int_equal(zone->type, first->type);
	for (mu_pfn_t i = 0; i < (mu_pfn_t)1 << order; i++) {
		assert_false(first[i].taken);
		first[i].taken = true;
	}
}

void model_drain(struct model *model, unsigned order)
{
	struct mu_buddy *buddy = &model->world->mm.buddy;
	mu_pfn_t *pfns = malloc(((model->end >> order) + 1) * sizeof(*pfns));
	uint64_t got, expected = 0;

	assert_non_null(pfns);
	for (mu_pfn_t pfn = 0; pfn < model->end; pfn += (mu_pfn_t)1 << order)
		expected += fits(model, pfn, order);
	got = world_exhaust(model->world, order,
			    MU_ALLOC_RESERVES | MU_ALLOC_MOVABLE, pfns,
			    (model->end >> order) + 1);
	for (uint64_t i = 0; i < got; i++)
		take(model, pfns[i], order);
	assert_int_equal(got, expected);
	for (uint64_t i = 0; i < got; i++) {
		assert_int_equal(mu_free_pages(buddy, pfns[i], order), MU_OK);
		for (mu_pfn_t at = 0; at < (mu_pfn_t)1 << order; at++)
			model->pages[pfns[i] + at].taken = false;
	}
	free(pfns);
}

void model_check_lists(const struct model *model)
{
	struct mu_buddy *buddy = &model->world->mm.buddy;
	uint64_t nr[MU_NR_ORDERS] = {0};

	for (unsigned i = 0; i < buddy->nr_zones; i++)
		mu_buddy_drain(buddy, &buddy->zones[i]);

	/* The largest page that fits at each place is in the lists. */
	for (mu_pfn_t pfn = 0; pfn < model->end;) {
		unsigned order = pfn ? MU_MIN(mu_ctz(pfn), MU_BLOCK_ORDER)
				     : MU_BLOCK_ORDER;

		if (!model->pages[pfn].free) {
			pfn++;
			continue;
		}
		while (!fits(model, pfn, order))
			order--;
		nr[order]++;
		pfn += (mu_pfn_t)1 << order;
	}
	for (unsigned order = 0; order < MU_NR_ORDERS; order++) {
		uint64_t found = 0;

		for (unsigned i = 0; i < buddy->nr_zones; i++)
			found += buddy->zones[i].free_area[order].nr_free;
		assert_int_equal(found, nr[order]);
	}
}

void model_check_all(struct model *model)
{
	model_check(model);
	model_drain(model, MU_BLOCK_ORDER);
	model_drain(model, 3);
	model_drain(model, 0);
	assert_int_equal(mu_mm_finish(&model->world->mm, 0), MU_OK);
	model_check(model);
	model_check_lists(model);
}
