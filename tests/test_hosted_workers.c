// SPDX-License-Identifier: MIT
/* The hosted port's run_on: what is promised happens once, on its own CPU. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
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

/* Calls that wait for the only worker note when they had their turn. */
struct note {
	_Atomic unsigned *turns;
	unsigned turn;
	_Atomic bool done;
};

static void note(void *arg)
{
	struct note *note = arg;

	note->turn = atomic_fetch_add(note->turns, 1);
	atomic_store(&note->done, true);
}

static void later_in_order(void **state)
{
	struct mu_hosted *hosted = create(1);
	const struct mu_port *port = mu_hosted_port(hosted);
	struct mu_cpumask cpu = {{1}}, none = {{0}};
	struct calls calls = {.port = port};
	_Atomic unsigned turns = 0;
	/* Order of the turns: idle ones behind the others. */
	static const unsigned order[] = {3, 0, 4, 1, 2, 5};
	struct note notes[6];

	(void)state;
	memset(notes, 0, sizeof(notes));
	assert_int_equal(port->run_on(port->arg, NULL, 1, stay, &calls), 1);
	while (!atomic_load(&calls.begun))
		sched_yield();
	assert_false(port->run_waits(port->arg, true));
	for (unsigned i = 0; i < 6; i++) {
		bool idle = order[i] >= 3;

		notes[i].turns = &turns;
		/* One CPU, one call. */
		assert_int_equal(port->run_later(port->arg, idle, &cpu, 2, note,
						 &notes[i]),
				 1);
		assert_true(port->run_waits(port->arg, true));
		assert_int_equal(port->run_waits(port->arg, false), i >= 1);
	}
	assert_int_equal(
		port->run_later(port->arg, false, &none, 1, note, &notes[0]),
		0);
	assert_int_equal(port->run_cancel(port->arg, note, &notes[3]), 1);
	assert_int_equal(port->run_cancel(port->arg, note, &notes[3]), 0);
	assert_int_equal(port->run_cancel(port->arg, stay, &calls), 0);
	open_gate(&calls, 1);
	for (unsigned i = 0; i < 6; i++)
		while (i != 3 && !atomic_load(&notes[i].done))
			sched_yield();
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(notes[i].turn,
				 i == 3 ? 0 : order[i] - (order[i] > 1));
	assert_false(port->run_waits(port->arg, true));
	mu_hosted_destroy(hosted);
}

/* The CPU of a call that was taken back goes to one that waits. */
static void later_after_cancel(void **state)
{
	struct mu_hosted *hosted = create(1);
	const struct mu_port *port = mu_hosted_port(hosted);
	struct mu_cpumask cpu = {{1}};
	unsigned back = 0;

	(void)state;
	for (unsigned round = 0; round < 200 || !back; round++) {
		struct calls first = {.port = port, .gate = 1};
		struct calls second = {.port = port, .gate = 1};
		unsigned got, never;

		/* Asleep, it takes its time to begin. */
		usleep(100);
		got = port->run_on(port->arg, &cpu, 1, stay, &first);
		assert_int_equal(port->run_later(port->arg, false, &cpu, 1,
						 stay, &second),
				 1);
		never = port->run_cancel(port->arg, stay, &first);
		while (!atomic_load(&second.ended) ||
		       atomic_load(&first.ended) != got - never)
			sched_yield();
		back += never;
	}
	mu_hosted_destroy(hosted);
}

/* A call for at once does not overtake one that waits, not even between the end
 * of the call before and the worker's next look at those that wait. */
