// SPDX-License-Identifier: MIT
/*
 * numactl: what a person pastes often has lines broken or joined, so it is read
 * word by word and line ends mean nothing.
 */
#include "base/bits.h"
#include "base/fmt.h"
#include "machine/text.h"

struct reader {
	struct mu_machine *machine;
	struct mu_text rest;
	struct mu_error *error;
	mu_phys_t next; /* where the next node begins */
	unsigned sizes; /* nodes whose size was told */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool next_word(struct mu_text *text, struct mu_text *word)
{
	for (; text->at < text->end && is_blank(*text->at); text->at++)
		text->line += *text->at == '\n';
	*word = *text;
	while (text->at < text->end && !is_blank(*text->at))
		text->at++;
	word->end = text->at;
	return !mu_text_empty(word);
}

/* Go past the next word if it is @expected. */
static bool skip_word(struct mu_text *text, const char *expected)
{
	struct mu_text rest = *text, word;

	if (!next_word(&rest, &word) || !mu_text_skip(&word, expected) ||
	    !mu_text_empty(&word))
		return false;
	*text = rest;
	return true;
}

/* Read the next word if it is a number; past 64 bits is none. */
static bool read_number(struct mu_text *text, uint64_t *value)
{
	struct mu_text rest = *text, word;

	if (!next_word(&rest, &word) || mu_text_number(&word, 10, value) ||
	    !mu_text_empty(&word))
		return false;
	*text = rest;
	return true;
}

/* "node 3 size: 257576 MB" */
static enum mu_status read_size(struct reader *reader, int nid)
{
	enum mu_status status;
	mu_phys_t size;
	uint64_t mib;

	if (!read_number(&reader->rest, &mib))
		return mu_fail(reader->error, MU_ERR_SYNTAX, 0,
			       "node %d: no number after \"size:\"", nid);
	if (mib >= MU_PHYS_MAX / MU_MIB)
		return mu_fail(reader->error, MU_ERR_RANGE, 0,
			       "node %d: %llu MB are past the limit of %d "
			       "address bits",
			       nid, (unsigned long long)mib, MU_PHYS_BITS);
	size = mib * MU_MIB;
	status = mu_machine_add(reader->machine, reader->next, size,
				MU_RANGE_RAM, 0, reader->error);
	if (!status)
		status = mu_machine_add_affinity(reader->machine, reader->next,
						 size, nid, 0, reader->error);
	reader->next += size;
	reader->sizes++;
	return status;
}

/* Read the next word if it is "8", "0-63" or "0-3,8,10-11": how many. */
static bool read_list(struct mu_text *text, unsigned *count)
{
	struct mu_text rest = *text, word;

	if (!next_word(&rest, &word) || !mu_text_is_digit(&word, 10))
		return false;
	*count = mu_text_count_list(&word);
	if (!mu_text_empty(&word))
		return false;
	*text = rest;
	return true;
}

/* "node 3 cpus: 8 9 10" */
static enum mu_status read_cpus(struct reader *reader, int nid)
{
	unsigned count = 0;
	unsigned more;

	while (read_list(&reader->rest, &more))
		count = MU_MIN(count + more, MU_MAX_CPUS + 1);
	return mu_machine_add_cpus(reader->machine, nid, count, reader->error);
}

/* "3:  20 22 12 10": one distance for each node there is, in their order. */
static enum mu_status read_distances(struct reader *reader, uint64_t from)
{
	struct mu_machine *machine = reader->machine;
	enum mu_status status = MU_OK;
	uint64_t distance;

	for (unsigned to = 0; !status && to < machine->nr_nodes; to++) {
		if (!machine->nodes[to].present)
			continue;
		if (!read_number(&reader->rest, &distance))
			break;
		status = mu_machine_set_distance(
			machine, (int)MU_MIN(from, INT32_MAX), (int)to,
			(unsigned)MU_MIN(distance, UINT32_MAX), reader->error);
	}
	return status;
}

static enum mu_status read_word(struct reader *reader, struct mu_text word,
				bool *in_distances)
{
	uint64_t number;
	int nid;

	if (*in_distances && !mu_text_number(&word, 10, &number) &&
	    mu_text_skip(&word, ":") && mu_text_empty(&word))
		return read_distances(reader, number);
	if (!mu_text_skip(&word, "node") || !mu_text_empty(&word))
		return MU_OK;
	if (skip_word(&reader->rest, "distances:")) {
		*in_distances = true;
		return MU_OK;
	}
	if (!read_number(&reader->rest, &number))
		return MU_OK;
	nid = (int)MU_MIN(number, INT32_MAX);
	if (skip_word(&reader->rest, "cpus:"))
		return read_cpus(reader, nid);
	if (skip_word(&reader->rest, "size:"))
		return read_size(reader, nid);
	return MU_OK;
}

enum mu_status mu_machine_read_numactl(struct mu_machine *machine,
				       const char *text, size_t len,
				       struct mu_error *error)
{
	struct reader reader = {
		.machine = machine,
		.rest = {text, text + len, 1},
		.error = error,
	};
	bool in_distances = false;
	struct mu_text word;

	while (next_word(&reader.rest, &word)) {
		enum mu_status status = read_word(&reader, word, &in_distances);

		if (status)
			return mu_text_failed(error, status, &word);
	}
	if (!reader.sizes)
		return mu_fail(error, MU_ERR_NOT_FOUND, 0,
			       "no line such as \"node 0 size: 1024 MB\"");
	return MU_OK;
}
