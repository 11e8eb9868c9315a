/* SPDX-License-Identifier: MIT */
/* hotplug_run: memory comes to a machine whose allocator is in use, is used,
 * and goes. */
#ifndef MEMUP_CLI_HOTPLUG_RUN_H
#define MEMUP_CLI_HOTPLUG_RUN_H

#include "cli/bringup.h"
#include "cli/load.h"

struct hotplug_ask {
	mu_phys_t add, remove; /* bytes; what goes is the end of what came */
	mu_phys_t step;	       /* at once; 0: all of it */
	mu_phys_t used;	       /* bytes of it in use when it goes */
	int nid; /* node that it comes to; MU_NO_NODE: a new one */
	enum mu_online online;
	bool hosted;
	unsigned threads;
};

/* Times in ns. */
struct hotplug_part {
	uint64_t ns;	      /* all of it */
	uint64_t lock_ns;     /* of this, under the hotplug lock */
	uint64_t lock_ns_max; /* at once */
	uint64_t written;     /* descriptors that there are when it is done */
	uint64_t memmap;      /* bytes behind descriptors then */
};

struct hotplug_run {
	enum mu_policy policy;
	struct hotplug_part add, remove;
	uint64_t moved; /* pages of a block that the client was asked for */
	struct load_saw saw;
	bool valid; /* when it came, and when it had gone */
	struct mu_error why;
};

/* Where the memory comes: at the first GiB past the machine's, and past DMA32.
 */
mu_phys_t hotplug_base(const struct mu_machine *machine);

/* Which node it comes to. */
int hotplug_node(const struct mu_machine *machine,
		 const struct hotplug_ask *ask);

enum mu_status hotplug_run(struct hotplug_run *run,
			   const struct mu_machine *machine,
			   const struct hotplug_ask *ask, enum mu_policy policy,
			   struct mu_error *error) MU_MUST_CHECK;

#endif
