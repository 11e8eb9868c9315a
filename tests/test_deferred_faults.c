// SPDX-License-Identifier: MIT
/*
 * Every hook that can fail fails at each of its calls in turn, while memory
 * comes by all the ways that there are: a request is refused or is not, and the
 * machine is sound in either case. Asked again, it is not refused.
 */
#include "tests/world.h"

#include <stdatomic.h>
#include <sys/mman.h>

#define PAGE	 4096ull
#define FIRST	 (4 * MU_GIB / PAGE)
#define RESERVED (4 * MU_GIB + 513 * MU_MIB)

enum hook { BACKING, EXTENSION, THREADS, CLOCK, NR_HOOKS };

/* The hook fails once, at call fail_at. */
static struct {
	enum hook hook;
	unsigned fail_at;
	_Atomic unsigned calls[NR_HOOKS];
} fault;

static bool fails(enum hook hook)
{
	unsigned call = atomic_fetch_add(&fault.calls[hook], 1);

	return hook == fault.hook && call == fault.fail_at;
}

static enum mu_status backing(void *arg, mu_pfn_t *start, mu_pfn_t *end)
{
	if (fails(BACKING))
		return MU_ERR_NOMEM;
	return world_hosted_hook(arg)->memmap_map(arg, start, end);
}

static enum mu_status extension(void *arg, mu_pfn_t start, mu_pfn_t end)
{
	(void)arg, (void)start, (void)end;
	return fails(EXTENSION) ? MU_ERR_NOMEM : MU_OK;
}

static unsigned threads(void *arg, const struct mu_cpumask *cpus,
			unsigned count, void (*fn)(void *), void *fn_arg)
{
	if (fails(THREADS))
		count /= 2;
	return count ? world_hosted_hook(arg)->run_on(arg, cpus, count, fn,
						      fn_arg)
		     : 0;
}

static uint64_t nanoseconds(void *arg)
{
	return fails(CLOCK) ? 0 : world_hosted_hook(arg)->clock(arg);
}

/* What the machine's memory goes through. */
struct state {
	struct world *world;
	mu_pfn_t page, run, huge[2], gigantic[2];
};

static enum mu_status take_pages(struct state *s, unsigned order,
				 uint64_t count, mu_pfn_t *pfns)
{
	return mu_alloc_huge(&s->world->mm.deferred, 0, order, 0, count,
			     pfns) == count
		       ? MU_OK
		       : MU_ERR_NOMEM;
}

static enum mu_status take_page(struct state *s)
{
	return mu_alloc_pages(&s->world->mm.buddy, 0, 3, 0, &s->page);
}

static enum mu_status take_huge(struct state *s)
{
	return take_pages(s, MU_HUGE_ORDER, 2, s->huge);
}

static enum mu_status take_gigantic(struct state *s)
{
	return take_pages(s, MU_GIGANTIC_ORDER, 1, &s->gigantic[0]);
}

static enum mu_status take_another(struct state *s)
{
	return take_pages(s, MU_GIGANTIC_ORDER, 1, &s->gigantic[1]);
}

static enum mu_status take_run(struct state *s)
{
	return mu_alloc_run(&s->world->mm.deferred, 0, 15, 0, &s->run);
}

/* Pristine blocks, and reserved memory. */
static enum mu_status init_now(struct state *s)
{
	return mu_init_now(&s->world->mm, RESERVED / PAGE - 2500,
			   RESERVED / PAGE + 5000);
}

static enum mu_status free_reserved(struct state *s)
{
	return mu_free_reserved(&s->world->mm, RESERVED + 24 * MU_MIB,
				3 * PAGE);
}

static enum mu_status free_blocks(struct state *s)
{
	return mu_free_reserved(&s->world->mm, RESERVED + 15 * MU_MIB,
				8 * MU_MIB);
}

static enum mu_status split_gigantic(struct state *s)
{
	return mu_split_pages(&s->world->mm.buddy, s->gigantic[0],
			      MU_GIGANTIC_ORDER, MU_BLOCK_ORDER);
}

static enum mu_status free_gigantic(struct state *s)
{
	return mu_free_pages(&s->world->mm.buddy, s->gigantic[1],
			     MU_GIGANTIC_ORDER);
}

static enum mu_status take_some(struct state *s)
{
	enum mu_status status;

	mu_deferred_take(&s->world->mm.deferred, 0, 40, &status);
	return status;
}

static enum mu_status in_background(struct state *s)
{
	struct mu_background background;
	enum mu_status status = mu_background_start(
		&background, &s->world->mm.deferred, NULL, 1);

	mu_background_stop(&background);
	return status;
}

static enum mu_status finish(struct state *s)
{
	return mu_mm_finish(&s->world->mm, 2);
}

