// SPDX-License-Identifier: MIT
/* Sizes and lists of CPUs on the program's command line; cpu.max of a group. */
#include "cli/pool.h"
#include "cli/text.h"
#include "ports/hosted/cgroup.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct mu_cpumask mask;
	unsigned cpus = 0, weight;
	uint64_t value;

	fuzz_check(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	if (parse_size(text, &value))
		fuzz_check(value <= (uint64_t)1 << 52);
	if (pool_parse_cpus(text, &mask)) {
		weight = mu_cpumask_weight(&mask);
		fuzz_check(weight && weight <= MU_MAX_CPUS);
	}
	if (mu_cgroup_parse_cpu_max(text, &cpus))
		fuzz_check(cpus);
	free(text);
	return 0;
}
