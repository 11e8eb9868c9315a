/* SPDX-License-Identifier: MIT */
/*
 * bare: memup's port to a bare machine: what x86-64, arm64 and RISC-V share,
 * which is all but a few instructions and the interrupt controller (arch.h).
 *
 * It needs a kernel that has mapped memory, and gives memup the hooks
 * (memup/port.h). It is built on page tables (pagetable.h) and a counter
 * (clock.h).
 *
 *   hook                        what it is here                 file
 *   log, panic                  the kernel's                    hooks.c
 *   phys_to_virt                the direct map                  hooks.c
 *   irq_save, irq_restore       the CPU's interrupt flag        hooks.c
 *   cpu_count, cpu_id, cpu_node per-CPU area behind a register  hooks.c
 *   clock                       the CPU's counter               hooks.c
 *   memmap_fill                 the architecture's              hooks.c
 *   memmap_map, memmap_unmap,   page tables; windows of memory  memmap_pages.c
 *   and the same two with _at
 *   run_on, wait, wake          mailboxes, sleep, interrupts    work.c
 *   pause                       and flush the TLB if asked      flush.c
 *
 * The rest keep their defaults: run_cancel, since run_on() promises only idle
 * CPUs; run_later and run_waits, since nothing is queued; go_idle, since there
 * is no scheduler; watchdog, since there is none.
 *
 * Addresses. Everything is in the upper half; the kernel chooses where:
 *
 *   direct + p        physical address p, RAM and what the kernel adds
 *   memmap + 16 * n   the descriptor of pfn n: not present until it is backed
 *
 * Life cycle
 *   mu_bare_init()            one CPU, anything mapped: log, irq, cpu_id work
 *   ->mapped_end = ...        phys_to_virt works below it
 *   mu_bare_memmap_reserve()  memblock has all memory: memmap_map works
 *   bare_clock_set()          clock works, any time
 *   mu_bare_add_cpu(), _enter(), _idle()  run_on has CPUs to run on
 */
#ifndef MEMUP_BARE_H
#define MEMUP_BARE_H

#include "memup/backing.h"
#include "memup/machine.h"
#include "memup/memblock.h"
#include "memup/memmap.h"
#include "memup/port.h"
#include "ports/bare/arch.h"
#include "ports/bare/clock.h"
#include "ports/bare/pagetable.h"

struct mu_bare;

/*
 * A CPU. Letters: (C) constant once it was added; (A) atomic.
 * A register of its CPU (GS, TPIDR_EL1, tp) points to it, from mu_bare_enter()
 * on.
 */
struct mu_bare_cpu {
	struct mu_bare_cpu *self; /* the first (C) */
	struct mu_bare *bare;	  /* (C) */
	uint32_t id;		  /* memup's (C) */
	uint64_t hw_id;		  /* the hardware's (C) */
	/* For arch_kick(), where hw_id is not enough; written by the CPU
	 * before it is up. */
	uint32_t kick_mask;
	int nid;      /* (C) */
	void *client; /* the kernel's */

	/* The mailbox: see work.c. On a line of its own: others write it. */
	alignas(64) _Atomic uint32_t state;
	void (*fn)(void *); /* by whoever took the mailbox */
	void *arg;
	_Atomic bool up;	  /* set by the CPU, once */
	_Atomic uint32_t flushed; /* by the CPU: see flush.h */
	/* Address of the word that it sleeps on in wait(), or 0. (A) */
	_Atomic uintptr_t sleeps_on;
};

struct mu_bare_config {
	void *arg; /* of both */
	void (*log)(void *arg, enum mu_log_level level, const char *line);
	void (*panic)(void *arg, const char *line);
	uintptr_t direct; /* where physical address 0 is */
	uintptr_t memmap; /* where the descriptor of pfn 0 is */
};

struct mu_bare {
	struct mu_port port;
	struct mu_bare_config config;
	struct bare_clock clock;
	/* arch_kick() sends an interrupt to CPUs that sleep or have to flush;
	 * its handler calls mu_bare_interrupt(). */
	struct bare_arch arch;
	/* End of the direct map, a physical address. Set by the kernel. */
	mu_phys_t mapped_end;

	/* memmap_pages.c */
	struct bare_tables tables;
	struct mu_backing backing;
	_Atomic uint32_t memmap_lock; /* the tables of the memmap */

	/* The number of the last flush requested: flush.h. */
	_Atomic uint32_t flush;

	/* Indexed by id. An entry is set before nr_cpus counts it. */
	struct mu_bare_cpu **cpus;
	_Atomic uint32_t nr_cpus;
	struct mu_bare_cpu boot_cpu;
	struct mu_bare_cpu *boot_cpus[1];
};

/*
 * Make @bare a port with one CPU, the caller, which has id 0 and node 0 and
 * always counts as busy. The port's hooks are in ->port. Interrupts off.
 */
void mu_bare_init(struct mu_bare *bare, const struct mu_bare_config *config);

/*
 * Take memory for all descriptors of @memblock's memory and of @late:
 * mu_backing_reserve(), whose errors these are. @tables are those that all CPUs
 * use.
 */
enum mu_status mu_bare_memmap_reserve(struct mu_bare *bare,
				      struct mu_memblock *memblock,
				      const struct bare_tables *tables,
				      const struct mu_range *late,
				      unsigned nr_late,
				      struct mu_error *error) MU_MUST_CHECK;

/*
 * CPUs. mu_bare_set_cpus() moves the list of them to @table, which has room for
 * all that will be added, the boot CPU first; then mu_bare_add_cpu() gives each
 * the next id. One CPU, once each. A CPU that was added but never enters is
 * counted, but never used.
 */
void mu_bare_set_cpus(struct mu_bare *bare, struct mu_bare_cpu **table);
void mu_bare_add_cpu(struct mu_bare *bare, struct mu_bare_cpu *cpu,
		     uint64_t hw_id, int nid);

/* Is CPU @id ready to take calls, or the boot CPU? */
bool mu_bare_is_up(const struct mu_bare *bare, unsigned id);

/* The CPU that runs this is @cpu from now on. */
void mu_bare_enter(struct mu_bare_cpu *cpu);

/* Serve run_on() for ever; on the CPU's own stack, with interrupts enabled in
 * between. */
_Noreturn void mu_bare_idle(void);

/* What the handler of arch_kick()'s interrupt does. */
void mu_bare_interrupt(void);

/* The CPU that runs this. */
static inline struct mu_bare_cpu *mu_bare_this_cpu(void)
{
	return arch_this_cpu();
}

/* Hooks of other files, for hooks.c. */
enum mu_status mu_bare_memmap_map(void *arg, mu_pfn_t *start, mu_pfn_t *end);
enum mu_status mu_bare_memmap_map_at(void *arg, mu_pfn_t start, mu_pfn_t end,
				     mu_phys_t base);
void mu_bare_memmap_unmap(void *arg, mu_pfn_t start, mu_pfn_t end);
unsigned mu_bare_run_on(void *arg, const struct mu_cpumask *cpus,
			unsigned count, void (*fn)(void *), void *fn_arg);
void mu_bare_wait(void *arg, _Atomic uint32_t *word, uint32_t seen);
void mu_bare_wake(void *arg, _Atomic uint32_t *word);

#endif
