/* SPDX-License-Identifier: MIT */
/*
 * chunk: how large a piece of a job the next thread takes.
 *
 * Guided self-scheduling (Polychronopoulos and Kuck, 1987): a fixed share of
 * what is left, so that chunks are large while there is much to do and small
 * near the end, where they level the threads out. The share is 1 / (32 *
 * threads): a chunk is never longer than what the other threads have left as
 * long as its units cost less than 32 times the mean of those after it. It
 * takes some 32 * threads * ln(chunks at the least size) chunks in all.
 *
 * The end of a chunk depends only on where it begins. So a job always has the
 * same chunks, whoever takes them, and they can be computed again: undo needs
 * no record of them.
 */
#ifndef MU_PADATA_CHUNK_H
#define MU_PADATA_CHUNK_H

#include "memup/padata.h"

#define MU_CHUNKS_PER_THREAD 32

/* Fill @chunks from @job, whose range does not wrap. */
void mu_chunks_init(struct mu_padata_chunks *chunks,
		    const struct mu_padata_mt_job *job, unsigned threads);

/* Where the chunk that begins at @start ends; @start is below chunks->end. */
uint64_t mu_chunk_end(const struct mu_padata_chunks *chunks, uint64_t start);

/*
 * Is the share of the first chunk above the least size? If not, the job is too
 * small for its threads to have many chunks each.
 */
bool mu_chunks_guided(const struct mu_padata_chunks *chunks, uint64_t size);

/* How many chunks of the least size @job has, at least 1, at most @limit. */
unsigned mu_chunks_worth(const struct mu_padata_mt_job *job, unsigned limit);

#endif
