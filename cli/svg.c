// SPDX-License-Identifier: MIT
#include "cli/svg.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "cli/bringup.h"
#include "cli/svg_paint.h"
#include "cli/text.h"

/* Pixels. */
#define WIDTH	    1400.0
#define RIGHT	    90.0
#define AXIS_HEIGHT 112.0
#define TAKEN	    8.0 /* along the lower edge of a node's lane */

/* ---- Lanes ---- */

static void put_hole(struct picture *picture, const struct svg_piece *piece)
{
	char from[32], text[32];
	double y = picture->map_top;

	svg_box(picture->out, "hole", piece->x, y, piece->width, MAP_HEIGHT,
		svg_hole_colour, false, "hole of %s from %s",
		size_text(piece->end - piece->start),
		svg_address(piece->start, from, sizeof(from)));
	snprintf(text, sizeof(text), "%s hole",
		 size_text(piece->end - piece->start));
	svg_label(picture->out, piece->x, y, piece->width, MAP_HEIGHT, text,
		  size_text(piece->end - piece->start));
}

static void put_map(struct picture *picture)
{
	const struct mu_machine *machine = picture->machine;
	FILE *out = picture->out;
	double y = picture->map_top;

	fprintf(out,
		"<text x=\"%.1f\" y=\"%.1f\" font-size=\"13\">firmware</text>"
		"\n",
		MARGIN, y + MAP_HEIGHT / 2 + 5);
	for (size_t i = 0; i < picture->scale.nr; i++)
		if (picture->scale.piece[i].hole)
			put_hole(picture, &picture->scale.piece[i]);
	for (unsigned i = 0; i < machine->nr_ranges; i++) {
		const struct mu_range *range = &machine->ranges[i];
		const char *type =
			mu_range_type_str((enum mu_range_type)range->type);
		double x = svg_scale_x(&picture->scale, range->base);
		double width = svg_scale_x(&picture->scale,
					   range->base + range->size) -
			       x;
		bool removable = range->flags & MU_RANGE_HOTPLUG;
		char text[48];

		svg_box(out, "range", x, y, width, MAP_HEIGHT,
			svg_range_colour(range), removable,
			"%s, %s: 0x%" PRIx64 " to 0x%" PRIx64
			", node %d%s%s%s%s",
			type, size_text(range->size), range->base,
			range->base + range->size - 1, range->nid,
			removable ? ", hotplug" : "",
			range->flags & MU_RANGE_MIRROR ? ", mirror" : "",
			range->flags & MU_RANGE_NOMAP ? ", nomap" : "",
			range->flags & MU_RANGE_KEPT ? ", kept" : "");
		if (range->type == MU_RANGE_RAM &&
		    range->flags & MU_RANGE_MIRROR)
			fprintf(out,
				"<rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" "
				"height=\"%.1f\" fill=\"%s\"/>\n",
				x, y + MAP_HEIGHT - STRIP, width, STRIP,
				svg_mirror_colour);
		if (range->type == MU_RANGE_RAM && range->flags & MU_RANGE_KEPT)
			type = "kept";
		if (range->type == MU_RANGE_RAM &&
		    range->flags & MU_RANGE_NOMAP)
			type = "nomap";
		snprintf(text, sizeof(text), "%s %s", type,
			 size_text(range->size));
		svg_label(out, x, y, width, MAP_HEIGHT, text,
			  size_text(range->size));
	}
}

