// SPDX-License-Identifier: MIT
/*
 * number: nodes by the order in which they were named.
 *
 * Firmware has proximity domains, which are arbitrary numbers; a kernel numbers
 * its nodes from 0. The new numbers are a permutation of the old ones, done
 * swap by swap: each puts one node where it belongs.
 */
#include "base/bits.h"
#include "machine/number.h"
#include "machine/perf.h"

void mu_machine_name_node(struct mu_machine *machine, int nid)
{
	struct mu_machine_node *node = &machine->nodes[nid];

	if (!node->name)
		node->name = (uint16_t)++machine->nr_named;
}

static unsigned new_number(const struct mu_machine *machine, unsigned nid)
{
	return machine->nodes[nid].name - 1u;
}

/* Unnamed nodes follow, those that are present before the others. */
static void name_the_rest(struct mu_machine *machine)
{
	for (int present = 1; present >= 0; present--) {
		for (unsigned i = 0; i < machine->max_nodes; i++) {
			if (machine->nodes[i].present == present)
				mu_machine_name_node(machine, (int)i);
		}
	}
}

static void swap_distances(uint8_t *a, uint8_t *b)
{
	uint8_t old = *a;

	*a = *b;
	*b = old;
}

static void swap_nodes(struct mu_machine *machine, unsigned a, unsigned b)
{
	struct mu_machine_node old = machine->nodes[a];
	unsigned max = machine->max_nodes;
	uint8_t *distances = machine->distances;

	machine->nodes[a] = machine->nodes[b];
	machine->nodes[b] = old;
	for (unsigned i = 0; i < max; i++)
		swap_distances(&distances[a * max + i],
			       &distances[b * max + i]);
	for (unsigned i = 0; i < max; i++)
		swap_distances(&distances[i * max + a],
			       &distances[i * max + b]);
}

void mu_machine_number_nodes(struct mu_machine *machine)
{
	if (!machine->nr_named || machine->finished)
		return;
	name_the_rest(machine);
	for (unsigned i = 0; i < machine->nr_affinities; i++) {
		struct mu_range *affinity = &machine->affinities[i];

		affinity->nid =
			(int32_t)new_number(machine, (unsigned)affinity->nid);
	}
	for (unsigned i = 0; i < machine->nr_perf; i++)
		machine->perf[i] = mu_perf_word(
			new_number(machine, mu_perf_from(machine->perf[i])),
			new_number(machine, mu_perf_to(machine->perf[i])),
			mu_perf_what(machine->perf[i]),
			(uint32_t)machine->perf[i]);
	machine->nr_nodes = 0;
	for (unsigned i = 0; i < machine->max_nodes; i++) {
		while (new_number(machine, i) != i)
			swap_nodes(machine, i, new_number(machine, i));
		machine->nodes[i].name = 0;
		if (machine->nodes[i].present)
			machine->nr_nodes = i + 1;
	}
	machine->nr_named = 0;
}
