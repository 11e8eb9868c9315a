/* SPDX-License-Identifier: MIT */
/*
 * flush: no CPU keeps a mapping that is gone in its TLB.
 *
 * A CPU that removed one increments a number and interrupts the other CPUs;
 * each flushes its TLB and repeats the number; the first CPU waits for all. It
 * may ask with interrupts off, and so may several at once: a CPU that does not
 * take interrupts is either about to, or waits for somebody else, and whoever
 * waits looks at the number (the hook pause). So every CPU answers.
 */
#ifndef MEMUP_X86_64_FLUSH_H
#define MEMUP_X86_64_FLUSH_H

#include "ports/x86_64/x86_64.h"

/* Flush the TLBs of all CPUs that are up. Any context but NMI, with no lock
 * held that others wait for without mu_x86_pause(). */
void mu_x86_flush(struct mu_x86 *x86);

/* The hook: PAUSE, and a flush if one is asked for. */
void mu_x86_pause(void *arg, unsigned spins);

#endif
