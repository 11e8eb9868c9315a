// SPDX-License-Identifier: MIT
/* Tables that grow, and all the ways in which they may not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "tests/memblock_model.h"

#define BASE 0x1000000ull /* 2 MiB of memory from here, in the arena */
#define SIZE 0x200000ull
#define KERN MU_MEMBLOCK_RSRV_KERN
/* Bytes of an array of @max regions with its scratch half, in pages. */
#define ARRAY(max) \
	((2ull * (max) * sizeof(struct mu_memblock_region) + 4095) & ~4095ull)

static struct mbm_world world;
static struct mbm_image image;
static struct mu_memblock *const mb = &world.mb;

static int start(void **state)
{
	(void)state;
	mbm_start(&world, BASE, SIZE);
	mu_memblock_allow_resize(mb);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	mbm_stop(&world);
	return 0;
}

/* Region @i of many that do not touch, all below BASE. */
static mu_phys_t spot(unsigned i)
{
	return (mu_phys_t)i * 0x400;
}

static void fill(int type, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		if (type == MBM_MEMORY)
			ok(mu_memblock_add(mb, spot(i), 0x200));
		else
			ok(mu_memblock_reserve(mb, spot(i), 0x200, 0));
	}
}

/* The first @cnt regions are those of fill(). */
static void filled(const struct mu_memblock_type *type, unsigned cnt)
{
	for (unsigned i = 0; i < cnt; i++) {
		assert_int_equal(type->regions[i].base, spot(i));
		assert_int_equal(type->regions[i].size, 0x200);
	}
}

static void the_129th_region_of_memory(void **state)
{
	(void)state;
	fill(MBM_MEMORY, 0, 127);
	ok(mu_memblock_add(mb, BASE, SIZE));
	assert_int_equal(mb->memory.cnt, 128);
	assert_int_equal(mb->memory.max, 128);
	fill(MBM_MEMORY, 127, 128);
	assert_int_equal(mb->memory.cnt, 129);
	assert_int_equal(mb->memory.max, 256);
	assert_int_equal(mb->reserved.max, 128);
	filled(&mb->memory, 128);
	mbm_expect(&mb->reserved,
		   {BASE + SIZE - ARRAY(256), ARRAY(256), KERN, -1});
	assert_ptr_equal(mb->memory.regions, world.arena + SIZE - ARRAY(256));
	/* The next doubling gives the array back. */
	fill(MBM_MEMORY, 128, 256);
	assert_int_equal(mb->memory.cnt, 257);
	assert_int_equal(mb->memory.max, 512);
	filled(&mb->memory, 256);
	mbm_expect(&mb->reserved, {BASE + SIZE - ARRAY(256) - ARRAY(512),
				   ARRAY(512), KERN, -1});
}

static void the_129th_reservation(void **state)
{
	(void)state;
	ok(mu_memblock_add(mb, BASE, SIZE));
	fill(MBM_RESERVED, 0, 128);
	assert_int_equal(mb->reserved.max, 128);
	fill(MBM_RESERVED, 128, 129);
	assert_int_equal(mb->reserved.max, 256);
	assert_int_equal(mb->reserved.cnt, 130); /* and its own array */
	filled(&mb->reserved, 129);
	assert_int_equal(mb->reserved.regions[129].base,
			 BASE + SIZE - ARRAY(256));
	fill(MBM_RESERVED, 129, 2000);
	assert_int_equal(mb->reserved.max, 2048);
	assert_int_equal(mb->reserved.cnt, 2001);
	assert_int_equal(mb->reserved.regions[2000].size, ARRAY(2048));
	filled(&mb->reserved, 2000);
}

/* The memory table grows while the reserved one has no room for its array. */
static void both_at_once(void **state)
{
	(void)state;
	fill(MBM_MEMORY, 0, 127);
	ok(mu_memblock_add(mb, BASE, SIZE));
	fill(MBM_RESERVED, 0, 128);
	fill(MBM_MEMORY, 127, 128);
	assert_int_equal(mb->memory.max, 256);
	assert_int_equal(mb->memory.cnt, 129);
	assert_int_equal(mb->reserved.max, 256);
	assert_int_equal(mb->reserved.cnt, 129);
	filled(&mb->memory, 128);
	filled(&mb->reserved, 128);
	assert_int_equal(mb->reserved.regions[128].base,
			 BASE + SIZE - 2 * ARRAY(256));
	assert_int_equal(mb->reserved.regions[128].size, 2 * ARRAY(256));
}

