// SPDX-License-Identifier: MIT
/* The hosted port's run_on: what is promised happens once, on its own CPU. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "memup/padata.h"
#include "ports/hosted/hosted.h"

static struct mu_hosted *create(unsigned threads)
{
	struct mu_hosted_config config = {.threads = threads};
	struct mu_hosted *hosted;

	assert_int_equal(mu_hosted_create(&hosted, NULL, &config, NULL), MU_OK);
	return hosted;
}

struct calls {
	const struct mu_port *port;
	_Atomic uint32_t begun, ended;
	_Atomic uint32_t gate; /* calls stay until it is 1 */
	_Atomic uint32_t cpu_seen[64];
};

static void stay(void *arg)
{
	struct calls *calls = arg;
	unsigned cpu = calls->port->cpu_id(calls->port->arg);

	atomic_fetch_add(&calls->cpu_seen[cpu % 64], 1);
	atomic_fetch_add(&calls->begun, 1);
	while (!atomic_load(&calls->gate))
		calls->port->wait(calls->port->arg, &calls->gate, 0);
	atomic_fetch_add(&calls->ended, 1);
}

static void open_gate(struct calls *calls, unsigned expected)
{
	atomic_store(&calls->gate, 1);
	calls->port->wake(calls->port->arg, &calls->gate);
	while (atomic_load(&calls->ended) != expected)
		sched_yield();
}

static void promised_once(void **state)
{
	struct mu_hosted *hosted = create(3);
	const struct mu_port *port = mu_hosted_port(hosted);
	unsigned cpus = port->cpu_count(port->arg);

	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		struct calls calls = {.port = port};
		unsigned got = port->run_on(port->arg, NULL, 5, stay, &calls);

		/* Those of the last round may not be free yet. */
		while (got < (cpus < 3 ? cpus : 3)) {
			open_gate(&calls, got);
			memset(&calls, 0, sizeof(calls));
			calls.port = port;
			got = port->run_on(port->arg, NULL, 5, stay, &calls);
		}
		/* One for each CPU at most, and for each free worker. */
		assert_int_equal(got, cpus < 3 ? cpus : 3);
		while (atomic_load(&calls.begun) != got)
			sched_yield();
		for (unsigned i = 0; i < 64; i++)
			assert_int_equal(calls.cpu_seen[i], i < got);
		if (got == 3)
			assert_int_equal(
				port->run_on(port->arg, NULL, 1, stay, &calls),
				0);
		open_gate(&calls, got);
		/* Workers that are awake and workers that sleep. */
		usleep(round % 8 ? 20 : 300);
	}
	mu_hosted_destroy(hosted);
}

/* What is taken back does not happen, what is not does. */
static void cancelled_never(void **state)
{
	struct mu_hosted *hosted = create(2);
	const struct mu_port *port = mu_hosted_port(hosted);

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		struct calls calls = {.port = port, .gate = 1};
		struct calls others = {.port = port, .gate = 1};
		unsigned got = port->run_on(port->arg, NULL, 1, stay, &calls);
		unsigned more = port->run_on(port->arg, NULL, 1, stay, &others);
		unsigned back = port->run_cancel(port->arg, stay, &calls);

		assert_true(back <= got);
		while (atomic_load(&calls.ended) != got - back ||
		       atomic_load(&others.ended) != more)
			sched_yield();
		assert_int_equal(calls.begun, got - back);
		assert_int_equal(port->run_cancel(port->arg, stay, &calls), 0);
	}
	mu_hosted_destroy(hosted);
}

/* Destroy lets promised calls happen. */
static void destroyed_late(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 100; round++) {
		struct mu_hosted *hosted = create(2);
		const struct mu_port *port = mu_hosted_port(hosted);
		struct calls calls = {.port = port, .gate = 1};
		unsigned got = port->run_on(port->arg, NULL, 2, stay, &calls);

		mu_hosted_destroy(hosted);
		assert_int_equal(calls.ended, got);
	}
}

struct sum {
	uint64_t parts[1000];
};

static enum mu_status add(uint64_t start, uint64_t end, void *arg)
{
	struct sum *sum = arg;

	for (uint64_t i = start; i < end; i++)
		sum->parts[i] += i;
	return MU_OK;
}

struct submitter {
	const struct mu_port *port;
	struct sum sum;
	unsigned rounds;
};

static void *submit(void *arg)
{
	struct submitter *submitter = arg;
	struct mu_padata_mt_job job = {
		.thread_fn = add, .fn_arg = &submitter->sum, .size = 1000};

	for (unsigned i = 0; i < submitter->rounds; i++)
		if (mu_padata_do_multithreaded(submitter->port, &job) != MU_OK)
			return arg;
	return NULL;
}

/* Jobs of several threads at once share the workers. */
static void many_jobs(void **state)
{
	struct mu_hosted *hosted = create(3);
	struct submitter submitters[3];
	pthread_t threads[3];
	void *failed;

	(void)state;
	memset(submitters, 0, sizeof(submitters));
	for (unsigned i = 0; i < 3; i++) {
		submitters[i].port = mu_hosted_port(hosted);
		submitters[i].rounds = 300;
		assert_int_equal(pthread_create(&threads[i], NULL, submit,
						&submitters[i]),
				 0);
	}
	for (unsigned i = 0; i < 3; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
		for (uint64_t unit = 0; unit < 1000; unit++)
			assert_int_equal(submitters[i].sum.parts[unit],
					 300 * unit);
	}
	mu_hosted_destroy(hosted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(promised_once),
		cmocka_unit_test(cancelled_never),
		cmocka_unit_test(destroyed_late),
		cmocka_unit_test(many_jobs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
