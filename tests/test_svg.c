// SPDX-License-Identifier: MIT
/*
 * memup show --svg: well-formed, one element for each range, hole and part of a
 * zone, and no text on top of another.
 */
#include "tests/cli.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char reserved[] =
	"2x4G/2 --cmdline 'crashkernel=256M,high crashkernel=64M,cma "
	"reserve_mem=4M:2M:oops kernelcore=1G'";

/* As a shell takes them apart. */
static const char *const machines[] = {
	"640K",
	"64T",
	"8x1T/448",
	"2G@0:0+2G@4G:1+64M@32T:2,-1M@1G",
	"64x2G",
	"tests/fixtures/logs/hotplug.log",
	"tests/fixtures/logs/memmap-pmem.log",
	"tests/fixtures/logs/four-nodes-900g-uneven.log",
	"tests/fixtures/logs/memoryless-nodes.log",
	"tests/fixtures/logs/removable-movable-node.log",
	"tests/fixtures/logs/hmat-crashkernel.log",
	reserved,
};
#define NR_MACHINES (sizeof(machines) / sizeof(machines[0]))

static char *draw(const char *machine)
{
	char arguments[256], *text;
	struct cli cli;

	snprintf(arguments, sizeof(arguments), "show %s --svg -", machine);
	cli = cli_run(NULL, arguments);
	if (cli.code)
		fail_msg("%s: %s", arguments, cli.err);
	text = cli.out;
	free(cli.err);
	return text;
}

static unsigned count(const char *text, const char *word)
{
	unsigned nr = 0;

	while ((text = strstr(text, word)) != NULL) {
		text += strlen(word);
		nr++;
	}
	return nr;
}

/* ---- XML, as far as the picture uses it ---- */

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == ':' || c == '-' || c == '_';
}

/* Past a run of text without markup; NULL at a bad "&". */
static const char *skip_text(const char *at, char end)
{
	static const char *const entities[] = {"&lt;", "&gt;", "&amp;",
					       "&quot;"};

	for (; *at && *at != end && *at != '<'; at++) {
		bool known = *at != '&';

		if ((unsigned char)*at < 0x20 && *at != '\n')
			return NULL;
		for (size_t i = 0; i < 4; i++)
			known |= !strncmp(at, entities[i], strlen(entities[i]));
		if (!known)
			return NULL;
	}
	return at;
}

/* Past the attributes of a tag, each once, quoted; at ">" or "/>". */
static const char *skip_attributes(const char *at)
{
	char seen[32][32];
	unsigned nr = 0;

	for (;;) {
		size_t len = 0;
		bool blank = isspace((unsigned char)*at);

		at += strspn(at, " \n");
		if (*at == '>' || !strncmp(at, "/>", 2))
			return at;
		while (is_name(at[len]))
			len++;
		if (!blank || !len || len >= 32 || nr == 32 ||
		    strncmp(at + len, "=\"", 2) != 0)
			return NULL;
		for (unsigned i = 0; i < nr; i++)
			if (strlen(seen[i]) == len &&
			    !strncmp(seen[i], at, len))
				return NULL;
		snprintf(seen[nr++], 32, "%.*s", (int)len, at);
		at = skip_text(at + len + 2, '"');
		if (!at || *at++ != '"')
			return NULL;
	}
}

/* Where the text stops being well-formed; NULL if it is. */
static const char *malformed(const char *text)
{
	static const char head[] = "<?xml version=\"1.0\" "
				   "encoding=\"UTF-8\"?>\n";
	char open[16][32];
	unsigned depth = 0, roots = 0;
	const char *at = text + strlen(head);

	if (strncmp(text, head, strlen(head)) != 0)
		return text;
	while (*at) {
		const char *tag = at, *name;
		size_t len = 0;
		bool closes;

		at = skip_text(at, '<');
		if (!at)
			return tag;
		if (!*at)
			break;
		tag = at++;
		closes = *at == '/';
		name = at += closes;
		while (is_name(name[len]))
			len++;
		at += len;
		if (!len || len >= 32)
			return tag;
		if (closes) {
			if (!depth || strlen(open[depth - 1]) != len ||
			    strncmp(open[depth - 1], name, len) != 0 ||
			    *at++ != '>')
				return tag;
			depth--;
			continue;
		}
		at = skip_attributes(at);
		if (!at || depth == 16)
			return tag;
		roots += !depth;
		if (*at == '/') {
			at += 2;
			continue;
		}
		snprintf(open[depth++], 32, "%.*s", (int)len, name);
		at++;
	}
	return depth || roots != 1 ? at : NULL;
}

