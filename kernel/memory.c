// SPDX-License-Identifier: MIT
/*
 * memory: from a described machine to an allocator that owns all of it.
 *
 *   memblock        all RAM; taken: the image, what the loader loaded, what
 *                   the command line asks for, what CPUs start from
 *   page tables     from memblock, where the first ones reach
 *   memmap          its windows from memblock (memup/backing.h)
 *   mu_mm_start()   from here on every page can be allocated
 *
 * All of it is O(ranges); only tables are touched.
 */
#include "kernel/exit.h"
#include "kernel/kernel.h"
#include "kernel/layout.h"
#include "kernel/log.h"
#include "kernel/paging.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "memup/boot_cmdline.h"
#include "ports/bare/arch.h"

extern char image_start[], image_end[];

static _Noreturn void give_up(const char *what, enum mu_status status,
			      const struct mu_error *error)
{
	log_err("%s: %s", what,
		error && error->text[0] ? error->text : mu_status_str(status));
	kernel_exit(EXIT_INPUT);
}

static void must(const char *what, enum mu_status status,
		 const struct mu_error *error)
{
	if (status != MU_OK)
		give_up(what, status, error);
}

/* ---- memblock ---- */

static void reserve_ours(struct mu_memblock *memblock)
{
	const struct boot_info *info = kernel.info;

	must("the image",
	     mu_memblock_reserve(memblock, phys_of(image_start),
				 (uint64_t)(image_end - image_start),
				 MU_MEMBLOCK_RSRV_KERN),
	     NULL);
	for (unsigned i = 0; i < info->nr_modules; i++)
		must("what the loader brought",
		     mu_memblock_reserve(memblock, info->modules[i].base,
					 info->modules[i].size,
					 MU_MEMBLOCK_NONE),
		     NULL);
	platform_reserve(memblock);
}

/* Each parameter by itself: one that cannot be satisfied affects neither the
 * boot nor the others. */
static void reserve_cmdline(void)
{
	const char *text = kernel.info->cmdline;
	size_t len = kernel.info->cmdline_len, at = 0;
	struct mu_memblock *memblock = &kernel.mm.memblock;
	struct mu_crashkernel crash = {0};
	struct mu_error error = {0};
	char word[MAX_WORD];

	if (mu_crashkernel_read(&crash, mu_machine_ram(&kernel.machine), text,
				len, &error) != MU_OK ||
	    mu_crashkernel_reserve(memblock, &crash, &error) != MU_OK)
		log_err("command line: %s; not reserved", error.text);
	else if (crash.size)
		log_info("crashkernel: %lu MiB at 0x%lx", crash.size >> 20,
			 crash.base);
	while (options_next(text, len, &at, word))
		if (!memcmp(word, "reserve_mem=", 12) &&
		    mu_memblock_reserve_mem(memblock, word, strlen(word),
					    &error) != MU_OK)
			log_err("command line: %s; not reserved", error.text);
}

static void start_memblock(void)
{
	struct mu_memblock *memblock = &kernel.mm.memblock;
	struct mu_error error = {0};

	mu_mm_init(&kernel.mm, &kernel.bare.port);
	must("memblock", mu_mm_add_machine(&kernel.mm, &kernel.machine, &error),
	     &error);
	reserve_ours(memblock);
	memblock->current_limit = kernel.bare.mapped_end;
	mu_memblock_allow_resize(memblock);
	reserve_cmdline();
	kernel.stamps.memblock = arch_ticks();
}

/* ---- The allocator ---- */

static struct mu_config configure(void)
{
	struct mu_config config = mu_config_default();
	struct mu_error error = {0};

	config.policy = kernel.options.policy;
	config.batch = kernel.options.batch;
	/* The clock stands still so far, so the eager policy's claims, for
	 * which nobody waits, cannot be measured. */
	config.measure = config.policy != MU_POLICY_EAGER;
	if (mu_config_apply_cmdline(&config, &kernel.machine,
				    kernel.info->cmdline,
				    kernel.info->cmdline_len, &error) != MU_OK)
		log_err("command line: %s; passed over", error.text);
	return config;
}

/*
 * Persistent memory comes later, as a device's. It has descriptors in RAM, or
 * hosts them itself.
 */
#define MAX_PMEM 16

static unsigned find_pmem(struct mu_range *pmem)
{
	const struct mu_machine *machine = &kernel.machine;
	struct mu_limits limits = {.ranges = 2 * MAX_PMEM};
	struct mu_error error = {0};
	unsigned nr = 0;

	if (!kernel.options.pmem)
		return 0;
	for (unsigned i = 0; i < machine->nr_ranges && nr < MAX_PMEM; i++) {
		const struct mu_range *range = &machine->ranges[i];

		if (range->type != MU_RANGE_PMEM)
			continue;
		pmem[nr++] = *range;
		limits.end = range->base + range->size;
		limits.late += range->size;
	}
	if (!nr) {
		log_err("pmem: this machine has no persistent memory");
		return 0;
	}
	if (limits.end < mu_machine_top(machine))
		limits.end = mu_machine_top(machine);
	limits.nodes = machine->nr_nodes;
	must("pmem", mu_mm_set_limits(&kernel.mm, &limits, &error), &error);
	return nr;
}

static uint64_t available_pages(void)
{
	const struct mu_buddy *buddy = &kernel.mm.buddy;
	uint64_t pages = 0;

	for (unsigned i = 0; i < buddy->nr_zones; i++)
		pages += buddy->zones[i].free_pages +
			 buddy->zones[i].pristine_pages;
	return pages;
}

void start_memory(void)
{
	struct mu_memblock *memblock = &kernel.mm.memblock;
	struct mu_range pmem[MAX_PMEM];
	struct mu_config config;
	struct mu_error error = {0};
	mu_pfn_t first;
	size_t tables_size;
	void *tables;
	unsigned nr_pmem;

	start_memblock();
	must("page tables", paging_init(), NULL);
	memblock->current_limit = kernel.bare.mapped_end;
	kernel.stamps.mapped = arch_ticks();
	nr_pmem = find_pmem(pmem);
	must("memmap",
	     mu_bare_memmap_reserve(&kernel.bare, memblock, &kernel.tables,
				    pmem, nr_pmem, &error),
	     &error);
	config = configure();
	tables_size = mu_mm_size(&kernel.mm);
	must("tables",
	     mu_memblock_alloc_raw(memblock, tables_size, 64, &tables), NULL);
	must("memory",
	     mu_mm_start(&kernel.mm, &config, (struct mu_page *)MEMMAP, tables,
			 tables_size, &error),
	     &error);
	kernel.stamps.usable = arch_ticks();
	paging_use_allocator();
	kernel.usable_bytes = available_pages() * PAGE;
	kernel.start_pages = kernel.mm.memmap.written_pages;
	must("the first page",
	     mu_alloc_pages(&kernel.mm.buddy, MU_NO_NODE, 0, 0, &first), NULL);
	kernel.stamps.first_alloc = arch_ticks();
	must("the first page", mu_free_pages(&kernel.mm.buddy, first, 0), NULL);
}

void finish_memory(void)
{
	uint64_t before = kernel.mm.memmap.written_pages;

	/* Once. */
	if (kernel.options.policy != MU_POLICY_DEFERRED ||
	    kernel.stamps.finish_to)
		return;
	kernel.stamps.finish_from = arch_ticks();
	must("the deferred phase",
	     mu_mm_finish(&kernel.mm, kernel.options.threads), NULL);
	kernel.stamps.finish_to = arch_ticks();
	kernel.finish_pages = kernel.mm.memmap.written_pages - before;
}
