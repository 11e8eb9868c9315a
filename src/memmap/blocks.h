/* SPDX-License-Identifier: MIT */
/*
 * blocks: what the floors above do with descriptors, at start and when memory
 * comes online and goes. Any context but NMI unless stated otherwise; the
 * caller has exclusive use of the blocks that it passes.
 */
#ifndef MEMMAP_BLOCKS_H
#define MEMMAP_BLOCKS_H

#include "memup/memmap.h"

/*
 * Bytes for the tables of a memmap that covers the memory of @memblock and what
 * may come according to @limits (NULL: nothing), with room for @nr_ragged
 * ragged blocks. @page_shift turns bytes into pages. 0 without memory.
 */
size_t mu_memmap_size(const struct mu_memblock *memblock, unsigned page_shift,
		      const struct mu_limits *limits, unsigned nr_ragged);

/*
 * Start @memmap in @size bytes at @buf, aligned to 64, not zeroed: MU_ERR_FULL
 * when that is less.
 * @pages is where the port keeps the descriptor of pfn 0, aligned to 64, from
 * which every pfn of @memblock's memory, and up to the end of @limits, can be
 * reached once it is backed.
 * Nothing is backed or online yet. Early boot, one CPU.
 */
enum mu_status mu_memmap_init(struct mu_memmap *memmap,
			      const struct mu_port *port, struct mu_page *pages,
			      const struct mu_memblock *memblock,
			      unsigned page_shift,
			      const struct mu_limits *limits, void *buf,
			      size_t size, unsigned nr_ragged) MU_MUST_CHECK;

/*
 * Declare the block at @start ragged; in ascending order, before anything in it
 * is written. Early boot, one CPU. At most nr_ragged times.
 */
void mu_memmap_add_ragged(struct mu_memmap *memmap, mu_pfn_t start);

/* Was the block of @pfn declared ragged? O(log n). Any context. */
bool mu_memmap_is_ragged(const struct mu_memmap *memmap, mu_pfn_t pfn);

/* The first ragged block in [@pfn, @end), block borders both, or @end. */
mu_pfn_t mu_memmap_next_ragged(const struct mu_memmap *memmap, mu_pfn_t pfn,
			       mu_pfn_t end);

/*
 * Make the blocks of [@start, @end), all of one section and fully written,
 * offline again: nobody finds their descriptors any more, the backing stays.
 * Only for a caller that alone can reach them.
 */
void mu_memmap_withdraw(struct mu_memmap *memmap, mu_pfn_t start, mu_pfn_t end);

/*
 * Put memory behind the descriptors of the block at @start, through the port's
 * memmap_map. Does nothing if it is backed already. MU_ERR_NOMEM from the hook,
 * or when more memory came than the limits allow; then nothing has changed. Any
 * context; interrupts are off while the hook runs.
 */
enum mu_status mu_memmap_back(struct mu_memmap *memmap,
			      mu_pfn_t start) MU_MUST_CHECK;

/*
 * Keep room in the table of sections for [@start, @end), below end_pfn, for
 * good: when memory there is backed later, lazily, the table must not be full.
 * False when there is no room: mu_limits.late is too small. O(1) per 128 GiB.
 */
bool mu_memmap_keep_room(struct mu_memmap *memmap, mu_pfn_t start,
			 mu_pfn_t end);

/*
 * As mu_memmap_back(), for the whole section at @start, whose MU_SECTION_PAGES
 * descriptors are to lie in the physical memory from @base on, through the
 * port's memmap_map_at, which must exist. For a section that only the caller
 * uses.
 */
enum mu_status mu_memmap_back_section(struct mu_memmap *memmap, mu_pfn_t start,
				      mu_phys_t base) MU_MUST_CHECK;

/*
 * From now on mu_memmap_back() puts the descriptors of [@start, @end), whole
 * sections that have no backing yet, into the physical memory from @base on, by
 * mu_memmap_back_section(). MU_ERR_FULL when the table of hosts is. Undone by
 * mu_memmap_remove_host(), which returns whether there was a host at @start.
 * Any context.
 */
