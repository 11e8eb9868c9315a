// SPDX-License-Identifier: MIT
/*
 * Random sequences against a model: an array with the owner of each 2 MiB, and
 * one with what each page's client wrote to it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "tests/pmem.h"

/* RAM ends in the middle of a block; then the model's memory. */
#define RAM_END	   (1022 * MU_MIB)
#define UNIT	   (2 * MU_MIB)
#define UNITS	   400u
#define UNIT_PAGES 512u
#define FIRST	   (RAM_END >> MU_PAGE_SHIFT_MIN)
#define MAPS	   10u
#define STEPS	   (TEST_TSAN || TEST_ASAN ? 2000u : 10000u)

struct model {
	struct world world;
	struct pmem maps[MAPS];
	bool registered[MAPS];
	unsigned used[MAPS]; /* pages */
	int owner[UNITS];    /* -1: none */
	uint64_t value[UNITS * UNIT_PAGES];
	uint32_t refs[UNITS * UNIT_PAGES];
	uint64_t seed;
};

static unsigned roll(struct model *model, unsigned limit)
{
	return (unsigned)world_random(&model->seed, limit);
}

static bool overlaps(const struct model *model, const struct pmem *pmem)
{
	for (unsigned i = 0; i < pmem->map.nr_ranges; i++) {
		const struct mu_device_range *range = &pmem->ranges[i];
		size_t unit = (size_t)((range->base - RAM_END) / UNIT);
		size_t end = unit + (size_t)(range->size / UNIT);

		if (range->base < RAM_END)
			return true;
		for (; unit < end; unit++)
			if (model->owner[unit] >= 0)
				return true;
	}
	return false;
}

static void own(struct model *model, unsigned m, int owner)
{
	const struct pmem *pmem = &model->maps[m];

	for (unsigned i = 0; i < pmem->map.nr_ranges; i++) {
		const struct mu_device_range *range = &pmem->ranges[i];
		size_t unit = (size_t)((range->base - RAM_END) / UNIT);
		size_t end = unit + (size_t)(range->size / UNIT);

		memset(&model->value[unit * UNIT_PAGES], 0,
		       (end - unit) * UNIT_PAGES * sizeof(model->value[0]));
		for (; unit < end; unit++)
			model->owner[unit] = owner;
	}
}

/* Up to four ranges, ascending; now and then one that reaches into RAM. */
static void try_register(struct model *model, unsigned m)
{
	struct pmem *pmem = &model->maps[m];
	unsigned unit = roll(model, UNITS / 2);
	bool into_ram = roll(model, 20) == 0;
	enum mu_status status;

	pmem_init(pmem, "map");
	pmem->map.lazy = roll(model, 2);
	pmem->map.order = roll(model, 3) ? 0 : MU_HUGE_ORDER;
	for (unsigned i = 0, nr = 1 + roll(model, 4); i < nr; i++) {
		unsigned left = UNITS - unit;
		unsigned units = 1 + roll(model, MU_MIN(left, 90));

		pmem_add(pmem, RAM_END + unit * UNIT, units * UNIT,
			 (int)roll(model, 2));
		unit += units + roll(model, 3);
		if (unit >= UNITS)
			break;
	}
	if (into_ram) {
		pmem->ranges[0].base -= UNIT * (1 + unit);
		pmem->ranges[0].size += UNIT * (1 + unit);
	}
	status = mu_pagemap_register(&model->world.mm.devices, &pmem->map,
				     1 + roll(model, 2), &model->world.error);
	if (overlaps(model, pmem)) {
		assert_int_equal(status, MU_ERR_OVERLAP);
		return;
	}
	assert_int_equal(status, MU_OK);
	model->registered[m] = true;
	own(model, m, (int)m);
}

static void try_remove(struct model *model, unsigned m)
{
	struct pmem *pmem = &model->maps[m];
	enum mu_status status;

	if (model->used[m]) {
		assert_int_equal(
			mu_pagemap_try_remove(&pmem->map, &model->world.error),
			MU_ERR_BUSY);
		return;
	}
	status = roll(model, 2) ? mu_pagemap_remove(&pmem->map, NULL)
				: mu_pagemap_try_remove(&pmem->map, NULL);
	assert_int_equal(status, MU_OK);
	own(model, m, -1);
	model->registered[m] = false;
	assert_int_equal(mu_pagemap_remove(&pmem->map, NULL), MU_ERR_NOT_FOUND);
}

