// SPDX-License-Identifier: MIT
/*
 * The memmap's reservation and the windows to the machine's RAM.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "ports/hosted/internal.h"

static void *reserve(size_t bytes, int prot)
{
	return mmap(NULL, bytes, prot,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* Whole pages of the host: all that the descriptors [@start, @end) touch, or
 * (@inside) those that contain nothing else. */
static void byte_range(const struct mu_hosted *hosted, mu_pfn_t start,
		       mu_pfn_t end, bool inside, char **from, size_t *bytes)
{
	size_t mask = hosted->host_page - 1;
	size_t first = start * sizeof(struct mu_page);
	size_t last = end * sizeof(struct mu_page);

	first = (inside ? first + mask : first) & ~mask;
	last = (inside ? last : last + mask) & ~mask;
	*from = (char *)hosted->memmap + first;
	*bytes = first < last ? last - first : 0;
}

#ifdef MU_HOSTED_ASAN
/*
 * memup marks descriptors that must not be touched. AddressSanitizer keeps such
 * marks when memory is unmapped and would report the next user of the
 * addresses: so remember the sections that were backed, one byte each, to clear
 * the marks.
 */
void __asan_unpoison_memory_region(void const volatile *addr, size_t size);

#define SECTION_BYTES (MU_SECTION_PAGES * sizeof(struct mu_page))

static bool marks_init(struct mu_hosted *hosted)
{
	hosted->marked = calloc(hosted->memmap_bytes / SECTION_BYTES, 1);
	return hosted->marked;
}

void mu_hosted_note_backed(struct mu_hosted *hosted, mu_pfn_t start)
{
	atomic_store(&hosted->marked[start / MU_SECTION_PAGES], 1);
}

static void marks_destroy(struct mu_hosted *hosted)
{
	const char *memmap = (const char *)hosted->memmap;

	for (size_t at = 0; hosted->marked && at < hosted->memmap_bytes;
	     at += SECTION_BYTES)
		if (atomic_load(&hosted->marked[at / SECTION_BYTES]))
			__asan_unpoison_memory_region(memmap + at,
						      SECTION_BYTES);
	free((void *)hosted->marked);
}
#else
static bool marks_init(struct mu_hosted *hosted)
{
	(void)hosted;
	return true;
}
void mu_hosted_note_backed(struct mu_hosted *hosted, mu_pfn_t start)
{
	(void)hosted;
	(void)start;
}
static void marks_destroy(struct mu_hosted *hosted)
{
	(void)hosted;
}
#endif

static enum mu_status memmap_map(void *arg, mu_pfn_t *start, mu_pfn_t *end)
{
	struct mu_hosted *hosted = arg;
	char *from;
	size_t bytes;

	mu_hosted_note_backed(hosted, *start);
	if (hosted->config.backing != MU_BACK_BLOCK) {
		*start &= ~(MU_SECTION_PAGES - 1);
		*end = *start + MU_SECTION_PAGES;
	}
	/* The host creates a huge page at the first store only if all of it is
	 * accessible: so all of the memmap is, from the beginning. */
	if (hosted->config.backing == MU_BACK_HUGE)
		return MU_OK;
	byte_range(hosted, *start, *end, false, &from, &bytes);
	if (mprotect(from, bytes, PROT_READ | PROT_WRITE))
		return MU_ERR_NOMEM;
	return MU_OK;
}

static void memmap_unmap(void *arg, mu_pfn_t start, mu_pfn_t end)
{
	struct mu_hosted *hosted = arg;
	char *from;
	size_t bytes;

	byte_range(hosted, start, end, true, &from, &bytes);
	if (!bytes)
		return;
	madvise(from, bytes, MADV_DONTNEED);
	if (hosted->config.backing != MU_BACK_HUGE)
		mprotect(from, bytes, PROT_NONE);
}

/*
 * Windows lie one after the other, each at an offset that equals its address
 * modulo the largest page: what is aligned in memory is aligned in its window,
 * and adjacent ranges have adjacent windows.
 */
static mu_phys_t window_at(mu_phys_t end_before, mu_phys_t base)
{
	mu_phys_t mask = ((mu_phys_t)1 << MU_PAGE_SHIFT_MAX) - 1;

	return end_before + ((base - end_before) & mask);
}

