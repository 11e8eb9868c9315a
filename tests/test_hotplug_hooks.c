// SPDX-License-Identifier: MIT
/*
 * Every call of every hook fails once, in each step of the life of some memory:
 * added, online, poisoned, used, offline, removed. A step that fails has
 * changed nothing and goes well the next time.
 */
#include "tests/plug.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define FIRST (PLUG_AT / PAGE)
#define HELD  8
/* Sanitizers are slow: not every call then. */
#define STRIDE (TEST_TSAN ? 9u : TEST_ASAN ? 2u : 1u)

static struct world world;

static struct {
	unsigned calls, fail_at;
	mu_pfn_t held[HELD];
	unsigned nr_held;
	bool hosted;
} life;

static bool fails(void)
{
	return life.calls++ == life.fail_at;
}

/* ---- The hooks ---- */

static enum mu_status map(void *arg, mu_pfn_t *start, mu_pfn_t *end)
{
	return fails() ? MU_ERR_NOMEM
		       : world_hosted_hook(arg)->memmap_map(arg, start, end);
}

static enum mu_status map_at(void *arg, mu_pfn_t start, mu_pfn_t end,
			     mu_phys_t base)
{
	return fails() ? MU_ERR_NOMEM
		       : world_hosted_hook(arg)->memmap_map_at(arg, start, end,
							       base);
}

static enum mu_status ext_map(void *arg, mu_pfn_t start, mu_pfn_t end)
{
	(void)arg, (void)start, (void)end;
	return fails() ? MU_ERR_NOMEM : MU_OK;
}

/* No thread; the caller is one. */
static unsigned run_on(void *arg, const struct mu_cpumask *cpus, unsigned count,
		       void (*fn)(void *), void *fn_arg)
{
	return fails() ? 0
		       : world_hosted_hook(arg)->run_on(arg, cpus, count, fn,
							fn_arg);
}

static enum mu_status event(void *arg, enum mu_hotplug_event event,
			    const struct mu_hotplug_range *range)
{
	(void)arg, (void)range;
	if (event != MU_GOING_ONLINE && event != MU_GOING_OFFLINE)
		return MU_OK;
	return fails() ? MU_ERR_CANCELLED : MU_OK;
}

static enum mu_status migrate(void *arg, mu_pfn_t pfn, unsigned order)
{
	(void)arg;
	if (fails())
		return life.fail_at % 2 ? MU_ERR_BUSY : MU_ERR_INVALID;
	for (unsigned i = 0; i < life.nr_held; i++) {
		if (life.held[i] != pfn)
			continue;
		life.held[i] = life.held[--life.nr_held];
		return mu_free_pages(&world.mm.buddy, pfn, order);
	}
	return MU_ERR_CORRUPT;
}

static const struct mu_hotplug_ops ops = {.event = event, .migrate = migrate};

/* ---- The steps ---- */

static mu_phys_t first(void)
{
	return PLUG_AT + (life.hosted ? BLOCK : 0);
}

static mu_phys_t size(void)
{
	return PLUG_AT + 2 * SECTION - first();
}

static enum mu_status add(void)
{
	return mu_hotplug_add(&world.mm.hotplug, PLUG_AT, 2 * SECTION, 1,
			      MU_ONLINE_NO, life.hosted ? MU_ADD_HOSTED : 0,
			      &world.error);
}

static enum mu_status online(void)
{
	return mu_hotplug_online(&world.mm.hotplug, first(), size(),
				 MU_ONLINE_KERNEL, &world.error);
}

static enum mu_status movable(void)
{
	return mu_hotplug_online(&world.mm.hotplug, first(), size(),
				 MU_ONLINE_MOVABLE, &world.error);
}

/* In the last block; in one that has descriptors by then, the second time. */
static enum mu_status poison(void)
{
	return mu_memory_failure(&world.mm.hotplug,
				 (PLUG_AT + 2 * SECTION) / PAGE - 9, NULL,
				 &world.error);
}

static enum mu_status poison_another(void)
{
	return mu_memory_failure(&world.mm.hotplug, first() / PAGE + 3, NULL,
				 &world.error);
}