/* What parameters reserve, in a lane of its own. */
static void put_reserved(struct picture *picture)
{
	double y = picture->reserved_top;
	FILE *out = picture->out;

	if (!picture->reserve->nr)
		return;
	fprintf(out,
		"<text x=\"%.1f\" y=\"%.1f\" font-size=\"13\">reserved</text>"
		"\n",
		MARGIN, y + LANE_HEIGHT / 2 + 5);
	for (unsigned i = 0; i < picture->reserve->nr; i++) {
		const struct reserve_row *row = &picture->reserve->row[i];
		double x = svg_scale_x(&picture->scale, row->base);
		double width =
			svg_scale_x(&picture->scale, row->base + row->size) - x;
		const char *name = row->name[0] ? row->name : row->what;
		char text[64];

		svg_box(out, "reserved", x, y, width, LANE_HEIGHT,
			row->name[0] ? svg_named_colour : svg_crash_colour,
			row->shared, "%s%s%s, %s: 0x%" PRIx64 " to 0x%" PRIx64,
			row->what, row->name[0] ? " " : "", row->name,
			size_text(row->size), row->base,
			row->base + row->size - 1);
		snprintf(text, sizeof(text), "%s %s", name,
			 size_text(row->size));
		svg_label(out, x, y, width, LANE_HEIGHT, text,
			  size_text(row->size));
	}
}

/* The part of one region that lies in one zone. */
static void put_zone_part(struct picture *picture, double y,
			  const struct mu_zone *zone,
			  const struct mu_memblock_region *region)
{
	const char *name = mu_zone_type_str(zone->type);
	mu_phys_t start, end;
	char text[48];
	double x, width;

	if (!bringup_zone_part(picture->mm, zone, region, &start, &end))
		return;
	x = svg_scale_x(&picture->scale, start);
	width = svg_scale_x(&picture->scale, end) - x;
	svg_box(picture->out, "zone", x, y, width, LANE_HEIGHT,
		svg_zone_colour(zone->type),
		region->flags & MU_MEMBLOCK_HOTPLUG,
		"node %d, zone %s, %s: 0x%" PRIx64 " to 0x%" PRIx64, zone->nid,
		name, size_text(end - start), start, end - 1);
	snprintf(text, sizeof(text), "%s %s", name, size_text(end - start));
	svg_label(picture->out, x, y, width, LANE_HEIGHT, text,
		  size_text(end - start));
}

/* What is nobody's on a node, over its zones. */
static void put_taken(struct picture *picture, unsigned nid, double y)
{
	const struct mu_machine *machine = picture->machine;

	for (unsigned i = 0; i < machine->nr_ranges; i++) {
		const struct mu_range *range = &machine->ranges[i];
		double x, width;

		if (range->type != MU_RANGE_RAM || range->nid != (int)nid ||
		    !(range->flags & (MU_RANGE_KEPT | MU_RANGE_NOMAP)))
			continue;
		x = svg_scale_x(&picture->scale, range->base);
		width = svg_scale_x(&picture->scale,
				    range->base + range->size) -
			x;
		svg_box(picture->out, "taken", x, y + LANE_HEIGHT - TAKEN,
			width, TAKEN, svg_taken_colour, false,
			"%s, %s: 0x%" PRIx64 " to 0x%" PRIx64,
			range->flags & MU_RANGE_NOMAP ? "nomap" : "kept",
			size_text(range->size), range->base,
			range->base + range->size - 1);
	}
}

static void put_lane(struct picture *picture, unsigned nid, double y)
{
	const struct mu_mm *mm = picture->mm;
	const struct mu_node *node = &mm->buddy.nodes[nid];
	unsigned cpus = picture->machine->nodes[nid].nr_cpus;
	const struct mu_memblock_region *region;
	FILE *out = picture->out;

	fprintf(out,
		"<text x=\"%.1f\" y=\"%.1f\" font-size=\"13\">node %u</text>\n"
		"<text x=\"%.1f\" y=\"%.1f\" font-size=\"11\" fill=\"#555\">"
		"%s, %u CPU%s</text>\n",
		MARGIN, y + 14, nid, MARGIN, y + 29,
		node->present_pages
			? size_text(node->present_pages << mm->page_shift)
			: "no memory",
		cpus, cpus == 1 ? "" : "s");
	mu_for_each_mem_region (&mm->memblock, region) {
		if ((region->nid < 0 ? 0u : (unsigned)region->nid) != nid)
			continue;
		for (unsigned type = 0; type < MU_NR_ZONES; type++)
			if (node->zone_id[type] != MU_NO_ZONE)
				put_zone_part(
					picture, y,
					&mm->buddy.zones[node->zone_id[type]],
					region);
	}
}

