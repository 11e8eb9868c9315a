// SPDX-License-Identifier: MIT
/*
 * fake: nodes that are not there, for testing on machines that have few.
 *
 * A real node is a *block* of addresses. Fake nodes are carved from the low end
 * of each block in turn until nothing is left; each takes its share of bytes of
 * RAM, across any holes, in steps of 32 MiB. Two rules keep out nodes that
 * would be too small: what is left of a block that does not make another node
 * goes to the last one, and a node that ends within 32 MiB of RAM below 4 GiB
 * ends at 4 GiB.
 *
 * The outcome is that of Linux (mm/numa_emulation.c), so that a log of a kernel
 * with numa=fake= and this agree. Cost: O(ranges) for a node.
 */
#include "base/bits.h"
#include "base/fmt.h"
#include "base/string.h"
#include "machine/cmdline.h"
#include "machine/fake.h"

#define STEP  (32 * MU_MIB)
#define DMA32 (4 * MU_GIB)

/* Blocks lie in affinities[0, nr_blocks), fake nodes behind them. */
struct carver {
	struct mu_machine *machine;
	unsigned nr_pieces, nr_blocks, nr_fake;
	unsigned next, modulo; /* the next node, and how many there are */
	uint64_t big;	       /* nodes below it get a step more */
	struct mu_error *error;
};

/* ---- RAM and holes ---- */

/* Whole pages of piece @i, if it is RAM. */
static bool ram_piece(const struct carver *carver, unsigned i, mu_phys_t *start,
		      mu_phys_t *end)
{
	const struct mu_range *piece = &carver->machine->scratch_ranges[i];
	mu_phys_t page = (mu_phys_t)1 << carver->machine->page_shift;

	*start = mu_align_up(piece->base, page);
	*end = mu_align_down(piece->base + piece->size, page);
	return piece->type == MU_RANGE_RAM && *start < *end;
}

static mu_phys_t ram_in(const struct carver *carver, mu_phys_t from,
			mu_phys_t to)
{
	mu_phys_t start, end, sum = 0;

	for (unsigned i = 0; i < carver->nr_pieces; i++) {
		if (!ram_piece(carver, i, &start, &end))
			continue;
		start = MU_MAX(start, from);
		end = MU_MIN(end, to);
		if (start < end)
			sum += end - start;
	}
	return sum;
}

/* Where @bytes of RAM above @from end; MU_PHYS_MAX if there are fewer. */
static mu_phys_t ram_until(const struct carver *carver, mu_phys_t from,
			   mu_phys_t bytes)
{
	mu_phys_t start, end;

	for (unsigned i = 0; i < carver->nr_pieces; i++) {
		if (!ram_piece(carver, i, &start, &end) || end <= from)
			continue;
		start = MU_MAX(start, from);
		if (end - start >= bytes)
			return start + bytes;
		bytes -= end - start;
	}
	return MU_PHYS_MAX;
}

static mu_phys_t top_of_ram(const struct carver *carver)
{
	mu_phys_t start, end, top = 0;

	for (unsigned i = 0; i < carver->nr_pieces; i++)
		if (ram_piece(carver, i, &start, &end))
			top = end;
	return top;
}

/* ---- Blocks ---- */

static void drop(struct carver *carver, unsigned at)
{
	struct mu_range *list = carver->machine->affinities;

	for (unsigned i = at + 1; i < carver->nr_blocks; i++)
		list[i - 1] = list[i];
	carver->nr_blocks--;
}

/* Does a block of another node than that of @at lie in [start, end)? */
static bool other_node_in(const struct carver *carver, unsigned at,
			  mu_phys_t start, mu_phys_t end)
{
	const struct mu_range *list = carver->machine->affinities;

	for (unsigned i = 0; i < carver->nr_blocks; i++)
		if (list[i].nid != list[at].nid && list[i].base < end &&
		    list[i].base + list[i].size > start)
			return true;
	return false;
}

