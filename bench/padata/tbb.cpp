// SPDX-License-Identifier: MIT
/* oneTBB, as a user would write it: parallel_for with its own partitioner. */
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include "bench/padata/contenders.h"

void tbb_run(const struct work *work, unsigned threads)
{
	static tbb::task_arena arena(static_cast<int>(threads));
	using range = tbb::blocked_range<uint64_t>;

	arena.execute([&] {
		tbb::parallel_for(range(0, work->units), [&](const range &r) {
			work_range(work, r.begin(), r.end());
		});
	});
}
