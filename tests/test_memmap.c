// SPDX-License-Identifier: MIT
/* Sections, descriptors and what may be read of them. */
#include "tests/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

/* A memmap of one's own over the memory of a world that is never started. */
struct bench {
	struct world world;
	struct mu_memmap memmap;
	void *buf;
};

static void bench_init(struct bench *bench, const char *machine,
		       unsigned page_shift, unsigned nr_ragged)
{
	struct mu_memblock *memblock = &bench->world.mm.memblock;
	size_t bytes;

	world_init_machine(&bench->world, world_machine(machine, page_shift),
			   MU_POLICY_LAZY, world_backing());
	bytes = mu_memmap_size(memblock, page_shift, nr_ragged);
	assert_true(bytes > 0);
	bench->buf = aligned_alloc(64, mu_align_up(bytes, 64));
	assert_non_null(bench->buf);
	memset(bench->buf, 0x5a, bytes);
	mu_memmap_init(&bench->memmap, &bench->world.port,
		       mu_hosted_memmap(bench->world.hosted), memblock,
		       page_shift, bench->buf, nr_ragged);
}

static void bench_destroy(struct bench *bench)
{
	free(bench->buf);
	world_destroy(&bench->world);
}

static mu_pfn_t pfn_at(mu_phys_t address)
{
	return address >> MU_PAGE_SHIFT_MIN;
}

static void online_block(struct mu_memmap *memmap, mu_pfn_t start,
			 uint16_t zone)
{
	assert_int_equal(mu_memmap_back(memmap, start), MU_OK);
	mu_memmap_init_block(memmap, start, zone, MU_PAGE_TAIL);
	mu_memmap_publish(memmap, start);
}

/* A leaf comes to life with the first block in its 128 GiB. */
static void leaves(void **state)
{
	struct bench bench;
	struct mu_memmap *memmap = &bench.memmap;
	const mu_pfn_t far = pfn_at(256 * MU_GIB), last = pfn_at(2 * MU_TIB);

	(void)state;
	bench_init(&bench, "1G@0+1G@256G+4M@2T", 12, 0);
	assert_int_equal(memmap->nr_root, 17);
	assert_int_equal(memmap->nr_leaves, 3);
	assert_int_equal(memmap->leaves_used, 0);
	assert_int_equal(memmap->end_pfn, last + MU_BLOCK_PAGES);
	assert_null(mu_memmap_section(memmap, 0));
	assert_null(mu_memmap_section(memmap, far));

	online_block(memmap, far + MU_SECTION_PAGES, 7);
	assert_int_equal(memmap->leaves_used, 1);
	assert_null(mu_memmap_section(memmap, 0));
	assert_null(mu_memmap_section(memmap, last));
	assert_non_null(mu_memmap_section(memmap, far));
	assert_null(mu_memmap_section(memmap, far - 1));
	assert_null(mu_memmap_section(memmap, far + pfn_at(128 * MU_GIB)));
	/* Another block of the same 128 GiB: the same leaf. */
	online_block(memmap, far, 7);
	assert_int_equal(memmap->leaves_used, 1);
	assert_ptr_equal(mu_memmap_section(memmap, far) + 1,
			 mu_memmap_section(memmap, far + MU_SECTION_PAGES));
	online_block(memmap, last, 7);
	online_block(memmap, 0, 7);
	assert_int_equal(memmap->leaves_used, 3);
	assert_int_equal(memmap->written_pages, 4 * MU_BLOCK_PAGES);
	bench_destroy(&bench);
}

