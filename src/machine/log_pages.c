// SPDX-License-Identifier: MIT
/*
 * log_pages: a boot log does not say the page size, but names the same amount
 * in pages and in bytes.
 */
#include "base/bits.h"
#include "machine/log.h"

static unsigned known_shift(uint64_t page_size)
{
	if (page_size == 1u << 12 || page_size == 1u << 13 ||
	    page_size == 1u << 14 || page_size == 1u << 16)
		return mu_log2(page_size);
	return 0;
}

static bool read_word(struct mu_text *line, const char *before, uint64_t *value)
{
	return mu_text_find(line, before) && !mu_text_number(line, 10, value);
}

/*
 * "20 pages/cpu @(____ptrval____) s44600 r0 d37320 u81920": static, reserved
 * and dynamic bytes fill the pages.
 */
unsigned mu_log_percpu_shift(struct mu_text line)
{
	uint64_t pages, part[3], sum;

	if (mu_text_number(&line, 10, &pages) || !pages ||
	    !mu_text_skip(&line, " pages/cpu") ||
	    !read_word(&line, " s", &part[0]) ||
	    !read_word(&line, " r", &part[1]) ||
	    !read_word(&line, " d", &part[2]))
		return 0;
	sum = part[0] + part[1] + part[2];
	return sum % pages ? 0 : known_shift(sum / pages);
}

/* "32768 (order: 6, 262144 bytes, linear)" */
unsigned mu_log_hash_shift(struct mu_text line)
{
	uint64_t entries, order, bytes;

	if (mu_text_number(&line, 10, &entries) ||
	    !read_word(&line, "(order: ", &order) || order >= 64 ||
	    !mu_text_skip(&line, ", ") || mu_text_number(&line, 10, &bytes) ||
	    !mu_text_skip(&line, " bytes"))
		return 0;
	return known_shift(bytes >> order);
}

uint64_t mu_log_total_pages(struct mu_text line)
{
	uint64_t pages;

	return mu_text_number(&line, 10, &pages) ? 0 : pages;
}

unsigned mu_log_total_shift(mu_phys_t bytes, uint64_t pages)
{
	for (unsigned shift = 12; pages && shift <= 16; shift += 2) {
		uint64_t page_size = bytes / pages, exact = 1u << shift;

		/* Allow for ragged ends, and ranges that one left out. */
		if (page_size >= exact - exact / 4 &&
		    page_size <= exact + exact / 4)
			return shift;
	}
	return 0;
}
