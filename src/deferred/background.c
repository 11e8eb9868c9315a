// SPDX-License-Identifier: MIT
/*
 * The background finisher: threads that claim one block at a time and look at
 * one word before each.
 */
#include "base/port.h"
#include "memup/deferred.h"

enum order { RUN, PAUSE, STOP };

static void leave(struct mu_background *background, uint32_t threads)
{
	const struct mu_port *port = background->deferred->port;

	/* release: whoever sees that all have left sees what they did. The
	 * memory may be gone afterwards; wake() uses its address only as a
	 * name. */
	atomic_fetch_sub_explicit(&background->threads, threads,
				  memory_order_release);
	mu_wake(port, &background->threads);
}

static void work(void *arg)
{
	struct mu_background *background = arg;
	struct mu_deferred *deferred = background->deferred;
	const struct mu_port *port = deferred->port;
	int nid = mu_cpu_node(port, mu_cpu_id(port));
	uint64_t took = 1;

	mu_go_idle(port);
	while (took) {
		/* relaxed: it is a command and publishes nothing else. */
		uint32_t order = atomic_load_explicit(&background->order,
						      memory_order_relaxed);

		if (order == STOP)
			break;
		if (order == PAUSE) {
			mu_wait(port, &background->order, PAUSE);
			continue;
		}
		took = mu_deferred_take(deferred, nid, 1, NULL);
		mu_watchdog(port);
	}
	leave(background, 1);
}

enum mu_status mu_background_start(struct mu_background *background,
				   struct mu_deferred *deferred,
				   const struct mu_cpumask *cpus,
				   unsigned threads)
{
	unsigned started;

	background->deferred = deferred;
	/* relaxed: run_on() publishes it to the threads. */
	atomic_store_explicit(&background->order, RUN, memory_order_relaxed);
	atomic_store_explicit(&background->threads, threads,
			      memory_order_relaxed);
	started = mu_run_on(deferred->port, cpus, threads, work, background);
	if (started < threads)
		leave(background, threads - started);
	return started || !threads ? MU_OK : MU_ERR_BUSY;
}

static void say(struct mu_background *background, enum order order)
{
	/* relaxed: see work(). */
	atomic_store_explicit(&background->order, (uint32_t)order,
			      memory_order_relaxed);
}

void mu_background_pause(struct mu_background *background)
{
	say(background, PAUSE);
}

void mu_background_resume(struct mu_background *background)
{
	say(background, RUN);
	mu_wake(background->deferred->port, &background->order);
}

void mu_background_stop(struct mu_background *background)
{
	const struct mu_port *port = background->deferred->port;
	uint32_t threads;
	unsigned never;

	say(background, STOP);
	mu_wake(port, &background->order);
	never = mu_run_cancel(port, work, background);
	if (never)
		leave(background, never);
	/* acquire: pairs with the release in leave(). */
	while ((threads = atomic_load_explicit(&background->threads,
					       memory_order_acquire)))
		mu_wait(port, &background->threads, threads);
}

bool mu_background_is_running(const struct mu_background *background)
{
	/* acquire: as in mu_background_stop(). */
	return atomic_load_explicit(&background->threads, memory_order_acquire);
}
