// SPDX-License-Identifier: MIT
/*
 * Whoever is given a buffer is given its size: of every pair of functions that
 * say how large a buffer is and take it, the second refuses what is too small,
 * writes nothing past what is large enough, and names both sizes.
 */
#include "buddy/memory.h"
#include "memmap/blocks.h"
#include "memup/early.h"
#include "memup/padata.h"
#include "tests/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define GUARD 4096
#define FILL  0x5a

/* A buffer of @size bytes with a guard behind it. */
static char *guarded(size_t size)
{
	char *buf = aligned_alloc(64, ((size + 63) & ~(size_t)63) + GUARD);

	assert_non_null(buf);
	memset(buf, FILL, ((size + 63) & ~(size_t)63) + GUARD);
	return buf;
}

/* Was nothing written from @from on? */
static void assert_clean(const char *buf, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (buf[i] != FILL)
			fail_msg("byte %zu of a buffer of %zu was written", i,
				 from);
}

/* ---- The tables of mu_mm_start() ---- */

struct ram {
	char *at;
	mu_phys_t base;
};

static void *phys_to_virt(void *arg, mu_phys_t base, mu_phys_t size)
{
	const struct ram *ram = arg;

	(void)size;
	return ram->at + (base - ram->base);
}

static unsigned four(void *arg)
{
	(void)arg;
	return 4;
}

static unsigned first(void *arg)
{
	(void)arg;
	return 0;
}

#define RAM_BASE (1 * MU_GIB)
#define RAM_SIZE (256 * MU_MIB)

/*
 * The manual's sequence: ask for the size, take the tables from memblock,
 * start. That takes regions of memblock: @regions are reserved beforehand, so
 * that at some of them its array is full and moves, too.
 */
