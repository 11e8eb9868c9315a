/* SPDX-License-Identifier: MIT */
/*
 * undo: take back exactly what was done.
 *
 * When no thread works any more, the chunks that were taken are the first ones
 * of the job, and they can be computed again (chunk.h). All of them were done
 * except those that failed, at most one per thread, since a failure moves the
 * cursor to the end. Each of these is a node on the stack of the thread that
 * had it, which stays until undo is over.
 */
#ifndef MU_PADATA_UNDO_H
#define MU_PADATA_UNDO_H

#include "memup/padata.h"

struct mu_padata_failed {
	uint64_t start, end;
	struct mu_padata_failed *next;
};

/*
 * Any thread: the chunk in @failed was not done. @failed must stay until
 * mu_undo_stay() returns, that of the caller until mu_undo_over().
 */
void mu_undo_except(struct mu_padata_mt *mt, struct mu_padata_failed *failed);

/* A helper that has called mu_undo_except(): wait until undo is over. */
void mu_undo_stay(struct mu_padata_mt *mt);

/* The caller, with no thread working: call undo_fn for all that was done. */
void mu_undo(struct mu_padata_mt *mt);

/* The caller, whether undone or not: release the helpers that stay. */
void mu_undo_over(struct mu_padata_mt *mt);

#endif
