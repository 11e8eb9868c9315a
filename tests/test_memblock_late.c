// SPDX-License-Identifier: MIT
/* Hand-over, late frees, the end of the tables, named reservations, dumps. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/memblock_model.h"

#define BASE 0x1000000ull
#define SIZE 0x200000ull

static struct mbm_world world;
static struct mbm_image image;
static struct mu_memblock *const mb = &world.mb;

/* The taker: counts how often it got each page of the first 16 MiB + SIZE. */
static struct {
	unsigned char got[(BASE + SIZE) / MBM_PAGE];
	mu_pfn_t ready; /* it takes nothing that ends past this pfn */
	enum mu_status refuse;
	unsigned calls;
} taker;

static enum mu_status take(void *arg, mu_phys_t base, mu_phys_t size)
{
	assert_ptr_equal(arg, &taker);
	assert_int_equal(base % MBM_PAGE, 0);
	assert_int_equal(size % MBM_PAGE, 0);
	assert_true(size > 0);
	taker.calls++;
	if (taker.refuse)
		return taker.refuse;
	if ((base + size) / MBM_PAGE > taker.ready)
		return MU_ERR_BUSY;
	for (mu_phys_t at = base; at < base + size; at += MBM_PAGE)
		taker.got[at / MBM_PAGE]++;
	return MU_OK;
}

static int start(void **state)
{
	(void)state;
	mbm_start(&world, BASE, SIZE);
	memset(&taker, 0, sizeof(taker));
	return 0;
}

static int stop(void **state)
{
	(void)state;
	mbm_stop(&world);
	return 0;
}

/* Were the pages [@from, @to) taken once each, and how many were in all? */
static void taken(mu_pfn_t from, mu_pfn_t to, unsigned total)
{
	unsigned sum = 0;

	for (mu_pfn_t i = from; i < to; i++)
		assert_int_equal(taker.got[i], 1);
	for (size_t i = 0; i < sizeof(taker.got); i++)
		sum += taker.got[i];
	assert_int_equal(sum, total);
}

static void before_the_hand_over(void **state)
{
	(void)state;
	ok(mu_memblock_reserve(mb, 0x1000, 0x4000, 0));
	ok(mu_memblock_free_late(mb, 0x2000, 0x1000));
	mbm_expect(&mb->reserved, {0x1000, 0x1000, 0, -1},
		   {0x3000, 0x2000, 0, -1});
	ok(mu_memblock_flush_late(mb));
	fails(MU_ERR_INVALID, mu_memblock_discard(mb));
}

static void taken_or_kept(void **state)
{
	(void)state;
	ok(mu_memblock_reserve(mb, 0x1000, 0x20000, 0));
	mu_memblock_set_late_free(mb, take, &taker);
	taker.ready = 8;
	ok(mu_memblock_phys_free(mb, 0x2000, 0x2000));
	taken(2, 4, 2);
	ok(mu_memblock_free_late(mb, 0xa000, 0x1000));
	ok(mu_memblock_free_late(mb, 0xc000, 0x1000));
	ok(mu_memblock_free_late(mb, 0xb000, 0x1000));
	taken(2, 4, 2);
	/* One range by now; and freeing what waits is an error. */
	mbm_expect(&mb->late, {0xa000, 0x3000, 0, -1});
	fails(MU_ERR_OVERLAP, mu_memblock_free_late(mb, 0xc000, 0x2000));
	fails(MU_ERR_RANGE, mu_memblock_free_late(mb, 0xc000, UINT64_MAX));
	ok(mu_memblock_free_late(mb, 0x10000, 0x1000));
	fails(MU_ERR_BUSY, mu_memblock_flush_late(mb));
	assert_int_equal(mb->late.cnt, 2);
	taker.ready = 0xd;
	fails(MU_ERR_BUSY, mu_memblock_flush_late(mb));
	taken(0xa, 0xd, 5);
	assert_int_equal(mb->late.cnt, 1);
	taker.ready = 0x100;
	ok(mu_memblock_flush_late(mb));
	taken(0x10, 0x11, 6);
	mbm_expect_empty(&mb->late);
	/* The reserved table is history. */
	mbm_expect(&mb->reserved, {0x1000, 0x20000, 0, -1});
}

static void whole_pages_only(void **state)
{
	(void)state;
	mu_memblock_set_late_free(mb, take, &taker);
	taker.ready = 0x100;
	ok(mu_memblock_free_late(mb, 0x1001, 0xfff));
	ok(mu_memblock_free_late(mb, 0x1001, 0));
	ok(mu_memblock_free_late(mb, 0x3fff, 0x2));
	assert_int_equal(taker.calls, 0);
	ok(mu_memblock_free_late(mb, 0x1fff, 0x2002));
	taken(2, 4, 2);
}

