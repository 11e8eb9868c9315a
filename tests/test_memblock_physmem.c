// SPDX-License-Identifier: MIT
/* The type physmem; allocations by their pointers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/memblock_model.h"

#define M ((mu_phys_t)1 << 20)

static void stays(void **state)
{
	static struct mbm_world world;
	struct mu_memblock *mb = &world.mb;

	(void)state;
	mbm_start(&world, 0, 8 * M);
	ok(mu_memblock_physmem_add(mb, 0, 2 * M));
	ok(mu_memblock_physmem_add(mb, 4 * M, 2 * M));
	/* Known already, touching, empty. */
	ok(mu_memblock_physmem_add(mb, 1 * M, 1 * M));
	ok(mu_memblock_physmem_add(mb, 2 * M, 1 * M));
	ok(mu_memblock_physmem_add(mb, 7 * M, 0));
	fails(MU_ERR_RANGE, mu_memblock_physmem_add(mb, UINT64_MAX, 2));
	ok(mu_memblock_add(mb, 0, 3 * M));
	ok(mu_memblock_add(mb, 4 * M, 2 * M));
	/* What is taken from memory is there all the same. */
	mu_memblock_mem_limit_remove_map(mb, 4 * M);
	ok(mu_memblock_cap_memory_range(mb, 1 * M, 2 * M));
	ok(mu_memblock_remove(mb, 1 * M, 4096));
	mbm_expect(&mb->physmem, {0, 3 * M, 0, MU_NO_NODE},
		   {4 * M, 2 * M, 0, MU_NO_NODE});
	assert_int_equal(mb->physmem.total_size, 5 * M);
	assert_string_equal(mb->physmem.name, "physmem");
	ok(mu_memblock_validate(mb));
	mb->physmem.total_size--;
	fails(MU_ERR_CORRUPT, mu_memblock_validate(mb));
	mb->physmem.total_size++;
	mu_memblock_dump_all(mb);
	assert_true(mbm_logged(&world, " physmem.cnt  = 0x2"));
	assert_true(mbm_logged(&world, " physmem[0x1]\t[0x0000000000400000-"));
	mbm_stop(&world);
}

/* Parts that are not in another table, against a count of pages. */
static void without(void **state)
{
	static struct mbm_world world;
	struct mu_memblock *mb = &world.mb;
	uint64_t seed = 11;

	(void)state;
	for (unsigned turn = 0; turn < 200; turn++) {
		bool there[256] = {false}, taken[256] = {false};
		bool seen[256] = {false};
		mu_phys_t start, end, last = 0;
		uint64_t i;

		mbm_start(&world, 0, 256 * MBM_PAGE);
		mu_memblock_allow_resize(mb);
		ok(mu_memblock_add(mb, 0, 256 * MBM_PAGE));
		for (unsigned n = 0; n < 3; n++) {
			unsigned at = mbm_random(&seed, 256);
			unsigned nr = mbm_random(&seed, 256 - at + 1);

			ok(mu_memblock_physmem_add(mb, at * MBM_PAGE,
						   nr * MBM_PAGE));
			memset(there + at, true, nr);
			at = mbm_random(&seed, 256);
			nr = mbm_random(&seed, 32) % (256 - at + 1);
			ok(mu_memblock_reserve(mb, at * MBM_PAGE, nr * MBM_PAGE,
					       0));
			memset(taken + at, true, nr);
		}
		mu_for_each_physmem_range(mb, i, &mb->reserved, &start, &end)
		{
			assert_true(start < end && start >= last);
			last = end;
			memset(seen + start / MBM_PAGE, true,
			       (end - start) / MBM_PAGE);
		}
		for (unsigned page = 0; page < 256; page++)
			assert_int_equal(seen[page],
					 there[page] && !taken[page]);
		memset(seen, false, sizeof(seen));
		mu_for_each_physmem_range(mb, i, NULL, &start, NULL)
			seen[start / MBM_PAGE] = true;
		for (unsigned page = 0; page < 256; page++)
			assert_int_equal(seen[page],
					 there[page] &&
						 (!page || !there[page - 1]));
		mbm_stop(&world);
	}
}

/* Four regions, then it moves; when that fails nothing has changed. */
static void grows(void **state)
{
	static struct mbm_world world;
	static struct mbm_image image;
	struct mu_memblock *mb = &world.mb;

	(void)state;
	mbm_start(&world, 0, 4 * M);
	ok(mu_memblock_add(mb, 0, 4 * M));
	for (unsigned i = 0; i < MU_MEMBLOCK_PHYSMEM; i++)
		ok(mu_memblock_physmem_add(mb, (mu_phys_t)i * 2 * MBM_PAGE,
					   MBM_PAGE));
	mbm_save(&world, &image);
	fails(MU_ERR_FULL, mu_memblock_physmem_add(mb, 3 * M, MBM_PAGE));
	mu_memblock_allow_resize(mb);
	world.fail_map = 1;
	fails(MU_ERR_NOMEM, mu_memblock_physmem_add(mb, 3 * M, MBM_PAGE));
	mbm_same(&world, &image);
	assert_int_equal(mb->physmem.cnt, MU_MEMBLOCK_PHYSMEM);
	ok(mu_memblock_physmem_add(mb, 3 * M, MBM_PAGE));
	assert_int_equal(mb->physmem.max, 2 * MU_MEMBLOCK_PHYSMEM);
	assert_true(mu_memblock_is_region_reserved(mb, mb->physmem.array_base,
						   mb->physmem.array_size));
	for (unsigned i = 0; i < 500; i++)
		ok(mu_memblock_physmem_add(
			mb, 4 * M + (mu_phys_t)i * 2 * MBM_PAGE, MBM_PAGE));
	assert_int_equal(mb->physmem.cnt, 505);
	/* Of all the arrays only the last is still reserved. */
	assert_int_equal(mu_memblock_reserved_size(mb), mb->physmem.array_size);
	ok(mu_memblock_validate(mb));
	mbm_stop(&world);
}

