/* SPDX-License-Identifier: MIT */
/* boot_report: what `memup boot` prints of its runs, one for each policy. */
#ifndef MEMUP_CLI_BOOT_REPORT_H
#define MEMUP_CLI_BOOT_REPORT_H

#include "cli/bringup.h"

void boot_tables(const struct mu_machine *machine, const struct run *runs,
		 unsigned nr);
void boot_json(const struct mu_machine *machine, const struct run *runs,
	       unsigned nr);

#endif
