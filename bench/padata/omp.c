// SPDX-License-Identifier: MIT
/* OpenMP, as a user would write it: each schedule with its default chunk. */
#include "bench/padata/contenders.h"

static int count(unsigned threads)
{
	return (int)threads;
}

void omp_static_run(const struct work *work, unsigned threads)
{
	(void)threads; /* without OpenMP nobody asks for it */
#pragma omp parallel for schedule(static) num_threads(count(threads))
	for (uint64_t i = 0; i < work->units; i++)
		work_unit(work, i);
}

void omp_dynamic_run(const struct work *work, unsigned threads)
{
	(void)threads; /* without OpenMP nobody asks for it */
#pragma omp parallel for schedule(dynamic) num_threads(count(threads))
	for (uint64_t i = 0; i < work->units; i++)
		work_unit(work, i);
}

void omp_guided_run(const struct work *work, unsigned threads)
{
	(void)threads; /* without OpenMP nobody asks for it */
#pragma omp parallel for schedule(guided) num_threads(count(threads))
	for (uint64_t i = 0; i < work->units; i++)
		work_unit(work, i);
}
