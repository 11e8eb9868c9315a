// SPDX-License-Identifier: MIT
/*
 * What mail programs, terminals and web pages do to a text is undone: the
 * machine of a mangled log is that of the log itself, for every log of
 * tests/fixtures. Run in the top directory.
 */
#include "tests/machine_util.h"

#include <glob.h>
#include "ports/hosted/machine.h"
#include "tests/cli.h"

#define FIELD "tests/fixtures/field/"

static char *clean(const char *text, size_t len)
{
	/* Exact buffers: reading or writing past them is noticed. */
	char *in = malloc(len + !len), *out = malloc(2 * len + 1);
	size_t used;

	assert_non_null(in);
	assert_non_null(out);
	memcpy(in, text, len);
	used = mu_text_clean(in, len, out);
	assert_true(used <= 2 * len);
	out[used] = '\0';
	free(in);
	return out;
}

static void becomes(const char *text, const char *expected)
{
	char *out = clean(text, strlen(text));

	assert_string_equal(out, expected);
	free(out);
}

static void bytes(void **state)
{
	static const char little[] = "\xff\xfe"
				     "a\0\xa0\0\x13\x20\r\0\n\0b\0",
			  big[] = "\xfe\xff\0a\0\xa0\x20\x13\0\r\0\n\0b",
			  bare[] = "a\0b\0c\0d\0\n\0";
	char *out;

	(void)state;
	becomes("", "");
	becomes("a\r\nb\r\r\nc\rd\n", "a\nb\nc\nd\n");
	becomes("\xef\xbb\xbf"
		"a\xc2\xa0"
		"b\xa0"
		"c\xe2\x80\x8b"
		"d\te",
		"a b cd e");
	becomes("\x1b[32m[  1.0] \x1b[0mx\x1b[K \x1b]0;t\ay\x1b(Bz",
		"[  1.0] x yz");
	becomes("^[[32mx^[[0m ^[[ y", "x ^[[ y");
	becomes("&gt; a&nbsp;&amp;gt;&#160;&#xA0;&amp;&quot;&bad;&#;",
		"a >  &\"&bad;&#;");
	out = clean(little, sizeof(little) - 1);
	assert_string_equal(out, "a -\nb");
	free(out);
	out = clean(big, sizeof(big) - 1);
	assert_string_equal(out, "a -\nb");
	free(out);
	out = clean(bare, sizeof(bare) - 1);
	assert_string_equal(out, "abcd\n");
	free(out);
	/* Cut in the middle of everything. */
	out = clean("\xff\xfe"
		    "a",
		    3);
	assert_string_equal(out, "");
	free(out);
	becomes("a\x1b[3", "a[3");
	becomes("\xe2\x80", "??");
}

static void lines(void **state)
{
	(void)state;
	becomes("> a\n>> b\n> >   c\n>d\n", "a\nb\n  c\nd\n");
	becomes("| a\n| b\n", "a\nb\n");
	/* The lines after it keep their numbers. */
	becomes("BIOS-e820: [mem 0x0000000000000000-0x00000000000003ff]\n"
		"reserved\nx\n",
		"BIOS-e820: [mem 0x0000000000000000-0x00000000000003ff] "
		"reserved\n\nx\n");
	becomes("BIOS-e820: [mem\n0x0-0xfff] usable\nx",
		"BIOS-e820: [mem 0x0-0xfff] usable\n\nx");
	becomes("BIOS-e820: [mem 0x0-\n0xfff]\nusable\n",
		"BIOS-e820: [mem 0x0-0xfff] usable\n\n\n");
	becomes("Kernel command line: a \\\n[  1.0] Kernel command line: b \\\n"
		"Kernel command line: c\nx\n",
		"Kernel command line: a b c\n\n\nx\n");
	becomes("a\nb\n\nc", "a\nb\n\nc");
	/* Cut in the middle of an arrow, which is no mark of a quote. */
	becomes("e820: update [mem 0x0-0xfff] usable ==\n> reserved\n",
		"e820: update [mem 0x0-0xfff] usable ==\n> reserved\n");
	/* Two words of one type, and the digits of one address. */
	becomes("BIOS-e820: [mem 0x00000000000\n01000-0x1fff] ACPI\nNVS\n",
		"BIOS-e820: [mem 0x0000000000001000-0x1fff] ACPI NVS\n\n\n");
}