static const struct {
	const char *name;
	enum mu_status (*run)(struct state *s);
} steps[] = {
	{"take_page", take_page},
	{"take_huge", take_huge},
	{"take_gigantic", take_gigantic},
	{"take_another", take_another},
	{"take_run", take_run},
	{"init_now", init_now},
	{"free_reserved", free_reserved},
	{"free_blocks", free_blocks},
	{"split_gigantic", split_gigantic},
	{"free_gigantic", free_gigantic},
	{"take_some", take_some},
	{"in_background", in_background},
	{"finish", finish},
};

#define NR_STEPS (sizeof(steps) / sizeof(steps[0]))

/* Did somebody have to be refused? */
static bool run_steps(struct state *s)
{
	bool refused = false;

	for (unsigned i = 0; i < NR_STEPS; i++) {
		unsigned before = fault.calls[fault.hook];
		enum mu_status status = steps[i].run(s);

		if (before <= fault.fail_at &&
		    fault.calls[fault.hook] > fault.fail_at)
			world_validate(s->world, NULL);
		if (status == MU_OK)
			continue;
		if (refused ||
		    (status != MU_ERR_NOMEM && status != MU_ERR_BUSY))
			fail_msg("%s at call %u of hook %u: %s", steps[i].name,
				 fault.fail_at, fault.hook,
				 mu_status_str(status));
		refused = true;
		i--;
	}
	return refused;
}

static void free_all(struct state *s)
{
	struct mu_census census;

	world_free_all(s->world, &s->page, 1, 3);
	world_free_all(s->world, s->huge, 2, MU_HUGE_ORDER);
	for (mu_pfn_t i = 0; i < MU_GIGANTIC_PAGES; i += MU_BLOCK_PAGES)
		assert_int_equal(mu_free_pages(&s->world->mm.buddy,
					       s->gigantic[0] + i,
					       MU_BLOCK_ORDER),
				 MU_OK);
	for (mu_pfn_t i = 0; i < MU_SECTION_PAGES; i += MU_BLOCK_PAGES)
		assert_int_equal(mu_free_pages(&s->world->mm.buddy, s->run + i,
					       MU_BLOCK_ORDER),
				 MU_OK);
	world_validate(s->world, &census);
	assert_int_equal(census.allocated + census.pristine + census.busy, 0);
	assert_int_equal(census.reserved,
			 31 * MU_MIB / PAGE - 3 - 8 * MU_MIB / PAGE);
}

/* AddressSanitizer's marks stay behind when memory is unmapped. */
#if TEST_ASAN
void __asan_unpoison_memory_region(void const volatile *addr, size_t size);
#endif

/* False when there was no such call. */
static bool fail_at(enum hook hook, unsigned call, unsigned *refused)
{
	const size_t bytes = 8 * MU_GIB / PAGE * sizeof(uint32_t);
	struct mu_page_ext ext = {.size = sizeof(uint32_t), .map = extension};
	struct world world;
	struct state state = {.world = &world};

	ext.span = bytes;
	fault.hook = hook;
	fault.fail_at = UINT32_MAX;
	ext.base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(ext.base, MAP_FAILED);
	world_init(&world, "4G@4G/2", MU_POLICY_LAZY);
	world_one_zone(&world);
	world.config.measure = true;
	world.port.memmap_map = backing;
	world.port.run_on = threads;
	world.port.clock = nanoseconds;
	assert_int_equal(mu_mm_add_page_ext(&world.mm, &ext), MU_OK);
	assert_int_equal(mu_memblock_reserve(&world.mm.memblock, RESERVED,
					     31 * MU_MIB, MU_MEMBLOCK_NONE),
			 MU_OK);
	world_start(&world);
	for (unsigned i = 0; i < NR_HOOKS; i++)
		fault.calls[i] = 0;
	fault.fail_at = call;
	*refused += run_steps(&state);
	free_all(&state);
	world_destroy(&world);
#if TEST_ASAN
	__asan_unpoison_memory_region(ext.base, bytes);
#endif
	munmap(ext.base, bytes);
	return fault.calls[hook] > call;
}

static void each_call(enum hook hook, unsigned stride)
{
	unsigned call = 0, runs = 0, refused = 0;

	/* Where it is called for each block, some will do. */
	stride *= TEST_TSAN ? 11 : 1;
	for (; fail_at(hook, call, &refused); call += stride)
		runs++;
	print_message("%u of %u calls failed, %u requests were refused\n", runs,
		      fault.calls[hook], refused);
	assert_true(runs > 0);
	/* What time it is refuses nobody. */
	assert_int_equal(refused > 0, hook != CLOCK);
}

static void backing_fails(void **state)
{
	(void)state;
	each_call(BACKING, world_backing() == MU_BACK_BLOCK ? 17 : 1);
}

static void extension_fails(void **state)
{
	(void)state;
	each_call(EXTENSION, world_backing() == MU_BACK_BLOCK ? 19 : 1);
}

static void threads_fail(void **state)
{
	(void)state;
	each_call(THREADS, 1);
}

static void clock_fails(void **state)
{
	(void)state;
	each_call(CLOCK, 101);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(backing_fails),
		cmocka_unit_test(extension_fails),
		cmocka_unit_test(threads_fail),
		cmocka_unit_test(clock_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
