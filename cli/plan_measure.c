// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include "cli/plan_measure.h"
#include "memup/memup.h"
#include "ports/hosted/hosted.h"
#include "ports/hosted/machine.h"
#include "ports/hosted/topology.h"

#define REPS 7

struct rig {
	struct mu_machine *machine;
	struct mu_hosted *hosted;
	struct mu_mm *mm;
	void *tables;
};

/* The least disturbed run: other load is not a property of this host. */
static double least(const double *values, unsigned nr)
{
	double best = values[0];

	for (unsigned i = 1; i < nr; i++)
		best = values[i] < best ? values[i] : best;
	return best;
}

static double clock_of(const struct mu_port *port)
{
	return (double)port->clock(port->arg);
}

/* Cores and CPUs that we may use on the node of the first of them. */
static bool first_node(struct plan_node *node)
{
	struct mu_host_cpu *cpus = calloc(MU_MAX_CPUS, sizeof(*cpus));
	unsigned nr = cpus ? mu_host_cpus(cpus, NULL, true) : 0;
	unsigned most = mu_hosted_cpus();

	for (unsigned i = 0; i < nr && node->cpus < most; i++) {
		bool here = cpus[i].node == cpus[0].node;

		node->cpus += here;
		node->cores += here && !cpus[i].thread;
	}
	free(cpus);
	return nr;
}

unsigned plan_host_smt(void)
{
	struct mu_host_cpu *cpus = calloc(MU_MAX_CPUS, sizeof(*cpus));
	unsigned nr = cpus ? mu_host_cpus(cpus, NULL, true) : 0;
	/* Sorted by it. */
	unsigned smt = nr ? cpus[nr - 1].thread + 1 : 1;

	free(cpus);
	return smt;
}

static enum mu_status open_rig(struct rig *rig, unsigned cpus,
			       struct mu_error *error)
{
	struct mu_hosted_config config = {
		.threads = cpus - 1,
		.backing = MU_BACK_HUGE,
	};
	/* 4 MiB of descriptors per GiB; at most an eighth of free memory. */
	unsigned gib = mu_hosted_available() / 8 > 256 * MU_MIB ? 64 : 16;
	enum mu_status status;
	char what[48];

	snprintf(what, sizeof(what), "%uG/%u", gib, cpus);
	status = mu_machine_load(&rig->machine, what, error);
	if (status != MU_OK)
		return status;
	status = mu_hosted_create(&rig->hosted, rig->machine, &config, error);
	if (status != MU_OK)
		return status;
	rig->mm = malloc(sizeof(*rig->mm));
	return rig->mm ? MU_OK : MU_ERR_NOMEM;
}

static void close_rig(struct rig *rig)
{
	mu_hosted_destroy(rig->hosted);
	mu_machine_unload(rig->machine);
	free(rig->mm);
	free(rig->tables);
}

/* Bring it up once more; *@ns is how long @threads took for *@pages. */
static enum mu_status once(struct rig *rig, unsigned threads, double *ns,
			   uint64_t *pages, struct mu_error *error)
{
	const struct mu_port *port = mu_hosted_port(rig->hosted);
	struct mu_config config = mu_config_default();
	enum mu_status status;
	double since;

	config.policy = MU_POLICY_LAZY;
	mu_mm_init(rig->mm, port);
	status = mu_mm_add_machine(rig->mm, rig->machine, error);
	if (status != MU_OK)
		return status;
	if (!rig->tables)
		rig->tables = aligned_alloc(64, mu_mm_size(rig->mm));
	if (!rig->tables)
		return MU_ERR_NOMEM;
	status = mu_mm_start(rig->mm, &config, mu_hosted_memmap(rig->hosted),
			     rig->tables, mu_mm_size(rig->mm), error);
	if (status != MU_OK)
		return status;
	*pages = mu_deferred_stats(&rig->mm->deferred).pristine_pages;
	since = clock_of(port);
	status = mu_mm_finish(rig->mm, threads);
	*ns = clock_of(port) - since;
	return status;
}

static enum mu_status count_chunk(uint64_t start, uint64_t end, void *arg)
{
	_Atomic uint64_t *chunks = arg;

	(void)start;
	(void)end;
	/* relaxed: a number, read when the job is over. */
	atomic_fetch_add_explicit(chunks, 1, memory_order_relaxed);
	return MU_OK;
}

/* The cost of an empty job: per chunk, and for helpers to arrive. */
static void measure_job(struct plan_model *model, const struct mu_port *port,
			unsigned cpus)
{
	double chunk[5 * REPS], start[5 * REPS];

	for (unsigned i = 0; i < 5 * REPS; i++) {
		_Atomic uint64_t chunks = 0;
		struct mu_padata_mt_job job = {
			.thread_fn = count_chunk,
			.fn_arg = &chunks,
			.size = 1u << 20,
			.max_threads = 1,
		};
		double since = clock_of(port);

		/* Nothing in it can fail. */
		(void)!mu_padata_do_multithreaded(port, &job);
		chunk[i] = (clock_of(port) - since) / (double)chunks;
		job.size = job.max_threads = cpus;
		since = clock_of(port);
		(void)!mu_padata_do_multithreaded(port, &job);
		start[i] = clock_of(port) - since;
	}
	model->chunk_ns = least(chunk, 5 * REPS);
	model->start_ns = least(start, 5 * REPS);
}

enum mu_status plan_measure(struct plan_model *model,
			    struct plan_measured *measured,
			    struct mu_error *error)
{
	double one[REPS], all[REPS], ignored;
	enum mu_status status;
	struct rig rig = {0};
	struct plan_node *node = &measured->node;

	*measured = (struct plan_measured){.one.threads = 1};
	if (!first_node(node))
		return MU_ERR_NOMEM;
	status = open_rig(&rig, node->cpus, error);
	/* Once for the host to put memory there. */
	if (status == MU_OK)
		status = once(&rig, 1, &ignored, &node->pages, error);
	for (unsigned i = 0; i < REPS && status == MU_OK; i++) {
		status = once(&rig, 1, &one[i], &node->pages, error);
		if (status == MU_OK)
			status = once(&rig, node->cpus, &all[i], &node->pages,
				      error);
	}
	if (status == MU_OK) {
		model->chunk = MU_SECTION_PAGES;
		measure_job(model, mu_hosted_port(rig.hosted), node->cpus);
		measured->one.ns = least(one, REPS);
		model->node_ns = 0;
		model->thread_ns = measured->one.ns / (double)node->pages;
	}
	if (status == MU_OK && node->cpus > 1) {
		measured->all =
			(struct plan_point){node->cpus, least(all, REPS)};
		if (!plan_calibrate(model, node, &measured->one,
				    &measured->all))
			status = MU_ERR_INVALID;
	}
	close_rig(&rig);
	return status;
}