static void refused(void **state)
{
	(void)state;
	mu_memblock_set_late_free(mb, take, &taker);
	taker.refuse = MU_ERR_HOLE;
	fails(MU_ERR_HOLE, mu_memblock_free_late(mb, 0x1000, 0x1000));
	mbm_expect_empty(&mb->late);
	taker.refuse = MU_ERR_BUSY;
	ok(mu_memblock_free_late(mb, 0x1000, 0x1000));
	taker.refuse = MU_ERR_HOLE;
	fails(MU_ERR_HOLE, mu_memblock_flush_late(mb));
	mbm_expect(&mb->late, {0x1000, 0x1000, 0, -1});
}

static void the_queue_is_full(void **state)
{
	(void)state;
	/* The reserved table has an array to give back. */
	mu_memblock_allow_resize(mb);
	ok(mu_memblock_add(mb, BASE, SIZE));
	for (mu_phys_t i = 0; i < 129; i++)
		ok(mu_memblock_reserve(mb, i * 0x2000, 0x1000, 0));
	mu_memblock_set_late_free(mb, take, &taker);
	/* What is handed over serves no table any more. */
	for (mu_phys_t i = 129; i < 255; i++)
		ok(mu_memblock_reserve(mb, i * 0x2000, 0x1000, 0));
	fails(MU_ERR_FULL, mu_memblock_reserve(mb, 255 * 0x2000ull, 1, 0));
	for (mu_phys_t i = 0; i < MU_MEMBLOCK_LATE; i++)
		ok(mu_memblock_free_late(mb, i * 0x4000, 0x1000));
	mbm_save(&world, &image);
	fails(MU_ERR_FULL, mu_memblock_free_late(mb, 0x200000, 0x1000));
	fails(MU_ERR_FULL, mu_memblock_discard(mb));
	mbm_same(&world, &image);
	ok(mu_memblock_free_late(mb, 0x1000, 0x3000)); /* joins two */
	ok(mu_memblock_free_late(mb, 0x200000, 0x1000));
	taker.ready = 0x1000;
	ok(mu_memblock_flush_late(mb));
	taken(0, 5, MU_MEMBLOCK_LATE + 4);
	taken(0x200, 0x201, MU_MEMBLOCK_LATE + 4);
}

/*
 * Frees and flushes in any order while more and more is ready: in the end each
 * page that was freed with success was taken exactly once.
 */
static void nothing_is_lost(void **state)
{
	static unsigned char freed[2048];
	uint64_t seed = 42;
	unsigned full = 0;

	(void)state;
	print_message("nothing_is_lost: seed 42\n");
	memset(freed, 0, sizeof(freed));
	mu_memblock_set_late_free(mb, take, &taker);
	for (unsigned i = 0; i < 3000; i++) {
		mu_pfn_t from = mbm_random(&seed, sizeof(freed) - 4);
		mu_pfn_t to = from + 1 + mbm_random(&seed, 4);
		enum mu_status status;
		bool again = false;

		for (mu_pfn_t at = from; at < to; at++)
			again |= freed[at];
		if (again)
			continue;
		status = mu_memblock_free_late(mb, from * MBM_PAGE,
					       (to - from) * MBM_PAGE);
		full += status == MU_ERR_FULL;
		if (!status)
			memset(freed + from, 1, (size_t)(to - from));
		else
			assert_int_equal(status, MU_ERR_FULL);
		if (i % 10 == 0) {
			taker.ready += 10;
			status = mu_memblock_flush_late(mb);
			assert_int_equal(status,
					 mb->late.cnt ? MU_ERR_BUSY : MU_OK);
		}
	}
	taker.ready = 4096;
	ok(mu_memblock_flush_late(mb));
	assert_memory_equal(freed, taker.got, sizeof(freed));
	assert_true(full > 0);
}

/* The arrays that tables were allocated go the way of all late frees. */
static void discard(void **state)
{
	mu_pfn_t end = (BASE + SIZE) / MBM_PAGE;

	(void)state;
	for (int ready = 0; ready < 2; ready++) {
		mu_memblock_init(mb, &world.port);
		memset(&taker, 0, sizeof(taker));
		mu_memblock_allow_resize(mb);
		ok(mu_memblock_add(mb, BASE, SIZE));
		for (mu_phys_t i = 0; i < 200; i++) {
			ok(mu_memblock_add(mb, i * 0x2000, 0x1000));
			ok(mu_memblock_reserve(mb, i * 0x2000, 0x800, 0));
		}
		assert_int_equal(mb->memory.array_size +
					 mb->reserved.array_size,
				 0x6000);
		mu_memblock_set_late_free(mb, take, &taker);
		taker.ready = ready ? end : 0;
		ok(mu_memblock_discard(mb));
		mbm_expect_empty(&mb->memory);
		mbm_expect_empty(&mb->reserved);
		assert_int_equal(mb->memory.max, 128);
		assert_int_equal(mb->late.total_size, ready ? 0 : 0x6000);
		taker.ready = end;
		ok(mu_memblock_flush_late(mb));
		taken(end - 6, end, 6);
		ok(mu_memblock_discard(mb)); /* nothing is left to give */
	}
}