static void later_before_now(void **state)
{
	struct mu_hosted *hosted = create(1);
	const struct mu_port *port = mu_hosted_port(hosted);
	struct mu_cpumask cpu = {{1}};

	(void)state;
	for (unsigned round = 0; round < 5000; round++) {
		struct calls calls = {.port = port};
		_Atomic unsigned turns = 0;
		struct note older = {.turns = &turns},
			    newer = {.turns = &turns};

		while (!port->run_on(port->arg, &cpu, 1, stay, &calls))
			sched_yield();
		assert_int_equal(port->run_later(port->arg, false, &cpu, 1,
						 note, &older),
				 1);
		atomic_store(&calls.gate, 1);
		port->wake(port->arg, &calls.gate);
		/* At once, as long as the worker may be running. */
		for (unsigned tries = 0;
		     !port->run_on(port->arg, &cpu, 1, note, &newer); tries++)
			if (tries > 1000)
				sched_yield();
		while (!atomic_load(&older.done) || !atomic_load(&newer.done))
			sched_yield();
		assert_int_equal(older.turn, 0);
		while (!atomic_load(&calls.ended))
			sched_yield();
	}
	mu_hosted_destroy(hosted);
}

/* Nobody's call is forgotten, however they are asked for and taken back. */
struct asker {
	const struct mu_port *port;
	_Atomic unsigned begun;
	unsigned promised, cancelled;
};

static void count(void *arg)
{
	struct asker *asker = arg;

	atomic_fetch_add(&asker->begun, 1);
}

static void *ask(void *arg)
{
	struct asker *asker = arg;
	const struct mu_port *port = asker->port;
	struct mu_cpumask cpus = {{3}};

	for (unsigned i = 0; i < 5000 || !asker->cancelled; i++) {
		if (i % 3)
			asker->promised +=
				port->run_later(port->arg, i % 5 == 0, &cpus,
						1 + i % 2, count, asker);
		else
			asker->promised +=
				port->run_on(port->arg, &cpus, 1, count, asker);
		if (i % 7 == 0)
			asker->cancelled +=
				port->run_cancel(port->arg, count, asker);
		/* All that is left comes without anybody's help. */
		if (i % 50 == 0)
			while (atomic_load(&asker->begun) !=
			       asker->promised - asker->cancelled)
				sched_yield();
	}
	return NULL;
}

static void later_never_lost(void **state)
{
	struct mu_hosted *hosted = create(2);
	struct asker askers[3];
	pthread_t threads[3];

	(void)state;
	memset(askers, 0, sizeof(askers));
	for (unsigned i = 0; i < 3; i++) {
		askers[i].port = mu_hosted_port(hosted);
		assert_int_equal(
			pthread_create(&threads[i], NULL, ask, &askers[i]), 0);
	}
	for (unsigned i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	mu_hosted_destroy(hosted);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(askers[i].begun,
				 askers[i].promised - askers[i].cancelled);
		assert_true(askers[i].begun);
		assert_true(askers[i].cancelled);
	}
}

/* A signal to the process is for its own threads, here the only one. */
static _Atomic int handled_by_caller;
static pthread_t caller;

static void on_signal(int number)
{
	(void)number;
	atomic_fetch_add(&handled_by_caller,
			 pthread_equal(pthread_self(), caller) ? 1 : -1000);
}

static void no_signals(void **state)
{
	struct sigaction action = {.sa_handler = on_signal}, before;
	struct mu_hosted *hosted = create(3);
	const struct mu_port *port = mu_hosted_port(hosted);
	struct calls calls = {.port = port};
	sigset_t mask, old;
	unsigned got;

	(void)state;
	caller = pthread_self();
	sigaction(SIGUSR1, &action, &before);
	got = port->run_on(port->arg, NULL, 3, stay, &calls);
	/* Blocked here, it would go to any other thread that takes it. */
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &mask, &old);
	kill(getpid(), SIGUSR1);
	usleep(1000);
	assert_int_equal(handled_by_caller, 0);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	assert_int_equal(handled_by_caller, 1);
	open_gate(&calls, got);
	sigaction(SIGUSR1, &before, NULL);
	mu_hosted_destroy(hosted);
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
		cmocka_unit_test(later_in_order),
		cmocka_unit_test(later_after_cancel),
		cmocka_unit_test(later_before_now),
		cmocka_unit_test(later_never_lost),
		cmocka_unit_test(no_signals),
		cmocka_unit_test(many_jobs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
