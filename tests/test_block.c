// SPDX-License-Identifier: MIT
/*
 * Maps of blocks: every order against a bitmap, marks, pages that are freed
 * wrongly, and several threads at once.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "block/block.h"

#define PAGES  ((mu_pfn_t)1 << 16) /* 256 MiB, 64 blocks */
#define CPUS   4
#define ORDERS 11

static struct rig {
	struct mu_port port;
	struct mu_blocks blocks;
	struct mu_block_zone zones[2];
	void *tables[2];
	_Atomic bool backed[PAGES >> MU_HALF_ORDER];
	bool no_backing;
} rig;

static bool is_backed(void *arg, mu_pfn_t pfn)
{
	(void)arg;
	return rig.backed[pfn >> MU_HALF_ORDER];
}

static enum mu_status back(void *arg, mu_pfn_t pfn)
{
	(void)arg;
	if (rig.no_backing)
		return MU_ERR_NOMEM;
	rig.backed[pfn >> MU_HALF_ORDER] = true;
	return MU_OK;
}

static void panic(void *arg, const char *line)
{
	(void)arg;
	fail_msg("%s", line);
}

/* A zone from @start to @end, all of it free. */
static void zone_up(unsigned id, mu_pfn_t start, mu_pfn_t end)
{
	size_t size = mu_block_zone_size(start, end, CPUS);

	rig.tables[id] = aligned_alloc(128, mu_align_up(size, 128));
	assert_non_null(rig.tables[id]);
	/* Whatever the memory was. */
	memset(rig.tables[id], 0x5a, size);
	mu_block_zone_init(&rig.zones[id], (uint16_t)id, start, end, CPUS,
			   rig.tables[id]);
	mu_block_add(&rig.blocks, &rig.zones[id], start, end);
}

static void validate(void)
{
	for (unsigned i = 0; i < 2 && rig.tables[i]; i++) {
		const char *why = NULL;

		if (mu_block_validate(&rig.blocks, &rig.zones[i], &why) !=
		    MU_OK)
			fail_msg("zone %u: %s", i, why);
	}
}

/* @border: where a second zone begins. */
static void up(mu_pfn_t border)
{
	size_t sections = PAGES >> MU_SECTION_ORDER;
	size_t bytes = sections * sizeof(struct mu_block_section);

	memset(&rig, 0, sizeof(rig));
	rig.port.panic = panic;
	rig.blocks.port = &rig.port;
	rig.blocks.end_pfn = PAGES;
	rig.blocks.zones = rig.zones;
	rig.blocks.is_backed = is_backed;
	rig.blocks.back = back;
	rig.blocks.pages = malloc(PAGES * sizeof(struct mu_page));
	rig.blocks.maps = malloc(PAGES / 32 * sizeof(*rig.blocks.maps));
	rig.blocks.sections = aligned_alloc(64, bytes);
	assert_true(rig.blocks.pages && rig.blocks.maps && rig.blocks.sections);
	/* Neither is read before it is written. */
	memset((void *)rig.blocks.pages, 0xd1, PAGES * sizeof(struct mu_page));
	memset((void *)rig.blocks.maps, 0xd1, PAGES / 32 * sizeof(uint64_t));
	memset(rig.blocks.sections, 0, bytes);
	zone_up(0, 0, border);
	if (border < PAGES)
		zone_up(1, border, PAGES);
	validate();
}

static void down(void)
{
	validate();
	free(rig.blocks.pages);
	free((void *)rig.blocks.maps);
	free(rig.blocks.sections);
	free(rig.tables[0]);
	free(rig.tables[1]);
}

static enum mu_status get(unsigned cpu, unsigned order, int64_t mark,
			  mu_pfn_t *pfn)
{
	return mu_block_alloc(&rig.blocks, &rig.zones[0], cpu, order, mark,
			      pfn);
}

static enum mu_status put(unsigned cpu, mu_pfn_t pfn, unsigned order)
{
	return mu_block_free(&rig.blocks, cpu, pfn, order);
}

