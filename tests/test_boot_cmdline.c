// SPDX-License-Identifier: MIT
/* Parameters of the kernel that reserve memory, or ask for huge pages. */
#include <stdio.h>
#include <string.h>
#include "memup/boot_cmdline.h"
#include "tests/world.h"

static struct mu_crashkernel crash_of(mu_phys_t ram, const char *text)
{
	struct mu_crashkernel crash;
	struct mu_error error = {.text = ""};

	memset(&crash, 0xa5, sizeof(crash));
	if (mu_crashkernel_read(&crash, ram, text, strlen(text), &error))
		fail_msg("%s: %s", text, error.text);
	return crash;
}

static void crash_sizes(void **state)
{
	static const char ranges[] =
		"crashkernel=512M-2G:64M,2G-8G:128M,8G-:0x20000000@32M";
	struct mu_crashkernel crash;

	(void)state;
	assert_int_equal(crash_of(MU_GIB, "").size, 0);
	assert_int_equal(
		crash_of(MU_GIB, "xcrashkernel=1M -- crashkernel=1M").size, 0);
	crash = crash_of(MU_GIB, "quiet crashkernel=64M crashkernel=128m ro");
	assert_int_equal(crash.size, 128 * MU_MIB);
	assert_false(crash.fixed || crash.high);
	crash = crash_of(MU_GIB, "crashkernel=64M@16M");
	assert_int_equal(crash.base, 16 * MU_MIB);
	assert_true(crash.fixed);

	assert_int_equal(crash_of(256 * MU_MIB, ranges).size, 0);
	assert_int_equal(crash_of(MU_GIB, ranges).size, 64 * MU_MIB);
	/* A few bytes are the firmware's: it is a machine of 2 GiB. */
	assert_int_equal(crash_of(2 * MU_GIB - 5, ranges).size, 128 * MU_MIB);
	crash = crash_of(64 * MU_GIB, ranges);
	assert_int_equal(crash.size, 512 * MU_MIB);
	assert_int_equal(crash.base, 32 * MU_MIB);

	crash = crash_of(8 * MU_GIB, "crashkernel=1G,high");
	assert_true(crash.high);
	assert_int_equal(crash.size, MU_GIB);
	assert_int_equal(crash.low, 256 * MU_MIB);
	crash = crash_of(8 * MU_GIB, "crashkernel=72M,low crashkernel=1G,high");
	assert_int_equal(crash.low, 72 * MU_MIB);
	crash = crash_of(8 * MU_GIB, "crashkernel=64M crashkernel=1G,cma");
	assert_int_equal(crash.size, 64 * MU_MIB);
	assert_int_equal(crash.cma, MU_GIB);
	assert_int_equal(crash_of(8 * MU_GIB, "crashkernel=1G,cma").cma, 0);
	/* One without a suffix is before one with. */
	crash = crash_of(8 * MU_GIB, "crashkernel=1G,high crashkernel=96M");
	assert_false(crash.high);
	assert_int_equal(crash.size, 96 * MU_MIB);
}

static void crash_refused(void **state)
{
	static const struct {
		const char *text, *why;
		enum mu_status status;
	} cases[] = {
		{"crashkernel=", "expected a number", MU_ERR_SYNTAX},
		{"crashkernel=64M@", "expected a number", MU_ERR_SYNTAX},
		{"crashkernel=64Mx", "expected @, a comma or the end",
		 MU_ERR_SYNTAX},
		{"crashkernel=0:64M", "expected - after the start of a range",
		 MU_ERR_SYNTAX},
		{"crashkernel=0-64M,1G-:5M", "expected : after a range",
		 MU_ERR_SYNTAX},
		{"crashkernel=2G-1G:64M", "a range ends before it begins",
		 MU_ERR_RANGE},
		{"crashkernel=1G", "not less than there is RAM", MU_ERR_RANGE},
		{"crashkernel=2G,high", "not less than there is RAM",
		 MU_ERR_RANGE},
		{"crashkernel=2G,cma", "not less than there is RAM",
		 MU_ERR_RANGE},
		{"crashkernel=64M,cmax", "expected @, a comma or the end",
		 MU_ERR_SYNTAX},
		{"crashkernel=64M@1M,high",
		 "expected a size and no more before the suffix",
		 MU_ERR_SYNTAX},
		{"crashkernel=99999999999999999999", "a number past 64 bits",
		 MU_ERR_RANGE},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mu_crashkernel crash = {.size = 7};
		struct mu_error error = {.text = ""};
		const char *text = cases[i].text;
		char why[128];

		assert_int_equal(mu_crashkernel_read(&crash, MU_GIB, text,
						     strlen(text), &error),
				 cases[i].status);
		snprintf(why, sizeof(why), "%s: %s", text, cases[i].why);
		assert_string_equal(error.text, why);
		assert_int_equal(crash.size, 7);
		assert_int_equal(mu_crashkernel_read(&crash, MU_GIB, text,
						     strlen(text), NULL),
				 cases[i].status);
	}
}

