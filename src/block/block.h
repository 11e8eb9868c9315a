/* SPDX-License-Identifier: MIT */
/*
 * block: which pages are free, told by maps of blocks instead of descriptors.
 *
 * Vocabulary
 *   A block (2^10 pages) has two *halves*. While a half is free as a whole, or
 *   allocated as a whole, two bits in its section say so, and that is all there
 *   is about its 512 pages. When it is first *split*, a map is written: two
 *   bits for each page (block_word.h). When all its pages are free again it is
 *   *merged*.
 *
 *     section   half[2]   64 halves, as 32 + 32 bits
 *       block     map       1024 pages, as 32 words, at maps[pfn / 32]
 *         page      pages[pfn]  its descriptor: exists while it is allocated
 *
 * The maps are the truth
 *   To allocate is to clear the bits of a run by compare-and-exchange; to free
 *   is to set them. Nothing free is ever set aside where others cannot find it:
 *   a CPU has *hints*, the words in which it last found something, so that CPUs
 *   work in different blocks. So nothing has to be emptied or stolen before an
 *   allocation may fail, and an interrupt between any two instructions does no
 *   harm.
 *   A block's *class* is the order of its largest free run. Each section has a
 *   mask of classes for each block, and each zone an index of the sections for
 *   each class (block_index.h): what is free is found there, or in the block of
 *   some CPU's hint. Masks say too much rather than too little, and whoever is
 *   misled corrects them, under the zone's lock.
 *
 * Marks
 *   A zone's free pages are avail plus the *credits* of its slots. A credit is
 *   the permission to take one page without going below the low mark. A CPU
 *   takes credits from avail many at a time; whoever finds avail at the mark
 *   takes back all credits that there are, at most MU_ZONE_SLOTS times. Credits
 *   come before pages when allocating, after them when freeing, so that there
 *   are never fewer pages than permissions.
 *
 * The zone's lock
 *   is for blocks: to look for another block, to split or merge one, to take a
 *   run that spans words, to correct a mask. Whatever hides free memory for a
 *   moment holds it, so that a search under the lock that finds nothing is
 *   right. Interrupts are off meanwhile; its work has a bound that depends on
 *   neither CPUs nor memory.
 *
 * Cost: an allocation or a free is two compare-and-exchanges, on a word of the
 * block's map and on one's own credits. A half that was never split costs two
 * bits, a split one 128 bytes.
 *
 * Source of the idea: LLFree (Wrenger and others, "LLFree: Scalable and
 * Optionally-Persistent Page-Frame Allocation", USENIX ATC 2023) keeps bits and
 * counters, reserved by CPUs; bits alone, with hints and an index, are memup's.
 */
#ifndef MU_BLOCK_H
#define MU_BLOCK_H

#include "block/block_index.h"
#include "block/block_word.h"
#include "memup/memmap.h"

/* Halves of a block. */
#define MU_HALF_ORDER 9
#define MU_HALF_PAGES ((mu_pfn_t)1 << MU_HALF_ORDER)
/* The largest run that one allocation takes: a word of halves. */
#define MU_RUN_ORDER (MU_HALF_ORDER + MU_WORD_ORDER)

/*
 * Classes: 0 to 8, a block with a free run of that order in its map; 9, a block
 * with a split half that is all free. Sections: one that has a half, or a
 * block, that is free as a whole.
 */
enum {
	MU_CLASS_MERGE = 9,
	MU_CLASS_HALF = 10,
	MU_CLASS_BLOCK = 11,
	MU_NR_CLASSES = 12
};

/* What tells of the 32 blocks of a section. Lines are kept apart by who writes
 * them. */
struct mu_block_section {
	/* Words of block_word.h, a bit for each half. By allocations and frees
	 * of orders above 8, and by splits and merges. */
	alignas(64) _Atomic uint64_t half[2];
	/* Bit h: half h is split. Under the lock; read by all. */
	alignas(64) _Atomic uint64_t split;
	/* Bit b: block b belongs to the allocator. */
	_Atomic uint32_t online;
	/* Bit b: some slot has a hint there. Under the lock; a hint. */
	_Atomic uint32_t busy;
	/* Bit b: block b is on its way out: frees are not indexed. */
	_Atomic uint32_t isolated;
	/* The zone of all its blocks, plus 1; 0 before any came,
	 * MU_MIXED if there are several. Under the lock of the zone
	 * whose blocks come. */
	_Atomic uint16_t zone;
	uint16_t zone_of[MU_SECTION_BLOCKS]; /* of each block, once online */
	/* The classes of block b: bits 16 * (b % 4) of word b / 4. Set by
	 * anybody, cleared under the lock. */
	alignas(64) _Atomic uint64_t classes[8];
};

