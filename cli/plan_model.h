/* SPDX-License-Identifier: MIT */
/*
 * plan_model: how long n threads take to initialise a node's descriptors.
 *
 * A page costs a thread some time of its own, which n threads do in parallel,
 * and the node's memory some time, which is serial: all stores of a node go
 * through the same memory controllers. That is Amdahl's law (AFIPS 1967) with
 * memory as the serial part; 1 / node_ns is the bandwidth that no number of
 * threads passes.
 *
 *     T(n) = start + chunks * chunk / e(n) + pages * (thread / e(n) + node)
 *            + tail
 *
 *     e(n)   n up to the node's cores; each CPU after that is the second
 *            thread of a core and adds a part of one
 *     tail   when chunks run out the threads have on average half a chunk
 *            left; none with one thread
 *
 * Two measured points, (n1, T1) and (n2, T2), give thread and node: T is linear
 * in both. Everything else is measured separately, given by the user, or left
 * at the default below, the same for all machines.
 */
#ifndef MEMUP_CLI_PLAN_MODEL_H
#define MEMUP_CLI_PLAN_MODEL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What a core's second thread adds. Intel measured "up to 30 %" on server loads
 * (Marr and others, "Hyper-Threading Technology Architecture and
 * Microarchitecture", Intel Technology Journal 6(1), 2002).
 */
#define PLAN_SIBLING 0.3

/* The fraction of what all threads save that is enough: see plan_knee(). */
#define PLAN_ENOUGH 0.9
/* And the fraction of one thread's time that is too little to count. */
#define PLAN_NOTHING 0.01

struct plan_model {
	double thread_ns; /* per page, a thread's own time */
	double node_ns;	  /* per page, the node's memory */
	double sibling;	  /* 0 to 1 */
	double chunk_ns;  /* to take a chunk */
	double start_ns;  /* until helpers are there, if there are any */
	uint64_t chunk;	  /* pages, at least 1 */
};

struct plan_node {
	uint64_t pages; /* at least 1 */
	unsigned cores; /* at least 1 */
	unsigned cpus;	/* at least cores */
	double node_ns; /* of its own memory; 0: the model's */
};

/* A measurement: a number of threads and their time. */
struct plan_point {
	unsigned threads; /* at least 1 */
	double ns;
};

/* How many threads with a core each @threads on @node are worth. */
double plan_effective(const struct plan_model *model,
		      const struct plan_node *node, unsigned threads);

/* Nanoseconds for @node with @threads, at most as many as it has CPUs. */
double plan_time(const struct plan_model *model, const struct plan_node *node,
		 unsigned threads);

/* "stores", "memory" or "claims": what takes the longest part of plan_time():
 * what threads do themselves, the node's memory, or taking chunks. */
const char *plan_limit(const struct plan_model *model,
		       const struct plan_node *node, unsigned threads);

/*
 * Set thread_ns and node_ns so that both points are met exactly; neither falls
 * below 0: if the points imply that (threads that gain nothing, or more than
 * their number) @a is met and the other part is everything. False when the
 * points have the same number of threads or a time that is not above 0.
 */
bool plan_calibrate(struct plan_model *model, const struct plan_node *node,
		    const struct plan_point *a, const struct plan_point *b);

/*
 * The knee: the fewest threads that save PLAN_ENOUGH of what all save, of the
 * longest of @nr nodes, or 1 where that is less than PLAN_NOTHING; @threads is
 * the most that may be used on a node.
 */
unsigned plan_knee(const struct plan_model *model,
		   const struct plan_node *nodes, unsigned nr,
		   unsigned threads);

/* The nodes work in parallel: the longest of plan_time(). */
double plan_longest(const struct plan_model *model,
		    const struct plan_node *nodes, unsigned nr,
		    unsigned threads);

#endif