static void join_blocks(struct carver *carver)
{
	struct mu_range *list = carver->machine->affinities;

	for (unsigned i = 0; i < carver->nr_blocks; i++) {
		for (unsigned j = i + 1; j < carver->nr_blocks; j++) {
			mu_phys_t start = MU_MIN(list[i].base, list[j].base);
			mu_phys_t end = MU_MAX(list[i].base + list[i].size,
					       list[j].base + list[j].size);

			if (list[i].nid != list[j].nid ||
			    other_node_in(carver, i, start, end))
				continue;
			list[i].base = start;
			list[i].size = end - start;
			drop(carver, j--);
		}
	}
}

/* The real nodes, as far as there is RAM; one if none was named. */
static void make_blocks(struct carver *carver)
{
	struct mu_machine *machine = carver->machine;
	struct mu_range *list = machine->affinities;
	mu_phys_t top = top_of_ram(carver);

	carver->nr_blocks = machine->nr_affinities;
	if (!carver->nr_blocks) {
		list[0] = (struct mu_range){.size = top};
		carver->nr_blocks = 1;
	}
	for (unsigned i = 0; i < carver->nr_blocks;) {
		if (list[i].base >= top) {
			drop(carver, i);
			continue;
		}
		list[i].size = MU_MIN(list[i].size, top - list[i].base);
		i++;
	}
	join_blocks(carver);
}

/* The first block of node @nid, or nr_blocks. */
static unsigned block_of(const struct carver *carver, int nid)
{
	unsigned i = 0;

	while (i < carver->nr_blocks &&
	       carver->machine->affinities[i].nid != nid)
		i++;
	return i;
}

/* ---- Carving ---- */

/* Where a fake node of @size bytes that begins with @block ends. */
static mu_phys_t end_of_node(const struct carver *carver,
			     const struct mu_range *block, mu_phys_t size,
			     bool by_span)
{
	mu_phys_t limit = block->base + block->size, end = block->base + size;

	if (carver->next < carver->big)
		end += STEP;
	if (!by_span) {
		mu_phys_t enough = ram_until(carver, block->base, size);

		if (enough > end)
			end = MU_MIN(end + mu_align_up(enough - end, STEP),
				     limit);
	}
	if (end < DMA32 && ram_in(carver, end, DMA32) < STEP)
		end = DMA32;
	if (!by_span && end < limit && ram_in(carver, end, limit) < size)
		end = limit;
	return MU_MIN(end, limit);
}

/* Carve one fake node of @size bytes from block @at. */
static enum mu_status carve(struct carver *carver, unsigned at, mu_phys_t size,
			    bool by_span)
{
	struct mu_machine *machine = carver->machine;
	struct mu_range *block = &machine->affinities[at];
	unsigned nid = carver->next % carver->modulo;
	unsigned slot = carver->machine->max_affinities - 1 - carver->nr_fake;
	mu_phys_t end = end_of_node(carver, block, size, by_span);

	if (slot < carver->nr_blocks)
		return mu_fail(carver->error, MU_ERR_FULL, 0,
			       "numa=fake: no room for more than %u nodes",
			       carver->nr_fake);
	if (nid >= machine->max_nodes)
		return mu_fail(carver->error, MU_ERR_RANGE, 0,
			       "numa=fake: node %u, past the limit of %u", nid,
			       machine->max_nodes);
	/* From the top of the table down; type is the real node for now. */
	machine->affinities[slot] = (struct mu_range){
		.base = block->base,
		.size = end - block->base,
		.type = (uint16_t)block->nid,
		.nid = (int32_t)nid,
	};
	carver->nr_fake++;
	carver->next++;
	block->size -= end - block->base;
	block->base = end;
	if (!block->size)
		drop(carver, at);
	return MU_OK;
}

/* Carve from nodes [@first, @last] in turn until nothing is left. */
static enum mu_status carve_all(struct carver *carver, int first, int last,
				mu_phys_t size, bool by_span)
{
	enum mu_status status = MU_OK;
	bool any;

	do {
		any = false;
		for (int nid = first; !status && nid <= last; nid++) {
			unsigned at = block_of(carver, nid);

			if (at == carver->nr_blocks)
				continue;
			status = carve(carver, at, size, by_span);
			any = true;
		}
	} while (!status && any);
	return status;
}

