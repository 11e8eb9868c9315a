// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "cli/svg.h"
#include "cli/svg_scale.h"
#include "cli/text.h"

/* Pixels. */
#define MARGIN	      24.0
#define LANES_LEFT    150.0
#define WIDTH	      1400.0
#define RIGHT	      90.0
#define MAP_HEIGHT    46.0
#define LANE_HEIGHT   34.0
#define LANE_GAP      8.0
#define LEGEND_TOP    76.0
#define LEGEND_HEIGHT 22.0
#define TICK_STEP     20.0 /* between two slanted addresses */
#define AXIS_HEIGHT   112.0
#define LETTER	      0.66 /* of the size of a font, on average at most */

struct picture {
	FILE *out;
	const struct mu_machine *machine;
	const struct mu_mm *mm;
	struct svg_scale scale;
	double width, map_top, lanes_top, axis_top, height;
	unsigned nr_lanes;
};

/* ---- Colours ---- */

static const char *zone_colour(enum mu_zone_type type)
{
	static const char *const colours[MU_NR_ZONES] = {
		[MU_ZONE_DMA] = "#f2a65a",
		[MU_ZONE_DMA32] = "#f3d36b",
		[MU_ZONE_NORMAL] = "#8cc084",
		[MU_ZONE_MOVABLE] = "#7fb3dd",
	};

	return colours[type];
}

static const char *range_colour(unsigned type)
{
	static const char *const colours[MU_NR_RANGE_TYPES] = {
		[MU_RANGE_NONE] = "#ffffff",
		[MU_RANGE_RAM] = "#d5e8d0",
		[MU_RANGE_RESERVED] = "#a3a3a3",
		[MU_RANGE_ACPI] = "#c7b4e2",
		[MU_RANGE_NVS] = "#9775c4",
		[MU_RANGE_UNUSABLE] = "#e07a7a",
		[MU_RANGE_SOFT_RESERVED] = "#f4bcd0",
		[MU_RANGE_PMEM] = "#76c7bd",
	};

	return colours[type];
}

/* ---- Text ---- */

static void put_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '<')
			fputs("&lt;", out);
		else if (c == '>')
			fputs("&gt;", out);
		else if (c == '&')
			fputs("&amp;", out);
		else if (c == '"')
			fputs("&quot;", out);
		else
			/* XML has no control characters; a file's name may. */
			putc(c < 0x20 || c >= 0x7f ? '?' : c, out);
	}
}

/* "640K" where that is exact and short, else "0x9fc00". */
static const char *address_text(mu_phys_t address, char *text, size_t size)
{
	static const char units[] = "BKMGTP";
	unsigned unit = 0;
	mu_phys_t value = address;

	while (value && !(value & 1023) && unit < 5) {
		value >>= 10;
		unit++;
	}
	if (!address)
		snprintf(text, size, "0");
	else if (unit && value < 10000)
		snprintf(text, size, "%" PRIu64 "%c", value, units[unit]);
	else
		snprintf(text, size, "0x%" PRIx64, address);
	return text;
}

static double text_width(const char *text, double font)
{
	return (double)strlen(text) * font * LETTER;
}

/* The longest of three labels that a box has room for, upright if need be. */
static void put_label(FILE *out, double x, double y, double width,
		      double height, const char *long_text,
		      const char *short_text)
{
	double middle = x + width / 2;

	if (text_width(long_text, 12) + 6 <= width)
		fprintf(out,
			"<text x=\"%.1f\" y=\"%.1f\" font-size=\"12\" "
			"text-anchor=\"middle\">%s</text>\n",
			middle, y + height / 2 + 4, long_text);
	else if (text_width(short_text, 12) + 3 <= width)
		fprintf(out,
			"<text x=\"%.1f\" y=\"%.1f\" font-size=\"12\" "
			"text-anchor=\"middle\">%s</text>\n",
			middle, y + height / 2 + 4, short_text);
	else if (width >= 12 && text_width(short_text, 10) + 2 <= height)
		fprintf(out,
			"<text transform=\"translate(%.1f %.1f) rotate(-90)\" "
			"font-size=\"10\" text-anchor=\"middle\">%s</text>\n",
			middle + 3.5, y + height / 2, short_text);
}

/* A box of the map with what a reader sees who points at it. */
static void put_box(FILE *out, const char *class, double x, double y,
		    double width, double height, const char *fill, bool dashed,
		    const char *title, ...)
	__attribute__((format(printf, 9, 10)));
