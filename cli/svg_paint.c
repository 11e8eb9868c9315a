// SPDX-License-Identifier: MIT
#include "cli/svg_paint.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define LETTER 0.66 /* of the size of a font, on average at most */

/* ---- Colours ---- */

const char svg_hole_colour[] = "url(#hole)", svg_taken_colour[] = "url(#taken)",
	   svg_crash_colour[] = "#d98880", svg_named_colour[] = "#b6a27a",
	   svg_mirror_colour[] = "#2b4a8b";

void svg_patterns(FILE *out)
{
	fputs("<defs><pattern id=\"hole\" width=\"6\" height=\"6\" "
	      "patternUnits=\"userSpaceOnUse\">"
	      "<rect width=\"6\" height=\"6\" fill=\"#ffffff\"/>"
	      "<path d=\"M-1 7L7 -1M-1 1L1 -1M5 7L7 5\" stroke=\"#d2d2d2\" "
	      "stroke-width=\"1\"/></pattern>"
	      "<pattern id=\"taken\" width=\"5\" height=\"5\" "
	      "patternUnits=\"userSpaceOnUse\">"
	      "<rect width=\"5\" height=\"5\" fill=\"#e3e8e1\"/>"
	      "<path d=\"M-1 -1L6 6M-1 4L1 6M4 -1L6 1\" stroke=\"#b3bfae\" "
	      "stroke-width=\"1\"/></pattern></defs>\n",
	      out);
}

const char *svg_zone_colour(enum mu_zone_type type)
{
	static const char *const colours[MU_NR_ZONES] = {
		[MU_ZONE_DMA] = "#f2a65a",
		[MU_ZONE_DMA32] = "#f3d36b",
		[MU_ZONE_NORMAL] = "#8cc084",
		[MU_ZONE_MOVABLE] = "#7fb3dd",
	};

	return colours[type];
}

const char *svg_range_colour(const struct mu_range *range)
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

	if (range->type == MU_RANGE_RAM &&
	    range->flags & (MU_RANGE_KEPT | MU_RANGE_NOMAP))
		return svg_taken_colour;
	return colours[range->type];
}

/* ---- Text ---- */

void svg_escaped(FILE *out, const char *text)
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

const char *svg_address(mu_phys_t address, char *text, size_t size)
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

double svg_text_width(const char *text, double font)
{
	return (double)strlen(text) * font * LETTER;
}

void svg_label(FILE *out, double x, double y, double width, double height,
	       const char *long_text, const char *short_text)
{
	double middle = x + width / 2;

	if (svg_text_width(long_text, 12) + 6 <= width)
		fprintf(out,
			"<text x=\"%.1f\" y=\"%.1f\" font-size=\"12\" "
			"text-anchor=\"middle\">%s</text>\n",
			middle, y + height / 2 + 4, long_text);
	else if (svg_text_width(short_text, 12) + 3 <= width)
		fprintf(out,
			"<text x=\"%.1f\" y=\"%.1f\" font-size=\"12\" "
			"text-anchor=\"middle\">%s</text>\n",
			middle, y + height / 2 + 4, short_text);
	else if (width >= 12 && svg_text_width(short_text, 10) + 2 <= height)
		fprintf(out,
			"<text transform=\"translate(%.1f %.1f) rotate(-90)\" "
			"font-size=\"10\" text-anchor=\"middle\">%s</text>\n",
			middle + 3.5, y + height / 2, short_text);
}

void svg_box(FILE *out, const char *class, double x, double y, double width,
	     double height, const char *fill, bool dashed, const char *title,
	     ...)
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
