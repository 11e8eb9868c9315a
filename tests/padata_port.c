// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/padata_port.h"

static _Thread_local unsigned this_cpu;

uint64_t padata_random(uint64_t *seed)
{
	uint64_t z = (*seed += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

void padata_check_at(bool ok, const char *what, const char *file, int line)
{
	if (ok)
		return;
	fprintf(stderr, "%s:%d: not true: %s\n", file, line, what);
	abort();
}

static unsigned node_of(const struct padata_port *pp, unsigned cpu)
{
	return cpu % (pp->config.nodes ? pp->config.nodes : 1);
}

static void *cpu_main(void *arg)
{
	struct padata_port_cpu *cpu = arg;
	struct padata_port *pp = cpu->owner;
	uint64_t seed = cpu->id;

	this_cpu = cpu->id;
	pthread_mutex_lock(&pp->lock);
	for (;;) {
		struct padata_port_call *call;

		while (!cpu->calls && !pp->ending)
			pthread_cond_wait(&cpu->work, &pp->lock);
		if (!cpu->calls)
			break;
		cpu->busy = true;
		if (pp->config.delay_us) {
			pthread_mutex_unlock(&pp->lock);
			usleep((useconds_t)(padata_random(&seed) %
					    pp->config.delay_us));
			pthread_mutex_lock(&pp->lock);
		}
		call = cpu->calls;
		if (call) {
			cpu->calls = call->next;
			pp->begun++;
			pthread_mutex_unlock(&pp->lock);
			call->fn(call->arg);
			free(call);
			pthread_mutex_lock(&pp->lock);
		}
		cpu->busy = false;
	}
	pthread_mutex_unlock(&pp->lock);
	return NULL;
}

static unsigned port_cpu_count(void *arg)
{
	return ((struct padata_port *)arg)->config.cpus;
}

static unsigned port_cpu_id(void *arg)
{
	(void)arg;
	return this_cpu;
}

static int port_cpu_node(void *arg, unsigned cpu)
{
	return (int)node_of(arg, cpu);
}

static uint64_t port_clock(void *arg)
{
	struct timespec now;

	(void)arg;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void put(struct padata_port_cpu *cpu, struct padata_port_call *call)
{
	struct padata_port_call **last = &cpu->calls;

	while (*last && (call->idle || !(*last)->idle))
		last = &(*last)->next;
	call->next = *last;
	*last = call;
	pthread_cond_signal(&cpu->work);
}

static void give(struct padata_port_cpu *cpu, bool idle, void (*fn)(void *),
		 void *arg)
{
	struct padata_port_call *call = malloc(sizeof(*call));

	if (!call)
		abort();
	*call = (struct padata_port_call){fn, arg, idle, NULL};
	put(cpu, call);
	cpu->given = true;
}

/* One CPU goes or comes; another takes what waits for it. CPU 1 stays. */
static void change_cpus(struct padata_port *pp)
{
	unsigned n = pp->config.cpus;
	struct padata_port_cpu *cpu;

	if (!pp->config.leaving || n < 3 || padata_random(&pp->seed) % 4)
		return;
	cpu = &pp->cpu[2 + padata_random(&pp->seed) % (n - 2)];
	cpu->off = !cpu->off;
	while (cpu->off && cpu->calls) {
		struct padata_port_call *call = cpu->calls;

		cpu->calls = call->next;
		put(&pp->cpu[1], call);
		pp->moved++;
	}
}

/* Behind those that run, one CPU after the other. */
static unsigned give_busy(struct padata_port *pp, bool idle,
			  const struct mu_cpumask *cpus, unsigned count,
			  void (*fn)(void *), void *arg)
{
	unsigned got = 0, n = pp->config.cpus;

	for (unsigned i = 1; i < n && got < count; i++) {
		unsigned at = 1 + pp->turn++ % (n - 1);

		if (mu_cpumask_test(cpus, at) && !pp->cpu[at].given &&
		    !pp->cpu[at].off) {
			give(&pp->cpu[at], idle, fn, arg);
			got++;
		}
	}
	return got;
}

static unsigned port_run_on(void *arg, const struct mu_cpumask *cpus,
			    unsigned count, void (*fn)(void *), void *fn_arg)
{
	struct padata_port *pp = arg;
	unsigned got = 0, n = pp->config.cpus;

	if (pp->config.most && count > pp->config.most)
		count = pp->config.most;
	pthread_mutex_lock(&pp->lock);
	change_cpus(pp);
	/* Idle CPUs first; then, if calls may wait, the others in turn. */
	for (unsigned i = 1; i < n; i++) {
		struct padata_port_cpu *cpu = &pp->cpu[i];

		cpu->given = false;
		if (got < count && mu_cpumask_test(cpus, i) && !cpu->busy &&
		    !cpu->off && !cpu->calls) {
			give(cpu, false, fn, fn_arg);
			got++;
		}
	}
	if (pp->config.kind == PADATA_PORT_QUEUE)
		got += give_busy(pp, false, cpus, count - got, fn, fn_arg);
	pp->promised += got;
	pthread_mutex_unlock(&pp->lock);
	return got;
}

static unsigned port_run_later(void *arg, bool idle,
			       const struct mu_cpumask *cpus, unsigned count,
			       void (*fn)(void *), void *fn_arg)
{
	struct padata_port *pp = arg;
	unsigned got;

	if (pp->config.most && count > pp->config.most)
		count = pp->config.most;
	pthread_mutex_lock(&pp->lock);
	change_cpus(pp);
	for (unsigned i = 1; i < pp->config.cpus; i++)
		pp->cpu[i].given = false;
	got = give_busy(pp, idle, cpus, count, fn, fn_arg);
	pp->promised += got;
	pthread_mutex_unlock(&pp->lock);
	return got;
}

static bool port_run_waits(void *arg, bool idle)
{
	struct padata_port *pp = arg;
	struct padata_port_call *call;
	bool waits;

	if (!this_cpu)
		return false;
	pthread_mutex_lock(&pp->lock);
	call = pp->cpu[this_cpu].calls;
	waits = call && (idle || !call->idle);
	pthread_mutex_unlock(&pp->lock);
	return waits;
}

static void port_go_idle(void *arg)
{
	atomic_fetch_add(&((struct padata_port *)arg)->went_idle, 1);
}

static unsigned port_run_cancel(void *arg, void (*fn)(void *), void *fn_arg)
{
	struct padata_port *pp = arg;
	unsigned n = 0;

	pthread_mutex_lock(&pp->lock);
	for (unsigned i = 1; i < pp->config.cpus; i++) {
		struct padata_port_call **link = &pp->cpu[i].calls;

		while (*link) {
			struct padata_port_call *call = *link;

			if (call->fn != fn || call->arg != fn_arg) {
				link = &call->next;
				continue;
			}
			*link = call->next;
			free(call);
			n++;
		}
	}
	pp->cancelled += n;
	pthread_mutex_unlock(&pp->lock);
	return n;
}

static void port_wait(void *arg, _Atomic uint32_t *word, uint32_t seen)
{
	struct padata_port *pp = arg;

	/* One sleep for all words: waking for no reason is allowed. */
	pthread_mutex_lock(&pp->sleep_lock);
	if (atomic_load(word) == seen)
		pthread_cond_wait(&pp->sleep, &pp->sleep_lock);
	pthread_mutex_unlock(&pp->sleep_lock);
}

static void port_wake(void *arg, _Atomic uint32_t *word)
{
	struct padata_port *pp = arg;

	(void)word;
	pthread_mutex_lock(&pp->sleep_lock);
	pthread_cond_broadcast(&pp->sleep);
	pthread_mutex_unlock(&pp->sleep_lock);
}

static void port_panic(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "panic: %s\n", line);
	abort();
}

void padata_port_init(struct padata_port *pp,
		      const struct padata_port_config *config)
{
	*pp = (struct padata_port){
		.port = {.panic = port_panic,
			 .cpu_count = port_cpu_count,
			 .cpu_id = port_cpu_id,
			 .cpu_node = port_cpu_node,
			 .clock = port_clock,
			 .run_on = port_run_on,
			 .wait = port_wait,
			 .wake = port_wake},
		.config = *config,
	};
	pp->port.arg = pp;
	pp->port.go_idle = port_go_idle;
	if (config->later) {
		pp->port.run_later = port_run_later;
		pp->port.run_waits = port_run_waits;
	}
	if (config->kind == PADATA_PORT_QUEUE || config->later)
		pp->port.run_cancel = port_run_cancel;
	pthread_mutex_init(&pp->lock, NULL);
	pthread_mutex_init(&pp->sleep_lock, NULL);
	pthread_cond_init(&pp->sleep, NULL);
	pp->cpu = calloc(config->cpus, sizeof(*pp->cpu));
	if (!pp->cpu)
		abort();
	for (unsigned i = 1; i < config->cpus; i++) {
		pp->cpu[i].owner = pp;
		pp->cpu[i].id = i;
		pthread_cond_init(&pp->cpu[i].work, NULL);
		if (pthread_create(&pp->cpu[i].thread, NULL, cpu_main,
				   &pp->cpu[i]))
			abort();
	}
}

void padata_port_destroy(struct padata_port *pp)
{
	pthread_mutex_lock(&pp->lock);
	pp->ending = true;
	for (unsigned i = 1; i < pp->config.cpus; i++)
		pthread_cond_signal(&pp->cpu[i].work);
	pthread_mutex_unlock(&pp->lock);
	for (unsigned i = 1; i < pp->config.cpus; i++) {
		pthread_join(pp->cpu[i].thread, NULL);
		pthread_cond_destroy(&pp->cpu[i].work);
	}
	assert_int_equal(pp->promised, pp->begun + pp->cancelled);
	free(pp->cpu);
	pthread_mutex_destroy(&pp->lock);
	pthread_mutex_destroy(&pp->sleep_lock);
	pthread_cond_destroy(&pp->sleep);
}

struct mu_padata_instance *padata_instance(struct padata_port *pp,
					   unsigned limit)
{
	size_t size = mu_padata_instance_size();
	void *memory = malloc(size);
	struct mu_padata_instance *instance;

	assert_non_null(memory);
	assert_int_equal(mu_padata_instance_init(memory, size, &pp->port, limit,
						 &instance),
			 MU_OK);
	return instance;
}

struct mu_padata_shell *padata_shell(struct mu_padata_instance *instance)
{
	size_t size = mu_padata_shell_size();
	void *memory = malloc(size);
	struct mu_padata_shell *shell;

	assert_non_null(memory);
	assert_int_equal(mu_padata_shell_init(memory, size, instance, &shell),
			 MU_OK);
	return shell;
}