static unsigned next_random(uint32_t *seed, unsigned below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (unsigned)(((uint64_t)*seed * below) >> 32);
}

/* ---- Against a bitmap ---- */

static bool used[PAGES];

static bool is_free(mu_pfn_t pfn, unsigned order)
{
	for (mu_pfn_t at = pfn; at < pfn + ((mu_pfn_t)1 << order); at++)
		if (used[at])
			return false;
	return true;
}

static bool has_run(unsigned order)
{
	for (mu_pfn_t pfn = 0; pfn < PAGES; pfn += (mu_pfn_t)1 << order)
		if (is_free(pfn, order))
			return true;
	return false;
}

static void mark(mu_pfn_t pfn, unsigned order, bool is)
{
	for (mu_pfn_t at = pfn; at < pfn + ((mu_pfn_t)1 << order); at++) {
		assert_int_equal(used[at], !is);
		used[at] = is;
	}
}

static void against_a_bitmap(void **state)
{
	static struct {
		mu_pfn_t pfn;
		unsigned order;
	} held[PAGES];
	unsigned nr = 0, failed = 0;
	uint32_t seed = 815;

	(void)state;
	memset(used, 0, sizeof(used));
	up(PAGES);
	for (unsigned i = 0; i < 200000; i++) {
		/* It fills up and empties again, several times. */
		bool grow = next_random(&seed, 100) < (i / 20000 % 2 ? 42 : 58);
		unsigned cpu = next_random(&seed, CPUS);

		if (grow) {
			unsigned order = next_random(&seed, ORDERS);
			mu_pfn_t pfn = 0;
			enum mu_status status = get(cpu, order, 0, &pfn);

			if (status != MU_OK) {
				if (has_run(order))
					fail_msg("order %u: %u, step %u", order,
						 (unsigned)status, i);
				failed++;
				continue;
			}
			assert_int_equal(pfn & ((1u << order) - 1), 0);
			assert_int_equal(rig.blocks.pages[pfn].order, order);
			assert_int_equal(rig.blocks.pages[pfn].refcount, 1);
			assert_int_equal(rig.blocks.pages[pfn].private_data, 0);
			rig.blocks.pages[pfn].private_data = ~(uint64_t)0;
			mark(pfn, order, true);
			held[nr].pfn = pfn;
			held[nr++].order = order;
		} else if (nr) {
			unsigned at = next_random(&seed, nr);

			mark(held[at].pfn, held[at].order, false);
			assert_int_equal(put(cpu, held[at].pfn, held[at].order),
					 MU_OK);
			held[at] = held[--nr];
		}
		if (i % 4000 == 0)
			validate();
	}
	assert_true(failed > 100);
	while (nr--)
		assert_int_equal(put(0, held[nr].pfn, held[nr].order), MU_OK);
	/* All of it is whole again. */
	for (mu_pfn_t n = 0; n < PAGES >> MU_BLOCK_ORDER; n++) {
		mu_pfn_t pfn;

		assert_int_equal(get(1, MU_BLOCK_ORDER, 0, &pfn), MU_OK);
	}
	down();
}

/* ---- What is in other CPUs' hands is found ---- */

static void everything_by_anybody(void **state)
{
	mu_pfn_t *pfns = malloc(PAGES * sizeof(*pfns));
	mu_pfn_t nr = 0;

	(void)state;
	assert_non_null(pfns);
	for (unsigned order = 0; order < ORDERS; order++) {
		up(PAGES);
		/* All CPUs have hints, and credits. */
		for (unsigned cpu = 0; cpu < CPUS; cpu++)
			for (unsigned kind = 0; kind < ORDERS; kind++) {
				mu_pfn_t pfn;

				assert_int_equal(get(cpu, kind, 0, &pfn),
						 MU_OK);
				assert_int_equal(put(cpu, pfn, kind), MU_OK);
			}
		nr = 0;
		while (get(3, order, 0, &pfns[nr]) == MU_OK)
			nr++;
		assert_int_equal(nr, PAGES >> order);
		while (nr)
			assert_int_equal(put(2, pfns[--nr], order), MU_OK);
		down();
	}
	free(pfns);
}

