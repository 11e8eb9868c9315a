// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "examples/run.h"

#define SHOW_NS 200000000u

static _Atomic bool interrupted;
static struct mu_padata_mt *_Atomic under_way;

/* Any context may cancel a job, a signal handler too. */
static void on_signal(int number)
{
	struct mu_padata_mt *mt = atomic_load(&under_way);

	(void)number;
	atomic_store(&interrupted, true);
	if (mt)
		mu_padata_mt_cancel(mt);
}

bool run_interrupted(void)
{
	return atomic_load(&interrupted);
}

void run_show(struct run *run, const char *what, uint64_t done, uint64_t size)
{
	uint64_t now = run->port->clock(run->port->arg);
	uint64_t next = atomic_load(&run->next);

	/* Of the threads that come at once, one. */
	if (now < next || !isatty(STDERR_FILENO) ||
	    !atomic_compare_exchange_strong(&run->next, &next, now + SHOW_NS))
		return;
	fprintf(stderr, "\r%s: %3.0f %% ", what,
		size ? 100 * (double)done / (double)size : 100);
}

/* The port's watchdog: whoever has done a chunk. */
static void tick(void *arg)
{
	struct mu_padata_progress now;
	struct run *run = arg;

	if (!run->mt)
		return;
	mu_padata_mt_progress(run->mt, &now);
	run_show(run, run->what, now.done, now.size);
}

bool run_open(struct run *run)
{
	/* Once: a second Ctrl-C ends the program. */
	struct sigaction action = {.sa_handler = on_signal,
				   .sa_flags = (int)SA_RESETHAND};
	struct mu_hosted_config config = {.tick = tick, .tick_arg = run};
	struct mu_error error = {.text = "no memory"};

	sigaction(SIGINT, &action, NULL);
	*run = (struct run){.threads = mu_hosted_cpus()};
	config.threads = run->threads - 1;
	if (mu_hosted_create(&run->hosted, NULL, &config, &error) != MU_OK) {
		fprintf(stderr, "threads: %s\n", error.text);
		return false;
	}
	run->port = mu_hosted_port(run->hosted);
	mu_hosted_pin(run->hosted, true);
	return true;
}

void run_close(struct run *run)
{
	mu_hosted_destroy(run->hosted);
}

enum mu_status run_job(struct run *run, const char *what,
		       const struct mu_padata_mt_job *job,
		       struct mu_padata_progress *report)
{
	struct mu_padata_mt mt;
	enum mu_status status;

	run->what = what;
	run->mt = &mt;
	mu_padata_mt_start(&mt, run->port, job);
	atomic_store(&under_way, &mt);
	/* It may have come before. */
	if (run_interrupted())
		mu_padata_mt_cancel(&mt);
	status = mu_padata_mt_finish(&mt);
	atomic_store(&under_way, NULL);
	run->mt = NULL;
	mu_padata_mt_progress(&mt, report);
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	return status;
}
