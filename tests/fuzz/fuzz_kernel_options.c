// SPDX-License-Identifier: MIT
/* The kernel's own words on its command line. */
#include "kernel/log.h"
#include "kernel/options.h"
#include "tests/fuzz/fuzz.h"

bool text_equal(const char *a, const char *b);
bool text_equal(const char *a, const char *b)
{
	return !strcmp(a, b);
}

void log_line(enum mu_log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct options options;
	char *text = malloc(size + 1);

	fuzz_check(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	options_read(&options, text, size);
	fuzz_check(options.policy <= MU_POLICY_LAZY &&
		   options.threads <= MU_MAX_CPUS && options.batch <= 32);
	fuzz_check(strlen(options.test) < sizeof(options.test) &&
		   strlen(options.bench) < sizeof(options.bench));
	fuzz_check(options.huge.nr <= MU_HUGE_POOLS);
	free(text);
	return 0;
}
