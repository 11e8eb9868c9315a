// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/command.h"
#include "cli/text.h"

/* Buffers for the functions that return text. */
static char *next_buffer(void)
{
	static char buffers[8][32];
	static unsigned turn;

	return buffers[turn++ % 8];
}

static void *or_die(void *memory)
{
	if (!memory) {
		fputs("memup: out of memory\n", stderr);
		exit(2);
	}
	return memory;
}

static void add_cell(struct table *table, char *text, unsigned *cells)
{
	if (*cells % 64 == 0)
		table->cells = or_die(
			realloc(table->cells, (*cells + 64) * sizeof(char *)));
	table->cells[(*cells)++] = or_die(text);
}

void table_begin(struct table *table, unsigned columns,
		 const char *const *names)
{
	table->columns = columns;
	table->rows = 0; /* counts cells until the table ends */
	table->cells = NULL;
	for (unsigned i = 0; i < columns; i++)
		add_cell(table, strdup(names[i]), &table->rows);
}

void table_add(struct table *table, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	add_cell(table, text, &table->rows);
}

void table_end(struct table *table, FILE *out)
{
	unsigned rows = table->rows / table->columns;
	bool colour = may_colour(out);

	for (unsigned row = 0; row < rows; row++) {
		if (colour && !row)
			fputs("\033[1m", out);
		for (unsigned col = 0; col < table->columns; col++) {
			bool right = table->cells[col][0] == '>';
			const char *text =
				table->cells[row * table->columns + col];
			size_t width = 0;

			for (unsigned i = 0; i < rows; i++) {
				const char *cell =
					table->cells[i * table->columns + col];
				size_t len = strlen(cell) - (!i && right);

				width = len > width ? len : width;
			}
			text += !row && right;
			/* No blanks at the end of a line. */
			if (right)
				fprintf(out, "%s%*s", col ? "  " : "",
					(int)width, text);
			else if (col + 1 == table->columns)
				fprintf(out, "%s%s", *text ? "  " : "", text);
			else
				fprintf(out, "%s%-*s", col ? "  " : "",
					(int)width, text);
		}
		fputs(colour && !row ? "\033[0m\n" : "\n", out);
	}
	for (unsigned i = 0; i < table->rows; i++)
		free(table->cells[i]);
	free(table->cells);
}

bool may_colour(FILE *out)
{
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(fileno(out)) && !(no && *no) &&
	       !(term && !strcmp(term, "dumb"));
}

int parse_json_option(int argc, char **argv, const char *help, bool *json)
{
	static const struct option longs[] = {
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (option == 'j') {
			*json = true;
		} else if (option == 'h') {
			fputs(help, stdout);
			return EXIT_DONE;
		} else {
			return EXIT_USAGE;
		}
	}
	return -1;
}

void json_string(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20)
			fprintf(out, "\\u%04x", c);
		else
			putc(c, out);
	}
	putc('"', out);
}

const char *size_text(uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	char *text = next_buffer();
	double value = (double)bytes;
	unsigned unit = 0;

	for (; value >= 1024 && unit < 6; unit++)
		value /= 1024;
	if (bytes % ((uint64_t)1 << (10 * unit)))
		snprintf(text, 32, "%.1f%c", value, units[unit]);
	else
		snprintf(text, 32, "%.0f%c", value, units[unit]);
	return text;
}

const char *time_text(uint64_t ns)
{
	char *text = next_buffer();

	if (ns < 1000)
		snprintf(text, 32, "%" PRIu64 " ns", ns);
	else if (ns < 1000000)
		snprintf(text, 32, "%.1f us", (double)ns / 1e3);
	else if (ns < 1000000000)
		snprintf(text, 32, "%.1f ms", (double)ns / 1e6);
	else
		snprintf(text, 32, "%.2f s", (double)ns / 1e9);
	return text;
}

bool parse_size(const char *text, uint64_t *value)
{
	static const char units[] = "KMGTP";
	const uint64_t most = (uint64_t)1 << 52;
	unsigned long long number;
	const char *unit = NULL;
	unsigned shift = 0;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	number = strtoull(text, &end, 0);
	if (*end)
		unit = strchr(units, toupper((unsigned char)*end));
	if (unit)
		shift = 10 * (unsigned)(unit - units + 1);
	if (errno || (*end && (!unit || end[1])) || number > most >> shift)
		return false;
	*value = (uint64_t)number << shift;
	return true;
}

const char *count_text(uint64_t value)
{
	char digits[24], *text = next_buffer();
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, value), at = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			text[at++] = ' ';
		text[at++] = digits[i];
	}
	text[at] = '\0';
	return text;
}