_Static_assert(offsetof(struct mu_block_section, split) == 64 &&
		       offsetof(struct mu_block_section, classes) == 192 &&
		       sizeof(struct mu_block_section) == 256,
	       "8 bytes a block, on lines of their own by who writes them");

/* Kinds of orders that have hints of their own. */
enum { MU_HINT_PAGE, MU_HINT_SMALL, MU_HINT_HALF, MU_NR_HINTS };

#define MU_ZONE_SLOTS 64

#define MU_MIXED UINT16_MAX

/* What CPUs of one number modulo the zone's slots share. */
struct mu_block_slot {
	alignas(128) _Atomic int64_t credits;
	/* The first pfn of a word, or MU_NO_PFN. */
	_Atomic uint64_t hint[MU_NR_HINTS];
};
_Static_assert(sizeof(struct mu_block_slot) == 128, "no line is shared, nor "
						    "fetched with another");

struct mu_block_zone {
	uint16_t id;		     /* (C) */
	unsigned nr_slots;	     /* a power of two (C) */
	uint64_t base;		     /* the number of its first section (C) */
	uint64_t nr;		     /* sections in its span (C) */
	struct mu_block_slot *slots; /* (C) */
	struct mu_block_index index[MU_NR_CLASSES];
	/* Free pages that no slot has a credit for. */
	alignas(128) _Atomic int64_t avail;
	_Atomic int64_t low; /* the low mark */
	alignas(128) struct mu_lock lock;
};

struct mu_blocks {
	const struct mu_port *port;
	struct mu_page *pages;		   /* descriptor of pfn 0 (C) */
	_Atomic uint64_t *maps;		   /* the word of pfn 0 (C) */
	struct mu_block_section *sections; /* of pfn 0 (C) */
	mu_pfn_t end_pfn;		   /* (C) */
	struct mu_block_zone *zones;	   /* by id (C) */
	/* Is there memory behind the map and the descriptors of the half at
	 * @pfn? If not, put some there: MU_ERR_NOMEM. */
	bool (*is_backed)(void *arg, mu_pfn_t pfn);
	enum mu_status (*back)(void *arg, mu_pfn_t pfn);
	void *back_arg;
};

/* ---- block_take.c, block_put.c ---- */

/*
 * Allocate 2^@order pages (at most MU_RUN_ORDER) of @zone for @cpu, and leave
 * at least @mark. MU_ERR_BUSY when the mark forbids it, MU_ERR_NOT_FOUND when
 * no such run is free, MU_ERR_NOMEM when there is no backing for a map. The
 * descriptor has count 1. Any context.
 */
enum mu_status mu_block_alloc(struct mu_blocks *blocks,
			      struct mu_block_zone *zone, unsigned cpu,
			      unsigned order, int64_t mark,
			      mu_pfn_t *pfn) MU_MUST_CHECK;

/*
 * Free 2^@order pages at @pfn. MU_ERR_HOLE, MU_ERR_PRISTINE (not online),
 * MU_ERR_NOT_ALLOCATED, MU_ERR_ORDER, MU_ERR_BUSY (other references). Any
 * context.
 */
enum mu_status mu_block_free(struct mu_blocks *blocks, unsigned cpu,
			     mu_pfn_t pfn, unsigned order) MU_MUST_CHECK;

/* ---- block_mark.c ---- */

/* Take @pages credits from @slot, if it has them. */
bool mu_block_spend(struct mu_block_slot *slot, int64_t pages);
/* Give @pages credits to @slot; what is too many goes to the zone. */
void mu_block_earn(struct mu_block_zone *zone, struct mu_block_slot *slot,
		   int64_t pages);
/* Take @pages from the zone so that @mark are left, if need be from the slots.
 * O(MU_ZONE_SLOTS). */
bool mu_block_reserve(struct mu_block_zone *zone, struct mu_block_slot *slot,
		      int64_t pages, int64_t mark);
/* All free pages of @zone: exact while nobody else allocates or frees.
 * O(MU_ZONE_SLOTS). */
int64_t mu_block_free_pages(const struct mu_block_zone *zone);

/* ---- block_class.c ---- */

/* A free run of 2^@order has come to the block at @pfn. */
void mu_block_raise(struct mu_blocks *blocks, struct mu_block_zone *zone,
		    mu_pfn_t pfn, unsigned order);
/* The half at @pfn has become free as a whole. */
void mu_block_raise_half(struct mu_blocks *blocks, struct mu_block_zone *zone,
			 mu_pfn_t pfn);
/* Correct the classes of the block at @pfn, and merge what can be. Under the
 * lock. */
void mu_block_correct(struct mu_blocks *blocks, struct mu_block_zone *zone,
		      mu_pfn_t pfn);