static void put_box(FILE *out, const char *class, double x, double y,
		    double width, double height, const char *fill, bool dashed,
		    const char *title, ...)
{
	va_list args;

	fprintf(out,
		"<rect class=\"%s\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" "
		"height=\"%.1f\" fill=\"%s\" stroke=\"#444\" "
		"stroke-width=\"0.6\"%s><title>",
		class, x, y, width, height, fill,
		dashed ? " stroke-dasharray=\"4 2\"" : "");
	va_start(args, title);
	vfprintf(out, title, args);
	va_end(args);
	fputs("</title></rect>\n", out);
}

/* ---- The legend: only what is in the picture ---- */

struct legend {
	struct picture *picture;
	double x, y;
	bool drawing; /* else only measuring */
};

static void legend_entry(struct legend *legend, const char *fill,
			 const char *text)
{
	double width = 24 + text_width(text, 12) + 16;
	FILE *out = legend->picture->out;

	if (legend->x + width > legend->picture->width - MARGIN) {
		legend->x = LANES_LEFT;
		legend->y += LEGEND_HEIGHT;
	}
	if (legend->drawing)
		fprintf(out,
			"<rect x=\"%.1f\" y=\"%.1f\" width=\"16\" "
			"height=\"12\" fill=\"%s\" stroke=\"#444\" "
			"stroke-width=\"0.6\"/>\n<text x=\"%.1f\" y=\"%.1f\" "
			"font-size=\"12\">%s</text>\n",
			legend->x, legend->y - 10, fill, legend->x + 22,
			legend->y, text);
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

/* Returns the y below it. */
static double put_legend(struct picture *picture, bool drawing)
{
	const struct mu_machine *machine = picture->machine;
	struct legend legend = {picture, LANES_LEFT, LEGEND_TOP, drawing};
	bool types[MU_NR_RANGE_TYPES] = {false}, zones[MU_NR_ZONES] = {false};
	bool holes = false;

	for (unsigned i = 0; i < machine->nr_ranges; i++)
		types[machine->ranges[i].type] = true;
	for (unsigned i = 0; i < picture->mm->buddy.nr_zones; i++)
		zones[picture->mm->buddy.zones[i].type] = true;
	for (size_t i = 0; i < picture->scale.nr; i++)
		holes |= picture->scale.piece[i].hole;
	legend_title(&legend, "firmware");
	for (unsigned i = 0; i < MU_NR_RANGE_TYPES; i++)
		if (types[i])
			legend_entry(&legend, range_colour(i),
				     mu_range_type_str((enum mu_range_type)i));
	if (holes)
		legend_entry(&legend, "url(#hole)",
			     "hole, the scale is broken");
	legend.y += LEGEND_HEIGHT;
	legend_title(&legend, "zones");
	for (unsigned i = 0; i < MU_NR_ZONES; i++)
		if (zones[i])
			legend_entry(&legend, zone_colour((enum mu_zone_type)i),
				     mu_zone_type_str((enum mu_zone_type)i));
	return legend.y + LEGEND_HEIGHT;
}

/* ---- Lanes ---- */

static void put_hole(struct picture *picture, const struct svg_piece *piece)
{
	char from[32], text[32];
	double y = picture->map_top;

	put_box(picture->out, "hole", piece->x, y, piece->width, MAP_HEIGHT,
		"url(#hole)", false, "hole of %s from %s",
		size_text(piece->end - piece->start),
		address_text(piece->start, from, sizeof(from)));
	snprintf(text, sizeof(text), "%s hole",
		 size_text(piece->end - piece->start));
	put_label(picture->out, piece->x, y, piece->width, MAP_HEIGHT, text,
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

		put_box(out, "range", x, y, width, MAP_HEIGHT,
			range_colour(range->type), removable,
			"%s, %s: 0x%" PRIx64 " to 0x%" PRIx64
			", node %d%s%s%s%s",
			type, size_text(range->size), range->base,
			range->base + range->size - 1, range->nid,
			removable ? ", hotplug" : "",
			range->flags & MU_RANGE_MIRROR ? ", mirror" : "",
			range->flags & MU_RANGE_NOMAP ? ", nomap" : "",
			range->flags & MU_RANGE_KEPT ? ", kept" : "");
		snprintf(text, sizeof(text), "%s %s", type,
			 size_text(range->size));
		put_label(out, x, y, width, MAP_HEIGHT, text,
			  size_text(range->size));
	}
}

/* The part of one region that lies in one zone. */
static void put_zone_part(struct picture *picture, double y,
			  const struct mu_zone *zone,
			  const struct mu_memblock_region *region)
{
	unsigned shift = picture->mm->page_shift;
	mu_phys_t start = zone->start_pfn << shift;
	mu_phys_t end = zone->end_pfn << shift;
	mu_phys_t region_end = region->base + region->size;
	const char *name = mu_zone_type_str(zone->type);
	char text[48];
	double x, width;

	start = start > region->base ? start : region->base;
	end = end < region_end ? end : region_end;
	if (start >= end)
		return;
	x = svg_scale_x(&picture->scale, start);
	width = svg_scale_x(&picture->scale, end) - x;
	put_box(picture->out, "zone", x, y, width, LANE_HEIGHT,
		zone_colour(zone->type), region->flags & MU_MEMBLOCK_HOTPLUG,
		"node %d, zone %s, %s: 0x%" PRIx64 " to 0x%" PRIx64, zone->nid,
		name, size_text(end - start), start, end - 1);
	snprintf(text, sizeof(text), "%s %s", name, size_text(end - start));
	put_label(picture->out, x, y, width, LANE_HEIGHT, text,
		  size_text(end - start));
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
		y += LANE_HEIGHT + LANE_GAP;
	}
}