/* What the lines of the axis cross. */
static void put_lane_grounds(struct picture *picture)
{
	for (unsigned i = 0; i < picture->nr_lanes; i++)
		fprintf(picture->out,
			"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
			"height=\"%.1f\" fill=\"#f4f4f4\"/>\n",
			LANES_LEFT,
			picture->lanes_top + i * (LANE_HEIGHT + LANE_GAP),
			picture->scale.right - LANES_LEFT, LANE_HEIGHT);
}

static void put_lanes(struct picture *picture)
{
	double y = picture->lanes_top;

	for (unsigned nid = 0; nid < picture->machine->nr_nodes; nid++) {
		if (!picture->machine->nodes[nid].present)
			continue;
		put_lane(picture, nid, y);
		put_taken(picture, nid, y);
		y += LANE_HEIGHT + LANE_GAP;
	}
}

/* ---- All of it ---- */

static void put_head(struct picture *picture)
{
	const struct mu_machine *machine = picture->machine;
	unsigned cpus = mu_machine_cpus(machine);
	double room = picture->width - 2 * MARGIN;
	double font = room / svg_text_width(machine->source, 1);
	FILE *out = picture->out;

	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" "
		"width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" "
		"font-family=\"sans-serif\" fill=\"#222\">\n"
		"<title>",
		picture->width, picture->height, picture->width,
		picture->height);
	svg_escaped(out, machine->source);
	fputs("</title>\n", out);
	svg_patterns(out);
	fprintf(out,
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n"
		"<text x=\"%.1f\" y=\"34\" font-size=\"%.1f\" "
		"font-weight=\"bold\">",
		MARGIN, font < 18 ? font : 18);
	svg_escaped(out, machine->source);
	fprintf(out,
		"</text>\n<text x=\"%.1f\" y=\"54\" font-size=\"12\" "
		"fill=\"#555\">%s of RAM in %u node%s, %u CPU%s, pages of %s"
		"%s%s. Addresses grow to the right; the width of a piece is by "
		"the logarithm of its size.</text>\n",
		MARGIN, size_text(mu_machine_ram(machine)), picture->nr_lanes,
		picture->nr_lanes == 1 ? "" : "s", cpus, cpus == 1 ? "" : "s",
		size_text((uint64_t)1 << machine->page_shift),
		machine->arch ? ", " : "",
		machine->arch ? mu_arch_str(machine->arch) : "");
}

/* From the top down. */
static void place(struct picture *picture)
{
	double y;

	for (unsigned nid = 0; nid < picture->machine->nr_nodes; nid++)
		picture->nr_lanes += picture->machine->nodes[nid].present;
	/* The last address hangs out on the right. */
	picture->width = picture->scale.right + RIGHT;
	picture->map_top = svg_legend(picture, false);
	y = picture->map_top + MAP_HEIGHT + 2 * LANE_GAP;
	picture->reserved_top = y;
	if (picture->reserve->nr)
		y += LANE_HEIGHT + 2 * LANE_GAP;
	picture->lanes_top = y;
	picture->axis_top = y + picture->nr_lanes * (LANE_HEIGHT + LANE_GAP);
	picture->height = picture->axis_top + AXIS_HEIGHT;
}

bool svg_draw(FILE *out, const struct shown *shown)
{
	struct picture picture = {
		.out = out,
		.machine = shown->machine,
		.mm = shown->mm,
		.reserve = shown->reserve,
	};
	bool done;

	if (!svg_scale_make(&picture.scale, shown, LANES_LEFT,
			    WIDTH - LANES_LEFT - RIGHT))
		return false;
	place(&picture);
	put_head(&picture);
	svg_legend(&picture, true);
	put_lane_grounds(&picture);
	done = svg_axis(&picture);
	put_map(&picture);
	put_reserved(&picture);
	put_lanes(&picture);
	fputs("</svg>\n", out);
	svg_scale_free(&picture.scale);
	return done;
}
