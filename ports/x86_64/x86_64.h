/* SPDX-License-Identifier: MIT */
/*
 * x86_64: memup's port to a bare x86-64 machine.
 *
 * It needs a kernel that has switched the CPU to long mode and mapped memory,
 * and gives memup the hooks (memup/port.h). It is built on, one file each: page
 * tables (pagetable.h), the time-stamp counter (clock.h), the local APIC
 * (apic.h).
 *
 *   hook                        what it is here                     file
 *   log, panic                  the kernel's                        hooks.c
 *   phys_to_virt                the direct map                      hooks.c
 *   irq_save, irq_restore       PUSHF, CLI; STI                     hooks.c
 *   cpu_count, cpu_id, cpu_node per-CPU area behind GS              hooks.c
 *   clock                       the time-stamp counter              hooks.c
 *   memmap_map, memmap_unmap,   page tables; windows of memory      memmap.c
 *   and the same two with _at
 *   memmap_fill                 MOVNTI                              fill.c
 *   run_on, wait, wake          a mailbox for each CPU, HLT, IPI    work.c
 *   pause                       PAUSE, and flush the TLB if asked   flush.c
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
 *   mu_x86_init()            one CPU, anything mapped: log, irq, cpu_id work
 *   ->mapped_end = ...       phys_to_virt works below it
 *   mu_x86_memmap_reserve()  memblock has all memory: memmap_map works
 *   x86_clock_calibrate()    clock works, any time
 *   mu_x86_add_cpu(), _enter(), _idle()  run_on has CPUs to run on
 */
#ifndef MEMUP_X86_64_H
#define MEMUP_X86_64_H

#include "memup/machine.h"
#include "memup/memblock.h"
#include "memup/memmap.h"
#include "memup/port.h"
#include "ports/x86_64/apic.h"
#include "ports/x86_64/clock.h"
#include "ports/x86_64/pagetable.h"

struct mu_x86;

/*
 * A CPU. Letters: (C) constant once it was added; (A) atomic.
 * GS points to it on its CPU, from mu_x86_enter() on.
 */
struct mu_x86_cpu {
	struct mu_x86_cpu *self; /* at GS:0 (C) */
	struct mu_x86 *x86;	 /* (C) */
	uint32_t id;		 /* memup's (C) */
	uint32_t apic_id;	 /* the hardware's (C) */
	int nid;		 /* (C) */
	void *client;		 /* the kernel's */

	/* The mailbox: see work.c. On a line of its own: others write it. */
	alignas(64) _Atomic uint32_t state;
	void (*fn)(void *); /* by whoever took the mailbox */
	void *arg;
	_Atomic bool up;	  /* set by the CPU, once */
	_Atomic uint32_t flushed; /* by the CPU: see flush.h */
	/* Address of the word that it sleeps on in wait(), or 0. (A) */
	_Atomic uintptr_t sleeps_on;
};

/* Memory for the descriptors of pages [start, end), whole blocks; sorted. */
struct mu_x86_window {
	mu_pfn_t start, end;
	mu_phys_t phys; /* where the descriptor of start is */
};

struct mu_x86_config {
	void *arg; /* of both */
	void (*log)(void *arg, enum mu_log_level level, const char *line);
	void (*panic)(void *arg, const char *line);
	uintptr_t direct; /* where physical address 0 is */
	uintptr_t memmap; /* where the descriptor of pfn 0 is */
	/* Sent to CPUs that sleep, or have to flush. Its handler calls
	 * mu_x86_interrupt(). */
	uint8_t wake_vector;
};

struct mu_x86 {
	struct mu_port port;
	struct mu_x86_config config;
	struct x86_clock clock;
	struct x86_apic apic;
	/* End of the direct map, a physical address. Set by the kernel. */
	mu_phys_t mapped_end;

	/* memmap.c */
	struct x86_tables tables;
	struct mu_x86_window *windows;
	unsigned nr_windows;
	mu_phys_t table_next, table_end; /* pages for page tables */
	_Atomic uint32_t memmap_lock;	 /* the tables of the memmap */

