// SPDX-License-Identifier: MIT
#include "tests/pmem.h"

#include <string.h>

void pmem_world(struct world *world, const char *text, mu_phys_t end,
		unsigned page_shift)
{
	const struct mu_limits limits = {.end = end, .ranges = 64, .nodes = 2};

	if (page_shift == MU_PAGE_SHIFT_MIN) {
		world_init_late(world, text, MU_POLICY_LAZY, &limits);
	} else {
		world_init_machine(world, world_machine(text, page_shift),
				   MU_POLICY_LAZY, world_backing());
		assert_int_equal(mu_mm_set_limits(&world->mm, &limits, NULL),
				 MU_OK);
	}
	world_start(world);
}

static struct pmem *pmem_of(struct mu_pagemap *map)
{
	return (struct pmem *)(void *)((char *)map -
				       offsetof(struct pmem, map));
}

static void page_free(struct mu_pagemap *map, mu_pfn_t pfn)
{
	struct pmem *pmem = pmem_of(map);

	pmem->freed++;
	pmem->last_freed = pfn;
}

static enum mu_status memory_failure(struct mu_pagemap *map, mu_pfn_t pfn,
				     uint64_t pages)
{
	struct pmem *pmem = pmem_of(map);

	pmem->failures++;
	pmem->failed_pfn = pfn;
	pmem->failed_pages = pages;
	return MU_ERR_CORRUPT;
}

static const struct mu_device_ops ops = {
	.page_free = page_free,
	.memory_failure = memory_failure,
};

void pmem_init(struct pmem *pmem, const char *name)
{
	memset((void *)pmem, 0, sizeof(*pmem));
	pmem->map.name = name;
	pmem->map.type = MU_DEVICE_GENERIC;
	pmem->map.owner = pmem;
	pmem->map.ops = &ops;
	pmem->map.ranges = pmem->ranges;
}

void pmem_add(struct pmem *pmem, mu_phys_t base, mu_phys_t size, int nid)
{
	struct mu_device_range *range = &pmem->ranges[pmem->map.nr_ranges++];

	assert_true(pmem->map.nr_ranges <= PMEM_RANGES);
	range->base = base;
	range->size = size;
	range->nid = nid;
}

void pmem_one(struct pmem *pmem, const char *name, mu_phys_t base,
	      mu_phys_t size)
{
	pmem_init(pmem, name);
	pmem_add(pmem, base, size, 0);
}

void pmem_register(struct world *world, struct pmem *pmem)
{
	if (mu_pagemap_register(&world->mm.devices, &pmem->map, 2,
				&world->error) != MU_OK)
		fail_msg("%s", world->error.text);
}

void pmem_remove(struct world *world, struct pmem *pmem)
{
	if (mu_pagemap_remove(&pmem->map, &world->error) != MU_OK)
		fail_msg("%s", world->error.text);
}

struct mu_page *pmem_page(struct world *world, mu_pfn_t pfn)
{
	struct mu_pagemap *map = mu_pagemap_get(&world->mm.devices, pfn);
	struct mu_page *page = NULL;

	assert_non_null(map);
	assert_int_equal(mu_device_page(map, pfn, &page), MU_OK);
	mu_pagemap_put(map);
	return page;
}

void pmem_mark(struct world *world, struct pmem_mark *mark, mu_phys_t base,
	       mu_phys_t size)
{
	const struct mu_mm *mm = &world->mm;

	world_validate(world, &mark->census);
	mark->backed = mm->memmap.backed_pages;
	mark->written = mm->memmap.written_pages;
	mark->lines = mm->devices.nr[mm->devices.version & 1];
	mark->start = base >> mm->page_shift;
	mark->end = (base + size) >> mm->page_shift;
}

void pmem_check_mark(struct world *world, const struct pmem_mark *mark)
{
	const struct mu_mm *mm = &world->mm;
	struct pmem_mark now;

	pmem_mark(world, &now, 0, 0);
	assert_memory_equal(&now.census, &mark->census, sizeof(now.census));
	assert_int_equal(now.backed, mark->backed);
	assert_int_equal(now.written, mark->written);
	assert_int_equal(now.lines, mark->lines);
	for (mu_pfn_t pfn = mark->start; pfn < mark->end;
	     pfn += MU_BLOCK_PAGES) {
		const struct mu_section *section =
			mu_memmap_section(&mm->memmap, pfn);

		if (section) {
			assert_int_equal(section->device.claimed, 0);
			assert_int_equal(section->device.ready, 0);
		}
	}
}
