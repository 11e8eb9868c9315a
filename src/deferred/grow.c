// SPDX-License-Identifier: MIT
/*
 * From a claim to the free lists.
 */
#include "base/assert.h"
#include "base/lock.h"
#include "base/port.h"
#include "buddy/memory.h"
#include "deferred/claim.h"
#include "deferred/grow.h"
#include "deferred/memory.h"
#include "memmap/blocks.h"

static void measure(struct mu_deferred *deferred, struct mu_pristine *pristine,
		    uint64_t since)
{
	uint64_t ns = mu_clock(deferred->port) - since;
	/* relaxed: a statistic. */
	uint64_t max = atomic_load_explicit(&pristine->claim_ns_max,
					    memory_order_relaxed);

	while (ns > max && !atomic_compare_exchange_weak_explicit(
				   &pristine->claim_ns_max, &max, ns,
				   memory_order_relaxed, memory_order_relaxed))
		;
}

unsigned mu_look_begin(struct mu_pristine *pristine)
{
	/* relaxed: either of the two will do. */
	unsigned turn =
		atomic_load_explicit(&pristine->turn, memory_order_relaxed);

	atomic_fetch_add_explicit(&pristine->looking[turn], 1,
				  memory_order_relaxed);
	/* seq_cst: we are counted before we look. Pairs with the fence in
	 * mu_deferred_settle(): either that waits for us, or we do not find
	 * what was withdrawn before it. */
	atomic_thread_fence(memory_order_seq_cst);
	return turn;
}

void mu_look_end(struct mu_pristine *pristine, unsigned turn)
{
	/* release: whoever sees that we left sees what we backed. */
	atomic_fetch_sub_explicit(&pristine->looking[turn], 1,
				  memory_order_release);
}

void mu_deferred_settle(struct mu_deferred *deferred,
			const struct mu_zone *zone)
{
	struct mu_pristine *pristine = mu_pristine_of(deferred, zone);

	/* seq_cst: see mu_look_begin(). */
	atomic_thread_fence(memory_order_seq_cst);
	/* One at a time: another would direct newcomers to our count. */
	mu_lock(deferred->port, &pristine->settling);
	for (uint32_t turn = 0; turn < 2; turn++) {
		/* relaxed: only so that newcomers do not delay us; if some are
		 * counted here all the same we wait for them unnecessarily, but
		 * miss nobody. */
		atomic_store_explicit(&pristine->turn, !turn,
				      memory_order_relaxed);
		/* acquire: pairs with the release in mu_look_end(). */
		for (unsigned spins = 0; atomic_load_explicit(
			     &pristine->looking[turn], memory_order_acquire);
		     spins++)
			mu_pause(deferred->port, spins);
	}
	mu_unlock(&pristine->settling);
}

uintptr_t mu_claim_begin(struct mu_deferred *deferred,
			 struct mu_pristine *pristine)
{
	uintptr_t flags = mu_irq_save(deferred->port);

	/* relaxed: the claim's release comes after it. */
	atomic_fetch_add_explicit(&pristine->busy, 1, memory_order_relaxed);
	return flags;
}

void mu_claim_end(struct mu_deferred *deferred, struct mu_pristine *pristine,
		  uintptr_t flags)
{
	/*
	 * Before anybody can find us not busy. Also when the memory did not
	 * come to the lists, or nothing was claimed: a CPU that saw no growth
	 * and nobody busy may then conclude that nothing moved since it looked
	 * at the lists, so that what it found there and in the extents was true
	 * at the same moment.
	 */
	mu_zone_tell_growth(pristine->zone);
	/* release: whoever sees that nobody is busy sees what they added. */
	atomic_fetch_sub_explicit(&pristine->busy, 1, memory_order_release);
	mu_irq_restore(deferred->port, flags);
}

void mu_claim_count(struct mu_pristine *pristine, uint64_t blocks)
{
	/* relaxed: a statistic. */
	atomic_fetch_add_explicit(&pristine->claims, blocks,
				  memory_order_relaxed);
}

