/* SPDX-License-Identifier: MIT */
/* memup: every floor. */
#ifndef MEMUP_MEMUP_H
#define MEMUP_MEMUP_H

#include "memup/boot.h"
#include "memup/boot_cmdline.h"
#include "memup/early.h"
#include "memup/machine_acpi.h"
#include "memup/machine_read.h"
#include "memup/padata.h"

#endif /* MEMUP_MEMUP_H */