/* Where the window of range @nr begins; that of nr_ranges: where all end. */
static mu_phys_t window_of(const struct mu_machine *machine, unsigned nr)
{
	mu_phys_t end = 0;

	for (unsigned i = 0; i < nr; i++)
		if (machine->ranges[i].type == MU_RANGE_RAM)
			end = window_at(end, machine->ranges[i].base) +
			      machine->ranges[i].size;
	return nr == machine->nr_ranges
		       ? end
		       : window_at(end, machine->ranges[nr].base);
}

/* The offset of @base in the windows; false when not all of it is RAM. */
static bool ram_offset(const struct mu_machine *machine, mu_phys_t base,
		       mu_phys_t size, mu_phys_t *offset)
{
	const struct mu_range *range = machine->ranges;
	const struct mu_range *end = range + machine->nr_ranges;
	mu_phys_t at = base;

	while (range < end && range->base + range->size <= base)
		range++;
	if (range == end || range->type != MU_RANGE_RAM || base < range->base)
		return false;
	*offset = window_of(machine, (unsigned)(range - machine->ranges)) +
		  (base - range->base);
	for (; range < end && range->type == MU_RANGE_RAM && range->base <= at;
	     range++) {
		at = range->base + range->size;
		if (size <= at - base)
			return true;
	}
	return false;
}

static void *phys_to_virt(void *arg, mu_phys_t base, mu_phys_t size)
{
	struct mu_hosted *hosted = arg;
	mu_phys_t offset;
	char *ram;

	if (!ram_offset(hosted->machine, base, size, &offset))
		return NULL;
	pthread_mutex_lock(&hosted->ram_lock);
	if (!hosted->ram)
		hosted->ram =
			reserve(hosted->ram_bytes, PROT_READ | PROT_WRITE);
	ram = hosted->ram;
	pthread_mutex_unlock(&hosted->ram_lock);
	return ram == MAP_FAILED ? NULL : ram + offset;
}

enum mu_status mu_hosted_memory_init(struct mu_hosted *hosted,
				     struct mu_error *error)
{
	const struct mu_machine *machine = hosted->machine;
	mu_phys_t top = mu_machine_top(machine);
	mu_pfn_t end;

	if (top < hosted->config.limit)
		top = hosted->config.limit;
	end = top >> machine->page_shift;
	/* Sections are backed as a whole, the last one too. */
	end = (end + MU_SECTION_PAGES) & ~(MU_SECTION_PAGES - 1);
	hosted->host_page = (size_t)sysconf(_SC_PAGESIZE);
	hosted->memmap_bytes = end * sizeof(struct mu_page);
	hosted->ram_bytes = window_of(machine, machine->nr_ranges);
	pthread_mutex_init(&hosted->ram_lock, NULL);
	hosted->memmap = reserve(hosted->memmap_bytes,
				 hosted->config.backing == MU_BACK_HUGE
					 ? PROT_READ | PROT_WRITE
					 : PROT_NONE);
	if (hosted->memmap == MAP_FAILED || !marks_init(hosted)) {
		if (hosted->memmap == MAP_FAILED)
			hosted->memmap = NULL;
		if (error) {
			error->status = MU_ERR_NOMEM;
			error->line = 0;
			snprintf(error->text, sizeof(error->text),
				 "memmap: cannot reserve %zu bytes of address "
				 "space: %s",
				 hosted->memmap_bytes, strerror(errno));
		}
		return MU_ERR_NOMEM;
	}
	if (hosted->config.backing == MU_BACK_HUGE)
		madvise(hosted->memmap, hosted->memmap_bytes, MADV_HUGEPAGE);
	hosted->port.memmap_map = memmap_map;
	hosted->port.memmap_unmap = memmap_unmap;
	hosted->port.phys_to_virt = phys_to_virt;
	mu_hosted_device_init(hosted);
	return MU_OK;
}

void mu_hosted_memory_destroy(struct mu_hosted *hosted)
{
	marks_destroy(hosted);
	mu_hosted_device_destroy(hosted);
	if (hosted->memmap)
		munmap(hosted->memmap, hosted->memmap_bytes);
	if (hosted->ram && hosted->ram != MAP_FAILED)
		munmap(hosted->ram, hosted->ram_bytes);
	pthread_mutex_destroy(&hosted->ram_lock);
}
