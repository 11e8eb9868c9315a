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
	bool once;	      /* ask for everything only once */
	bool asked;	      /* the client was asked for a gigantic page */
};

/* Wait for pages in use for up to @ns from now on. */
void mu_isolated_be_patient(struct mu_isolated *isolated, uint64_t ns);

/*
 * Isolate what is online and not yet isolated; *@pages is how much is by then.
 * If that is not all, others are initialising a block, or hold a gigantic page
 * that extends beyond the range and was asked for. MU_ERR_BUSY when that took
 * too long, MU_ERR_RESERVED, or the error of migrate().
 */
enum mu_status mu_isolated_gather(struct mu_isolated *isolated, mu_pfn_t *pages,
				  struct mu_error *error) MU_MUST_CHECK;

/* Have everything that is isolated given back. MU_ERR_BUSY when that took too
 * long, or the error of migrate(). */
enum mu_status mu_isolated_clear(struct mu_isolated *isolated,
				 struct mu_error *error) MU_MUST_CHECK;

/* Back to where it was. */
void mu_isolated_put_back(struct mu_isolated *isolated);

/* Take it out of the allocator: none of it is in use. Release its backing, too,
 * if it has any. */
void mu_isolated_take_away(struct mu_isolated *isolated);
void mu_isolated_unback(struct mu_isolated *isolated);

#endif
