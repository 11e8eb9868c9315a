// SPDX-License-Identifier: MIT
/*
 * Early consumers against a port that fails, zeroes, and runs helpers.
 */
#include <stdlib.h>
#include <string.h>
#include "memup/early.h"
#include "tests/world.h"

#define THREADS 4

/* The memmap hook fails at call fail_at, or from it on. */
static struct {
	unsigned calls, fail_at;
	bool for_good;
} backing;

static enum mu_status failing_map(void *arg, mu_pfn_t *start, mu_pfn_t *end)
{
	unsigned call = backing.calls++;

	if (call == backing.fail_at ||
	    (backing.for_good && call > backing.fail_at))
		return MU_ERR_NOMEM;
	return world_hosted_hook(arg)->memmap_map(arg, start, end);
}

enum consumer { HASH, PERCPU, TRACE, NR_CONSUMERS };

/* Each wants more than one section, all together less than 512 MiB. */
static enum mu_status consume(struct world *world, enum consumer consumer,
			      struct mu_early *early)
{
	struct mu_hash_spec spec = {
		.bucket_size = 8,
		.entries = 128 * MU_MIB / 8,
		.low_limit = 128 * MU_MIB / 8,
		.high_limit = UINT64_MAX,
		.max_order = 12,
	};
	struct mu_hash hash;
	enum mu_status status;

	switch (consumer) {
	case HASH:
		status = mu_early_hash(&world->mm, &spec, &hash);
		*early = hash.memory;
		return status;
	case PERCPU:
		return mu_early_percpu(&world->mm, 4 * MU_MIB, NULL, 0, early);
	case TRACE:
	case NR_CONSUMERS:
	default:
		return mu_early_trace(&world->mm, 4 * MU_MIB, NULL, 0, early);
	}
}

/* Returns whether the hook was called so often that it failed. */
static bool try_failing(enum consumer consumer, unsigned fail_at, bool for_good,
			enum mu_hosted_backing how)
{
	struct mu_early early;
	struct mu_census census;
	struct world world;
	enum mu_status status;

	world_init_machine(&world, world_machine("2x256M/40", 12),
			   MU_POLICY_LAZY, how);
	world.port.memmap_map = failing_map;
	backing.fail_at = UINT32_MAX;
	world_start(&world);
	backing.calls = 0;
	backing.fail_at = fail_at;
	backing.for_good = for_good;
	status = consume(&world, consumer, &early);
	world_validate(&world, &census);
	if (backing.calls <= fail_at)
		assert_int_equal(status, MU_OK);
	/* It may have found memory elsewhere, all of it or none. */
	if (status == MU_OK) {
		assert_int_equal(census.allocated, early.pages);
		assert_int_equal(mu_early_free(&world.mm, &early), MU_OK);
		world_validate(&world, &census);
	} else {
		assert_int_equal(status, MU_ERR_NOMEM);
		assert_int_equal(early.first, MU_NO_PFN);
	}
	assert_int_equal(census.allocated, 0);
	/* And when there is backing again it works. */
	backing.fail_at = UINT32_MAX;
	backing.for_good = false;
	assert_int_equal(consume(&world, consumer, &early), MU_OK);
	assert_int_equal(mu_early_free(&world.mm, &early), MU_OK);
	world_validate(&world, &census);
	assert_int_equal(census.allocated, 0);
	world_destroy(&world);
	return status != MU_OK;
}

static void test_backing_fails(void **state)
{
	(void)state;
	for (unsigned consumer = 0; consumer < NR_CONSUMERS; consumer++) {
		for (unsigned how = 0; how < 2; how++) {
			enum mu_hosted_backing back =
				how ? MU_BACK_BLOCK : MU_BACK_SECTION;
			unsigned failed = 0, most = how ? 40 : 4;

			/* The thread sanitizer is slow and one thread enough.
			 */
			for (unsigned n = 0; n < most; n += TEST_TSAN ? 4 : 1) {
				failed += try_failing((enum consumer)consumer,
						      n, true, back);
				try_failing((enum consumer)consumer, n, false,
					    back);
			}
			/* The injection reached somebody. */
			assert_true(failed > 0);
		}
	}
}

