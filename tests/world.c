// SPDX-License-Identifier: MIT
#include "boot/tables.h"
#include "tests/world.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/padata_port.h"

const enum mu_policy world_policies[3] = {MU_POLICY_EAGER, MU_POLICY_DEFERRED,
					  MU_POLICY_LAZY};

struct mu_machine *world_empty_machine(unsigned max_ranges, unsigned max_nodes)
{
	size_t head = (sizeof(struct mu_machine) + 15) & ~(size_t)15;
	size_t size = mu_machine_size(max_ranges, max_nodes);
	char *memory = malloc(head + size);

	assert_non_null(memory);
	assert_int_equal(mu_machine_init((void *)memory, memory + head, size,
					 max_ranges, max_nodes, NULL),
			 MU_OK);
	return (void *)memory;
}

void world_finish_machine(struct mu_machine *machine)
{
	struct mu_error error = {.text = ""};

	if (mu_machine_finish(machine, &error) != MU_OK)
		fail_msg("%s", error.text);
}

struct mu_machine *world_machine(const char *text, unsigned page_shift)
{
	struct mu_machine *machine = world_empty_machine(2048, MU_MAX_NODES);
	struct mu_error error = {.text = ""};

	machine->page_shift = page_shift;
	if (mu_machine_read_short(machine, text, strlen(text), &error) != MU_OK)
		fail_msg("%s", error.text);
	world_finish_machine(machine);
	return machine;
}

enum mu_hosted_backing world_backing(void)
{
	const char *name = getenv("MU_TEST_BACKING");

	if (!name || strcmp(name, "section") == 0)
		return MU_BACK_SECTION;
	if (strcmp(name, "block") == 0)
		return MU_BACK_BLOCK;
	if (strcmp(name, "huge") == 0)
		return MU_BACK_HUGE;
	fail_msg("MU_TEST_BACKING=%s: not section, block or huge", name);
	return MU_BACK_SECTION;
}

/* What MU_TEST_CACHES asks for. */
static unsigned cache_pages(void)
{
	const char *pages = getenv("MU_TEST_CACHES");

	return pages ? (unsigned)strtoul(pages, NULL, 10) : 0;
}

static void say(enum mu_log_level level, const char *line)
{
	if (level <= MU_LOG_WARN)
		print_message("log: %s\n", line);
}

static void init(struct world *world, struct mu_machine *machine,
		 enum mu_policy policy, enum mu_hosted_backing backing,
		 mu_phys_t limit)
{
	struct mu_hosted_config config = {
		.backing = backing, .limit = limit, .log = say};
	unsigned cpus = mu_machine_cpus(machine);

	memset(world, 0, sizeof(*world));
	config.threads = cpus > 8 ? 7 : cpus - 1;
	world->machine = machine;
	world->config = mu_config_default();
	world->config.policy = policy;
	world->config.cache_pages = cache_pages();
	if (mu_hosted_create(&world->hosted, machine, &config, &world->error) !=
	    MU_OK)
		fail_msg("%s", world->error.text);
	world->port = *mu_hosted_port(world->hosted);
	mu_mm_init(&world->mm, &world->port);
	if (mu_mm_add_machine(&world->mm, machine, &world->error) != MU_OK)
		fail_msg("%s", world->error.text);
}

void world_init_machine(struct world *world, struct mu_machine *machine,
			enum mu_policy policy, enum mu_hosted_backing backing)
{
	init(world, machine, policy, backing, 0);
}

void world_init_late(struct world *world, const char *text,
		     enum mu_policy policy, const struct mu_limits *limits)
{
	init(world, world_machine(text, MU_PAGE_SHIFT_MIN), policy,
	     world_backing(), limits->end);
	if (mu_mm_set_limits(&world->mm, limits, &world->error) != MU_OK)
		fail_msg("%s", world->error.text);
}

void world_init(struct world *world, const char *text, enum mu_policy policy)
{
	world_init_machine(world, world_machine(text, MU_PAGE_SHIFT_MIN),
			   policy, world_backing());
}

void world_one_zone(struct world *world)
{
	world->config.dma_limit = 0;
	world->config.dma32_limit = 0;
}

enum mu_status world_try_start(struct world *world)
{
	struct mu_tables tables;
	size_t bytes = mu_tables_lay_out(&world->mm, &tables, NULL, 0);
	enum mu_status status;

	/* Less than mu_mm_size(), and not a byte more than is needed, so that
	 * checkers see what is written past it. */
	assert_true(bytes <= mu_mm_size(&world->mm));
	assert_int_equal(bytes % 64, 0);
	world->tables = aligned_alloc(64, bytes ? bytes : 64);
	assert_non_null(world->tables);
	/* "contents do not matter" */
	memset(world->tables, 0xa5, bytes);
	status = mu_mm_start(&world->mm, &world->config,
			     mu_hosted_memmap(world->hosted), world->tables,
			     bytes, &world->error);
	world->started = status == MU_OK;
	return status;
}

