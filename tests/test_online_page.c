// SPDX-License-Identifier: MIT
/*
 * The descriptor of any pfn, or why there is none.
 */
#include "tests/plug.h"
#include "tests/pmem.h"

#define KEPT   (16 * MU_MIB)
#define HOLE   (128 * MU_MIB)
#define DEVICE (32 * MU_GIB)

static void up(struct world *world, enum mu_policy policy)
{
	plug_init(world, "256M,-4M@128M", policy);
	assert_int_equal(mu_memblock_reserve(&world->mm.memblock, KEPT,
					     2 * BLOCK, MU_MEMBLOCK_NONE),
			 MU_OK);
	world_start(world);
}

/* What is said of @addr; where there is a descriptor it is @head's. */
static void says(struct world *world, mu_phys_t addr, enum mu_status status,
		 mu_phys_t head)
{
	struct mu_mm *mm = &world->mm;
	struct mu_page *before = (struct mu_page *)world, *page = before;

	assert_int_equal(mu_pfn_to_online_page(mm, addr / PAGE, &page), status);
	if (status == MU_OK)
		assert_int_equal(mu_page_to_pfn(&mm->memmap, page),
				 head / PAGE);
	else
		assert_ptr_equal(page, before);
}

static void online(struct world *world, mu_phys_t addr)
{
	says(world, addr, MU_OK, addr);
}

static void ram(void **state)
{
	struct world world;

	(void)state;
	up(&world, MU_POLICY_LAZY);
	online(&world, PAGE);
	says(&world, 8 * MU_MIB, MU_ERR_PRISTINE, 0);
	says(&world, 12 * MU_MIB - 1, MU_ERR_PRISTINE, 0);
	says(&world, KEPT, MU_ERR_RESERVED, 0);
	says(&world, HOLE, MU_ERR_HOLE, 0);
	says(&world, 256 * MU_MIB, MU_ERR_HOLE, 0);
	says(&world, PLUG_AT, MU_ERR_HOLE, 0);
	says(&world, MU_PHYS_MAX - PAGE, MU_ERR_HOLE, 0);
	says(&world, UINT64_MAX, MU_ERR_HOLE, 0);
	/* Written on request. */
	assert_int_equal(
		mu_init_now(&world.mm, 8 * MU_MIB / PAGE, KEPT / PAGE + 1),
		MU_OK);
	online(&world, 8 * MU_MIB);
	online(&world, KEPT);
	says(&world, KEPT + BLOCK, MU_ERR_RESERVED, 0);
	world_destroy(&world);
}

static void eager(void **state)
{
	struct world world;

	(void)state;
	up(&world, MU_POLICY_EAGER);
	for (mu_phys_t addr = 0; addr < 260 * MU_MIB; addr += PAGE)
		if (addr < 256 * MU_MIB &&
		    (addr < HOLE || addr >= HOLE + 4 * MU_MIB))
			online(&world, addr);
		else
			says(&world, addr, MU_ERR_HOLE, 0);
	world_destroy(&world);
}

static void sparse(void **state)
{
	struct world world;
	mu_pfn_t pfn;
	mu_phys_t head;

	(void)state;
	up(&world, MU_POLICY_LAZY);
	assert_int_equal(
		mu_alloc_huge(&world.mm.deferred, 0, MU_HUGE_ORDER, 0, 1, &pfn),
		1);
	head = pfn * PAGE;
	online(&world, head);
	says(&world, head + PAGE, MU_OK, head);
	says(&world, head + 2 * MU_MIB - PAGE, MU_OK, head);
	assert_int_equal(mu_split_pages(&world.mm.buddy, pfn, MU_HUGE_ORDER, 0),
			 MU_OK);
	online(&world, head + PAGE);
	for (unsigned i = 0; i < 1u << MU_HUGE_ORDER; i++)
		assert_int_equal(mu_free_pages(&world.mm.buddy, pfn + i, 0),
				 MU_OK);
	world_destroy(&world);
}

static void comes_and_goes(void **state)
{
	struct world world;

	(void)state;
	up(&world, MU_POLICY_LAZY);
	plug_add(&world, PLUG_AT, SECTION, 0, MU_ONLINE_NO);
	says(&world, PLUG_AT, MU_ERR_OFFLINE, 0);
	plug_online(&world, PLUG_AT, SECTION, MU_ONLINE_KERNEL);
	says(&world, PLUG_AT, MU_ERR_PRISTINE, 0);
	assert_int_equal(mu_init_now(&world.mm, PLUG_AT / PAGE,
				     (PLUG_AT + SECTION) / PAGE),
			 MU_OK);
	online(&world, PLUG_AT);
	plug_offline(&world, PLUG_AT, SECTION);
	says(&world, PLUG_AT, MU_ERR_OFFLINE, 0);
	plug_remove(&world, PLUG_AT, SECTION);
	says(&world, PLUG_AT, MU_ERR_HOLE, 0);
	world_destroy(&world);
}

static void device(void **state)
{
	struct world world;
	struct pmem pmem;

	(void)state;
	up(&world, MU_POLICY_LAZY);
	pmem_one(&pmem, "pmem0", DEVICE, SECTION);
	pmem_register(&world, &pmem);
	says(&world, DEVICE, MU_ERR_NOT_FOUND, 0);
	says(&world, DEVICE + SECTION, MU_ERR_HOLE, 0);
	pmem_remove(&world, &pmem);
	says(&world, DEVICE, MU_ERR_HOLE, 0);
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ram),	  cmocka_unit_test(eager),
		cmocka_unit_test(sparse), cmocka_unit_test(comes_and_goes),
		cmocka_unit_test(device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