static enum mu_status carve_count(struct carver *carver, uint64_t count)
{
	unsigned shift = carver->machine->page_shift;
	mu_phys_t size = ram_in(carver, 0, MU_PHYS_MAX) >> shift;

	size = size / count << shift;
	carver->big = (size & (STEP - 1)) * count / STEP;
	carver->modulo = (unsigned)count;
	size = mu_align_down(size, STEP);
	if (!size)
		return MU_OK;
	return carve_all(carver, 0, MU_MAX_NODES, size, false);
}

static enum mu_status carve_size(struct carver *carver, mu_phys_t size)
{
	mu_phys_t least = ram_in(carver, 0, MU_PHYS_MAX) / MU_MAX_NODES;

	least = mu_align_up(MU_MAX(least, 1u), STEP);
	size = mu_align_down(MU_MAX(size, least), STEP);
	return carve_all(carver, 0, MU_MAX_NODES, size, false);
}

/* Equal spans of addresses, with holes and all: @count for each real node. */
static enum mu_status carve_each(struct carver *carver, uint64_t count)
{
	unsigned shift = carver->machine->page_shift;
	enum mu_status status = MU_OK;

	while (!status && carver->nr_blocks) {
		const struct mu_range *block = &carver->machine->affinities[0];
		mu_phys_t size = (block->size >> shift) / count << shift;

		size = mu_align_up(MU_MAX(size, 1u), STEP);
		status = carve_all(carver, block->nid, block->nid, size, true);
	}
	return status;
}

/* ---- The machine after it ---- */

/* Spread the CPUs of real node @nid over the fake nodes in it. */
static unsigned spread_cpus(struct carver *carver, unsigned nid)
{
	struct mu_machine *machine = carver->machine;
	struct mu_range *list = machine->affinities;
	unsigned cpus = machine->nodes[nid].nr_cpus, nr = 0, done = 0;

	for (unsigned i = 0; i < carver->nr_fake; i++)
		nr += list[i].type == nid;
	if (!nr)
		return cpus;
	/* flags hold a fake node's CPUs for now. The first one comes last. */
	for (unsigned i = carver->nr_fake; i-- > 0;) {
		if (list[i].type != nid)
			continue;
		list[i].flags = (uint16_t)(cpus / nr + (done < cpus % nr));
		done++;
	}
	return 0;
}

/* Copy the distances of the real nodes to where set_distances() needs them. */
static enum mu_status save_distances(struct carver *carver)
{
	struct mu_machine *machine = carver->machine;
	uint8_t *saved = (uint8_t *)machine->scratch_ranges;
	size_t nr = machine->nr_nodes;

	if (nr * nr > machine->max_ranges * sizeof(struct mu_range))
		return mu_fail(carver->error, MU_ERR_FULL, 0,
			       "numa=fake: no room for the distances of %zu "
			       "nodes",
			       nr);
	for (size_t from = 0; from < nr; from++)
		memcpy(saved + from * nr,
		       machine->distances + from * machine->max_nodes, nr);
	return MU_OK;
}

/* As far apart as the @nr real nodes that they are parts of. */
static void set_distances(struct carver *carver, size_t nr)
{
	struct mu_machine *machine = carver->machine;
	const uint8_t *saved = (const uint8_t *)machine->scratch_ranges;
	const struct mu_range *list = machine->affinities;

	for (unsigned i = 0; i < carver->nr_fake; i++) {
		uint8_t *row = machine->distances +
			       (size_t)list[i].nid * machine->max_nodes;

		for (unsigned j = 0; j < carver->nr_fake; j++)
			row[list[j].nid] =
				list[i].type == list[j].type ? 10
				: MU_MAX(list[i].type, list[j].type) < nr
					? saved[list[i].type * nr +
						list[j].type]
					: 0;
	}
}

static enum mu_status set_nodes(struct carver *carver)
{
	struct mu_machine *machine = carver->machine;
	struct mu_range *list = machine->affinities;
	enum mu_status status = save_distances(carver);
	size_t nr_real = machine->nr_nodes;
	unsigned homeless = 0;