enum mu_status mu_memmap_add_host(struct mu_memmap *memmap, mu_pfn_t start,
				  mu_pfn_t end, mu_phys_t base) MU_MUST_CHECK;
bool mu_memmap_remove_host(struct mu_memmap *memmap, mu_pfn_t start);

/* The first host whose range ends after @pfn; false when there is none. */
bool mu_memmap_next_host(struct mu_memmap *memmap, mu_pfn_t pfn,
			 struct mu_memmap_host *host);

/*
 * Take away the backing of those of the whole blocks [@start, @end) that have
 * any; nobody uses them, nor will until this has returned. Clearing the
 * sections' other bits is left to the caller. O(sections of which any was
 * backed).
 */
void mu_memmap_unback(struct mu_memmap *memmap, mu_pfn_t start, mu_pfn_t end);

/* The same for whole sections that mu_memmap_back_section() backed. */
void mu_memmap_unback_sections(struct mu_memmap *memmap, mu_pfn_t start,
			       mu_pfn_t end);

/*
 * Mark the descriptors of [@start, @end), which are backed and which nobody
 * uses any more, as never written, so that checkers catch any use. Both are
 * multiples of 4.
 */
void mu_memmap_forget(struct mu_memmap *memmap, mu_pfn_t start, mu_pfn_t end);

/*
 * Write the descriptors of [@start, @end), which are backed, never written and
 * used by nobody else, as copies of @page; @start is a multiple of 4. Others
 * may see them after mu_memmap_write_end() on this CPU, once for any number of
 * calls, and after the caller then publishes them.
 */
void mu_memmap_write_like(struct mu_memmap *memmap, mu_pfn_t start,
			  mu_pfn_t end, const struct mu_page *page);
void mu_memmap_write_end(void);

/*
 * Write the descriptors of the whole block at @start, which is backed and which
 * nobody else can reach, as @kind in @zone. mu_memmap_publish() then makes them
 * readable. The caller may change them in between.
 */
void mu_memmap_init_block(struct mu_memmap *memmap, mu_pfn_t start,
			  uint16_t zone, enum mu_page_kind kind);

/* The block at @start, all of it, is online from now on. */
void mu_memmap_publish(struct mu_memmap *memmap, mu_pfn_t start);

/*
 * Both for @nr blocks from @start on, of one section, none of which was ever
 * partly online: free pages of order MU_BLOCK_ORDER in @zone, each linked to
 * its neighbours, the first without a predecessor and the last without a
 * successor, so that putting them into a list touches only the two ends. Costs
 * that blocks share are paid once. They must be published under the same lock
 * under which they enter the list, because a free page that is online has to be
 * in a list.
 */
void mu_memmap_init_chain(struct mu_memmap *memmap, mu_pfn_t start, unsigned nr,
			  uint16_t zone);
void mu_memmap_publish_chain(struct mu_memmap *memmap, mu_pfn_t start,
			     unsigned nr);

/*
 * Write and publish the descriptors of [@start, @end), inside one ragged block
 * that is backed, as @kind. The caller keeps others out of the range.
 */
void mu_memmap_init_ragged(struct mu_memmap *memmap, mu_pfn_t start,
			   mu_pfn_t end, uint16_t zone, enum mu_page_kind kind);

/*
 * Write and publish one descriptor for 2^@order pages at @pfn, MU_HUGE_ORDER or
 * MU_GIGANTIC_ORDER, naturally aligned, whose first block is backed and which
 * nobody else can reach: allocated, sparse, count 1. A huge page's block holds
 * two of them; the second call puts the block online, when both are written.
 */
void mu_memmap_init_sparse(struct mu_memmap *memmap, mu_pfn_t pfn,
			   uint16_t zone, unsigned order);

/*
 * Write the tails of the sparse huge page at @pfn, which makes it an ordinary
 * page. Under its zone's lock.
 */
void mu_memmap_fill_huge(struct mu_memmap *memmap, mu_pfn_t pfn);

#endif
