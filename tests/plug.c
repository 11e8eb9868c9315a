// SPDX-License-Identifier: MIT
#include "tests/plug.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lock.h"

void plug_init(struct world *world, const char *text, enum mu_policy policy)
{
	const struct mu_limits limits = {
		.end = MU_TIB, .late = 900 * MU_GIB, .ranges = 8, .nodes = 4};

	world_init_late(world, text, policy, &limits);
	world_one_zone(world);
}

void plug_up(struct world *world, const char *text, enum mu_policy policy)
{
	plug_init(world, text, policy);
	world_start(world);
}

static void must(struct world *world, enum mu_status status, const char *what,
		 const char *file, int line)
{
	if (status != MU_OK) {
		print_error("%s: %s\n", what, world->error.text);
		_fail(file, line);
	}
	world_validate_at(world, NULL, file, line);
}

void plug_add_at(struct world *world, mu_phys_t base, mu_phys_t size, int nid,
		 enum mu_online online, unsigned flags, const char *file,
		 int line)
{
	must(world,
	     mu_hotplug_add(&world->mm.hotplug, base, size, nid, online, flags,
			    &world->error),
	     "add", file, line);
}

void plug_online_at(struct world *world, mu_phys_t base, mu_phys_t size,
		    enum mu_online online, const char *file, int line)
{
	must(world,
	     mu_hotplug_online(&world->mm.hotplug, base, size, online,
			       &world->error),
	     "online", file, line);
}

void plug_offline_at(struct world *world, mu_phys_t base, mu_phys_t size,
		     const char *file, int line)
{
	must(world,
	     mu_hotplug_offline(&world->mm.hotplug, base, size, 0,
				&world->error),
	     "offline", file, line);
}

void plug_remove_at(struct world *world, mu_phys_t base, mu_phys_t size,
		    const char *file, int line)
{
	must(world,
	     mu_hotplug_remove(&world->mm.hotplug, base, size, &world->error),
	     "remove", file, line);
}

void plug_take(struct world *world, struct plug_image *image)
{
	const struct mu_mm *mm = &world->mm;

	memset(image, 0, sizeof(*image));
	world_validate(world, &image->census);
	image->managed = world_managed(world);
	image->backed = mm->memmap.backed_pages;
	image->written = mm->memmap.written_pages;
	image->nr_regions = mm->memblock.memory.cnt;
	assert_true(image->nr_regions <= 256);
	memcpy(image->regions, mm->memblock.memory.regions,
	       image->nr_regions * sizeof(image->regions[0]));
	for (unsigned i = 0; i < mm->buddy.nr_zones && i < 64; i++) {
		const struct mu_zone *zone = &mm->buddy.zones[i];

		image->spans[i][0] = zone->start_pfn;
		image->spans[i][1] = zone->end_pfn;
		for (unsigned w = 0; w < MU_NR_WMARKS; w++)
			image->marks[i][w] = zone->watermark[w];
	}
}

void plug_compare(struct world *world, const struct plug_image *image)
{
	struct plug_image now;

	plug_take(world, &now);
	/* What was backed in vain may stay so. */
	now.backed = image->backed;
	assert_memory_equal(&now.census, &image->census, sizeof(now.census));
	assert_int_equal(now.managed, image->managed);
	assert_int_equal(now.written, image->written);
	assert_int_equal(now.nr_regions, image->nr_regions);
	assert_memory_equal(now.regions, image->regions, sizeof(now.regions));
	assert_memory_equal(now.spans, image->spans, sizeof(now.spans));
	assert_memory_equal(now.marks, image->marks, sizeof(now.marks));
}

void plug_expect_text(struct world *world, mu_phys_t base, mu_phys_t size)
{
	char range[64];

	snprintf(range, sizeof(range), "0x%llx-0x%llx",
		 (unsigned long long)base,
		 (unsigned long long)(base + size) - 1);
	if (!strstr(world->error.text, range))
		fail_msg("no %s in: %s", range, world->error.text);
}

enum mu_page_state plug_state(struct world *world, mu_phys_t addr)
{
	return mu_page_state(&world->mm, addr / PAGE);
}

/* ---- The client ---- */

static enum mu_status on_event(void *arg, enum mu_hotplug_event event,
			       const struct mu_hotplug_range *range)
{
	struct plug_client *client = arg;

	mu_lock(client->world->mm.port, &client->lock);
	client->events[event]++;
	client->last = *range;
	mu_unlock(&client->lock);
	return client->refuse[event];
}

static enum mu_status on_migrate(void *arg, mu_pfn_t pfn, unsigned order)
{
	struct plug_client *client = arg;
	struct mu_buddy *buddy = &client->world->mm.buddy;
	enum mu_status status = MU_ERR_BUSY;
	mu_pfn_t other;

	mu_lock(buddy->port, &client->lock);
	client->asked++;
	for (unsigned i = 0; i < PLUG_HELD; i++) {
		if (client->held[i].pfn != pfn ||
		    client->held[i].order != order)
			continue;
		if (client->held[i].pinned)
			break;
		if (order > MU_BLOCK_ORDER) {
			/* Nowhere to move it: give it up. */
			other = 0;
		} else if (mu_alloc_pages(buddy, 0, order,
					  MU_ALLOC_RESERVES | MU_ALLOC_MOVABLE,
					  &other) != MU_OK) {
			break;
		}
		if (mu_free_pages(buddy, pfn, order) != MU_OK)
			abort();
		client->held[i].pfn = other;
		client->moved++;
		status = MU_OK;
		break;
	}
	mu_unlock(&client->lock);
	return status;
}

static const struct mu_hotplug_ops ops = {.event = on_event,
					  .migrate = on_migrate};

void plug_client_init(struct plug_client *client, struct world *world)
{
	memset(client, 0, sizeof(*client));
	client->world = world;
	world->mm.hotplug.ops = &ops;
	world->mm.hotplug.ops_arg = client;
}

bool plug_client_take(struct plug_client *client, unsigned at, int nid,
		      unsigned order, unsigned flags)
{
	struct mu_buddy *buddy = &client->world->mm.buddy;
	bool taken = false;

	mu_lock(buddy->port, &client->lock);
	if (!client->held[at].pfn &&
	    mu_alloc_pages(buddy, nid, order, flags, &client->held[at].pfn) ==
		    MU_OK) {
		client->held[at].order = order;
		client->held[at].pinned = false;
		taken = true;
	}
	mu_unlock(&client->lock);
	return taken;
}

bool plug_client_give(struct plug_client *client, unsigned at)
{
	struct mu_buddy *buddy = &client->world->mm.buddy;
	bool given = true;

	mu_lock(buddy->port, &client->lock);
	if (client->held[at].pfn)
		given = mu_free_pages(buddy, client->held[at].pfn,
				      client->held[at].order) == MU_OK;
	client->held[at].pfn = 0;
	mu_unlock(&client->lock);
	return given;
}

void plug_client_give_all(struct plug_client *client)
{
	for (unsigned i = 0; i < PLUG_HELD; i++)
		assert_true(plug_client_give(client, i));
}