/* A change in the midst of a range may be what needs one more. */
static void every_change_can_grow(void **state)
{
	unsigned max = 128;

	(void)state;
	fill(MBM_MEMORY, 0, 127);
	ok(mu_memblock_add(mb, BASE, SIZE));
	ok(mu_memblock_remove(mb, spot(5) + 0x80, 0x80));
	assert_int_equal(mb->memory.max, max *= 2);
	fill(MBM_MEMORY, 127, 254);
	ok(mu_memblock_mark_nomap(mb, spot(9) + 0x80, 0x80));
	assert_int_equal(mb->memory.max, max *= 2);
	fill(MBM_MEMORY, 254, 508);
	assert_int_equal(mb->memory.cnt, max);
	ok(mu_memblock_set_node(mb, spot(9), 0x40, &mb->memory, 3));
	assert_int_equal(mb->memory.max, max *= 2);
	fill(MBM_RESERVED, 0, 127);
	assert_int_equal(mb->reserved.max, 128);
	ok(mu_memblock_phys_free(mb, spot(2) + 0x80, 0x80));
	assert_int_equal(mb->reserved.max, 256);
}

/* Nothing may be put where the range is that is about to be reserved. */
static void not_on_the_range_itself(void **state)
{
	mu_phys_t room = ARRAY(256);

	(void)state;
	ok(mu_memblock_add(mb, BASE, 4 * room));
	fill(MBM_RESERVED, 0, 128);
	mbm_save(&world, &image);
	/* All memory; all but too little at each end. */
	fails(MU_ERR_NOMEM, mu_memblock_reserve(mb, BASE, 4 * room, 0));
	fails(MU_ERR_NOMEM,
	      mu_memblock_reserve(mb, BASE + room - 1, 2 * room + 2, 0));
	mbm_same(&world, &image);
	/* Room is left below alone. */
	ok(mu_memblock_reserve(mb, BASE + room, 3 * room, 0));
	assert_int_equal(mb->reserved.cnt, 130);
	assert_int_equal(mb->reserved.regions[128].base, BASE);
	assert_int_equal(mb->reserved.regions[128].size, room);
	assert_int_equal(mb->reserved.regions[129].base, BASE + room);
}

static void nor_on_memory_that_goes(void **state)
{
	mu_phys_t room = ARRAY(256);

	(void)state;
	ok(mu_memblock_add(mb, BASE, 4 * room));
	fill(MBM_MEMORY, 0, 127);
	mbm_save(&world, &image);
	/* What is left at each end is less than an array. */
	fails(MU_ERR_NOMEM,
	      mu_memblock_remove(mb, BASE + room - 1, 2 * room + 2));
	mbm_same(&world, &image);
	ok(mu_memblock_remove(mb, BASE + room / 2, 2 * room));
	assert_int_equal(mb->memory.array_base, BASE + 3 * room);
	assert_int_equal(mb->memory.cnt, 129);
}

/* An array fits exactly, when another was given back, or not at all. */
static void no_place(void **state)
{
	(void)state;
	ok(mu_memblock_add(mb, BASE, ARRAY(256)));
	ok(mu_memblock_reserve(mb, BASE, 64, 0));
	fill(MBM_RESERVED, 0, 127);
	mbm_save(&world, &image);
	fails(MU_ERR_NOMEM, mu_memblock_reserve(mb, spot(127), 0x200, 0));
	mbm_same(&world, &image);
	ok(mu_memblock_phys_free(mb, BASE, 64));
	fill(MBM_RESERVED, 127, 129);
	assert_int_equal(mb->reserved.max, 256);
}

static void not_allowed(void **state)
{
	(void)state;
	mu_memblock_init(mb, &world.port);
	ok(mu_memblock_add(mb, BASE, SIZE));
	fill(MBM_RESERVED, 0, 128);
	mbm_save(&world, &image);
	fails(MU_ERR_FULL, mu_memblock_reserve(mb, spot(128), 0x200, 0));
	mbm_same(&world, &image);
	assert_int_equal(world.maps, 0);
	mu_memblock_allow_resize(mb);
	world.port.phys_to_virt = NULL;
	fails(MU_ERR_UNSUPPORTED, mu_memblock_reserve(mb, spot(128), 1, 0));
	mbm_same(&world, &image);
}

/* At each growth of a long history phys_to_virt() says NULL once. */
static void each_growth_fails_once(void **state)
{
	unsigned failures = 0;

	(void)state;
	ok(mu_memblock_add(mb, BASE, SIZE));
	for (unsigned i = 0; i < 1000; i++) {
		for (int type = 0; type < 2; type++) {
			mu_phys_t at = spot(2 * i);
			enum mu_status status;

			mbm_save(&world, &image);
			world.fail_map = 1;
			status = type ? mu_memblock_reserve(mb, at, 0x200, 0)
				      : mu_memblock_add(mb, at, 0x200);
			if (status) {
				assert_int_equal(status, MU_ERR_NOMEM);
				mbm_same(&world, &image);
				failures++;
				ok(type ? mu_memblock_reserve(mb, at, 0x200, 0)
					: mu_memblock_add(mb, at, 0x200));
			}
		}
	}
	assert_int_equal(mb->memory.max, 1024);
	assert_int_equal(mb->reserved.max, 1024);
	assert_int_equal(failures, 4);
}

/*
 * Random histories that grow. Where arrays go memblock chooses; the model takes
 * it over from the table's own account and then everything must agree.
 */
