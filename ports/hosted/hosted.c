// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "ports/hosted/internal.h"

static void log_line(void *arg, enum mu_log_level level, const char *line)
{
	const struct mu_hosted *hosted = arg;

	if (hosted->config.log)
		hosted->config.log(level, line);
}

static void panic(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "memup: broken invariant: %s\n", line);
	abort();
}

static void watchdog(void *arg)
{
	const struct mu_hosted *hosted = arg;

	if (hosted->config.tick)
		hosted->config.tick(hosted->config.tick_arg);
}

static uint64_t clock_ns(void *arg)
{
	struct timespec now;

	(void)arg;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

enum mu_status mu_hosted_create(struct mu_hosted **hosted,
				const struct mu_machine *machine,
				const struct mu_hosted_config *config,
				struct mu_error *error)
{
	struct mu_hosted *made = calloc(1, sizeof(*made));
	enum mu_status status = MU_ERR_NOMEM;

	if (!made)
		return MU_ERR_NOMEM;
	if (pthread_key_create(&made->cpu, NULL)) {
		free(made);
		return MU_ERR_NOMEM;
	}
	made->machine = machine;
	made->config = *config;
	made->port.arg = made;
	made->port.log = log_line;
	made->port.panic = panic;
	made->port.clock = clock_ns;
	made->port.watchdog = watchdog;
	mu_hosted_wait_init(made);
	status = mu_hosted_cpus_init(made, error);
	if (status == MU_OK && machine)
		status = mu_hosted_memory_init(made, error);
	if (status == MU_OK)
		status = mu_hosted_workers_init(made, error);
	if (status != MU_OK) {
		mu_hosted_destroy(made);
		return status;
	}
	*hosted = made;
	return MU_OK;
}

void mu_hosted_destroy(struct mu_hosted *hosted)
{
	if (!hosted)
		return;
	mu_hosted_workers_destroy(hosted);
	if (hosted->machine)
		mu_hosted_memory_destroy(hosted);
	mu_hosted_cpus_destroy(hosted);
	pthread_key_delete(hosted->cpu);
	free(hosted);
}

const struct mu_port *mu_hosted_port(const struct mu_hosted *hosted)
{
	return &hosted->port;
}

struct mu_page *mu_hosted_memmap(const struct mu_hosted *hosted)
{
	return hosted->memmap;
}