/* ---- What comes of a whole log ---- */

struct text {
	char *at;
	size_t len;
};

static void put(struct text *text, const char *bytes_, size_t len)
{
	memcpy(text->at + text->len, bytes_, len);
	text->len += len;
}

/* Room for any of these changes. */
static struct text begin(const char *log)
{
	struct text text = {malloc(8 * strlen(log) + 64), 0};

	assert_non_null(text.at);
	return text;
}

/* @make writes one line, without its end. */
static struct text each_line(const char *log,
			     void (*make)(struct text *text, const char *line,
					  size_t len))
{
	struct text text = begin(log);

	while (*log) {
		size_t len = strcspn(log, "\n");

		make(&text, log, len);
		put(&text, "\n", 1);
		log += len + (log[len] == '\n');
	}
	return text;
}

static void quoted(struct text *text, const char *line, size_t len)
{
	put(text, "> ", 2);
	put(text, line, len);
}

static void deeply(struct text *text, const char *line, size_t len)
{
	put(text, ">> > ", 5);
	put(text, line, len);
}

static void barred(struct text *text, const char *line, size_t len)
{
	put(text, "| ", 2);
	put(text, line, len);
}

static void crlf(struct text *text, const char *line, size_t len)
{
	put(text, line, len);
	put(text, "\r", 1);
}

static void coloured(struct text *text, const char *line, size_t len)
{
	put(text, "\x1b[32m", 5);
	for (size_t i = 0; i < len; i++) {
		put(text, line + i, 1);
		if (line[i] == ']' || line[i] == ':')
			put(text, "\x1b[0m\x1b[1;33m", 11);
	}
	put(text, "\x1b[0m", 4);
}

static void escaped(struct text *text, const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (line[i] == '>')
			put(text, "&gt;", 4);
		else if (line[i] == '<')
			put(text, "&lt;", 4);
		else if (line[i] == '&')
			put(text, "&amp;", 5);
		else if (line[i] == '"')
			put(text, "&quot;", 6);
		else
			put(text, line + i, 1);
	}
}

static void no_break(struct text *text, const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (line[i] == ' ' && (i % 2 || (i && line[i - 1] == ' ')))
			put(text, "\xc2\xa0", 2);
		else
			put(text, line + i, 1);
	}
}

static void tabbed(struct text *text, const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (len - i > 4 && !memcmp(line + i, "    ", 4)) {
			put(text, "\t", 1);
			i += 3;
		} else {
			put(text, line + i, 1);
		}
	}
}

static void squeezed(struct text *text, const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (line[i] != ' ' || !i || line[i - 1] != ' ')
			put(text, line + i, 1);
}

static size_t column;

/* As a terminal. */
static void cut(struct text *text, const char *line, size_t len)
{
	for (; len > column; line += column, len -= column) {
		put(text, line, column);
		put(text, "\n", 1);
	}
	put(text, line, len);
}

/* As a mail program: at the last blank that fits, if the line has one past its
 * time. */
static void wrapped(struct text *text, const char *line, size_t len)
{
	while (len > column) {
		size_t at = column;

		while (at > 30 && line[at] != ' ')
			at--;
		if (line[at] != ' ')
			break;
		put(text, line, at);
		put(text, "\n", 1);
		line += at + 1;
		len -= at + 1;
	}
	put(text, line, len);
}

static struct text wide(const char *log, bool big)
{
	struct text text = begin(log);

	put(&text, big ? "\xfe\xff" : "\xff\xfe", 2);
	for (; *log; log++) {
		char pair[2] = {*log, 0};

		/* The logs are ASCII, but for a name or two. */
		if (*log & 0x80)
			pair[0] = '?';
		if (big) {
			pair[1] = pair[0];
			pair[0] = 0;
		}
		put(&text, pair, 2);
	}
	return text;
}