static enum mu_status finish(void)
{
	return mu_mm_finish(&world.mm, 2);
}

/* Pages of several blocks; all that can be had without backing comes first. */
static enum mu_status use(void)
{
	while (life.nr_held < HELD) {
		enum mu_status status =
			mu_alloc_pages(&world.mm.buddy, 1, MU_HUGE_ORDER,
				       MU_ALLOC_THISNODE | MU_ALLOC_MOVABLE,
				       &life.held[life.nr_held]);

		if (status != MU_OK)
			return status;
		life.nr_held++;
	}
	return MU_OK;
}

static enum mu_status offline(void)
{
	return mu_hotplug_offline(&world.mm.hotplug, first(), size(), 0,
				  &world.error);
}

static enum mu_status leave(void)
{
	return mu_hotplug_remove(&world.mm.hotplug, PLUG_AT, 2 * SECTION,
				 &world.error);
}

static const struct {
	const char *name;
	enum mu_status (*run)(void);
	bool partly; /* what was done before it failed stays */
} steps[] = {
	{"add", add, false},
	{"online", online, false},
	{"poison", poison, false},
	{"use", use, true},
	{"offline", offline, true},
	{"online again", movable, false},
	{"poison another", poison_another, false},
	{"finish", finish, true},
	{"use again", use, true},
	{"offline again", offline, true},
	{"remove", leave, false},
	{"add again", add, false},
	{"online once more", online, false},
	{"finish again", finish, true},
	{"offline once more", offline, true},
	{"remove again", leave, false},
};

static bool is_expected(enum mu_status status)
{
	return status == MU_ERR_NOMEM || status == MU_ERR_CANCELLED ||
	       status == MU_ERR_BUSY || status == MU_ERR_INVALID;
}

/* How many steps failed: one at the most, since one call did. */
static unsigned live(void)
{
	unsigned failed = 0;

	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct plug_image before;
		enum mu_status status;

		plug_take(&world, &before);
		status = steps[i].run();
		if (status == MU_OK) {
			world_validate(&world, NULL);
			continue;
		}
		if (!is_expected(status) || ++failed > 1)
			fail_msg("call %u, %s: %s", life.fail_at, steps[i].name,
				 mu_status_str(status));
		/* Some pages were given back, or had. */
		if (steps[i].partly)
			world_validate(&world, NULL);
		else
			plug_compare(&world, &before);
		status = steps[i].run();
		if (status != MU_OK)
			fail_msg("call %u, %s once more: %s", life.fail_at,
				 steps[i].name, mu_status_str(status));
		world_validate(&world, NULL);
	}
	return failed;
}

static void in_turn(enum mu_policy policy, bool hosted)
{
	const size_t bytes = MU_TIB / PAGE;
	struct mu_page_ext ext = {.size = 1, .map = ext_map};
	unsigned failures = 0, calls;

	ext.span = bytes;
	ext.base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(ext.base, MAP_FAILED);
	life.fail_at = 0;
	do {
		struct plug_image before;

		plug_init(&world, "64M/2", policy);
		assert_int_equal(mu_mm_add_page_ext(&world.mm, &ext), MU_OK);
		life.nr_held = 0;
		life.hosted = hosted;
		world.port.memmap_map = map;
		world.port.memmap_map_at = map_at;
		world.port.run_on = run_on;
		life.calls = UINT32_MAX / 2;
		world_start(&world);
		assert_int_equal(mu_mm_finish(&world.mm, 1), MU_OK);
		world.mm.hotplug.ops = &ops;
		plug_take(&world, &before);
		life.calls = 0;
		failures += live();
		calls = life.calls;
		plug_compare(&world, &before);
		life.calls = UINT32_MAX / 2;
		world_destroy(&world);
		life.fail_at += STRIDE;
	} while (calls >= life.fail_at);
	munmap(ext.base, bytes);
	print_message("%s%s: %u calls, %u of them fatal to a step\n",
		      mu_policy_str(policy), hosted ? ", hosted" : "", calls,
		      failures);
	/* The client's alone are twenty. */
	assert_true(failures >= 20 / STRIDE && failures < calls);
}

static void every_call(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 6; i++)
		in_turn(world_policies[i / 2], i % 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
