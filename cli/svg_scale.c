// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdlib.h>
#include "cli/svg_scale.h"

#define LEAST_PIXELS 3.0
#define HOLE_PIXELS  7.0

static int by_value(const void *a, const void *b)
{
	mu_phys_t left = *(const mu_phys_t *)a, right = *(const mu_phys_t *)b;

	return (left > right) - (left < right);
}

/* Every address at which a range, a zone or a reservation begins or ends,
 * sorted. */
static size_t collect_edges(mu_phys_t *edges, const struct shown *shown)
{
	const struct mu_machine *machine = shown->machine;
	const struct mu_mm *mm = shown->mm;
	const struct mu_range *last = &machine->ranges[machine->nr_ranges - 1];
	mu_phys_t top = last->base + last->size;
	size_t nr = 0, unique = 1;

	edges[nr++] = 0;
	for (unsigned i = 0; i < machine->nr_ranges; i++) {
		edges[nr++] = machine->ranges[i].base;
		edges[nr++] = machine->ranges[i].base + machine->ranges[i].size;
	}
	for (unsigned i = 0; i < mm->buddy.nr_zones; i++) {
		const struct mu_zone *zone = &mm->buddy.zones[i];
		mu_phys_t start = zone->start_pfn << mm->page_shift;
		mu_phys_t end = zone->end_pfn << mm->page_shift;

		edges[nr++] = start < top ? start : top;
		edges[nr++] = end < top ? end : top;
	}
	for (unsigned i = 0; i < shown->reserve->nr; i++) {
		const struct reserve_row *row = &shown->reserve->row[i];

		edges[nr++] = row->base;
		edges[nr++] = row->base + row->size;
	}
	qsort(edges, nr, sizeof(*edges), by_value);
	for (size_t i = 1; i < nr; i++)
		if (edges[i] != edges[unique - 1])
			edges[unique++] = edges[i];
	return unique;
}

/* Zones begin and end in holes too: a hole is one piece. */
static void make_pieces(struct svg_scale *scale,
			const struct mu_machine *machine,
			const mu_phys_t *edges, size_t nr)
{
	unsigned at = 0;

	for (size_t i = 0; i + 1 < nr; i++) {
		struct svg_piece *piece = &scale->piece[scale->nr];
		const struct mu_range *range;

		while (at < machine->nr_ranges &&
		       machine->ranges[at].base + machine->ranges[at].size <=
			       edges[i])
			at++;
		range = &machine->ranges[at];
		*piece = (struct svg_piece){
			.start = edges[i],
			.end = edges[i + 1],
			.hole = at == machine->nr_ranges ||
				range->base > edges[i],
		};
		if (piece->hole && scale->nr && piece[-1].hole)
			piece[-1].end = piece->end;
		else
			scale->nr++;
	}
}

static double weight(const struct svg_piece *piece)
{
	double log = log2(1 + (double)(piece->end - piece->start) / 4096);

	return log * log * (piece->hole ? 0.5 : 1);
}

static double least(const struct svg_piece *piece)
{
	return piece->hole ? HOLE_PIXELS : LEAST_PIXELS;
}

bool svg_scale_make(struct svg_scale *scale, const struct shown *shown,
		    double left, double width)
{
	const struct mu_machine *machine = shown->machine;
	size_t room = 2 * ((size_t)machine->nr_ranges +
			   shown->mm->buddy.nr_zones + shown->reserve->nr) +
		      1;
	mu_phys_t *edges = malloc(room * sizeof(*edges));
	double sum = 0, x = left;

	*scale = (struct svg_scale){.left = left};
	scale->piece = calloc(room, sizeof(*scale->piece));
	if (!edges || !scale->piece) {
		free(edges);
		svg_scale_free(scale);
		return false;
	}
	make_pieces(scale, machine, edges, collect_edges(edges, shown));
	free(edges);
	for (size_t i = 0; i < scale->nr; i++) {
		sum += weight(&scale->piece[i]);
		width -= least(&scale->piece[i]);
	}
	/* Many pieces: still some room for the large ones. */
	if (width < 400)
		width = 400;
	for (size_t i = 0; i < scale->nr; i++) {
		struct svg_piece *piece = &scale->piece[i];

		piece->x = x;
		piece->width = least(piece) + width * weight(piece) / sum;
		x += piece->width;
	}
	scale->right = x;
	return true;
}

void svg_scale_free(struct svg_scale *scale)
{
	free(scale->piece);
	scale->piece = NULL;
}

double svg_scale_x(const struct svg_scale *scale, mu_phys_t address)
{
	const struct svg_piece *piece;
	size_t low = 0, high = scale->nr - 1;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (scale->piece[middle].end < address)
			low = middle + 1;
		else
			high = middle;
	}
	piece = &scale->piece[low];
	return piece->x + piece->width * (double)(address - piece->start) /
				  (double)(piece->end - piece->start);
}