bool mu_online_block(struct mu_deferred *deferred, struct mu_pristine *pristine,
		     mu_pfn_t start, unsigned take, uint64_t mark,
		     mu_pfn_t *pfn)
{
	struct mu_zone *zone = pristine->zone;

	mu_memmap_init_block(deferred->memmap, start, (uint16_t)zone->id,
			     MU_PAGE_TAIL);
	mu_memmap_publish(deferred->memmap, start);
	mu_claim_count(pristine, 1);
	if (mu_buddy_has_poison(deferred->buddy, start,
				start + MU_BLOCK_PAGES)) {
		mu_buddy_add_around(deferred->buddy, zone, start);
		return false;
	}
	return mu_buddy_add_block(deferred->buddy, zone, start, take, mark,
				  pfn);
}

void mu_claim_away(struct mu_deferred *deferred, struct mu_pristine *pristine,
		   struct mu_claim *claim)
{
	uintptr_t irq = mu_claim_begin(deferred, pristine);

	if (mu_claim(claim))
		mu_online_block(deferred, pristine, claim->pfn, MU_NR_ORDERS, 0,
				NULL);
	mu_claim_end(deferred, pristine, irq);
}

static bool is_past(const struct mu_zone *zone, uint64_t seen)
{
	/* acquire: pairs with the release in mu_zone_tell_growth(). */
	return atomic_load_explicit(&zone->growth, memory_order_acquire) !=
	       seen;
}

static bool is_busy(const struct mu_pristine *pristine)
{
	/* acquire: pairs with the release in mu_claim_end(). */
	return atomic_load_explicit(&pristine->busy, memory_order_acquire);
}

/* Claim what was peeked at and bring it to the lists. False when another was
 * faster. */
static bool claim_one(struct mu_deferred *deferred,
		      struct mu_pristine *pristine, struct mu_claim *claim,
		      unsigned order, uint64_t mark, bool *taken, mu_pfn_t *pfn)
{
	uintptr_t flags = mu_claim_begin(deferred, pristine);
	uint64_t since = deferred->measure ? mu_clock(deferred->port) : 0;
	bool claimed = mu_claim(claim);

	if (claimed) {
		*taken = mu_online_block(deferred, pristine, claim->pfn, order,
					 mark, pfn);
		if (deferred->measure)
			measure(deferred, pristine, since);
	}
	mu_claim_end(deferred, pristine, flags);
	return claimed;
}

enum mu_grow mu_deferred_grow(void *arg, struct mu_zone *zone, unsigned order,
			      uint64_t mark, uint64_t seen, mu_pfn_t *pfn)
{
	struct mu_deferred *deferred = arg;
	struct mu_pristine *pristine = mu_pristine_of(deferred, zone);
	bool claimed = false, failed = false, taken = false;
	enum mu_grow end = MU_EXHAUSTED;
	struct mu_claim claim;

	/* An iteration that claims nothing lost the block to another CPU. We
	 * have peeked once before, so that a CPU that finds nothing stores
	 * nothing. */
	while (!claimed && !failed && mu_claim_peek(pristine, &claim)) {
		unsigned turn = mu_look_begin(pristine);

		if (mu_claim_peek(pristine, &claim)) {
			/* Interrupts are as the caller had them: backing may
			 * take longer than a block. */
			failed = mu_memmap_back(deferred->memmap, claim.pfn) !=
				 MU_OK;
			claimed =
				!failed && claim_one(deferred, pristine, &claim,
						     order, mark, &taken, pfn);
		}
		mu_look_end(pristine, turn);
	}
	if (claimed)
		return taken || order >= MU_NR_ORDERS ? MU_GREW
						      : MU_GROWN_BY_OTHER;
	if (failed)
		end = MU_GROW_FAILED;
	/*
	 * All is claimed, or what is left cannot be backed. Either somebody is
	 * busy with a block, or all claimed blocks are in the lists, and some
	 * may have come after the caller looked. In this order: a claimer that
	 * is not busy any more has added its block. A CPU that becomes busy
	 * from now on and claims nothing lost the block to another, so this
	 * ends.
	 */
	if (is_busy(pristine))
		return is_past(zone, seen) ? MU_GROWN_BY_OTHER
					   : MU_GROWS_BY_OTHER;
	return is_past(zone, seen) ? MU_GROWN_BY_OTHER : end;
}

