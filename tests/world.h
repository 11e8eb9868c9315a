/* SPDX-License-Identifier: MIT */
/*
 * world: a machine over the hosted port, for the tests of the floors from
 * memmap to boot.
 *
 *     struct world world;
 *
 *     world_init(&world, "2x1G/4", POLICY);     machine, port, memblock
 *     world.config.dma_limit = 0;               ... anything may be changed
 *     world.port.memmap_fill = slow_fill;
 *     world_start(&world);                      nodes, zones, allocator
 *     ...
 *     world_destroy(&world);                    validates first
 *
 * A hook of world.port that a test puts in place gets the hosted port as its
 * arg, and so can call the one that was there: world_hosted_hook(arg)->...
 *
 * The environment variable MU_TEST_BACKING (section, block or huge) says how
 * the memmap is backed where a test does not care. With block a pristine
 * descriptor is never accessible. MU_TEST_CACHES is the config's cache_pages
 * where a test does not care: a number has zones of all sizes cache pages.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "memup/boot.h"
#include "memup/machine_read.h"
#include "ports/hosted/hosted.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TEST_TSAN 1
#endif
#if __has_feature(address_sanitizer)
#define TEST_ASAN 1
#endif
#endif
#ifdef __SANITIZE_THREAD__
#define TEST_TSAN 1
#endif
#ifdef __SANITIZE_ADDRESS__
#define TEST_ASAN 1
#endif
#ifndef TEST_TSAN
#define TEST_TSAN 0
#endif
#ifndef TEST_ASAN
#define TEST_ASAN 0
#endif

struct world {
	struct mu_machine *machine; /* malloc()ed */
	struct mu_hosted *hosted;
	struct mu_port port; /* a copy of hosted's */
	struct mu_config config;
	struct mu_error error;
	struct mu_mm mm;
	void *tables;
	bool started;
};

/*
 * The machine of a short description, with pages of 2^@page_shift bytes, which
 * must be right. Goes to a world, or to free().
 */
struct mu_machine *world_machine(const char *text, unsigned page_shift);

/* An empty machine with room for @max_ranges, not finished; likewise. */
struct mu_machine *world_empty_machine(unsigned max_ranges, unsigned max_nodes);

/* Finish @machine, which must go well. */
void world_finish_machine(struct mu_machine *machine);

/* The backing that the environment asks for; MU_BACK_SECTION if it does not. */
enum mu_hosted_backing world_backing(void);

/* @world from a short description, 4 KiB pages, up to where it can start. */
void world_init(struct world *world, const char *text, enum mu_policy policy);

/* The same for a machine of one's own, which is @world's from now on. */
void world_init_machine(struct world *world, struct mu_machine *machine,
			enum mu_policy policy, enum mu_hosted_backing backing);

/* world_init() for a machine to which @limits let memory come later. */
void world_init_late(struct world *world, const char *text,
		     enum mu_policy policy, const struct mu_limits *limits);

/* Take all zones but NORMAL away. Before the start. */
void world_one_zone(struct world *world);

/* Start, as the test expects it to fail; world.error tells. */
enum mu_status world_try_start(struct world *world);

/* Start; the test fails if that fails. */
void world_start(struct world *world);

/* world_init() and world_start(). */
void world_up(struct world *world, const char *text, enum mu_policy policy);

/* Fail the test unless mu_validate() says MU_OK; the census if wanted. */
#define world_validate(world, census) \
	world_validate_at(world, census, __FILE__, __LINE__)
void world_validate_at(struct world *world, struct mu_census *census,
		       const char *file, int line);

/* Validate if it was started, and give everything back. */
#define world_destroy(world) world_destroy_at(world, __FILE__, __LINE__)
void world_destroy_at(struct world *world, const char *file, int line);

/* The hooks of the hosted port that a hook's @arg is. */
const struct mu_port *world_hosted_hook(void *arg);

/* The zone of @type on node @nid; NULL if there is none. */
struct mu_zone *world_zone(struct world *world, int nid,
			   enum mu_zone_type type);

/* The zone that the written page @pfn is in. */
struct mu_zone *world_zone_of(struct world *world, mu_pfn_t pfn);

/* The sum of the managed pages of all zones. */
uint64_t world_managed(const struct world *world);

/*
 * Allocate with @order and @flags near node 0 until MU_ERR_NOMEM, at most @max;
 * returns how many, their pfns in @pfns.
 */
uint64_t world_exhaust(struct world *world, unsigned order, unsigned flags,
		       mu_pfn_t *pfns, uint64_t max);

/* Free @count pages of @order; each must be right. */
void world_free_all(struct world *world, const mu_pfn_t *pfns, uint64_t count,
		    unsigned order);

/*
 * Call @fn in @count threads, which begin at once; thread i is CPU i of the
 * machine (modulo its CPUs). Returns when all have returned. cmocka's asserts
 * do not work in them: they return false to fail the test.
 */
void world_run(struct world *world, unsigned count,
	       bool (*fn)(struct world *world, unsigned index, void *arg),
	       void *arg);

/* Every policy, for loops. */
extern const enum mu_policy world_policies[3];

/* A random number below @limit out of @seed, which advances. */
uint64_t world_random(uint64_t *seed, uint64_t limit);

/* Say @seed, so that a failure shows it; returns it. */
uint64_t world_seed(uint64_t seed);

#endif