	if (status)
		return status;

	memmove(list, list + machine->max_affinities - carver->nr_fake,
		carver->nr_fake * sizeof(*list));
	machine->nr_affinities = carver->nr_fake;
	for (unsigned nid = 0; nid < machine->nr_nodes; nid++)
		homeless += spread_cpus(carver, nid);
	memset(machine->nodes, 0, machine->max_nodes * sizeof(*machine->nodes));
	memset(machine->distances, 0,
	       (size_t)machine->max_nodes * machine->max_nodes);
	machine->nr_nodes = 0;
	for (unsigned i = 0; i < carver->nr_fake; i++) {
		unsigned nid = (unsigned)list[i].nid;

		machine->nodes[nid].present = true;
		machine->nodes[nid].nr_cpus += list[i].flags;
		machine->nr_nodes = MU_MAX(machine->nr_nodes, nid + 1);
	}
	set_distances(carver, nr_real);
	machine->nr_perf = 0; /* of nodes that are gone */
	machine->nodes[0].nr_cpus += homeless;
	for (unsigned i = 0; i < carver->nr_fake; i++)
		list[i].flags = list[i].type = 0;
	return MU_OK;
}

enum mu_status mu_fake_nodes(struct mu_machine *machine, unsigned nr,
			     struct mu_error *error)
{
	struct carver carver = {
		.machine = machine,
		.nr_pieces = nr,
		.modulo = MU_MAX_NODES,
		.error = error,
	};
	enum mu_status status = MU_OK;

	make_blocks(&carver);
	switch (machine->fake) {
	case MU_FAKE_COUNT:
		status = carve_count(&carver, machine->fake_value);
		break;
	case MU_FAKE_SIZE:
		status = carve_size(&carver, machine->fake_value);
		break;
	case MU_FAKE_EACH:
		status = carve_each(&carver, machine->fake_value);
		break;
	default:
		break;
	}
	if (!status && carver.nr_fake)
		status = set_nodes(&carver);
	return status;
}

/* ---- The parameter ---- */

enum mu_status mu_fake_read(struct mu_machine *machine, struct mu_text word,
			    struct mu_text value, struct mu_error *error)
{
	enum mu_fake kind = MU_FAKE_COUNT;
	struct mu_text number = value;
	struct mu_quote quote;
	uint64_t amount, count = 0;
	bool unit;

	if (mu_text_number(&number, 10, &count) == MU_OK &&
	    mu_text_skip(&number, "U")) {
		kind = MU_FAKE_EACH;
		amount = count;
		value = number;
	} else if (mu_text_size(&value, &amount, &unit) != MU_OK) {
		return mu_fail(error, MU_ERR_SYNTAX, 0,
			       "%s: expected a number of nodes, or a size",
			       mu_text_quote(&quote, word));
	} else if (unit) {
		kind = MU_FAKE_SIZE;
	}
	if (mu_text_skip(&value, ":"))
		return mu_fail(error, MU_ERR_UNSUPPORTED, 0,
			       "%s: distances are not read",
			       mu_text_quote(&quote, word));
	if (!mu_text_empty(&value))
		return mu_fail(error, MU_ERR_SYNTAX, 0,
			       "%s: expected nothing after the number",
			       mu_text_quote(&quote, word));
	if (!amount || (kind != MU_FAKE_SIZE && amount > MU_MAX_NODES))
		return mu_fail(error, MU_ERR_RANGE, 0, "%s: not from 1 to %d",
			       mu_text_quote(&quote, word), MU_MAX_NODES);
	machine->fake = kind;
	machine->fake_value = amount;
	return MU_OK;
}

enum mu_status mu_fake_read_cmdline(struct mu_machine *machine,
				    struct mu_text cmdline,
				    struct mu_error *error)
{
	enum mu_status status = MU_OK;
	struct mu_text word;

	while (!status && mu_cmdline_word(&cmdline, &word)) {
		struct mu_text value = word;

		if (mu_text_skip(&value, "numa=fake="))
			status = mu_fake_read(machine, word, value, error);
	}
	return status;
}
