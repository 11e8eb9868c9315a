// SPDX-License-Identifier: MIT
/*
 * finish: overlapping ranges in, disjoint ones out.
 *
 * A *cover* is a list sorted by base, and a heap of its members that lie at the
 * current address, the one that wins on top. Two covers, the ranges and the
 * affinities, are walked upwards together: from the current address to the
 * next where a winner ends or anything begins, one type and one node hold. That
 * piece is a range of the finished machine. Each member enters its heap once
 * and leaves it once: O(n log n).
 */
#include "base/bits.h"
#include "base/fmt.h"
#include "base/string.h"
#include "machine/fake.h"
#include "machine/perf.h"

struct cover {
	const struct mu_range *list;
	unsigned nr, next; /* members below @next have entered the heap */
	uint32_t *heap;
	unsigned depth;
	bool (*wins)(const struct mu_range *a, const struct mu_range *b);
};

/* The higher type wins, then more flags: whatever the order they came in. */
static bool range_wins(const struct mu_range *a, const struct mu_range *b)
{
	if (a->type != b->type)
		return a->type > b->type;
	return a->flags > b->flags;
}

static bool affinity_wins(const struct mu_range *a, const struct mu_range *b)
{
	if (a->size != b->size)
		return a->size < b->size;
	if (a->nid != b->nid)
		return a->nid < b->nid;
	return a->flags > b->flags;
}

/* Equal bases are ordered too, so that the result does not depend on the order
 * in which ranges were added. */
static bool sorts_before(const struct mu_range *a, const struct mu_range *b)
{
	return a->base != b->base ? a->base < b->base : affinity_wins(a, b);
}

static void swap_ranges(struct mu_range *a, struct mu_range *b)
{
	struct mu_range old = *a;

	*a = *b;
	*b = old;
}

static void sift_down(struct mu_range *list, unsigned at, unsigned nr)
{
	for (unsigned child; (child = 2 * at + 1) < nr; at = child) {
		if (child + 1 < nr &&
		    sorts_before(&list[child], &list[child + 1]))
			child++;
		if (!sorts_before(&list[at], &list[child]))
			return;
		swap_ranges(&list[at], &list[child]);
	}
}

/* Heapsort: no recursion, no memory, never quadratic. */
static void sort_by_base(struct mu_range *list, unsigned nr)
{
	for (unsigned i = nr / 2; i-- > 0;)
		sift_down(list, i, nr);
	for (unsigned i = nr; i-- > 1;) {
		swap_ranges(&list[0], &list[i]);
		sift_down(list, 0, i);
	}
}

static bool heap_wins(const struct cover *cover, unsigned a, unsigned b)
{
	return cover->wins(&cover->list[cover->heap[a]],
			   &cover->list[cover->heap[b]]);
}

static void heap_swap(struct cover *cover, unsigned a, unsigned b)
{
	uint32_t old = cover->heap[a];

	cover->heap[a] = cover->heap[b];
	cover->heap[b] = old;
}

static void heap_push(struct cover *cover, unsigned member)
{
	unsigned at = cover->depth++;

	cover->heap[at] = member;
	for (unsigned up; at && heap_wins(cover, at, up = (at - 1) / 2);
	     at = up)
		heap_swap(cover, at, up);
}

static void heap_pop(struct cover *cover)
{
	cover->heap[0] = cover->heap[--cover->depth];
	for (unsigned at = 0, child; (child = 2 * at + 1) < cover->depth;
	     at = child) {
		if (child + 1 < cover->depth &&
		    heap_wins(cover, child + 1, child))
			child++;
		if (!heap_wins(cover, child, at))
			return;
		heap_swap(cover, at, child);
	}
}

static mu_phys_t range_end(const struct mu_range *range)
{
	return range->base + range->size;
}

/*
 * The winner at @at, or NULL; @at never goes down. *@until shrinks to where
 * that may change.
 */
static const struct mu_range *cover_at(struct cover *cover, mu_phys_t at,
				       mu_phys_t *until)
{
	const struct mu_range *top = NULL;

	while (cover->next < cover->nr && cover->list[cover->next].base <= at)
		heap_push(cover, cover->next++);
	while (cover->depth) {
		top = &cover->list[cover->heap[0]];
		if (range_end(top) > at)
			break;
		heap_pop(cover);
		top = NULL;
	}
	if (top)
		*until = MU_MIN(*until, range_end(top));
	if (cover->next < cover->nr)
		*until = MU_MIN(*until, cover->list[cover->next].base);
	return top;
}