	/* The number of the last flush requested: flush.h. */
	_Atomic uint32_t flush;

	/* Indexed by id. An entry is set before nr_cpus counts it. */
	struct mu_x86_cpu **cpus;
	unsigned max_cpus;
	_Atomic uint32_t nr_cpus;
	struct mu_x86_cpu boot_cpu;
	struct mu_x86_cpu *boot_cpus[1];
};

/*
 * Make @x86 a port with one CPU, the caller, which has id 0 and node 0 and
 * always counts as busy. The port's hooks are in ->port. Interrupts off.
 */
void mu_x86_init(struct mu_x86 *x86, const struct mu_x86_config *config);

/*
 * Take the memory that all descriptors of @memblock's memory need, from each
 * region's own node if possible, and page tables for them: 0.39 % and 0.001 %
 * of memory. The same for @late, @nr_late ranges in ascending order that may
 * come later. O(ranges), and none of it is touched until a block is backed.
 * @tables are those that all CPUs use. MU_ERR_NOMEM, with @error.
 */
enum mu_status mu_x86_memmap_reserve(struct mu_x86 *x86,
				     struct mu_memblock *memblock,
				     const struct x86_tables *tables,
				     const struct mu_range *late,
				     unsigned nr_late,
				     struct mu_error *error) MU_MUST_CHECK;

/* Bytes of memory that were taken for descriptors and their page tables. */
uint64_t mu_x86_memmap_bytes(const struct mu_x86 *x86);

/* The pfn whose descriptor is at @virt, or MU_PHYS_MAX when @virt is not in the
 * memmap. For reports of exceptions. */
mu_pfn_t mu_x86_memmap_pfn(const struct mu_x86 *x86, uintptr_t virt);

/*
 * CPUs. mu_x86_set_cpus() moves the list of them to @table, which has room for
 * @max_cpus, the boot CPU, which comes first, among them; then mu_x86_add_cpu()
 * gives each the next id, or answers MU_ERR_FULL. One CPU, once each. A CPU
 * that was added but never enters is counted, but never used.
 */
void mu_x86_set_cpus(struct mu_x86 *x86, struct mu_x86_cpu **table,
		     unsigned max_cpus);
enum mu_status mu_x86_add_cpu(struct mu_x86 *x86, struct mu_x86_cpu *cpu,
			      uint32_t apic_id, int nid) MU_MUST_CHECK;

/* Is CPU @id ready to take calls, or the boot CPU? */
bool mu_x86_is_up(const struct mu_x86 *x86, unsigned id);

/* The CPU that runs this is @cpu from now on. */
void mu_x86_enter(struct mu_x86_cpu *cpu);

/* Serve run_on() for ever; on the CPU's own stack, with interrupts enabled in
 * between. */
_Noreturn void mu_x86_idle(void);

/* What the handler of the wake vector does. */
void mu_x86_interrupt(void);

/* The CPU that runs this. */
static inline struct mu_x86_cpu *mu_x86_this_cpu(void)
{
	struct mu_x86_cpu *cpu;

	__asm__ volatile("movq %%gs:0, %0" : "=r"(cpu));
	return cpu;
}

/* Hooks of other files, for hooks.c. */
enum mu_status mu_x86_memmap_map(void *arg, mu_pfn_t *start, mu_pfn_t *end);
enum mu_status mu_x86_memmap_map_at(void *arg, mu_pfn_t start, mu_pfn_t end,
				    mu_phys_t base);
void mu_x86_memmap_unmap(void *arg, mu_pfn_t start, mu_pfn_t end);
void mu_x86_memmap_fill(void *arg, uint64_t *dst, uint64_t word, size_t count);
unsigned mu_x86_run_on(void *arg, const struct mu_cpumask *cpus, unsigned count,
		       void (*fn)(void *), void *fn_arg);
void mu_x86_wait(void *arg, _Atomic uint32_t *word, uint32_t seen);
void mu_x86_wake(void *arg, _Atomic uint32_t *word);

#endif
