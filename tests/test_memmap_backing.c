// SPDX-License-Identifier: MIT
/* Memory behind descriptors: when it appears, and when it cannot be had. */
#include "memmap/blocks.h"
#include "tests/bare_memmap.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"
#include "memmap/links.h"

static struct {
	unsigned calls;
	unsigned fail_at, fail_for; /* from which call, how many of them */
	unsigned before, after;	    /* blocks to widen by */
	bool bad;		    /* a call broke the contract of the hook */
} map;

static enum mu_status map_hook(void *arg, mu_pfn_t *start, mu_pfn_t *end)
{
	mu_pfn_t from = *start, to = *end;
	enum mu_status status;

	map.bad = map.bad || from % MU_BLOCK_PAGES || to % MU_BLOCK_PAGES ||
		  from >= to ||
		  from / MU_SECTION_PAGES != (to - 1) / MU_SECTION_PAGES;
	if (map.calls++ - map.fail_at < map.fail_for)
		return MU_ERR_NOMEM;
	from -= map.before * MU_BLOCK_PAGES;
	to += map.after * MU_BLOCK_PAGES;
	*start = from;
	*end = to;
	for (; from < to; from += MU_BLOCK_PAGES) {
		mu_pfn_t first = from, last = from + MU_BLOCK_PAGES;

		status = world_hosted_hook(arg)->memmap_map(arg, &first, &last);
		if (status)
			return status;
	}
	return MU_OK;
}

static void map_reset(unsigned fail_at)
{
	memset(&map, 0, sizeof(map));
	map.fail_at = fail_at;
	map.fail_for = 1;
}

static void backing(void **state)
{
	struct bare bare;
	struct mu_memmap *memmap = &bare.memmap;
	const mu_pfn_t at = MU_SECTION_PAGES + 8 * MU_BLOCK_PAGES;

	(void)state;
	map_reset(UINT32_MAX);
	bare_init(&bare, "1G", 12, 0);
	bare.world.port.memmap_map = map_hook;
	assert_false(mu_memmap_is_backed(memmap, at));
	assert_int_equal(mu_memmap_back(memmap, at), MU_OK);
	assert_true(mu_memmap_is_backed(memmap, at));
	assert_false(mu_memmap_is_backed(memmap, at - MU_BLOCK_PAGES));
	assert_false(mu_memmap_is_backed(memmap, at + MU_BLOCK_PAGES));
	assert_int_equal(memmap->backed_pages, MU_BLOCK_PAGES);
	/* Twice is nothing. */
	assert_int_equal(mu_memmap_back(memmap, at), MU_OK);
	assert_int_equal(map.calls, 1);

	/* What is written stays when the hook backs around it. */
	mu_memmap_init_block(memmap, at, 1, MU_PAGE_TAIL);
	mu_memmap_publish(memmap, at);
	map.before = map.after = 2;
	assert_int_equal(mu_memmap_back(memmap, at + MU_BLOCK_PAGES), MU_OK);
	assert_int_equal(map.calls, 2);
	assert_int_equal(memmap->backed_pages, 5 * MU_BLOCK_PAGES);
	for (unsigned i = 0; i < 5; i++)
		assert_true(mu_memmap_is_backed(
			memmap, at + i * MU_BLOCK_PAGES - MU_BLOCK_PAGES));
	assert_false(mu_memmap_is_backed(memmap, at - 2 * MU_BLOCK_PAGES));
	for (mu_pfn_t pfn = at; pfn < at + MU_BLOCK_PAGES; pfn++)
		assert_int_equal(mu_memmap_lookup(memmap, pfn)->zone, 1);
	/* What was backed beside it needs no call, and can be written. */
	bare_online(&bare, at - MU_BLOCK_PAGES, 2);
	bare_online(&bare, at + 3 * MU_BLOCK_PAGES, 2);
	assert_int_equal(map.calls, 2);

	/* A failure changes nothing. */
	map_reset(0);
	assert_int_equal(mu_memmap_back(memmap, 0), MU_ERR_NOMEM);
	assert_false(mu_memmap_is_backed(memmap, 0));
	assert_null(mu_memmap_lookup(memmap, 0));
	assert_int_equal(memmap->backed_pages, 5 * MU_BLOCK_PAGES);
	assert_int_equal(mu_memmap_back(memmap, 0), MU_OK);
	assert_int_equal(map.calls, 2);
	assert_false(map.bad);
	bare_destroy(&bare);
}

