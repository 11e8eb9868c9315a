// SPDX-License-Identifier: MIT
/*
 * memup report: what its page holds, that nothing of a log becomes markup, and
 * what Chromium makes of it, if that is installed. Run in the top directory.
 */
#include "tests/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/report/page.h"
#include "cli/report/timeline.h"

#define LOGS "tests/fixtures/logs/"
#define MIB  (1u << 20)

static const char data_begin[] =
	"<script type=\"application/json\" id=\"data\">\n";

/* The data of the page for @input, as text; free(). */
static char *data_of(const char *input, const char *arguments)
{
	struct cli cli = cli_run(input, arguments);
	char *begin, *end, *data;

	assert_int_equal(cli.code, 0);
	assert_string_equal(cli.err, "");
	assert_true(strlen(cli.out) < MIB);
	begin = strstr(cli.out, data_begin);
	assert_non_null(begin);
	begin += strlen(data_begin);
	end = strstr(begin, "</script>");
	assert_non_null(end);
	data = strndup(begin, (size_t)(end - begin));
	assert_non_null(data);
	cli_free(&cli);
	return data;
}

static void has_what_the_log_says(void **state)
{
	char *data = data_of(NULL, "report " LOGS "four-nodes-512g.log -o -");

	(void)state;
	assert_non_null(strstr(data, "\"nodes\":[{\"node\":0,"));
	assert_non_null(strstr(data, "\"agree\":21,\"differ\":0"));
	assert_non_null(strstr(data, "\"time\":3.453396,\"kind\":\"cpus\","
				     "\"text\":\"smp: Brought up 4 nodes, 4 "
				     "CPUs\"}"));
	assert_non_null(strstr(data, "\"time\":2.101564,\"kind\":"
				     "\"allocator\",\"text\":\"Memory: "
				     "3603064K/536870388K available"));
	free(data);
}

static void takes_several(void **state)
{
	char *data = data_of(NULL, "report " LOGS "one-node-6g.log " LOGS
				   "memmap-pmem.log -o -");

	(void)state;
	assert_non_null(strstr(data, "one-node-6g.log\""));
	assert_non_null(strstr(data, "memmap-pmem.log\""));
	free(data);
}

#define HOSTILE                                                                \
	"[    0.000000] Linux version 6.1.0\n"                                 \
	"[    0.000000] Command line: a=</script><img src=x "                  \
	"onerror=window.hostile=1> \"'&amp; <!--<script>\n"                    \
	"[    0.000000] BIOS-provided physical RAM map:\n"                     \
	"[    0.000000] BIOS-e820: [mem 0x0000000000000000-"                   \
	"0x000000000009fbff] usable\n"                                         \
	"[    0.000000] BIOS-e820: [mem 0x0000000000100000-"                   \
	"0x000000007fffffff] usable\n"                                         \
	"[    0.100000] Memory: </script><b>\xff\xc0\x80\xed\xa0\x80 <iframe>" \
	"\xe2\x80\xa8\x01\x7f '\"\\ ${1}`\n"                                   \
	"[    0.200000] node 0 deferred pages initialised in 50ms<object>\n"

/* Every '<' of the log is an escape, and what is not UTF-8 is U+FFFD. */
static void escapes_everything(void **state)
{
	char *data = data_of(HOSTILE, "report - -o -");

	(void)state;
	assert_null(strpbrk(data, "<>&"));
	assert_non_null(strstr(data, "a=\\u003c/script\\u003e\\u003cimg src=x"
				     " onerror=window.hostile=1\\u003e"));
	assert_non_null(strstr(data, "Memory: \\u003c/script\\u003e"
				     "\\u003cb\\u003e"));
	assert_non_null(
		strstr(data, "\"time\":0.200000,\"kind\":\"deferred\""));
	free(data);
}

/* What the reader let through is still made UTF-8 here. */
static void puts_utf8(void **state)
{
	static const char json[] = "<b>&\xff\xc0\x80\xed\xa0\x80\xc3\xa9\xe2";
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	page_put_json(out, json, sizeof(json) - 1);
	fclose(out);
	assert_string_equal(text, "\\u003cb\\u003e\\u0026\\ufffd\\ufffd\\ufffd"
				  "\\ufffd\\ufffd\\ufffd\xc3\xa9\\ufffd");
	free(text);
}

