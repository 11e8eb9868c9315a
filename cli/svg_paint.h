/* SPDX-License-Identifier: MIT */
/* svg_paint: boxes, labels and colours of the picture of a map. */
#ifndef MEMUP_CLI_SVG_PAINT_H
#define MEMUP_CLI_SVG_PAINT_H

#include "cli/show.h"
#include "cli/svg_scale.h"

/* Pixels. */
#define MARGIN	    24.0
#define LANES_LEFT  150.0
#define MAP_HEIGHT  46.0
#define LANE_HEIGHT 34.0
#define LANE_GAP    8.0
#define STRIP	    5.0 /* along the lower edge of what is mirrored */

struct picture {
	FILE *out;
	const struct mu_machine *machine;
	const struct mu_mm *mm;
	const struct reserve *reserve;
	struct svg_scale scale;
	double width, map_top, reserved_top, lanes_top, axis_top, height;
	unsigned nr_lanes;
};

/* "#rrggbb", or a pattern of svg_patterns(). */
const char *svg_zone_colour(enum mu_zone_type type);
const char *svg_range_colour(const struct mu_range *range);
extern const char svg_hole_colour[], svg_taken_colour[], svg_crash_colour[],
	svg_named_colour[], svg_mirror_colour[];

/* What the colours that are patterns are made of. */
void svg_patterns(FILE *out);

/* @text as XML has it. */
void svg_escaped(FILE *out, const char *text);

/* "640K" where that is exact and short, else "0x9fc00"; returns @text. */
const char *svg_address(mu_phys_t address, char *text, size_t size);

/* At most as wide as that, in pixels. */
double svg_text_width(const char *text, double font);

/* The longest of two labels that a box has room for, upright if need be. */
void svg_label(FILE *out, double x, double y, double width, double height,
	       const char *long_text, const char *short_text);

/* A box of the map, with the text shown when the reader points at it. */
void svg_box(FILE *out, const char *class, double x, double y, double width,
	     double height, const char *fill, bool dashed, const char *title,
	     ...) __attribute__((format(printf, 9, 10)));

/* Draw, or only measure, the legend: what is in the picture. Returns the y
 * below it. (svg_legend.c) */
double svg_legend(struct picture *picture, bool drawing);

/* The lines and addresses of the axis. False without memory. (svg_axis.c) */
bool svg_axis(struct picture *picture);

#endif
