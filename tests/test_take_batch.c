// SPDX-License-Identifier: MIT
/*
 * Several blocks at once: what eager and finish do with mu_config.batch.
 */
#include "tests/world.h"

static const unsigned batches[] = {0, 1, 2, 7, 32, 1000};
#define NR_BATCHES (sizeof(batches) / sizeof(batches[0]))

/* Whatever the batch, the same machine comes of it, in as many claims. */
static void the_same_machine(void **state)
{
	(void)state;
	for (size_t p = 0; p < 3; p++) {
		uint64_t claims = 0;

		for (size_t i = 0; i < NR_BATCHES; i++) {
			struct mu_deferred_stats stats;
			struct mu_census census;
			struct world world;

			world_init(&world, "2x600M/4,-9M@300M",
				   world_policies[p]);
			world.config.batch = batches[i];
			world.config.measure = true;
			world_start(&world);
			assert_int_equal(mu_mm_finish(&world.mm, 3), MU_OK);
			stats = mu_deferred_stats(&world.mm.deferred);
			world_validate(&world, &census);
			assert_int_equal(census.pristine, 0);
			assert_int_equal(census.free, world_managed(&world));
			if (!i)
				claims = stats.claims;
			assert_int_equal(stats.claims, claims);
			world_destroy(&world);
		}
	}
}

/* As many as were asked for, and no more. */
static void as_many_as_asked_for(void **state)
{
	struct world world;
	enum mu_status status;

	(void)state;
	for (uint64_t want = 1; want < 80; want += 13) {
		world_init(&world, "1G", MU_POLICY_LAZY);
		world.config.batch = 32;
		world_start(&world);
		assert_int_equal(
			mu_deferred_take(&world.mm.deferred, 0, want, &status),
			want);
		assert_int_equal(status, MU_OK);
		assert_int_equal(mu_deferred_stats(&world.mm.deferred).claims,
				 want);
		world_destroy(&world);
	}
}

static bool allocate(struct world *world, unsigned index, void *arg)
{
	uint64_t seed = index + 1;

	(void)arg;
	if (index == 0)
		return mu_mm_finish(&world->mm, 2) == MU_OK;
	for (unsigned i = 0; i < 400; i++) {
		unsigned order = (unsigned)world_random(&seed, 11);
		mu_pfn_t pfn;

		if (mu_alloc_pages(&world->mm.buddy, 0, order, 0, &pfn) !=
			    MU_OK ||
		    mu_free_pages(&world->mm.buddy, pfn, order) != MU_OK)
			return false;
	}
	return true;
}

static void beside_allocations(void **state)
{
	struct world world;

	(void)state;
	for (unsigned round = 0; round < 10; round++) {
		world_init(&world, "512M/4", MU_POLICY_DEFERRED);
		world.config.batch = 32;
		world_start(&world);
		world_run(&world, 3, allocate, NULL);
		assert_int_equal(
			mu_deferred_stats(&world.mm.deferred).pristine_pages,
			0);
		world_destroy(&world);
	}
}

/* Backing fails at the n-th call: what was done stays, the rest is pristine,
 * and can be had when there is memory again. */
static unsigned calls_left;

static enum mu_status short_map(void *arg, mu_pfn_t *start, mu_pfn_t *end)
{
	if (!calls_left)
		return MU_ERR_NOMEM;
	calls_left--;
	return world_hosted_hook(arg)->memmap_map(arg, start, end);
}

static void backing_fails(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 12; n++) {
		struct world world;
		enum mu_status status;

		calls_left = 100;
		world_init(&world, "1G", MU_POLICY_LAZY);
		world.config.batch = 32;
		world.port.memmap_map = short_map;
		world_start(&world);
		calls_left = n;
		mu_deferred_take(&world.mm.deferred, 0, UINT64_MAX, &status);
		world_validate(&world, NULL);
		calls_left = 1000;
		assert_int_equal(mu_mm_finish(&world.mm, 1), MU_OK);
		world_destroy(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_machine),
		cmocka_unit_test(as_many_as_asked_for),
		cmocka_unit_test(beside_allocations),
		cmocka_unit_test(backing_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