/* Reserve what @text says on the machine @what; the world is to be ended. */
static enum mu_status reserve(struct world *world, const char *what,
			      const char *text, struct mu_crashkernel *crash)
{
	world_init(world, what, MU_POLICY_LAZY);
	return mu_mm_reserve_cmdline(&world->mm, crash, text, strlen(text),
				     &world->error);
}

/* Every page of it is reserved, and the allocator has none. */
static void check_reserved(struct world *world, mu_phys_t base, mu_phys_t size)
{
	assert_true(mu_memblock_is_region_reserved(&world->mm.memblock, base,
						   size));
	assert_int_equal(base % (16 * MU_MIB), 0);
}

static void crash_places(void **state)
{
	struct mu_crashkernel crash;
	struct world world;

	(void)state;
	/* Below 4 GiB as long as there is room, the highest place there. */
	assert_int_equal(reserve(&world, "8G", "crashkernel=256M", &crash),
			 MU_OK);
	assert_int_equal(crash.base, 4 * MU_GIB - 256 * MU_MIB);
	assert_int_equal(crash.low, 0);
	check_reserved(&world, crash.base, crash.size);
	world_start(&world);
	world_destroy(&world);

	assert_int_equal(reserve(&world, "8G", "crashkernel=64M@1G", &crash),
			 MU_OK);
	assert_int_equal(crash.base, MU_GIB);
	check_reserved(&world, crash.base, crash.size);
	world_destroy(&world);

	assert_int_equal(reserve(&world, "8G", "crashkernel=1G,high", &crash),
			 MU_OK);
	assert_int_equal(crash.base, 7 * MU_GIB);
	assert_int_equal(crash.low_base, 4 * MU_GIB - 256 * MU_MIB);
	check_reserved(&world, crash.low_base, 256 * MU_MIB);
	world_destroy(&world);

	/* The other half, when there is no room in the first. */
	assert_int_equal(
		reserve(&world, "1G@0+4G@4G", "crashkernel=2G", &crash), MU_OK);
	assert_int_equal(crash.base, 6 * MU_GIB);
	assert_int_equal(crash.low_base, MU_GIB - 256 * MU_MIB);
	world_destroy(&world);
	assert_int_equal(reserve(&world, "2G", "crashkernel=1G,high", &crash),
			 MU_OK);
	assert_int_equal(crash.base, MU_GIB);
	assert_int_equal(crash.low, 0);
	world_destroy(&world);
}

/* Shared memory stays with the allocator, for what can move. */
static void crash_cma(void **state)
{
	struct mu_crashkernel crash;
	const struct mu_zone *zone;
	struct world world;

	(void)state;
	assert_int_equal(reserve(&world, "2x4G",
				 "crashkernel=256M,high crashkernel=510M,cma "
				 "reserve_mem=4M:4M:x",
				 &crash),
			 MU_OK);
	assert_int_equal(crash.cma_base, 0);
	assert_int_equal(mu_crashkernel_place_cma(&world.mm.memblock, &crash,
						  &world.error),
			 MU_OK);
	assert_int_equal(crash.cma, 512 * MU_MIB);
	assert_int_equal(crash.cma_base, 8 * MU_GIB - 772 * MU_MIB);
	assert_false(mu_memblock_is_region_reserved(&world.mm.memblock,
						    crash.cma_base, crash.cma));
	world.config.movable_from = crash.cma_base;
	world_start(&world);
	assert_null(world_zone(&world, 0, MU_ZONE_MOVABLE));
	zone = world_zone(&world, 1, MU_ZONE_MOVABLE);
	assert_non_null(zone);
	assert_int_equal(zone->start_pfn << 12, crash.cma_base);
	assert_int_equal(zone->managed_pages << 12, crash.cma);
	world_destroy(&world);

	/* In one piece, and what is reserved already stays. */
	assert_int_equal(reserve(&world, "512M@0+512M@1G",
				 "crashkernel=64M crashkernel=513M,cma",
				 &crash),
			 MU_OK);
	assert_int_equal(mu_crashkernel_place_cma(&world.mm.memblock, &crash,
						  &world.error),
			 MU_ERR_NOMEM);
	assert_string_equal(world.error.text,
			    "crashkernel: no place for 0x20400000 bytes of "
			    "cma in one piece");
	check_reserved(&world, crash.base, crash.size);
	crash.cma = 0;
	assert_int_equal(
		mu_crashkernel_place_cma(&world.mm.memblock, &crash, NULL),
		MU_OK);
	world_destroy(&world);
	/* No effect where there is no memory. */
	world_init(&world, "1G", MU_POLICY_LAZY);
	world.config.movable_from = 4 * MU_GIB;
	world_start(&world);
	assert_null(world_zone(&world, 0, MU_ZONE_MOVABLE));
	world_destroy(&world);
	/* What begins earlier stays. */
	world_init(&world, "8G", MU_POLICY_LAZY);
	world.config.movable_from = 6 * MU_GIB;
	world.config.kernelcore = 5 * MU_GIB;
	world_start(&world);
	assert_int_equal(world_zone(&world, 0, MU_ZONE_MOVABLE)->start_pfn
				 << 12,
			 5 * MU_GIB);
	world_destroy(&world);
}

