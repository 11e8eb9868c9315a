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

enum mu_status mu_hosted_create(struct mu_hosted **out,
				const struct mu_machine *machine,
				const struct mu_hosted_config *config,
				struct mu_error *error)
{
	struct mu_hosted *hosted = calloc(1, sizeof(*hosted));
	enum mu_status status = MU_ERR_NOMEM;

	if (!hosted)
		return MU_ERR_NOMEM;
	if (pthread_key_create(&hosted->cpu, NULL)) {
		free(hosted);
		return MU_ERR_NOMEM;
	}
	hosted->machine = machine;
	hosted->config = *config;
	hosted->port.arg = hosted;
	hosted->port.log = log_line;
	hosted->port.panic = panic;
	hosted->port.clock = clock_ns;
	hosted->port.watchdog = watchdog;
	status = mu_hosted_memory_init(hosted, error);
	if (status == MU_OK) {
		status = mu_hosted_threads_init(hosted, error);
		if (status != MU_OK)
			mu_hosted_threads_destroy(hosted);
	}
	if (status != MU_OK) {
		mu_hosted_memory_destroy(hosted);
		pthread_key_delete(hosted->cpu);
		free(hosted);
		return status;
	}
	*out = hosted;
	return MU_OK;
}

void mu_hosted_destroy(struct mu_hosted *hosted)
{
	if (!hosted)
		return;
	mu_hosted_threads_destroy(hosted);
	mu_hosted_memory_destroy(hosted);
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
