// SPDX-License-Identifier: MIT
/*
 * A machine while it is being described: ranges, affinities, CPUs and distances
 * as they come, in arrays that the caller provided. finish.c makes sense of
 * them.
 */
#include "base/bits.h"
#include "base/fmt.h"
#include "base/string.h"
#include "machine/checks.h"
#include "machine/perf.h"

#define MAX_RANGES     (1u << 20)
#define PERF_PER_RANGE 4u

_Static_assert(sizeof(struct mu_range) == 24, "three words a range");
_Static_assert(alignof(struct mu_machine_node) <= 8 &&
		       sizeof(struct mu_range) % 8 == 0,
	       "the parts of the buffer follow each other without padding");

const char *mu_range_type_str(enum mu_range_type type)
{
	static const char *const names[MU_NR_RANGE_TYPES] = {
		[MU_RANGE_NONE] = "no memory",
		[MU_RANGE_RAM] = "usable",
		[MU_RANGE_RESERVED] = "reserved",
		[MU_RANGE_ACPI] = "ACPI data",
		[MU_RANGE_NVS] = "ACPI NVS",
		[MU_RANGE_UNUSABLE] = "unusable",
		[MU_RANGE_SOFT_RESERVED] = "soft reserved",
		[MU_RANGE_PMEM] = "persistent",
	};

	if ((unsigned)type >= MU_NR_RANGE_TYPES)
		return "unknown type";
	return names[type];
}

static bool limits_fit(unsigned max_ranges, unsigned max_nodes)
{
	return max_nodes && max_nodes <= MU_MAX_NODES && max_ranges &&
	       max_ranges <= MAX_RANGES;
}

size_t mu_machine_size(unsigned max_ranges, unsigned max_nodes)
{
	if (!limits_fit(max_ranges, max_nodes))
		return 0;
	return max_ranges *
		       (3 * sizeof(struct mu_range) + 2 * sizeof(uint32_t) +
			PERF_PER_RANGE * sizeof(uint64_t)) +
	       max_nodes * sizeof(struct mu_machine_node) +
	       (size_t)max_nodes * max_nodes + MU_MACHINE_CMDLINE_MAX + 1;
}

static enum mu_status check_room(const void *buf, size_t size,
				 unsigned max_ranges, unsigned max_nodes,
				 struct mu_error *error)
{
	size_t need = mu_machine_size(max_ranges, max_nodes);

	if (!need)
		return mu_fail(error, MU_ERR_RANGE, 0,
			       "a machine of %u ranges and %u nodes: not 1 to "
			       "%u and 1 to %u",
			       max_ranges, max_nodes, MAX_RANGES, MU_MAX_NODES);
	if ((uintptr_t)buf % 8)
		return mu_fail(error, MU_ERR_INVALID, 0,
			       "a machine's memory at 0x%llx: not aligned to 8 "
			       "bytes",
			       (unsigned long long)(uintptr_t)buf);
	if (size < need)
		return mu_fail(error, MU_ERR_FULL, 0,
			       "a machine of %u ranges and %u nodes needs %zu "
			       "bytes, and there are %zu",
			       max_ranges, max_nodes, need, size);
	return MU_OK;
}

enum mu_status mu_machine_init(struct mu_machine *machine, void *buf,
			       size_t size, unsigned max_ranges,
			       unsigned max_nodes, struct mu_error *error)
{
	char *at = buf;
	enum mu_status status =
		check_room(buf, size, max_ranges, max_nodes, error);

	if (status != MU_OK)
		return status;
	memset(machine, 0, sizeof(*machine));
	machine->page_shift = MU_PAGE_SHIFT_MIN;
	machine->max_ranges = max_ranges;
	machine->max_affinities = max_ranges;
	machine->max_nodes = max_nodes;
	machine->ranges = (void *)at;
	at += max_ranges * sizeof(struct mu_range);
	machine->affinities = (void *)at;
	at += max_ranges * sizeof(struct mu_range);
	machine->scratch_ranges = (void *)at;
	at += max_ranges * sizeof(struct mu_range);
	machine->scratch_heap = (void *)at;
	at += (size_t)2 * max_ranges * sizeof(uint32_t);
	machine->perf = (void *)at;
	machine->max_perf = PERF_PER_RANGE * max_ranges;
	at += machine->max_perf * sizeof(uint64_t);
	machine->nodes = (void *)at;
	at += max_nodes * sizeof(struct mu_machine_node);
	machine->distances = (void *)at;
	at += (size_t)max_nodes * max_nodes;
	machine->cmdline = at;
	machine->cmdline[0] = '\0';
	memset(machine->nodes, 0,
	       max_nodes * sizeof(struct mu_machine_node) +
		       (size_t)max_nodes * max_nodes);
	return MU_OK;
}

