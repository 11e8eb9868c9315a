// SPDX-License-Identifier: MIT
/* Where MOVABLE begins on each node. */
#include "tests/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

#define G    MU_GIB
#define M    MU_MIB
#define NONE UINT64_MAX

struct want {
	mu_phys_t kernelcore, movablecore;
	bool movable_node;
};

/*
 * Start the machine @text under every policy; MOVABLE of node i must begin at
 * starts[i] bytes, NONE where there is no such zone. Then everything else is
 * checked against a model that has it there.
 */
static void expect(const char *text, unsigned shift, bool one_zone,
		   struct want want, const mu_phys_t *starts, unsigned nr)
{
	for (size_t p = 0; p < MU_ARRAY_SIZE(world_policies); p++) {
		mu_pfn_t pfns[8];
		struct mu_machine *machine = world_machine(text, shift);
		bool small = mu_machine_ram(machine) <= 512 * M << (shift - 12);
		bool lazy = world_policies[p] == MU_POLICY_LAZY;
		struct model model;
		struct world world;

		/* All of a large machine, or with ThreadSanitizer of a small
		 * one under every policy, takes long. */
		if (!lazy && (TEST_TSAN || !small)) {
			free(machine);
			continue;
		}
		world_init_machine(&world, machine, world_policies[p],
				   world_backing());
		if (one_zone)
			world_one_zone(&world);
		world.config.kernelcore = want.kernelcore;
		world.config.movablecore = want.movablecore;
		world.config.movable_node = want.movable_node;
		world_start(&world);
		assert_int_equal(world.mm.nr_nodes, nr);
		for (unsigned nid = 0; nid < nr; nid++) {
			const struct mu_zone *zone =
				world_zone(&world, (int)nid, MU_ZONE_MOVABLE);

			pfns[nid] = starts[nid] == NONE ? NONE
							: starts[nid] >> shift;
			assert_int_equal(zone != NULL, starts[nid] != NONE);
			if (zone)
				assert_int_equal(zone->start_pfn << shift,
						 starts[nid]);
		}
		if (small) {
			model_init(&model, &world, pfns);
			model_check_all(&model);
			model_destroy(&model);
		}
		world_destroy(&world);
	}
}

#define EXPECT(text, shift, one_zone, want, ...)                              \
	expect(text, shift, one_zone, want, (const mu_phys_t[]){__VA_ARGS__}, \
	       sizeof((const mu_phys_t[]){__VA_ARGS__}) / sizeof(mu_phys_t))
#define KERNELCORE(bytes)  ((struct want){.kernelcore = (bytes)})
#define MOVABLECORE(bytes) ((struct want){.movablecore = (bytes)})

static void kernelcore(void **state)
{
	(void)state;
	EXPECT("256M", 12, true, KERNELCORE(64 * M), 64 * M);
	/* To the next block. */
	EXPECT("256M", 12, true, KERNELCORE(65 * M), 68 * M);
	EXPECT("256M", 12, true, KERNELCORE(4096), 4 * M);
	EXPECT("1G", 16, true, KERNELCORE(65 * M), 128 * M);
	/* No more than all. */
	EXPECT("256M", 12, true, KERNELCORE(255 * M), NONE);
	EXPECT("256M", 12, true, KERNELCORE(256 * M), NONE);
	EXPECT("256M", 12, true, KERNELCORE(64 * G), NONE);
	EXPECT("256M", 12, true, KERNELCORE(0), NONE);
	/* Equal shares, counted without the holes. */
	EXPECT("2x128M", 12, true, KERNELCORE(128 * M), 64 * M, 192 * M);
	EXPECT("64M@0+64M@256M", 12, true, KERNELCORE(96 * M), 288 * M);
	/* It may begin in a hole. */
	EXPECT("64M@0+64M@256M", 12, true, KERNELCORE(64 * M), 64 * M);
	/* A node that is smaller than its share gives all. */
	EXPECT("32M@0:0+256M@32M:1", 12, true, KERNELCORE(128 * M), NONE,
	       128 * M);
	EXPECT("32M@0:0+64M@32M:1+160M@96M:2", 12, true, KERNELCORE(192 * M),
	       NONE, NONE, 192 * M);
	/* Node 1 has no memory. */
	EXPECT("64M@0:0+64M@64M:2", 12, true, KERNELCORE(64 * M), 32 * M, NONE,
	       96 * M);
	/* Nodes that take turns: by address, for each. */
	EXPECT("32M@0:0+32M@32M:1+32M@64M:0+32M@96M:1", 12, true,
	       KERNELCORE(96 * M), 80 * M, 112 * M);
}

