// SPDX-License-Identifier: MIT
/*
 * Waiting for another thread: spin for a moment, since a sleep and a wake cost
 * microseconds on both sides, then sleep.
 */
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "ports/hosted/internal.h"

/* About the cost of a sleep and a wake: spinning that long and then sleeping
 * never costs more than twice the better of the two. It is a few microseconds
 * if the CPU only goes to its idle loop, but a guest's CPU that halts exits to
 * the hypervisor and takes some 20 to come back. */
#define SPIN_NS 20000
/* Between two looks: less than a microsecond, on any CPU. */
#define MOST_PAUSES 16

static void pause_cpu(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void mu_hosted_futex_wait(_Atomic uint32_t *word, uint32_t seen)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

void mu_hosted_futex_wake(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

bool mu_hosted_spin(const struct mu_hosted *hosted,
		    const _Atomic uint32_t *word, uint32_t seen)
{
	uint64_t since = 0;

	if (!hosted->spin_ns)
		return false;
	/* Less and less often, since every look takes the word's cache line
	 * from whoever is about to write it. */
	for (unsigned pauses = 1;;) {
		/* relaxed: the caller looks again, in its own order. */
		if (atomic_load_explicit(word, memory_order_relaxed) != seen)
			return true;
		for (unsigned i = 0; i < pauses; i++)
			pause_cpu();
		if (pauses < MOST_PAUSES)
			pauses *= 2;
		else if (!since)
			since = now_ns();
		else if (now_ns() - since >= hosted->spin_ns)
			return false;
	}
}

static void relax(void *arg, unsigned spins)
{
	(void)arg;
	/* The thread that we wait for may not be running: let it. */
	if (spins < 64)
		pause_cpu();
	else
		sched_yield();
}

static void wait_on(void *arg, _Atomic uint32_t *word, uint32_t seen)
{
	struct mu_hosted *hosted = arg;

	if (mu_hosted_spin(hosted, word, seen))
		return;
	/* acq_rel: either wake() sees that somebody sleeps, or its own addition
	 * came first, and then the kernel, below, sees the word as changed
	 * before that. */
	atomic_fetch_add_explicit(&hosted->sleepers, 1, memory_order_acq_rel);
	mu_hosted_futex_wait(word, seen);
	/* relaxed: a count that is too high only costs a system call. */
	atomic_fetch_sub_explicit(&hosted->sleepers, 1, memory_order_relaxed);
}

static void wake(void *arg, _Atomic uint32_t *word)
{
	struct mu_hosted *hosted = arg;

	/* Adds 0 in order to be ordered among the additions: see wait_on(). */
	if (atomic_fetch_add_explicit(&hosted->sleepers, 0,
				      memory_order_acq_rel))
		mu_hosted_futex_wake(word);
}

void mu_hosted_wait_init(struct mu_hosted *hosted)
{
	/* Spin only if there are CPUs for all: the thread that we wait for
	 * could need ours. And background threads use only spare time. */
	if (hosted->config.threads < mu_hosted_cpus() &&
	    hosted->config.priority == MU_PRIORITY_NORMAL)
		hosted->spin_ns = SPIN_NS;
	hosted->port.pause = relax;
	hosted->port.wait = wait_on;
	hosted->port.wake = wake;
}
