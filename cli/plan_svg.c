// SPDX-License-Identifier: MIT
#include <math.h>
#include "cli/plan_svg.h"
#include "cli/svg_paint.h"
#include "cli/text.h"

/* The plot's place in the picture. */
#define WIDTH  760
#define HEIGHT 430
#define LEFT   90
#define RIGHT  730
#define TOP    70
#define BOTTOM 370

/* Enough for a curve that looks smooth. */
#define CURVE_POINTS 400

/* 1, 2 or 5 times a power of ten, so that there are at most @most steps. */
static double step_of(double all, unsigned most)
{
	double least = all / most, power = pow(10, floor(log10(least)));

	for (unsigned i = 0; i < 3; i++) {
		double step = power * (i == 0 ? 1 : i == 1 ? 2 : 5);

		if (step >= least)
			return step;
	}
	return 10 * power;
}

static double x_of(double thread, unsigned threads)
{
	double part = threads > 1 ? (thread - 1) / (threads - 1) : 0.5;

	return LEFT + part * (RIGHT - LEFT);
}

static double y_of(double ns, double top)
{
	return BOTTOM - ns / top * (BOTTOM - TOP);
}

static void text_at(FILE *out, double x, double y, const char *anchor,
		    const char *class, const char *text)
{
	fprintf(out,
		"<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" "
		"class=\"%s\">",
		x, y, anchor, class);
	svg_escaped(out, text);
	fputs("</text>\n", out);
}

static void line(FILE *out, double x1, double y1, double x2, double y2,
		 const char *class)
{
	fprintf(out,
		"<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" "
		"class=\"%s\"/>\n",
		x1, y1, x2, y2, class);
}

static void axes(FILE *out, double top, unsigned threads)
{
	double step_y = step_of(top, 6), step_x = fmax(1, step_of(threads, 12));
	char number[24];

	for (unsigned i = 0; i * step_y <= top * 1.0001; i++) {
		double y = y_of(i * step_y, top);

		line(out, LEFT, y, RIGHT, y, "grid");
		text_at(out, LEFT - 8, y + 4, "end", "small",
			i ? time_text((uint64_t)(i * step_y)) : "0");
	}
	/* One thread is where it begins; the rest at round numbers. */
	for (unsigned i = 0; !i || i * step_x <= threads; i++) {
		double n = i ? i * step_x : 1;
		double x = x_of(n, threads);

		if (i && n <= 1)
			continue;
		line(out, x, BOTTOM, x, BOTTOM + 5, "axis");
		snprintf(number, sizeof(number), "%.0f", n);
		text_at(out, x, BOTTOM + 20, "middle", "small", number);
	}
	line(out, LEFT, BOTTOM, RIGHT, BOTTOM, "axis");
	text_at(out, (LEFT + RIGHT) / 2.0, BOTTOM + 44, "middle", "small",
		"threads on each node");
}

static void knee(FILE *out, double top, unsigned threads, unsigned at,
		 double ns)
{
	double x = x_of(at, threads), y = y_of(ns, top);
	bool right = x > (LEFT + RIGHT) / 2.0;
	char text[96];

	line(out, x, y, x, BOTTOM, "knee");
	fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" class=\"dot\"/>",
		x, y);
	snprintf(text, sizeof(text), "knee: %u thread%s, %s", at,
		 at == 1 ? "" : "s", time_text((uint64_t)ns));
	/* The curve comes down from the left. */
	text_at(out, right ? x - 10 : x + 10, right ? y + 24 : y - 22,
		right ? "end" : "start", "mark", text);
}

void plan_svg(FILE *out, const char *title, const struct plan_model *model,
	      const struct plan_node *nodes, unsigned nr, unsigned threads)
{
	double one = plan_longest(model, nodes, nr, 1), memory = 0;
	unsigned at = plan_knee(model, nodes, nr, threads), last = 0;
	double step = step_of(one, 6), top = step * ceil(one / step);

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
		"height=\"%d\" viewBox=\"0 0 %d %d\">\n<style>"
		"text{font-family:sans-serif;fill:#222}"
		".title{font-size:17px}.small{font-size:12px}"
		".mark{font-size:13px;font-weight:bold;fill:#b03020}"
		".grid{stroke:#e4e4e4}.axis{stroke:#444}"
		".memory{stroke:#888;stroke-dasharray:5 4}"
		".knee{stroke:#b03020;stroke-dasharray:2 3}"
		".dot{fill:#b03020}"
		".curve{fill:none;stroke:#2060a0;stroke-width:2.5}"
		"</style>\n"
		"<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
		WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT);
	text_at(out, LEFT, 30, "start", "title", title);
	text_at(out, LEFT, 50, "start", "small",
		"predicted time until the last descriptor is written");
	axes(out, top, threads);
	for (unsigned i = 0; i < nr; i++)
		memory = fmax(memory, (double)nodes[i].pages * model->node_ns);
	if (memory > 0) {
		double y = y_of(memory, top);

		line(out, LEFT, y, RIGHT, y, "memory");
		/* The curve is above the line, and far above it at the left. */
		if (y < BOTTOM - 30)
			text_at(out, RIGHT, y + 15, "end", "small",
				"memory alone");
		else
			text_at(out, LEFT + 6, y - 5, "start", "small",
				"memory alone");
	}
	fputs("<polyline class=\"curve\" points=\"", out);
	for (unsigned i = 0; i <= CURVE_POINTS; i++) {
		unsigned n = 1 + (unsigned)((uint64_t)(threads - 1) * i /
					    CURVE_POINTS);

		if (n == last)
			continue;
		last = n;
		fprintf(out, "%.1f,%.1f ", x_of(n, threads),
			y_of(plan_longest(model, nodes, nr, n), top));
	}
	fputs("\"/>\n", out);
	knee(out, top, threads, at, plan_longest(model, nodes, nr, at));
	fputs("</svg>\n", out);
}
