/* SPDX-License-Identifier: MIT */
/* acpidump: the text that the program acpidump prints. */
#ifndef MU_MACHINE_ACPIDUMP_H
#define MU_MACHINE_ACPIDUMP_H

#include "machine/text.h"

/* Is @line the title of a table, "SRAT @ 0x0000000000000000"? */
bool mu_acpidump_title(struct mu_text line);

#endif
