// SPDX-License-Identifier: MIT
/* Serialised jobs: errors, CPUs, back-pressure, one by one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "memup/padata.h"
#include "tests/padata_port.h"

#define JOBS 64

struct job {
	struct mu_padata_priv padata;
	struct test *test;
	unsigned number;
	unsigned parallel_cpu, serial_cpu;
	_Atomic bool *gate; /* parallel() waits for it; NULL: for nothing */
};

/* An instance with one shell. */
struct test {
	struct padata_port pp;
	struct mu_padata_instance *instance;
	struct mu_padata_shell *shell;
	struct job jobs[JOBS];
	unsigned served[JOBS]; /* numbers, in order */
	_Atomic unsigned entered, done;
};

static struct test test;

static unsigned here(struct test *t)
{
	return t->pp.port.cpu_id(t->pp.port.arg);
}

static void parallel(struct mu_padata_priv *padata)
{
	struct job *job = MU_CONTAINER(padata, struct job, padata);

	job->parallel_cpu = here(job->test);
	atomic_fetch_add(&job->test->entered, 1);
	while (job->gate && !atomic_load(job->gate))
		sched_yield();
	mu_padata_do_serial(padata);
}

static void serial(struct mu_padata_priv *padata)
{
	struct job *job = MU_CONTAINER(padata, struct job, padata);
	struct test *t = job->test;

	job->serial_cpu = here(t);
	t->served[t->done] = job->number;
	atomic_fetch_add(&t->done, 1);
}

static void begin(struct test *t, const struct padata_port_config *config,
		  unsigned limit)
{
	memset(t, 0, sizeof(*t));
	padata_port_init(&t->pp, config);
	t->instance = padata_instance(&t->pp, limit);
	t->shell = padata_shell(t->instance);
	for (unsigned i = 0; i < JOBS; i++) {
		t->jobs[i].test = t;
		t->jobs[i].number = i;
		t->jobs[i].padata.parallel = parallel;
		t->jobs[i].padata.serial = serial;
	}
}

static void await(struct test *t, unsigned done)
{
	while (atomic_load(&t->done) != done)
		sched_yield();
	for (unsigned i = 0; i < done; i++)
		assert_int_equal(t->served[i], i);
}

static void end(struct test *t)
{
	assert_int_equal(mu_padata_shell_fini(t->shell), MU_OK);
	assert_int_equal(mu_padata_instance_fini(t->instance), MU_OK);
	/* Nobody uses them any more: AddressSanitizer would tell. */
	free(t->shell);
	free(t->instance);
	padata_port_destroy(&t->pp);
}

static void only(struct mu_cpumask *mask, unsigned cpu)
{
	*mask = (struct mu_cpumask){{0}};
	mu_cpumask_set(mask, cpu);
}

static void errors(void **state)
{
	static const struct padata_port_config config = {.cpus = 3};
	struct mu_cpumask none = {{0}}, two;
	_Atomic bool gate = false;
	unsigned cb = 1;

	(void)state;
	begin(&test, &config, 0);
	test.jobs[5].padata.serial = NULL;
	assert_int_equal(
		mu_padata_do_parallel(test.shell, &test.jobs[5].padata, &cb),
		MU_ERR_INVALID);
	test.jobs[6].padata.parallel = NULL;
	assert_int_equal(
		mu_padata_do_parallel(test.shell, &test.jobs[6].padata, &cb),
		MU_ERR_INVALID);

	/* Masks without a CPU on line close the instance, others open it. */
	only(&two, 2);
	for (int which = 0; which < MU_PADATA_NR_MASKS; which++) {
		enum mu_padata_mask mask = (enum mu_padata_mask)which;

		assert_int_equal(
			mu_padata_set_cpumask(test.instance, mask, &none),
			MU_OK);
		assert_int_equal(mu_padata_do_parallel(
					 test.shell, &test.jobs[0].padata, &cb),
				 MU_ERR_INVALID);
		assert_int_equal(cb, 1);
		assert_int_equal(
			mu_padata_set_cpumask(test.instance, mask, &two),
			MU_OK);
	}
	assert_int_equal(mu_padata_set_online(test.instance, 2, false), MU_OK);
	assert_int_equal(
		mu_padata_do_parallel(test.shell, &test.jobs[0].padata, &cb),
		MU_ERR_INVALID);
	assert_int_equal(mu_padata_set_online(test.instance, 2, true), MU_OK);
	assert_int_equal(mu_padata_set_online(test.instance, 3, true),
			 MU_ERR_RANGE);
	assert_int_equal(
		mu_padata_set_cpumask(test.instance, MU_PADATA_NR_MASKS, &two),
		MU_ERR_INVALID);

	/* Under way: not submitted twice, nothing taken down. */
	test.jobs[0].gate = &gate;
	assert_int_equal(
		mu_padata_do_parallel(test.shell, &test.jobs[0].padata, &cb),
		MU_OK);
	assert_int_equal(cb, 2); /* the only one */
	assert_int_equal(
		mu_padata_do_parallel(test.shell, &test.jobs[0].padata, &cb),
		MU_ERR_BUSY);
	assert_int_equal(mu_padata_shell_fini(test.shell), MU_ERR_BUSY);
	assert_int_equal(mu_padata_instance_fini(test.instance), MU_ERR_BUSY);
	atomic_store(&gate, true);
	await(&test, 1);
	end(&test);
}