/* No hook: all is backed, whatever is in it. */
static void no_map_hook(void **state)
{
	struct bare bare;
	struct mu_memmap *memmap = &bare.memmap;
	size_t bytes = 16 * MU_BLOCK_PAGES * sizeof(struct mu_page);

	(void)state;
	bare_init(&bare, "64M", 12, 0);
	bare.world.port.memmap_map = NULL;
	memmap->pages = aligned_alloc(64, bytes);
	assert_non_null(memmap->pages);
	memset(memmap->pages, 0xff, bytes);
	for (mu_pfn_t at = 0; at < 16 * MU_BLOCK_PAGES; at += MU_BLOCK_PAGES)
		bare_online(&bare, at, 1);
	assert_int_equal(memmap->backed_pages, 16 * MU_BLOCK_PAGES);
	free(memmap->pages);
	bare_destroy(&bare);
}

#define SMALL	     "66M"
#define SMALL_BLOCKS 16u /* whole ones; the last 2 MiB are ragged */

static void fail_init(struct world *world, enum mu_policy policy,
		      unsigned fail_at)
{
	map_reset(fail_at);
	world_init_machine(world, world_machine(SMALL, 12), policy,
			   MU_BACK_BLOCK);
	world_one_zone(world);
	world->port.memmap_map = map_hook;
}

/* Start fails when a ragged block, or under eager any, cannot be backed. */
static void failure_at_start(void **state)
{
	(void)state;
	for (size_t p = 0; p < MU_ARRAY_SIZE(world_policies); p++) {
		enum mu_policy policy = world_policies[p];
		unsigned calls =
			policy == MU_POLICY_EAGER ? SMALL_BLOCKS + 1 : 2;

		for (unsigned n = 0; n <= calls; n++) {
			struct world world;

			fail_init(&world, policy, n);
			if (n == calls) {
				world_start(&world);
				assert_int_equal(map.calls, calls);
			} else {
				assert_int_equal(world_try_start(&world),
						 MU_ERR_NOMEM);
				assert_int_equal(world.error.status,
						 MU_ERR_NOMEM);
				assert_non_null(
					strstr(world.error.text, "backed"));
			}
			world_destroy(&world);
		}
	}
}

/* An allocation fails alone; the block is pristine again, nothing is lost. */
static void failure_of_growth(void **state)
{
	(void)state;
	for (unsigned n = 2; n < SMALL_BLOCKS + 1; n++) {
		mu_pfn_t pfns[SMALL_BLOCKS];
		struct mu_deferred_stats stats;
		struct world world;
		uint64_t got, more;

		fail_init(&world, MU_POLICY_LAZY, n);
		map.fail_for = UINT32_MAX / 2;
		world_start(&world);
		got = world_exhaust(&world, MU_BLOCK_ORDER, MU_ALLOC_RESERVES,
				    pfns, SMALL_BLOCKS);
		/* Two calls were the ragged ends', at start. */
		assert_int_equal(got, n - 2);
		stats = mu_deferred_stats(&world.mm.deferred);
		assert_int_equal(stats.claims, got);
		assert_int_equal(
			mu_page_state(&world.mm, (got + 1) * MU_BLOCK_PAGES),
			MU_STATE_PRISTINE);
		world_validate(&world, NULL);
		map.fail_for = 0;
		more = world_exhaust(&world, MU_BLOCK_ORDER, MU_ALLOC_RESERVES,
				     pfns + got, SMALL_BLOCKS - got);
		assert_int_equal(got + more, SMALL_BLOCKS - 1);
		assert_false(map.bad);
		world_free_all(&world, pfns, got + more, MU_BLOCK_ORDER);
		world_destroy(&world);
	}
}

/* A hook that fails once, at any call: all is there in the end. */
static void failure_once(void **state)
{
	(void)state;
	for (unsigned n = 2; n < SMALL_BLOCKS + 1; n++) {
		mu_pfn_t pfns[SMALL_BLOCKS];
		struct world world;
		uint64_t got;

		fail_init(&world, MU_POLICY_LAZY, n);
		world_start(&world);
		got = world_exhaust(&world, MU_BLOCK_ORDER, 0, pfns,
				    SMALL_BLOCKS);
		got += world_exhaust(&world, MU_BLOCK_ORDER, MU_ALLOC_RESERVES,
				     pfns + got, SMALL_BLOCKS - got);
		assert_int_equal(got, SMALL_BLOCKS - 1);
		world_free_all(&world, pfns, got, MU_BLOCK_ORDER);
		world_destroy(&world);
	}
}