static void no_place(void **state)
{
	static const struct {
		const char *what, *text;
		enum mu_status status;
	} cases[] = {
		{"1G", "crashkernel=64M@2G", MU_ERR_NOMEM},
		{"1G", "crashkernel=64M@1M", MU_ERR_INVALID},
		{"1G", "crashkernel=16M@8E", MU_ERR_NOMEM},
		{"64M@0+64M@1G", "crashkernel=96M", MU_ERR_NOMEM},
		/* Above there is room, below not as much as it takes. */
		{"64M@0+4G@4G", "crashkernel=1G,high", MU_ERR_NOMEM},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mu_crashkernel crash;
		struct world world;

		assert_int_equal(
			reserve(&world, cases[i].what, cases[i].text, &crash),
			cases[i].status);
		assert_int_equal(strncmp(world.error.text, "crashkernel", 11),
				 0);
		/* Page 0 alone. */
		assert_int_equal(mu_memblock_reserved_size(&world.mm.memblock),
				 4096);
		world_destroy(&world);
	}
}

static void named_memory(void **state)
{
	struct mu_crashkernel crash;
	mu_phys_t base, size;
	struct world world;

	(void)state;
	assert_int_equal(reserve(&world, "1G",
				 "reserve_mem=12M:4096:trace "
				 "reserve_mem=1M:1M:oops crashkernel=64M",
				 &crash),
			 MU_OK);
	assert_int_equal(mu_memblock_reserve_mem_find(&world.mm.memblock,
						      "trace", &base, &size),
			 MU_OK);
	assert_int_equal(size, 12 * MU_MIB);
	assert_int_equal(mu_memblock_reserve_mem_find(&world.mm.memblock,
						      "oops", &base, &size),
			 MU_OK);
	assert_int_equal(base % MU_MIB, 0);
	world_start(&world);
	world_destroy(&world);
	assert_int_equal(
		reserve(&world, "1G", "reserve_mem=12M:3:trace", &crash),
		MU_ERR_INVALID);
	world_destroy(&world);
}

/* A machine's own parameters, with whatever the kernel shrugged off. */
static void own_parameters(void **state)
{
	static const char text[] =
		"crashkernel=auto crashkernel=64M crashkernel=x,high "
		"reserve_mem=1M:4096:one reserve_mem=1M:3:two "
		"reserve_mem=1M:4096:one hugepages=x hugepages=3 "
		"hugepagesz=3M hugepagesz=2M hugepages=0:1,1:x hugepages=5";
	struct mu_huge_pools pools;
	struct mu_crashkernel crash;
	mu_phys_t base, size;
	struct world world;

	(void)state;
	world_init(&world, "1G", MU_POLICY_LAZY);
	mu_machine_set_cmdline(world.machine, text, strlen(text));
	mu_mm_reserve_own(&world.mm, &crash);
	assert_int_equal(crash.size, 64 * MU_MIB);
	check_reserved(&world, crash.base, crash.size);
	assert_int_equal(mu_memblock_reserve_mem_find(&world.mm.memblock, "one",
						      &base, &size),
			 MU_OK);
	assert_int_equal(mu_memblock_reserved_size(&world.mm.memblock),
			 4096 + 65 * MU_MIB);
	mu_huge_pools_own(&pools, world.machine);
	assert_int_equal(pools.nr, 2);
	assert_int_equal(pools.pools[0].count, 3);
	assert_int_equal(pools.pools[0].size, 0);
	assert_int_equal(pools.pools[1].count, 5);
	assert_int_equal(pools.pools[1].size, 2 * MU_MIB);
	world_start(&world);
	world_destroy(&world);

	/* One that has no place, and one that is not wanted. */
	world_init(&world, "64M@0+64M@1G", MU_POLICY_LAZY);
	mu_machine_set_cmdline(world.machine, "crashkernel=96M", 15);
	mu_mm_reserve_own(&world.mm, &crash);
	assert_int_equal(crash.size, 0);
	mu_machine_set_cmdline(world.machine, "crashkernel=16M", 15);
	mu_mm_reserve_own(&world.mm, NULL);
	assert_int_equal(mu_memblock_reserved_size(&world.mm.memblock), 4096);
	world_destroy(&world);
}

