/* SPDX-License-Identifier: MIT */
/*
 * isolated: the blocks of a range that are online, on their way out of the
 * allocator.
 */
#ifndef MU_HOTPLUG_ISOLATED_H
#define MU_HOTPLUG_ISOLATED_H

#include "memup/hotplug.h"

struct mu_isolated {
	struct mu_hotplug *hotplug;
	struct mu_hotplug_range range;
	struct mu_zone *from; /* where they were */
	struct mu_zone *zone; /* where they are, isolated */
	uint64_t deadline;    /* clock */
	bool once;	      /* everything is asked for once */
	bool asked;	      /* somebody was asked for a gigantic page */
};

/* What is in use may take @ns from now on. */
void mu_isolated_be_patient(struct mu_isolated *isolated, uint64_t ns);

/*
 * Isolate what is online and is not yet; *@pages is what is by then. Fewer than
 * there are: others are initialising a block, or have a gigantic page that
 * reaches out of the range and were asked for it. MU_ERR_BUSY when they were
 * asked for too long, MU_ERR_RESERVED, or what migrate() said.
 */
enum mu_status mu_isolated_gather(struct mu_isolated *isolated, mu_pfn_t *pages,
				  struct mu_error *error) MU_MUST_CHECK;

/* Have everything that is isolated given back. MU_ERR_BUSY when that took too
 * long, or what migrate() said. */
enum mu_status mu_isolated_clear(struct mu_isolated *isolated,
				 struct mu_error *error) MU_MUST_CHECK;

/* Back to where it was. */
void mu_isolated_put_back(struct mu_isolated *isolated);

/* Out of the allocator: nothing of it is in use. And its backing, if it has. */
void mu_isolated_take_away(struct mu_isolated *isolated);
void mu_isolated_unback(struct mu_isolated *isolated);

#endif