static void failure_of_finish(void **state)
{
	(void)state;
	for (unsigned n = 2; n <= SMALL_BLOCKS + 1; n++) {
		struct mu_census census;
		struct world world;

		fail_init(&world, MU_POLICY_DEFERRED, n);
		world_start(&world);
		assert_int_equal(mu_mm_finish(&world.mm, 1),
				 n <= SMALL_BLOCKS ? MU_ERR_NOMEM : MU_OK);
		world_validate(&world, &census);
		assert_int_equal(census.busy, 0);
		assert_int_equal(census.pristine,
				 (SMALL_BLOCKS + 1 - n) * MU_BLOCK_PAGES);
		assert_int_equal(mu_mm_finish(&world.mm, 1), MU_OK);
		world_validate(&world, &census);
		assert_int_equal(census.pristine, 0);
		world_destroy(&world);
	}
}

/* The last reference stays with who cannot drop it: the page is not lost. */
static void failure_of_last_put(void **state)
{
	struct mu_census census;
	struct world world;
	struct mu_page *page;
	mu_pfn_t pfn;

	(void)state;
	map_reset(UINT32_MAX);
	world_init(&world, "1G@1G", MU_POLICY_LAZY);
	world_one_zone(&world);
	world.port.memmap_map = map_hook;
	world_start(&world);
	assert_int_equal(mu_alloc_huge(&world.mm.deferred, 0, MU_GIGANTIC_ORDER,
				       MU_ALLOC_RESERVES, 1, &pfn),
			 1);
	page = mu_memmap_lookup(&world.mm.memmap, pfn);
	mu_page_get(page);
	map.fail_at = map.calls;
	assert_int_equal(mu_page_put(&world.mm.buddy, page), MU_OK);
	assert_int_equal(mu_page_put(&world.mm.buddy, page), MU_ERR_NOMEM);
	world_validate(&world, &census);
	assert_int_equal(census.free, 0);
	assert_int_equal(page->refcount, 1);
	assert_int_equal(mu_page_put(&world.mm.buddy, page), MU_OK);
	world_validate(&world, &census);
	assert_int_equal(census.free, 1 << MU_GIGANTIC_ORDER);
	world_destroy(&world);
}

/* ---- The fill hook ---- */

static struct {
	uint64_t words;
	bool bad;
} filled;

static void fill_hook(void *arg, uint64_t *dst, uint64_t word, size_t count)
{
	(void)arg;
	filled.bad = filled.bad || (uintptr_t)dst % 64 || count % 8;
	if (word != MU_MEMMAP_POISON)
		filled.words += count;
	for (size_t i = 0; i < count; i++)
		dst[i] = word;
}

static void fill_by_port(void **state)
{
	struct world world;

	(void)state;
	memset(&filled, 0, sizeof(filled));
	world_init(&world, "64M", MU_POLICY_LAZY);
	world.port.memmap_fill = fill_hook;
	world_start(&world);
	assert_int_equal(mu_mm_finish(&world.mm, 1), MU_OK);
	assert_false(filled.bad);
	/* All but the first line of each of 15 blocks; page 0's is ragged. */
	assert_int_equal(filled.words, 15 * (MU_BLOCK_PAGES * 2 - 8));
	world_destroy(&world);
}

/* ---- Poison: what was never written is a trap ---- */

#ifdef MU_DEBUG
#if TEST_ASAN
int __asan_address_is_poisoned(void const volatile *addr);
void __asan_unpoison_memory_region(void const volatile *addr, size_t size);
#endif

/* Is the word at @at one that nobody may have written? */
static bool poisoned(const uint64_t *at)
{
#if TEST_ASAN
	return __asan_address_is_poisoned(at) &&
	       __asan_address_is_poisoned((const char *)at + 7);
#else
	return *at == MU_MEMMAP_POISON;
#endif
}

