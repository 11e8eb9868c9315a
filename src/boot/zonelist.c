// SPDX-License-Identifier: MIT
/*
 * The order in which a node's allocations look at zones: nearest node first,
 * and there the highest zone first, so that the small low zones are kept for
 * those who can use nothing else. Nodes at one distance are taken in turn,
 * beginning after the own one, so that not all fall back on the same.
 *
 * Cost: O(n log n) for each of n nodes.
 */
#include "base/bits.h"
#include "base/sort.h"
#include "boot/tables.h"

static unsigned distance(const struct mu_mm *mm, unsigned from, unsigned to)
{
	const struct mu_machine *machine = mm->machine;

	if (from == to)
		return 0;
	if (!machine || MU_MAX(from, to) >= machine->nr_nodes)
		return 20;
	return machine->distances[from * machine->max_nodes + to];
}

static void build(struct mu_mm *mm, unsigned self, uint16_t *list,
		  uint64_t *order)
{
	struct mu_buddy *buddy = &mm->buddy;
	struct mu_node *node = &buddy->nodes[self];
	unsigned nr = 0;

	for (unsigned nid = 0; nid < mm->nr_nodes; nid++) {
		unsigned turn = (nid + mm->nr_nodes - self) % mm->nr_nodes;

		if (buddy->nodes[nid].present_pages)
			order[nr++] = (uint64_t)distance(mm, self, nid) << 32 |
				      (uint64_t)turn << 16 | nid;
	}
	mu_sort_u64(order, nr);
	node->zonelist = list;
	for (unsigned i = 0; i < nr; i++) {
		const struct mu_node *other =
			&buddy->nodes[order[i] & UINT16_MAX];

		for (unsigned type = MU_NR_ZONES; type-- > 0;)
			if (other->zone_id[type] != MU_NO_ZONE)
				*list++ = other->zone_id[type];
	}
	for (unsigned highest = 0; highest < MU_NR_ZONES; highest++) {
		node->preferred[highest] = NULL;
		for (unsigned i = 0; i < buddy->nr_zones; i++) {
			struct mu_zone *zone = &buddy->zones[node->zonelist[i]];

			if (zone->type > highest)
				continue;
			/* The fast path must not leave the node: who said
			 * THISNODE takes it too. */
			if (zone->nid == (int)self)
				node->preferred[highest] = zone;
			break;
		}
	}
}

void mu_zonelists_build(struct mu_mm *mm, uint16_t *zonelists,
			uint64_t *scratch)
{
	for (unsigned nid = 0; nid < mm->nr_nodes; nid++)
		build(mm, nid, zonelists + (size_t)nid * mm->buddy.nr_zones,
		      scratch);
}