static bool continues(const struct mu_range *last, const struct mu_range *piece)
{
	return range_end(last) == piece->base && last->type == piece->type &&
	       last->flags == piece->flags && last->nid == piece->nid;
}

/* Write the pieces to scratch_ranges. How many, or max_ranges + 1. */
static unsigned cut(struct mu_machine *machine)
{
	struct cover ranges = {
		.list = machine->ranges,
		.nr = machine->nr_ranges,
		.heap = machine->scratch_heap,
		.wins = range_wins,
	};
	struct cover affinities = {
		.list = machine->affinities,
		.nr = machine->nr_affinities,
		.heap = machine->scratch_heap + machine->max_ranges,
		.wins = affinity_wins,
	};
	struct mu_range *out = machine->scratch_ranges;
	int nid = machine->nr_affinities ? machine->affinities[0].nid : 0;
	mu_phys_t left = machine->ram_limit ? machine->ram_limit : MU_PHYS_MAX;
	mu_phys_t at = 0, until;
	unsigned nr = 0;

	for (; at < MU_PHYS_MAX; at = until) {
		const struct mu_range *range, *affinity;
		struct mu_range piece;

		until = MU_PHYS_MAX;
		range = cover_at(&ranges, at, &until);
		affinity = cover_at(&affinities, at, &until);
		if (!range || (range->type == MU_RANGE_RAM && !left))
			continue;
		if (range->type == MU_RANGE_RAM) {
			until = MU_MIN(until, at + MU_MIN(left, until - at));
			left -= until - at;
		}
		if (affinity)
			nid = affinity->nid;
		piece = (struct mu_range){
			.base = at,
			.size = until - at,
			.type = range->type,
			.flags = range->flags,
			.nid = nid,
		};
		if (affinity)
			piece.flags |= affinity->flags;
		if (nr && continues(&out[nr - 1], &piece)) {
			out[nr - 1].size += piece.size;
			continue;
		}
		if (nr == machine->max_ranges)
			return nr + 1;
		out[nr++] = piece;
	}
	return nr;
}

static void complete_nodes(struct mu_machine *machine, int first)
{
	for (unsigned i = 0; i < machine->nr_ranges; i++) {
		unsigned nid = (unsigned)machine->ranges[i].nid;

		machine->nodes[nid].present = true;
		machine->nr_nodes = MU_MAX(machine->nr_nodes, nid + 1);
	}
	if (!mu_machine_cpus(machine))
		machine->nodes[first].nr_cpus = 1;
	for (unsigned i = 0; i < machine->nr_nodes; i++) {
		for (unsigned j = 0; j < machine->nr_nodes; j++) {
			uint8_t *distance =
				&machine->distances[i * machine->max_nodes + j];

			if (!*distance)
				*distance = i == j ? 10 : 20;
		}
	}
}

enum mu_status mu_machine_finish(struct mu_machine *machine,
				 struct mu_error *error)
{
	unsigned nr, ram = 0;
	enum mu_status status;

	if (machine->finished)
		return MU_OK;
	sort_by_base(machine->ranges, machine->nr_ranges);
	sort_by_base(machine->affinities, machine->nr_affinities);
	nr = cut(machine);
	if (nr <= machine->max_ranges && machine->fake) {
		status = mu_fake_nodes(machine, nr, error);
		if (status)
			return status;
		sort_by_base(machine->affinities, machine->nr_affinities);
		nr = cut(machine);
	}
	if (nr > machine->max_ranges)
		return mu_fail(error, MU_ERR_FULL, 0,
			       "more than %u memory ranges after cutting",
			       machine->max_ranges);
	while (ram < nr && machine->scratch_ranges[ram].type != MU_RANGE_RAM)
		ram++;
	if (ram == nr)
		return mu_fail(error, MU_ERR_NOT_FOUND, 0,
			       "the machine has no usable memory");
	memcpy(machine->ranges, machine->scratch_ranges,
	       nr * sizeof(*machine->ranges));
	machine->nr_ranges = nr;
	complete_nodes(machine, machine->ranges[ram].nid);
	mu_perf_finish(machine);
	machine->finished = true;
	return MU_OK;
}
