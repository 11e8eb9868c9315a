// SPDX-License-Identifier: MIT
/* chunk: how a job is cut into chunks, and whether any is left. */
#include "base/bits.h"
#include "padata/chunk.h"

void mu_chunks_init(struct mu_padata_chunks *chunks,
		    const struct mu_padata_mt_job *job, unsigned threads)
{
	chunks->end = job->start + job->size;
	chunks->align = MU_MAX(job->align, 1);
	chunks->least = MU_MAX(job->min_chunk, 1);
	chunks->divisor = (uint64_t)threads * MU_CHUNKS_PER_THREAD;
}

uint64_t mu_chunk_end(const struct mu_padata_chunks *chunks, uint64_t start)
{
	uint64_t left = chunks->end - start;
	uint64_t size, past;

	/* No sum here passes chunks->end, so none wraps. And no division is
	 * wasted: they dominate the cost of a chunk. */
	if (chunks->least >= left)
		return chunks->end;
	size = MU_MAX(left / chunks->divisor, chunks->least);
	past = chunks->align > 1 ? (start + size) % chunks->align : 0;
	if (past)
		size += MU_MIN(chunks->align - past, left - size);
	return start + size;
}

unsigned mu_chunks_worth(const struct mu_padata_mt_job *job, unsigned limit)
{
	uint64_t least = MU_MAX(MU_MAX(job->min_chunk, job->align), 1);
	uint64_t worth = least > 1 ? job->size / least : job->size;

	return worth >= limit ? limit : (unsigned)MU_MAX(worth, 1);
}

bool mu_chunks_guided(const struct mu_padata_chunks *chunks, uint64_t size)
{
	return size / chunks->divisor >= MU_MAX(chunks->least, chunks->align);
}

bool mu_padata_mt_stopped(const struct mu_padata_mt *mt)
{
	/* relaxed: a hint; the current chunk is completed in either case. */
	return atomic_load_explicit(&mt->next, memory_order_relaxed) ==
	       mt->chunks.end;
}
