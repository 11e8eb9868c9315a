// SPDX-License-Identifier: MIT
#include "base/port.h"
#include "memup/padata.h"
#include "padata/helpers.h"
#include "padata/progress.h"

#define NS_PER_SECOND 1000000000u

/* *@rest += @value modulo @c, both of them below it. Returns the carry. */
static uint64_t add_mod(uint64_t *rest, uint64_t value, uint64_t c)
{
	if (*rest >= c - value) {
		*rest -= c - value;
		return 1;
	}
	*rest += value;
	return 0;
}

/*
 * By long multiplication and division in one, a bit of @a at a time: the
 * product needs 128 bits, and a division of that many is a library call.
 */
uint64_t mu_mul_div(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t quotient = 0, rest = 0;

	if (!c)
		return UINT64_MAX;
	for (unsigned bit = 64; bit-- > 0;) {
		uint64_t carry = add_mod(&rest, rest, c);
		uint64_t more = 0;

		if ((a >> bit) & 1)
			more = b / c + add_mod(&rest, b % c, c);
		if (quotient > (UINT64_MAX - carry) / 2)
			return UINT64_MAX;
		quotient = 2 * quotient + carry;
		if (more > UINT64_MAX - quotient)
			return UINT64_MAX;
		quotient += more;
	}
	return quotient;
}

void mu_padata_mt_progress(const struct mu_padata_mt *mt,
			   struct mu_padata_progress *progress)
{
	/* relaxed: independent numbers, only shown to people. */
	uint64_t done = atomic_load_explicit(&mt->done, memory_order_relaxed);
	uint64_t size = mt->job.size;
	uint64_t elapsed = mu_clock(mt->port) - mt->started;

	progress->done = done;
	progress->size = size;
	progress->elapsed = elapsed;
	progress->rate = elapsed ? mu_mul_div(done, NS_PER_SECOND, elapsed) : 0;
	progress->left = UINT64_MAX;
	if (done == size)
		progress->left = 0;
	else if (done && elapsed)
		progress->left = mu_mul_div(size - done, elapsed, done);
	progress->threads =
		1 + (atomic_load_explicit(&mt->calls, memory_order_relaxed) &
		     MU_WORKING);
}
