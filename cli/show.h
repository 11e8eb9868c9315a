/* SPDX-License-Identifier: MIT */
/* show: what `memup show` prints about a machine, as tables and as JSON. */
#ifndef MEMUP_CLI_SHOW_H
#define MEMUP_CLI_SHOW_H

#include "cli/reserve.h"

struct shown {
	const struct mu_machine *machine;
	const struct mu_mm *mm; /* of it, started */
	const struct reserve *reserve;
};

void show_tables(const struct shown *shown);
void show_json(FILE *out, const struct shown *shown);

/* One line of the map: a range, or the hole before one. */
struct show_line {
	mu_phys_t base, size;
	const struct mu_range *range; /* NULL: a hole */
};

/* Step through ranges and holes; @line and @index are zero at first. */
bool show_next_line(const struct mu_machine *machine, struct show_line *line,
		    unsigned *index);

/* "usable", "hole", ... */
const char *show_type(const struct show_line *line);

/* "hotplug mirror" and so on. */
void show_flags(unsigned flags, char *text, size_t size);

/* Step through the pairs of nodes between which a speed is known; both are -1
 * at first. */
bool show_next_perf(const struct mu_machine *machine, int *from, int *to);

#endif
