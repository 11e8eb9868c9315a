// SPDX-License-Identifier: MIT
/* Serialised jobs while their CPUs change: who works, who waits, who moves. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "memup/padata.h"
#include "tests/padata_port.h"

#define JOBS 8

struct job {
	struct mu_padata_priv padata;
	struct test *test;
	unsigned parallel_cpu, serial_cpu;
	_Atomic bool entered, gate;
};

struct test {
	struct padata_port pp;
	struct mu_padata_instance *instance;
	struct mu_padata_shell *shell;
	struct job jobs[JOBS];
	_Atomic unsigned done;
};

static struct test test;

static unsigned here(void)
{
	return test.pp.port.cpu_id(&test.pp);
}

static void parallel(struct mu_padata_priv *padata)
{
	struct job *job = MU_CONTAINER(padata, struct job, padata);

	job->parallel_cpu = here();
	atomic_store(&job->entered, true);
	while (!atomic_load(&job->gate))
		sched_yield();
	mu_padata_do_serial(padata);
}

static void serial(struct mu_padata_priv *padata)
{
	struct job *job = MU_CONTAINER(padata, struct job, padata);

	job->serial_cpu = here();
	padata_check(job == &test.jobs[test.done]);
	atomic_fetch_add(&test.done, 1);
}

/* CPUs 0 to @cpus - 1; only those that are idle take calls. */
static void begin(unsigned cpus)
{
	const struct padata_port_config config = {.cpus = cpus};

	memset(&test, 0, sizeof(test));
	padata_port_init(&test.pp, &config);
	test.instance = padata_instance(&test.pp, JOBS);
	test.shell = padata_shell(test.instance);
	for (unsigned i = 0; i < JOBS; i++) {
		test.jobs[i].padata.parallel = parallel;
		test.jobs[i].padata.serial = serial;
	}
}

static void end(void)
{
	assert_int_equal(mu_padata_shell_fini(test.shell), MU_OK);
	assert_int_equal(mu_padata_instance_fini(test.instance), MU_OK);
	free(test.shell);
	free(test.instance);
	padata_port_destroy(&test.pp);
}

/* The CPUs whose bits are set. */
static void set_mask(enum mu_padata_mask which, unsigned bits)
{
	struct mu_cpumask mask = {{bits}};

	assert_int_equal(mu_padata_set_cpumask(test.instance, which, &mask),
			 MU_OK);
}

static void set_online(unsigned cpu, bool online)
{
	assert_int_equal(mu_padata_set_online(test.instance, cpu, online),
			 MU_OK);
}

static enum mu_status try_submit(unsigned i)
{
	unsigned cb = 1;

	return mu_padata_do_parallel(test.shell, &test.jobs[i].padata, &cb);
}

static void submit(unsigned i)
{
	assert_int_equal(try_submit(i), MU_OK);
}

static void wait_for(_Atomic bool *flag)
{
	while (!atomic_load(flag))
		sched_yield();
}

static void wait_done(unsigned done)
{
	while (atomic_load(&test.done) != done)
		sched_yield();
}

/* No call is running any more: all CPUs are idle. */
static void wait_idle(void)
{
	bool busy;

	do {
		pthread_mutex_lock(&test.pp.lock);
		busy = false;
		for (unsigned i = 1; i < test.pp.config.cpus; i++)
			busy |= test.pp.cpu[i].busy || test.pp.cpu[i].calls;
		pthread_mutex_unlock(&test.pp.lock);
	} while (busy);
}

static void by_mask(bool first)
{
	set_mask(MU_PADATA_PARALLEL, first ? 1u << 1 : 1u << 2);
}

static void by_online(bool first)
{
	set_online(1, first);
	set_online(2, !first);
}

