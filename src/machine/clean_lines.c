// SPDX-License-Identifier: MIT
/*
 * clean_lines: marks of quotes at the beginning of lines go, and what a mail
 * program or a terminal wrapped becomes one line again.
 *
 * In a log, where lines have stamps, one without is the rest of the one above,
 * unless it is a line by itself. Without stamps the line above has to be
 * unfinished. Programs that wrap between words drop the blank there; those that
 * cut at a column keep everything: then all lines that were cut are as long as
 * the longest one.
 */
#include "base/bits.h"
#include "base/string.h"
#include "machine/clean.h"
#include "machine/log.h"

/* Shorter lines were not wrapped. */
#define SHORTEST_WRAPPED 40u
/* Where a column for cutting may be. */
#define SHORTEST_CUT 60u

struct line {
	struct mu_text text; /* without marks of quotes */
	size_t width;	     /* with them */
	bool stamped;
};

struct lines {
	struct mu_text rest;
	bool has_stamps;    /* most lines of this text have one */
	bool cut;	    /* at a column */
	bool bars;	    /* most lines begin with one */
	size_t widest;	    /* of all lines */
	unsigned nr_widest; /* lines */
};

/* "[    0.000000]" or "[  +0.1]" */
static bool is_time(struct mu_text text)
{
	uint64_t ignored;

	mu_text_blanks(&text);
	(void)mu_text_skip(&text, "+");
	if (mu_text_number(&text, 10, &ignored) || !mu_text_skip(&text, ".") ||
	    mu_text_number(&text, 10, &ignored))
		return false;
	if (mu_text_skip(&text, "]"))
		return true;
	mu_text_blanks(&text);
	return mu_text_skip(&text, "T") || mu_text_skip(&text, "C");
}

/* Near the beginning there is a time, or syslog's "kernel:". */
static bool is_stamped(struct mu_text text)
{
	struct mu_text word;

	text.end = text.at + MU_MIN((size_t)(text.end - text.at), (size_t)64);
	word = text;
	if (mu_text_find(&word, " kernel: "))
		return true;
	while (mu_text_find(&text, "["))
		if (is_time(text))
			return true;
	return false;
}

static void skip_quotes(struct mu_text *text, bool bars)
{
	for (struct mu_text try = *text;; *text = try) {
		mu_text_blanks(&try);
		if (!mu_text_skip(&try, ">") &&
		    !(bars && mu_text_skip(&try, "|")))
			return;
		/* The mark's own blank; others are the line's. */
		(void)mu_text_skip(&try, " ");
	}
}

static bool next_line(struct mu_text *rest, bool bars, struct line *line)
{
	if (!mu_text_line(rest, &line->text))
		return false;
	line->width = (size_t)(line->text.end - line->text.at);
	skip_quotes(&line->text, bars);
	line->stamped = is_stamped(line->text);
	return true;
}

static bool is_blank(struct mu_text text)
{
	mu_text_blanks(&text);
	return mu_text_empty(&text);
}

static bool has(struct mu_text text, const char *word)
{
	return mu_text_find(&text, word);
}

static bool is_entry(struct mu_text text)
{
	enum mu_log_map map;

	return mu_log_classify(&text, &map) != MU_LOG_OTHER;
}

/* A bracket that does not close, or the dash of a range. */
static bool is_open(struct mu_text text)
{
	bool open = false;

	if (!has(text, "[mem") && !has(text, "e820") && !has(text, "range="))
		return false;
	for (; text.at < text.end; text.at++)
		open = *text.at == '[' || (open && *text.at != ']');
	return open;
}

static bool begins_with_type(struct mu_text text)
{
	static const char *const types[] = {
		"usable",   "reserved",	      "ACPI data",     "ACPI NVS",
		"unusable", "soft reserved",  "Soft Reserved", "persistent",
		"type ",    "device reserved"};

	mu_text_blanks(&text);
	(void)mu_text_skip(&text, "(");
	for (unsigned i = 0; i < MU_ARRAY_SIZE(types); i++)
		if (mu_text_skip(&text, types[i]))
			return true;
	return false;
}

/* "8 9 10", the rest of numactl's list of CPUs or of a row of distances. */
static bool is_numbers(struct mu_text text)
{
	uint64_t ignored;

	mu_text_blanks(&text);
	if (!mu_text_is_digit(&text, 10))
		return false;
	for (; !mu_text_empty(&text); mu_text_blanks(&text))
		if (mu_text_number(&text, 10, &ignored))
			return false;
	return true;
}

