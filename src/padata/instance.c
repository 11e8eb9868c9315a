// SPDX-License-Identifier: MIT
/* Instances of serialised jobs: which CPUs, and how many jobs at once. */
#include "base/bits.h"
#include "base/port.h"
#include "padata/helpers.h"
#include "padata/serial.h"

size_t mu_padata_instance_size(void)
{
	return sizeof(struct mu_padata_instance);
}

/* Under the lock: compute the usable CPUs, those wanted and online. */
static void update(struct mu_padata_instance *instance)
{
	for (unsigned m = 0; m < MU_PADATA_NR_MASKS; m++) {
		for (size_t i = 0; i < MU_ARRAY_SIZE(instance->online.bits);
		     i++)
			instance->usable[m].bits[i] =
				instance->wanted[m].bits[i] &
				instance->online.bits[i];
		instance->weight[m] = mu_cpumask_weight(&instance->usable[m]);
	}
}

enum mu_status mu_padata_instance_init(void *memory, size_t size,
				       const struct mu_port *port,
				       unsigned limit,
				       struct mu_padata_instance **made)
{
	struct mu_padata_instance *instance = memory;

	if ((uintptr_t)memory % alignof(struct mu_padata_instance))
		return MU_ERR_INVALID;
	if (size < sizeof(*instance))
		return MU_ERR_FULL;
	*instance = (struct mu_padata_instance){.port = port};
	instance->cpus = MU_MIN(mu_cpu_count(port), MU_MAX_CPUS);
	instance->limit = limit ? limit : 2 * instance->cpus;
	instance->waiting_tail = &instance->waiting;
	for (unsigned cpu = 0; cpu < instance->cpus; cpu++)
		mu_cpumask_set(&instance->online, cpu);
	for (unsigned m = 0; m < MU_PADATA_NR_MASKS; m++)
		instance->wanted[m] = instance->online;
	update(instance);
	*made = instance;
	return MU_OK;
}

enum mu_status mu_padata_instance_fini(struct mu_padata_instance *instance)
{
	/* acquire: pairs with the release in mu_padata_shell_fini(). */
	if (atomic_load_explicit(&instance->shells, memory_order_acquire))
		return MU_ERR_BUSY;
	mu_helpers_wait(instance->port, &instance->calls, UINT32_MAX);
	return MU_OK;
}

enum mu_status mu_padata_set_cpumask(struct mu_padata_instance *instance,
				     enum mu_padata_mask which,
				     const struct mu_cpumask *mask)
{
	uintptr_t flags;

	if ((unsigned)which >= MU_PADATA_NR_MASKS)
		return MU_ERR_INVALID;
	flags = mu_lock_irqsave(instance->port, &instance->lock);
	instance->wanted[which] = *mask;
	update(instance);
	mu_unlock_irqrestore(instance->port, &instance->lock, flags);
	return MU_OK;
}

enum mu_status mu_padata_set_online(struct mu_padata_instance *instance,
				    unsigned cpu, bool online)
{
	uintptr_t flags;

	if (cpu >= instance->cpus)
		return MU_ERR_RANGE;
	flags = mu_lock_irqsave(instance->port, &instance->lock);
	if (online)
		mu_cpumask_set(&instance->online, cpu);
	else
		mu_cpumask_clear(&instance->online, cpu);
	update(instance);
	mu_unlock_irqrestore(instance->port, &instance->lock, flags);
	return MU_OK;
}

/* Under the lock: the usable callback CPU for @cpu; there is one. */
static unsigned callback_cpu(const struct mu_padata_instance *instance,
			     unsigned cpu)
{
	const struct mu_cpumask *mask = &instance->usable[MU_PADATA_SERIAL];
	unsigned place;

	if (cpu < MU_MAX_CPUS && mu_cpumask_test(mask, cpu))
		return cpu;
	place = cpu % instance->weight[MU_PADATA_SERIAL];
	cpu = mu_cpumask_next(mask, 0);
	while (place--)
		cpu = mu_cpumask_next(mask, cpu + 1);
	return cpu;
}

bool mu_serial_open(struct mu_padata_instance *instance,
		    struct mu_cpumask *cpus, unsigned *cb_cpu)
{
	uintptr_t flags = mu_lock_irqsave(instance->port, &instance->lock);
	bool open = instance->weight[MU_PADATA_PARALLEL] &&
		    instance->weight[MU_PADATA_SERIAL];

	if (open) {
		*cpus = instance->usable[MU_PADATA_PARALLEL];
		*cb_cpu = callback_cpu(instance, *cb_cpu);
	}
	mu_unlock_irqrestore(instance->port, &instance->lock, flags);
	return open;
}

unsigned mu_serial_cpu(struct mu_padata_instance *instance, unsigned cpu)
{
	uintptr_t flags = mu_lock_irqsave(instance->port, &instance->lock);

	cpu = instance->weight[MU_PADATA_SERIAL] ? callback_cpu(instance, cpu)
						 : MU_NOWHERE;
	mu_unlock_irqrestore(instance->port, &instance->lock, flags);
	return cpu;
}
