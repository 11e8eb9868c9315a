// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/hotplug_run.h"

/* How long to wait for memory in use, in ns; a second would be plenty. */
#define PATIENCE 10000000000u

mu_phys_t hotplug_base(const struct mu_machine *machine)
{
	mu_phys_t top = mu_machine_top(machine);

	/* Below it begins another zone. */
	if (top < mu_config_default().dma32_limit)
		top = mu_config_default().dma32_limit;
	return (top + MU_GIB - 1) & ~(MU_GIB - 1);
}

int hotplug_node(const struct mu_machine *machine,
		 const struct hotplug_ask *ask)
{
	return ask->nid == MU_NO_NODE ? (int)machine->nr_nodes : ask->nid;
}

/* A client that holds whole blocks of the new memory, and moves on request. */
struct client {
	struct bringup *boot;
	mu_pfn_t base;	   /* of the new memory */
	uint64_t blocks;   /* of it */
	bool *held;	   /* which of them */
	mu_pfn_t *moved;   /* where others went */
	uint64_t nr_moved; /* by the one thread that removes */
};

static enum mu_status migrate(void *arg, mu_pfn_t pfn, unsigned order)
{
	struct client *client = arg;
	struct mu_buddy *buddy = &client->boot->mm.buddy;
	uint64_t block = (pfn - client->base) >> MU_BLOCK_ORDER;
	enum mu_status status;
	mu_pfn_t to;

	/* The other threads free theirs by themselves. */
	if (order != MU_BLOCK_ORDER || pfn < client->base ||
	    block >= client->blocks || !client->held[block])
		return MU_ERR_BUSY;
	status = mu_alloc_pages(buddy, 0, order, MU_ALLOC_MOVABLE, &to);
	if (status != MU_OK)
		return MU_ERR_BUSY;
	status = mu_free_pages(buddy, pfn, order);
	client->held[block] = false;
	client->moved[client->nr_moved++] = to;
	return status;
}

static const struct mu_hotplug_ops ops = {.migrate = migrate};

static bool client_init(struct client *client, struct bringup *boot,
			mu_phys_t base, mu_phys_t size)
{
	unsigned shift = boot->mm.page_shift;

	*client = (struct client){
		.boot = boot,
		.base = base >> shift,
		.blocks = size >> shift >> MU_BLOCK_ORDER,
	};
	client->held = calloc(client->blocks, sizeof(*client->held));
	client->moved = calloc(client->blocks, sizeof(*client->moved));
	boot->mm.hotplug.ops = &ops;
	boot->mm.hotplug.ops_arg = client;
	return client->held && client->moved;
}

static void client_end(struct client *client)
{
	free(client->held);
	free(client->moved);
}

/* @bytes in whole blocks, of the new memory on node @nid alone. */
static enum mu_status client_take(struct client *client, mu_phys_t bytes,
				  int nid)
{
	unsigned shift = client->boot->mm.page_shift;
	uint64_t want = bytes >> shift >> MU_BLOCK_ORDER;
	enum mu_status status = MU_OK;

	while (want && status == MU_OK) {
		mu_pfn_t pfn;
		uint64_t block;

		status = mu_alloc_pages(&client->boot->mm.buddy, nid,
					MU_BLOCK_ORDER,
					MU_ALLOC_MOVABLE | MU_ALLOC_THISNODE |
						MU_ALLOC_RESERVES,
					&pfn);
		if (status != MU_OK)
			break;
		block = (pfn - client->base) >> MU_BLOCK_ORDER;
		/* Memory that the node had before is not of interest. */
		if (pfn >= client->base && block < client->blocks) {
			client->held[block] = true;
			want--;
		} else {
			client->moved[client->nr_moved++] = pfn;
			if (client->nr_moved == client->blocks)
				return MU_ERR_NOMEM;
		}
	}
	return status;
}

/* Is every page accounted for, and are @memory of them memory? */
static bool is_valid(struct hotplug_run *run, struct bringup *boot,
		     uint64_t memory)
{
	struct mu_census census;
	uint64_t found;

	if (mu_validate(&boot->mm, &census, &run->why) != MU_OK)
		return false;
	found = census.total - census.hole;
	if (found == memory)
		return true;
	snprintf(run->why.text, sizeof(run->why.text),
		 "%llu pages are memory, and should be %llu",
		 (unsigned long long)found, (unsigned long long)memory);
	return false;
}

static void begin(struct hotplug_part *part, struct bringup *boot)
{
	memset(part, 0, sizeof(*part));
	atomic_store(&boot->mm.hotplug.lock_ns, 0);
	atomic_store(&boot->mm.hotplug.lock_ns_max, 0);
	part->ns = boot->port.clock(boot->port.arg);
}

static void end(struct hotplug_part *part, struct bringup *boot)
{
	part->ns = boot->port.clock(boot->port.arg) - part->ns;
	part->lock_ns = boot->mm.hotplug.lock_ns;
	part->lock_ns_max = boot->mm.hotplug.lock_ns_max;
	part->written = boot->mm.memmap.written_pages;
	part->memmap = boot->mm.memmap.backed_pages * sizeof(struct mu_page);
}

