/* SPDX-License-Identifier: MIT */
/*
 * svg_scale: where an address is in a picture.
 *
 * A machine has ranges of 4 KiB and holes of a terabyte, and all are to be
 * seen. So the address space is cut into *pieces* wherever anything begins or
 * ends, and the width of a piece grows with the logarithm of its size, squared,
 * half of that for a hole, never below a few pixels. Inside a piece the scale
 * is linear. What a piece stands for is written on it or at its ends.
 */
#ifndef MEMUP_CLI_SVG_SCALE_H
#define MEMUP_CLI_SVG_SCALE_H

#include "cli/show.h"

struct svg_piece {
	mu_phys_t start, end;
	bool hole;
	double x, width; /* pixels */
};

struct svg_scale {
	struct svg_piece *piece; /* from address 0, without a gap */
	size_t nr;
	double left, right; /* pixels */
};

/*
 * Make the scale of @shown, from pixel @left on, about @width wide; wider
 * where there are too many pieces. False without memory.
 */
bool svg_scale_make(struct svg_scale *scale, const struct shown *shown,
		    double left, double width);
void svg_scale_free(struct svg_scale *scale);

/* The pixel of @address, which is not past the last range. */
double svg_scale_x(const struct svg_scale *scale, mu_phys_t address);

#endif
