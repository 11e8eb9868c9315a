// SPDX-License-Identifier: MIT
/*
 * The whole library with the smallest port, which is none: a program that
 * manages the physical memory of a guest, like a VMM. Its memmap is reserved
 * address space that the host backs where it is touched, so even memmap_map can
 * keep its default. One thread, no interrupts: nothing else is needed.
 *
 *	first_page [GIB]
 *
 * brings up that much memory with a hole below 4 GiB, as PCs have, hands out
 * pages of a few sizes, takes them back, and checks that none is missing. Try
 * 4 and 65536: both take the same time.
 *
 * For more, fill in more of struct mu_port; docs/porting.md says in which
 * order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "memup/memup.h"

#define GIB	 ((mu_phys_t)1 << 30)
#define HOLE	 (3 * GIB)
#define HOLE_END (4 * GIB)
#define MOST_GIB 65536u

/* What the library is given: it allocates nothing itself. */
struct guest {
	struct mu_port port;
	struct mu_machine machine;
	struct mu_mm mm;
	void *machine_memory, *tables;
	struct mu_page *memmap;
	size_t memmap_bytes;
};

/* As firmware says it: two ranges of RAM, in any order. */
static enum mu_status describe(struct guest *guest, mu_phys_t size,
			       struct mu_error *error)
{
	mu_phys_t below = size < HOLE ? size : HOLE;
	enum mu_status status;

	size_t bytes = mu_machine_size(8, 1);

	guest->machine_memory = malloc(bytes);
	if (!guest->machine_memory)
		return MU_ERR_NOMEM;
	status = mu_machine_init(&guest->machine, guest->machine_memory, bytes,
				 8, 1, error);
	if (status == MU_OK)
		status = mu_machine_add(&guest->machine, HOLE_END, size - below,
					MU_RANGE_RAM, 0, error);
	if (status == MU_OK)
		status = mu_machine_add(&guest->machine, 0, below, MU_RANGE_RAM,
					0, error);
	if (status == MU_OK)
		status = mu_machine_finish(&guest->machine, error);
	return status;
}

static enum mu_status bring_up(struct guest *guest, struct mu_error *error)
{
	struct mu_config config = mu_config_for(&guest->machine);
	struct mu_mm *mm = &guest->mm;
	enum mu_status status;
	size_t tables_size;
	void *memmap;

	mu_mm_init(mm, &guest->port);
	status = mu_mm_add_machine(mm, &guest->machine, error);
	if (status != MU_OK)
		return status;
	/* The first megabyte is the guest's firmware's. */
	status = mu_memblock_reserve(&mm->memblock, 0, 1 << 20, 0);
	if (status != MU_OK)
		return status;
	guest->memmap_bytes = (size_t)mu_mm_memmap_span(mm);
	memmap = mmap(NULL, guest->memmap_bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memmap != MAP_FAILED)
		guest->memmap = memmap;
	tables_size = mu_mm_size(mm);
	guest->tables = aligned_alloc(64, tables_size);
	if (!guest->memmap || !guest->tables)
		return MU_ERR_NOMEM;
	return mu_mm_start(mm, &config, guest->memmap, guest->tables,
			   tables_size, error);
}

static enum mu_status use(struct guest *guest, struct mu_error *error)
{
	static const unsigned orders[] = {0, 0, 3, 9, 10};
	mu_pfn_t pfns[sizeof(orders) / sizeof(orders[0])];
	struct mu_mm *mm = &guest->mm;
	struct mu_census census;
	enum mu_status status;
	unsigned nr = 0;

	do {
		status =
			mu_alloc_pages(&mm->buddy, 0, orders[nr], 0, &pfns[nr]);
		if (status != MU_OK)
			break;
		printf("order %2u  %#018llx\n", orders[nr],
		       (unsigned long long)(pfns[nr] << mm->page_shift));
	} while (++nr < sizeof(orders) / sizeof(orders[0]));
	while (nr && status == MU_OK) {
		nr--;
		status = mu_free_pages(&mm->buddy, pfns[nr], orders[nr]);
	}
	if (status == MU_OK)
		status = mu_validate(mm, &census, error);
	if (status == MU_OK)
		printf("pages     %llu free, %llu pristine, %llu reserved, "
		       "%llu hole\n",
		       (unsigned long long)census.free,
		       (unsigned long long)census.pristine,
		       (unsigned long long)census.reserved,
		       (unsigned long long)census.hole);
	return status;
}

int main(int argc, char **argv)
{
	unsigned long gib = argc > 1 ? strtoul(argv[1], NULL, 10) : 1024;
	struct mu_error error = {.text = ""};
	struct guest guest = {.memmap = NULL};
	enum mu_status status;

	if (argc > 2 || !gib || gib > MOST_GIB) {
		fprintf(stderr, "usage: first_page [GIB], 1 to %u\n", MOST_GIB);
		return 2;
	}
	status = describe(&guest, gib * GIB, &error);
	if (status == MU_OK)
		status = bring_up(&guest, &error);
	if (status == MU_OK)
		status = use(&guest, &error);
	if (status != MU_OK)
		fprintf(stderr, "first_page: %s %s\n", mu_status_str(status),
			error.text);
	if (guest.memmap)
		munmap(guest.memmap, guest.memmap_bytes);
	free(guest.tables);
	free(guest.machine_memory);
	return status != MU_OK;
}
