/* SPDX-License-Identifier: MIT */
/*
 * port: what memup needs from the platform under it.
 *
 * One struct of hooks. A hook left NULL takes the default that its comment
 * names, so that a port can start with a handful and grow: docs/porting.md
 * suggests an order. Each floor uses only the hooks of its tier and those
 * before it:
 *
 *   tier 0  machine, memblock     log, panic, phys_to_virt
 *   tier 1  memmap, buddy         + memmap_map and its kin, memmap_fill,
 *                                 irq_save, irq_restore, pause, cpu_id,
 *                                 cpu_node, watchdog
 *   tier 2  padata and the        + cpu_count, clock, run_on, run_cancel,
 *           floors above it       run_later, run_waits, go_idle, wait, wake
 *
 * Every hook gets @arg, the port's own state, first. Unless it says otherwise
 * a hook may be called from any CPU, from several at once, and with interrupts
 * off; it must not call back into memup.
 */
#ifndef MEMUP_PORT_H
#define MEMUP_PORT_H

#include "memup/base.h"

enum mu_log_level { MU_LOG_ERR, MU_LOG_WARN, MU_LOG_INFO, MU_LOG_DEBUG };

struct mu_port {
	/* Passed as the first argument of every hook. */
	void *arg;

	/*
	 * One line of text, without a newline. The only way the library
	 * speaks. Default: silence.
	 */
	void (*log)(void *arg, enum mu_log_level level, const char *line);

	/*
	 * An invariant is broken (a bug, or memory that was overwritten): stop
	 * the machine with @line as the reason. Must not return. Default: trap.
	 */
	void (*panic)(void *arg, const char *line);

	/*
	 * A pointer through which [@base, @base + @size) can be read and
	 * written, valid for the life of the machine; NULL where that is
	 * impossible. memblock uses it for its own arrays and for allocations
	 * that return pointers; of the latter it touches only those that it
	 * zeroes. Default: none; what needs it returns MU_ERR_UNSUPPORTED.
	 */
	void *(*phys_to_virt)(void *arg, mu_phys_t base, mu_phys_t size);

	/*
	 * Back the descriptors of the pages [*@start, *@end) of the memmap with
	 * memory; both are multiples of MU_BLOCK_PAGES and lie in one section.
	 * The hook may back more of the same section, in whole blocks, and then
	 * reports it by widening the range. Backing what is backed already is
	 * not an error: two CPUs may ask for the same blocks at once. The
	 * contents need no initialisation: nobody reads them before they are
	 * written. MU_ERR_NOMEM when there is no memory. Default: all is
	 * backed.
	 */
	enum mu_status (*memmap_map)(void *arg, mu_pfn_t *start, mu_pfn_t *end);

	/*
	 * Take the backing of [@start, @end) away again, in the same units;
	 * nobody uses these descriptors any more. Default: nothing.
	 */
	void (*memmap_unmap)(void *arg, mu_pfn_t start, mu_pfn_t end);

	/*
	 * The same with memory that the library names, for devices that host
	 * the descriptors of their own pages: map those of [@start, @end), one
	 * whole section, to the physical memory from @base on, which is as
	 * large as they are. The hook may be called twice with the same
	 * arguments. That memory is not the port's: after memmap_unmap_at() it
	 * is as before, except for its contents. memmap_map() is never asked
	 * for such a section. Default: neither exists; a device that needs them
	 * is refused.
	 */
	enum mu_status (*memmap_map_at)(void *arg, mu_pfn_t start, mu_pfn_t end,
					mu_phys_t base);
	void (*memmap_unmap_at)(void *arg, mu_pfn_t start, mu_pfn_t end);

	/*
	 * Store @word to the @count 64-bit words at @dst, as fast as this
	 * machine can, and make these stores visible before any later store
	 * (after streaming stores this takes a fence). @dst is 64-byte aligned,
	 * @count a multiple of 8. Default: streaming stores where the target
	 * has them, else plain ones. Descriptors of devices, whose two words
	 * differ, are always stored in the default way.
	 */
	void (*memmap_fill)(void *arg, uint64_t *dst, uint64_t word,
			    size_t count);

