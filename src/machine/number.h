/* SPDX-License-Identifier: MIT */
/* number: who was named first. */
#ifndef MU_MACHINE_NUMBER_H
#define MU_MACHINE_NUMBER_H

#include "memup/machine.h"

/* Of all nodes that mu_machine_number_nodes() is to number @nid, below
 * max_nodes, is the next, unless it was named before. */
void mu_machine_name_node(struct mu_machine *machine, int nid);

#endif
