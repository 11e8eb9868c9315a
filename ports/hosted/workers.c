// SPDX-License-Identifier: MIT
/*
 * run_on: worker threads, made once. The states are in internal.h.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include "ports/hosted/internal.h"

static bool change(struct mu_hosted_worker *worker, uint32_t from, uint32_t to)
{
	/* acquire: the previous owner's writes to this worker are visible;
	 * release: so are ours, to the next. */
	return atomic_compare_exchange_strong_explicit(&worker->state, &from,
						       to, memory_order_acq_rel,
						       memory_order_relaxed);
}

static uint32_t state_of(const struct mu_hosted_worker *worker)
{
	/* change() decides. seq_cst: see mu_hosted_later_next(). */
	return atomic_load(&worker->state);
}

/* May a thread that went idle come back? See setpriority(2), RLIMIT_NICE. */
static bool may_idle(void)
{
	struct rlimit limit;

	return !geteuid() ||
	       (!getrlimit(RLIMIT_NICE, &limit) && limit.rlim_cur >= 20);
}

/* Best effort, too. Not if the privilege to come back is missing. */
static void go_idle(void *arg)
{
	struct mu_hosted *hosted = arg;

	if (!hosted->may_idle || !mu_hosted_set_priority(MU_PRIORITY_IDLE)) {
		sched_yield();
		return;
	}
	/* relaxed: see call(). */
	atomic_store_explicit(&hosted->idled, true, memory_order_relaxed);
}

static void come_back(const struct mu_hosted *hosted)
{
	const struct sched_param none = {0};

	sched_setscheduler(0, SCHED_OTHER, &none);
	mu_hosted_set_priority(hosted->config.priority);
}

static void call(struct mu_hosted_worker *worker)
{
	struct mu_hosted *hosted = worker->hosted;
	unsigned where = hosted->host_cpu[worker->cpu];

	mu_hosted_set_cpu(hosted, worker->cpu);
	if (worker->bound != where)
		mu_hosted_bind(where);
	worker->bound = where;
	worker->fn(worker->arg);
	/* relaxed: whoever went idle in this call set it here. */
	if (atomic_load_explicit(&hosted->idled, memory_order_relaxed))
		come_back(hosted);
	/* Only we leave RUNNING. seq_cst: as above; release: as in
	 * change(). */
	atomic_store(&worker->state, MU_WORKER_FREE);
	mu_hosted_later_next(hosted);
}

static void *work(void *arg)
{
	struct mu_hosted_worker *worker = arg;
	const struct mu_hosted *hosted = worker->hosted;

	/* Its home. */
	mu_hosted_bind(worker->bound);
	mu_hosted_set_priority(hosted->config.priority);
	for (;;) {
		uint32_t state = state_of(worker);

		if (state == MU_WORKER_OVER)
			return NULL;
		if (state == MU_WORKER_CALL) {
			if (change(worker, state, MU_WORKER_RUNNING))
				call(worker);
		} else if (state == MU_WORKER_ASLEEP) {
			mu_hosted_futex_wait(&worker->state, state);
			change(worker, state, MU_WORKER_FREE);
		} else if (state == MU_WORKER_TAKEN) {
			/* For a few instructions, unless its owner lost the
			 * CPU, maybe to us. */
			if (!mu_hosted_spin(hosted, &worker->state, state))
				sched_yield();
		} else if (!mu_hosted_spin(hosted, &worker->state, state)) {
			change(worker, state, MU_WORKER_ASLEEP);
		}
	}
}

/* Signals are for the program's own threads: a handler that interrupts a worker
 * could outlive what it refers to. But synchronous signals stay with the thread
 * that causes them, and profilers keep theirs. */
static void block_signals(sigset_t *before)
{
	static const int own[] = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
				  SIGTRAP, SIGABRT, SIGSYS, SIGPROF};
	sigset_t all;

	sigfillset(&all);
	for (unsigned i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		sigdelset(&all, own[i]);
	pthread_sigmask(SIG_BLOCK, &all, before);
}

/* Take @worker, if it is free; *@asleep says whether it slept. It may fall
 * asleep or wake meanwhile, which are both free. */
static bool take(struct mu_hosted_worker *worker, bool *asleep)
{
	uint32_t state;

	do {
		state = state_of(worker);
		if (state != MU_WORKER_FREE && state != MU_WORKER_ASLEEP)
			return false;
	} while (!change(worker, state, MU_WORKER_TAKEN));
	*asleep = state == MU_WORKER_ASLEEP;
	return true;
}

static void let(struct mu_hosted_worker *worker, uint32_t state, bool asleep)
{
	/* release: as in change(); only we leave TAKEN. seq_cst: as in
	 * state_of(). */
	atomic_store(&worker->state, state);
	if (asleep)
		mu_hosted_futex_wake(&worker->state);
}

/* Have @worker call @fn(@arg) as @cpu, if it is free. */
static bool give(struct mu_hosted_worker *worker, unsigned cpu,
		 void (*fn)(void *), void *arg)
{
	bool asleep;

	if (!take(worker, &asleep))
		return false;
	worker->fn = fn;
	worker->arg = arg;
	worker->cpu = cpu;
	let(worker, MU_WORKER_CALL, asleep);
	return true;
}

/* The first of the workers whose home is @cpu; the others follow in steps of
 * nr_cpus. The home of worker i is CPU i + 1, since the caller is usually
 * CPU 0, and occupies that one's place. */