static enum mu_status check_open(const struct mu_machine *machine,
				 struct mu_error *error)
{
	if (machine->finished)
		return mu_fail(error, MU_ERR_INVALID, 0,
			       "the machine is finished");
	return MU_OK;
}

enum mu_status mu_machine_check_range(const struct mu_machine *machine,
				      mu_phys_t base, mu_phys_t size,
				      struct mu_error *error)
{
	enum mu_status status = check_open(machine, error);

	if (status)
		return status;
	if (mu_wraps(base, size))
		return mu_fail(error, MU_ERR_RANGE, 0,
			       "0x%llx bytes at 0x%llx pass the end of 64 bits",
			       (unsigned long long)size,
			       (unsigned long long)base);
	if (base > MU_PHYS_MAX || size > MU_PHYS_MAX - base)
		return mu_fail(error, MU_ERR_RANGE, 0,
			       "0x%llx bytes at 0x%llx pass the limit of %d "
			       "address bits",
			       (unsigned long long)size,
			       (unsigned long long)base, MU_PHYS_BITS);
	return MU_OK;
}

static enum mu_status check_type(unsigned type, unsigned lowest,
				 struct mu_error *error)
{
	if (type < lowest || type >= MU_NR_RANGE_TYPES)
		return mu_fail(error, MU_ERR_INVALID, 0,
			       "range type %u is not one of %u to %u", type,
			       lowest, MU_NR_RANGE_TYPES - 1u);
	return MU_OK;
}

enum mu_status mu_machine_check_node(const struct mu_machine *machine, int nid,
				     struct mu_error *error)
{
	enum mu_status status = check_open(machine, error);

	if (status)
		return status;
	if (nid < 0 || (unsigned)nid >= machine->max_nodes)
		return mu_fail(error, MU_ERR_RANGE, 0,
			       "node %d is not one of 0 to %u", nid,
			       machine->max_nodes - 1);
	return MU_OK;
}

static void set_present(struct mu_machine *machine, int nid)
{
	machine->nodes[nid].present = true;
	machine->nr_nodes = MU_MAX(machine->nr_nodes, (unsigned)nid + 1);
}

enum mu_status mu_machine_add(struct mu_machine *machine, mu_phys_t base,
			      mu_phys_t size, enum mu_range_type type,
			      unsigned flags, struct mu_error *error)
{
	enum mu_status status =
		mu_machine_check_range(machine, base, size, error);

	if (!status)
		status = check_type(type, MU_RANGE_RAM, error);
	if (status || !size)
		return status;
	if (machine->nr_ranges == machine->max_ranges)
		return mu_fail(error, MU_ERR_FULL, 0,
			       "more than %u memory ranges",
			       machine->max_ranges);
	machine->ranges[machine->nr_ranges++] = (struct mu_range){
		.base = base,
		.size = size,
		.type = (uint16_t)type,
		.flags = (uint16_t)flags,
		.nid = MU_NO_NODE,
	};
	return MU_OK;
}

enum mu_status mu_machine_add_affinity(struct mu_machine *machine,
				       mu_phys_t base, mu_phys_t size, int nid,
				       unsigned flags, struct mu_error *error)
{
	enum mu_status status =
		mu_machine_check_range(machine, base, size, error);

	if (!status)
		status = mu_machine_check_node(machine, nid, error);
	if (status)
		return status;
	if (size && machine->nr_affinities == machine->max_affinities)
		return mu_fail(error, MU_ERR_FULL, 0,
			       "more than %u node affinities",
			       machine->max_affinities);
	set_present(machine, nid);
	if (size)
		machine->affinities[machine->nr_affinities++] =
			(struct mu_range){
				.base = base,
				.size = size,
				.flags = (uint16_t)flags,
				.nid = nid,
			};
	return MU_OK;
}

/* What is of type @from in [@base, @end) becomes @to, and gets @flags. */
struct change {
	mu_phys_t base, end;
	enum mu_range_type from, to;
	unsigned flags;
};