static void from_memblock(unsigned regions, unsigned more)
{
	struct ram ram = {.base = RAM_BASE};
	struct mu_port port = {.arg = &ram,
			       .phys_to_virt = phys_to_virt,
			       .cpu_count = four,
			       .cpu_id = first};
	struct mu_config config = mu_config_default();
	struct mu_limits limits = {
		.end = 2 * MU_GIB, .late = MU_GIB / 2, .ranges = 4};
	struct mu_error error = {.text = ""};
	static struct mu_mm mm;
	struct mu_memblock *memblock = &mm.memblock;
	size_t size, span;
	void *memmap, *tables, *guard;

	ram.at = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(ram.at != MAP_FAILED);
	mu_mm_init(&mm, &port);
	assert_int_equal(mu_memblock_add(memblock, RAM_BASE, RAM_SIZE), MU_OK);
	assert_int_equal(mu_mm_set_limits(&mm, &limits, &error), MU_OK);
	mu_memblock_allow_resize(memblock);
	for (unsigned i = 0; i < regions; i++)
		assert_int_equal(mu_memblock_reserve(
					 memblock,
					 RAM_BASE + (mu_phys_t)i * 16 * MU_KIB,
					 4 * MU_KIB, 0),
				 MU_OK);
	/* What lies behind the tables, since memblock allocates downwards. */
	assert_int_equal(mu_memblock_alloc_raw(memblock, GUARD, 64, &guard),
			 MU_OK);
	memset(guard, FILL, GUARD);
	span = (size_t)mu_mm_memmap_span(&mm);
	memmap = mmap(NULL, span, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(memmap != MAP_FAILED);

	size = mu_mm_size(&mm);
	assert_int_equal(mu_memblock_alloc_raw(memblock, size, 64, &tables),
			 MU_OK);
	for (unsigned i = 0; i < more; i++)
		assert_int_equal(
			mu_memblock_reserve(memblock,
					    RAM_BASE + RAM_SIZE / 2 +
						    (mu_phys_t)i * 16 * MU_KIB,
					    4 * MU_KIB, 0),
			MU_OK);
	if (mu_mm_start(&mm, &config, memmap, tables, size, &error) != MU_OK)
		fail_msg("%u regions: %s", regions, error.text);
	assert_clean(guard, 0, GUARD);
	for (unsigned i = 0; i < 8; i++) {
		mu_pfn_t pfn;

		assert_int_equal(mu_alloc_pages(&mm.buddy, 0, 0, 0, &pfn),
				 MU_OK);
	}
	assert_int_equal(mu_validate(&mm, NULL, &error), MU_OK);
	assert_clean(guard, 0, GUARD);
	munmap(memmap, span);
	munmap(ram.at, RAM_SIZE);
}

static void tables_from_memblock(void **state)
{
	(void)state;
	for (unsigned regions = 0; regions < 2 * MU_MEMBLOCK_REGIONS + 8;
	     regions += regions % MU_MEMBLOCK_REGIONS < 8 ? 1 : 29)
		from_memblock(regions, 0);
	for (unsigned regions = MU_MEMBLOCK_REGIONS - 16;
	     regions <= MU_MEMBLOCK_REGIONS; regions++)
		from_memblock(regions, MU_MM_MORE_RESERVED - 4);
}

/* Every size that is too small is refused, and nothing written; the size that
 * the error names is enough. */
static void tables_too_small(void **state)
{
	struct mu_error error = {.text = ""};
	struct world world;
	size_t need = 0, size;
	char *buf;

	(void)state;
	world_init(&world, "2x256M/4", MU_POLICY_LAZY);
	size = mu_mm_size(&world.mm);
	buf = guarded(size);
	for (size_t have = 0; have < size; have += 64) {
		unsigned long long named[2];
		enum mu_status status = mu_mm_start(
			&world.mm, &world.config,
			mu_hosted_memmap(world.hosted), buf, have, &error);

		if (status == MU_OK) {
			assert_true(have >= need);
			break;
		}
		assert_int_equal(status, MU_ERR_FULL);
		assert_int_equal(error.status, MU_ERR_FULL);
		assert_int_equal(sscanf(error.text,
					"the tables need %llu bytes, and there "
					"are %llu:",
					&named[0], &named[1]),
				 2);
		assert_int_equal(named[1], have);
		assert_true(named[0] > have && named[0] <= size);
		need = (size_t)named[0];
		assert_clean(buf, 0, size + GUARD);
	}
	assert_int_equal(mu_validate(&world.mm, NULL, &error), MU_OK);
	assert_clean(buf, need, size + GUARD);
	free(buf);
	world_destroy(&world);
}

/* More was reserved after the size was asked for than it allows. */
static void too_much_reserved(void **state)
{
	struct mu_error error = {.text = ""};
	struct world world;
	struct mu_memblock *memblock = &world.mm.memblock;
	size_t size, more;
	char *buf;

	(void)state;
	world_init(&world, "256M", MU_POLICY_LAZY);
	size = mu_mm_size(&world.mm);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(
			mu_memblock_reserve(memblock,
					    MU_MIB + (mu_phys_t)i * 16 * MU_KIB,
					    4 * MU_KIB, 0),
			MU_OK);
	buf = guarded(size);
	assert_int_equal(mu_mm_start(&world.mm, &world.config,
				     mu_hosted_memmap(world.hosted), buf, size,
				     &error),
			 MU_ERR_FULL);
	assert_clean(buf, 0, size + GUARD);
	free(buf);
	more = mu_mm_size(&world.mm);
	assert_true(more > size);
	world_start(&world);
	world_destroy(&world);
}

static void not_aligned(void **state)
{
	struct mu_error error = {.text = ""};
	struct world world;
	char *memmap, *buf;
	size_t size;

	(void)state;
	world_init(&world, "256M", MU_POLICY_LAZY);
	memmap = (char *)mu_hosted_memmap(world.hosted);
	size = mu_mm_size(&world.mm);
	buf = guarded(size + 64);
	assert_int_equal(mu_mm_start(&world.mm, &world.config, (void *)memmap,
				     buf + 8, size, &error),
			 MU_ERR_INVALID);
	assert_non_null(strstr(error.text, "not aligned to 64"));
	assert_int_equal(mu_mm_start(&world.mm, &world.config,
				     (void *)(memmap + 16), buf, size, &error),
			 MU_ERR_INVALID);
	assert_clean(buf, 0, size + GUARD);
	free(buf);
	world_start(&world);
	world_destroy(&world);
}

/* ---- The others ---- */

static void machine(void **state)
{
	const size_t size = mu_machine_size(4, 2);
	struct mu_error error = {.text = ""};
	char *buf = guarded(size);
	struct mu_machine machine, before;

	(void)state;
	memset(&machine, FILL, sizeof(machine));
	before = machine;
	assert_int_equal(mu_machine_init(&machine, buf, size - 1, 4, 2, &error),
			 MU_ERR_FULL);
	assert_non_null(strstr(error.text, "and there are"));
	assert_int_equal(mu_machine_init(&machine, buf + 4, size, 4, 2, &error),
			 MU_ERR_INVALID);
	assert_int_equal(mu_machine_init(&machine, buf, size, 0, 2, &error),
			 MU_ERR_RANGE);
	assert_memory_equal(&machine, &before, sizeof(machine));
	assert_clean(buf, 0, size + GUARD);
	assert_int_equal(mu_machine_init(&machine, buf, size, 4, 2, &error),
			 MU_OK);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(
			mu_machine_add(&machine, (mu_phys_t)2 * i * MU_MIB,
				       MU_MIB, MU_RANGE_RAM, 0, &error),
			MU_OK);
	assert_int_equal(mu_machine_finish(&machine, &error), MU_OK);
	assert_clean(buf, size, size + GUARD);
	free(buf);
}

static void memblock_room(void **state)
{
	static const struct mu_port port;
	static struct mu_memblock memblock;
	size_t size;
	char *buf;

	(void)state;
	mu_memblock_init(&memblock, &port);
	assert_int_equal(mu_memblock_add(&memblock, 0, MU_GIB), MU_OK);
	size = mu_memblock_room_size(&memblock, 3);
	buf = guarded(size);
	assert_int_equal(mu_memblock_make_room(&memblock, 3, buf, size - 1),
			 MU_ERR_FULL);
	assert_clean(buf, 0, size + GUARD);
	assert_int_equal(mu_memblock_make_room(&memblock, 3, buf, size), MU_OK);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(mu_memblock_reserve(&memblock,
						     (2 * i + 1) * MU_MIB,
						     MU_MIB, 0),
				 MU_OK);
	assert_int_equal(mu_memblock_reserve(&memblock, 64 * MU_MIB, 1, 0),
			 MU_ERR_FULL);
	assert_int_equal(mu_memblock_validate(&memblock), MU_OK);
	assert_clean(buf, size, size + GUARD);
	free(buf);
}

static void padata(void **state)
{
	static const struct mu_port port;
	const size_t size = mu_padata_instance_size();
	const size_t shell_size = mu_padata_shell_size();
	struct mu_padata_instance *instance = NULL;
	struct mu_padata_shell *shell = NULL;
	char *buf = guarded(size), *shell_buf = guarded(shell_size);

	(void)state;
	assert_int_equal(
		mu_padata_instance_init(buf, size - 1, &port, 0, &instance),
		MU_ERR_FULL);
	assert_int_equal(
		mu_padata_instance_init(buf + 1, size, &port, 0, &instance),
		MU_ERR_INVALID);
	assert_null(instance);
	assert_clean(buf, 0, size + GUARD);
	assert_int_equal(
		mu_padata_instance_init(buf, size, &port, 0, &instance), MU_OK);
	assert_int_equal(mu_padata_shell_init(shell_buf, shell_size - 1,
					      instance, &shell),
			 MU_ERR_FULL);
	assert_int_equal(mu_padata_shell_init(shell_buf + 1, shell_size,
					      instance, &shell),
			 MU_ERR_INVALID);
	assert_null(shell);
	assert_int_equal(
		mu_padata_shell_init(shell_buf, shell_size, instance, &shell),
		MU_OK);
	assert_clean(buf, size, size + GUARD);
	assert_clean(shell_buf, shell_size, shell_size + GUARD);
	assert_int_equal(mu_padata_shell_fini(shell), MU_OK);
	assert_int_equal(mu_padata_instance_fini(instance), MU_OK);
	free(shell_buf);
	free(buf);
}

static void early_areas(void **state)
{
	struct mu_early early;
	struct world world;
	mu_pfn_t first[4] = {1, 1, 1, 1};

	(void)state;
	world_up(&world, "2x256M/4", MU_POLICY_LAZY);
	assert_int_equal(mu_early_percpu(&world.mm, 4096, first, 3, &early),
			 MU_ERR_FULL);
	assert_int_equal(mu_early_trace(&world.mm, 4096, first, 3, &early),
			 MU_ERR_FULL);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(first[i], 1);
	assert_int_equal(mu_early_trace(&world.mm, 4096, first, 4, &early),
			 MU_OK);
	assert_int_equal(mu_early_free(&world.mm, &early), MU_OK);
	world_destroy(&world);
}

/* The tables of the floors below, which mu_mm_start() makes. */
static void floors(void **state)
{
	struct mu_memmap memmap;
	struct mu_devices devices;
	struct mu_buddy buddy;
	struct world world;
	size_t size;
	char *buf;

	(void)state;
	world_up(&world, "256M/4", MU_POLICY_LAZY);
	buf = guarded(MU_MIB);
	size = mu_memmap_size(&world.mm.memblock, 12, NULL, 2);
	assert_int_equal(mu_memmap_init(&memmap, &world.port,
					mu_hosted_memmap(world.hosted),
					&world.mm.memblock, 12, NULL, buf,
					size - 1, 2),
			 MU_ERR_FULL);
	assert_int_equal(mu_devices_init(&devices, &world.mm.memmap,
					 &world.mm.memblock, 12, 3, buf,
					 mu_devices_size(3) - 1),
			 MU_ERR_FULL);
	assert_int_equal(
		mu_caches_init(&buddy, 4, 0, buf, mu_caches_size(4) - 1),
		MU_ERR_FULL);
	assert_clean(buf, 0, MU_MIB);
	free(buf);
	world_destroy(&world);
}

static void page_extension(void **state)
{
	struct mu_page_ext ext = {.size = 8};
	struct mu_error error = {.text = ""};
	struct world world;
	size_t span;

	(void)state;
	world_init(&world, "256M", MU_POLICY_LAZY);
	span = (size_t)mu_mm_page_ext_span(&world.mm, ext.size);
	assert_int_equal(span, 65536 * 8);
	ext.base = guarded(span);
	ext.span = span - 1;
	assert_int_equal(mu_mm_add_page_ext(&world.mm, &ext), MU_OK);
	assert_int_equal(world_try_start(&world), MU_ERR_FULL);
	assert_non_null(strstr(world.error.text, "524288 bytes"));
	assert_non_null(strstr(world.error.text, "there are 524287"));
	free(world.tables);
	ext.span = span;
	world_start(&world);
	assert_int_equal(mu_mm_finish(&world.mm, 1), MU_OK);
	assert_int_equal(mu_validate(&world.mm, NULL, &error), MU_OK);
	assert_clean(ext.base, span, span + GUARD);
	world_destroy(&world);
	free(ext.base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_from_memblock),
		cmocka_unit_test(tables_too_small),
		cmocka_unit_test(too_much_reserved),
		cmocka_unit_test(not_aligned),
		cmocka_unit_test(machine),
		cmocka_unit_test(memblock_room),
		cmocka_unit_test(padata),
		cmocka_unit_test(early_areas),
		cmocka_unit_test(floors),
		cmocka_unit_test(page_extension),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