/* ---- The axis ---- */

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
		address_text(tick->address, text, sizeof(text)));
}

/* The ends of wide pieces first; none too near to one that is there. */
static bool put_ticks(struct picture *picture)
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

/* ---- All of it ---- */

static void put_head(struct picture *picture)
{
	const struct mu_machine *machine = picture->machine;
	unsigned cpus = mu_machine_cpus(machine);
	double room = picture->width - 2 * MARGIN;
	double font = room / text_width(machine->source, 1);
	FILE *out = picture->out;

	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" "
		"width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" "
		"font-family=\"sans-serif\" fill=\"#222\">\n"
		"<title>",
		picture->width, picture->height, picture->width,
		picture->height);
	put_escaped(out, machine->source);
	fprintf(out,
		"</title>\n<defs><pattern id=\"hole\" width=\"6\" height=\"6\" "
		"patternUnits=\"userSpaceOnUse\">"
		"<rect width=\"6\" height=\"6\" fill=\"#ffffff\"/>"
		"<path d=\"M-1 7L7 -1M-1 1L1 -1M5 7L7 5\" stroke=\"#d2d2d2\" "
		"stroke-width=\"1\"/></pattern></defs>\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n"
		"<text x=\"%.1f\" y=\"34\" font-size=\"%.1f\" "
		"font-weight=\"bold\">",
		MARGIN, font < 18 ? font : 18);
	put_escaped(out, machine->source);
	fprintf(out,
		"</text>\n<text x=\"%.1f\" y=\"54\" font-size=\"12\" "
		"fill=\"#555\">%s of RAM in %u node%s, %u CPU%s, pages of %s. "
		"Addresses grow to the right; the width of a piece is by the "
		"logarithm of its size.</text>\n",
		MARGIN, size_text(mu_machine_ram(machine)), picture->nr_lanes,
		picture->nr_lanes == 1 ? "" : "s", cpus, cpus == 1 ? "" : "s",
		size_text((uint64_t)1 << machine->page_shift));
}

bool svg_draw(FILE *out, const struct mu_machine *machine,
	      const struct mu_mm *mm)
{
	struct picture picture = {.out = out, .machine = machine, .mm = mm};
	bool done;

	if (!svg_scale_make(&picture.scale, machine, mm, LANES_LEFT,
			    WIDTH - LANES_LEFT - RIGHT))
		return false;
	for (unsigned nid = 0; nid < machine->nr_nodes; nid++)
		picture.nr_lanes += machine->nodes[nid].present;
	/* The last address hangs out on the right. */
	picture.width = picture.scale.right + RIGHT;
	picture.map_top = put_legend(&picture, false);
	picture.lanes_top = picture.map_top + MAP_HEIGHT + 2 * LANE_GAP;
	picture.axis_top =
		picture.lanes_top + picture.nr_lanes * (LANE_HEIGHT + LANE_GAP);
	picture.height = picture.axis_top + AXIS_HEIGHT;
	put_head(&picture);
	put_legend(&picture, true);
	put_lane_grounds(&picture);
	done = put_ticks(&picture);
	put_map(&picture);
	put_lanes(&picture);
	fputs("</svg>\n", out);
	svg_scale_free(&picture.scale);
	return done;
}
