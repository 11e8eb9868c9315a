// SPDX-License-Identifier: MIT
#include "kernel/log.h"
#include "kernel/options.h"
#include "kernel/string.h"

/* Words that begin like this are read by others. */
static const char *const others[] = {
	"mem=",
	"memmap=",
	"numa=",
	"kernelcore=",
	"movablecore=",
	"movable_node",
	"crashkernel=",
	"reserve_mem=",
	"hugepages=",
	"hugepagesz=",
	"default_hugepagesz=",
	"BOOT_IMAGE=",
};

/* What follows @name in @word, or NULL. */
static const char *after(const char *word, const char *name)
{
	size_t len = strlen(name);

	return strlen(word) >= len && !memcmp(word, name, len) ? word + len
							       : NULL;
}

/* A decimal number with an optional K, M, G or T; else *@value stays. */
static bool read_size(const char *text, uint64_t *value)
{
	static const char units[] = "kmgt";
	uint64_t number = 0;
	bool any = false;

	for (; *text >= '0' && *text <= '9'; text++) {
		if (number > (UINT64_MAX - 9) / 10)
			return false;
		number = number * 10 + (uint64_t)(*text - '0');
		any = true;
	}
	for (unsigned i = 0; *text && units[i]; i++) {
		if ((*text | 0x20) != units[i])
			continue;
		if (number >> (64 - 10 * (i + 1)))
			return false;
		number <<= 10 * (i + 1);
		text++;
		break;
	}
	if (!any || *text)
		return false;
	*value = number;
	return true;
}

static bool read_policy(const char *text, struct options *options)
{
	for (unsigned i = 0; i <= MU_POLICY_LAZY; i++)
		if (text_equal(text, mu_policy_str((enum mu_policy)i))) {
			options->policy = (enum mu_policy)i;
			return true;
		}
	return false;
}

static bool read_count(const char *text, uint64_t most, unsigned *value)
{
	uint64_t number;

	if (!read_size(text, &number) || !number || number > most)
		return false;
	*value = (unsigned)number;
	return true;
}

static bool read_name(const char *text, char *name, size_t size)
{
	size_t len = strlen(text);

	if (!len || len >= size)
		return false;
	memcpy(name, text, len + 1);
	return true;
}

static void wrong(const char *word, const char *want)
{
	log_err("command line: '%s' makes no sense: expected %s; passed over",
		word, want);
}

static void read_word(struct options *options, const char *word)
{
	const char *value;

	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (after(word, others[i]))
			return;
	if ((value = after(word, "policy="))) {
		if (!read_policy(value, options))
			wrong(word, "eager, deferred or lazy");
	} else if ((value = after(word, "threads="))) {
		if (!read_count(value, MU_MAX_CPUS, &options->threads))
			wrong(word, "a number from 1 to 4096");
	} else if ((value = after(word, "batch="))) {
		if (!read_count(value, 32, &options->batch))
			wrong(word, "a number from 1 to 32");
	} else if ((value = after(word, "trace_buf_size="))) {
		if (!read_size(value, &options->trace_bytes))
			wrong(word, "a size such as 100M");
	} else if ((value = after(word, "test="))) {
		if (!read_name(value, options->test, sizeof(options->test)))
			wrong(word, "a name");
	} else if ((value = after(word, "bench="))) {
		if (!read_name(value, options->bench, sizeof(options->bench)))
			wrong(word, "a name");
	} else if (text_equal(word, "pmem")) {
		options->pmem = true;
	} else if (text_equal(word, "quiet")) {
		options->quiet = true;
	} else {
		log_warn("command line: nobody knows '%s'; passed over", word);
	}
}

bool options_next(const char *text, size_t len, size_t *at, char *word,
		  size_t size)
{
	size_t fits = 0;

	while (*at < len && text[*at] <= ' ')
		++*at;
	for (; *at < len && text[*at] > ' '; ++*at)
		if (fits + 1 < size)
			word[fits++] = text[*at];
	word[fits] = '\0';
	return fits && !text_equal(word, "--");
}

void options_read(struct options *options, const char *text, size_t len)
{
	struct mu_error error = {0};
	char word[MAX_WORD];
	size_t at = 0;

	*options = (struct options){.policy = MU_POLICY_LAZY};
	while (options_next(text, len, &at, word, sizeof(word)))
		read_word(options, word);
	if (mu_huge_pools_read(&options->huge, text, len, &error) != MU_OK)
		log_err("command line: %s; no huge pages", error.text);
}