static void leaves_of_ranges(void **state)
{
	static const struct {
		const char *machine;
		unsigned page_shift, leaves, root;
	} cases[] = {
		{"1G@0+1G@64G", 12, 1, 1},
		{"300G", 12, 3, 3},
		{"4K@128G", 12, 1, 2},
		{"256G@128G", 12, 2, 3},
		{"4K@0+4K@127G+256G@127G", 12, 3, 3},
		{"4T", 16, 2, 2},
		{"1G@0+1G@2T", 16, 2, 2},
		{"1G", 14, 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < MU_ARRAY_SIZE(cases); i++) {
		struct bench bench;

		bench_init(&bench, cases[i].machine, cases[i].page_shift, 1);
		assert_int_equal(bench.memmap.nr_leaves, cases[i].leaves);
		assert_int_equal(bench.memmap.nr_root, cases[i].root);
		bench_destroy(&bench);
	}
}

static void lookups(void **state)
{
	struct bench bench;
	struct mu_memmap *memmap = &bench.memmap;
	const mu_pfn_t block = 5 * MU_BLOCK_PAGES;

	(void)state;
	bench_init(&bench, "1G@0+1G@2G", 12, 0);
	assert_null(mu_memmap_lookup(memmap, block));
	assert_int_equal(mu_memmap_back(memmap, block), MU_OK);
	assert_null(mu_memmap_lookup(memmap, block));
	mu_memmap_init_block(memmap, block, 3, MU_PAGE_TAIL);
	assert_null(mu_memmap_lookup(memmap, block));
	mu_memmap_publish(memmap, block);

	assert_null(mu_memmap_lookup(memmap, block - 1));
	assert_null(mu_memmap_lookup(memmap, block + MU_BLOCK_PAGES));
	for (mu_pfn_t pfn = block; pfn < block + MU_BLOCK_PAGES; pfn++) {
		struct mu_page *page = mu_memmap_lookup(memmap, pfn);

		assert_ptr_equal(page, mu_pfn_to_page(memmap, pfn));
		assert_int_equal(mu_page_to_pfn(memmap, page), pfn);
		assert_int_equal(page->state, MU_PAGE_TAIL);
		assert_int_equal(page->zone, 3);
		assert_int_equal(page->order, 0);
	}
	/* A hole, past the map, past everything. */
	assert_null(mu_memmap_lookup(memmap, pfn_at(3 * MU_GIB / 2)));
	assert_null(mu_memmap_lookup(memmap, memmap->end_pfn));
	assert_null(mu_memmap_lookup(memmap, pfn_at(MU_PHYS_MAX)));
	assert_null(mu_memmap_lookup(memmap, UINT64_MAX));
	assert_false(mu_memmap_online(memmap, MU_NO_PFN));
	bench_destroy(&bench);
}

/* A block is written whole, and its neighbours not at all. */
static void block_borders(void **state)
{
	struct bench bench;
	struct mu_memmap *memmap = &bench.memmap;

	(void)state;
	bench_init(&bench, "256M", 12, 0);
	for (mu_pfn_t at = MU_SECTION_PAGES - 2 * MU_BLOCK_PAGES;
	     at < MU_SECTION_PAGES + 2 * MU_BLOCK_PAGES;
	     at += 2 * MU_BLOCK_PAGES)
		online_block(memmap, at, (uint16_t)(at >> MU_BLOCK_ORDER));
	for (mu_pfn_t at = MU_SECTION_PAGES - MU_BLOCK_PAGES;
	     at < MU_SECTION_PAGES + 2 * MU_BLOCK_PAGES;
	     at += 2 * MU_BLOCK_PAGES)
		online_block(memmap, at, (uint16_t)(at >> MU_BLOCK_ORDER));
	for (mu_pfn_t pfn = MU_SECTION_PAGES - 2 * MU_BLOCK_PAGES;
	     pfn < MU_SECTION_PAGES + 2 * MU_BLOCK_PAGES; pfn++) {
		const struct mu_page *page = mu_memmap_lookup(memmap, pfn);

		assert_non_null(page);
		assert_int_equal(page->zone, pfn >> MU_BLOCK_ORDER);
		assert_int_equal(page->state, MU_PAGE_TAIL);
		assert_int_equal(page->refcount, 0);
		assert_int_equal(page->private_data,
				 (uint64_t)page->zone << 16 | MU_PAGE_TAIL);
	}
	bench_destroy(&bench);
}

static void ragged(void **state)
{
	/* Parts of three ragged blocks, in the order they are written. */
	static const struct {
		mu_pfn_t start, end;
	} parts[] = {
		{1, 63},      {63, 64},	    {64, 1000},	  {1023, 1024},
		{4096, 4097}, {5119, 5120}, {9300, 9301}, {9220, 9300},
	};
	struct bench bench;
	struct mu_memmap *memmap = &bench.memmap;
	uint64_t written = 0;

	(void)state;
	bench_init(&bench, "256M", 12, 3);
	mu_memmap_add_ragged(memmap, 0);
	mu_memmap_add_ragged(memmap, 4096);
	mu_memmap_add_ragged(memmap, 9216);
	online_block(memmap, 1024, 9);
	for (size_t i = 0; i < MU_ARRAY_SIZE(parts); i++) {
		mu_pfn_t start = parts[i].start, end = parts[i].end;

		assert_int_equal(
			mu_memmap_back(memmap,
				       mu_align_down(start, MU_BLOCK_PAGES)),
			MU_OK);
		assert_null(mu_memmap_lookup(memmap, start));
		assert_null(mu_memmap_lookup(memmap, end - 1));
		mu_memmap_init_ragged(memmap, start, end, 2, MU_PAGE_RESERVED);
		written += end - start;
	}
	assert_int_equal(memmap->written_pages, written + MU_BLOCK_PAGES);
	for (mu_pfn_t pfn = 0; pfn < 16 * MU_BLOCK_PAGES; pfn++) {
		const struct mu_page *page = mu_memmap_lookup(memmap, pfn);
		mu_pfn_t block = mu_align_down(pfn, MU_BLOCK_PAGES);
		bool whole = block == 1024, part = false;

		for (size_t i = 0; i < MU_ARRAY_SIZE(parts); i++)
			part = part ||
			       (pfn >= parts[i].start && pfn < parts[i].end);
		assert_int_equal(page != NULL, whole || part);
		assert_int_equal(mu_memmap_is_ragged(memmap, pfn),
				 block == 0 || block == 4096 || block == 9216);
		if (part) {
			assert_int_equal(page->state,
					 MU_PAGE_RESERVED | MU_PAGE_RAGGED);
			assert_int_equal(page->zone, 2);
		}
	}
	assert_false(mu_memmap_is_ragged(memmap, UINT64_MAX));
	bench_destroy(&bench);
}

/* ---- Backing ---- */

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
	struct bench bench;
	struct mu_memmap *memmap = &bench.memmap;
	const mu_pfn_t at = MU_SECTION_PAGES + 8 * MU_BLOCK_PAGES;

	(void)state;
	map_reset(UINT32_MAX);
	bench_init(&bench, "1G", 12, 0);
	bench.world.port.memmap_map = map_hook;
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
	online_block(memmap, at - MU_BLOCK_PAGES, 2);
	online_block(memmap, at + 3 * MU_BLOCK_PAGES, 2);
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
	bench_destroy(&bench);
}

