// SPDX-License-Identifier: MIT
/* Jobs that end early: failures, undo, cancellation, deadlines. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/bits.h"
#include "memup/padata.h"
#include "tests/padata_port.h"

#define UNITS 20000

/* Plain memory on purpose: ThreadSanitizer checks that all is ordered. */
struct ledger {
	struct mu_padata_mt mt;
	uint8_t done[UNITS + 1];   /* 1: done and not undone */
	uint32_t chunk_end[UNITS]; /* of the call that began here; 0: none */
	uint64_t undone_to;	   /* undo goes up */
	uint64_t undone;	   /* calls of undo */
	_Atomic uint64_t calls;	   /* of the thread function that were OK */
	uint64_t fail_seed;	   /* with fail_one_in */
	unsigned fail_one_in;	   /* a chunk fails with this chance; 0: none */
	uint64_t cancel_at;	   /* the unit whose call cancels */
	uint64_t clock;		   /* of the tests with a clock by hand */
	struct mu_padata_progress seen;
};

static struct ledger ledger;

static enum mu_status do_units(uint64_t start, uint64_t end, void *arg)
{
	struct ledger *l = arg;
	uint64_t seed = l->fail_seed ^ start;

	if (start <= l->cancel_at && l->cancel_at < end)
		mu_padata_mt_cancel(&l->mt);
	if (l->fail_one_in && padata_random(&seed) % l->fail_one_in == 0)
		return start % 2 ? MU_ERR_NOMEM : MU_ERR_HOLE;
	for (uint64_t unit = start; unit < end; unit++)
		l->done[unit]++;
	l->chunk_end[start] = (uint32_t)end;
	atomic_fetch_add(&l->calls, 1);
	return MU_OK;
}

static void undo_units(uint64_t start, uint64_t end, void *arg)
{
	struct ledger *l = arg;

	assert_true(start >= l->undone_to);
	l->undone_to = end;
	assert_int_equal(l->chunk_end[start], end);
	for (uint64_t unit = start; unit < end; unit++)
		assert_int_equal(l->done[unit]--, 1);
	l->undone++;
}

static void reset(struct ledger *l)
{
	memset(l, 0, sizeof(*l));
	l->cancel_at = UINT64_MAX;
}

static const struct padata_port_config configs[] = {
	{.cpus = 1},
	{.cpus = 4},
	{.cpus = 4, .kind = PADATA_PORT_QUEUE},
	{.cpus = 5, .delay_us = 100},
	{.cpus = 5, .delay_us = 100, .kind = PADATA_PORT_QUEUE},
	{.cpus = 3, .later = true, .leaving = true},
};

/* Either all was done, or nothing is. */
static void check_all_or_nothing(struct ledger *l, enum mu_status status)
{
	bool all = status == MU_OK;

	for (unsigned unit = 0; unit < UNITS; unit++)
		assert_int_equal(l->done[unit], all);
	assert_int_equal(l->undone, all ? 0 : l->calls);
}

static void failures_are_undone(void **state)
{
	unsigned outcomes[MU_NR_STATUS] = {0};

	(void)state;
	for (size_t c = 0; c < MU_ARRAY_SIZE(configs); c++) {
		struct padata_port pp;

		padata_port_init(&pp, &configs[c]);
		for (unsigned i = 0; i < 150; i++) {
			struct mu_padata_mt_job job = {
				.thread_fn = do_units,
				.undo_fn = undo_units,
				.fn_arg = &ledger,
				.size = UNITS,
				.align = i % 7,
				.min_chunk = 1 + i % 50,
			};
			enum mu_status status;

			reset(&ledger);
			ledger.fail_seed = i;
			/* From every chunk to hardly any. */
			ledger.fail_one_in = 1 << i % 12;
			mu_padata_mt_start(&ledger.mt, &pp.port, &job);
			status = mu_padata_mt_finish(&ledger.mt);
			outcomes[status]++;
			check_all_or_nothing(&ledger, status);
		}
		padata_port_destroy(&pp);
	}
	assert_true(outcomes[MU_OK]);
	assert_true(outcomes[MU_ERR_NOMEM]);
	assert_true(outcomes[MU_ERR_HOLE]);
	assert_int_equal(outcomes[MU_ERR_CANCELLED], 0);
}

/* The units done are a prefix, as long as progress says. */
static void check_prefix(struct ledger *l, enum mu_status status)
{
	struct mu_padata_progress progress;

	mu_padata_mt_progress(&l->mt, &progress);
	assert_int_equal(status,
			 progress.done == UNITS ? MU_OK : MU_ERR_CANCELLED);
	for (unsigned unit = 0; unit < UNITS; unit++)
		assert_int_equal(l->done[unit], unit < progress.done);
}

static void cancelled_from_inside(void **state)
{
	unsigned ended = 0;

	(void)state;
	for (size_t c = 0; c < MU_ARRAY_SIZE(configs); c++) {
		struct padata_port pp;

		padata_port_init(&pp, &configs[c]);
		for (unsigned i = 0; i < 100; i++) {
			struct mu_padata_mt_job job = {
				.thread_fn = do_units,
				.undo_fn = i % 2 ? undo_units : NULL,
				.fn_arg = &ledger,
				.size = UNITS,
			};
			enum mu_status status;

			reset(&ledger);
			ledger.cancel_at = (uint64_t)i * UNITS / 99;
			mu_padata_mt_start(&ledger.mt, &pp.port, &job);
			status = mu_padata_mt_finish(&ledger.mt);
			assert_true(mu_padata_mt_stopped(&ledger.mt));
			if (job.undo_fn)
				check_all_or_nothing(&ledger, status);
			else
				check_prefix(&ledger, status);
			ended += status == MU_ERR_CANCELLED;
		}
		padata_port_destroy(&pp);
	}
	assert_true(ended > 200);
}