static void movablecore(void **state)
{
	struct want both = {.kernelcore = 64 * M, .movablecore = 128 * M};

	(void)state;
	EXPECT("256M", 12, true, MOVABLECORE(64 * M), 192 * M);
	EXPECT("256M", 12, true, MOVABLECORE(65 * M), 188 * M);
	EXPECT("256M", 12, true, MOVABLECORE(4096), 252 * M);
	EXPECT("2x128M", 12, true, MOVABLECORE(128 * M), 64 * M, 192 * M);
	EXPECT("32M@0:0+256M@32M:1", 12, true, MOVABLECORE(160 * M), NONE,
	       128 * M);
	/* Nothing is left for the kernel: then there is no such zone. */
	EXPECT("256M", 12, true, MOVABLECORE(256 * M), NONE);
	EXPECT("256M", 12, true, MOVABLECORE(64 * G), NONE);
	/* Both: what leaves the kernel more. */
	expect("256M", 12, true, both, (mu_phys_t[]){128 * M}, 1);
	both.kernelcore = 192 * M;
	expect("256M", 12, true, both, (mu_phys_t[]){192 * M}, 1);
}

/* Only the highest zone of the machine gives: the low ones are precious. */
static void highest_zone_only(void **state)
{
	(void)state;
	EXPECT("8G", 12, false, KERNELCORE(2 * G), 4 * G);
	EXPECT("8G", 12, false, KERNELCORE(6 * G), 6 * G);
	EXPECT("2x3G", 12, false, KERNELCORE(G), NONE, 4 * G);
	/* What is below 4 GiB is the kernel's and counts: node 1 need not give.
	 */
	EXPECT("2x6G", 12, false, KERNELCORE(4 * G), 4 * G, 6 * G);
	EXPECT("2x6G", 12, false, KERNELCORE(6 * G), 5 * G, 7 * G);
	/* All of it below 4 GiB: that is DMA32 then. */
	EXPECT("256M", 12, false, KERNELCORE(8 * M), 16 * M);
	EXPECT("256M", 12, false, KERNELCORE(64 * M), 64 * M);
	EXPECT("2x8M", 12, false, KERNELCORE(8 * M), 4 * M, 12 * M);
	EXPECT("2x128M", 12, false, KERNELCORE(16 * M), 16 * M, 128 * M);
}

/* QEMU, kernelcore=5000M, Linux 6.1: tests/fixtures/logs. */
static void as_linux_shares(void **state)
{
	(void)state;
	EXPECT("632K@4K:0+1023M@1M:0+2097024K@1G:1+3G@4G:1+2G@7G:2+4G@9G:3", 12,
	       false, KERNELCORE(5000 * M), NONE, 0x10ac00000, 0x218c00000,
	       0x255400000);
}

/* A machine of @nr nodes of 64 MiB each; those in @removable are that. */
static struct mu_machine *hotplug(unsigned nr, unsigned removable,
				  mu_phys_t from)
{
	struct mu_machine *machine = world_empty_machine(32, 8);

	for (unsigned nid = 0; nid < nr; nid++) {
		mu_phys_t base = nid * (64 * M);
		mu_phys_t keep = removable & 1u << nid ? from : 64 * M;

		assert_int_equal(mu_machine_add(machine, base, 64 * M,
						MU_RANGE_RAM, 0, NULL),
				 MU_OK);
		if (keep)
			assert_int_equal(mu_machine_add_affinity(machine, base,
								 keep, (int)nid,
								 0, NULL),
					 MU_OK);
		if (keep < 64 * M)
			assert_int_equal(
				mu_machine_add_affinity(machine, base + keep,
							64 * M - keep, (int)nid,
							MU_RANGE_HOTPLUG, NULL),
				MU_OK);
	}
	world_finish_machine(machine);
	return machine;
}

