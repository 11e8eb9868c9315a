/* SPDX-License-Identifier: MIT */
/* not_modelled: parameters about memory that memup does not follow. */
#ifndef MEMUP_CLI_NOT_MODELLED_H
#define MEMUP_CLI_NOT_MODELLED_H

#include "memup/machine.h"

/*
 * Write to @text, of @size bytes, those words of the machine's own command line
 * that change what memory there is or who has it, and that memup does not
 * follow; each once, with blanks between. False when there are none.
 */
bool parameters_not_modelled(const struct mu_machine *machine, char *text,
			     size_t size);

#endif
