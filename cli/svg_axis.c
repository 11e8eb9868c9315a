// SPDX-License-Identifier: MIT
/* svg_axis: addresses, as many as there is room for. */
#include <stdlib.h>
#include "cli/svg_paint.h"

#define TICK_STEP 20.0 /* between two slanted addresses */

struct tick {
	mu_phys_t address;
	double x, worth;
};

static int by_worth(const void *a, const void *b)
{
	const struct tick *left = a, *right = b;

	if (left->worth != right->worth)
		return left->worth < right->worth ? 1 : -1;
	return (left->x > right->x) - (left->x < right->x);
}

static void put_tick(struct picture *picture, const struct tick *tick)
{
	double y = picture->axis_top;
	char text[32];

	fprintf(picture->out,
		"<path d=\"M%.1f %.1fV%.1f\" stroke=\"#bbb\" "
		"stroke-width=\"0.7\" fill=\"none\"/>\n"
		"<text transform=\"translate(%.1f %.1f) rotate(45)\" "
		"font-size=\"11\">%s</text>\n",
		tick->x, picture->map_top, y + 6, tick->x - 2, y + 15,
		svg_address(tick->address, text, sizeof(text)));
}

/* The ends of wide pieces first; none too near to one that is there. */
bool svg_axis(struct picture *picture)
{
	const struct svg_scale *scale = &picture->scale;
	struct tick *ticks = calloc(scale->nr + 1, sizeof(*ticks));
	size_t placed = 0;

	if (!ticks)
		return false;
	for (size_t i = 0; i <= scale->nr; i++) {
		const struct svg_piece *at = &scale->piece[i];

		ticks[i].address = i ? at[-1].end : 0;
		ticks[i].x = i ? at[-1].x + at[-1].width : scale->left;
		ticks[i].worth = !i || i == scale->nr ? 1e9 : 0;
		if (i < scale->nr && at->width > ticks[i].worth)
			ticks[i].worth = at->width;
		if (i && at[-1].width > ticks[i].worth)
			ticks[i].worth = at[-1].width;
	}
	qsort(ticks, scale->nr + 1, sizeof(*ticks), by_worth);
	for (size_t i = 0; i <= scale->nr; i++) {
		bool room = true;

		for (size_t j = 0; room && j < placed; j++) {
			double apart = ticks[j].x - ticks[i].x;

			room = apart >= TICK_STEP || apart <= -TICK_STEP;
		}
		if (!room)
			continue;
		put_tick(picture, &ticks[i]);
		ticks[placed++] = ticks[i];
	}
	free(ticks);
	return true;
}