static void *cancel_soon(void *arg)
{
	struct ledger *l = arg;
	struct mu_padata_progress progress;
	uint64_t before = 0;

	/* Another thread may look all the time. */
	do {
		mu_padata_mt_progress(&l->mt, &progress);
		padata_check(progress.done >= before);
		padata_check(progress.done <= progress.size);
		before = progress.done;
	} while (progress.done < (uint64_t)UNITS / 3);
	mu_padata_mt_cancel(&l->mt);
	return NULL;
}

static void cancelled_from_outside(void **state)
{
	struct padata_port pp;

	(void)state;
	padata_port_init(&pp, &configs[1]);
	for (unsigned i = 0; i < 100; i++) {
		struct mu_padata_mt_job job = {.thread_fn = do_units,
					       .fn_arg = &ledger,
					       .size = UNITS};
		enum mu_status status;
		pthread_t other;

		reset(&ledger);
		mu_padata_mt_start(&ledger.mt, &pp.port, &job);
		assert_int_equal(
			pthread_create(&other, NULL, cancel_soon, &ledger), 0);
		status = mu_padata_mt_finish(&ledger.mt);
		/* The other thread stops looking at the latest now. */
		pthread_join(other, NULL);
		check_prefix(&ledger, status);
	}
	padata_port_destroy(&pp);
}

static uint64_t hand_clock(void *arg)
{
	(void)arg;
	return ledger.clock;
}

/* One microsecond a unit. */
static enum mu_status timed_units(uint64_t start, uint64_t end, void *arg)
{
	struct ledger *l = arg;

	if (start >= UNITS / 2 && !l->seen.size)
		mu_padata_mt_progress(&l->mt, &l->seen);
	l->clock += (end - start) * 1000;
	return do_units(start, end, arg);
}

static void deadline(void **state)
{
	static const struct mu_port port = {.clock = hand_clock};
	struct mu_padata_mt_job job = {.thread_fn = timed_units,
				       .fn_arg = &ledger,
				       .size = UNITS,
				       .align = 100,
				       .min_chunk = 100};
	struct mu_padata_progress progress;

	(void)state;
	for (uint64_t at = 1; at <= UNITS + 200; at += 333) {
		reset(&ledger);
		ledger.clock = 5000;
		job.deadline = 5000 + at * 1000;
		mu_padata_mt_start(&ledger.mt, &port, &job);
		check_prefix(&ledger, mu_padata_mt_finish(&ledger.mt));
		mu_padata_mt_progress(&ledger.mt, &progress);
		assert_int_equal(progress.elapsed, progress.done * 1000);
		/* To within the chunk that was in hand, at most a 32nd. */
		assert_true(progress.done >= MU_MIN(at, UNITS));
		assert_true(progress.done < at + UNITS / 32 + 100);
	}
	/* One that is past already: nothing. */
	reset(&ledger);
	ledger.clock = job.deadline;
	mu_padata_mt_start(&ledger.mt, &port, &job);
	assert_int_equal(mu_padata_mt_finish(&ledger.mt), MU_ERR_CANCELLED);
	assert_int_equal(ledger.calls, 0);
}

static void progress_and_rate(void **state)
{
	static const struct mu_port port = {.clock = hand_clock}, bare;
	struct mu_padata_mt_job job = {
		.thread_fn = timed_units, .fn_arg = &ledger, .size = UNITS};
	struct mu_padata_progress *seen = &ledger.seen;

	(void)state;
	reset(&ledger);
	ledger.clock = 77;
	mu_padata_mt_start(&ledger.mt, &port, &job);
	mu_padata_mt_progress(&ledger.mt, seen);
	assert_int_equal(seen->done, 0);
	assert_int_equal(seen->rate, 0);
	assert_true(seen->left == UINT64_MAX);
	seen->size = 0;
	assert_int_equal(mu_padata_mt_finish(&ledger.mt), MU_OK);
	assert_true(seen->done >= UNITS / 2);
	assert_true(seen->done < UNITS);
	assert_int_equal(seen->size, UNITS);
	assert_int_equal(seen->elapsed, seen->done * 1000);
	assert_int_equal(seen->rate, 1000000);
	assert_int_equal(seen->left, (UNITS - seen->done) * 1000);
	assert_int_equal(seen->threads, 1);
	mu_padata_mt_progress(&ledger.mt, seen);
	assert_int_equal(seen->done, UNITS);
	assert_int_equal(seen->left, 0);

	/* Without a clock only the units are known. */
	reset(&ledger);
	mu_padata_mt_start(&ledger.mt, &bare, &job);
	assert_int_equal(mu_padata_mt_finish(&ledger.mt), MU_OK);
	assert_int_equal(seen->rate, 0);
	assert_true(seen->left == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures_are_undone),
		cmocka_unit_test(cancelled_from_inside),
		cmocka_unit_test(cancelled_from_outside),
		cmocka_unit_test(deadline),
		cmocka_unit_test(progress_and_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