static void movable_node(void **state)
{
	static const struct {
		mu_phys_t from;
		mu_phys_t start; /* in node 1 and 3; NONE: no zone */
	} cases[] = {
		{0, 0},		  {32 * M, 32 * M},
		{33 * M, 36 * M}, {32 * M + 5000, 36 * M},
		{61 * M, NONE},
	};

	(void)state;
	for (size_t i = 0; i < MU_ARRAY_SIZE(cases); i++) {
		mu_pfn_t starts[4] = {NONE, NONE, NONE, NONE};
		struct model model;
		struct world world;

		world_init_machine(&world, hotplug(4, 0xa, cases[i].from),
				   world_policies[i % 3], world_backing());
		world_one_zone(&world);
		world.config.movable_node = true;
		/* What the memory says comes before what was asked for. */
		world.config.kernelcore = 100 * M;
		world_start(&world);
		if (cases[i].start != NONE) {
			starts[1] = (64 * M + cases[i].start) >> 12;
			starts[3] = (192 * M + cases[i].start) >> 12;
		}
		for (int nid = 0; nid < 4; nid++)
			assert_int_equal(world_zone(&world, nid,
						    MU_ZONE_MOVABLE) != NULL,
					 starts[nid] != NONE);
		model_init(&model, &world, starts);
		model_check_all(&model);
		model_destroy(&model);
		world_destroy(&world);
	}
}

/* A node that has something of the kernel's cannot go. */
static void in_use(bool settle)
{
	struct world world;
	mu_phys_t at;

	world_init_machine(&world, hotplug(4, 0xe, 0), MU_POLICY_LAZY,
			   world_backing());
	world_one_zone(&world);
	world.config.movable_node = true;
	/* Half a page, in the last of node 2. */
	assert_int_equal(mu_memblock_reserve(&world.mm.memblock, 192 * M - 2048,
					     1024, 0),
			 MU_OK);
	if (settle) {
		assert_int_equal(mu_mm_movable_node(&world.mm), MU_OK);
		assert_int_equal(
			mu_memblock_phys_alloc(&world.mm.memblock, M, 0, &at),
			MU_OK);
		/* Where it does no harm. */
		assert_true(at >= 128 * M && at < 192 * M);
	}
	/* In node 3, which is not in use, or not any more. */
	assert_int_equal(mu_memblock_reserve(&world.mm.memblock, 255 * M, M, 0),
			 MU_OK);
	world_start(&world);
	assert_null(world_zone(&world, 0, MU_ZONE_MOVABLE));
	assert_non_null(world_zone(&world, 1, MU_ZONE_MOVABLE));
	assert_null(world_zone(&world, 2, MU_ZONE_MOVABLE));
	assert_int_equal(world_zone(&world, 3, MU_ZONE_MOVABLE) != NULL,
			 settle);
	world_destroy(&world);
}

static void movable_node_in_use(void **state)
{
	(void)state;
	in_use(false);
	in_use(true);
}

/* Without the wish hot-pluggable memory is memory as any other. */
static void no_movable_node(void **state)
{
	struct model model;
	struct world world;

	(void)state;
	world_init_machine(&world, hotplug(3, 0x2, 32 * M), MU_POLICY_LAZY,
			   world_backing());
	world_one_zone(&world);
	world_start(&world);
	model_init(&model, &world, NULL);
	model_check_all(&model);
	model_destroy(&model);
	world_destroy(&world);
}

/* MiB of memory above 4 GiB, in turn; from, to, node, mirrored. */
static const struct mirrored {
	mu_phys_t base, size;
	int nid;
	bool mirror;
} mirrored[] = {
	/* Below 4 GiB all is the kernel's. */
	{0, 32 * M, 0, false},
	{32 * M, 32 * M, 0, true},
	{4 * G - 8 * M, 16 * M, 0, false}, /* begins below */
	{4 * G + 8 * M, 24 * M, 0, true},
	{4 * G + 32 * M, 16 * M + 12288, 0, false},
	/* No multiple of a block: what is above is the kernel's again. */
	{4 * G + 48 * M + 12288, 7 * M, 0, true},
	{4 * G + 64 * M, 64 * M, 1, true},
	{4 * G + 128 * M + 4096, 32 * M, 2, false},
	{4 * G + 192 * M, 3 * M, 2, true},
	{4 * G + 195 * M, 9 * M, 2, false},
};

static struct mu_machine *mirrored_machine(bool any)
{
	struct mu_machine *machine = world_empty_machine(64, 4);

	for (size_t i = 0; i < MU_ARRAY_SIZE(mirrored); i++) {
		const struct mirrored *at = &mirrored[i];

		assert_int_equal(
			mu_machine_add(
				machine, at->base, at->size, MU_RANGE_RAM,
				any && at->mirror ? MU_RANGE_MIRROR : 0, NULL),
			MU_OK);
		assert_int_equal(mu_machine_add_affinity(machine, at->base,
							 at->size, at->nid, 0,
							 NULL),
				 MU_OK);
	}
	world_finish_machine(machine);
	return machine;
}