/* Some page: found or not, with the value that it was given or none; then given
 * one, taken or put. */
static void visit(struct model *model)
{
	struct mu_devices *devices = &model->world.mm.devices;
	mu_pfn_t pfn = FIRST + roll(model, UNITS * UNIT_PAGES);
	int owner = model->owner[(pfn - FIRST) / UNIT_PAGES];
	struct mu_pagemap *map = mu_pagemap_get(devices, pfn);
	struct mu_page *page;
	size_t at;

	assert_int_equal(mu_page_state(&model->world.mm, pfn),
			 owner >= 0 ? MU_STATE_DEVICE : MU_STATE_ABSENT);
	if (owner < 0) {
		assert_null(map);
		return;
	}
	assert_ptr_equal(map, &model->maps[owner].map);
	assert_true(mu_pagemap_has(map, pfn));
	assert_int_equal(mu_device_page(map, pfn, &page), MU_OK);
	assert_ptr_equal(mu_device_page_map(devices, page), map);
	at = (size_t)(mu_device_page_pfn(map, page) - FIRST);
	assert_int_equal(page->private_data, model->value[at]);
	assert_int_equal(page->refcount, model->refs[at]);
	switch (roll(model, 4)) {
	case 0:
		page->private_data = model->value[at] = model->seed;
		break;
	case 1:
		assert_int_equal(mu_device_page_take(map, pfn, &page),
				 model->refs[at] ? MU_ERR_BUSY : MU_OK);
		if (!model->refs[at]) {
			model->refs[at] = 1;
			model->used[owner]++;
		}
		break;
	case 2:
		assert_int_equal(mu_device_page_get(page),
				 model->refs[at] != 0);
		model->refs[at] += model->refs[at] != 0;
		break;
	default:
		break;
	}
	mu_pagemap_put(map);
}

/* Put all references to pages of a map. */
static void put_all(struct model *model, unsigned m)
{
	struct pmem *pmem = &model->maps[m];

	for (size_t at = 0; model->used[m]; at++) {
		struct mu_page *page;

		if (model->owner[at / UNIT_PAGES] != (int)m)
			continue;
		for (; model->refs[at]; model->refs[at]--) {
			bool last = model->refs[at] == 1;

			assert_int_equal(
				mu_device_page(&pmem->map, FIRST + at, &page),
				MU_OK);
			mu_device_page_put(&pmem->map, page);
			model->used[m] -= last;
			if (last)
				assert_int_equal(pmem->last_freed, FIRST + at);
		}
	}
}

static void step(struct model *model)
{
	unsigned m = roll(model, MAPS);

	if (roll(model, 4)) {
		visit(model);
	} else if (!model->registered[m]) {
		try_register(model, m);
	} else if (roll(model, 6) == 0) {
		assert_int_equal(mu_pagemap_finish(&model->maps[m].map,
						   1 + roll(model, 2)),
				 MU_OK);
	} else {
		if (roll(model, 2))
			put_all(model, m);
		try_remove(model, m);
	}
}

static void check(struct model *model)
{
	struct mu_census census;
	uint64_t units = 0;

	for (unsigned unit = 0; unit < UNITS; unit++)
		units += model->owner[unit] >= 0;
	world_validate(&model->world, &census);
	assert_int_equal(census.device, units * UNIT_PAGES);
}

static void random_steps(void **state)
{
	struct model *model = calloc(1, sizeof(*model));

	(void)state;
	assert_non_null(model);
	memset(model->owner, 0xff, sizeof(model->owner));
	pmem_world(&model->world, "1022M/2", 4 * MU_GIB, 12);
	model->seed = world_seed(0x5eed0016);
	for (unsigned i = 0; i < STEPS; i++) {
		step(model);
		check(model);
	}
	for (unsigned m = 0; m < MAPS; m++) {
		if (!model->registered[m])
			continue;
		put_all(model, m);
		try_remove(model, m);
		check(model);
	}
	world_destroy(&model->world);
	free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