/*
 * Split range @i at the change's borders. The piece above goes to the end of
 * the list, as does the piece inside (unless it is removed).
 */
static void change_one(struct mu_machine *machine, unsigned i,
		       const struct change *change)
{
	struct mu_range *range = &machine->ranges[i];
	struct mu_range inside = *range;
	mu_phys_t range_end = range->base + range->size;
	mu_phys_t inside_end = MU_MIN(change->end, range_end);

	inside.base = MU_MAX(change->base, range->base);
	inside.size = inside_end - inside.base;
	inside.type = (uint16_t)change->to;
	inside.flags |= (uint16_t)change->flags;
	range->size = inside.base - range->base;
	if (inside_end < range_end) {
		struct mu_range above = *range;

		above.base = inside_end;
		above.size = range_end - inside_end;
		machine->ranges[machine->nr_ranges++] = above;
	}
	if (change->to != MU_RANGE_NONE)
		machine->ranges[machine->nr_ranges++] = inside;
}

static bool change_applies(const struct mu_range *range,
			   const struct change *change)
{
	return range->base < change->end &&
	       range->base + range->size > change->base &&
	       (change->from == MU_RANGE_NONE || range->type == change->from) &&
	       (range->type != change->to || change->flags & ~range->flags);
}

static enum mu_status apply_change(struct mu_machine *machine,
				   const struct change *change,
				   struct mu_error *error)
{
	unsigned nr = machine->nr_ranges, room = machine->max_ranges - nr;
	unsigned kept = 0;

	for (unsigned i = 0, needed = 0; i < nr; i++) {
		if (change_applies(&machine->ranges[i], change))
			needed += 2;
		if (needed > room)
			return mu_fail(error, MU_ERR_FULL, 0,
				       "more than %u memory ranges",
				       machine->max_ranges);
	}
	for (unsigned i = 0; i < nr; i++) {
		if (change_applies(&machine->ranges[i], change))
			change_one(machine, i, change);
	}
	for (unsigned i = 0; i < machine->nr_ranges; i++) {
		if (machine->ranges[i].size)
			machine->ranges[kept++] = machine->ranges[i];
	}
	machine->nr_ranges = kept;
	return MU_OK;
}

enum mu_status mu_machine_update(struct mu_machine *machine, mu_phys_t base,
				 mu_phys_t size, enum mu_range_type from,
				 enum mu_range_type to, struct mu_error *error)
{
	struct change change = {base, base + size, from, to, 0};
	enum mu_status status =
		mu_machine_check_range(machine, base, size, error);

	if (!status)
		status = check_type(from, MU_RANGE_NONE, error);
	if (!status)
		status = check_type(to, MU_RANGE_NONE, error);
	if (status || !size)
		return status;
	return apply_change(machine, &change, error);
}

enum mu_status mu_machine_set_flags(struct mu_machine *machine, mu_phys_t base,
				    mu_phys_t size, unsigned flags,
				    struct mu_error *error)
{
	struct change change = {base, base + size, MU_RANGE_RAM, MU_RANGE_RAM,
				flags};
	enum mu_status status =
		mu_machine_check_range(machine, base, size, error);

	if (status || !size)
		return status;
	return apply_change(machine, &change, error);
}

enum mu_status mu_machine_ram_from_affinities(struct mu_machine *machine,
					      struct mu_error *error)
{
	enum mu_status status = MU_OK;

	if (mu_machine_ram(machine))
		return MU_OK;
	for (unsigned i = 0; !status && i < machine->nr_affinities; i++) {
		const struct mu_range *affinity = &machine->affinities[i];

		if (!(affinity->flags &
		      (MU_RANGE_HOTPLUG | MU_RANGE_NONVOLATILE)))
			status = mu_machine_add(machine, affinity->base,
						affinity->size, MU_RANGE_RAM, 0,
						error);
	}
	return status;
}

enum mu_status mu_machine_check_cpus(const struct mu_machine *machine,
				     unsigned count, struct mu_error *error)
{
	if (count <= MU_MAX_CPUS - mu_machine_cpus(machine))
		return MU_OK;
	return mu_fail(error, MU_ERR_RANGE, 0,
		       "%u more CPUs are over the limit of %d", count,
		       MU_MAX_CPUS);
}