/* ---- Marks ---- */

static void marks(void **state)
{
	mu_pfn_t pfn, first = MU_NO_PFN;
	int64_t left = (int64_t)PAGES;

	(void)state;
	up(PAGES);
	atomic_store(&rig.zones[0].low, 5000);
	/* By turns, so that every CPU has credits. */
	for (unsigned cpu = 0; get(cpu, 0, 5000, &pfn) == MU_OK;
	     cpu = (cpu + 1) % CPUS) {
		first = first == MU_NO_PFN ? pfn : first;
		left--;
	}
	assert_int_equal(left, 5000);
	assert_int_equal(mu_block_free_pages(&rig.zones[0]), 5000);
	assert_int_equal(get(0, 3, 4993, &pfn), MU_ERR_BUSY);
	assert_int_equal(get(0, 3, 4992, &pfn), MU_OK);
	/* What one CPU frees another may have at once. */
	assert_int_equal(put(1, pfn, 3), MU_OK);
	assert_int_equal(put(1, first, 0), MU_OK);
	assert_int_equal(get(2, 0, 5000, &pfn), MU_OK);
	assert_int_equal(get(2, 0, 5000, &pfn), MU_ERR_BUSY);
	while (get(3, 0, 0, &pfn) == MU_OK)
		left--;
	assert_int_equal(left, 0);
	assert_int_equal(mu_block_free_pages(&rig.zones[0]), 0);
	down();
}

/* ---- Wrong frees change nothing ---- */

static void wrong(void **state)
{
	mu_pfn_t pfn[ORDERS];

	(void)state;
	up(PAGES);
	assert_int_equal(put(0, PAGES, 0), MU_ERR_HOLE);
	assert_int_equal(put(0, 5, 0), MU_ERR_NOT_ALLOCATED);
	for (unsigned order = 0; order < ORDERS; order++)
		assert_int_equal(get(0, order, 0, &pfn[order]), MU_OK);
	for (unsigned order = 0; order < ORDERS; order++) {
		struct mu_page *page = &rig.blocks.pages[pfn[order]];

		for (unsigned other = 0; other < ORDERS; other++)
			if (other != order)
				assert_int_equal(put(0, pfn[order], other),
						 MU_ERR_ORDER);
		if (order)
			assert_int_equal(put(0, pfn[order] + 1, 0),
					 MU_ERR_NOT_ALLOCATED);
		page->refcount = 2;
		assert_int_equal(put(0, pfn[order], order), MU_ERR_BUSY);
		page->refcount = 1;
		validate();
		assert_int_equal(put(0, pfn[order], order), MU_OK);
		assert_int_equal(put(1, pfn[order], order),
				 MU_ERR_NOT_ALLOCATED);
		validate();
	}
	/* Memory that is not there yet. */
	rig.blocks.sections[1].online = 0;
	assert_int_equal(put(0, MU_SECTION_PAGES, 0), MU_ERR_PRISTINE);
	rig.blocks.sections[1].online = UINT32_MAX;
	down();
}

/* ---- Backing ---- */

static void backing(void **state)
{
	mu_pfn_t pfn, other;

	(void)state;
	up(PAGES);
	rig.no_backing = true;
	assert_int_equal(get(0, 0, 0, &pfn), MU_ERR_NOMEM);
	assert_int_equal(mu_block_free_pages(&rig.zones[0]), PAGES);
	validate();
	rig.no_backing = false;
	assert_int_equal(get(0, 0, 0, &pfn), MU_OK);
	rig.no_backing = true;
	/* The rest of the half needs none. */
	for (unsigned i = 1; i < MU_HALF_PAGES; i++)
		assert_int_equal(get(0, 0, 0, &other), MU_OK);
	assert_int_equal(get(0, 0, 0, &other), MU_ERR_NOMEM);
	down();
}

/* ---- Two zones in one section ---- */