void mu_deferred_wait(void *arg, struct mu_zone *zone, uint64_t seen)
{
	struct mu_deferred *deferred = arg;
	const struct mu_pristine *pristine = mu_pristine_of(deferred, zone);

	/* A busy CPU may have come too late to claim anything: then nothing is
	 * added, but nobody stays busy. */
	for (unsigned spins = 0; is_busy(pristine) && !is_past(zone, seen);
	     spins++)
		mu_pause(deferred->port, spins);
}

/*
 * Several blocks of one section at once, at most @want: how many, 0 when there
 * are not two, they cannot be backed, or another was faster.
 */
static unsigned claim_batch(struct mu_deferred *deferred, struct mu_zone *zone,
			    uint64_t want)
{
	struct mu_pristine *pristine = mu_pristine_of(deferred, zone);
	struct mu_claim claim;
	uintptr_t flags;
	uint64_t nr, since;
	bool claimed;

	if (!mu_claim_peek(pristine, &claim))
		return 0;
	nr = mu_cursor_tail(claim.cursor) - mu_cursor_head(claim.cursor);
	nr = MU_MIN(nr, MU_MIN(want, deferred->batch));
	nr = MU_MIN(nr,
		    (MU_SECTION_PAGES - (claim.pfn & (MU_SECTION_PAGES - 1))) >>
			    MU_BLOCK_ORDER);
	for (uint64_t i = 0; i < nr; i++)
		if (mu_memmap_back(deferred->memmap,
				   claim.pfn + i * MU_BLOCK_PAGES) != MU_OK)
			return 0;
	if (nr < 2 || mu_buddy_has_poison(deferred->buddy, claim.pfn,
					  claim.pfn + nr * MU_BLOCK_PAGES))
		return 0;
	claim.next = claim.cursor + nr;
	flags = mu_claim_begin(deferred, pristine);
	since = deferred->measure ? mu_clock(deferred->port) : 0;
	claimed = mu_claim(&claim);
	if (claimed) {
		/* A page that was lost since is found in the lists. */
		mu_memmap_init_chain(deferred->memmap, claim.pfn, (unsigned)nr,
				     (uint16_t)zone->id);
		mu_buddy_add_chain(deferred->buddy, zone, claim.pfn,
				   (unsigned)nr);
		mu_claim_count(pristine, nr);
		if (deferred->measure)
			measure(deferred, pristine, since);
	}
	mu_claim_end(deferred, pristine, flags);
	return claimed ? (unsigned)nr : 0;
}

static unsigned take_batch(struct mu_deferred *deferred, struct mu_zone *zone,
			   uint64_t want)
{
	struct mu_pristine *pristine = mu_pristine_of(deferred, zone);
	unsigned turn, taken;

	if (deferred->batch < 2)
		return 0;
	turn = mu_look_begin(pristine);
	taken = claim_batch(deferred, zone, want);
	mu_look_end(pristine, turn);
	return taken;
}

uint64_t mu_deferred_take_zone(struct mu_deferred *deferred,
			       struct mu_zone *zone, uint64_t blocks,
			       enum mu_status *status)
{
	enum mu_grow grown = MU_GREW;
	uint64_t done = 0;

	/* Blocks may be missing because an extent is being cut: look again
	 * until nothing is on its way. */
	while (done < blocks && grown != MU_EXHAUSTED &&
	       grown != MU_GROW_FAILED) {
		/* acquire: what is read of the zone below is no older. */
		uint64_t seen = atomic_load_explicit(&zone->growth,
						     memory_order_acquire);
		unsigned batch = take_batch(deferred, zone, blocks - done);
		mu_pfn_t pfn;

		if (batch) {
			done += batch;
			mu_watchdog(deferred->port);
			continue;
		}
		grown = mu_deferred_grow(deferred, zone, MU_NR_ORDERS, 0, seen,
					 &pfn);
		if (grown == MU_GROWS_BY_OTHER)
			mu_deferred_wait(deferred, zone, seen);
		if (grown == MU_GREW && ++done % MU_SECTION_BLOCKS == 0)
			mu_watchdog(deferred->port);
	}
	if (grown == MU_GROW_FAILED)
		*status = MU_ERR_NOMEM;
	return done;
}
