// SPDX-License-Identifier: MIT
/* Where threads go on machines that are not here: hwloc makes them up. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memup/padata.h"
#include "ports/hosted/hosted.h"
#include "ports/hosted/topology.h"

#define MOST 512

static struct mu_host_cpu cpus[MOST];

/* hwloc's words for a machine; NULL: this host. */
static void machine(const char *text)
{
	if (strcmp(mu_host_topology(), "hwloc") != 0) {
		print_message("built without hwloc\n");
		skip();
	}
	if (text)
		setenv("HWLOC_SYNTHETIC", text, 1);
	else
		unsetenv("HWLOC_SYNTHETIC");
}

static int this_host(void **state)
{
	(void)state;
	unsetenv("HWLOC_SYNTHETIC");
	return 0;
}

/* All CPUs of it, or those that @has has. */
static unsigned place(unsigned nr, const struct mu_cpumask *has)
{
	unsigned count = 0;

	for (unsigned i = 0; i < nr; i++)
		if (!has || mu_cpumask_test(has, i))
			cpus[count++] = (struct mu_host_cpu){.number = i};
	mu_host_place(cpus, count);
	return count;
}

static void assert_order(const unsigned *numbers, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		assert_int_equal(cpus[i].number, numbers[i]);
}

/* Two nodes of two cores of two threads, numbered in a row. */
static void in_a_row(void **state)
{
	static const unsigned order[] = {0, 4, 2, 6, 1, 5, 3, 7};

	(void)state;
	machine("numanode:2 core:2 pu:2");
	assert_int_equal(place(8, NULL), 8);
	assert_order(order, 8);
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(cpus[i].node, cpus[i].number / 4);
		assert_int_equal(cpus[i].thread, cpus[i].number % 2);
	}
}

/* The same as Linux mostly has it: second threads after all first ones. */
static void siblings_apart(void **state)
{
	static const unsigned order[] = {0, 2, 1, 3, 4, 6, 5, 7};

	(void)state;
	machine("numanode:2 core:2 pu:2(indexes=0,4,1,5,2,6,3,7)");
	assert_int_equal(place(8, NULL), 8);
	assert_order(order, 8);
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(cpus[i].node, cpus[i].number % 4 / 2);
		assert_int_equal(cpus[i].thread, cpus[i].number / 4);
	}
}

/* Nodes that take turns in the numbers. */
static void interleaved(void **state)
{
	static const unsigned order[] = {0, 1, 2, 3, 4, 5};

	(void)state;
	machine("numanode:2 core:3 pu:1(indexes=0,2,4,1,3,5)");
	assert_int_equal(place(6, NULL), 6);
	assert_order(order, 6);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(cpus[i].node, cpus[i].number % 2);
}

/* Threads are counted among those that we may use, and so are turns. */
static void some_of_them(void **state)
{
	static const unsigned order[] = {1, 5, 3, 6, 7};
	struct mu_cpumask has = {
		{1u << 1 | 1u << 3 | 1u << 5 | 1u << 6 | 1u << 7}};

	(void)state;
	machine("numanode:2 core:2 pu:2");
	assert_int_equal(place(8, &has), 5);
	assert_order(order, 5);
	assert_int_equal(cpus[3].thread, 0);
	assert_int_equal(cpus[4].thread, 1);
}

/* One with 8 nodes and 448 CPUs: any first part of the order is spread as
 * evenly as can be, over nodes and over cores. */
static void large(void **state)
{
	unsigned on_node[8] = {0}, on_core[224] = {0};

	(void)state;
	machine("numanode:8 core:28 pu:2");
	assert_int_equal(place(448, NULL), 448);
	for (unsigned i = 0; i < 448; i++) {
		assert_int_equal(cpus[i].node, cpus[i].number / 56);
		on_node[cpus[i].node]++;
		on_core[cpus[i].number / 2]++;
		assert_int_equal(on_core[cpus[i].number / 2], i < 224 ? 1 : 2);
		assert_int_equal(on_node[cpus[i].node], i / 8 + 1);
	}
}

/* A CPU that hwloc does not know is a core of node 0. */
static void unknown(void **state)
{
	(void)state;
	machine("numanode:1 core:1 pu:1");
	assert_int_equal(place(3, NULL), 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(cpus[i].number, i);
		assert_int_equal(cpus[i].node, 0);
		assert_int_equal(cpus[i].thread, 0);
	}
}