/* Correct classes HALF and BLOCK of the section of @pfn. Under the lock. */
void mu_block_correct_section(struct mu_blocks *blocks,
			      struct mu_block_zone *zone, mu_pfn_t pfn);
/* Which halves in the word of the half at @pfn belong to @zone, if some may
 * not? */
uint32_t mu_block_zone_halves(const struct mu_blocks *blocks,
			      const struct mu_block_zone *zone, mu_pfn_t pfn);
/* Merge the half at @pfn if it is split and all free. Under the lock. */
bool mu_block_merge(struct mu_blocks *blocks, struct mu_block_zone *zone,
		    mu_pfn_t pfn);
/* Are all pages of the half at @pfn, which is split, free? A hint. */
bool mu_block_is_free(const struct mu_blocks *blocks, mu_pfn_t pfn);

/* ---- block_add.c ---- */

/* Bytes for the indexes and slots of a zone of sections [@start, @end) and
 * @cpus CPUs; and its start in @buf of that many bytes, aligned to 128. */
size_t mu_block_zone_size(mu_pfn_t start, mu_pfn_t end, unsigned cpus);
void mu_block_zone_init(struct mu_block_zone *zone, uint16_t id, mu_pfn_t start,
			mu_pfn_t end, unsigned cpus, void *buf);

/* The whole blocks [@start, @end) are free memory of @zone from now on. Under
 * the lock. O(sections). */
void mu_block_add(struct mu_blocks *blocks, struct mu_block_zone *zone,
		  mu_pfn_t start, mu_pfn_t end);
/* Check that all maps, masks and counters of @zone agree while nobody else uses
 * it. */
enum mu_status mu_block_validate(struct mu_blocks *blocks,
				 struct mu_block_zone *zone,
				 const char **why) MU_MUST_CHECK;

/* ---- */

static inline struct mu_block_section *
mu_block_section(const struct mu_blocks *blocks, mu_pfn_t pfn)
{
	return &blocks->sections[pfn >> MU_SECTION_ORDER];
}

/* The word that has the bits of page @pfn. */
static inline _Atomic uint64_t *mu_block_word(const struct mu_blocks *blocks,
					      mu_pfn_t pfn)
{
	return &blocks->maps[pfn >> MU_WORD_ORDER];
}

/* The word that has the bits of the half at @pfn, and its bit. */
static inline _Atomic uint64_t *
mu_block_half_word(const struct mu_blocks *blocks, mu_pfn_t pfn)
{
	return &mu_block_section(blocks, pfn)->half[(pfn >> MU_RUN_ORDER) & 1];
}

static inline unsigned mu_block_half_at(mu_pfn_t pfn)
{
	return (unsigned)(pfn >> MU_HALF_ORDER) & 31;
}

/* Bit of a half in split. */
static inline uint64_t mu_block_split_bit(mu_pfn_t pfn)
{
	return (uint64_t)1 << ((pfn >> MU_HALF_ORDER) & 63);
}

static inline bool mu_block_is_split(const struct mu_blocks *blocks,
				     mu_pfn_t pfn)
{
	/* acquire: the map was written before. */
	return atomic_load_explicit(&mu_block_section(blocks, pfn)->split,
				    memory_order_acquire) &
	       mu_block_split_bit(pfn);
}

static inline unsigned mu_block_nr(mu_pfn_t pfn)
{
	return (unsigned)(pfn >> MU_BLOCK_ORDER) & (MU_SECTION_BLOCKS - 1);
}

/* The classes of the block at @pfn. */
static inline unsigned mu_block_classes(const struct mu_blocks *blocks,
					mu_pfn_t pfn)
{
	unsigned nr = mu_block_nr(pfn);

	return (unsigned)(atomic_load(&mu_block_section(blocks, pfn)
					       ->classes[nr / 4]) >>
			  (16 * (nr % 4))) &
	       0xffff;
}

static inline struct mu_block_slot *
mu_block_slot(const struct mu_block_zone *zone, unsigned cpu)
{
	return &zone->slots[cpu & (zone->nr_slots - 1)];
}

/* An allocation of 2^@order pages begins at @pfn. */
static inline void mu_block_describe(struct mu_page *page, uint16_t zone,
				     unsigned order)
{
	/* relaxed: whoever gets the page gets it from us. */
	atomic_store_explicit(&page->state, MU_PAGE_ALLOCATED,
			      memory_order_relaxed);
	page->order = (uint8_t)order;
	atomic_store_explicit(&page->zone, zone, memory_order_relaxed);
	atomic_store_explicit(&page->refcount, 1, memory_order_relaxed);
	page->private_data = 0;
}

#endif