	/*
	 * Turn interrupts off on this CPU and return what irq_restore() needs
	 * to put them back as they were; the pairs nest. Default: there are no
	 * interrupts.
	 */
	uintptr_t (*irq_save)(void *arg);
	void (*irq_restore)(void *arg, uintptr_t flags);

	/*
	 * Called in a loop that waits for another CPU; @spins counts the
	 * iterations so far, so that a hosted port can yield after a while.
	 * Default: the CPU's pause instruction.
	 */
	void (*pause)(void *arg, unsigned spins);

	/*
	 * How many CPUs there are; ids are below this, and below MU_MAX_CPUS.
	 * Default: 1.
	 */
	unsigned (*cpu_count)(void *arg);
	/*
	 * The CPU that runs the caller; may be outdated by the time it is used.
	 * Default: 0, and there are no page caches.
	 */
	unsigned (*cpu_id)(void *arg);
	/* The node of @cpu, one of the machine's. Default: 0. */
	int (*cpu_node)(void *arg, unsigned cpu);

	/*
	 * Nanoseconds since some fixed moment, never backwards. Default:
	 * always 0, and every statistic of time is 0.
	 */
	uint64_t (*clock)(void *arg);

	/*
	 * Have @fn(@fn_arg) called @count times, each on a different CPU of
	 * @cpus, and return at once how many of these calls will happen: fewer
	 * than @count when there are not enough CPUs or threads, 0 when there
	 * are none. The calls see what the caller wrote before. They may start
	 * late but must start; a port that queues them behind calls that have
	 * not returned needs run_cancel too, since the earlier calls may wait
	 * for the queued ones. Not called with interrupts off. Default: 0, the
	 * caller works alone.
	 */
	unsigned (*run_on)(void *arg, const struct mu_cpumask *cpus,
			   unsigned count, void (*fn)(void *), void *fn_arg);

	/*
	 * Take back the calls of @fn(@fn_arg) that were promised and have not
	 * begun. Returns how many; they never happen. Default: 0, which is
	 * right where run_on() promises only idle CPUs, so that every call
	 * begins without another having to return.
	 */
	unsigned (*run_cancel)(void *arg, void (*fn)(void *), void *fn_arg);

	/*
	 * As run_on(), for calls that can wait for a busy CPU: they begin in
	 * the order in which they were requested, those with @idle after all
	 * without; run_on() leaves them the CPUs that they wait for. Returns
	 * how many are promised: fewer where no more can be queued. Needs
	 * run_cancel, which takes back those that have not begun. A
	 * run_cancel() of the same @fn(@fn_arg) either takes the call back or
	 * happened before this run_later(): then everything that the caller of
	 * run_cancel() had written or seen is visible to the caller of
	 * run_later() (release, acquire). Default: 0.
	 */
	unsigned (*run_later)(void *arg, bool idle,
			      const struct mu_cpumask *cpus, unsigned count,
			      void (*fn)(void *), void *fn_arg);

	/*
	 * Is a call of run_later() waiting for a CPU? Without @idle, calls that
	 * were queued with @idle do not count. Whoever is in a call then
	 * returns from it if it can. Called often, so it has to be quick; it
	 * may be wrong for a moment. Default: no.
	 */
	bool (*run_waits)(void *arg, bool idle);

	/*
	 * Sleep while *@word is @seen (like a futex: it may wake for no
	 * reason); wake() ends every such sleep on @word. wake() must use @word
	 * only as a name and never read it: its memory may be gone by then.
	 * Not called with interrupts off. Default: a loop of pause().
	 */
	void (*wait)(void *arg, _Atomic uint32_t *word, uint32_t seen);
	void (*wake)(void *arg, _Atomic uint32_t *word);

	/*
	 * From now until it returns, the call of run_on() or run_later() that
	 * the caller is in gives way to all other work: idle priority. Default:
	 * nothing.
	 */
	void (*go_idle)(void *arg);

	/* Work goes on: touch the lockup watchdog. Default: nothing. */
	void (*watchdog)(void *arg);
};

#endif /* MEMUP_PORT_H */