/* With CPUs to spare every callback is where it was asked to be. */
static void callback_cpus(void **state)
{
	static const struct padata_port_config config = {
		.cpus = 6, .kind = PADATA_PORT_QUEUE};
	struct mu_cpumask where = {{0}};

	(void)state;
	begin(&test, &config, JOBS);
	mu_cpumask_set(&where, 2);
	mu_cpumask_set(&where, 3);
	mu_cpumask_set(&where, 5);
	assert_int_equal(
		mu_padata_set_cpumask(test.instance, MU_PADATA_SERIAL, &where),
		MU_OK);
	mu_cpumask_clear(&where, 3);
	assert_int_equal(mu_padata_set_cpumask(test.instance,
					       MU_PADATA_PARALLEL, &where),
			 MU_OK);
	for (unsigned i = 0; i < JOBS; i++) {
		/* By its place in {2, 3, 5}, but for those that are in it. */
		static const unsigned want[] = {2, 3, 2, 3, 3, 5, 2};
		unsigned cb = i % 7;

		assert_int_equal(mu_padata_do_parallel(
					 test.shell, &test.jobs[i].padata, &cb),
				 MU_OK);
		assert_int_equal(cb, want[i % 7]);
	}
	await(&test, JOBS);
	for (unsigned i = 0; i < JOBS; i++) {
		static const unsigned want[] = {2, 3, 2, 3, 3, 5, 2};

		assert_true(mu_cpumask_test(&where, test.jobs[i].parallel_cpu));
		assert_int_equal(test.jobs[i].serial_cpu, want[i % 7]);
	}
	end(&test);
}

/* A CPU that goes away while a job waits for it: another serves it. */
static void callback_cpu_goes(void **state)
{
	static const struct padata_port_config config = {
		.cpus = 4, .kind = PADATA_PORT_QUEUE};
	struct mu_cpumask mask = {{0}};
	_Atomic bool gate = false;
	unsigned cb = 3;

	(void)state;
	begin(&test, &config, JOBS);
	only(&mask, 2);
	assert_int_equal(
		mu_padata_set_cpumask(test.instance, MU_PADATA_PARALLEL, &mask),
		MU_OK);
	only(&mask, 3);
	mu_cpumask_set(&mask, 1);
	assert_int_equal(
		mu_padata_set_cpumask(test.instance, MU_PADATA_SERIAL, &mask),
		MU_OK);
	for (unsigned i = 0; i < 8; i++) {
		test.jobs[i].gate = &gate;
		assert_int_equal(mu_padata_do_parallel(
					 test.shell, &test.jobs[i].padata, &cb),
				 MU_OK);
		assert_int_equal(cb, 3);
	}
	assert_int_equal(mu_padata_set_online(test.instance, 3, false), MU_OK);
	atomic_store(&gate, true);
	await(&test, 8);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(test.jobs[i].serial_cpu, 1);
	/* And with no callback CPU at all: where they happen to be. */
	atomic_store(&gate, false);
	test.jobs[8].gate = &gate;
	cb = 1;
	assert_int_equal(
		mu_padata_do_parallel(test.shell, &test.jobs[8].padata, &cb),
		MU_OK);
	assert_int_equal(mu_padata_set_online(test.instance, 1, false), MU_OK);
	atomic_store(&gate, true);
	await(&test, 9);
	assert_int_equal(test.jobs[8].serial_cpu, 2);
	end(&test);
}

static void back_pressure(void **state)
{
	static const struct padata_port_config config = {
		.cpus = 6, .kind = PADATA_PORT_QUEUE};
	_Atomic bool gate = false;
	unsigned cb = 5;

	(void)state;
	begin(&test, &config, 2);
	for (unsigned i = 0; i < 10; i++) {
		test.jobs[i].gate = i < 2 ? &gate : NULL;
		assert_int_equal(mu_padata_do_parallel(
					 test.shell, &test.jobs[i].padata, &cb),
				 MU_OK);
	}
	/* Two are under way, the others were done here, none is served. */
	while (atomic_load(&test.entered) != 10)
		sched_yield();
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(test.jobs[i].parallel_cpu == 0, i >= 2);
	assert_int_equal(test.done, 0);
	atomic_store(&gate, true);
	await(&test, 10);
	end(&test);
}

/* A port that can run nothing elsewhere. */
static void alone(void **state)
{
	static const struct padata_port_config config = {.cpus = 1};
	unsigned cb = 7;

	(void)state;
	begin(&test, &config, 0);
	for (unsigned i = 0; i < JOBS; i++) {
		assert_int_equal(mu_padata_do_parallel(
					 test.shell, &test.jobs[i].padata, &cb),
				 MU_OK);
		assert_int_equal(cb, 0);
		await(&test, i + 1);
	}
	end(&test);
}

