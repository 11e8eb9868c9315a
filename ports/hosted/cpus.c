// SPDX-License-Identifier: MIT
/*
 * CPUs as threads: the machine's CPUs, which are identities that threads take
 * on, and the host's CPUs that stand for them.
 */
#include <stdio.h>
#include <stdlib.h>
#include "ports/hosted/internal.h"
#include "ports/hosted/topology.h"

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

void mu_hosted_bind(unsigned number)
{
	cpu_set_t sets[MU_MAX_CPUS / CPU_SETSIZE];

	CPU_ZERO_S(sizeof(sets), sets);
	CPU_SET_S(number, sizeof(sets), sets);
	/* Best effort: if it fails the work is done on any CPU. */
	pthread_setaffinity_np(pthread_self(), sizeof(sets), sets);
}

void mu_hosted_pin(struct mu_hosted *hosted, bool pinned)
{
	if (pinned)
		mu_hosted_bind(hosted->host_cpu[cpu_id(hosted)]);
	else
		pthread_setaffinity_np(pthread_self(), sizeof(hosted->allowed),
				       hosted->allowed);
}

/* How many nodes @host has, which are numbered from 0. */
static unsigned count_nodes(const struct mu_host_cpu *host, unsigned nr)
{
	unsigned nodes = 1;

	for (unsigned i = 0; i < nr; i++)
		if ((unsigned)host[i].node >= nodes)
			nodes = (unsigned)host[i].node + 1;
	return nodes;
}

/* The @turn'th CPU of @host on @node, starting over after the last one; of all
 * nodes if that node has none. */
static unsigned nth_on_node(const struct mu_host_cpu *host, unsigned nr,
			    int node, unsigned turn)
{
	unsigned on_node = 0;

	for (unsigned i = 0; i < nr; i++)
		on_node += host[i].node == node;
	if (!on_node)
		return host[turn % nr].number;
	turn %= on_node;
	for (unsigned i = 0;; i++)
		if (host[i].node == node && turn-- == 0)
			return host[i].number;
}

/* CPU ids node by node, as machine->nodes counts them. */
static void number_cpus(struct mu_hosted *hosted,
			const struct mu_host_cpu *host, unsigned nr)
{
	const struct mu_machine *machine = hosted->machine;
	unsigned host_nodes = count_nodes(host, nr), cpu = 0;

	for (unsigned i = 0; !machine && i < nr; i++) {
		hosted->cpu_node[i] = host[i].node;
		hosted->host_cpu[i] = host[i].number;
	}
	for (unsigned nid = 0; machine && nid < machine->nr_nodes; nid++)
		for (unsigned i = 0; i < machine->nodes[nid].nr_cpus; i++) {
			hosted->cpu_node[cpu] = (int)nid;
			hosted->host_cpu[cpu++] = nth_on_node(
				host, nr, (int)(nid % host_nodes), i);
		}
}

static enum mu_status fail(struct mu_error *error, enum mu_status status,
			   const char *text)
{
	if (error) {
		*error = (struct mu_error){.status = status};
		snprintf(error->text, sizeof(error->text), "CPUs: %s", text);
	}
	return status;
}

enum mu_status mu_hosted_cpus_init(struct mu_hosted *hosted,
				   struct mu_error *error)
{
	struct mu_host_cpu *host = calloc(MU_MAX_CPUS, sizeof(*host));
	unsigned nr;

	if (!host)
		return fail(error, MU_ERR_NOMEM, "no memory");
	if (sched_getaffinity(0, sizeof(hosted->allowed), hosted->allowed))
		CPU_SET_S(0, sizeof(hosted->allowed), hosted->allowed);
	/* Only threads have to be placed. */
	nr = mu_host_cpus(host, hosted->config.host_cpus,
			  hosted->config.threads || !hosted->machine);
	hosted->config.host_cpus = NULL;
	if (!nr) {
		free(host);
		return fail(error, MU_ERR_INVALID,
			    "this process may use none of those asked for");
	}
	hosted->nr_cpus =
		hosted->machine ? mu_machine_cpus(hosted->machine) : nr;
	hosted->cpu_node = calloc(hosted->nr_cpus, sizeof(int));
	hosted->host_cpu = calloc(hosted->nr_cpus, sizeof(unsigned));
	if (hosted->cpu_node && hosted->host_cpu)
		number_cpus(hosted, host, nr);
	free(host);
	if (!hosted->cpu_node || !hosted->host_cpu)
		return fail(error, MU_ERR_NOMEM, "no memory");
	hosted->port.cpu_count = cpu_count;
	hosted->port.cpu_id = cpu_id;
	hosted->port.cpu_node = cpu_node;
	return MU_OK;
}

void mu_hosted_cpus_destroy(struct mu_hosted *hosted)
{
	free(hosted->cpu_node);
	free(hosted->host_cpu);
}