static void *no_pointer(void *arg, mu_phys_t base, mu_phys_t size)
{
	(void)arg;
	(void)base;
	(void)size;
	return NULL;
}

static unsigned pointers_left;

static void *few_pointers(void *arg, mu_phys_t base, mu_phys_t size)
{
	if (!pointers_left)
		return NULL;
	pointers_left--;
	return world_hosted_hook(arg)->phys_to_virt(arg, base, size);
}

static void test_zeroed(void **state)
{
	struct mu_hash_spec spec = {
		.bucket_size = 16,
		.entries = 12 * MU_MIB / 16,
		.low_limit = 8 * MU_MIB / 16,
	};
	struct mu_census census;
	struct mu_hash hash;
	struct world world;
	mu_pfn_t pfn;

	(void)state;
	world_up(&world, "512M", MU_POLICY_LAZY);
	spec.nid = MU_NO_NODE;
	/* Raw: nobody looks at the memory. */
	world.port.phys_to_virt = no_pointer;
	assert_int_equal(mu_early_hash(&world.mm, &spec, &hash), MU_OK);
	world.port.phys_to_virt = few_pointers;
	for (pfn = hash.memory.first; pfn != MU_NO_PFN;
	     pfn = mu_early_next(&world.mm, &hash.memory, pfn)) {
		pointers_left = 1;
		memset(few_pointers(world.port.arg, pfn << 12, 4 * MU_MIB),
		       0x5a, 4 * MU_MIB);
	}
	assert_int_equal(mu_early_free(&world.mm, &hash.memory), MU_OK);
	/* Zeroed: of 8 MiB in two pieces only one can be reached. */
	spec.zero = true;
	pointers_left = 1;
	assert_int_equal(mu_early_hash(&world.mm, &spec, &hash),
			 MU_ERR_UNSUPPORTED);
	assert_int_equal(hash.memory.first, MU_NO_PFN);
	assert_int_equal(hash.entries, 0);
	world.port.phys_to_virt = NULL;
	assert_int_equal(mu_early_hash(&world.mm, &spec, &hash),
			 MU_ERR_UNSUPPORTED);
	world_validate(&world, &census);
	assert_int_equal(census.allocated, 0);
	world.port.phys_to_virt = few_pointers;
	pointers_left = UINT32_MAX;
	assert_int_equal(mu_early_hash(&world.mm, &spec, &hash), MU_OK);
	for (pfn = hash.memory.first; pfn != MU_NO_PFN;
	     pfn = mu_early_next(&world.mm, &hash.memory, pfn)) {
		const char *at =
			few_pointers(world.port.arg, pfn << 12, 4 * MU_MIB);

		for (size_t i = 0; i < 4 * MU_MIB; i++)
			if (at[i])
				fail_msg("byte %zu is not zero", i);
	}
	assert_int_equal(mu_early_free(&world.mm, &hash.memory), MU_OK);
	world_destroy(&world);
}

/* Thread 0 initialises the rest while the others take and give back. */
static bool finish_or_consume(struct world *world, unsigned index, void *arg)
{
	(void)arg;
	if (!index)
		return mu_mm_finish(&world->mm, 3) == MU_OK;
	for (unsigned turn = 0; turn < 3; turn++) {
		struct mu_early early;

		if (consume(world, (enum consumer)(index % NR_CONSUMERS),
			    &early) != MU_OK ||
		    mu_early_free(&world->mm, &early) != MU_OK)
			return false;
	}
	return true;
}

static void test_while_helpers_run(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct mu_census census;
		struct world world;

		world_up(&world, "2x256M/40", world_policies[i]);
		world_run(&world, THREADS, finish_or_consume, NULL);
		world_validate(&world, &census);
		assert_int_equal(census.allocated, 0);
		assert_int_equal(census.pristine, 0);
		world_destroy(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backing_fails),
		cmocka_unit_test(test_zeroed),
		cmocka_unit_test(test_while_helpers_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
