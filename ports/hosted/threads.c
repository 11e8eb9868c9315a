// SPDX-License-Identifier: MIT
/*
 * CPUs as threads: identities, a pool of workers, waiting.
 */
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "ports/hosted/internal.h"

static unsigned cpu_count(void *arg)
{
	const struct mu_hosted *hosted = arg;

	return hosted->nr_cpus;
}

static unsigned cpu_id(void *arg)
{
	const struct mu_hosted *hosted = arg;
	uintptr_t cpu = (uintptr_t)pthread_getspecific(hosted->cpu);

	return cpu ? (unsigned)(cpu - 1) : 0;
}

static int cpu_node(void *arg, unsigned cpu)
{
	const struct mu_hosted *hosted = arg;

	return cpu < hosted->nr_cpus ? hosted->cpu_node[cpu] : 0;
}

void mu_hosted_set_cpu(struct mu_hosted *hosted, unsigned cpu)
{
	pthread_setspecific(hosted->cpu, (void *)(uintptr_t)(cpu + 1));
}

/* Bind the calling thread to the host's CPU that stands for @cpu: the same one
 * where it may be used, else by turns. */
static void bind_to(const struct mu_hosted *hosted, unsigned cpu)
{
	unsigned turn = cpu % (unsigned)CPU_COUNT(&hosted->allowed);
	cpu_set_t set;

	CPU_ZERO(&set);
	if (cpu < CPU_SETSIZE && CPU_ISSET(cpu, &hosted->allowed)) {
		CPU_SET(cpu, &set);
	} else {
		for (unsigned i = 0; i < CPU_SETSIZE; i++) {
			if (!CPU_ISSET(i, &hosted->allowed) || turn-- > 0)
				continue;
			CPU_SET(i, &set);
			break;
		}
	}
	/* A wish: the work is done on any CPU if it is not granted. */
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static void *worker(void *arg)
{
	struct mu_hosted *hosted = arg;
	struct mu_hosted_pool *pool = &hosted->pool;
	const struct sched_param normal = {0};

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		struct mu_hosted_call call;

		while (!pool->nr_queued && !pool->stop)
			pthread_cond_wait(&pool->work, &pool->lock);
		if (!pool->nr_queued)
			break;
		call = pool->queue[--pool->nr_queued];
		pthread_mutex_unlock(&pool->lock);
		mu_hosted_set_cpu(hosted, call.cpu);
		bind_to(hosted, call.cpu);
		call.fn(call.arg);
		if (hosted->may_idle)
			sched_setscheduler(0, SCHED_OTHER, &normal);
		pthread_mutex_lock(&pool->lock);
		pool->nr_idle++;
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static unsigned run_on(void *arg, const struct mu_cpumask *cpus, unsigned count,
		       void (*fn)(void *), void *fn_arg)
{
	struct mu_hosted *hosted = arg;
	struct mu_hosted_pool *pool = &hosted->pool;
	unsigned started = 0, cpu = 0;

	pthread_mutex_lock(&pool->lock);
	for (; started < count && pool->nr_idle; started++, cpu++) {
		cpu = cpus ? mu_cpumask_next(cpus, cpu) : cpu;
		if (cpu >= hosted->nr_cpus)
			break;
		pool->nr_idle--;
		pool->queue[pool->nr_queued++] =
			(struct mu_hosted_call){fn, fn_arg, cpu};
		pthread_cond_signal(&pool->work);
	}
	pthread_mutex_unlock(&pool->lock);
	return started;
}

static void go_idle(void *arg)
{
	struct sched_param none = {0};
	const struct mu_hosted *hosted = arg;

	/* A wish, too. Linux takes it as per thread. Who cannot come back, for
	 * want of privilege, does not go. */
	if (!hosted->may_idle || sched_setscheduler(0, SCHED_IDLE, &none))
		sched_yield();
}

static void relax(void *arg, unsigned spins)
{
	(void)arg;
	/* The CPU that is waited for may not be running: let it. */
	if (spins < 64)
#if defined(__x86_64__) || defined(__i386__)
		__builtin_ia32_pause();
#else
		;
#endif
	else
		sched_yield();
}

static void wait_on(void *arg, _Atomic uint32_t *word, uint32_t seen)
{
	(void)arg;
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static void wake(void *arg, _Atomic uint32_t *word)
{
	(void)arg;
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/* CPU ids node by node, as machine->nodes counts them. */
static bool number_cpus(struct mu_hosted *hosted)
{
	const struct mu_machine *machine = hosted->machine;
	unsigned cpu = 0;

	hosted->nr_cpus = mu_machine_cpus(machine);
	hosted->cpu_node = calloc(hosted->nr_cpus, sizeof(int));
	if (!hosted->cpu_node)
		return false;
	for (unsigned nid = 0; nid < machine->nr_nodes; nid++)
		for (unsigned i = 0; i < machine->nodes[nid].nr_cpus; i++)
			hosted->cpu_node[cpu++] = (int)nid;
	return true;
}

/* May a thread that went idle come back? See setpriority(2), RLIMIT_NICE. */
static bool may_idle(void)
{
	struct rlimit limit;

	return !geteuid() ||
	       (!getrlimit(RLIMIT_NICE, &limit) && limit.rlim_cur >= 20);
}

enum mu_status mu_hosted_threads_init(struct mu_hosted *hosted,
				      struct mu_error *error)
{
	struct mu_hosted_pool *pool = &hosted->pool;
	unsigned want = hosted->config.threads;

	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	hosted->may_idle = may_idle();
	if (sched_getaffinity(0, sizeof(hosted->allowed), &hosted->allowed))
		CPU_SET(0, &hosted->allowed);
	pool->threads = calloc(want + 1, sizeof(*pool->threads));
	pool->queue = calloc(want + 1, sizeof(*pool->queue));
	if (!number_cpus(hosted) || !pool->threads || !pool->queue)
		goto nomem;
	for (; pool->nr_threads < want; pool->nr_threads++)
		if (pthread_create(&pool->threads[pool->nr_threads], NULL,
				   worker, hosted))
			goto nomem;
	pool->nr_idle = pool->nr_threads;
	hosted->port.cpu_count = cpu_count;
	hosted->port.cpu_id = cpu_id;
	hosted->port.cpu_node = cpu_node;
	hosted->port.run_on = run_on;
	hosted->port.go_idle = go_idle;
	hosted->port.pause = relax;
	hosted->port.wait = wait_on;
	hosted->port.wake = wake;
	return MU_OK;
nomem:
	if (error) {
		error->status = MU_ERR_NOMEM;
		error->line = 0;
		snprintf(error->text, sizeof(error->text),
			 "threads: %u of %u could be started", pool->nr_threads,
			 want);
	}
	return MU_ERR_NOMEM;
}

void mu_hosted_threads_destroy(struct mu_hosted *hosted)
{
	struct mu_hosted_pool *pool = &hosted->pool;

	pthread_mutex_lock(&pool->lock);
	pool->stop = true;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->nr_threads; i++)
		pthread_join(pool->threads[i], NULL);
	free(pool->threads);
	free(pool->queue);
	free(hosted->cpu_node);
	pthread_mutex_destroy(&pool->lock);
	pthread_cond_destroy(&pool->work);
}
