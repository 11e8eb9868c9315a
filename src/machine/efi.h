/* SPDX-License-Identifier: MIT */
/* efi: entries of the UEFI memory map, as Linux prints them (efi=debug). */
#ifndef MU_MACHINE_EFI_H
#define MU_MACHINE_EFI_H

#include "machine/text.h"

/*
 * Add the entry in @line, which begins after "efi: mem": either
 * "00: [Boot Data |   |MR|...] range=[0x0000-0x0fff] (0MB)" or, before Linux
 * 3.19, "00: type=4, attr=0xf, range=[0x0000-0x1000) (0MB)".
 */
enum mu_status mu_efi_add_line(struct mu_machine *machine, struct mu_text line,
			       struct mu_error *error) MU_MUST_CHECK;

#endif
