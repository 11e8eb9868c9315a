/* SPDX-License-Identifier: MIT */
/* svg: a machine's map as a picture, SVG 1.1. */
#ifndef MEMUP_CLI_SVG_H
#define MEMUP_CLI_SVG_H

#include <stdio.h>
#include "cli/show.h"

/*
 * Draw @shown on @out: the firmware's ranges and holes in one lane, below it
 * what parameters reserve, if they do, and a lane for each node with the zones
 * of its memory; one rect each, with a title that tells all of it. False when
 * there is no memory for the picture; whether it could be written only @out
 * knows.
 */
bool svg_draw(FILE *out, const struct shown *shown);

#endif
