/* SPDX-License-Identifier: MIT */
/* semihosting: calls to whoever runs this machine (Arm's "Semihosting for
 * AArch32 and AArch64"). vectors.S. */
#ifndef KERNEL_ARM64_SEMIHOSTING_H
#define KERNEL_ARM64_SEMIHOSTING_H

#include <stdint.h>

#define SEMIHOSTING_EXIT    0x20u    /* SYS_EXIT_EXTENDED */
#define SEMIHOSTING_STOPPED 0x20026u /* ADP_Stopped_ApplicationExit */

/* -1 where nobody answers. */
int64_t semihosting(uint64_t what, const void *of);

#endif