static unsigned first_at_home(const struct mu_hosted *hosted, unsigned cpu)
{
	return (cpu + hosted->nr_cpus - 1) % hosted->nr_cpus;
}

static bool give_at_home(struct mu_hosted *hosted, unsigned cpu,
			 void (*fn)(void *), void *arg)
{
	for (unsigned i = first_at_home(hosted, cpu); i < hosted->nr_workers;
	     i += hosted->nr_cpus)
		if (give(&hosted->workers[i], cpu, fn, arg))
			return true;
	return false;
}

static bool give_anywhere(struct mu_hosted *hosted, unsigned cpu,
			  void (*fn)(void *), void *arg)
{
	for (unsigned i = 0; i < hosted->nr_workers; i++)
		if (give(&hosted->workers[i], cpu, fn, arg))
			return true;
	return false;
}

/* CPUs that are a free worker's home come first: it need not move. The others
 * are served by any free worker. */
unsigned mu_hosted_give(struct mu_hosted *hosted, const struct mu_cpumask *cpus,
			unsigned count, void (*fn)(void *), void *arg,
			struct mu_cpumask *given)
{
	unsigned nr = hosted->nr_cpus, started = 0;

	for (unsigned cpu = 0; cpu < nr && started < count; cpu++) {
		if ((cpus && !mu_cpumask_test(cpus, cpu)) ||
		    !give_at_home(hosted, cpu, fn, arg))
			continue;
		started++;
		if (given)
			mu_cpumask_set(given, cpu);
	}
	if (hosted->nr_workers >= nr)
		return started;
	for (unsigned cpu = 0; cpu < nr && started < count; cpu++) {
		if ((cpus && !mu_cpumask_test(cpus, cpu)) ||
		    first_at_home(hosted, cpu) < hosted->nr_workers)
			continue;
		if (!give_anywhere(hosted, cpu, fn, arg))
			break;
		started++;
		if (given)
			mu_cpumask_set(given, cpu);
	}
	return started;
}

static unsigned run_on(void *arg, const struct mu_cpumask *cpus, unsigned count,
		       void (*fn)(void *), void *fn_arg)
{
	struct mu_hosted *hosted = arg;

	/* relaxed: a call that this does not see was not asked for before. */
	if (atomic_load_explicit(&hosted->waiting, memory_order_relaxed))
		return mu_hosted_give_behind(hosted, cpus, count, fn, fn_arg);
	return mu_hosted_give(hosted, cpus, count, fn, fn_arg, NULL);
}

static unsigned run_cancel(void *arg, void (*fn)(void *), void *fn_arg)
{
	struct mu_hosted *hosted = arg;
	/* Waiting calls first: they may be given to workers meanwhile. */
	unsigned waited = mu_hosted_later_cancel(hosted, fn, fn_arg);
	unsigned cancelled = 0;

	for (unsigned i = 0; i < hosted->nr_workers; i++) {
		struct mu_hosted_worker *worker = &hosted->workers[i];
		bool ours;

		/* Only the owner may read whose call it is. */
		if (state_of(worker) != MU_WORKER_CALL ||
		    !change(worker, MU_WORKER_CALL, MU_WORKER_TAKEN))
			continue;
		ours = worker->fn == fn && worker->arg == fn_arg;
		cancelled += ours;
		/* It was woken when it was given the call. */
		let(worker, ours ? MU_WORKER_FREE : MU_WORKER_CALL, false);
	}
	/* Now there are free workers that were not told to look. */
	if (cancelled)
		mu_hosted_later_next(hosted);
	return waited + cancelled;
}

enum mu_status mu_hosted_workers_init(struct mu_hosted *hosted,
				      struct mu_error *error)
{
	unsigned want = hosted->config.threads;
	size_t bytes = sizeof(*hosted->workers);
	sigset_t before;

	if (want && mu_hosted_later_init(hosted))
		hosted->workers = aligned_alloc(
			_Alignof(struct mu_hosted_worker), want * bytes);
	/* Workers inherit it. */
	block_signals(&before);
	for (; hosted->workers && hosted->nr_workers < want;
	     hosted->nr_workers++) {
		unsigned i = hosted->nr_workers;
		struct mu_hosted_worker *worker = &hosted->workers[i];

		*worker = (struct mu_hosted_worker){
			.bound = hosted->host_cpu[(i + 1) % hosted->nr_cpus],
			.hosted = hosted,
		};
		if (pthread_create(&worker->thread, NULL, work, worker))
			break;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (hosted->nr_workers < want) {
		if (error) {
			*error = (struct mu_error){.status = MU_ERR_NOMEM};
			snprintf(error->text, sizeof(error->text),
				 "threads: %u of %u could be started",
				 hosted->nr_workers, want);
		}
		return MU_ERR_NOMEM;
	}
	hosted->may_idle = may_idle();
	hosted->port.go_idle = go_idle;
	hosted->port.run_on = run_on;
	hosted->port.run_cancel = run_cancel;
	return MU_OK;
}

void mu_hosted_workers_destroy(struct mu_hosted *hosted)
{
	/* A call that was promised comes first. */
	mu_hosted_later_end(hosted);
	for (unsigned i = 0; i < hosted->nr_workers; i++) {
		struct mu_hosted_worker *worker = &hosted->workers[i];
		bool asleep;

		while (!take(worker, &asleep))
			sched_yield();
		let(worker, MU_WORKER_OVER, asleep);
		pthread_join(worker->thread, NULL);
	}
	free(hosted->workers);
	mu_hosted_later_destroy(hosted);
}