static void chunks(void **state)
{
	mu_pfn_t pfn = 0;
	unsigned order = 77;

	(void)state;
	assert_false(mu_memblock_next_chunk(&pfn, 0, 10, &order));
	assert_int_equal(order, 77);
	assert_true(
		mu_memblock_next_chunk(&pfn, (mu_pfn_t)1 << 40, 10, &order));
	assert_int_equal(order, 10); /* 0 is aligned to anything */
	for (mu_pfn_t from = 0; from < 70; from++) {
		for (mu_pfn_t end = from; end < 150; end++) {
			mu_pfn_t last = from;

			pfn = from;
			while (mu_memblock_next_chunk(&pfn, end, 5, &order)) {
				mu_pfn_t size = (mu_pfn_t)1 << order;

				assert_int_equal(pfn, last + size);
				assert_int_equal(last % size, 0);
				/* Twice as much would not do. */
				assert_true(order == 5 || last % (2 * size) ||
					    last + 2 * size > end);
				last = pfn;
			}
			assert_int_equal(last, end);
		}
	}
}

#define RESERVE(text) mu_memblock_reserve_mem(mb, text, strlen(text), &error)

static void named(void **state)
{
	struct mu_error error;
	mu_phys_t base = 0, size = 0;
	char text[64];

	(void)state;
	ok(mu_memblock_add(mb, BASE, SIZE));
	ok(RESERVE("reserve_mem=64K:0x10000:trace"));
	ok(RESERVE("0x1000:0:fifteen_letters"));
	ok(RESERVE("010k:4k:n.m-x:2"));
	ok(mu_memblock_reserve_mem_find(mb, "trace", &base, &size));
	assert_int_equal(base, BASE + SIZE - 0x10000);
	assert_int_equal(size, 0x10000);
	ok(mu_memblock_reserve_mem_find(mb, "n.m-x:2", NULL, &size));
	assert_int_equal(size, 8192);
	ok(mu_memblock_reserve_mem_find(mb, "fifteen_letters", &base, NULL));
	assert_int_equal(base % 64, 0);
	fails(MU_ERR_NOT_FOUND,
	      mu_memblock_reserve_mem_find(mb, "trac", &base, &size));
	fails(MU_ERR_NOT_FOUND,
	      mu_memblock_reserve_mem_find(mb, "", &base, &size));
	fails(MU_ERR_NOT_FOUND,
	      mu_memblock_reserve_mem_find(mb, "fifteen_letters_and_more", NULL,
					   NULL));
	fails(MU_ERR_BUSY, RESERVE("4K:4K:trace"));
	assert_non_null(strstr(error.text, "4K:4K:trace"));
	for (int i = 3; i < MU_MEMBLOCK_NAMED; i++) {
		snprintf(text, sizeof(text), "4K:4K:name%d", i);
		ok(RESERVE(text));
	}
	mbm_save(&world, &image);
	fails(MU_ERR_FULL, RESERVE("4K:4K:ninth"));
	mbm_same(&world, &image);
	ok(mu_memblock_reserve_mem_release(mb, "trace"));
	assert_false(mu_memblock_is_reserved(mb, BASE + SIZE - 1));
	fails(MU_ERR_NOT_FOUND, mu_memblock_reserve_mem_release(mb, "trace"));
	fails(MU_ERR_NOMEM, RESERVE("1G:4K:big"));
	assert_int_equal(error.status, MU_ERR_NOMEM);
	ok(RESERVE("4K:4K:ninth"));
	/* After the hand-over what is released goes to the taker. */
	mu_memblock_set_late_free(mb, take, &taker);
	taker.ready = (BASE + SIZE) / MBM_PAGE;
	ok(mu_memblock_reserve_mem_release(mb, "ninth"));
	taken(0, 0, 1);
}