static void again(struct mu_padata_priv *padata)
{
	struct job *job = MU_CONTAINER(padata, struct job, padata);
	unsigned cb = job->number % 4;

	/* Back it goes from inside its callback. */
	if (++job->number % 1000)
		padata_check(
			!mu_padata_do_parallel(job->test->shell, padata, &cb));
	else
		atomic_fetch_add(&job->test->done, 1);
}

static void submitted_from_serial(void **state)
{
	static const struct padata_port_config configs[] = {
		{.cpus = 1},
		{.cpus = 4},
		{.cpus = 4, .kind = PADATA_PORT_QUEUE}};

	(void)state;
	for (size_t c = 0; c < MU_ARRAY_SIZE(configs); c++) {
		unsigned cb = 0;

		begin(&test, &configs[c], 0);
		for (unsigned i = 0; i < 4; i++) {
			test.jobs[i].padata.serial = again;
			test.jobs[i].number = 0;
			assert_int_equal(
				mu_padata_do_parallel(
					test.shell, &test.jobs[i].padata, &cb),
				MU_OK);
		}
		while (atomic_load(&test.done) != 4)
			sched_yield();
		for (unsigned i = 0; i < 4; i++)
			assert_int_equal(test.jobs[i].number, 1000);
		end(&test);
	}
}

/* Callbacks that take their time to return after the last job is done. */
static _Atomic bool parallel_returns, serial_returns;

static void slow_parallel(struct mu_padata_priv *padata)
{
	mu_padata_do_serial(padata);
	usleep(30000);
	atomic_store(&parallel_returns, true);
}

static void slow_serial(struct mu_padata_priv *padata)
{
	serial(padata);
	usleep(10000);
	atomic_store(&serial_returns, true);
}

static void last_words(void **state)
{
	static const struct padata_port_config config = {
		.cpus = 3, .kind = PADATA_PORT_QUEUE};
	struct mu_cpumask mask;
	unsigned cb = 2;

	(void)state;
	begin(&test, &config, 0);
	only(&mask, 1);
	assert_int_equal(
		mu_padata_set_cpumask(test.instance, MU_PADATA_PARALLEL, &mask),
		MU_OK);
	test.jobs[0].padata.parallel = slow_parallel;
	test.jobs[0].padata.serial = slow_serial;
	assert_int_equal(
		mu_padata_do_parallel(test.shell, &test.jobs[0].padata, &cb),
		MU_OK);
	await(&test, 1);
	assert_int_equal(mu_padata_shell_fini(test.shell), MU_OK);
	assert_true(atomic_load(&serial_returns));
	assert_int_equal(mu_padata_instance_fini(test.instance), MU_OK);
	assert_true(atomic_load(&parallel_returns));
	free(test.shell);
	free(test.instance);
	padata_port_destroy(&test.pp);
}

/* A submitter that is held up when its job can be seen: others do the job and
 * take the instance down, which has to wait for the submitter. */
static _Thread_local unsigned unlocks_to_go;
static _Atomic bool held_up, goes_on;

static void slow_unlock(void *arg, uintptr_t flags)
{
	(void)arg;
	(void)flags;
	if (!unlocks_to_go || --unlocks_to_go)
		return;
	atomic_store(&held_up, true);
	while (atomic_load(&test.done) < 2)
		sched_yield();
	usleep(20000);
	atomic_store(&goes_on, true);
}

static uintptr_t no_interrupts(void *arg)
{
	(void)arg;
	return 0;
}

static void *submit_slowly(void *arg)
{
	unsigned cb = 1;

	/* Is it open, the shell's list, the instance's. */
	unlocks_to_go = 3;
	padata_check(!mu_padata_do_parallel(test.shell, arg, &cb));
	return NULL;
}

static void late_submitter(void **state)
{
	static const struct padata_port_config config = {.cpus = 2};
	_Atomic bool gate = false;
	unsigned cb = 1;
	pthread_t other;

	(void)state;
	begin(&test, &config, 0);
	test.pp.port.irq_save = no_interrupts;
	test.pp.port.irq_restore = slow_unlock;
	test.jobs[0].gate = &gate;
	assert_int_equal(
		mu_padata_do_parallel(test.shell, &test.jobs[0].padata, &cb),
		MU_OK);
	assert_int_equal(pthread_create(&other, NULL, submit_slowly,
					&test.jobs[1].padata),
			 0);
	while (!atomic_load(&held_up))
		sched_yield();
	atomic_store(&gate, true);
	await(&test, 2);
	assert_int_equal(mu_padata_shell_fini(test.shell), MU_OK);
	assert_int_equal(mu_padata_instance_fini(test.instance), MU_OK);
	assert_true(atomic_load(&goes_on));
	free(test.shell);
	free(test.instance);
	pthread_join(other, NULL);
	padata_port_destroy(&test.pp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors),
		cmocka_unit_test(callback_cpus),
		cmocka_unit_test(callback_cpu_goes),
		cmocka_unit_test(back_pressure),
		cmocka_unit_test(alone),
		cmocka_unit_test(submitted_from_serial),
		cmocka_unit_test(last_words),
		cmocka_unit_test(late_submitter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