/* Where the calls of run_on really are. */
struct seen {
	const struct mu_port *port;
	_Atomic unsigned calls;
	int host_cpu, node;
};

static void look(void *arg)
{
	struct seen *seen = arg;
	const struct mu_port *port = seen->port;

	seen->host_cpu = sched_getcpu();
	seen->node = port->cpu_node(port->arg, port->cpu_id(port->arg));
	atomic_fetch_add(&seen->calls, 1);
}

/* CPUs 0 and 1 of this host, and the threads for them, on a node each. */
static struct mu_hosted *two_nodes(void)
{
	struct mu_cpumask first_two = {{3}};
	struct mu_hosted_config config = {.threads = 1,
					  .host_cpus = &first_two};
	struct mu_hosted *hosted;

	if (mu_host_cpus(cpus, &first_two, false) < 2) {
		print_message("this process may not use CPUs 0 and 1\n");
		skip();
	}
	machine("numanode:2 core:1 pu:1");
	assert_int_equal(mu_hosted_create(&hosted, NULL, &config, NULL), MU_OK);
	return hosted;
}

/* A call for a node's CPU is there, whichever thread does it. */
static void calls_on_nodes(void **state)
{
	struct mu_hosted *hosted = two_nodes();
	const struct mu_port *port = mu_hosted_port(hosted);

	(void)state;
	assert_int_equal(port->cpu_count(port->arg), 2);
	for (unsigned i = 0; i < 20; i++) {
		struct mu_cpumask one = {{1u << (i % 2)}};
		struct seen seen = {.port = port};

		assert_int_equal(port->cpu_node(port->arg, i % 2), i % 2);
		/* That of the last round may not be free yet. */
		while (!port->run_on(port->arg, &one, 1, look, &seen))
			sched_yield();
		while (!atomic_load(&seen.calls))
			sched_yield();
		assert_int_equal(seen.host_cpu, i % 2);
		assert_int_equal(seen.node, i % 2);
	}
	mu_hosted_destroy(hosted);
}

/* A job that is bound to a node, and done when it had a helper. */
struct bound {
	const struct mu_port *port;
	pthread_t caller;
	_Atomic unsigned helped; /* 1 and the node of the first helper */
	_Atomic bool elsewhere;
};

static enum mu_status note_node(uint64_t start, uint64_t end, void *arg)
{
	struct bound *bound = arg;
	const struct mu_port *port = bound->port;
	unsigned cpu = port->cpu_id(port->arg);

	(void)start;
	(void)end;
	if (!pthread_equal(pthread_self(), bound->caller)) {
		if (sched_getcpu() != (int)cpu)
			atomic_store(&bound->elsewhere, true);
		atomic_store(&bound->helped,
			     1 + (unsigned)port->cpu_node(port->arg, cpu));
	}
	while (!atomic_load(&bound->helped))
		sched_yield();
	return MU_OK;
}

static void job_on_node(void **state)
{
	struct mu_hosted *hosted = two_nodes();

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		unsigned node = i % 2;
		struct bound bound = {.port = mu_hosted_port(hosted),
				      .caller = pthread_self()};
		struct mu_cpumask on_node;
		struct mu_padata_mt_job job = {.thread_fn = note_node,
					       .fn_arg = &bound,
					       .size = 2,
					       .cpus = &on_node};

		/* The caller is on the other one. */
		mu_hosted_set_cpu(hosted, 1 - node);
		mu_padata_node_cpus(&on_node, bound.port, (int)node);
		assert_int_equal(mu_cpumask_weight(&on_node), 1);
		assert_int_equal(mu_padata_do_multithreaded(bound.port, &job),
				 MU_OK);
		assert_int_equal(bound.helped, 1 + node);
		assert_false(bound.elsewhere);
	}
	mu_hosted_destroy(hosted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(in_a_row, this_host),
		cmocka_unit_test_teardown(siblings_apart, this_host),
		cmocka_unit_test_teardown(interleaved, this_host),
		cmocka_unit_test_teardown(some_of_them, this_host),
		cmocka_unit_test_teardown(large, this_host),
		cmocka_unit_test_teardown(unknown, this_host),
		cmocka_unit_test_teardown(calls_on_nodes, this_host),
		cmocka_unit_test_teardown(job_on_node, this_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
