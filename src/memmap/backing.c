// SPDX-License-Identifier: MIT
/*
 * Backing: memory behind descriptors comes, and goes.
 *
 * All of a section's backing belongs to one party: the port, or a device which
 * hosts the descriptors of its own pages. A section that two parties share is
 * backed by the port.
 */
#include "base/assert.h"
#include "base/lock.h"
#include "memmap/blocks.h"
#include "memmap/fill.h"
#include "memmap/internal.h"
#include "memmap/track.h"

void mu_memmap_forget(struct mu_memmap *memmap, mu_pfn_t start, mu_pfn_t end)
{
	struct mu_page *page = mu_pfn_to_page(memmap, start);
	size_t bytes = (end - start) * sizeof(*page);

#ifdef MU_DEBUG
	/* If it was backed before, it may be poisoned already. */
	mu_track_written(page, bytes);
	mu_fill(memmap->port, (uint64_t *)(void *)page, MU_MEMMAP_POISON,
		bytes / sizeof(uint64_t));
	mu_fill_end();
#endif
	mu_track_raw(page, bytes);
	mu_ext_raw(memmap, start, end);
}

#ifdef MU_DEBUG
/* Is it still as mu_memmap_forget() left it? */
static bool is_raw(const uint64_t *words, size_t nr)
{
	return words[0] == MU_MEMMAP_POISON &&
	       words[nr - 1] == MU_MEMMAP_POISON;
}
#endif

void mu_memmap_write_like(struct mu_memmap *memmap, mu_pfn_t start,
			  mu_pfn_t end, const struct mu_page *page)
{
	struct mu_page *to = mu_pfn_to_page(memmap, start);
	size_t bytes = (end - start) * sizeof(*page);
	uint64_t words[2];

	memcpy(words, (const void *)page, sizeof(words));
	mu_track_written(to, bytes);
	mu_assert(memmap->port, is_raw((const uint64_t *)(const void *)to,
				       bytes / sizeof(words[0])));
	mu_fill_pair((uint64_t *)(void *)to, words[0], words[1],
		     bytes / sizeof(words[0]));
	while (memmap->exts && start < end) {
		mu_pfn_t next = mu_align_down(start, MU_BLOCK_PAGES);

		next = MU_MIN(next + MU_BLOCK_PAGES, end);
		mu_ext_init(memmap, start, next);
		start = next;
	}
}

void mu_memmap_write_end(void)
{
	mu_fill_end();
}

/* Mark the blocks of @bits in the section at @start as backed. */
static void say_backed(struct mu_memmap *memmap, struct mu_section *section,
		       mu_pfn_t start, uint32_t bits)
{
	mu_pfn_t pages = 0;

	for (uint32_t left = bits; left; left &= left - 1) {
		mu_pfn_t block = start + mu_ctz(left) * MU_BLOCK_PAGES;

		mu_memmap_forget(memmap, block, block + MU_BLOCK_PAGES);
		pages += MU_BLOCK_PAGES;
	}
	/* release: whoever sees a bit may write the descriptors. */
	atomic_fetch_or_explicit(&section->backed, bits, memory_order_release);
	/* relaxed: a statistic. */
	atomic_fetch_add_explicit(&memmap->backed_pages, pages,
				  memory_order_relaxed);
}

/* ---- Sections that are hosted ---- */

/* The first entry that ends after @pfn. Under the lock. */
static unsigned host_after(const struct mu_memmap *memmap, mu_pfn_t pfn)
{
	unsigned at = 0;

	while (at < memmap->nr_hosts && memmap->hosts[at].end <= pfn)
		at++;
	return at;
}

enum mu_status mu_memmap_add_host(struct mu_memmap *memmap, mu_pfn_t start,
				  mu_pfn_t end, mu_phys_t base)
{
	uintptr_t flags = mu_lock_irqsave(memmap->port, &memmap->lock);
	unsigned at = host_after(memmap, start), nr = memmap->nr_hosts;
	enum mu_status status = MU_ERR_FULL;

	if (nr < memmap->max_hosts) {
		for (; nr > at; nr--)
			memmap->hosts[nr] = memmap->hosts[nr - 1];
		memmap->hosts[at] = (struct mu_memmap_host){start, end, base};
		memmap->nr_hosts++;
		status = MU_OK;
	}
	mu_unlock_irqrestore(memmap->port, &memmap->lock, flags);
	return status;
}

bool mu_memmap_remove_host(struct mu_memmap *memmap, mu_pfn_t start)
{
	uintptr_t flags = mu_lock_irqsave(memmap->port, &memmap->lock);
	unsigned at = host_after(memmap, start);
	bool found = at < memmap->nr_hosts && memmap->hosts[at].start == start;

	if (found) {
		memmap->nr_hosts--;
		for (; at < memmap->nr_hosts; at++)
			memmap->hosts[at] = memmap->hosts[at + 1];
	}
	mu_unlock_irqrestore(memmap->port, &memmap->lock, flags);
	return found;
}

bool mu_memmap_next_host(struct mu_memmap *memmap, mu_pfn_t pfn,
			 struct mu_memmap_host *host)
{
	uintptr_t flags = mu_lock_irqsave(memmap->port, &memmap->lock);
	unsigned at = host_after(memmap, pfn);
	bool found = at < memmap->nr_hosts;

	if (found)
		*host = memmap->hosts[at];
	mu_unlock_irqrestore(memmap->port, &memmap->lock, flags);
	return found;
}

/* ---- */

