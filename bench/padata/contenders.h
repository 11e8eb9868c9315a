/* SPDX-License-Identifier: MIT */
/* contenders: who runs the work, each with @threads threads. */
#ifndef BENCH_PADATA_CONTENDERS_H
#define BENCH_PADATA_CONTENDERS_H

#include "bench/padata/work.h"

#ifdef __cplusplus
extern "C" {
#endif

void omp_static_run(const struct work *work, unsigned threads);
void omp_dynamic_run(const struct work *work, unsigned threads);
void omp_guided_run(const struct work *work, unsigned threads);
void tbb_run(const struct work *work, unsigned threads);

#ifdef __cplusplus
}
#endif

#endif