/* Is @line the rest of @above? */
static bool continues(const struct lines *lines, const struct line *above,
		      const struct line *line)
{
	struct mu_text rest = above->text;

	if (is_blank(line->text) || is_blank(above->text))
		return false;
	/* numactl's reader takes numbers as they come. */
	if (is_numbers(line->text))
		return above->stamped && above->width >= SHORTEST_WRAPPED;
	if (is_open(above->text))
		return !line->stamped;
	if (line->stamped || is_entry(line->text))
		return false;
	if (begins_with_type(line->text) && rest.end > rest.at)
		return is_entry(rest) || has(rest, "e820");
	if (lines->has_stamps)
		return above->width >= SHORTEST_WRAPPED && above->stamped;
	return lines->nr_widest > 1 && above->width == lines->widest &&
	       above->width >= SHORTEST_CUT && is_entry(above->text);
}

/* Learn how these lines were wrapped, if they were. */
static void survey(struct lines *lines)
{
	struct mu_text rest = lines->rest;
	unsigned stamps = 0, all = 0, wrapped = 0, full = 0, bars = 0;
	struct line above = {0}, line;

	while (next_line(&rest, false, &line)) {
		all += !is_blank(line.text);
		bars += !mu_text_empty(&line.text) && *line.text.at == '|';
		stamps += line.stamped;
		if (line.width > lines->widest) {
			lines->widest = line.width;
			lines->nr_widest = 0;
		}
		lines->nr_widest += line.width == lines->widest;
	}
	lines->bars = bars > all / 2;
	lines->has_stamps = stamps > 2 && stamps > all / 4;
	rest = lines->rest;
	while (next_line(&rest, lines->bars, &line)) {
		if (above.text.at && continues(lines, &above, &line)) {
			wrapped++;
			full += above.width == lines->widest;
			line.stamped |= above.stamped;
		}
		above = line;
	}
	lines->cut =
		wrapped && full == wrapped && lines->widest >= SHORTEST_CUT;
}

/* The next piece of a command line that the kernel printed in several: only
 * what follows its title. */
static bool next_piece(struct mu_text above, struct mu_text *line)
{
	static const char title[] = "Kernel command line: ";
	const char *end = above.end;

	while (end > above.at && end[-1] == ' ')
		end--;
	return end - above.at > 1 && end[-1] == '\\' && end[-2] == ' ' &&
	       has(above, title) && mu_text_find(line, title);
}

static char *copy(char *to, struct mu_text text)
{
	size_t len = (size_t)(text.end - text.at);

	memmove(to, text.at, len);
	return to + len;
}

/* Does a blank belong between them? */
static bool needs_blank(const struct lines *lines, const char *begin,
			const char *to, struct mu_text text)
{
	if (lines->cut || to == begin || mu_text_empty(&text))
		return false;
	return to[-1] != ' ' && to[-1] != '-' && *text.at != ' ';
}

size_t mu_clean_lines(const char *text, size_t len, char *out)
{
	struct lines lines = {.rest = mu_text(text, len)};
	char *to = out, *begin = out;
	struct line above = {0}, line;
	unsigned pending = 0; /* ends of lines that were joined */

	survey(&lines);
	while (next_line(&lines.rest, lines.bars, &line)) {
		struct mu_text whole = {begin, to, 0}, rest = line.text;

		if (above.text.at && next_piece(whole, &rest)) {
			while (to[-1] == ' ')
				to--;
			to = copy(to - 1, rest);
			pending++;
			above.text = (struct mu_text){begin, to, 0};
			continue;
		}
		/* What was read of it is overwritten: look at the copy. */
		above.text = whole;
		if (to > begin && continues(&lines, &above, &line)) {
			if (needs_blank(&lines, begin, to, line.text))
				*to++ = ' ';
			to = copy(to, line.text);
			above.width = line.width;
			pending++;
			continue;
		}
		if (line.text.line > 1)
			*to++ = '\n';
		for (; pending; pending--)
			*to++ = '\n';
		begin = to;
		to = copy(to, line.text);
		above = line;
	}
	/* As the text itself ended. */
	if (len && text[len - 1] == '\n' && to > out)
		*to++ = '\n';
	for (; pending; pending--)
		*to++ = '\n';
	return (size_t)(to - out);
}

size_t mu_text_clean(const char *text, size_t len, char *out)
{
	char *half = out + len;

	return mu_clean_lines(half, mu_clean_bytes(text, len, half), out);
}
