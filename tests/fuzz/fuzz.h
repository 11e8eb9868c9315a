/* SPDX-License-Identifier: MIT */
/*
 * fuzz: feed bytes to a reader of the machine floor and hold the machine to its
 * promises. Each target is one file with LLVMFuzzerTestOneInput(); `make fuzz`
 * builds them with libFuzzer and runs them over tests/corpus/<name>.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdlib.h>
#include <string.h>

#include "memup/machine_read.h"

#define FUZZ_RANGES 64
#define FUZZ_NODES  16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_check(bool promise)
{
	if (!promise)
		abort();
}

/* What a layout needs of the limits of zones. */
static inline void fuzz_zones(const struct mu_machine *machine)
{
	mu_phys_t dma, dma32;

	mu_machine_zones(machine, &dma, &dma32);
	fuzz_check(dma <= MU_PHYS_MAX && dma32 <= MU_PHYS_MAX);
	fuzz_check(!dma32 || dma <= dma32);
	fuzz_check(machine->cmdline_len <= MU_MACHINE_CMDLINE_MAX &&
		   !machine->cmdline[machine->cmdline_len]);
}

/* What mu_machine_finish() promises of any input. */
static inline void fuzz_finish(struct mu_machine *machine)
{
	struct mu_error error = {.text = ""};
	unsigned cpus;

	if (mu_machine_finish(machine, &error)) {
		fuzz_check(error.text[0] && !machine->finished);
		return;
	}
	cpus = mu_machine_cpus(machine);
	fuzz_check(cpus >= 1 && cpus <= MU_MAX_CPUS);
	fuzz_check(mu_machine_ram(machine) &&
		   mu_machine_ram(machine) <= mu_machine_top(machine) &&
		   mu_machine_top(machine) <= MU_PHYS_MAX);
	fuzz_check(machine->nr_nodes <= machine->max_nodes);
	for (unsigned i = 0; i < machine->nr_ranges; i++) {
		const struct mu_range *range = &machine->ranges[i];

		fuzz_check(range->size && range->type > MU_RANGE_NONE &&
			   range->type < MU_NR_RANGE_TYPES);
		fuzz_check(range->nid >= 0 &&
			   (unsigned)range->nid < machine->nr_nodes &&
			   machine->nodes[range->nid].present);
		fuzz_check(!i ||
			   range[-1].base + range[-1].size <= range->base);
	}
	for (unsigned i = 0; i < machine->nr_nodes; i++)
		fuzz_check(machine->distances[i * machine->max_nodes + i] ==
			   10);
	for (unsigned i = 1; i < machine->nr_perf; i++)
		fuzz_check(machine->perf[i - 1] >> 32 < machine->perf[i] >> 32);
	fuzz_zones(machine);
}

/* Read and finish; the input is @size bytes and not one more. */
static inline void fuzz_reader(
	enum mu_status (*reader)(struct mu_machine *machine, const char *text,
				 size_t len, struct mu_error *error),
	const uint8_t *data, size_t size)
{
	size_t bytes = mu_machine_size(FUZZ_RANGES, FUZZ_NODES);
	void *buf = malloc(bytes);
	struct mu_error error = {.text = ""};
	struct mu_machine machine;

	fuzz_check(buf != NULL);
	fuzz_check(mu_machine_init(&machine, buf, bytes, FUZZ_RANGES,
				   FUZZ_NODES, NULL) == MU_OK);
	if (reader(&machine, (const char *)data, size, &error))
		fuzz_check(error.text[0] && error.status != MU_OK);
	else
		fuzz_finish(&machine);
	free(buf);
}

#endif
