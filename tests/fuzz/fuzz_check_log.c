// SPDX-License-Identifier: MIT
/* What `memup check` reads in a boot log besides the map. */
#include "cli/check_log.h"
#include "tests/fuzz/fuzz.h"

static void check_ranges(const struct said_range *ranges, unsigned nr)
{
	fuzz_check(nr <= SAID_MAX);
	for (unsigned i = 0; i < nr; i++)
		fuzz_check(strlen(ranges[i].name) < sizeof(ranges[i].name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct said said;

	fuzz_check(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	fuzz_check(said_read(&said, text, size));
	fuzz_check(text <= said.begin && said.begin <= said.end &&
		   said.end <= text + size);
	fuzz_check(!said.cmdline ||
		   (said.begin <= said.cmdline &&
		    said.cmdline + said.cmdline_len <= text + size));
	said_to_bytes(&said, said.page_shift ? said.page_shift : 12);
	check_ranges(said.zones, said.nr_zones);
	check_ranges(said.movable, said.nr_movable);
	check_ranges(said.early, said.nr_early);
	check_ranges(said.spans, said.nr_spans);
	check_ranges(said.user, said.nr_user);
	fuzz_check(said.nr_total <= SAID_MAX && said.nr_present <= SAID_MAX &&
		   said.nr_unavailable <= SAID_MAX);
	said_free(&said);
	free(text);
	return 0;
}
