/* SPDX-License-Identifier: MIT */
/* acpidump: the texts that the programs acpidump and iasl print. */
#ifndef MU_MACHINE_ACPIDUMP_H
#define MU_MACHINE_ACPIDUMP_H

#include "machine/text.h"

/* Is @line the title of a table, "SRAT @ 0x0000000000000000"? */
bool mu_acpidump_title(struct mu_text line);

/* Is @line the first field of a table, "Signature : "SRAT""? */
bool mu_dsl_signature(struct mu_text line);

#endif