/* No hook: all is backed, whatever is in it. */
static void no_map_hook(void **state)
{
	struct bench bench;
	struct mu_memmap *memmap = &bench.memmap;
	size_t bytes = 16 * MU_BLOCK_PAGES * sizeof(struct mu_page);

	(void)state;
	bench_init(&bench, "64M", 12, 0);
	bench.world.port.memmap_map = NULL;
	memmap->pages = aligned_alloc(64, bytes);
	assert_non_null(memmap->pages);
	memset(memmap->pages, 0xff, bytes);
	for (mu_pfn_t at = 0; at < 16 * MU_BLOCK_PAGES; at += MU_BLOCK_PAGES)
		online_block(memmap, at, 1);
	assert_int_equal(memmap->backed_pages, 16 * MU_BLOCK_PAGES);
	free(memmap->pages);
	bench_destroy(&bench);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves),
		cmocka_unit_test(leaves_of_ranges),
		cmocka_unit_test(lookups),
		cmocka_unit_test(block_borders),
		cmocka_unit_test(ragged),
		cmocka_unit_test(backing),
		cmocka_unit_test(no_map_hook),
		cmocka_unit_test(failure_at_start),
		cmocka_unit_test(failure_of_growth),
		cmocka_unit_test(failure_once),
		cmocka_unit_test(failure_of_finish),
		cmocka_unit_test(fill_by_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
