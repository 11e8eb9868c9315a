// SPDX-License-Identifier: MIT
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/pool.h"

/* Written by the signal's handler. */
static _Atomic bool interrupted;

static void on_signal(int number)
{
	(void)number;
	atomic_store(&interrupted, true);
}

void pool_catch(void)
{
	/* Once: the second one ends the program. */
	struct sigaction action = {.sa_handler = on_signal,
				   .sa_flags = (int)SA_RESETHAND};

	atomic_store(&interrupted, false);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

void pool_uncatch(void)
{
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
}

bool pool_interrupted(void)
{
	return atomic_load_explicit(&interrupted, memory_order_relaxed);
}

static bool parse_cpu(const char **at, unsigned long *cpu)
{
	char *end;

	if (**at < '0' || **at > '9')
		return false;
	errno = 0;
	*cpu = strtoul(*at, &end, 10);
	*at = end;
	return !errno && *cpu < MU_MAX_CPUS;
}

bool pool_parse_cpus(const char *text, struct mu_cpumask *mask)
{
	*mask = (struct mu_cpumask){{0}};
	for (;; text++) {
		unsigned long first, last;

		if (!parse_cpu(&text, &first))
			return false;
		last = first;
		if (*text == '-') {
			text++;
			if (!parse_cpu(&text, &last) || last < first)
				return false;
		}
		for (; first <= last; first++)
			mu_cpumask_set(mask, (unsigned)first);
		if (*text != ',')
			return !*text;
	}
}

bool pool_parse_threads(const char *text, unsigned *threads, const char *who)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (!errno && *text >= '0' && *text <= '9' && !*end && number &&
	    number <= MU_MAX_CPUS) {
		*threads = (unsigned)number;
		return true;
	}
	fprintf(stderr, "%s: --threads '%s' is not a number from 1 to %d\n",
		who, text, MU_MAX_CPUS);
	return false;
}

bool pool_option(struct pool_options *options, int option, const char *value,
		 const char *who)
{
	switch (option) {
	case 'B':
		return options->background = true;
	case 'C':
		options->has_cpus = pool_parse_cpus(value, &options->cpus);
		if (!options->has_cpus)
			fprintf(stderr,
				"%s: --cpus '%s' is not a list of CPUs like "
				"0-3,8\n",
				who, value);
		return options->has_cpus;
	case 'T':
		return pool_parse_threads(value, &options->threads, who);
	default:
		return false;
	}
}

/* The port's watchdog: any thread of the job, after a chunk. */
static void tick(void *arg)
{
	struct pool *pool = arg;
	struct mu_padata_progress now;

	if (!pool->mt || !pool->progress)
		return;
	mu_padata_mt_progress(pool->mt, &now);
	progress_tick(pool->progress, now.done, now.size);
}

bool pool_open(struct pool *pool, const struct pool_options *options,
	       const char *who)
{
	struct mu_hosted_config config = {
		.host_cpus = options->has_cpus ? &options->cpus : NULL,
		.priority = options->background ? MU_PRIORITY_IDLE
						: MU_PRIORITY_NORMAL,
		.tick = tick,
		.tick_arg = pool,
	};
	struct mu_error error = {.text = "no memory"};
	unsigned listed = mu_cpumask_weight(&options->cpus);

	*pool = (struct pool){.who = who};
	pool->threads = options->threads ? options->threads : mu_hosted_cpus();
	if (!options->threads && options->has_cpus && listed < pool->threads)
		pool->threads = listed;
	config.threads = pool->threads - 1;
	if (mu_hosted_create(&pool->hosted, NULL, &config, &error) != MU_OK) {
		fprintf(stderr, "%s: %s\n", who, error.text);
		return false;
	}
	pool->port = mu_hosted_port(pool->hosted);
	/* This thread works too. */
	mu_hosted_pin(pool->hosted, true);
	mu_hosted_set_priority(config.priority);
	return true;
}

void pool_close(struct pool *pool)
{
	mu_hosted_pin(pool->hosted, false);
	mu_hosted_destroy(pool->hosted);
}

/* Whoever takes a chunk sees Ctrl-C, whichever thread had the signal and
 * however far the job has come: the chunk fails before it has begun. */
static enum mu_status begin_chunk(uint64_t start, uint64_t end, void *arg)
{
	const struct mu_padata_mt_job *job = arg;

	if (pool_interrupted())
		return MU_ERR_CANCELLED;
	return job->thread_fn(start, end, job->fn_arg);
}

static void undo_chunk(uint64_t start, uint64_t end, void *arg)
{
	const struct mu_padata_mt_job *job = arg;

	if (job->undo_fn)
		job->undo_fn(start, end, job->fn_arg);
}

enum mu_status pool_run(struct pool *pool, const char *what,
			const struct mu_padata_mt_job *job,
			struct mu_padata_progress *report)
{
	struct mu_padata_mt_job inner = *job, watched = *job;
	struct mu_padata_mt mt;
	enum mu_status status;

	watched.thread_fn = begin_chunk;
	watched.undo_fn = undo_chunk;
	watched.fn_arg = &inner;
	watched.max_threads = pool->threads;
	pool->progress = progress_begin(what);
	/* Start publishes it to the helpers, whose watchdog looks at it. */
	pool->mt = &mt;
	mu_padata_mt_start(&mt, pool->port, &watched);
	status = mu_padata_mt_finish(&mt);
	if (report)
		mu_padata_mt_progress(&mt, report);
	pool->mt = NULL;
	progress_end(pool->progress);
	pool->progress = NULL;
	return status;
}
