// SPDX-License-Identifier: MIT
/* mu_memblock_validate() sees each way in which a table can be wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/memblock_model.h"

static struct mbm_world world;
static struct mu_memblock *const mb = &world.mb;

static int start(void **state)
{
	(void)state;
	mbm_start(&world, 0, 0);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	mbm_stop(&world);
	return 0;
}

/* @field of a region or a table is wrong with @value, and right again. */
#define wrong_with(field, value)                                   \
	do {                                                       \
		__typeof__(field) was = (field);                   \
                                                                   \
		(field) = (value);                                 \
		fails(MU_ERR_CORRUPT, mu_memblock_validate(mb));   \
		(field) = was;                                     \
		assert_int_equal(mu_memblock_validate(mb), MU_OK); \
	} while (0)

/* @type has three regions, from 0x10000, 0x20000 and 0x30000 on. */
static void break_table(struct mu_memblock_type *type)
{
	struct mu_memblock_region *regions = type->regions;

	assert_int_equal(type->cnt, 3);
	wrong_with(type->cnt, type->max + 1);
	wrong_with(type->cnt, 2);
	wrong_with(type->total_size, type->total_size + 1);
	wrong_with(type->total_size, type->total_size - 1);
	for (unsigned i = 0; i < 3; i++) {
		wrong_with(regions[i].size, 0);
		wrong_with(regions[i].size, regions[i].size + 1);
		wrong_with(regions[i].size, MU_PHYS_MAX);
	}
	/* Out of order; on top of the one before; one that should be part of
	 * it. */
	wrong_with(regions[1].base, 0x30000);
	wrong_with(regions[1].base, regions[0].base);
	wrong_with(regions[2].base, regions[1].base + regions[1].size - 1);
	wrong_with(regions[1].base, regions[0].base + regions[0].size);
	/* Beside it, of another node or with other flags, is right. */
	regions[1].base = regions[0].base + regions[0].size;
	regions[1].nid = regions[0].nid + 1;
	assert_int_equal(mu_memblock_validate(mb), MU_OK);
	regions[1].nid = regions[0].nid;
	fails(MU_ERR_CORRUPT, mu_memblock_validate(mb));
	regions[1].flags ^= MU_MEMBLOCK_HOTPLUG;
	assert_int_equal(mu_memblock_validate(mb), MU_OK);
	regions[1].flags ^= MU_MEMBLOCK_HOTPLUG;
	regions[1].base = 0x20000;
	assert_int_equal(mu_memblock_validate(mb), MU_OK);
}

static void memory(void **state)
{
	(void)state;
	for (mu_phys_t base = 0x10000; base <= 0x30000; base += 0x10000)
		ok(mu_memblock_add(mb, base, 0x3000));
	break_table(&mb->memory);
}

static void reserved(void **state)
{
	(void)state;
	for (mu_phys_t base = 0x10000; base <= 0x30000; base += 0x10000)
		ok(mu_memblock_reserve(mb, base, 0x3000, 0));
	break_table(&mb->reserved);
}

static void physmem(void **state)
{
	(void)state;
	for (mu_phys_t base = 0x10000; base <= 0x30000; base += 0x10000)
		ok(mu_memblock_physmem_add(mb, base, 0x3000));
	break_table(&mb->physmem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(memory, start, stop),
		cmocka_unit_test_setup_teardown(reserved, start, stop),
		cmocka_unit_test_setup_teardown(physmem, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
