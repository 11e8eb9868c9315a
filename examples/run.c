// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "examples/run.h"

#define SHOW_NS 200000000u

static _Atomic bool interrupted;

static void on_signal(int number)
{
	(void)number;
	atomic_store(&interrupted, true);
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
	/* Any thread may call it; all that take chunks of the job see it. */
	if (run_interrupted())
		mu_padata_mt_cancel(run->mt);
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

void *run_map(int argc, char **argv, const char *name, size_t unit,
	      uint64_t *units)
{
	uint64_t mib = argc > 1 ? strtoull(argv[1], NULL, 10) : 1024;
	void *area;

	*units = mib > SIZE_MAX >> 20 ? 0 : (mib << 20) / unit;
	if (!*units) {
		fprintf(stderr, "usage: %s [MIB]\n", name);
		return NULL;
	}
	area = mmap(NULL, *units * unit, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area != MAP_FAILED)
		return area;
	perror("mmap");
	return NULL;
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
	status = mu_padata_mt_finish(&mt);
	run->mt = NULL;
	mu_padata_mt_progress(&mt, report);
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	return status;
}
