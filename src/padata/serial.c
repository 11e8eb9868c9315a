// SPDX-License-Identifier: MIT
/* Shells of serialised jobs: work in any order, hand on in one. */
#include "base/assert.h"
#include "base/port.h"
#include "padata/helpers.h"
#include "padata/serial.h"

/* States of a job. Changed from IDLE by its submitter, then by its holder. */
enum { IDLE, UNDER_WAY, DONE };

struct mu_padata_shell {
	struct mu_padata_instance *instance; /* never changes */
	struct mu_lock lock;		     /* the list, serving */
	struct mu_padata_priv *head, **tail;
	_Atomic uint32_t serving; /* is there a server? */
	unsigned cpu;		  /* of the server; only the server */
};

size_t mu_padata_shell_size(void)
{
	return sizeof(struct mu_padata_shell);
}

enum mu_status mu_padata_shell_init(void *memory, size_t size,
				    struct mu_padata_instance *instance,
				    struct mu_padata_shell **made)
{
	struct mu_padata_shell *shell = memory;

	if ((uintptr_t)memory % alignof(struct mu_padata_shell))
		return MU_ERR_INVALID;
	if (size < sizeof(*shell))
		return MU_ERR_FULL;
	*shell = (struct mu_padata_shell){.instance = instance};
	shell->tail = &shell->head;
	/* relaxed: only a count until mu_padata_shell_fini(). */
	atomic_fetch_add_explicit(&instance->shells, 1, memory_order_relaxed);
	*made = shell;
	return MU_OK;
}

enum mu_status mu_padata_shell_fini(struct mu_padata_shell *shell)
{
	struct mu_padata_instance *instance = shell->instance;
	const struct mu_port *port = instance->port;
	uintptr_t flags = mu_lock_irqsave(port, &shell->lock);
	bool busy = shell->head;

	mu_unlock_irqrestore(port, &shell->lock, flags);
	if (busy)
		return MU_ERR_BUSY;
	/* The last server may be on its way out: wait for it to say so, then
	 * for it to be out of the lock. */
	mu_wait(port, &shell->serving, 1);
	flags = mu_lock_irqsave(port, &shell->lock);
	mu_unlock_irqrestore(port, &shell->lock, flags);
	/* release: all use of the shell comes before. */
	atomic_fetch_sub_explicit(&instance->shells, 1, memory_order_release);
	return MU_OK;
}

static void append(struct mu_padata_shell *shell, struct mu_padata_priv *padata)
{
	const struct mu_port *port = shell->instance->port;
	uintptr_t flags;

	padata->next = NULL;
	flags = mu_lock_irqsave(port, &shell->lock);
	*shell->tail = padata;
	shell->tail = &padata->next;
	mu_unlock_irqrestore(port, &shell->lock, flags);
}

/* Under the lock: may the first job be handed on? */
static bool first_is_done(const struct mu_padata_shell *shell)
{
	/* relaxed: as is the store of DONE, under the same lock. */
	return shell->head &&
	       atomic_load_explicit(&shell->head->state,
				    memory_order_relaxed) == DONE;
}

/* The server: does it go on? If not, it is not the server any more. */
static bool keep_serving(struct mu_padata_shell *shell)
{
	const struct mu_port *port = shell->instance->port;
	_Atomic uint32_t *serving = &shell->serving;
	uintptr_t flags = mu_lock_irqsave(port, &shell->lock);
	bool more = first_is_done(shell);

	/* relaxed: under the lock, which mu_padata_shell_fini() takes too. */
	if (!more)
		atomic_store_explicit(serving, 0, memory_order_relaxed);
	mu_unlock_irqrestore(port, &shell->lock, flags);
	if (!more)
		mu_wake(port, serving);
	return more;
}

/* The server: take the first job off the list and hand it on. */
static void hand_on(struct mu_padata_shell *shell)
{
	const struct mu_port *port = shell->instance->port;
	uintptr_t flags = mu_lock_irqsave(port, &shell->lock);
	struct mu_padata_priv *padata = shell->head;

	shell->head = padata->next;
	if (!shell->head)
		shell->tail = &shell->head;
	mu_unlock_irqrestore(port, &shell->lock, flags);
	/* release: pairs with the acquire in mu_padata_do_parallel(): this
	 * round is over before the next begins. */
	atomic_store_explicit(&padata->state, IDLE, memory_order_release);
	padata->serial(padata);
}

static void serve(void *arg);

/* The server: go to @cpu. If that works another thread is the server now. */
static bool moved(struct mu_padata_shell *shell, unsigned cpu)
{
	struct mu_cpumask cpus = {{0}};
	unsigned here = shell->cpu;

	if (cpu == here || cpu == MU_NOWHERE)
		return false;
	mu_cpumask_set(&cpus, cpu);
	shell->cpu = cpu;
	if (mu_run_on(shell->instance->port, &cpus, 1, serve, shell))
		return true;
	shell->cpu = here;
	return false;
}

static void serve(void *arg)
{
	struct mu_padata_shell *shell = arg;

	while (keep_serving(shell)) {
		/* Nobody else takes it, so it can be read without the lock. */
		if (moved(shell,
			  mu_serial_cpu(shell->instance, shell->head->cb_cpu)))
			return;
		hand_on(shell);
	}
}

enum mu_status mu_padata_do_parallel(struct mu_padata_shell *shell,
				     struct mu_padata_priv *padata,
				     unsigned *cb_cpu)
{
	struct mu_padata_instance *instance = shell->instance;
	struct mu_cpumask cpus;
	uint32_t idle = IDLE;

	if (!padata->parallel || !padata->serial)
		return MU_ERR_INVALID;
	/* acquire: see hand_on(). */
	if (!atomic_compare_exchange_strong_explicit(
		    &padata->state, &idle, UNDER_WAY, memory_order_acquire,
		    memory_order_relaxed))
		return MU_ERR_BUSY;
	if (!mu_serial_open(instance, &cpus, cb_cpu)) {
		/* relaxed: nothing happened. */
		atomic_store_explicit(&padata->state, IDLE,
				      memory_order_relaxed);
		return MU_ERR_INVALID;
	}
	padata->shell = shell;
	padata->cb_cpu = *cb_cpu;
	append(shell, padata);
	if (!mu_serial_run(instance, padata, &cpus))
		padata->parallel(padata);
	return MU_OK;
}

void mu_padata_do_serial(struct mu_padata_priv *padata)
{
	struct mu_padata_shell *shell = padata->shell;
	const struct mu_port *port = shell->instance->port;
	uintptr_t flags = mu_lock_irqsave(port, &shell->lock);
	bool start;

	/* relaxed: all under the lock. */
	mu_assert(port,
		  atomic_load_explicit(&padata->state, memory_order_relaxed) ==
			  UNDER_WAY);
	atomic_store_explicit(&padata->state, DONE, memory_order_relaxed);
	start = !atomic_load_explicit(&shell->serving, memory_order_relaxed) &&
		first_is_done(shell);
	if (start) {
		atomic_store_explicit(&shell->serving, 1, memory_order_relaxed);
		shell->cpu = mu_cpu_id(port);
	}
	mu_unlock_irqrestore(port, &shell->lock, flags);
	if (start)
		serve(shell);
}
