// SPDX-License-Identifier: MIT
/*
 * Zones and nodes that get memory, or lose it. (Zone id, zonelists and spans
 * change here alone once the machine runs.)
 */
#include "buddy/memory.h"
#include "buddy/zone.h"
#include "deferred/memory.h"
#include "hotplug/internal.h"

struct mu_zone *mu_hp_zone(struct mu_hotplug *hotplug, int nid,
			   enum mu_zone_type type)
{
	struct mu_buddy *buddy = hotplug->buddy;
	struct mu_node *node = &buddy->nodes[nid];
	/* relaxed: written under (H). */
	unsigned id =
		atomic_load_explicit(&buddy->nr_zones, memory_order_relaxed);
	struct mu_zone *zone = &buddy->zones[id];

	if (node->zone_id[type] != MU_NO_ZONE)
		return &buddy->zones[node->zone_id[type]];
	if (id == buddy->max_zones)
		return NULL;
	mu_zone_init(zone, id, nid, type, 0, 0);
	mu_deferred_add_zone(hotplug->deferred, zone);
	/* An isolated zone has nothing pristine. */
	if (type != MU_ZONE_ISOLATED) {
		mu_deferred_set_extents(hotplug->deferred, zone, hotplug->spare,
					hotplug->nr_spare);
		hotplug->spare += hotplug->nr_spare;
	}
	node->zone_id[type] = (uint16_t)id;
	/* release: whoever sees the new count finds the zone complete. */
	atomic_store_explicit(&buddy->nr_zones, id + 1, memory_order_release);
	if (type != MU_ZONE_ISOLATED)
		mu_zonelists_add(buddy, zone);
	return zone;
}

static void set_span(struct mu_hotplug *hotplug, struct mu_zone *zone,
		     mu_pfn_t start, mu_pfn_t end, int64_t pages)
{
	uintptr_t flags = mu_lock_irqsave(hotplug->port, &zone->lock);
	uint64_t present = zone->present_pages + (uint64_t)pages;

	zone->start_pfn = start;
	zone->end_pfn = end;
	/* relaxed: under the lock. */
	atomic_store_explicit(&zone->present_pages, present,
			      memory_order_relaxed);
	mu_unlock_irqrestore(hotplug->port, &zone->lock, flags);
}

void mu_hp_grow_span(struct mu_hotplug *hotplug, struct mu_zone *zone,
		     mu_pfn_t start, mu_pfn_t end)
{
	struct mu_node *node = &hotplug->buddy->nodes[zone->nid];
	bool empty = !zone->present_pages;
	int64_t pages = (int64_t)(end - start);

	set_span(hotplug, zone, empty ? start : MU_MIN(zone->start_pfn, start),
		 empty ? end : MU_MAX(zone->end_pfn, end), pages);
	empty = !node->present_pages;
	node->start_pfn = empty ? start : MU_MIN(node->start_pfn, start);
	node->end_pfn = empty ? end : MU_MAX(node->end_pfn, end);
	node->present_pages += (uint64_t)pages;
}

/* The first and the last page of a zone, and of its node. */
struct spans {
	const struct mu_zone *zone;
	mu_pfn_t start, end;
	mu_pfn_t node_start, node_end;
};

static void widen(void *arg, int nid, enum mu_zone_type type, mu_pfn_t start,
		  mu_pfn_t end)
{
	struct spans *spans = arg;

	if (nid != spans->zone->nid)
		return;
	spans->node_start = MU_MIN(spans->node_start, start);
	spans->node_end = MU_MAX(spans->node_end, end);
	if (type != spans->zone->type)
		return;
	spans->start = MU_MIN(spans->start, start);
	spans->end = MU_MAX(spans->end, end);
}

void mu_hp_shrink_span(struct mu_hotplug *hotplug, struct mu_zone *zone,
		       mu_pfn_t start, mu_pfn_t end)
{
	struct mu_node *node = &hotplug->buddy->nodes[zone->nid];
	struct spans spans = {.zone = zone,
			      .start = zone->start_pfn,
			      .end = zone->end_pfn,
			      .node_start = node->start_pfn,
			      .node_end = node->end_pfn};

	/* A span changes only if memory at one of its ends goes. */
	if (start <= zone->start_pfn || end >= zone->end_pfn ||
	    start <= node->start_pfn || end >= node->end_pfn) {
		spans = (struct spans){.zone = zone,
				       .start = MU_NO_PFN,
				       .node_start = MU_NO_PFN};
		mu_layout_memory(hotplug->layout, widen, &spans);
	}
	set_span(hotplug, zone, MU_MIN(spans.start, spans.end), spans.end,
		 (int64_t)start - (int64_t)end);
	node->start_pfn = MU_MIN(spans.node_start, spans.node_end);
	node->end_pfn = spans.node_end;
	node->present_pages -= end - start;
}

void mu_hp_rebalance(struct mu_hotplug *hotplug, int nid)
{
	mu_node_prefer(hotplug->buddy, &hotplug->buddy->nodes[nid]);
	mu_buddy_update_watermarks(hotplug->buddy, hotplug->page_shift);
}
