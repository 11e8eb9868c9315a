/* SPDX-License-Identifier: MIT */
/*
 * flush: no CPU keeps a mapping that is gone in its TLB.
 *
 * A CPU that removed one increments a number and interrupts the other CPUs;
 * each flushes its TLB and repeats the number; the first CPU waits for all. It
 * may ask with interrupts off, and so may several at once: a CPU that does not
 * take interrupts is either about to, or waits for somebody else, and whoever
 * waits looks at the number (the hook pause). So every CPU answers. Where the
 * hardware flushes all TLBs at once (arm64) nobody is asked.
 */
#ifndef MEMUP_BARE_FLUSH_H
#define MEMUP_BARE_FLUSH_H

#include "ports/bare/bare.h"

/* Flush the TLBs of all CPUs that are up. Any context (but NMI), with no lock
 * held that others wait for without mu_bare_pause(). */
void mu_bare_flush(struct mu_bare *bare);

/* The hook: a pause, and a flush if one is asked for. */
void mu_bare_pause(void *arg, unsigned spins);

#endif
