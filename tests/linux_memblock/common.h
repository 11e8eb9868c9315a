/* SPDX-License-Identifier: MIT */
/*
 * common: what the tests of Linux's memblock (tools/testing/memblock) ask for,
 * on top of memup's. tools/linux-memblock-tests builds the two together.
 *
 * Linux's tests see one memblock in a global, whose empty types have one region
 * of nothing, and addresses that are pointers. `memblock' is such a view of a
 * struct mu_memblock, made anew after each change. The kernel that the tests
 * are of has no flag and no node on what an allocation reserves: here all that
 * is reserved has the flag and none has a node.
 */
#ifndef TESTS_LINUX_MEMBLOCK_COMMON_H
#define TESTS_LINUX_MEMBLOCK_COMMON_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memup/memblock.h"

typedef uint64_t phys_addr_t;

#define MEM_SIZE	0x4000
#define NUMA_NODES	8
#define PAGE_SIZE	4096
#define SMP_CACHE_BYTES 32 /* in user programs */
#define PHYS_ADDR_MAX	UINT64_MAX
#define NUMA_NO_NODE	MU_NO_NODE
#define SZ_1		((phys_addr_t)1)
#define SZ_2		(SZ_1 << 1)
#define SZ_4		(SZ_1 << 2)
#define SZ_8		(SZ_1 << 3)
#define SZ_16		(SZ_1 << 4)
#define SZ_32		(SZ_1 << 5)
#define SZ_64		(SZ_1 << 6)
#define SZ_128		(SZ_1 << 7)
#define SZ_256		(SZ_1 << 8)
#define SZ_512		(SZ_1 << 9)
#define SZ_1K		(SZ_1 << 10)
#define SZ_2K		(SZ_1 << 11)
#define SZ_4K		(SZ_1 << 12)
#define SZ_8K		(SZ_1 << 13)
#define SZ_16K		(SZ_1 << 14)
#define SZ_32K		(SZ_1 << 15)
#define SZ_64K		(SZ_1 << 16)
#define SZ_128K		(SZ_1 << 17)
#define SZ_256K		(SZ_1 << 18)
#define SZ_512K		(SZ_1 << 19)
#define SZ_1M		(SZ_1 << 20)
#define SZ_2M		(SZ_1 << 21)
#define SZ_4M		(SZ_1 << 22)
#define SZ_8M		(SZ_1 << 23)
#define SZ_16M		(SZ_1 << 24)
#define SZ_32M		(SZ_1 << 25)
#define SZ_64M		(SZ_1 << 26)
#define SZ_128M		(SZ_1 << 27)
#define SZ_256M		(SZ_1 << 28)
#define SZ_512M		(SZ_1 << 29)
#define SZ_1G		(SZ_1 << 30)
#define SZ_2G		(SZ_1 << 31)
#define SZ_4G		(SZ_1 << 32)

#define MEMBLOCK_NONE		  MU_MEMBLOCK_NONE
#define MEMBLOCK_HOTPLUG	  MU_MEMBLOCK_HOTPLUG
#define MEMBLOCK_ALLOC_ANYWHERE	  MU_MEMBLOCK_ALLOC_ANYWHERE
#define MEMBLOCK_ALLOC_ACCESSIBLE MU_MEMBLOCK_ALLOC_ACCESSIBLE

/* ---- The memblock that the tests see ---- */

#define memblock_region mu_memblock_region

struct memblock_type {
	unsigned long cnt, max;
	phys_addr_t total_size;
	struct mu_memblock_region *regions;
	const char *name;
};

extern struct memblock {
	bool bottom_up;
	phys_addr_t current_limit;
	struct memblock_type memory, reserved;
} memblock;

int memblock_add(phys_addr_t base, phys_addr_t size);
int memblock_add_node(phys_addr_t base, phys_addr_t size, int nid,
		      unsigned flags);
int memblock_remove(phys_addr_t base, phys_addr_t size);
int memblock_reserve(phys_addr_t base, phys_addr_t size);
void memblock_free(void *ptr, size_t size);
void memblock_trim_memory(phys_addr_t align);
phys_addr_t memblock_start_of_DRAM(void);
phys_addr_t memblock_end_of_DRAM(void);
void *memblock_alloc(phys_addr_t size, phys_addr_t align);
void *memblock_alloc_raw(phys_addr_t size, phys_addr_t align);
void *memblock_alloc_from(phys_addr_t size, phys_addr_t align,
			  phys_addr_t min_addr);
void *memblock_alloc_try_nid(phys_addr_t size, phys_addr_t align,
			     phys_addr_t min_addr, phys_addr_t max_addr,
			     int nid);
void *memblock_alloc_try_nid_raw(phys_addr_t size, phys_addr_t align,
				 phys_addr_t min_addr, phys_addr_t max_addr,
				 int nid);

static inline void memblock_set_bottom_up(bool enable)
{
	memblock.bottom_up = enable;
}

static inline bool memblock_bottom_up(void)
{
	return memblock.bottom_up;
}

static inline bool movable_node_is_enabled(void)
{
	return false;
}

/* ---- The tests, and what helps them ---- */

int memblock_basic_checks(void);
int memblock_alloc_checks(void);
int memblock_alloc_helpers_checks(void);
int memblock_alloc_nid_checks(void);

enum test_flags { TEST_F_NONE, TEST_F_RAW };

struct region {
	phys_addr_t base, size;
};

extern unsigned checks, failures;

void check_that(bool is_so, const char *what, const char *test, int line);

#define CHECK(is_so)	check_that(is_so, #is_so, __func__, __LINE__)
#define ASSERT_EQ(a, b) CHECK((a) == (b))
#define ASSERT_NE(a, b) CHECK((a) != (b))
#define ASSERT_LT(a, b) CHECK((a) < (b))
#define ASSERT_LE(a, b) CHECK((a) <= (b))

/* @size bytes at @mem, all of them 0, or with TEST_F_RAW none. */
void assert_mem_content(const void *mem, int size, int flags);

#define ASSERT_MEM_EQ(mem, zero, size) \
	assert_mem_content(mem, (int)(size), TEST_F_NONE)

static inline phys_addr_t region_end(const struct mu_memblock_region *region)
{
	return region->base + region->size;
}

void reset_memblock_regions(void);
void reset_memblock_attributes(void);
void setup_memblock(void);
/* Nodes of so many ten thousandths of the memory each. */
void setup_numa_memblock(const unsigned *fractions);
void dummy_physical_memory_init(void);
void dummy_physical_memory_cleanup(void);

static inline void run_top_down(int (*test)(void))
{
	memblock_set_bottom_up(false);
	(void)test();
}

static inline void run_bottom_up(int (*test)(void))
{
	memblock_set_bottom_up(true);
	(void)test();
}

#define PREFIX_PUSH()	 ((void)0)
#define prefix_push(...) ((void)0)
#define prefix_pop()	 ((void)0)
#define prefix_reset()	 ((void)0)
#define test_print(...)	 ((void)0)
#define test_pass()	 ((void)0)
#define test_pass_pop()	 ((void)0)

#endif
