// SPDX-License-Identifier: MIT
/* Parameters that make zones, reserve memory or ask for huge pages. */
#include "memup/boot_cmdline.h"
#include "tests/fuzz/fuzz.h"

static const char nodes[] = "4x1G/8,-1M@1M,-1G@2560M";

static void *no_pointer(void *arg, mu_phys_t base, mu_phys_t size)
{
	(void)arg;
	(void)base;
	(void)size;
	return NULL;
}

static void check_range(const struct mu_memblock *memblock, mu_phys_t base,
			mu_phys_t size, bool reserved)
{
	fuzz_check(!size ||
		   (mu_memblock_is_region_memory(memblock, base, size) &&
		    mu_memblock_is_region_reserved(memblock, base, size) ==
			    reserved));
}

static void check_crash(struct mu_mm *mm, struct mu_crashkernel *crash)
{
	struct mu_error error = {.text = ""};

	if (!crash->size)
		return;
	check_range(&mm->memblock, crash->base, crash->size, true);
	if (crash->low)
		check_range(&mm->memblock, crash->low_base, crash->low, true);
	if (mu_crashkernel_place_cma(&mm->memblock, crash, &error))
		fuzz_check(error.text[0]);
	else
		check_range(&mm->memblock, crash->cma_base, crash->cma, false);
}

static void check_pools(const struct mu_huge_pools *pools)
{
	fuzz_check(pools->nr <= MU_HUGE_POOLS);
	for (unsigned i = 0; i < pools->nr; i++) {
		const struct mu_huge_pool *pool = &pools->pools[i];

		fuzz_check(!(pool->size & (pool->size - 1)) &&
			   pool->size <= MU_PHYS_MAX);
		fuzz_check(pool->nid >= MU_NO_NODE && pool->nid < MU_MAX_NODES);
	}
}

/* Strictly, as --cmdline is read; then as a machine's own is. */
static void reserve(const struct mu_machine *machine, const char *text,
		    size_t len)
{
	static struct mu_port port = {.phys_to_virt = no_pointer};
	static struct mu_mm mm;
	struct mu_crashkernel crash = {0};
	struct mu_error error = {.text = ""};

	mu_mm_init(&mm, &port);
	fuzz_check(mu_mm_add_machine(&mm, machine, NULL) == MU_OK);
	if (mu_mm_reserve_cmdline(&mm, &crash, text, len, &error))
		fuzz_check(error.text[0] && error.status != MU_OK);
	else
		check_crash(&mm, &crash);
	fuzz_check(mu_memblock_validate(&mm.memblock) == MU_OK);
	mu_mm_init(&mm, &port);
	fuzz_check(mu_mm_add_machine(&mm, machine, NULL) == MU_OK);
	mu_mm_reserve_own(&mm, &crash);
	check_crash(&mm, &crash);
	fuzz_check(mu_memblock_validate(&mm.memblock) == MU_OK);
	for (unsigned i = 0; i < MU_MEMBLOCK_NAMED; i++)
		check_range(&mm.memblock, mm.memblock.named[i].base,
			    mm.memblock.named[i].size, true);
}

static void check_config(const struct mu_machine *machine, const char *text,
			 size_t len)
{
	struct mu_config config = mu_config_default();
	struct mu_error error = {.text = ""};

	if (mu_config_apply_cmdline(&config, machine, text, len, &error))
		fuzz_check(error.text[0] && !config.kernelcore &&
			   !config.movablecore && !config.movable_node);
	config = mu_config_for(machine);
	fuzz_check(!config.movable_from);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t bytes = mu_machine_size(FUZZ_RANGES, FUZZ_NODES);
	void *buf = malloc(bytes);
	struct mu_huge_pools pools = {.nr = 0};
	struct mu_error error = {.text = ""};
	const char *text = (const char *)data;
	struct mu_machine machine;

	fuzz_check(buf != NULL);
	fuzz_check(mu_machine_init(&machine, buf, bytes, FUZZ_RANGES,
				   FUZZ_NODES, NULL) == MU_OK);
	fuzz_check(mu_machine_read_short(&machine, nodes, sizeof(nodes) - 1,
					 NULL) == MU_OK);
	fuzz_check(mu_machine_finish(&machine, NULL) == MU_OK);
	mu_machine_set_cmdline(&machine, text, size);
	check_config(&machine, text, size);
	reserve(&machine, text, size);
	if (mu_huge_pools_read(&pools, text, size, &error))
		fuzz_check(error.text[0] && !pools.nr);
	check_pools(&pools);
	mu_huge_pools_own(&pools, &machine);
	check_pools(&pools);
	free(buf);
	return 0;
}
