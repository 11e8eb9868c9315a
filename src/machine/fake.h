/* SPDX-License-Identifier: MIT */
/* fake: nodes that the parameter numa=fake= cuts a machine into. */
#ifndef MU_MACHINE_FAKE_H
#define MU_MACHINE_FAKE_H

#include "machine/text.h"

/*
 * Note in @machine what @value, after "numa=fake=", asks for; @word is all of
 * the parameter, for messages. MU_ERR_SYNTAX, MU_ERR_RANGE, MU_ERR_UNSUPPORTED.
 */
enum mu_status mu_fake_read(struct mu_machine *machine, struct mu_text word,
			    struct mu_text value,
			    struct mu_error *error) MU_MUST_CHECK;

/* The same from a whole command line, of which no other word matters. */
enum mu_status mu_fake_read_cmdline(struct mu_machine *machine,
				    struct mu_text cmdline,
				    struct mu_error *error) MU_MUST_CHECK;

/*
 * Make the fake nodes: the @nr pieces in scratch_ranges, cut at the real nodes,
 * say where RAM is; affinities, nodes and distances become those of the fake
 * nodes. No effect where Linux gives up: less than 32 MiB per node. MU_ERR_FULL
 * and MU_ERR_RANGE when there is no room for that many.
 */
enum mu_status mu_fake_nodes(struct mu_machine *machine, unsigned nr,
			     struct mu_error *error) MU_MUST_CHECK;

#endif
