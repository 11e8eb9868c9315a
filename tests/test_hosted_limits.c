// SPDX-License-Identifier: MIT
/* What limits a process from outside: cpu.max, CPU masks, priorities. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "memup/padata.h"
#include "ports/hosted/cgroup.h"
#include "ports/hosted/hosted.h"
#include "ports/hosted/topology.h"
#include "tests/root.h"

static void cpu_max(void **state)
{
	static const struct {
		const char *text;
		unsigned cpus;
	} good[] = {
		{"max 100000\n", UINT_MAX},
		{"max 100000", UINT_MAX},
		{"100000 100000\n", 1},
		{"200000 100000\n", 2},
		/* Part of a CPU is a CPU that is busy for a while. */
		{"150000 100000\n", 2},
		{"1000 100000\n", 1},
		{"100001 100000\n", 2},
		{"18446744073709551615 1\n", UINT_MAX},
		{"6400000 100000\n", 64},
	};
	static const char *const bad[] = {
		"",	      "\n",
		"max",	      "max \n",
		"100000",     "100000 \n",
		"100000 0\n", "0 100000\n",
		"-1 100000",  "maximum 100000",
		"1 2 3\n",    "100000x 100000",
		"1.5 100000", "18446744073709551616 1",
		"100000 1e5", " 100000 100000",
	};
	unsigned cpus;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(mu_cgroup_parse_cpu_max(good[i].text, &cpus));
		assert_int_equal(cpus, good[i].cpus);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cpus = 77;
		if (mu_cgroup_parse_cpu_max(bad[i], &cpus) || cpus != 77)
			fail_msg("'%s' was taken", bad[i]);
	}
}

