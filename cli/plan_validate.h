/* SPDX-License-Identifier: MIT */
/* plan_validate: the model against what was measured on six machines. */
#ifndef MEMUP_CLI_PLAN_VALIDATE_H
#define MEMUP_CLI_PLAN_VALIDATE_H

#include <stdbool.h>
#include <stdio.h>
#include "cli/plan_ladders.h"

/* The model's goal: a median error of at most this many per cent. */
#define PLAN_GOAL 15.0

/*
 * Predict every rung of @ladder except the first and the last, which calibrate:
 * one thread and all CPUs of a node, which anybody can measure without knowing
 * the answer. ms[i] is the prediction for rung i; those two are met exactly.
 */
void plan_predict(const struct plan_ladder *ladder, double *ms);

/* Median and worst error of all predicted rungs of @nr ladders, in per cent,
 * without sign. */
void plan_errors(const struct plan_ladder *ladders, unsigned nr, double *median,
		 double *worst);

/* Print every rung. Returns whether the goal is met by all ladders together. */
bool plan_validate(FILE *out, bool json);

#endif
