/* SPDX-License-Identifier: MIT */
/*
 * memmap: page descriptors, and which of them may be read.
 *
 * Vocabulary
 *   The *memmap* is one array of *page descriptors*, struct mu_page, indexed by
 *   pfn, in a range of virtual addresses that the port reserves for all of it.
 *   A *section* (2^15 pages) is the unit in which its backing is tracked:
 *   memory appears behind a section's descriptors when its first block is
 *   claimed, and is taken away when the section goes. A *block* (2^10 pages) is
 *   what is initialised at once.
 *
 *       pfn ----------> pages[pfn]                  one addition
 *        |
 *        +-- root[pfn >> 25] --> leaf[(pfn >> 15) % 1024] = section
 *                                  online   32 bits: descriptors were written
 *                                  backed   32 bits: memory is behind them
 *                                  partial  32 bits: not all were written
 *
 *   The root has one pointer for each 128 GiB of addresses (4 KiB pages), and a
 *   leaf is created with the first block in its 128 GiB, so that the table
 *   costs what is used, not what is addressable: 4 KiB for 64 TiB.
 *
 * Nothing is read before it is written
 *   Raw memmap memory is garbage. A descriptor may be read when its block is
 *   online (mu_memmap_lookup() checks), and the online bit is set only after
 *   the block was written. Two kinds of blocks are *partial*, written in part:
 *   - one that is partly hole, reserved or another zone's is *ragged*: a bitmap
 *     says which of its descriptors were written, and each of these carries
 *     MU_PAGE_RAGGED, so that code which merges neighbours knows without a
 *     lookup whether it may look at them;
 *   - huge and gigantic pages (2^9 and 2^18: 2 MiB and 1 GiB) can come straight
 *     from pristine memory with their first descriptor alone, which carries
 *     MU_PAGE_SPARSE; the others are written when the page is split or freed.
 *   Under AddressSanitizer backed descriptors are poisoned until written; in
 *   debug builds they are filled with MU_MEMMAP_POISON: writers check that
 *   nobody wrote them before, readers that somebody did.
 *
 * Descriptors
 *   16 bytes. The initial state is one 64-bit word, stored twice; it holds the
 *   zone but neither an address nor a link to itself, so that a run of
 *   descriptors is written at the speed of memory. Linux's struct page takes 64
 *   bytes and is written field by field; the idea of a template is Li Zhe's
 *   ("mm: speed up ZONE_DEVICE memmap initialization", 2026).
 *
 * Cost: 16 bytes per page, 0.39 % with 4 KiB pages, and only for claimed
 * blocks.
 */
#ifndef MEMUP_MEMMAP_H
#define MEMUP_MEMMAP_H

#include "memup/base.h"
#include "memup/limits.h"
#include "memup/memblock.h"
#include "memup/page_ext.h"
#include "memup/port.h"

/* What a written descriptor says about its page (the low bits of state). */
enum mu_page_kind {
	MU_PAGE_TAIL = 1,  /* inside a larger page: see its first descriptor */
	MU_PAGE_FREE,	   /* first of 2^order pages in a free list */
	MU_PAGE_ALLOCATED, /* first of 2^order pages that a client holds */
	MU_PAGE_RESERVED,  /* never in the allocator; order 0 */
	MU_PAGE_DEVICE,	   /* 2^order pages of a device: memup/device.h */
	MU_PAGE_POISONED,  /* taken out for good; order 0 */
	MU_PAGE_CACHED,	   /* first of 2^order pages in a CPU's cache */
};
#define MU_PAGE_KIND 0x0fu
/* Flags in state: the block has descriptors that were never written; the page's
 * own tails were never written; some page inside of it is poisoned. */
#define MU_PAGE_RAGGED	   0x80u
#define MU_PAGE_SPARSE	   0x40u
#define MU_PAGE_HAS_POISON 0x20u

/* Orders of pages that can have one descriptor alone. */
#define MU_HUGE_ORDER	  9
#define MU_GIGANTIC_ORDER 18
#define MU_HUGE_PAGES	  ((mu_pfn_t)1 << MU_HUGE_ORDER)
#define MU_GIGANTIC_PAGES ((mu_pfn_t)1 << MU_GIGANTIC_ORDER)

/*
 * A page descriptor. Who may write what:
 *   state, order, links   under the zone's lock; except that whoever frees an
 *                         allocated page into a CPU's cache changes it by
 *                         compare-and-exchange, and whoever holds that cache's
 *                         lock marks it as allocated again
 *   zone                  before the block is online; after that under the
 *                         locks of the old and of the new zone. Whoever uses it
 *                         to find the zone checks it again under that zone's
 *                         lock.
 *   refcount, private_data
 *                         whoever holds the page, once it is allocated
 * While a page is free its links take the place of refcount and private_data;
 * in a cache its only link takes the place of private_data. State and zone are
 * also read without the lock, relaxed, as hints; so is the count, by a caller
 * that frees a page which another has freed.
 */
