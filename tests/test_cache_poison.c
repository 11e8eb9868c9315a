// SPDX-License-Identifier: MIT
/* Pages that are lost while they are on their way to a cache. */
#include "tests/world.h"

#include "base/bits.h"
#include "buddy/cache.h"

/* A handler that comes where interrupts are turned off or on again. */
static struct {
	struct world *world;
	mu_pfn_t pfn;
	unsigned countdown; /* 0: not armed */
	enum mu_status status;
	bool later;
} handler;

static void poison(void)
{
	if (handler.countdown && !--handler.countdown)
		handler.status = mu_buddy_poison(&handler.world->mm.buddy,
						 handler.pfn, &handler.later);
}

static uintptr_t before_off(void *arg)
{
	(void)arg;
	poison();
	return 0;
}

static void after_on(void *arg, uintptr_t flags)
{
	(void)arg, (void)flags;
	poison();
}

static void for_ever(void *arg, unsigned spins)
{
	(void)arg;
	if (spins > 1000)
		fail_msg("a handler waits for the CPU that it interrupted");
}

/* A handler poisons the page that its CPU is freeing at this moment: it is
 * marked, or taken out, but not waited for. */
static void by_a_handler(void **state)
{
	static const unsigned orders[] = {0, 3, 5, MU_HUGE_ORDER,
					  MU_BLOCK_ORDER};
	struct world world;
	unsigned before = 0, after = 0;

	(void)state;
	world_init(&world, "256M/2", MU_POLICY_EAGER);
	world_one_zone(&world);
	world.config.cache_pages = 600;
	world.port.irq_save = before_off;
	world.port.irq_restore = after_on;
	world.port.pause = for_ever;
	world_start(&world);
	handler.world = &world;
	for (unsigned i = 0; i < 8 * MU_ARRAY_SIZE(orders); i++) {
		unsigned order = orders[i / 8];
		const struct mu_page *page;

		assert_int_equal(mu_alloc_pages(&world.mm.buddy, 0, order, 0,
						&handler.pfn),
				 MU_OK);
		page = mu_memmap_lookup(&world.mm.memmap, handler.pfn);
		handler.countdown = i % 8 + 1;
		assert_int_equal(
			mu_free_pages(&world.mm.buddy, handler.pfn, order),
			MU_OK);
		if (handler.countdown) {
			handler.countdown = 0;
			continue;
		}
		assert_int_equal(handler.status, MU_OK);
		assert_int_equal(mu_page_kind(page), MU_PAGE_POISONED);
		before += handler.later;
		after += !handler.later;
		world_validate(&world, NULL);
	}
	assert_true(before > 0 && after > 0);
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_a_handler),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
