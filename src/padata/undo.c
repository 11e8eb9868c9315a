// SPDX-License-Identifier: MIT
#include "base/port.h"
#include "padata/chunk.h"
#include "padata/undo.h"

void mu_undo_except(struct mu_padata_mt *mt, struct mu_padata_failed *failed)
{
	/* relaxed: the node is published by the release in
	 * mu_helpers_leave(), when this thread stops working. */
	failed->next = atomic_load_explicit(&mt->failed, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(
		&mt->failed, &failed->next, failed, memory_order_relaxed,
		memory_order_relaxed))
		;
}

void mu_undo_stay(struct mu_padata_mt *mt)
{
	mu_wait(mt->port, &mt->undone, 0);
}

static bool was_done(const struct mu_padata_failed *failed, uint64_t start)
{
	while (failed && failed->start != start)
		failed = failed->next;
	return !failed;
}

void mu_undo(struct mu_padata_mt *mt)
{
	/* relaxed: ordered by the wait for those that worked. */
	struct mu_padata_failed *failed =
		atomic_load_explicit(&mt->failed, memory_order_relaxed);
	uint64_t taken = atomic_load_explicit(&mt->done, memory_order_relaxed);
	uint64_t at = mt->job.start, end;

	for (struct mu_padata_failed *f = failed; f; f = f->next)
		taken += f->end - f->start;
	for (uint64_t past = at + taken; at != past; at = end) {
		end = mu_chunk_end(&mt->chunks, at);
		if (was_done(failed, at))
			mt->job.undo_fn(at, end, mt->job.fn_arg);
	}
}

void mu_undo_over(struct mu_padata_mt *mt)
{
	/* relaxed: as in mu_undo(). */
	if (!atomic_load_explicit(&mt->failed, memory_order_relaxed))
		return;
	/* release: pairs with the acquire in mu_wait(): the nodes were read
	 * before their threads return. */
	atomic_store_explicit(&mt->undone, 1, memory_order_release);
	mu_wake(mt->port, &mt->undone);
}