static struct mbm_model model;

/* The model of what became of one table's array, made from [@from, @to). */
static void take_over(const struct mu_memblock_type *old,
		      const struct mu_memblock_type *now, unsigned from,
		      unsigned to)
{
	unsigned at = (unsigned)(now->array_base / MBM_PAGE);
	unsigned end = at + (unsigned)(now->array_size / MBM_PAGE);
	unsigned freed = (unsigned)(old->array_base / MBM_PAGE);

	if (old->array_base == now->array_base)
		return;
	for (unsigned i = at; i < end; i++) {
		assert_true(mbm_free(&model, i, MU_NO_NODE, 0));
		assert_true(i < from || i >= to);
	}
	mbm_fill(&model, MBM_RESERVED, at, end, MU_NO_NODE, KERN);
	mbm_drop(&model, MBM_RESERVED, freed,
		 freed + (unsigned)(old->array_size / MBM_PAGE), 0);
}

/* Would twice both arrays have found a place outside of [@from, @to)? */
static bool had_room(unsigned from, unsigned to)
{
	static struct mbm_model without;
	mu_phys_t size =
		ARRAY(2ull * mb->memory.max) + ARRAY(2ull * mb->reserved.max);

	without = model;
	mbm_fill(&without, MBM_RESERVED, from, to, MU_NO_NODE, 0);
	return mbm_alloc(&without, (unsigned)(size / MBM_PAGE), 1, 1, MBM_CELLS,
			 MU_NO_NODE, true);
}

struct tally {
	unsigned grown, no_place, no_pointer;
};

static void step(uint64_t *seed, struct tally *tally)
{
	struct mu_memblock_type old[2] = {mb->memory, mb->reserved};
	bool memory = !mbm_random(seed, 3), fill_it = mbm_random(seed, 6);
	unsigned from = mbm_random(seed, MBM_CELLS - 3);
	unsigned to = from + 1 + mbm_random(seed, 2);
	mu_phys_t base = from * MBM_PAGE, size = (to - from) * MBM_PAGE;
	unsigned maps = world.maps;
	enum mu_status status;

	mbm_save(&world, &image);
	world.fail_map = !mbm_random(seed, 3);
	if (memory)
		status = fill_it ? mu_memblock_add(mb, base, size)
				 : mu_memblock_remove(mb, base, size);
	else
		status = fill_it ? mu_memblock_reserve(mb, base, size, 0)
				 : mu_memblock_phys_free(mb, base, size);
	if (status) {
		assert_int_equal(status, MU_ERR_NOMEM);
		mbm_same(&world, &image);
		if (maps != world.maps) {
			tally->no_pointer++;
		} else {
			tally->no_place++;
			assert_false(had_room(from, to));
		}
		return;
	}
	tally->grown += maps != world.maps;
	take_over(&old[0], &mb->memory, from, to);
	take_over(&old[1], &mb->reserved, from, to);
	if (fill_it)
		mbm_fill(&model, memory ? MBM_MEMORY : MBM_RESERVED, from, to,
			 MU_NO_NODE, 0);
	else
		mbm_drop(&model, memory ? MBM_MEMORY : MBM_RESERVED, from, to,
			 0);
}

/* Memory everywhere (what grows is reserved), or in specks and one island. */
static void start_history(uint64_t seed)
{
	memset(&model, 0, sizeof(model));
	if (seed % 2) {
		ok(mu_memblock_add(mb, 0, MBM_CELLS * MBM_PAGE));
		mbm_fill(&model, MBM_MEMORY, 0, MBM_CELLS, MU_NO_NODE, 0);
	} else {
		ok(mu_memblock_add(mb, 900 * MBM_PAGE, 2 * MBM_PAGE));
		mbm_fill(&model, MBM_MEMORY, 900, 902, MU_NO_NODE, 0);
	}
}

static void histories_that_grow(void **state)
{
	struct tally tally = {0};

	(void)state;
	for (uint64_t first = 1; first <= 40; first++) {
		uint64_t seed = first;

		print_message("histories_that_grow: seed %llu\n",
			      (unsigned long long)first);
		mbm_start(&world, 0, MBM_CELLS * MBM_PAGE);
		mu_memblock_allow_resize(mb);
		start_history(seed);
		for (unsigned i = 0; i < 700; i++) {
			step(&seed, &tally);
			if (i % 16 == 0)
				mbm_check(&model, mb);
		}
		mbm_check(&model, mb);
		mbm_stop(&world);
	}
	assert_true(tally.grown > 10 && tally.no_place > 10 &&
		    tally.no_pointer > 10);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		T(the_129th_region_of_memory),
		T(the_129th_reservation),
		T(both_at_once),
		T(every_change_can_grow),
		T(not_on_the_range_itself),
		T(nor_on_memory_that_goes),
		T(no_place),
		T(not_allowed),
		T(each_growth_fails_once),
		cmocka_unit_test(histories_that_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