static void two_zones(void **state)
{
	const mu_pfn_t border = 7 * MU_BLOCK_PAGES;
	mu_pfn_t pfn, nr = 0;

	(void)state;
	for (unsigned order = 0; order < ORDERS; order++) {
		up(border);
		for (nr = 0; get(0, order, 0, &pfn) == MU_OK; nr++) {
			assert_true(pfn < border);
			assert_int_equal(mu_page_zone(&rig.blocks.pages[pfn]),
					 0);
		}
		assert_int_equal(nr, border >> order);
		for (nr = 0; mu_block_alloc(&rig.blocks, &rig.zones[1], 1,
					    order, 0, &pfn) == MU_OK;
		     nr++)
			assert_true(pfn >= border);
		assert_int_equal(nr, (PAGES - border) >> order);
		down();
	}
}

/* ---- Threads ---- */

static _Atomic uint8_t owned[PAGES];
static _Atomic unsigned finds_wrong;

static void own(mu_pfn_t pfn, unsigned order, bool is)
{
	for (mu_pfn_t at = pfn; at < pfn + ((mu_pfn_t)1 << order); at++)
		if (atomic_exchange(&owned[at], is) == is)
			atomic_fetch_add(&finds_wrong, 1);
}

static void *torment(void *arg)
{
	enum { MOST = 3000 };
	struct held {
		mu_pfn_t pfn;
		unsigned order;
	} *held = calloc(MOST, sizeof(*held));
	unsigned cpu = *(unsigned *)arg, nr = 0;
	uint32_t seed = cpu + 1;

	if (!held) {
		atomic_fetch_add(&finds_wrong, 1);
		return NULL;
	}
	for (unsigned i = 0; i < 40000; i++) {
		unsigned order = mu_ctz(next_random(&seed, 2048) | 1024);

		if (nr < MOST && next_random(&seed, 100) < 54) {
			mu_pfn_t pfn;

			if (get(cpu, order, 0, &pfn) != MU_OK)
				continue;
			own(pfn, order, true);
			held[nr].pfn = pfn;
			held[nr++].order = order;
		} else if (nr) {
			unsigned at = next_random(&seed, nr);

			own(held[at].pfn, held[at].order, false);
			if (put(cpu, held[at].pfn, held[at].order) != MU_OK)
				atomic_fetch_add(&finds_wrong, 1);
			held[at] = held[--nr];
		}
	}
	while (nr--) {
		own(held[nr].pfn, held[nr].order, false);
		if (put(cpu, held[nr].pfn, held[nr].order) != MU_OK)
			atomic_fetch_add(&finds_wrong, 1);
	}
	free(held);
	return NULL;
}

static void *take_all(void *arg)
{
	unsigned cpu = *(unsigned *)arg;
	mu_pfn_t pfn;

	while (get(cpu, 0, 0, &pfn) == MU_OK)
		own(pfn, 0, true);
	return NULL;
}

static void run(void *(*fn)(void *))
{
	pthread_t threads[CPUS];
	unsigned cpus[CPUS];

	for (unsigned i = 0; i < CPUS; i++) {
		/* Two threads that say they are the same CPU, too. */
		cpus[i] = i / 2 * 2;
		assert_int_equal(
			pthread_create(&threads[i], NULL, fn, &cpus[i]), 0);
	}
	for (unsigned i = 0; i < CPUS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(finds_wrong, 0);
}

static void all_at_once(void **state)
{
	mu_pfn_t pages = 0;

	(void)state;
	memset((void *)owned, 0, sizeof(owned));
	finds_wrong = 0;
	up(PAGES);
	run(torment);
	validate();
	assert_int_equal(mu_block_free_pages(&rig.zones[0]), PAGES);
	/* The last page is somebody's. */
	run(take_all);
	for (mu_pfn_t pfn = 0; pfn < PAGES; pfn++)
		pages += owned[pfn];
	assert_int_equal(pages, PAGES);
	down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(against_a_bitmap),
		cmocka_unit_test(everything_by_anybody),
		cmocka_unit_test(marks),
		cmocka_unit_test(wrong),
		cmocka_unit_test(backing),
		cmocka_unit_test(two_zones),
		cmocka_unit_test(all_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
