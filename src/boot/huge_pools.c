// SPDX-License-Identifier: MIT
/*
 * hugepages= and related parameters: how many pages of which size a command
 * line asks for. Nothing is allocated here. (Linux:
 * Documentation/admin-guide/mm/hugetlbpage.rst.)
 */
#include "base/bits.h"
#include "base/fmt.h"
#include "machine/cmdline.h"
#include "memup/boot_cmdline.h"

struct reader {
	struct mu_text word; /* the whole parameter, for messages */
	struct mu_huge_pools pools;
	mu_phys_t size; /* for the hugepages= that follow */
	struct mu_error *error;
};

static enum mu_status wrong(const struct reader *reader, enum mu_status status,
			    const char *what)
{
	return mu_text_wrong(reader->error, status, reader->word, what);
}

static enum mu_status read_number(const struct reader *reader,
				  struct mu_text *text, uint64_t *value)
{
	switch (mu_text_number(text, 10, value)) {
	case MU_OK:
		return MU_OK;
	case MU_ERR_RANGE:
		return wrong(reader, MU_ERR_RANGE, "a number past 64 bits");
	default:
		return wrong(reader, MU_ERR_SYNTAX, "expected a number");
	}
}

static enum mu_status read_page_size(const struct reader *reader,
				     struct mu_text text, mu_phys_t *size)
{
	uint64_t bytes;
	bool unit;
	enum mu_status status = mu_text_size(&text, &bytes, &unit);

	if (status == MU_ERR_RANGE)
		return wrong(reader, status, "a number past 64 bits");
	if (status || !mu_text_empty(&text))
		return wrong(reader, MU_ERR_SYNTAX, "expected a size alone");
	if (bytes < 8 * MU_KIB || bytes > MU_PHYS_MAX || bytes & (bytes - 1))
		return wrong(reader, MU_ERR_RANGE,
			     "no power of two of at least 8 KiB");
	*size = bytes;
	return MU_OK;
}

static enum mu_status add_pool(struct reader *reader, int32_t nid,
			       uint64_t count)
{
	struct mu_huge_pools *pools = &reader->pools;

	if (pools->nr == MU_HUGE_POOLS)
		return wrong(reader, MU_ERR_FULL,
			     "more pools of huge pages than there is room for");
	pools->pools[pools->nr++] = (struct mu_huge_pool){
		.size = reader->size, .count = count, .nid = nid};
	return MU_OK;
}

/* "COUNT" or "NODE:COUNT,NODE:COUNT". */
static enum mu_status read_counts(struct reader *reader, struct mu_text text)
{
	bool first = true;
	enum mu_status status;

	do {
		uint64_t number, count;

		status = read_number(reader, &text, &number);
		if (status)
			return status;
		if (!mu_text_skip(&text, ":")) {
			if (first && mu_text_empty(&text))
				return add_pool(reader, MU_NO_NODE, number);
			return wrong(reader, MU_ERR_SYNTAX,
				     "expected a count, or NODE:COUNT with "
				     "commas");
		}
		first = false;
		if (number >= MU_MAX_NODES)
			return wrong(reader, MU_ERR_RANGE,
				     "a node over the limit");
		status = read_number(reader, &text, &count);
		if (!status)
			status = add_pool(reader, (int32_t)number, count);
	} while (!status && mu_text_skip(&text, ","));
	if (!status && !mu_text_empty(&text))
		return wrong(reader, MU_ERR_SYNTAX,
			     "expected a count, or NODE:COUNT with commas");
	return status;
}

static enum mu_status read_word(struct reader *reader)
{
	struct mu_text value = reader->word;

	if (mu_text_skip(&value, "hugepages="))
		return read_counts(reader, value);
	if (mu_text_skip(&value, "hugepagesz="))
		return read_page_size(reader, value, &reader->size);
	if (mu_text_skip(&value, "default_hugepagesz="))
		return read_page_size(reader, value,
				      &reader->pools.default_size);
	return MU_OK;
}

enum mu_status mu_huge_pools_read(struct mu_huge_pools *pools, const char *text,
				  size_t len, struct mu_error *error)
{
	struct reader reader = {.error = error};
	struct mu_text rest = mu_text(text, len);
	enum mu_status status = MU_OK;

	while (!status && mu_cmdline_word(&rest, &reader.word))
		status = read_word(&reader);
	if (!status)
		*pools = reader.pools;
	return status;
}

void mu_huge_pools_own(struct mu_huge_pools *pools,
		       const struct mu_machine *machine)
{
	struct mu_text rest = mu_text(machine->cmdline, machine->cmdline_len);
	struct reader reader = {.error = NULL};

	while (mu_cmdline_word(&rest, &reader.word)) {
		unsigned nr = reader.pools.nr;

		if (read_word(&reader))
			reader.pools.nr = nr;
	}
	*pools = reader.pools;
}
