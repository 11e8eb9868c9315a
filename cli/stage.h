/* SPDX-License-Identifier: MIT */
/*
 * stage: the machine that a scenario plays on.
 *
 *     stage_prepare(&stage, "8x16G/384", ...)   memblock holds its memory
 *     mu_memblock_reserve(&stage.boot.mm...)    what is not the allocator's
 *     stage.boot.port.memmap_fill = ...         hooks may be changed
 *     stage_open(&stage, ...)                   the allocator runs
 *     stage_end(&stage)
 */
#ifndef MEMUP_CLI_STAGE_H
#define MEMUP_CLI_STAGE_H

#include "cli/bringup.h"

struct stage {
	struct mu_machine *machine;
	struct bringup boot;
	struct mu_config config;
	/* Growth on demand, counted: see stage_count_growth(). */
	struct mu_source source;
	_Atomic uint64_t grew; /* relaxed: a statistic */
};

/*
 * The machine of a short description, with pages of 2^@page_shift bytes, for
 * @threads that finish; the configuration is the default, measured. On failure
 * nothing is left.
 */
enum mu_status stage_prepare(struct stage *stage, const char *what,
			     unsigned page_shift,
			     enum mu_hosted_backing backing, unsigned threads,
			     struct mu_error *error) MU_MUST_CHECK;

/* The same for a machine to which memory or devices come later. */
enum mu_status stage_prepare_late(struct stage *stage, const char *what,
				  unsigned page_shift,
				  enum mu_hosted_backing backing,
				  unsigned threads,
				  const struct mu_limits *limits,
				  struct mu_error *error) MU_MUST_CHECK;

/* Start with stage.config. On failure nothing is left. */
enum mu_status stage_open(struct stage *stage,
			  struct mu_error *error) MU_MUST_CHECK;
void stage_end(struct stage *stage);

/* Both, with nothing changed in between. */
enum mu_status stage_up(struct stage *stage, const char *what, unsigned threads,
			struct mu_error *error) MU_MUST_CHECK;

uint64_t stage_now(const struct stage *stage);
uint64_t stage_claims(const struct stage *stage);

/* Count in stage.grew the blocks of which an allocation took its page. */
void stage_count_growth(struct stage *stage);

/*
 * What Linux had before "mm: initialize pages on demand during boot", and has
 * again while its threads run: what was initialised by now is all there is.
 */
void stage_stop_growth(struct stage *stage);

/* Initialise @bytes of each node that has memory, as a fixed estimate does. */
void stage_estimate(struct stage *stage, uint64_t bytes);

/* Does every page have one owner? With why not in @error. */
bool stage_is_valid(struct stage *stage, struct mu_error *error);

#endif