struct mu_page {
	union {
		struct {
			_Atomic uint8_t state;
			uint8_t order;
			_Atomic uint16_t zone; /* in the allocator's zones */
		};
		/* All three, where no smaller word can be compared and
		 * exchanged: see mu_page_swap_state(). */
		_Atomic uint32_t first;
	};
	union {
		_Atomic uint32_t refcount;
		struct {
			_Atomic uint16_t next_hi;
			_Atomic uint16_t prev_hi;
		};
	};
	union {
		uint64_t private_data; /* the client's, 0 after allocation */
		struct {
			uint32_t next_lo;
			uint32_t prev_lo;
		};
	};
};

_Static_assert(sizeof(struct mu_page) == 16, "descriptors are 16 bytes");
_Static_assert(offsetof(struct mu_page, zone) == 2, "zone is in the word");
_Static_assert(offsetof(struct mu_page, refcount) == 4, "count in the word");
_Static_assert(offsetof(struct mu_page, private_data) == 8, "second word");

/* No page: the end of a list. */
#define MU_NO_PFN (((mu_pfn_t)1 << 48) - 1)

/* Fill value of backed descriptors that were never written (debug builds). */
#define MU_MEMMAP_POISON UINT64_C(0xd1e5d1e5d1e5d1e5)

/*
 * Called before any read of a descriptor: in debug builds (MU_DEBUG) trap if it
 * was never written. Its state is then the fill value's, of kind MU_PAGE_DEVICE
 * with all flags, which no page has.
 */
static inline void mu_page_check(const struct mu_page *page)
{
#ifdef MU_DEBUG
	/* relaxed: as below. */
	if (atomic_load_explicit(&page->state, memory_order_relaxed) ==
	    (uint8_t)MU_MEMMAP_POISON)
		__builtin_trap();
#else
	(void)page;
#endif
}

static inline uint8_t mu_page_flags(const struct mu_page *page)
{
	mu_page_check(page);
	/* relaxed: exact under the lock, a hint without. */
	return atomic_load_explicit(&page->state, memory_order_relaxed);
}

static inline enum mu_page_kind mu_page_kind(const struct mu_page *page)
{
	return (enum mu_page_kind)(mu_page_flags(page) & MU_PAGE_KIND);
}

static inline uint16_t mu_page_zone(const struct mu_page *page)
{
	mu_page_check(page);
	/* relaxed: as above. */
	return atomic_load_explicit(&page->zone, memory_order_relaxed);
}

/*
 * Blocks that are initialised one by one by whoever needs them first: whoever
 * sets a block's bit in claimed initialises it, the same bit in ready tells the
 * others that it is done.
 */
struct mu_claims {
	_Atomic uint32_t claimed;
	_Atomic uint32_t ready;
};

/*
 * One section. All fields are bit masks over its 32 blocks, changed only by
 * atomic or/and: backed under the memmap's lock, the others by whoever
 * initialises the block. A block of device memory is never online: the floor
 * device tracks it.
 */
struct mu_section {
	_Atomic uint32_t online;  /* some descriptors were written */
	_Atomic uint32_t backed;  /* there is memory behind them */
	_Atomic uint32_t partial; /* some may not have been written: */
	/* the block is in a gigantic page with only its first one written */
	_Atomic uint32_t gigantic;
	/* the lower or upper half is a huge page with only its first one */
	_Atomic uint32_t huge[2];
	struct mu_claims device;
};
_Static_assert(sizeof(struct mu_section) == 32, "2 to a cache line");

/* log2 of the sections in a leaf of the table. */
#define MU_LEAF_ORDER 10

/* A ragged block: bit n of written is pfn start + n. */
struct mu_ragged {
	mu_pfn_t start;
	_Atomic uint64_t written[MU_BLOCK_PAGES / 64];
};

/* The descriptors of [start, end), whole sections, lie in the physical memory
 * from base on. */
struct mu_memmap_host {
	mu_pfn_t start, end;
	mu_phys_t base;
};

struct mu_memmap {
	const struct mu_port *port;
	struct mu_page *pages;	  /* descriptor of pfn 0 (may not be mapped) */
	mu_pfn_t end_pfn;	  /* first pfn past all memory, also late */
	struct mu_page_ext *exts; /* the first extension, or NULL (C) */

