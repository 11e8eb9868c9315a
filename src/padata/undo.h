/* SPDX-License-Identifier: MIT */
/*
 * undo: take back exactly what was done.
 *
 * When no thread works any more, the chunks that were taken are the first ones
 * of the job, and they can be cut again as they were cut before (chunk.h). All
 * of them were done but for those that failed, at most one a thread, since a
 * failure puts the cursor to the end. Each is a node on the stack of the thread
 * that had it, which stays there until undo is over.
 */
#ifndef MU_PADATA_UNDO_H
#define MU_PADATA_UNDO_H

#include "memup/padata.h"

struct mu_padata_failed {
	uint64_t start, end;
	struct mu_padata_failed *next;
};

/*
 * Any thread: the chunk in @failed was not done. @failed stays until
 * mu_undo_stay() returns, that of the caller until mu_undo_over().
 */
void mu_undo_except(struct mu_padata_mt *mt, struct mu_padata_failed *failed);

/* A helper that has called mu_undo_except(): until undo is over. */
void mu_undo_stay(struct mu_padata_mt *mt);

/* The caller, with no thread working: call undo_fn for all that was done. */
void mu_undo(struct mu_padata_mt *mt);

/* The caller, undone or not: let those that stay go. */
void mu_undo_over(struct mu_padata_mt *mt);

#endif
