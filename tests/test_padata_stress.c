// SPDX-License-Identifier: MIT
/*
 * Everything at once: jobs from several threads, jobs inside jobs, that fail,
 * are undone, are cancelled from inside and outside, with helpers that are few,
 * late or not there. Written for ThreadSanitizer: units are plain memory.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "memup/padata.h"
#include "tests/padata_port.h"

#define THREADS 3
#define ROUNDS	200
#define UNITS	1500
#define DEPTH	2

/* A job, and what became of its units: how many times done less undone. */
struct tree {
	struct mu_padata_mt mt;
	const struct mu_port *port;
	struct tree *parent;
	unsigned depth;
	uint64_t seed;
	_Atomic uint64_t inner; /* jobs started from inside */
	_Atomic bool failed;
	int8_t done[UNITS];
};

static void run_tree(struct tree *tree, uint64_t seed);

/* A job inside this one, in which every third ends early. */
static void nest(struct tree *tree, uint64_t seed)
{
	struct tree *inner = calloc(1, sizeof(*inner));

	padata_check(inner);
	inner->port = tree->port;
	inner->parent = tree;
	inner->depth = tree->depth + 1;
	run_tree(inner, seed);
	atomic_fetch_add(&tree->inner, 1 + inner->inner);
	free(inner);
}

static enum mu_status grow(uint64_t start, uint64_t end, void *arg)
{
	struct tree *tree = arg;
	uint64_t dice = tree->seed ^ start;

	padata_random(&dice);
	for (uint64_t unit = start; unit < end; unit++)
		tree->done[unit]++;
	if (tree->depth < DEPTH && padata_random(&dice) % 4 == 0)
		nest(tree, padata_random(&dice));
	if (padata_random(&dice) % 64 == 0)
		mu_padata_mt_cancel(&tree->mt);
	/* The jobs around this one wait for it: they can be cancelled too. */
	if (tree->parent && padata_random(&dice) % 256 == 0)
		mu_padata_mt_cancel(&tree->parent->mt);
	if (padata_random(&dice) % 64 == 0 ||
	    (mu_padata_mt_stopped(&tree->mt) && padata_random(&dice) % 2)) {
		for (uint64_t unit = start; unit < end; unit++)
			tree->done[unit]--;
		atomic_store(&tree->failed, true);
		return MU_ERR_NOMEM;
	}
	return MU_OK;
}

static void fell(uint64_t start, uint64_t end, void *arg)
{
	struct tree *tree = arg;

	for (uint64_t unit = start; unit < end; unit++)
		padata_check(--tree->done[unit] == 0);
}

static void run_tree(struct tree *tree, uint64_t seed)
{
	struct mu_padata_mt_job job = {
		.thread_fn = grow,
		.fn_arg = tree,
		.size = padata_random(&seed) % (UNITS + 1),
		.align = padata_random(&seed) % 9,
		.min_chunk = 1 + padata_random(&seed) % 50,
		.max_threads = (unsigned)(padata_random(&seed) % 5),
		.all_at_once = padata_random(&seed) % 2,
		.background = padata_random(&seed) % 2,
	};
	struct mu_padata_progress progress;
	enum mu_status status;

	tree->seed = seed;
	if (padata_random(&seed) % 4)
		job.undo_fn = fell;
	mu_padata_mt_start(&tree->mt, tree->port, &job);
	status = mu_padata_mt_finish(&tree->mt);
	mu_padata_mt_progress(&tree->mt, &progress);
	padata_check(progress.threads == 1);
	padata_check(status == (tree->failed ? MU_ERR_NOMEM
				: progress.done == job.size
					? MU_OK
					: MU_ERR_CANCELLED));
	if (!status || job.undo_fn) {
		for (uint64_t unit = 0; unit < UNITS; unit++)
			padata_check(tree->done[unit] ==
				     (!status && unit < job.size));
	} else {
		uint64_t done = 0;

		for (uint64_t unit = 0; unit < UNITS; unit++) {
			padata_check(!(tree->done[unit] & ~1));
			done += (uint64_t)tree->done[unit];
		}
		padata_check(done == progress.done);
	}
}

struct forester {
	pthread_t thread;
	struct padata_port *pp;
	uint64_t seed, inner;
	struct tree tree;
};

static void *forester(void *arg)
{
	struct forester *f = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		memset(&f->tree, 0, sizeof(f->tree));
		f->tree.port = &f->pp->port;
		run_tree(&f->tree, f->seed + i);
		f->inner += f->tree.inner;
	}
	return NULL;
}

static void grow_forest(const struct padata_port_config *config)
{
	static struct forester foresters[THREADS];
	struct padata_port pp;
	uint64_t inner = 0;

	padata_port_init(&pp, config);
	/* Helpers make way after every chunk. */
	if (config->later)
		pp.port.clock = NULL;
	for (unsigned i = 0; i < THREADS; i++) {
		struct forester *f = &foresters[i];

		memset(f, 0, sizeof(*f));
		f->pp = &pp;
		f->seed = 1000 * i + config->cpus;
		assert_int_equal(pthread_create(&f->thread, NULL, forester, f),
				 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(foresters[i].thread, NULL);
		inner += foresters[i].inner;
	}
	assert_true(inner > ROUNDS);
	if (config->leaving)
		assert_true(pp.moved);
	padata_port_destroy(&pp);
}

static void no_helpers(void **state)
{
	(void)state;
	grow_forest(&(struct padata_port_config){.cpus = 1});
}

static void idle_helpers(void **state)
{
	(void)state;
	grow_forest(&(struct padata_port_config){.cpus = 5});
}

static void fewer_helpers(void **state)
{
	(void)state;
	grow_forest(&(struct padata_port_config){.cpus = 5, .most = 1});
}

static void queued_helpers(void **state)
{
	(void)state;
	grow_forest(&(struct padata_port_config){.cpus = 3,
						 .kind = PADATA_PORT_QUEUE});
}

static void late_helpers(void **state)
{
	(void)state;
	grow_forest(&(struct padata_port_config){.cpus = 5, .delay_us = 50});
	grow_forest(&(struct padata_port_config){
		.cpus = 5, .delay_us = 50, .kind = PADATA_PORT_QUEUE});
}

/* With so few CPUs others wait all the time. */
static void helpers_in_turn(void **state)
{
	(void)state;
	grow_forest(&(struct padata_port_config){.cpus = 2, .later = true});
	grow_forest(&(struct padata_port_config){
		.cpus = 3, .later = true, .delay_us = 50});
}

static void leaving_cpus(void **state)
{
	(void)state;
	grow_forest(&(struct padata_port_config){
		.cpus = 5, .leaving = true, .later = true});
	grow_forest(&(struct padata_port_config){
		.cpus = 5, .leaving = true, .kind = PADATA_PORT_QUEUE});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_helpers),
		cmocka_unit_test(idle_helpers),
		cmocka_unit_test(fewer_helpers),
		cmocka_unit_test(queued_helpers),
		cmocka_unit_test(late_helpers),
		cmocka_unit_test(helpers_in_turn),
		cmocka_unit_test(leaving_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
