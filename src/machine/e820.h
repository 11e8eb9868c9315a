/* SPDX-License-Identifier: MIT */
/* e820: how Linux prints an entry of a memory map, and a bare range. */
#ifndef MU_MACHINE_E820_H
#define MU_MACHINE_E820_H

#include "machine/text.h"

/*
 * Read a range: "[mem 0x0000-0x0fff]", both ends inside, of Linux 3.5 and
 * later; "[0000, 0fff]", likewise, of Xen 4.15 and later; or "0000 - 1000",
 * blanks or not, the end outside, of what came before. Numbers are hexadecimal.
 * MU_ERR_SYNTAX where there is none, MU_ERR_RANGE when it ends before it begins
 * or is past MU_PHYS_MAX; @error says so.
 */
enum mu_status mu_e820_range(struct mu_text *text, mu_phys_t *base,
			     mu_phys_t *size,
			     struct mu_error *error) MU_MUST_CHECK;

/* Read a range and the type after it, "usable" or "(usable)". */
enum mu_status mu_e820_entry(struct mu_text *text, struct mu_range *entry,
			     struct mu_error *error) MU_MUST_CHECK;

/* Read the name of a type, as Linux prints it; MU_RANGE_NONE if it is none. */
enum mu_range_type mu_e820_type(struct mu_text *text);

#endif
