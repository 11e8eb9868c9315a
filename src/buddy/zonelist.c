// SPDX-License-Identifier: MIT
/*
 * The order in which a node's allocations look at zones: nearest node first,
 * and there the highest zone first, so that the small low zones are kept for
 * those who can use nothing else. Nodes at the same distance are taken in turn,
 * beginning after the node itself, so that not all fall back on the same one.
 *
 * A zone that is made while others allocate is inserted into the lists that
 * they walk. The entries after its place move on by one, the last one first,
 * and no list ever loses a zone: a walker may see one twice but misses none,
 * and needs no lock. A zone whose memory has gone keeps its place, and is
 * skipped.
 *
 * Cost: O(n log n) for each node and n zones; one more is O(n) for each node.
 */
#include "base/bits.h"
#include "base/sort.h"
#include "buddy/memory.h"
#include "buddy/zone.h"
#include "memup/machine.h"

static unsigned distance(const struct mu_machine *machine, unsigned from,
			 unsigned to)
{
	if (from == to)
		return 0;
	if (!machine || MU_MAX(from, to) >= machine->nr_nodes)
		return 20;
	return machine->distances[from * machine->max_nodes + to];
}

/* The zones of a list ascend by this; its low half is the zone's id. */
static uint64_t rank(const struct mu_buddy *buddy, unsigned self,
		     const struct mu_zone *zone)
{
	unsigned nid = (unsigned)zone->nid;
	unsigned turn = (nid + buddy->nr_nodes - self) % buddy->nr_nodes;

	return (uint64_t)distance(buddy->machine, self, nid) << 40 |
	       (uint64_t)turn << 24 |
	       (uint64_t)(MU_NR_ZONES - zone->type) << 16 | zone->id;
}

static void store(_Atomic uint16_t *place, uint64_t id)
{
	/* release: see mu_zonelist_zone(). */
	atomic_store_explicit(place, (uint16_t)id, memory_order_release);
}

void mu_node_prefer(struct mu_buddy *buddy, struct mu_node *node)
{
	for (unsigned highest = 0; highest < MU_NR_ZONES; highest++) {
		struct mu_zone *zone, *found = NULL, *old;

		/* The fast path must not leave the node, because it also serves
		 * MU_ALLOC_THISNODE. */
		for (unsigned i = 0;
		     !found && (zone = mu_zonelist_zone(buddy, node, i)) &&
		     zone->nid == node->nid;
		     i++)
			if (zone->type <= highest && zone->present_pages)
				found = zone;
		/* acq_rel: the zones were made before. */
		old = atomic_exchange_explicit(&node->preferred[highest], found,
					       memory_order_acq_rel);
		/* So that its caches can be bound to the new one. */
		if (old && old != found)
			mu_buddy_drain(buddy, old);
	}
}

void mu_zonelists_build(struct mu_buddy *buddy, _Atomic uint16_t *lists,
			uint64_t *scratch)
{
	for (unsigned nid = 0; nid < buddy->nr_nodes; nid++) {
		unsigned nr = buddy->nr_zones;

		for (unsigned i = 0; i < nr; i++)
			scratch[i] = rank(buddy, nid, &buddy->zones[i]);
		mu_sort_u64(scratch, nr);
		for (unsigned i = 0; i < nr; i++)
			store(&lists[i], scratch[i] & UINT16_MAX);
		store(&lists[nr], MU_NO_ZONE);
		buddy->nodes[nid].zonelist = lists;
		mu_node_prefer(buddy, &buddy->nodes[nid]);
		lists += buddy->max_zones + 1;
	}
}

static void insert(const struct mu_buddy *buddy, const struct mu_node *node,
		   const struct mu_zone *zone)
{
	unsigned self = (unsigned)node->nid, at = 0, end;
	const struct mu_zone *other;

	while ((other = mu_zonelist_zone(buddy, node, at)) &&
	       rank(buddy, self, other) < rank(buddy, self, zone))
		at++;
	for (end = at; mu_zonelist_zone(buddy, node, end);)
		end++;
	/* The last one first. relaxed: only we write. */
	for (end++; end > at; end--)
		store(&node->zonelist[end],
		      atomic_load_explicit(&node->zonelist[end - 1],
					   memory_order_relaxed));
	store(&node->zonelist[at], zone->id);
}

void mu_zonelists_add(struct mu_buddy *buddy, const struct mu_zone *zone)
{
	for (unsigned nid = 0; nid < buddy->nr_nodes; nid++)
		insert(buddy, &buddy->nodes[nid], zone);
}