static void checker_works(void **state)
{
	static const char head[] = "<?xml version=\"1.0\" "
				   "encoding=\"UTF-8\"?>\n";
	static const struct {
		const char *text;
		bool fine;
	} texts[] = {
		{"<a b=\"c\"><d/>x &amp; y</a>\n", true},
		{"<a><b></a></b>", false},
		{"<a", false},
		{"<a>", false},
		{"<a/><b/>", false},
		{"<a b=\"c\" b=\"c\"/>", false},
		{"<a b=c/>", false},
		{"<a b=\"<\"/>", false},
		{"<a>x & y</a>", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char text[128];

		snprintf(text, sizeof(text), "%s%s", head, texts[i].text);
		assert_int_equal(!malformed(text), texts[i].fine);
	}
}

static void well_formed(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_MACHINES; i++) {
		char *svg = draw(machines[i]);
		const char *bad = malformed(svg);

		if (bad)
			fail_msg("%s: at \"%.60s\"", machines[i], bad);
		free(svg);
	}
}

/* ---- What is in it ---- */

/* What parameters reserve has a box each, with what it is for. */
static void check_reservations(const char *json, const char *svg)
{
	const char *at = strstr(json, "\"reservations\":[");

	assert_non_null(at);
	for (; (at = strstr(at, "{\"for\":\"")) != NULL; at++) {
		unsigned long long start = 0, end = 0;
		char what[64], name[32] = "", title[160];

		if (sscanf(at, "{\"for\":\"%63[^\"]\",\"name\":\"%31[^\"]",
			   what, name) < 1 ||
		    sscanf(strstr(at, "\"start\""),
			   "\"start\":%llu,\"end\":%llu", &start, &end) != 2)
			fail_msg("%.60s", at);
		snprintf(title, sizeof(title), "<title>%s%s%s, ", what,
			 *name ? " " : "", name);
		if (!strstr(svg, title))
			fail_msg("no box %s", title);
		snprintf(title, sizeof(title), ": 0x%llx to 0x%llx</title>",
			 start, end - 1);
		if (!strstr(svg, title))
			fail_msg("no box %s", title);
	}
}

/* Every range and hole of --json has its box, with its own title. */
static void an_element_for_each_range(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_MACHINES; i++) {
		char arguments[256], *svg = draw(machines[i]);
		const char *ranges;
		struct cli cli;
		unsigned holes;

		snprintf(arguments, sizeof(arguments), "show %s --json",
			 machines[i]);
		cli = cli_run(NULL, arguments);
		ranges = strstr(cli.out, "\"ranges\":[");
		assert_non_null(ranges);
		holes = count(ranges, "\"type\":\"hole\"");
		assert_int_equal(count(svg, "<rect class=\"hole\""), holes);
		assert_int_equal(count(svg, "<rect class=\"range\""),
				 count(ranges, "\"start\":") - holes);
		assert_true(count(svg, "<rect class=\"zone\"") >=
			    count(cli.out, "\"zone\":"));
		check_reservations(cli.out, svg);
		for (const char *at = ranges;
		     (at = strstr(at, "\"start\":")) != NULL; at++) {
			unsigned long long start, end;
			char title[96], type[32];

			if (sscanf(at,
				   "\"start\":%llu,\"end\":%llu,\"type\":\"%31["
				   "^\"]",
				   &start, &end, type) != 3)
				fail_msg("%.60s", at);
			if (!strcmp(type, "hole"))
				continue;
			snprintf(title, sizeof(title), ": 0x%llx to 0x%llx, ",
				 start, end - 1);
			if (!strstr(svg, title))
				fail_msg("%s: no box%s", machines[i], title);
		}
		cli_free(&cli);
		free(svg);
	}
}

/* A parallelogram of text: along its line, and its height across. */
struct label {
	double x, y, angle, length, font;
};

/* Is the point inside, a hair off the edges? */
static bool covers(const struct label *label, double x, double y)
{
	double dx = x - label->x, dy = y - label->y;
	double c = cos(label->angle), s = sin(label->angle);
	double along = dx * c + dy * s, across = dy * c - dx * s;

	return along > 0.1 && along < label->length - 0.1 && across < -0.1 &&
	       across > 0.1 - label->font * 0.75;
}

/* As letters are no wider than 0.56 of the font on average, in Arial. */
static bool collide(const struct label *a, const struct label *b)
{
	for (int along = 0; along <= a->length; along++) {
		for (int up = 0; up <= a->font * 0.75; up++) {
			double c = cos(a->angle), s = sin(a->angle);

			if (covers(b, a->x + along * c + up * s,
				   a->y + along * s - up * c))
				return true;
		}
	}
	return false;
}