static enum mu_status add(struct hotplug_run *run, struct bringup *boot,
			  const struct hotplug_ask *ask, int nid,
			  struct mu_error *error)
{
	mu_phys_t base = hotplug_base(boot->mm.machine), end_at = base;
	enum mu_status status = MU_OK;

	end_at += ask->add;
	begin(&run->add, boot);
	for (; status == MU_OK && base < end_at; base += ask->step)
		status = mu_hotplug_add(
			&boot->mm.hotplug, base,
			end_at - base < ask->step ? end_at - base : ask->step,
			nid, ask->online, ask->hosted ? MU_ADD_HOSTED : 0,
			error);
	end(&run->add, boot);
	return status;
}

/* What hosts descriptors is offline already. */
static mu_phys_t hosting(const struct bringup *boot,
			 const struct hotplug_ask *ask, mu_phys_t size)
{
	mu_phys_t block = MU_BLOCK_PAGES << boot->mm.page_shift;
	mu_phys_t bytes =
		(size >> boot->mm.page_shift) * sizeof(struct mu_page);

	return ask->hosted ? (bytes + block - 1) / block * block : 0;
}

/* From the end, in steps as it came. */
static enum mu_status take_away(struct hotplug_run *run, struct bringup *boot,
				const struct hotplug_ask *ask,
				struct mu_error *error)
{
	mu_phys_t base = hotplug_base(boot->mm.machine) + ask->add;
	struct mu_hotplug *hotplug = &boot->mm.hotplug;
	mu_phys_t left = ask->remove;
	enum mu_status status = MU_OK;

	begin(&run->remove, boot);
	while (status == MU_OK && left) {
		mu_phys_t size = left < ask->step ? left : ask->step, first;

		base -= size;
		left -= size;
		first = hosting(boot, ask, size);
		if (ask->online != MU_ONLINE_NO)
			status = mu_hotplug_offline(hotplug, base + first,
						    size - first, PATIENCE,
						    error);
		if (status == MU_OK)
			status = mu_hotplug_remove(hotplug, base, size, error);
	}
	end(&run->remove, boot);
	return status;
}

static enum mu_status play(struct hotplug_run *run, struct bringup *boot,
			   struct client *client, const struct hotplug_ask *ask,
			   int nid, struct mu_error *error)
{
	uint64_t before, shift = boot->mm.page_shift;
	struct mu_census census;
	struct load load;
	enum mu_status status = mu_validate(&boot->mm, &census, error);

	before = census.total - census.hole;
	if (status != MU_OK)
		return status;
	load_start(&load, boot);
	status = add(run, boot, ask, nid, error);
	load_stop(&load, &run->saw);
	if (status != MU_OK)
		return status;
	run->valid = is_valid(run, boot, before + (ask->add >> shift));
	status = client_take(client, ask->used, nid);
	if (status != MU_OK)
		return status;
	client->nr_moved = 0;
	load_start(&load, boot);
	status = take_away(run, boot, ask, error);
	load_stop(&load, &run->saw);
	run->moved = client->nr_moved;
	if (run->valid)
		run->valid =
			is_valid(run, boot,
				 before + ((ask->add - ask->remove) >> shift));
	return status;
}

enum mu_status hotplug_run(struct hotplug_run *run,
			   const struct mu_machine *machine,
			   const struct hotplug_ask *ask, enum mu_policy policy,
			   struct mu_error *error)
{
	struct mu_limits limits = {
		.end = hotplug_base(machine) + ask->add,
		.late = ask->add,
		.ranges = (unsigned)((ask->add + ask->step - 1) / ask->step),
		.nodes = machine->nr_nodes + (ask->nid == MU_NO_NODE),
	};
	int nid = hotplug_node(machine, ask);
	struct bringup *boot = malloc(sizeof(*boot));
	struct mu_config config = mu_config_default();
	enum mu_status status = MU_ERR_NOMEM;
	struct client client = {0};

	memset(run, 0, sizeof(*run));
	run->policy = policy;
	if (!boot)
		return status;
	config.policy = policy;
	config.measure = true;
	status = bringup_prepare_late(boot, machine,
				      policy == MU_POLICY_LAZY ? MU_BACK_SECTION
							       : MU_BACK_HUGE,
				      ask->threads, "hotplug", &limits, error);
	if (status != MU_OK)
		goto out;
	status = bringup_open(boot, &config, error);
	if (status == MU_OK) {
		bringup_be_silent(boot);
		boot->mm.hotplug.threads = ask->threads;
		if (policy == MU_POLICY_DEFERRED)
			status = mu_mm_finish(&boot->mm, ask->threads);
	}
	if (status == MU_OK) {
		/* What hosts its descriptors has the memory itself. */
		if (policy != MU_POLICY_LAZY && !ask->hosted)
			bringup_populate(boot,
					 hotplug_base(machine) >>
						 machine->page_shift,
					 ask->add >> machine->page_shift);
		status = client_init(&client, boot, hotplug_base(machine),
				     ask->add)
				 ? MU_OK
				 : MU_ERR_NOMEM;
	}
	if (status == MU_OK)
		status = play(run, boot, &client, ask, nid, error);
	client_end(&client);
	bringup_end(boot);
out:
	free(boot);
	return status;
}