	/* Root and leaves: entries of root are set once, under lock. */
	struct mu_section *_Atomic *root;
	unsigned nr_root;
	struct mu_section *leaves;
	unsigned nr_leaves, leaves_used; /* used: under lock */
	/* Entries of root for which a leaf is kept, and their number. Under
	 * lock. */
	uint64_t *kept;
	unsigned leaves_kept;

	/* Sorted by start; only the bits change after start. */
	struct mu_ragged *ragged;
	unsigned nr_ragged;

	struct mu_lock lock; /* backing, leaves and hosts */

	/* Under lock; as many as struct mu_limits has ranges. */
	struct mu_memmap_host *hosts;
	unsigned nr_hosts, max_hosts;

	/* Statistics, relaxed: pages whose descriptors are backed, written. */
	_Atomic uint64_t backed_pages;
	_Atomic uint64_t written_pages;
};

/* Descriptor of a pfn and pfn of a descriptor; no check. The pointer may be
 * formed for any pfn below end_pfn, and followed only when it is online. */
static inline struct mu_page *mu_pfn_to_page(const struct mu_memmap *memmap,
					     mu_pfn_t pfn)
{
	return memmap->pages + pfn;
}

static inline mu_pfn_t mu_page_to_pfn(const struct mu_memmap *memmap,
				      const struct mu_page *page)
{
	return (mu_pfn_t)(page - memmap->pages);
}

/*
 * The section of @pfn, or NULL where no block was ever claimed nearby. O(1):
 * two loads. Any context.
 */
static inline struct mu_section *
mu_memmap_section(const struct mu_memmap *memmap, mu_pfn_t pfn)
{
	uint64_t section = pfn >> MU_SECTION_ORDER;
	uint64_t at = section >> MU_LEAF_ORDER;
	struct mu_section *leaf;

	if (at >= memmap->nr_root)
		return NULL;
	/* acquire: the leaf was zeroed before it was published. */
	leaf = atomic_load_explicit(&memmap->root[at], memory_order_acquire);
	return leaf ? &leaf[section & ((1u << MU_LEAF_ORDER) - 1)] : NULL;
}

/*
 * The end of the section of @pfn; if there is none, the end of a run of pfns
 * without sections. For walks. Any context.
 */
static inline mu_pfn_t mu_memmap_section_end(const struct mu_memmap *memmap,
					     mu_pfn_t pfn)
{
	unsigned order = MU_SECTION_ORDER;

	if (!mu_memmap_section(memmap, pfn))
		order += MU_LEAF_ORDER;
	return ((pfn >> order) + 1) << order;
}

static inline uint32_t mu_block_bit(mu_pfn_t pfn)
{
	return 1u << ((pfn >> MU_BLOCK_ORDER) & (MU_SECTION_BLOCKS - 1));
}

/* The bits of the blocks [@start, @end), at least one, of one section. */
static inline uint32_t mu_block_bits(mu_pfn_t start, mu_pfn_t end)
{
	uint64_t nr = (end - start) >> MU_BLOCK_ORDER;

	return (uint32_t)((((uint64_t)1 << nr) - 1) * mu_block_bit(start));
}

/*
 * Was the descriptor of @pfn written? If true, the writes are visible. O(1);
 * O(log n) in the number of ragged blocks if the block is ragged. Any context,
 * no lock.
 */
bool mu_memmap_online(const struct mu_memmap *memmap, mu_pfn_t pfn);

/* The descriptor of @pfn, or NULL when it was never written. Any context. */
struct mu_page *mu_memmap_lookup(const struct mu_memmap *memmap, mu_pfn_t pfn);

/*
 * The first written descriptor in [@pfn, @end), or @end: the way to walk over
 * what is initialised and nothing else. Pristine memory costs one step per 128
 * GiB where no section is in use, else one per section. A snapshot: what comes
 * online behind the walker is not seen. Any context.
 *
 *     for (pfn = 0; (pfn = mu_memmap_next(memmap, pfn, end)) < end; pfn++)
 */
mu_pfn_t mu_memmap_next(const struct mu_memmap *memmap, mu_pfn_t pfn,
			mu_pfn_t end);

/*
 * The descriptor that describes @pfn: that of the first page if @pfn is in a
 * sparse page and its own was not written, else its own. NULL for a pfn that is
 * not online. Any context.
 */
struct mu_page *mu_memmap_head(const struct mu_memmap *memmap, mu_pfn_t pfn);

/* Is the block at @start backed? One load. */
static inline bool mu_memmap_is_backed(const struct mu_memmap *memmap,
				       mu_pfn_t start)
{
	const struct mu_section *section = mu_memmap_section(memmap, start);

	/* acquire: the mapping was made before the bit was set. */
	return section &&
	       (atomic_load_explicit(&section->backed, memory_order_acquire) &
		mu_block_bit(start));
}

#endif /* MEMUP_MEMMAP_H */