static double number(const char *tag, const char *end, const char *name)
{
	const char *at = strstr(tag, name);

	return at && at < end ? strtod(at + strlen(name), NULL) : 0;
}

static unsigned read_labels(const char *svg, struct label *labels, unsigned max)
{
	const double degree = 3.14159265358979 / 180;
	unsigned nr = 0;

	for (const char *at = svg; (at = strstr(at, "<text")) != NULL; at++) {
		const char *end = strchr(at, '>');
		const char *close = strchr(end, '<');
		const char *move = strstr(at, "translate(");
		struct label *label = &labels[nr++];

		assert_true(nr <= max);
		label->font = number(at, end, "font-size=\"");
		label->x = number(at, end, " x=\"");
		label->y = number(at, end, " y=\"");
		label->angle = number(at, end, "rotate(") * degree;
		if (move && move < end)
			assert_int_equal(sscanf(move, "translate(%lf %lf)",
						&label->x, &label->y),
					 2);
		label->length = (double)(close - end - 1) * label->font * 0.56;
		if (strstr(at, "anchor=\"middle\"") &&
		    strstr(at, "anchor=\"middle\"") < end) {
			label->x -= label->length / 2 * cos(label->angle);
			label->y -= label->length / 2 * sin(label->angle);
		}
	}
	return nr;
}

static void no_text_on_text(void **state)
{
	static struct label labels[2000];

	(void)state;
	for (size_t i = 0; i < NR_MACHINES; i++) {
		char *svg = draw(machines[i]);
		unsigned nr = read_labels(svg, labels, 2000);

		assert_true(nr > 6);
		for (unsigned a = 0; a < nr; a++) {
			for (unsigned b = 0; b < a; b++)
				if (collide(&labels[a], &labels[b]))
					fail_msg("%s: at %.0f %.0f and %.0f "
						 "%.0f",
						 machines[i], labels[a].x,
						 labels[a].y, labels[b].x,
						 labels[b].y);
		}
		free(svg);
	}
}

/* ---- As a user would ---- */

static void to_a_file(void **state)
{
	struct cli cli = cli_run(NULL, "show '4G' --svg /tmp/'a<b>&\"c'.svg");
	struct cli bare = cli_run(NULL, "show '4G' --svg -");
	char *svg;

	(void)state;
	assert_int_equal(cli.code, 0);
	assert_string_equal(cli.out, "");
	svg = cli_read_file("/tmp/a<b>&\"c.svg");
	assert_string_equal(svg, bare.out);
	remove("/tmp/a<b>&\"c.svg");
	free(svg);
	cli_free(&cli);
	cli_free(&bare);
	/* Names of logs are in the picture, and may be anything. */
	cli = cli_run("BIOS-e820: [mem 0x0-0xfffff] usable\n",
		      "show /dev/stdin --svg -");
	assert_int_equal(cli.code, 0);
	cli_free(&cli);
	cli = cli_run(NULL, "show 4G --json --svg /dev/null");
	assert_int_equal(cli.code, 0);
	assert_non_null(strstr(cli.out, "\"zones\""));
	cli_free(&cli);
}

static void odd_names(void **state)
{
	static const char name[] = "/tmp/memup <\"&'\001\303\244>.log";
	FILE *file = fopen(name, "w");
	struct cli cli;

	(void)state;
	assert_non_null(file);
	fputs("BIOS-e820: [mem 0x0-0xfffff] usable\n", file);
	fclose(file);
	cli = cli_run(NULL, "show /tmp/memup*.log --svg -");
	remove(name);
	assert_int_equal(cli.code, 0);
	assert_null(malformed(cli.out));
	assert_non_null(strstr(cli.out, "memup &lt;&quot;&amp;'"));
	cli_free(&cli);
}

static void refusals(void **state)
{
	(void)state;
	cli_refused(NULL, "show 4G --svg", "requires an argument");
	cli_refused(NULL, "show 4G --svg /nonexistent/x.svg",
		    "/nonexistent/x.svg: No such file");
	cli_refused(NULL, "show 4G --svg /tmp", "/tmp: Is a directory");
	cli_refused(NULL, "show 4G --svg /dev/full", "/dev/full: No space");
	cli_refused(NULL, "show 4G --svg - --json", "both want");
	cli_refused(NULL, "show 4Q --svg -", "4Q");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checker_works),
		cmocka_unit_test(well_formed),
		cmocka_unit_test(an_element_for_each_range),
		cmocka_unit_test(no_text_on_text),
		cmocka_unit_test(to_a_file),
		cmocka_unit_test(odd_names),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests_name("svg", tests, NULL, NULL);
}