static void huge_pages(void **state)
{
	static const char text[] = "hugepages=3 hugepagesz=1G hugepages=4 "
				   "default_hugepagesz=2M hugepagesz=2M "
				   "hugepages=0:5,7:6 -- hugepages=9";
	static const struct mu_huge_pool expected[] = {
		{0, 3, MU_NO_NODE},
		{MU_GIB, 4, MU_NO_NODE},
		{2 * MU_MIB, 5, 0},
		{2 * MU_MIB, 6, 7},
	};
	struct mu_huge_pools pools;

	(void)state;
	assert_int_equal(mu_huge_pools_read(&pools, text, strlen(text), NULL),
			 MU_OK);
	assert_int_equal(pools.default_size, 2 * MU_MIB);
	assert_int_equal(pools.nr, 4);
	for (unsigned i = 0; i < pools.nr; i++) {
		assert_int_equal(pools.pools[i].size, expected[i].size);
		assert_int_equal(pools.pools[i].count, expected[i].count);
		assert_int_equal(pools.pools[i].nid, expected[i].nid);
	}
}

static void append(char *text, size_t size, const char *more)
{
	size_t len = strlen(text);

	assert_true(len + strlen(more) < size);
	memcpy(text + len, more, strlen(more) + 1);
}

static void huge_pages_refused(void **state)
{
	static const struct {
		const char *text;
		enum mu_status status;
	} cases[] = {
		{"hugepages=", MU_ERR_SYNTAX},
		{"hugepages=4x", MU_ERR_SYNTAX},
		{"hugepages=0:4,5", MU_ERR_SYNTAX},
		{"hugepages=0:4;", MU_ERR_SYNTAX},
		{"hugepages=0:", MU_ERR_SYNTAX},
		{"hugepages=99999:1", MU_ERR_RANGE},
		{"hugepages=99999999999999999999", MU_ERR_RANGE},
		{"hugepagesz=", MU_ERR_SYNTAX},
		{"hugepagesz=2Mx", MU_ERR_SYNTAX},
		{"hugepagesz=3M", MU_ERR_RANGE},
		{"hugepagesz=4K", MU_ERR_RANGE},
		{"default_hugepagesz=8E", MU_ERR_RANGE},
	};
	char many[1024] = "hugepages=0:0";
	struct mu_huge_pools pools = {.nr = 77};
	struct mu_error error;

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = cases[i].text;

		assert_int_equal(
			mu_huge_pools_read(&pools, text, strlen(text), &error),
			cases[i].status);
		assert_int_equal(strncmp(error.text, text, strlen(text)), 0);
	}
	for (unsigned i = 1; i < MU_HUGE_POOLS; i++)
		append(many, sizeof(many), ",1:1");
	assert_int_equal(pools.nr, 77);
	assert_int_equal(mu_huge_pools_read(&pools, many, strlen(many), NULL),
			 MU_OK);
	assert_int_equal(pools.nr, MU_HUGE_POOLS);
	append(many, sizeof(many), ",1:1");
	assert_int_equal(mu_huge_pools_read(&pools, many, strlen(many), NULL),
			 MU_ERR_FULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(crash_sizes),
		cmocka_unit_test(crash_refused),
		cmocka_unit_test(crash_places),
		cmocka_unit_test(crash_cma),
		cmocka_unit_test(no_place),
		cmocka_unit_test(named_memory),
		cmocka_unit_test(own_parameters),
		cmocka_unit_test(huge_pages),
		cmocka_unit_test(huge_pages_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