enum mu_status mu_memmap_back(struct mu_memmap *memmap, mu_pfn_t start)
{
	mu_pfn_t first = mu_align_down(start, MU_SECTION_PAGES);
	const struct mu_port *port = memmap->port;
	mu_pfn_t from = start, to = start + MU_BLOCK_PAGES;
	unsigned at;
	enum mu_status status = MU_OK;
	struct mu_section *section;
	uint32_t backed;
	uintptr_t flags;

	if (MU_LIKELY(mu_memmap_is_backed(memmap, start)))
		return MU_OK;
	flags = mu_lock_irqsave(port, &memmap->lock);
	at = host_after(memmap, start);
	if (at < memmap->nr_hosts && memmap->hosts[at].start <= start) {
		mu_phys_t base = memmap->hosts[at].base +
				 (first - memmap->hosts[at].start) *
					 sizeof(struct mu_page);

		mu_unlock_irqrestore(port, &memmap->lock, flags);
		return mu_memmap_back_section(memmap, first, base);
	}
	section = mu_section_make(memmap, start);
	if (!section) {
		mu_unlock_irqrestore(port, &memmap->lock, flags);
		return MU_ERR_NOMEM;
	}
	/* relaxed: set only under the lock. */
	backed = atomic_load_explicit(&section->backed, memory_order_relaxed);
	if (!(backed & mu_block_bit(start))) {
		if (port->memmap_map)
			status = port->memmap_map(port->arg, &from, &to);
		if (status == MU_OK)
			status = mu_ext_map(memmap, from, to);
		if (status == MU_OK)
			say_backed(memmap, section, first,
				   mu_block_bits(from, to) & ~backed);
	}
	mu_unlock_irqrestore(port, &memmap->lock, flags);
	return status;
}

enum mu_status mu_memmap_back_section(struct mu_memmap *memmap, mu_pfn_t start,
				      mu_phys_t base)
{
	const struct mu_port *port = memmap->port;
	enum mu_status status = MU_OK;
	struct mu_section *section;
	uintptr_t flags;

	if (MU_LIKELY(mu_memmap_is_backed(memmap, start)))
		return MU_OK;
	flags = mu_lock_irqsave(port, &memmap->lock);
	section = mu_section_make(memmap, start);
	if (!section)
		status = MU_ERR_NOMEM;
	/* relaxed: set only under the lock. */
	else if (!atomic_load_explicit(&section->backed,
				       memory_order_relaxed)) {
		status = port->memmap_map_at(port->arg, start,
					     start + MU_SECTION_PAGES, base);
		if (status == MU_OK)
			status = mu_ext_map(memmap, start,
					    start + MU_SECTION_PAGES);
		if (status == MU_OK)
			say_backed(memmap, section, start, UINT32_MAX);
	}
	mu_unlock_irqrestore(port, &memmap->lock, flags);
	return status;
}

/* Take the backing of those blocks of [@start, @end), of one section, that have
 * any. Under the lock. */
static void unback(struct mu_memmap *memmap, mu_pfn_t start, mu_pfn_t end,
		   void (*unmap)(void *arg, mu_pfn_t start, mu_pfn_t end))
{
	struct mu_section *section = mu_memmap_section(memmap, start);
	uint32_t bits = mu_block_bits(start, end);
	mu_pfn_t from = mu_align_down(start, MU_SECTION_PAGES);
	mu_pfn_t pages = 0;

	/* acq_rel: uses of the memory end before it goes. */
	bits &= atomic_fetch_and_explicit(&section->backed, ~bits,
					  memory_order_acq_rel);
	while (bits) {
		unsigned first = mu_ctz(bits);
		/* Ones from there on; all of a section are 32. */
		unsigned nr = mu_ctz(~((uint64_t)bits >> first));

		mu_pfn_t block = from + first * MU_BLOCK_PAGES;

		mu_ext_unmap(memmap, block, block + nr * MU_BLOCK_PAGES);
		if (unmap)
			unmap(memmap->port->arg, block,
			      block + nr * MU_BLOCK_PAGES);
		pages += nr * MU_BLOCK_PAGES;
		bits &= ~(uint32_t)((((uint64_t)1 << nr) - 1) << first);
	}
	/* relaxed: a statistic. */
	atomic_fetch_sub_explicit(&memmap->backed_pages, pages,
				  memory_order_relaxed);
}

static void unback_in(struct mu_memmap *memmap, mu_pfn_t start, mu_pfn_t end,
		      void (*unmap)(void *arg, mu_pfn_t start, mu_pfn_t end))
{
	while (start < end) {
		const struct mu_section *section =
			mu_memmap_section(memmap, start);
		mu_pfn_t next = mu_memmap_section_end(memmap, start);

		next = MU_MIN(next, end);
		/* relaxed: nobody backs these blocks any more. */
		if (section && atomic_load_explicit(&section->backed,
						    memory_order_relaxed)) {
			uintptr_t flags =
				mu_lock_irqsave(memmap->port, &memmap->lock);

			unback(memmap, start, next, unmap);
			mu_unlock_irqrestore(memmap->port, &memmap->lock,
					     flags);
		}
		start = next;
	}
}

void mu_memmap_unback(struct mu_memmap *memmap, mu_pfn_t start, mu_pfn_t end)
{
	unback_in(memmap, start, end, memmap->port->memmap_unmap);
}

void mu_memmap_unback_sections(struct mu_memmap *memmap, mu_pfn_t start,
			       mu_pfn_t end)
{
	unback_in(memmap, start, end, memmap->port->memmap_unmap_at);
}
