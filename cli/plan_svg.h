/* SPDX-License-Identifier: MIT */
/* plan_svg: the curve of a plan as a picture. */
#ifndef MEMUP_CLI_PLAN_SVG_H
#define MEMUP_CLI_PLAN_SVG_H

#include <stdio.h>
#include "cli/plan_model.h"

/*
 * Time over threads a node, from 1 to @threads, with the knee marked and the
 * time that the nodes' memory alone takes as a line. @title is any text.
 */
void plan_svg(FILE *out, const char *title, const struct plan_model *model,
	      const struct plan_node *nodes, unsigned nr, unsigned threads);

#endif