enum mu_status mu_machine_add_cpus(struct mu_machine *machine, int nid,
				   unsigned count, struct mu_error *error)
{
	enum mu_status status = mu_machine_check_node(machine, nid, error);

	if (!status)
		status = mu_machine_check_cpus(machine, count, error);
	if (status)
		return status;
	machine->nodes[nid].nr_cpus += count;
	set_present(machine, nid);
	return MU_OK;
}

enum mu_status mu_machine_spread_cpus(struct mu_machine *machine,
				      unsigned count, struct mu_error *error)
{
	enum mu_status status = check_open(machine, error);
	unsigned nodes = 0, seen = 0;

	if (!status)
		status = mu_machine_check_cpus(machine, count, error);
	if (status)
		return status;
	if (!machine->nr_nodes)
		set_present(machine, 0);
	for (unsigned i = 0; i < machine->nr_nodes; i++)
		nodes += machine->nodes[i].present;
	for (unsigned i = 0; i < machine->nr_nodes; i++) {
		if (machine->nodes[i].present)
			machine->nodes[i].nr_cpus +=
				count / nodes + (seen++ < count % nodes);
	}
	return MU_OK;
}

enum mu_status mu_machine_check_distance(const struct mu_machine *machine,
					 int from, int to, unsigned distance,
					 struct mu_error *error)
{
	enum mu_status status = mu_machine_check_node(machine, from, error);

	if (!status)
		status = mu_machine_check_node(machine, to, error);
	if (status)
		return status;
	if (distance < 10 || distance > 255 || (from == to && distance != 10))
		return mu_fail(error, MU_ERR_RANGE, 0,
			       "the distance from node %d to node %d cannot be "
			       "%u: it is 10 to itself, 10 to 255 to others",
			       from, to, distance);
	return MU_OK;
}

enum mu_status mu_machine_set_distance(struct mu_machine *machine, int from,
				       int to, unsigned distance,
				       struct mu_error *error)
{
	enum mu_status status =
		mu_machine_check_distance(machine, from, to, distance, error);

	if (status)
		return status;
	machine->distances[(unsigned)from * machine->max_nodes + (unsigned)to] =
		(uint8_t)distance;
	return MU_OK;
}

enum mu_status mu_machine_set_perf(struct mu_machine *machine, int from, int to,
				   enum mu_perf what, uint32_t value,
				   struct mu_error *error)
{
	enum mu_status status = mu_machine_check_node(machine, from, error);

	if (!status)
		status = mu_machine_check_node(machine, to, error);
	if (status || !value)
		return status;
	if ((unsigned)what >= MU_NR_PERF)
		return mu_fail(error, MU_ERR_INVALID, 0,
			       "performance %u is not one of 0 to %u",
			       (unsigned)what, MU_NR_PERF - 1u);
	if (machine->nr_perf == machine->max_perf)
		return mu_fail(error, MU_ERR_FULL, 0,
			       "more than %u latencies and bandwidths",
			       machine->max_perf);
	machine->perf[machine->nr_perf++] =
		mu_perf_word((unsigned)from, (unsigned)to, what, value);
	return MU_OK;
}

void mu_machine_set_cmdline(struct mu_machine *machine, const char *text,
			    size_t len)
{
	len = MU_MIN(len, MU_MACHINE_CMDLINE_MAX);
	memcpy(machine->cmdline, text, len);
	machine->cmdline[len] = '\0';
	machine->cmdline_len = len;
}

mu_phys_t mu_machine_ram(const struct mu_machine *machine)
{
	mu_phys_t sum = 0;

	for (unsigned i = 0; i < machine->nr_ranges; i++) {
		if (machine->ranges[i].type == MU_RANGE_RAM)
			sum += machine->ranges[i].size;
	}
	return sum;
}

mu_phys_t mu_machine_top(const struct mu_machine *machine)
{
	mu_phys_t top = 0;

	for (unsigned i = 0; i < machine->nr_ranges; i++) {
		const struct mu_range *range = &machine->ranges[i];

		if (range->type == MU_RANGE_RAM)
			top = MU_MAX(top, range->base + range->size);
	}
	return top;
}

unsigned mu_machine_cpus(const struct mu_machine *machine)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < machine->nr_nodes; i++)
		sum += machine->nodes[i].nr_cpus;
	return sum;
}

unsigned mu_machine_possible_cpus(const struct mu_machine *machine)
{
	unsigned cpus = mu_machine_cpus(machine);

	for (unsigned i = 0; i < machine->nr_nodes; i++)
		cpus += machine->nodes[i].nr_hotplug_cpus;
	return cpus;
}