static struct mu_machine *read_clean(const char *text, size_t len,
				     struct mu_error *error)
{
	struct mu_machine *machine = NULL;
	char *out = clean(text, len);

	if (mu_machine_load_text(&machine, "log", out, strlen(out), NULL, 0,
				 error))
		machine = NULL;
	free(out);
	return machine;
}

static void same(const char *name, const char *how, const struct mu_machine *a,
		 struct text text)
{
	struct mu_error error = {0};
	struct mu_machine *b = read_clean(text.at, text.len, &error);
	bool alike;

	if (!b) {
		free(text.at);
		fail_msg("%s, %s: %s", name, how, error.text);
		return;
	}
	alike = a->nr_ranges == b->nr_ranges && a->nr_nodes == b->nr_nodes &&
		a->page_shift == b->page_shift && a->arch == b->arch &&
		a->dma_limit == b->dma_limit &&
		a->dma32_limit == b->dma32_limit &&
		!memcmp(a->ranges, b->ranges,
			a->nr_ranges * sizeof(*a->ranges));
	for (unsigned i = 0; alike && i < a->nr_nodes; i++)
		alike = a->nodes[i].nr_cpus == b->nodes[i].nr_cpus &&
			a->nodes[i].nr_hotplug_cpus ==
				b->nodes[i].nr_hotplug_cpus;
	if (!alike)
		fail_msg("%s, %s: %u ranges, %u nodes, %u CPUs instead of %u, "
			 "%u, %u",
			 name, how, b->nr_ranges, b->nr_nodes,
			 mu_machine_cpus(b), a->nr_ranges, a->nr_nodes,
			 mu_machine_cpus(a));
	mu_machine_unload(b);
	free(text.at);
}

static const struct {
	const char *how;
	void (*make)(struct text *text, const char *line, size_t len);
} ways[] = {
	{"quoted", quoted},
	{"quoted deeply", deeply},
	{"with bars", barred},
	{"CRLF", crlf},
	{"coloured", coloured},
	{"escaped", escaped},
	{"tabs", tabbed},
	{"squeezed", squeezed},
	{"no-break blanks", no_break},
};

static void try_log(const char *path)
{
	char *log = cli_read_file(path);
	struct mu_error error = {0};
	struct mu_machine *machine = read_clean(log, strlen(log), &error);
	struct text twice;
	bool stamped = !strncmp(log, "[    ", 5);

	if (!machine) {
		free(log);
		fail_msg("%s: %s", path, error.text);
		return;
	}
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		same(path, ways[i].how, machine, each_line(log, ways[i].make));
	same(path, "UTF-16LE", machine, wide(log, false));
	same(path, "UTF-16BE", machine, wide(log, true));
	/* Without times it cannot always be told what was one line. */
	for (column = 72; stamped && column <= 80; column++) {
		char how[40];

		snprintf(how, sizeof(how), "cut at %zu", column);
		same(path, how, machine, each_line(log, cut));
		snprintf(how, sizeof(how), "wrapped at %zu", column);
		same(path, how, machine, each_line(log, wrapped));
	}
	/* A console that is replayed. */
	twice = begin(log);
	put(&twice, log, strlen(log));
	put(&twice, log, strlen(log));
	same(path, "twice", machine, twice);
	mu_machine_unload(machine);
	free(log);
}

static void try_all(const char *pattern)
{
	glob_t logs;

	assert_int_equal(glob(pattern, 0, NULL, &logs), 0);
	for (size_t i = 0; i < logs.gl_pathc; i++)
		try_log(logs.gl_pathv[i]);
	globfree(&logs);
}

static void mangled_logs(void **state)
{
	(void)state;
	try_all("tests/fixtures/logs/*.log");
}

static void mangled_field(void **state)
{
	static const char *const names[] = {"01", "02", "04", "06", "07", "08",
					    "09", "10", "12", "20", "21"};
	char pattern[64];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(pattern, sizeof(pattern), FIELD "%s-*.log", names[i]);
		try_all(pattern);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes),
		cmocka_unit_test(lines),
		cmocka_unit_test(mangled_logs),
		cmocka_unit_test(mangled_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
