// SPDX-License-Identifier: MIT
/* Runners: who calls parallel(), and what waits for them (serial.h). */
#include "base/port.h"
#include "padata/helpers.h"
#include "padata/serial.h"

/* Under the lock. */
static struct mu_padata_priv *first_waiting(struct mu_padata_instance *instance)
{
	struct mu_padata_priv *padata = instance->waiting;

	if (padata) {
		instance->waiting = padata->next_waiting;
		if (!instance->waiting)
			instance->waiting_tail = &instance->waiting;
	}
	return padata;
}

static void run(void *arg)
{
	struct mu_padata_instance *instance = arg;
	const struct mu_port *port = instance->port;
	unsigned here = mu_cpu_id(port);

	for (bool did = false;;) {
		uintptr_t flags = mu_lock_irqsave(port, &instance->lock);
		const struct mu_cpumask *usable =
			&instance->usable[MU_PADATA_PARALLEL];
		struct mu_padata_priv *padata = NULL;
		struct mu_cpumask cpus;
		/* This CPU has left the mask: let another one go on. */
		bool move = did && instance->waiting &&
			    !mu_cpumask_test(usable, here);

		instance->in_flight -= did;
		did = false;
		if (move)
			cpus = *usable;
		else
			padata = first_waiting(instance);
		if (!move && !padata)
			instance->runners--;
		mu_unlock_irqrestore(port, &instance->lock, flags);
		if (move) {
			/* Our places in runners and calls go with it. If it
		 * fails, the next job is done here after all. */
			if (mu_run_on(port, &cpus, 1, run, instance))
				return;
			continue;
		}
		if (!padata)
			break;
		padata->parallel(padata); /* may be gone now */
		did = true;
	}
	mu_helpers_leave(port, &instance->calls, 1, UINT32_MAX);
}

/* A runner that was counted will not come, and others may have left their jobs
 * to it: do what waits, unless there is another runner. */
static void run_instead(struct mu_padata_instance *instance)
{
	const struct mu_port *port = instance->port;
	struct mu_padata_priv *padata;
	unsigned did = 0, gone = 1;

	do {
		uintptr_t flags = mu_lock_irqsave(port, &instance->lock);

		instance->runners -= gone;
		instance->in_flight -= did;
		padata = instance->runners ? NULL : first_waiting(instance);
		mu_unlock_irqrestore(port, &instance->lock, flags);
		if (padata)
			padata->parallel(padata); /* may be gone now */
		gone = 0;
		did = 1;
	} while (padata);
}

bool mu_serial_run(struct mu_padata_instance *instance,
		   struct mu_padata_priv *padata, struct mu_cpumask *cpus)
{
	const struct mu_port *port = instance->port;
	uintptr_t flags = mu_lock_irqsave(port, &instance->lock);
	bool room = instance->in_flight < instance->limit;

	if (room) {
		instance->in_flight++;
		instance->runners++;
		/* Before the job can be seen: others may take it, and then tear
		 * down the instance, while we are here. relaxed: a count; the
		 * end of the call is published by mu_helpers_leave(). */
		atomic_fetch_add_explicit(&instance->calls, 1,
					  memory_order_relaxed);
		padata->next_waiting = NULL;
		*instance->waiting_tail = padata;
		instance->waiting_tail = &padata->next_waiting;
	}
	mu_unlock_irqrestore(port, &instance->lock, flags);
	if (!room)
		return false;
	/* This CPU is busy with us. */
	mu_cpumask_clear(cpus, mu_cpu_id(port));
	if (!mu_run_on(port, cpus, 1, run, instance)) {
		run_instead(instance);
		mu_helpers_leave(port, &instance->calls, 1, UINT32_MAX);
	}
	return true;
}