/* What waits for a CPU that leaves goes to another one, which was idle. */
static void runner_moves(void (*use)(bool first))
{
	begin(3);
	/* CPU 0 takes no calls: serial() is where the job was done. */
	set_mask(MU_PADATA_SERIAL, 1);
	use(true);
	for (unsigned i = 0; i < 3; i++) {
		atomic_store(&test.jobs[i].gate, true);
		submit(i);
		wait_done(i + 1);
		wait_idle();
		assert_int_equal(test.jobs[i].parallel_cpu, 1);
	}
	/* CPU 1 is busy with job 3; 4 and 5 wait for it. */
	submit(3);
	wait_for(&test.jobs[3].entered);
	submit(4);
	submit(5);
	atomic_store(&test.jobs[4].gate, true);
	atomic_store(&test.jobs[5].gate, true);
	use(false);
	assert_false(atomic_load(&test.jobs[4].entered));
	atomic_store(&test.jobs[3].gate, true);
	wait_done(6);
	assert_int_equal(test.jobs[3].parallel_cpu, 1);
	assert_int_equal(test.jobs[4].parallel_cpu, 2);
	assert_int_equal(test.jobs[5].parallel_cpu, 2);
	/* And back. */
	wait_idle();
	use(true);
	atomic_store(&test.jobs[6].gate, true);
	submit(6);
	wait_done(7);
	assert_int_equal(test.jobs[6].parallel_cpu, 1);
	end();
}

static void moves_by_mask(void **state)
{
	(void)state;
	runner_moves(by_mask);
}

static void moves_by_online(void **state)
{
	(void)state;
	runner_moves(by_online);
}

/* When no other CPU is free either, whoever has it goes on. */
static void goes_on_where_it_is(void **state)
{
	(void)state;
	begin(3);
	/* One on each CPU, two more that wait. */
	submit(0);
	submit(1);
	wait_for(&test.jobs[0].entered);
	wait_for(&test.jobs[1].entered);
	submit(2);
	submit(3);
	assert_false(atomic_load(&test.jobs[2].entered));
	/* The CPU of job 0 leaves; that of job 1 stays busy. */
	set_online(test.jobs[0].parallel_cpu, false);
	atomic_store(&test.jobs[0].gate, true);
	wait_for(&test.jobs[2].entered);
	assert_int_equal(test.jobs[2].parallel_cpu, test.jobs[0].parallel_cpu);
	for (unsigned i = 1; i < 4; i++)
		atomic_store(&test.jobs[i].gate, true);
	wait_done(4);
	end();
}

/* Without any CPU none is taken, and all that were are done. */
static void none_left(void **state)
{
	(void)state;
	for (unsigned which = 0; which < 3; which++) {
		begin(2);
		set_online(0, false);
		submit(0);
		wait_for(&test.jobs[0].entered);
		submit(1);
		submit(2);
		if (which == 2)
			set_online(1, false);
		else
			set_mask((enum mu_padata_mask)which, 0);
		assert_int_equal(try_submit(3), MU_ERR_INVALID);
		for (unsigned i = 0; i < 4; i++)
			atomic_store(&test.jobs[i].gate, true);
		wait_done(3);
		assert_int_equal(try_submit(3), MU_ERR_INVALID);
		if (which == 2)
			set_online(1, true);
		else
			set_mask((enum mu_padata_mask)which, 3);
		submit(3);
		wait_done(4);
		end();
	}
}

/* serial() goes to where its CPU is now, not where it was. */
static void callback_moves(void **state)
{
	(void)state;
	begin(4);
	set_mask(MU_PADATA_PARALLEL, 1u << 3);
	for (unsigned i = 0; i < 4; i++)
		atomic_store(&test.jobs[i].gate, i != 1);
	submit(0);
	wait_done(1);
	wait_idle();
	assert_int_equal(test.jobs[0].serial_cpu, 1);
	/* Submitted for CPU 1, done when that is gone. */
	submit(1);
	wait_for(&test.jobs[1].entered);
	set_mask(MU_PADATA_SERIAL, 1u << 2);
	atomic_store(&test.jobs[1].gate, true);
	wait_done(2);
	wait_idle();
	assert_int_equal(test.jobs[1].serial_cpu, 2);
	/* It is back, for those that ask for it. */
	set_mask(MU_PADATA_SERIAL, 6);
	submit(2);
	wait_done(3);
	assert_int_equal(test.jobs[2].serial_cpu, 1);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moves_by_mask),
		cmocka_unit_test(moves_by_online),
		cmocka_unit_test(goes_on_where_it_is),
		cmocka_unit_test(none_left),
		cmocka_unit_test(callback_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
