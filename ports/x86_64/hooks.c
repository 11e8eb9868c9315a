// SPDX-License-Identifier: MIT
/*
 * The hooks that take only a few instructions, and the list of CPUs.
 */
#include "ports/x86_64/asm.h"
#include "ports/x86_64/flush.h"
#include "ports/x86_64/work.h"
#include "ports/x86_64/x86_64.h"

static void log_line(void *arg, enum mu_log_level level, const char *line)
{
	const struct mu_x86 *x86 = arg;

	x86->config.log(x86->config.arg, level, line);
}

static void panic(void *arg, const char *line)
{
	const struct mu_x86 *x86 = arg;

	x86->config.panic(x86->config.arg, line);
}

static void *phys_to_virt(void *arg, mu_phys_t base, mu_phys_t size)
{
	const struct mu_x86 *x86 = arg;

	if (base > x86->mapped_end || size > x86->mapped_end - base)
		return NULL;
	return (void *)(x86->config.direct + base);
}

static uintptr_t irq_save(void *arg)
{
	(void)arg;
	return x86_irq_save();
}

static void irq_restore(void *arg, uintptr_t flags)
{
	(void)arg;
	x86_irq_restore(flags);
}

static unsigned cpu_count(void *arg)
{
	const struct mu_x86 *x86 = arg;

	/* acquire: whoever sees the count sees the entries. */
	return atomic_load_explicit(&x86->nr_cpus, memory_order_acquire);
}

static unsigned cpu_id(void *arg)
{
	(void)arg;
	return mu_x86_this_cpu()->id;
}

static int cpu_node(void *arg, unsigned cpu)
{
	const struct mu_x86 *x86 = arg;

	return cpu < cpu_count(arg) ? x86->cpus[cpu]->nid : 0;
}

static uint64_t clock_ns(void *arg)
{
	const struct mu_x86 *x86 = arg;

	return x86_clock_now(&x86->clock);
}

static void set_cpu(struct mu_x86 *x86, struct mu_x86_cpu *cpu, uint32_t state)
{
	*cpu = (struct mu_x86_cpu){.self = cpu, .x86 = x86, .state = state};
}

void mu_x86_init(struct mu_x86 *x86, const struct mu_x86_config *config)
{
	uint64_t start = x86->clock.start;

	*x86 = (struct mu_x86){
		.port =
			{
				.arg = x86,
				.log = log_line,
				.panic = panic,
				.phys_to_virt = phys_to_virt,
				.memmap_map = mu_x86_memmap_map,
				.memmap_unmap = mu_x86_memmap_unmap,
				.memmap_map_at = mu_x86_memmap_map_at,
				.memmap_unmap_at = mu_x86_memmap_unmap,
				.pause = mu_x86_pause,
				.memmap_fill = mu_x86_memmap_fill,
				.irq_save = irq_save,
				.irq_restore = irq_restore,
				.cpu_count = cpu_count,
				.cpu_id = cpu_id,
				.cpu_node = cpu_node,
				.clock = clock_ns,
				.run_on = mu_x86_run_on,
				.wait = mu_x86_wait,
				.wake = mu_x86_wake,
			},
		.config = *config,
		.clock.start = start,
	};
	set_cpu(x86, &x86->boot_cpu, MU_X86_BUSY);
	x86->boot_cpus[0] = &x86->boot_cpu;
	x86->cpus = x86->boot_cpus;
	x86->max_cpus = 1;
	x86->nr_cpus = 1;
	x86->boot_cpu.up = true;
	mu_x86_enter(&x86->boot_cpu);
}

void mu_x86_set_cpus(struct mu_x86 *x86, struct mu_x86_cpu **table,
		     unsigned max_cpus)
{
	table[0] = &x86->boot_cpu;
	x86->cpus = table;
	x86->max_cpus = max_cpus;
}

enum mu_status mu_x86_add_cpu(struct mu_x86 *x86, struct mu_x86_cpu *cpu,
			      uint32_t apic_id, int nid)
{
	/* relaxed: only one CPU adds. */
	uint32_t id = atomic_load_explicit(&x86->nr_cpus, memory_order_relaxed);

	if (id == x86->max_cpus)
		return MU_ERR_FULL;
	set_cpu(x86, cpu, MU_X86_BUSY);
	cpu->id = id;
	cpu->apic_id = apic_id;
	cpu->nid = nid;
	x86->cpus[id] = cpu;
	/* release: see cpu_count(). */
	atomic_store_explicit(&x86->nr_cpus, id + 1, memory_order_release);
	return MU_OK;
}

bool mu_x86_is_up(const struct mu_x86 *x86, unsigned id)
{
	/* acquire: pairs with the release in mu_x86_idle(). */
	return atomic_load_explicit(&x86->cpus[id]->up, memory_order_acquire);
}

void mu_x86_enter(struct mu_x86_cpu *cpu)
{
	x86_wrmsr(X86_MSR_GS_BASE, (uintptr_t)cpu);
}