static void named_wrong(void **state)
{
	const struct {
		const char *text;
		enum mu_status status;
	} wrong[] = {
		{"", MU_ERR_SYNTAX},
		{"reserve_mem=", MU_ERR_SYNTAX},
		{"4K", MU_ERR_SYNTAX},
		{"4K:", MU_ERR_SYNTAX},
		{"4K:4K", MU_ERR_SYNTAX},
		{"4K:4K:", MU_ERR_SYNTAX},
		{"4K:4K: ", MU_ERR_SYNTAX},
		{"4K:4K:a b", MU_ERR_SYNTAX},
		{"4K:4K:a\033b", MU_ERR_SYNTAX},
		{":4K:name", MU_ERR_SYNTAX},
		{"4K:", MU_ERR_SYNTAX},
		{"4K::", MU_ERR_SYNTAX},
		{"4K:x:name", MU_ERR_SYNTAX},
		{"4Kx:4K:name", MU_ERR_SYNTAX},
		{"0x:4K:name", MU_ERR_SYNTAX},
		{"09:4K:name", MU_ERR_SYNTAX},
		{"-4K:4K:name", MU_ERR_SYNTAX},
		{"4K:4K:sixteen_letters_", MU_ERR_SYNTAX},
		{"0:4K:name", MU_ERR_INVALID},
		{"4K:3K:name", MU_ERR_INVALID},
		{"16E:4K:name", MU_ERR_RANGE},
		{"18446744073709551616:4K:name", MU_ERR_RANGE},
		{"4K:99999999999999999999:name", MU_ERR_RANGE},
		{"15E:4K:name", MU_ERR_NOMEM},
	};

	(void)state;
	ok(mu_memblock_add(mb, BASE, SIZE));
	mbm_save(&world, &image);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct mu_error error = {.status = MU_OK};

		assert_int_equal(RESERVE(wrong[i].text), wrong[i].status);
		assert_int_equal(error.status, wrong[i].status);
		assert_true(strlen(error.text) > 10);
		assert_null(strchr(error.text, '\033'));
		fails(wrong[i].status,
		      mu_memblock_reserve_mem(mb, wrong[i].text,
					      strlen(wrong[i].text), NULL));
	}
	mbm_same(&world, &image);
	/* No ALIGN is one of 0, as in Linux. */
	ok(mu_memblock_reserve_mem(mb, "4K::plain", 9, NULL));
	ok(mu_memblock_reserve_mem_release(mb, "plain"));
	mbm_same(&world, &image);
	/* The text ends where @len says. */
	ok(mu_memblock_reserve_mem(mb, "4K:4K:name,more", 10, NULL));
	ok(mu_memblock_reserve_mem_find(mb, "name", NULL, NULL));
}

static void dumps(void **state)
{
	const char *const lines[] = {
		"MEMBLOCK configuration:",
		" memory size = 0x0000000000009000 reserved size = "
		"0x0000000000000800",
		" memory.cnt  = 0x2",
		" memory[0x0]\t[0x0000000000001000-0x0000000000008fff], "
		"0x0000000000008000 bytes on node 0 flags: 0x0",
		" memory[0x1]\t[0x0000000000010000-0x0000000000010fff], "
		"0x0000000000001000 bytes flags: 0x5",
		" reserved.cnt  = 0x1",
		" reserved[0x0]\t[0x0000000000001000-0x00000000000017ff], "
		"0x0000000000000800 bytes flags: 0x20",
		"   0: 0x0000000000001000..0x0000000000008fff    0 NONE",
		"   1: 0x0000000000010000..0x0000000000010fff    x "
		"HOTPLUG|NOMAP",
		"   0: 0x0000000000001000..0x00000000000017ff    x "
		"RSV_NIT|RSV_KERN",
	};

	(void)state;
	ok(mu_memblock_add_node(mb, 0x1000, 0x8000, 0, 0));
	ok(mu_memblock_add_node(mb, 0x10000, 0x1000, MU_NO_NODE,
				MU_MEMBLOCK_HOTPLUG | MU_MEMBLOCK_NOMAP));
	ok(mu_memblock_reserve(mb, 0x1000, 0x800, MU_MEMBLOCK_RSRV_KERN));
	mu_memblock_dump_all(mb);
	mu_memblock_dump_type(mb, &mb->memory);
	ok(mu_memblock_reserved_mark_noinit(mb, 0x1000, 0x800));
	mu_memblock_dump_type(mb, &mb->reserved);
	assert_int_equal(world.logs, sizeof(lines) / sizeof(lines[0]));
	for (unsigned i = 0; i < world.logs; i++)
		assert_string_equal(world.log[i], lines[i]);
	mb->debug = true;
	ok(mu_memblock_remove(mb, 0x1000, 0x1000));
	assert_true(mbm_logged(&world, "memblock_remove memory: "
				       "[0x0000000000001000-"
				       "0x0000000000001fff] ok"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		T(before_the_hand_over),
		T(taken_or_kept),
		T(whole_pages_only),
		T(refused),
		T(the_queue_is_full),
		T(nothing_is_lost),
		T(discard),
		T(chunks),
		T(named),
		T(named_wrong),
		T(dumps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