void world_start(struct world *world)
{
	if (world_try_start(world) != MU_OK)
		fail_msg("%s", world->error.text);
}

void world_up(struct world *world, const char *text, enum mu_policy policy)
{
	world_init(world, text, policy);
	world_start(world);
}

void world_validate_at(struct world *world, struct mu_census *census,
		       const char *file, int line)
{
	struct mu_census all;

	if (mu_validate(&world->mm, &all, &world->error) != MU_OK) {
		print_error("mu_validate: %s\n", world->error.text);
		_fail(file, line);
	}
	if (all.total != all.allocated + all.free + all.pristine + all.busy +
				 all.reserved + all.poisoned + all.device +
				 all.offline + all.hole) {
		print_error("the census does not add up\n");
		_fail(file, line);
	}
	if (census)
		*census = all;
}

void world_destroy_at(struct world *world, const char *file, int line)
{
	if (world->started)
		world_validate_at(world, NULL, file, line);
	free(world->tables);
	mu_hosted_destroy(world->hosted);
	free(world->machine);
}

const struct mu_port *world_hosted_hook(void *arg)
{
	return mu_hosted_port(arg);
}

struct mu_zone *world_zone(struct world *world, int nid, enum mu_zone_type type)
{
	const struct mu_buddy *buddy = &world->mm.buddy;
	uint16_t id = buddy->nodes[nid].zone_id[type];

	return id == MU_NO_ZONE ? NULL : &buddy->zones[id];
}

struct mu_zone *world_zone_of(struct world *world, mu_pfn_t pfn)
{
	const struct mu_page *page = mu_memmap_lookup(&world->mm.memmap, pfn);

	assert_non_null(page);
	return &world->mm.buddy.zones[page->zone];
}

uint64_t world_managed(const struct world *world)
{
	const struct mu_buddy *buddy = &world->mm.buddy;
	uint64_t pages = 0;

	for (unsigned i = 0; i < buddy->nr_zones; i++)
		pages += buddy->zones[i].managed_pages;
	return pages;
}

uint64_t world_exhaust(struct world *world, unsigned order, unsigned flags,
		       mu_pfn_t *pfns, uint64_t max)
{
	struct mu_buddy *buddy = &world->mm.buddy;
	uint64_t count = 0;

	for (;;) {
		mu_pfn_t pfn;
		enum mu_status status =
			mu_alloc_pages(buddy, 0, order, flags, &pfn);

		if (status == MU_ERR_NOMEM)
			return count;
		assert_int_equal(status, MU_OK);
		assert_true(count < max);
		pfns[count++] = pfn;
	}
}

void world_free_all(struct world *world, const mu_pfn_t *pfns, uint64_t count,
		    unsigned order)
{
	for (uint64_t i = 0; i < count; i++)
		assert_int_equal(
			mu_free_pages(&world->mm.buddy, pfns[i], order), MU_OK);
}

struct runner {
	pthread_t thread;
	struct world *world;
	pthread_barrier_t *begin;
	bool (*fn)(struct world *world, unsigned index, void *arg);
	void *arg;
	unsigned index;
	bool ok;
};

static void *runner_main(void *arg)
{
	struct runner *runner = arg;
	struct world *world = runner->world;

	mu_hosted_set_cpu(world->hosted,
			  runner->index % mu_machine_cpus(world->machine));
	pthread_barrier_wait(runner->begin);
	runner->ok = runner->fn(world, runner->index, runner->arg);
	return NULL;
}

void world_run(struct world *world, unsigned count,
	       bool (*fn)(struct world *world, unsigned index, void *arg),
	       void *arg)
{
	struct runner *runners = calloc(count, sizeof(*runners));
	pthread_barrier_t begin;
	bool ok = true;

	assert_non_null(runners);
	pthread_barrier_init(&begin, NULL, count);
	for (unsigned i = 0; i < count; i++) {
		runners[i] = (struct runner){.world = world,
					     .begin = &begin,
					     .fn = fn,
					     .arg = arg,
					     .index = i};
		if (pthread_create(&runners[i].thread, NULL, runner_main,
				   &runners[i]))
			abort();
	}
	for (unsigned i = 0; i < count; i++) {
		pthread_join(runners[i].thread, NULL);
		ok = ok && runners[i].ok;
	}
	pthread_barrier_destroy(&begin);
	free(runners);
	assert_true(ok);
}

uint64_t world_random(uint64_t *seed, uint64_t limit)
{
	return padata_random(seed) % limit;
}

uint64_t world_seed(uint64_t seed)
{
	print_message("seed %llu\n", (unsigned long long)seed);
	return seed;
}