static void kernelcore_mirror(void **state)
{
	/* Node 1 has nothing else. The first block of node 2 is ragged. */
	static const mu_pfn_t starts[] = {
		(4 * G + 32 * M) >> 12,
		NONE,
		(4 * G + 132 * M) >> 12,
	};

	(void)state;
	for (unsigned i = TEST_TSAN ? 2 : 0; i < 3; i++) {
		struct model model;
		struct world world;

		world_init_machine(&world, mirrored_machine(true),
				   world_policies[i], world_backing());
		world.config.kernelcore_mirror = true;
		world.config.kernelcore = 50 * M; /* is not asked */
		world_start(&world);
		for (int nid = 0; nid < 3; nid++) {
			const struct mu_zone *zone =
				world_zone(&world, nid, MU_ZONE_MOVABLE);

			assert_int_equal(zone != NULL, starts[nid] != NONE);
			if (zone)
				assert_int_equal(zone->start_pfn, starts[nid]);
		}
		/* NORMAL of node 0 goes on over MOVABLE. */
		assert_int_equal(
			world_zone(&world, 0, MU_ZONE_NORMAL)->present_pages,
			39 * M >> 12);
		model_init(&model, &world, starts);
		model_check_all(&model);
		model_destroy(&model);
		world_destroy(&world);
	}
}

/* The parameter means nothing to it; nor does a size beside it. */
static void no_mirror(void **state)
{
	struct world world;

	(void)state;
	world_init_machine(&world, mirrored_machine(false), MU_POLICY_LAZY,
			   world_backing());
	world.config.kernelcore_mirror = true;
	world.config.kernelcore = 50 * M;
	world_start(&world);
	for (int nid = 0; nid < 3; nid++)
		assert_null(world_zone(&world, nid, MU_ZONE_MOVABLE));
	world_destroy(&world);
}

/* At least so much for the kernel, on any machine. */
static void never_less(void **state)
{
	uint64_t seed = world_seed(9);

	(void)state;
	for (unsigned turn = 0; turn < (TEST_TSAN ? 50 : 200); turn++) {
		struct mu_machine *machine = world_empty_machine(64, 5);
		mu_phys_t at = 0, ram, wanted;
		uint64_t movable = 0, kernel = 0;
		unsigned shift = 12 + 2 * (unsigned)world_random(&seed, 3);
		struct world world;

		machine->page_shift = shift;
		for (unsigned i = 0; i < 20; i++) {
			mu_phys_t size = M * (1 + world_random(&seed, 400));

			at += M * world_random(&seed, 50);
			assert_int_equal(mu_machine_add(machine, at, size,
							MU_RANGE_RAM, 0, NULL),
					 MU_OK);
			assert_int_equal(mu_machine_add_affinity(
						 machine, at, size,
						 (int)world_random(&seed, 5), 0,
						 NULL),
					 MU_OK);
			at += size;
		}
		world_finish_machine(machine);
		ram = mu_machine_ram(machine);
		wanted = world_random(&seed, ram);
		world_init_machine(&world, machine, MU_POLICY_LAZY,
				   world_backing());
		if (turn % 2)
			world.config.kernelcore = wanted;
		else
			world.config.movablecore = wanted;
		world_start(&world);
		for (unsigned z = 0; z < world.mm.buddy.nr_zones; z++) {
			const struct mu_zone *zone = &world.mm.buddy.zones[z];

			if (zone->type == MU_ZONE_MOVABLE)
				movable += zone->present_pages << shift;
			else
				kernel += zone->present_pages << shift;
		}
		assert_int_equal(movable + kernel, ram);
		if (turn % 2)
			assert_true(
				kernel >=
				mu_align_down(wanted, (mu_phys_t)1 << shift));
		else
			assert_true(movable <=
				    wanted + (MU_BLOCK_PAGES << shift));
		world_destroy(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernelcore),
		cmocka_unit_test(movablecore),
		cmocka_unit_test(highest_zone_only),
		cmocka_unit_test(as_linux_shares),
		cmocka_unit_test(movable_node),
		cmocka_unit_test(movable_node_in_use),
		cmocka_unit_test(no_movable_node),
		cmocka_unit_test(kernelcore_mirror),
		cmocka_unit_test(no_mirror),
		cmocka_unit_test(never_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
