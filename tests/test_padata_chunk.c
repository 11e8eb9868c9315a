// SPDX-License-Identifier: MIT
/* How jobs are cut: borders at every edge, balance under skewed costs. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/bits.h"
#include "padata/chunk.h"
#include "tests/padata_port.h"

/* Cut @job for @threads and check every chunk; returns how many there are. */
static uint64_t check_cut(const struct mu_padata_mt_job *job, unsigned threads)
{
	uint64_t align = MU_MAX(job->align, 1);
	uint64_t least = MU_MAX(job->min_chunk, 1);
	uint64_t last = job->start + job->size;
	struct mu_padata_chunks chunks;
	uint64_t n = 0, start = job->start, before = UINT64_MAX;

	mu_chunks_init(&chunks, job, threads);
	assert_int_equal(chunks.end, last);
	while (start != last) {
		uint64_t end = mu_chunk_end(&chunks, start);
		uint64_t left = last - start, share;

		assert_true(end > start);
		assert_true(end <= last);
		if (end != last) {
			assert_int_equal(end % align, 0);
			assert_true(end - start >= least);
		}
		/* The share asked for, rounded up to the border; smaller than
		 * the one before, but for the rounding. */
		share = MU_MAX(least, left / ((uint64_t)threads *
					      MU_CHUNKS_PER_THREAD));
		assert_true(end - start <= share ||
			    end - start - share < align);
		assert_true(end - start <= before ||
			    end - start - before < align);
		before = end - start;
		start = end;
		n++;
	}
	return n;
}

static void edges(void **state)
{
	static const uint64_t align[] = {0,
					 1,
					 2,
					 3,
					 8,
					 1000,
					 32768,
					 (uint64_t)1 << 40,
					 (uint64_t)1 << 63,
					 UINT64_MAX};
	static const unsigned threads[] = {1, 2, 3, 64, MU_MAX_CPUS};
	uint64_t cut = 0;

	(void)state;
	for (size_t a = 0; a < MU_ARRAY_SIZE(align); a++) {
		uint64_t near[] = {0,
				   1,
				   align[a] - 1,
				   align[a],
				   align[a] + 1,
				   2 * align[a] - 1,
				   7 * align[a] + 3,
				   UINT64_MAX / 2,
				   UINT64_MAX - align[a],
				   UINT64_MAX - 1,
				   UINT64_MAX};
		size_t n = MU_ARRAY_SIZE(near);

		/* Each as start, size and least chunk; the huge ones with a
		 * least chunk that keeps the count of chunks in reason. */
		for (size_t i = 0; i < n * n * n; i++) {
			struct mu_padata_mt_job job = {
				.start = near[i % n],
				.size = near[i / n % n],
				.min_chunk = near[i / n / n],
				.align = align[a],
			};

			if (job.size > UINT64_MAX - job.start)
				continue;
			job.min_chunk = MU_MAX(job.min_chunk, job.size / 5000);
			for (size_t t = 0; t < MU_ARRAY_SIZE(threads); t++)
				cut += check_cut(&job, threads[t]);
		}
	}
	assert_true(cut > 10000);
}

static void random_cuts(void **state)
{
	uint64_t seed = 11;

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		unsigned shift = (unsigned)(padata_random(&seed) % 64);
		struct mu_padata_mt_job job = {
			.size = padata_random(&seed) >> shift,
			.align = padata_random(&seed) >>
				 (padata_random(&seed) % 64),
			.min_chunk = padata_random(&seed) >>
				     (padata_random(&seed) % 64),
		};

		/* Often ends at 2^64 - 1. */
		job.start = UINT64_MAX - job.size;
		if (i % 2)
			job.start = padata_random(&seed) % (job.start | 1);
		job.min_chunk = MU_MAX(job.min_chunk, job.size / 2000);
		check_cut(&job, 1 + (unsigned)(padata_random(&seed) % 100));
	}
}

/* A huge job with chunks of one unit ends in a number of chunks that is
 * logarithmic in its size (128 * 45 = 5760), which is what makes min_chunk = 1
 * affordable. */
static void few_chunks(void **state)
{
	struct mu_padata_mt_job job = {.size = UINT64_MAX};

	(void)state;
	assert_true(check_cut(&job, 4) < 5760);
}

static void worth(void **state)
{
	struct mu_padata_mt_job job = {.size = 100, .min_chunk = 30};

	(void)state;
	assert_int_equal(mu_chunks_worth(&job, 8), 3);
	assert_int_equal(mu_chunks_worth(&job, 2), 2);
	job.align = 60;
	assert_int_equal(mu_chunks_worth(&job, 8), 1);
	job.size = 0;
	assert_int_equal(mu_chunks_worth(&job, 8), 1);
	job = (struct mu_padata_mt_job){.size = UINT64_MAX};
	assert_int_equal(mu_chunks_worth(&job, 4096), 4096);
}

/* What unit @unit of @size costs under skew number @skew. */
#define SKEWS 7
static uint64_t cost(unsigned skew, uint64_t unit, uint64_t size)
{
	uint64_t seed = unit;

	switch (skew) {
	case 0:
		return 10;
	case 1: /* dearer and dearer */
		return unit;
	case 2: /* cheaper and cheaper */
		return size - unit;
	case 3: /* a dear tenth: first, in the middle, last */
		return unit < size / 10 ? 10 : 1;
	case 4:
		return unit - size / 2 < size / 10 ? 10 : 1;
	case 5:
		return unit >= size - size / 10 ? 10 : 1;
	default: /* one in sixteen at random costs hundred times as much */
		return padata_random(&seed) % 16 ? 1 : 100;
	}
}

/*
 * Threads that each take the next chunk when they have done the last, in
 * simulated time: none ends later than 10 % past the ideal.
 */
static void balance(void **state)
{
	static const unsigned counts[] = {2, 3, 4, 7, 16, 52, 104};
	struct mu_padata_mt_job job = {.size = 200000, .min_chunk = 8};

	(void)state;
	for (unsigned c = 0; c < MU_ARRAY_SIZE(counts) * SKEWS; c++) {
		unsigned threads = counts[c / SKEWS], skew = c % SKEWS;
		uint64_t busy_to[104] = {0}, total = 0, longest = 0, end;
		struct mu_padata_chunks chunks;

		mu_chunks_init(&chunks, &job, threads);
		for (uint64_t at = 0; at != job.size; at = end) {
			unsigned first = 0;

			for (unsigned t = 1; t < threads; t++)
				if (busy_to[t] < busy_to[first])
					first = t;
			end = mu_chunk_end(&chunks, at);
			for (uint64_t unit = at; unit < end; unit++) {
				busy_to[first] += cost(skew, unit, job.size);
				total += cost(skew, unit, job.size);
			}
			longest = MU_MAX(longest, busy_to[first]);
		}
		if (longest * threads * 10 > total * 11)
			fail_msg("skew %u on %u threads: %llu, ideal %llu",
				 skew, threads, (unsigned long long)longest,
				 (unsigned long long)(total / threads));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edges),      cmocka_unit_test(random_cuts),
		cmocka_unit_test(few_chunks), cmocka_unit_test(worth),
		cmocka_unit_test(balance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
