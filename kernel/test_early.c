// SPDX-License-Identifier: MIT
/* The large consumers of a boot, and their memory. */
#include "kernel/kernel.h"
#include "kernel/layout.h"
#include "kernel/tap.h"

#define PERCPU_BYTES 65536u
#define TRACE_BYTES  (UINT64_C(256) << 10)

static enum result percpu(void)
{
	static mu_pfn_t first[MU_MAX_CPUS];
	struct mu_early early;

	CHECK_OK(mu_early_percpu(&kernel.mm, PERCPU_BYTES, first, &early));
	CHECK(early.allocations == kernel.bare.nr_cpus);
	for (unsigned i = 0; i < kernel.bare.nr_cpus; i++)
		*(volatile uint64_t *)direct(first[i] * PAGE) = i;
	for (unsigned i = 0; i < kernel.bare.nr_cpus; i++)
		CHECK(*(volatile uint64_t *)direct(first[i] * PAGE) == i);
	CHECK_OK(mu_early_free(&kernel.mm, &early));
	return TEST_OK;
}

static enum result hash(void)
{
	const struct mu_hash_spec spec = {
		.bucket_size = 8,
		.entries = 65536,
		.nid = MU_NO_NODE,
		.zero = true,
	};
	struct mu_hash table;

	CHECK_OK(mu_early_hash(&kernel.mm, &spec, &table));
	CHECK(table.entries == 65536 && table.shift == 16);
	for (mu_pfn_t pfn = table.memory.first; pfn != MU_NO_PFN;
	     pfn = mu_early_next(&kernel.mm, &table.memory, pfn)) {
		const uint64_t *words = direct(pfn * PAGE);

		for (unsigned i = 0; i < PAGE / 8; i++)
			CHECK(!words[i]);
	}
	CHECK_OK(mu_early_free(&kernel.mm, &table.memory));
	return TEST_OK;
}

static enum result early_consumers(void)
{
	struct mu_early early;
	enum result result = percpu();

	if (result == TEST_OK)
		result = hash();
	if (result != TEST_OK)
		return result;
	CHECK_OK(mu_early_trace(&kernel.mm, TRACE_BYTES, NULL, &early));
	CHECK(early.pages == kernel.bare.nr_cpus * (TRACE_BYTES / PAGE));
	CHECK_OK(mu_early_free(&kernel.mm, &early));
	return TEST_OK;
}

const struct test test_early_consumers = {
	"hash tables, per-CPU areas and trace buffers", early_consumers};
