// SPDX-License-Identifier: MIT
/*
 * mu_validate() sees what is wrong with zones, nodes and descriptors: each is
 * broken by itself, named, and mended again.
 */
#include <string.h>

#include "tests/world.h"

static struct world world;

static int up(void **state)
{
	(void)state;
	world_init(&world, "256M@4M/2", MU_POLICY_EAGER);
	assert_int_equal(mu_memblock_reserve(&world.mm.memblock, 64 * MU_MIB,
					     MU_MIB, MU_MEMBLOCK_NONE),
			 MU_OK);
	world_start(&world);
	return 0;
}

static int down(void **state)
{
	(void)state;
	world_destroy(&world);
	return 0;
}

static void corrupt(const char *what)
{
	struct mu_error error = {.text = ""};

	assert_int_equal(mu_validate(&world.mm, NULL, &error), MU_ERR_CORRUPT);
	if (!strstr(error.text, what))
		fail_msg("'%s' is not in '%s'", what, error.text);
	/* Whoever does not want to know why is told no less. */
	assert_int_equal(mu_validate(&world.mm, NULL, NULL), MU_ERR_CORRUPT);
}

/* @field is wrong with @value: @what is said. And it is right again. */
#define wrong_with(field, value, what)           \
	do {                                     \
		__typeof__(field) was = (field); \
                                                 \
		(field) = (value);               \
		corrupt(what);                   \
		(field) = was;                   \
		world_validate(&world, NULL);    \
	} while (0)

static void zones(void **state)
{
	(void)state;
	for (unsigned i = 0; i < world.mm.buddy.nr_zones; i++) {
		struct mu_zone *zone = &world.mm.buddy.zones[i];

		wrong_with(zone->present_pages, zone->present_pages + 1, "");
		wrong_with(zone->managed_pages, zone->managed_pages + 1, "");
		if (!zone->present_pages)
			continue;
		wrong_with(zone->start_pfn, zone->start_pfn + 1, "");
		wrong_with(zone->end_pfn, zone->end_pfn - 1, "");
		/* One more and one less, where it matters to nothing else. */
		zone->present_pages++;
		world.mm.buddy.nodes[0].present_pages++;
		corrupt("");
		zone->present_pages--;
		world.mm.buddy.nodes[0].present_pages--;
		world_validate(&world, NULL);
	}
}

static void nodes(void **state)
{
	(void)state;
	for (unsigned nid = 0; nid < world.mm.nr_nodes; nid++) {
		struct mu_node *node = &world.mm.buddy.nodes[nid];

		wrong_with(node->present_pages, node->present_pages - 1,
			   "pages, not 0x");
		wrong_with(node->start_pfn, node->start_pfn + 1, "node 0: ");
		wrong_with(node->start_pfn, node->start_pfn - 1, "node 0: ");
		wrong_with(node->end_pfn, node->end_pfn - 1, "node 0: ");
		wrong_with(node->end_pfn, node->end_pfn + 1, "node 0: ");
	}
}

/* What is said of a descriptor names the pfn. */
static void reserved_pages(void **state)
{
	struct mu_page *page =
		mu_pfn_to_page(&world.mm.memmap, 64 * MU_MIB >> 12);

	(void)state;
	wrong_with(page->order, 1, "pfn 0x4000 (node 0 zone ");
	wrong_with(page->order, 1, "reserved, with an order or of another");
}

static void allocated_pages(void **state)
{
	struct mu_page *page, *tail;
	mu_pfn_t pfn;

	(void)state;
	assert_int_equal(mu_alloc_pages(&world.mm.buddy, 0, 3, 0, &pfn), MU_OK);
	page = mu_pfn_to_page(&world.mm.memmap, pfn);
	tail = mu_pfn_to_page(&world.mm.memmap, pfn + 5);
	/* Larger than its place, or than the zone. */
	wrong_with(page->order, 63, "its order does not fit its place");
	/* Smaller: what is behind it is nobody's head. */
	wrong_with(page->order, 2, "neither free, allocated nor poisoned");
	/* A head in its middle. */
	{
		struct mu_page was;

		memcpy(&was, tail, sizeof(was));
		memcpy(tail, page, sizeof(was));
		corrupt("not a tail, in a larger page");
		memcpy(tail, &was, sizeof(was));
		world_validate(&world, NULL);
	}
	assert_int_equal(mu_free_pages(&world.mm.buddy, pfn, 3), MU_OK);
}

static void counted(void **state)
{
	struct mu_census census;
	uint64_t written = world.mm.memmap.written_pages;

	(void)state;
	world.mm.memmap.written_pages = written + 1;
	corrupt("descriptors were written, but the walk found");
	world.mm.memmap.written_pages = written;
	world_validate(&world, &census);
	assert_int_equal(census.reserved, MU_MIB >> 12);
	assert_int_equal(census.free + census.allocated + census.reserved,
			 256 * MU_MIB >> 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(zones, up, down),
		cmocka_unit_test_setup_teardown(nodes, up, down),
		cmocka_unit_test_setup_teardown(reserved_pages, up, down),
		cmocka_unit_test_setup_teardown(allocated_pages, up, down),
		cmocka_unit_test_setup_teardown(counted, up, down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
