// SPDX-License-Identifier: MIT
/* svg_legend: the colours that are in the picture, and no others. */
#include "cli/svg_paint.h"

#define LEGEND_TOP    76.0
#define LEGEND_HEIGHT 22.0

struct legend {
	struct picture *picture;
	double x, y;
	bool drawing; /* else only measuring */
};

static void legend_entry(struct legend *legend, const char *fill, bool dashed,
			 const char *text)
{
	double width = 24 + svg_text_width(text, 12) + 16;
	FILE *out = legend->picture->out;

	if (legend->x + width > legend->picture->width - MARGIN) {
		legend->x = LANES_LEFT;
		legend->y += LEGEND_HEIGHT;
	}
	if (legend->drawing)
		fprintf(out,
			"<rect x=\"%.1f\" y=\"%.1f\" width=\"16\" "
			"height=\"12\" fill=\"%s\" stroke=\"#444\" "
			"stroke-width=\"0.6\"%s/>\n<text x=\"%.1f\" y=\"%.1f\" "
			"font-size=\"12\">%s</text>\n",
			legend->x, legend->y - 10, fill,
			dashed ? " stroke-dasharray=\"4 2\"" : "",
			legend->x + 22, legend->y, text);
	legend->x += width;
}

static void legend_title(struct legend *legend, const char *text)
{
	legend->x = LANES_LEFT;
	if (legend->drawing)
		fprintf(legend->picture->out,
			"<text x=\"%.1f\" y=\"%.1f\" font-size=\"12\" "
			"fill=\"#555\">%s</text>\n",
			MARGIN, legend->y, text);
}

/* Flags that ranges of RAM have, any of them. */
static unsigned flags_of(const struct mu_machine *machine)
{
	unsigned flags = 0;

	for (unsigned i = 0; i < machine->nr_ranges; i++)
		if (machine->ranges[i].type == MU_RANGE_RAM)
			flags |= machine->ranges[i].flags;
	return flags;
}

static void firmware_entries(struct legend *legend)
{
	const struct picture *picture = legend->picture;
	const struct mu_machine *machine = picture->machine;
	unsigned flags = flags_of(machine);
	bool types[MU_NR_RANGE_TYPES] = {false}, holes = false;

	for (unsigned i = 0; i < machine->nr_ranges; i++)
		types[machine->ranges[i].type] = true;
	for (size_t i = 0; i < picture->scale.nr; i++)
		holes |= picture->scale.piece[i].hole;
	for (unsigned i = 0; i < MU_NR_RANGE_TYPES; i++) {
		struct mu_range range = {.type = (uint16_t)i};

		if (types[i])
			legend_entry(legend, svg_range_colour(&range), false,
				     mu_range_type_str((enum mu_range_type)i));
	}
	if (flags & (MU_RANGE_KEPT | MU_RANGE_NOMAP))
		legend_entry(legend, svg_taken_colour, false,
			     "memory that is kept");
	if (flags & MU_RANGE_HOTPLUG)
		legend_entry(legend, "#ffffff", true, "hotplug");
	if (flags & MU_RANGE_MIRROR)
		legend_entry(legend, svg_mirror_colour, false, "mirrored");
	if (holes)
		legend_entry(legend, svg_hole_colour, false,
			     "hole, the scale is broken");
}

static void reserved_entries(struct legend *legend)
{
	const struct reserve *reserve = legend->picture->reserve;
	bool crash = false, shared = false, named = false;

	for (unsigned i = 0; i < reserve->nr; i++) {
		named |= reserve->row[i].name[0];
		shared |= reserve->row[i].shared;
		crash |= !reserve->row[i].name[0] && !reserve->row[i].shared;
	}
	if (crash)
		legend_entry(legend, svg_crash_colour, false, "crash kernel");
	if (shared)
		legend_entry(legend, svg_crash_colour, true,
			     "crash kernel, MOVABLE until then");
	if (named)
		legend_entry(legend, svg_named_colour, false, "reserve_mem");
}

double svg_legend(struct picture *picture, bool drawing)
{
	struct legend legend = {picture, LANES_LEFT, LEGEND_TOP, drawing};
	bool zones[MU_NR_ZONES] = {false};

	legend_title(&legend, "firmware");
	firmware_entries(&legend);
	if (picture->reserve->nr) {
		legend.y += LEGEND_HEIGHT;
		legend_title(&legend, "reserved");
		reserved_entries(&legend);
	}
	legend.y += LEGEND_HEIGHT;
	legend_title(&legend, "zones");
	for (unsigned i = 0; i < picture->mm->buddy.nr_zones; i++)
		zones[picture->mm->buddy.zones[i].type] = true;
	for (unsigned i = 0; i < MU_NR_ZONES; i++)
		if (zones[i])
			legend_entry(
				&legend, svg_zone_colour((enum mu_zone_type)i),
				false, mu_zone_type_str((enum mu_zone_type)i));
	return legend.y + LEGEND_HEIGHT;
}
