/* SPDX-License-Identifier: MIT */
/* number: the order in which nodes were named. */
#ifndef MU_MACHINE_NUMBER_H
#define MU_MACHINE_NUMBER_H

#include "memup/machine.h"

/* @nid, below max_nodes, is the next node for mu_machine_number_nodes() to
 * number, unless it was named before. */
void mu_machine_name_node(struct mu_machine *machine, int nid);

#endif