static void refuses(void **state)
{
	(void)state;
	cli_refused(NULL, "report -o /tmp/x.html", "which log?");
	cli_refused(NULL, "report " LOGS "one-node-6g.log", "where to?");
	cli_refused(NULL, "report /nowhere/x.log -o -", "/nowhere/x.log");
	cli_refused("nothing to see\n", "report - -o -", "standard input");
	cli_refused(NULL, "report " LOGS "one-node-6g.log -o /nowhere/x.html",
		    "/nowhere/x.html: No such file");
}

static void assert_line(const char *line, bool has_time, double seconds,
			const char *kind, const char *text)
{
	struct timeline_line read = timeline_read(line, strlen(line));

	assert_int_equal(read.has_time, has_time);
	if (has_time)
		assert_true(read.seconds == seconds);
	if (kind)
		assert_string_equal(read.kind, kind);
	else
		assert_null(read.kind);
	assert_int_equal(read.len, strlen(text));
	assert_memory_equal(read.text, text, read.len);
}

static void reads_lines(void **state)
{
	(void)state;
	assert_line("[    1.234567] Zone ranges:", true, 1.234567, "zones",
		    "Zone ranges:");
	assert_line("[    0.000000][    T0] NUMA: NODE_DATA [mem 0x1-0x2]\r",
		    true, 0, "nodes", "NUMA: NODE_DATA [mem 0x1-0x2]");
	assert_line("<6>[12345.000001] Freeing initrd memory: 8K", true,
		    12345.000001, "initrd", "Freeing initrd memory: 8K");
	assert_line("Dec 01 00:00:00 host kernel: [    2.5] node 1 deferred "
		    "pages initialised in 80ms",
		    true, 2.5, "deferred",
		    "node 1 deferred pages initialised in 80ms");
	assert_line("Memory: 8K/16K available", false, 0, "allocator",
		    "Memory: 8K/16K available");
	assert_line("[    1.234567] usb 1-1: new device", true, 1.234567, NULL,
		    "usb 1-1: new device");
	assert_line("[mem 0x1-0x2]", false, 0, "firmware", "[mem 0x1-0x2]");
	assert_line("[1.] [.5] [1.2.3] [] [", false, 0, NULL,
		    "[1.] [.5] [1.2.3] [] [");
	assert_line("", false, 0, NULL, "");
}

/* browser.py says what is wrong; 77: there is no Chromium. */
static void open_in_chromium(const char *input, const char *logs)
{
	char page[] = "/tmp/memup-test-XXXXXX", command[256];
	int fd = mkstemp(page), code;
	struct cli cli;
	struct stat stat_;

	assert_true(fd >= 0);
	close(fd);
	snprintf(command, sizeof(command), "report %s -o %s", logs, page);
	cli = cli_run(input, command);
	assert_int_equal(cli.code, 0);
	cli_free(&cli);
	assert_int_equal(stat(page, &stat_), 0);
	assert_true(stat_.st_size < MIB);
	/* Chromium takes the kind of a file from its name. */
	snprintf(command, sizeof(command),
		 "cp %s %s.html && python3 tests/report/browser.py %s.html",
		 page, page, page);
	code = system(command);
	unlink(page);
	snprintf(command, sizeof(command), "%s.html", page);
	unlink(command);
	if (code == 77 << 8)
		skip();
	assert_int_equal(code, 0);
}

static void opens_in_chromium(void **state)
{
	(void)state;
	open_in_chromium(NULL, LOGS
			 "four-nodes-512g.log " LOGS
			 "hmat-crashkernel.log " LOGS "memmap-pmem.log " LOGS
			 "numa-fake-uniform.log " LOGS "memoryless-nodes.log");
}

static void is_not_harmed(void **state)
{
	(void)state;
	open_in_chromium(HOSTILE, "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_what_the_log_says),
		cmocka_unit_test(takes_several),
		cmocka_unit_test(escapes_everything),
		cmocka_unit_test(puts_utf8),
		cmocka_unit_test(refuses),
		cmocka_unit_test(reads_lines),
		cmocka_unit_test(opens_in_chromium),
		cmocka_unit_test(is_not_harmed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