static void poison(void **state)
{
	const mu_pfn_t at = 3 * MU_BLOCK_PAGES;
	struct bare bare;
	const uint64_t *words;

	(void)state;
	bare_init(&bare, "64M", 12, 1);
	words = (const void *)mu_pfn_to_page(&bare.memmap, at);
	assert_int_equal(mu_memmap_back(&bare.memmap, at), MU_OK);
	for (unsigned i = 0; i < MU_BLOCK_PAGES * 2; i++)
		assert_true(poisoned(words + i));
	mu_memmap_init_block(&bare.memmap, at, 1, MU_PAGE_TAIL);
	for (unsigned i = 0; i < MU_BLOCK_PAGES * 2; i++)
		assert_false(poisoned(words + i));
	/* Of a ragged block only what was written can be read. */
	mu_memmap_add_ragged(&bare.memmap, 0);
	words = (const void *)mu_pfn_to_page(&bare.memmap, 0);
	assert_int_equal(mu_memmap_back(&bare.memmap, 0), MU_OK);
	mu_memmap_init_ragged(&bare.memmap, 10, 20, 1, MU_PAGE_TAIL);
	for (unsigned i = 0; i < MU_BLOCK_PAGES * 2; i++)
		assert_int_equal(poisoned(words + i), i < 20 || i >= 40);
	bare_destroy(&bare);
}

static void panic_hook(void *arg, const char *line)
{
	(void)arg;
	_exit(strstr(line, "memmap.c") ? 42 : 43);
}

/* Somebody wrote to a pristine descriptor: the claim finds it out. */
static void scribble(void **state)
{
	const size_t words[] = {0, MU_BLOCK_PAGES * 2 - 1};

	(void)state;
	for (size_t i = 0; i < MU_ARRAY_SIZE(words); i++) {
		struct bare bare;
		int status = 0;
		pid_t child;

		bare_init(&bare, "64M", 12, 0);
		bare.world.port.panic = panic_hook;
		child = fork();
		assert_true(child >= 0);
		if (!child) {
			uint64_t *at = (void *)bare.memmap.pages;

			at += words[i];
			if (mu_memmap_back(&bare.memmap, 0) != MU_OK)
				_exit(1);
#if TEST_ASAN
			__asan_unpoison_memory_region(at, sizeof(*at));
#endif
			*at = 7;
			mu_memmap_init_block(&bare.memmap, 0, 1, MU_PAGE_TAIL);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 42);
		bare_destroy(&bare);
	}
}

/* All that reads a descriptor. */
static volatile uint64_t sink;

static void read_kind(struct bare *bare, struct mu_page *page)
{
	(void)bare;
	sink = mu_page_kind(page);
}

static void read_zone(struct bare *bare, struct mu_page *page)
{
	(void)bare;
	sink = mu_page_zone(page);
}

static void read_node(struct bare *bare, struct mu_page *page)
{
	struct mu_buddy buddy = {.zones = bare->world.mm.buddy.zones};

	sink = (uintptr_t)mu_page_zone_ptr(&buddy, page);
}

static void refer(struct bare *bare, struct mu_page *page)
{
	(void)bare;
	mu_page_get(page);
}

static void read_links(struct bare *bare, struct mu_page *page)
{
	(void)bare;
	sink = mu_page_next(page) + mu_page_prev(page);
}

/* They stop at one that was never written, and at no other. */
static void read_first(void **state)
{
	void (*const reads[])(struct bare *, struct mu_page *) = {
		read_kind, read_zone, read_node, refer, read_links};

	(void)state;
	for (size_t i = 0; i < 2 * MU_ARRAY_SIZE(reads); i++) {
		struct bare bare;
		struct mu_page *page;
		int status = 0;
		pid_t child;

		bare_init(&bare, "64M", 12, 0);
		page = mu_pfn_to_page(&bare.memmap, 700);
		assert_int_equal(mu_memmap_back(&bare.memmap, 0), MU_OK);
		if (i % 2)
			mu_memmap_init_block(&bare.memmap, 0, 1, MU_PAGE_TAIL);
		child = fork();
		assert_true(child >= 0);
		if (!child) {
			signal(SIGILL, SIG_DFL);
			signal(SIGTRAP, SIG_DFL);
#if TEST_ASAN
			/* It would be first. */
			__asan_unpoison_memory_region(page, sizeof(*page));
#endif
			reads[i / 2](&bare, page);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(WIFSIGNALED(status) != 0, i % 2 == 0);
		bare_destroy(&bare);
	}
}
#else
static void poison(void **state)
{
	(void)state;
	skip(); /* only debug builds poison */
}
#define scribble   poison
#define read_first poison
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(backing),
		cmocka_unit_test(no_map_hook),
		cmocka_unit_test(failure_at_start),
		cmocka_unit_test(failure_of_growth),
		cmocka_unit_test(failure_once),
		cmocka_unit_test(failure_of_finish),
		cmocka_unit_test(failure_of_last_put),
		cmocka_unit_test(fill_by_port),
		cmocka_unit_test(poison),
		cmocka_unit_test(scribble),
		cmocka_unit_test(read_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