/* The least of all groups from ours upwards. */
static void cgroup_tree(void **state)
{
	(void)state;
	assert_int_equal(mu_cgroup_cpus(root), UINT_MAX);
	root_put("/proc/self/cgroup", "3:cpu:/old\n0::/a/b\n");
	assert_int_equal(mu_cgroup_cpus(root), UINT_MAX);
	root_put("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
	assert_int_equal(mu_cgroup_cpus(root), UINT_MAX);
	root_put("/sys/fs/cgroup/a/cpu.max", "800000 100000\n");
	assert_int_equal(mu_cgroup_cpus(root), 8);
	root_put("/sys/fs/cgroup/cpu.max", "350000 100000\n");
	assert_int_equal(mu_cgroup_cpus(root), 4);
	root_put("/sys/fs/cgroup/a/b/cpu.max", "150000 100000\n");
	assert_int_equal(mu_cgroup_cpus(root), 2);
	/* Version 1 only: no limit that we know of. */
	root_put("/proc/self/cgroup", "3:cpu:/a/b\n");
	assert_int_equal(mu_cgroup_cpus(root), UINT_MAX);
	/* In a container its own group is the root. */
	root_put("/proc/self/cgroup", "0::/\n");
	assert_int_equal(mu_cgroup_cpus(root), 4);
}

static void mask_and_affinity(void **state)
{
	struct mu_host_cpu *all = calloc(MU_MAX_CPUS, sizeof(*all));
	struct mu_host_cpu *some = calloc(MU_MAX_CPUS, sizeof(*some));
	struct mu_cpumask mask = {{0}};
	cpu_set_t before, one;
	unsigned nr = mu_host_cpus(all, NULL, true);

	(void)state;
	assert_true(nr >= 1);
	/* Placed or not, they are as many. */
	assert_int_equal(mu_host_cpus(some, NULL, false), nr);
	assert_int_equal(mu_host_cpus(some, &mask, true), 0);
	mu_cpumask_set(&mask, all[nr - 1].number);
	mu_cpumask_set(&mask, MU_MAX_CPUS - 1);
	assert_int_equal(mu_host_cpus(some, &mask, true), 1);
	assert_int_equal(some[0].number, all[nr - 1].number);
	/* Each once, first threads of cores first. */
	for (unsigned i = 1; i < nr; i++) {
		assert_true(all[i].thread >= all[i - 1].thread);
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(all[i].number, all[j].number);
	}
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	CPU_ZERO(&one);
	CPU_SET(all[0].number, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(mu_host_cpus(some, NULL, true), 1);
	assert_int_equal(some[0].number, all[0].number);
	assert_int_equal(mu_hosted_cpus(), 1);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	assert_in_range(mu_hosted_cpus(), 1, nr);
	free(all);
	free(some);
}

static void no_cpu_left(void **state)
{
	struct mu_cpumask mask = {{0}};
	struct mu_hosted_config config = {.threads = 1, .host_cpus = &mask};
	struct mu_error error = {.status = MU_OK};
	struct mu_hosted *hosted = NULL;

	(void)state;
	assert_int_equal(mu_hosted_create(&hosted, NULL, &config, &error),
			 MU_ERR_INVALID);
	assert_null(hosted);
	assert_int_equal(error.status, MU_ERR_INVALID);
	assert_string_equal(error.text, "CPUs: this process may use none of "
					"those asked for");
}

struct seen {
	int policy, nice;
	_Atomic uint32_t there;
};

static void look(void *arg)
{
	struct seen *seen = arg;

	seen->policy = sched_getscheduler(0);
	seen->nice = getpriority(PRIO_PROCESS, 0);
	atomic_store(&seen->there, 1);
}

/* Workers get the priority, the thread that made them keeps its own. */
static void priorities(void **state)
{
	static const enum mu_hosted_priority wanted[] = {
		MU_PRIORITY_NORMAL, MU_PRIORITY_NICE, MU_PRIORITY_IDLE};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct mu_hosted_config config = {.threads = 1,
						  .priority = wanted[i]};
		struct mu_hosted *hosted;
		const struct mu_port *port;
		struct seen seen = {0};

		assert_int_equal(mu_hosted_create(&hosted, NULL, &config, NULL),
				 MU_OK);
		port = mu_hosted_port(hosted);
		assert_int_equal(port->run_on(port->arg, NULL, 1, look, &seen),
				 1);
		while (!atomic_load(&seen.there))
			sched_yield();
		assert_int_equal(seen.policy, wanted[i] == MU_PRIORITY_IDLE
						      ? SCHED_IDLE
						      : SCHED_OTHER);
		if (wanted[i] == MU_PRIORITY_NICE)
			assert_int_equal(seen.nice, 19);
		assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
		mu_hosted_destroy(hosted);
	}
}

/* A job of two units, one for its helper, which looks at itself. */
struct observed {
	pthread_t caller;
	struct seen helper;
};

static enum mu_status observe(uint64_t start, uint64_t end, void *arg)
{
	struct observed *observed = arg;

	(void)start;
	(void)end;
	if (!pthread_equal(pthread_self(), observed->caller))
		look(&observed->helper);
	while (!atomic_load(&observed->helper.there))
		sched_yield();
	return MU_OK;
}

/* Who may not come back from idle priority does not go there. */
static bool can_come_back(void)
{
	struct rlimit limit;

	return !geteuid() ||
	       (!getrlimit(RLIMIT_NICE, &limit) && limit.rlim_cur >= 20);
}

/* Helpers of a job in the background are idle for as long as it takes. */
static void background(void **state)
{
	struct mu_hosted_config config = {.threads = 1};
	struct mu_hosted *hosted;

	(void)state;
	assert_int_equal(mu_hosted_create(&hosted, NULL, &config, NULL), MU_OK);
	if (mu_hosted_port(hosted)->cpu_count(hosted) < 2) {
		mu_hosted_destroy(hosted);
		print_message("this process may use one CPU only\n");
		skip();
	}
	for (unsigned i = 0; i < 6; i++) {
		struct observed observed = {.caller = pthread_self()};
		struct mu_padata_mt_job job = {.thread_fn = observe,
					       .fn_arg = &observed,
					       .size = 2,
					       .background = i % 2};

		assert_int_equal(mu_padata_do_multithreaded(
					 mu_hosted_port(hosted), &job),
				 MU_OK);
		assert_int_equal(observed.helper.policy,
				 i % 2 && can_come_back() ? SCHED_IDLE
							  : SCHED_OTHER);
		assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
	}
	mu_hosted_destroy(hosted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpu_max),
		root_test(cgroup_tree),
		cmocka_unit_test(mask_and_affinity),
		cmocka_unit_test(no_cpu_left),
		cmocka_unit_test(priorities),
		cmocka_unit_test(background),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
