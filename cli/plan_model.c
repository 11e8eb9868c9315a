// SPDX-License-Identifier: MIT
#include "cli/plan_model.h"

double plan_effective(const struct plan_model *model,
		      const struct plan_node *node, unsigned threads)
{
	if (threads <= node->cores)
		return threads;
	return node->cores + model->sibling * (threads - node->cores);
}

/* T without the parts that are calibrated. */
static double fixed_ns(const struct plan_model *model,
		       const struct plan_node *node, unsigned threads)
{
	double chunks = (double)node->pages / (double)model->chunk;
	double ns =
		model->chunk_ns * chunks / plan_effective(model, node, threads);

	return threads > 1 ? ns + model->start_ns : ns;
}

/* How many of thread_ns T(@threads) has; of node_ns it has one a page. */
static double thread_share(const struct plan_model *model,
			   const struct plan_node *node, unsigned threads)
{
	double pages = (double)node->pages, chunk = (double)model->chunk;
	double tail = chunk < pages ? chunk / 2 : pages / 2;

	return pages / plan_effective(model, node, threads) +
	       (threads > 1 ? tail : 0);
}

static double memory_ns(const struct plan_model *model,
			const struct plan_node *node)
{
	return node->node_ns > 0 ? node->node_ns : model->node_ns;
}

double plan_time(const struct plan_model *model, const struct plan_node *node,
		 unsigned threads)
{
	if (threads > node->cpus)
		threads = node->cpus;
	return fixed_ns(model, node, threads) +
	       thread_share(model, node, threads) * model->thread_ns +
	       (double)node->pages * memory_ns(model, node);
}

const char *plan_limit(const struct plan_model *model,
		       const struct plan_node *node, unsigned threads)
{
	double claims, stores, memory;

	if (threads > node->cpus)
		threads = node->cpus;
	claims = fixed_ns(model, node, threads);
	stores = thread_share(model, node, threads) * model->thread_ns;
	memory = (double)node->pages * memory_ns(model, node);
	if (memory > stores && memory > claims)
		return "memory";
	return claims > stores ? "claims" : "stores";
}

static double above_0(double value)
{
	return value > 0 ? value : 0;
}

bool plan_calibrate(struct plan_model *model, const struct plan_node *node,
		    const struct plan_point *a, const struct plan_point *b)
{
	double share_a = thread_share(model, node, a->threads);
	double share_b = thread_share(model, node, b->threads);
	double ns_a = above_0(a->ns - fixed_ns(model, node, a->threads));
	double ns_b = above_0(b->ns - fixed_ns(model, node, b->threads));
	double pages = (double)node->pages;

	if (a->threads == b->threads || !(a->ns > 0) || !(b->ns > 0) ||
	    share_a == share_b)
		return false;
	model->thread_ns = above_0((ns_a - ns_b) / (share_a - share_b));
	model->node_ns = (ns_a - share_a * model->thread_ns) / pages;
	if (model->node_ns < 0) {
		model->node_ns = 0;
		model->thread_ns = ns_a / share_a;
	}
	return true;
}

double plan_longest(const struct plan_model *model,
		    const struct plan_node *nodes, unsigned nr,
		    unsigned threads)
{
	double longest = 0;

	for (unsigned i = 0; i < nr; i++) {
		double ns = plan_time(model, &nodes[i], threads);

		longest = ns > longest ? ns : longest;
	}
	return longest;
}

unsigned plan_knee(const struct plan_model *model,
		   const struct plan_node *nodes, unsigned nr, unsigned threads)
{
	double one = plan_longest(model, nodes, nr, 1);
	double least = one;
	unsigned knee = 1;

	/* Least, not last: where threads cost more than they bring, "all" is
	 * the best that they can do. */
	for (unsigned n = 2; n <= threads; n++) {
		double ns = plan_longest(model, nodes, nr, n);

		least = ns < least ? ns : least;
	}
	if (one - least < PLAN_NOTHING * one)
		return 1;
	while (knee < threads && one - plan_longest(model, nodes, nr, knee) <
					 PLAN_ENOUGH * (one - least))
		knee++;
	return knee;
}
