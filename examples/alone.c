// SPDX-License-Identifier: MIT
/*
 * The padata floor by itself, with its own port. It is built from two folders
 * of the library and nothing else:
 *
 *	cc -std=c17 -Iinclude -Isrc -I. examples/alone.c \
 *		src/base/[*].c src/padata/[*].c -pthread
 *
 * (without the brackets). To lift it out, take these two folders, base.h,
 * port.h and padata.h of include/memup/, and write run_on: "call this on other
 * CPUs". All other hooks have defaults. This one has a few threads that wait
 * for calls.
 *
 *	alone [LIMIT]
 *
 * counts the primes below LIMIT: units that get more and more expensive, which
 * a fixed share for every thread would handle badly.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include "memup/padata.h"

#define THREADS 3

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work;
	pthread_t threads[THREADS];
	void (*fn)(void *);
	void *arg;
	unsigned calls; /* promised and not begun */
	unsigned idle;	/* threads without a promised call */
	bool over;
};

static void *thread(void *arg)
{
	struct pool *pool = arg;

	pthread_mutex_lock(&pool->lock);
	pool->idle++;
	for (;;) {
		void (*fn)(void *) = pool->fn;
		void *fn_arg = pool->arg;

		if (!pool->calls) {
			if (pool->over)
				break;
			pthread_cond_wait(&pool->work, &pool->lock);
			continue;
		}
		pool->calls--;
		pthread_mutex_unlock(&pool->lock);
		fn(fn_arg);
		pthread_mutex_lock(&pool->lock);
		pool->idle++;
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/* Promise a call to each thread that is idle, of one function at a time. Such
 * calls begin without another having to return, so run_cancel can be left
 * out. */
static unsigned run_on(void *arg, const struct mu_cpumask *cpus, unsigned count,
		       void (*fn)(void *), void *fn_arg)
{
	struct pool *pool = arg;

	(void)cpus; /* CPUs are only names here */
	pthread_mutex_lock(&pool->lock);
	if (pool->calls)
		count = 0;
	if (count > pool->idle)
		count = pool->idle;
	pool->fn = fn;
	pool->arg = fn_arg;
	pool->calls += count;
	pool->idle -= count;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	return count;
}

static unsigned cpu_count(void *arg)
{
	(void)arg;
	return THREADS + 1;
}

static enum mu_status count_primes(uint64_t start, uint64_t end, void *arg)
{
	_Atomic uint64_t *primes = arg;
	uint64_t found = 0, divisor;

	for (uint64_t n = start; n < end; n++) {
		for (divisor = 2; divisor * divisor <= n; divisor++)
			if (n % divisor == 0)
				break;
		found += n >= 2 && divisor * divisor > n;
	}
	atomic_fetch_add(primes, found);
	return MU_OK;
}

int main(int argc, char **argv)
{
	static struct pool pool = {.lock = PTHREAD_MUTEX_INITIALIZER,
				   .work = PTHREAD_COND_INITIALIZER};
	struct mu_port port = {
		.arg = &pool, .cpu_count = cpu_count, .run_on = run_on};
	_Atomic uint64_t primes = 0;
	struct mu_padata_mt_job job = {
		.thread_fn = count_primes,
		.fn_arg = &primes,
		.size = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000,
		.min_chunk = 100,
	};
	enum mu_status status;

	for (unsigned i = 0; i < THREADS; i++)
		if (pthread_create(&pool.threads[i], NULL, thread, &pool))
			return 2;
	status = mu_padata_do_multithreaded(&port, &job);
	pthread_mutex_lock(&pool.lock);
	pool.over = true;
	pthread_cond_broadcast(&pool.work);
	pthread_mutex_unlock(&pool.lock);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(pool.threads[i], NULL);
	printf("%llu primes below %llu\n", (unsigned long long)primes,
	       (unsigned long long)job.size);
	return status != MU_OK;
}
