// SPDX-License-Identifier: MIT
/*
 * Initialise everything that is pristine, with several threads.
 *
 * It is one padata job whose units are counts of blocks, not places: a thread
 * that is given a chunk of n units claims n blocks, from its own node while
 * that has any and from the nearest others after. So the job need not know
 * about extents, on-demand growth continues meanwhile, and no thread idles
 * while another node has work left.
 */
#include "base/bits.h"
#include "base/port.h"
#include "base/string.h"
#include "deferred/grow.h"
#include "deferred/memory.h"
#include "memup/padata.h"

const char *mu_policy_str(enum mu_policy policy)
{
	static const char *const names[] = {"eager", "deferred", "lazy"};

	return (unsigned)policy < MU_ARRAY_SIZE(names) ? names[policy]
						       : "unknown";
}

uint64_t mu_deferred_take(struct mu_deferred *deferred, int nid,
			  uint64_t blocks, enum mu_status *status)
{
	const struct mu_buddy *buddy = deferred->buddy;
	enum mu_status first = MU_OK;
	struct mu_zone *zone;
	uint64_t done = 0;

	if ((unsigned)nid >= buddy->nr_nodes)
		nid = 0;
	for (unsigned i = 0;
	     done < blocks &&
	     (zone = mu_zonelist_zone(buddy, &buddy->nodes[nid], i));
	     i++)
		done += mu_deferred_take_zone(deferred, zone, blocks - done,
					      &first);
	if (status)
		*status = first;
	return done;
}

static enum mu_status take_chunk(uint64_t start, uint64_t end, void *arg)
{
	struct mu_deferred *deferred = arg;
	int nid = mu_cpu_node(deferred->port, mu_cpu_id(deferred->port));
	enum mu_status status;

	/* Fewer than asked for if others grew the zones meanwhile. */
	mu_deferred_take(deferred, nid, end - start, &status);
	return status;
}

/* Up to @count CPUs, spread evenly over the nodes; not the caller's. */
static unsigned choose_cpus(const struct mu_deferred *deferred, unsigned count,
			    struct mu_cpumask *cpus)
{
	const struct mu_port *port = deferred->port;
	unsigned nr_nodes = deferred->buddy->nr_nodes;
	unsigned nr_cpus = MU_MIN(mu_cpu_count(port), MU_MAX_CPUS);
	unsigned self = mu_cpu_id(port), chosen = 0;
	int nid = mu_cpu_node(port, self);

	memset(cpus, 0, sizeof(*cpus));
	if (count >= nr_cpus - 1) {
		for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
			if (cpu != self)
				mu_cpumask_set(cpus, cpu);
		return nr_cpus - 1;
	}
	/* One CPU per node and round, beginning after the caller's node. */
	for (bool found = true; found && chosen < count;) {
		found = false;
		for (unsigned i = 1; i <= nr_nodes && chosen < count; i++) {
			int want = (int)(((unsigned)nid + i) % nr_nodes);
			unsigned cpu = 0;

			while (cpu < nr_cpus &&
			       (cpu == self || mu_cpumask_test(cpus, cpu) ||
				mu_cpu_node(port, cpu) != want))
				cpu++;
			if (cpu == nr_cpus)
				continue;
			mu_cpumask_set(cpus, cpu);
			chosen++;
			found = true;
		}
	}
	return chosen;
}

enum mu_status mu_deferred_finish(struct mu_deferred *deferred,
				  unsigned max_threads)
{
	const struct mu_port *port = deferred->port;
	struct mu_deferred_stats before = mu_deferred_stats(deferred);
	unsigned cpus = mu_cpu_count(port);
	struct mu_cpumask mask;
	struct mu_padata_mt_job job = {
		.thread_fn = take_chunk,
		.fn_arg = deferred,
		.size = before.pristine_pages >> MU_BLOCK_ORDER,
		.align = MU_SECTION_BLOCKS,
		.min_chunk = MU_SECTION_BLOCKS,
		.cpus = &mask,
	};
	enum mu_status status;

	if (!max_threads || max_threads > cpus)
		max_threads = cpus;
	job.max_threads = 1 + choose_cpus(deferred, max_threads - 1, &mask);
	status = mu_padata_do_multithreaded(port, &job);
	/* Blocks that were in no extent when the job was made: they came late,
	 * or were being cut off. */
	if (status == MU_OK)
		mu_deferred_take(deferred, mu_cpu_node(port, mu_cpu_id(port)),
				 UINT64_MAX, &status);
	/* What others claimed may still be on its way: blocks and runs. */
	for (unsigned i = 0; i < deferred->buddy->nr_zones; i++) {
		const struct mu_zone *zone = &deferred->buddy->zones[i];

		mu_deferred_settle(deferred, zone);
		for (unsigned spins = 0; mu_deferred_is_busy(deferred, zone);
		     spins++)
			mu_pause(port, spins);
	}
	return status;
}
