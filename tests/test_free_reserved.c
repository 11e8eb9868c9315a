// SPDX-License-Identifier: MIT
/*
 * mu_free_reserved() where something is in its way: memory that is not mapped,
 * no backing for descriptors, no room in memblock's table. Nothing is lost, and
 * what can be freed is.
 */
#include <limits.h>
#include <string.h>

#include "tests/world.h"

#define PAGE  4096ull
#define BLOCK (4 * MU_MIB)
#define AREA  (32 * MU_MIB)
#define SOME  (512 * MU_MIB)

static struct world world;

/* 128 MiB, of which [AREA, AREA + @size) is reserved. */
static void init(mu_phys_t size, enum mu_hosted_backing backing)
{
	world_init_machine(&world, world_machine("128M/2", 12), MU_POLICY_LAZY,
			   backing);
	world_one_zone(&world);
	assert_int_equal(mu_memblock_reserve(&world.mm.memblock, AREA, size,
					     MU_MEMBLOCK_NONE),
			 MU_OK);
}

static uint64_t reserved(void)
{
	struct mu_census census;

	world_validate(&world, &census);
	return census.reserved;
}

static void not_mapped(void **state)
{
	struct mu_mm *mm = &world.mm;
	uint64_t before;

	(void)state;
	init(8 * MU_MIB, MU_BACK_SECTION);
	assert_int_equal(mu_memblock_mark_nomap(&mm->memblock,
						AREA + 2 * MU_MIB, MU_MIB),
			 MU_OK);
	world_start(&world);
	before = reserved();
	/* All of it, its first page and its last, and one more at each. */
	assert_int_equal(mu_free_reserved(mm, AREA, 8 * MU_MIB), MU_ERR_HOLE);
	assert_int_equal(mu_free_reserved(mm, AREA + 2 * MU_MIB, PAGE),
			 MU_ERR_HOLE);
	assert_int_equal(mu_free_reserved(mm, AREA + 3 * MU_MIB - PAGE, PAGE),
			 MU_ERR_HOLE);
	assert_int_equal(
		mu_free_reserved(mm, AREA + 2 * MU_MIB - PAGE, 2 * PAGE),
		MU_ERR_HOLE);
	assert_int_equal(
		mu_free_reserved(mm, AREA + 3 * MU_MIB - PAGE, 2 * PAGE),
		MU_ERR_HOLE);
	assert_int_equal(reserved(), before);
	/* What is right before it and right behind it can be freed. */
	assert_int_equal(mu_free_reserved(mm, AREA + MU_MIB, MU_MIB), MU_OK);
	assert_int_equal(mu_free_reserved(mm, AREA + 3 * MU_MIB, MU_MIB),
			 MU_OK);
	assert_int_equal(reserved(), before - 2 * MU_MIB / PAGE);
	world_destroy(&world);
}

/* Backing fails from the call @fail_at on, until it is told to work. */
static unsigned maps, fail_at;

static enum mu_status map_some(void *arg, mu_pfn_t *start, mu_pfn_t *end)
{
	if (maps++ >= fail_at)
		return MU_ERR_NOMEM;
	return world_hosted_hook(arg)->memmap_map(arg, start, end);
}

static void no_backing(void **state)
{
	struct mu_mm *mm = &world.mm;

	(void)state;
	/* Parts of two blocks, with nothing between, or a block. */
	for (unsigned i = 0; i < 4; i++) {
		mu_phys_t from = AREA + MU_MIB;
		mu_phys_t size = i % 2 ? 10 * MU_MIB : 4 * MU_MIB;
		uint64_t before, left;

		init(16 * MU_MIB, MU_BACK_BLOCK);
		world.port.memmap_map = map_some;
		fail_at = UINT_MAX;
		world_start(&world);
		before = reserved();
		maps = 0;
		fail_at = i / 2;
		assert_int_equal(mu_free_reserved(mm, from, size),
				 MU_ERR_NOMEM);
		/* What came before may be free, and no other page. */
		left = reserved();
		assert_true(left > before - size / PAGE && left <= before);
		if (!fail_at)
			assert_int_equal(left, before);
		fail_at = UINT_MAX;
		/* The rest, page by page, whichever it is. */
		for (mu_phys_t at = from; at < from + size; at += PAGE) {
			enum mu_status status = mu_free_reserved(mm, at, PAGE);

			assert_true(status == MU_OK ||
				    status == MU_ERR_NOT_ALLOCATED);
		}
		assert_int_equal(reserved(), before - size / PAGE);
		world_destroy(&world);
	}
}

/* Every second page, until memblock cannot note one more region. */
static void full_table(void **state)
{
	struct mu_mm *mm = &world.mm;
	enum mu_status status = MU_OK;
	mu_phys_t at = AREA;
	uint64_t before;

	(void)state;
	init(32 * MU_MIB, MU_BACK_SECTION);
	world_start(&world);
	before = reserved();
	for (; status == MU_OK && at < AREA + 32 * MU_MIB; at += 2 * PAGE) {
		status = mu_free_reserved(mm, at + PAGE, PAGE);
		before -= status == MU_OK;
	}
	assert_int_equal(status, MU_ERR_FULL);
	assert_int_equal(reserved(), before);
	/* The last one, again, and again nothing is changed; one at the end of
	 * a region needs no room. */
	assert_int_equal(mu_free_reserved(mm, at - PAGE, PAGE), MU_ERR_FULL);
	assert_int_equal(reserved(), before);
	assert_int_equal(mu_free_reserved(mm, AREA, PAGE), MU_OK);
	assert_int_equal(mu_free_reserved(mm, AREA + 32 * MU_MIB - PAGE, PAGE),
			 MU_OK);
	assert_int_equal(reserved(), before - 2);
	/* That made room for one more. */
	assert_int_equal(mu_free_reserved(mm, at - PAGE, PAGE), MU_OK);
	assert_int_equal(reserved(), before - 3);
	world_destroy(&world);
}

/* Every second block, as many as memblock has room for: more than can be noted
 * as pristine. Those that cannot be come online at once. */
static void scattered_blocks(void **state)
{
	struct mu_mm *mm = &world.mm;
	uint64_t before;
	unsigned freed = 0;

	(void)state;
	world_init(&world, "4G/2", MU_POLICY_LAZY);
	assert_int_equal(mu_memblock_reserve(&mm->memblock, MU_GIB, SOME,
					     MU_MEMBLOCK_NONE),
			 MU_OK);
	world_start(&world);
	before = reserved();
	for (mu_phys_t at = MU_GIB; at < MU_GIB + SOME; at += 2 * BLOCK) {
		enum mu_page_state page;

		assert_int_equal(mu_free_reserved(mm, at, BLOCK), MU_OK);
		page = mu_page_state(mm, at / PAGE + 5);
		assert_true(page == MU_STATE_PRISTINE ||
			    page == MU_STATE_ONLINE);
		freed++;
	}
	assert_int_equal(reserved(), before - freed * (BLOCK / PAGE));
	/* The others, which close the gaps. */
	for (mu_phys_t at = MU_GIB + BLOCK; at < MU_GIB + SOME; at += 2 * BLOCK)
		assert_int_equal(mu_free_reserved(mm, at, BLOCK), MU_OK);
	assert_int_equal(reserved(), before - SOME / PAGE);
	assert_int_equal(mu_mm_finish(mm, 2), MU_OK);
	assert_int_equal(reserved(), before - SOME / PAGE);
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(not_mapped),
		cmocka_unit_test(no_backing),
		cmocka_unit_test(full_table),
		cmocka_unit_test(scattered_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