static mu_phys_t given[8];
static unsigned nr_given;

static enum mu_status give(void *arg, mu_phys_t base, mu_phys_t size)
{
	(void)arg;
	given[nr_given++] = base;
	given[nr_given++] = size;
	return MU_OK;
}

static void discarded(void **state)
{
	static struct mbm_world world;
	struct mu_memblock *mb = &world.mb;
	mu_phys_t base, size;

	(void)state;
	mbm_start(&world, 0, 4 * M);
	ok(mu_memblock_add(mb, 0, 4 * M));
	mu_memblock_allow_resize(mb);
	for (unsigned i = 0; i <= MU_MEMBLOCK_PHYSMEM; i++)
		ok(mu_memblock_physmem_add(mb, (mu_phys_t)i * 2 * MBM_PAGE,
					   MBM_PAGE));
	base = mb->physmem.array_base;
	size = mb->physmem.array_size;
	mu_memblock_set_late_free(mb, give, NULL);
	ok(mu_memblock_discard(mb));
	assert_int_equal(nr_given, 2);
	assert_int_equal(given[0], base);
	assert_int_equal(given[1], size);
	mbm_expect_empty(&mb->physmem);
	assert_int_equal(mb->physmem.max, MU_MEMBLOCK_PHYSMEM);
	ok(mu_memblock_validate(mb));
	mbm_stop(&world);
}

static jmp_buf out;
static char reason[200];

static void stop(void *arg, const char *line)
{
	(void)arg;
	snprintf(reason, sizeof(reason), "%s", line);
	longjmp(out, 1);
}

static void or_panic(void **state)
{
	static struct mbm_world world;
	struct mu_memblock *mb = &world.mb;
	char *volatile memory = NULL;

	(void)state;
	mbm_start(&world, 0, 4 * M);
	world.port.panic = stop;
	ok(mu_memblock_add(mb, 0, 4 * M));
	if (!setjmp(out))
		memory = mu_memblock_alloc_or_panic(mb, 3 * M, 4096);
	if (!memory) {
		fail();
		return;
	}
	for (unsigned i = 0; i < 3 * M; i++)
		assert_int_equal(memory[i], 0);
	memory = NULL;
	if (!setjmp(out))
		memory = mu_memblock_alloc_or_panic(mb, 2 * M, 4096);
	assert_null(memory);
	assert_string_equal(reason,
			    "or_panic: memblock has no 2097152 bytes aligned "
			    "to 4096: no memory");
	mbm_stop(&world);
}

static void by_pointer(void **state)
{
	static struct mbm_world world;
	struct mu_memblock *mb = &world.mb;
	void *one, *two, *mine = &world;

	(void)state;
	mbm_start(&world, 0, 4 * M);
	ok(mu_memblock_add(mb, 0, 4 * M));
	/* The client's own: no allocation. */
	ok(mu_memblock_reserve(mb, 2 * M, 4096, 0));
	ok(mu_memblock_alloc(mb, 8192, 4096, &one));
	ok(mu_memblock_alloc(mb, 4096, 4096, &two));
	assert_int_equal(mu_memblock_reserved_size(mb), 16384);
	fails(MU_ERR_NOT_FOUND, mu_memblock_free(mb, mine, 16));
	fails(MU_ERR_NOT_FOUND, mu_memblock_free(mb, NULL, 16));
	fails(MU_ERR_NOT_FOUND,
	      mu_memblock_free(mb, world.arena + 2 * M, 4096));
	fails(MU_ERR_NOT_FOUND, mu_memblock_free(mb, one, 12288));
	ok(mu_memblock_free(mb, (char *)one + 4096, 4096));
	assert_int_equal(mu_memblock_reserved_size(mb), 12288);
	ok(mu_memblock_free(mb, two, 4096));
	ok(mu_memblock_free(mb, one, 4096));
	mbm_expect(&mb->reserved, {2 * M, 4096, 0, MU_NO_NODE});
	world.port.phys_to_virt = NULL;
	fails(MU_ERR_UNSUPPORTED, mu_memblock_free(mb, one, 4096));
	mbm_stop(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stays),    cmocka_unit_test(without),
		cmocka_unit_test(grows),    cmocka_unit_test(discarded),
		cmocka_unit_test(or_panic), cmocka_unit_test(by_pointer),
	};

	return cmocka_run_group_tests_name("memblock_physmem", tests, NULL,
					   NULL);
}
