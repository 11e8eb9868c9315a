// SPDX-License-Identifier: MIT
/*
 * The hooks that take only a few instructions, and the list of CPUs.
 */
#include "ports/bare/arch.h"
#include "ports/bare/flush.h"
#include "ports/bare/work.h"
#include "ports/bare/bare.h"

static void log_line(void *arg, enum mu_log_level level, const char *line)
{
	const struct mu_bare *bare = arg;

	bare->config.log(bare->config.arg, level, line);
}

static void panic(void *arg, const char *line)
{
	const struct mu_bare *bare = arg;

	bare->config.panic(bare->config.arg, line);
}

static void *phys_to_virt(void *arg, mu_phys_t base, mu_phys_t size)
{
	const struct mu_bare *bare = arg;

	if (base > bare->mapped_end || size > bare->mapped_end - base)
		return NULL;
	return (void *)(bare->config.direct + base);
}

static uintptr_t irq_save(void *arg)
{
	(void)arg;
	return arch_irq_save();
}

static void irq_restore(void *arg, uintptr_t flags)
{
	(void)arg;
	arch_irq_restore(flags);
}

static unsigned cpu_count(void *arg)
{
	const struct mu_bare *bare = arg;

	/* acquire: whoever sees the count sees the entries. */
	return atomic_load_explicit(&bare->nr_cpus, memory_order_acquire);
}

static unsigned cpu_id(void *arg)
{
	(void)arg;
	return mu_bare_this_cpu()->id;
}

static int cpu_node(void *arg, unsigned cpu)
{
	const struct mu_bare *bare = arg;

	return cpu < cpu_count(arg) ? bare->cpus[cpu]->nid : 0;
}

static uint64_t clock_ns(void *arg)
{
	const struct mu_bare *bare = arg;

	return bare_clock_now(&bare->clock);
}

static void set_cpu(struct mu_bare *bare, struct mu_bare_cpu *cpu,
		    uint32_t state)
{
	*cpu = (struct mu_bare_cpu){.self = cpu, .bare = bare, .state = state};
}

void mu_bare_init(struct mu_bare *bare, const struct mu_bare_config *config)
{
	uint64_t start = bare->clock.start;

	*bare = (struct mu_bare){
		.port =
			{
				.arg = bare,
				.log = log_line,
				.panic = panic,
				.phys_to_virt = phys_to_virt,
				.memmap_map = mu_bare_memmap_map,
				.memmap_unmap = mu_bare_memmap_unmap,
				.memmap_map_at = mu_bare_memmap_map_at,
				.memmap_unmap_at = mu_bare_memmap_unmap,
				.pause = mu_bare_pause,
				.memmap_fill = ARCH_MEMMAP_FILL,
				.irq_save = irq_save,
				.irq_restore = irq_restore,
				.cpu_count = cpu_count,
				.cpu_id = cpu_id,
				.cpu_node = cpu_node,
				.clock = clock_ns,
				.run_on = mu_bare_run_on,
				.wait = mu_bare_wait,
				.wake = mu_bare_wake,
			},
		.config = *config,
		.clock.start = start,
	};
	set_cpu(bare, &bare->boot_cpu, MU_BARE_BUSY);
	bare->boot_cpus[0] = &bare->boot_cpu;
	bare->cpus = bare->boot_cpus;
	bare->nr_cpus = 1;
	bare->boot_cpu.up = true;
	mu_bare_enter(&bare->boot_cpu);
}

void mu_bare_set_cpus(struct mu_bare *bare, struct mu_bare_cpu **table)
{
	table[0] = &bare->boot_cpu;
	bare->cpus = table;
}

void mu_bare_add_cpu(struct mu_bare *bare, struct mu_bare_cpu *cpu,
		     uint64_t hw_id, int nid)
{
	/* relaxed: only one CPU adds. */
	uint32_t id =
		atomic_load_explicit(&bare->nr_cpus, memory_order_relaxed);

	set_cpu(bare, cpu, MU_BARE_BUSY);
	cpu->id = id;
	cpu->hw_id = hw_id;
	cpu->nid = nid;
	bare->cpus[id] = cpu;
	/* release: see cpu_count(). */
	atomic_store_explicit(&bare->nr_cpus, id + 1, memory_order_release);
}

bool mu_bare_is_up(const struct mu_bare *bare, unsigned id)
{
	/* acquire: pairs with the release in mu_bare_idle(). */
	return atomic_load_explicit(&bare->cpus[id]->up, memory_order_acquire);
}

void mu_bare_enter(struct mu_bare_cpu *cpu)
{
	arch_set_this_cpu(cpu);
}
