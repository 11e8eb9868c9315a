// SPDX-License-Identifier: MIT
/* The hosted port: threads as CPUs, windows to RAM, the memmap's backing. */
#include "tests/world.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"
#include "ports/hosted/internal.h"

static struct mu_hosted *create(const struct mu_machine *machine,
				unsigned threads,
				enum mu_hosted_backing backing)
{
	struct mu_hosted_config config = {.threads = threads,
					  .backing = backing};
	struct mu_hosted *hosted = NULL;
	struct mu_error error;

	if (mu_hosted_create(&hosted, machine, &config, &error) != MU_OK)
		fail_msg("%s", error.text);
	return hosted;
}

/* ---- CPUs ---- */

struct party {
	const struct mu_port *port;
	_Atomic bool leave;
	_Atomic unsigned here, left, on[64];
};

static void join_in(void *arg)
{
	struct party *party = arg;
	unsigned cpu = party->port->cpu_id(party->port->arg);

	atomic_fetch_add(&party->on[cpu % 64], 1);
	atomic_fetch_add(&party->here, 1);
	while (!atomic_load(&party->leave))
		sched_yield();
	atomic_fetch_add(&party->left, 1);
}

static unsigned ask(struct party *party, const struct mu_cpumask *cpus,
		    unsigned count)
{
	return party->port->run_on(party->port->arg, cpus, count, join_in,
				   party);
}

/*
 * With three workers three calls are promised, however many are asked for, and
 * all three are there at one time: nobody waits behind another.
 */
static void run_on(void **state)
{
	struct mu_machine *machine = world_machine("2x1G/8", 12);
	struct mu_cpumask cpus;

	(void)state;
	for (unsigned asked = 0; asked <= 5; asked++) {
		struct mu_hosted *hosted = create(machine, 3, MU_BACK_SECTION);
		struct party party = {.port = mu_hosted_port(hosted)};
		unsigned got, more;

		memset(&cpus, 0, sizeof(cpus));
		for (unsigned cpu = 1; cpu <= 7; cpu += 2)
			mu_cpumask_set(&cpus, cpu);
		got = ask(&party, &cpus, asked);
		assert_int_equal(got, MU_MIN(asked, 3));
		/* What is left can be asked for, and no more. */
		more = ask(&party, &cpus, 5);
		assert_int_equal(got + more, 3);
		assert_int_equal(ask(&party, &cpus, 1), 0);
		while (atomic_load(&party.here) < 3)
			sched_yield();
		/* Each on a CPU that was asked for, and one of its own. */
		for (unsigned cpu = 0; cpu < 64; cpu++)
			assert_true(party.on[cpu] <=
				    (cpu % 2 && cpu < 8 ? 2u : 0u));
		if (asked >= 3)
			assert_int_equal(
				party.on[1] + party.on[3] + party.on[5], 3);
		atomic_store(&party.leave, true);
		while (atomic_load(&party.left) < 3)
			sched_yield();
		/* They are idle again soon; until then fewer are promised. */
		for (got = 0; got < 3; sched_yield()) {
			unsigned now = ask(&party, &cpus, 3 - got);

			got += now;
		}
		while (atomic_load(&party.left) < 6)
			sched_yield();
		mu_hosted_destroy(hosted);
	}
	free(machine);
}

/* Fewer CPUs than workers; CPUs that are not there. */
static void run_on_few(void **state)
{
	struct mu_machine *machine = world_machine("1G/2", 12);
	struct mu_hosted *hosted = create(machine, 4, MU_BACK_SECTION);
	struct party party = {.port = mu_hosted_port(hosted)};
	struct mu_cpumask cpus;

	(void)state;
	memset(&cpus, 0, sizeof(cpus));
	assert_int_equal(ask(&party, &cpus, 4), 0);
	mu_cpumask_set(&cpus, 2);
	mu_cpumask_set(&cpus, 4095);
	assert_int_equal(ask(&party, &cpus, 4), 0);
	mu_cpumask_set(&cpus, 1);
	assert_int_equal(ask(&party, &cpus, 4), 1);
	atomic_store(&party.leave, true);
	while (atomic_load(&party.left) < 1)
		sched_yield();
	assert_int_equal(party.on[1], 1);
	mu_hosted_destroy(hosted);
	free(machine);
}

/* Stopping with calls under way waits for them. */
static void destroy_waits(void **state)
{
	struct mu_machine *machine = world_machine("1G/4", 12);

	(void)state;
	for (unsigned turn = 0; turn < 50; turn++) {
		struct mu_hosted *hosted = create(machine, 3, MU_BACK_SECTION);
		struct party party = {.port = mu_hosted_port(hosted),
				      .leave = true};
		struct mu_cpumask cpus;

		memset(&cpus, 0xff, sizeof(cpus));
		assert_int_equal(ask(&party, &cpus, 3), 3);
		mu_hosted_destroy(hosted);
		assert_int_equal(party.left, 3);
	}
	mu_hosted_destroy(NULL);
	free(machine);
}

static void identities(void **state)
{
	struct mu_machine *machine = world_machine("3x1G/8", 12);
	struct mu_hosted *hosted = create(machine, 0, MU_BACK_SECTION);
	const struct mu_port *port = mu_hosted_port(hosted);
	static const int nodes[] = {0, 0, 0, 1, 1, 1, 2, 2};

	(void)state;
	assert_int_equal(port->cpu_count(port->arg), 8);
	assert_int_equal(port->cpu_id(port->arg), 0);
	for (unsigned cpu = 0; cpu < 8; cpu++) {
		mu_hosted_set_cpu(hosted, cpu);
		assert_int_equal(port->cpu_id(port->arg), cpu);
		assert_int_equal(port->cpu_node(port->arg, cpu), nodes[cpu]);
	}
	assert_int_equal(port->cpu_node(port->arg, 8), 0);
	assert_int_equal(port->cpu_node(port->arg, UINT32_MAX), 0);
	mu_hosted_destroy(hosted);
	free(machine);
}

/* ---- Windows ---- */

static void *window(const struct mu_hosted *hosted, mu_phys_t base,
		    mu_phys_t size)
{
	const struct mu_port *port = mu_hosted_port(hosted);

	return port->phys_to_virt(port->arg, base, size);
}

static void windows(void **state)
{
	struct mu_machine *machine = world_empty_machine(8, 2);
	struct mu_hosted *hosted;
	char *low, *high;

	(void)state;
	/* Two that touch, of two nodes; one of odd bytes; one far away. */
	assert_int_equal(
		mu_machine_add(machine, 0x1000, 0xf000, MU_RANGE_RAM, 0, NULL),
		MU_OK);
	assert_int_equal(
		mu_machine_add_affinity(machine, 0x8000, 0x8000, 1, 0, NULL),
		MU_OK);
	assert_int_equal(
		mu_machine_add(machine, 0x20123, 0x4567, MU_RANGE_RAM, 0, NULL),
		MU_OK);
	assert_int_equal(mu_machine_add(machine, 0x30000, 0x1000,
					MU_RANGE_RESERVED, 0, NULL),
			 MU_OK);
	assert_int_equal(
		mu_machine_add(machine, MU_TIB, 0x2000, MU_RANGE_RAM, 0, NULL),
		MU_OK);
	world_finish_machine(machine);
	hosted = create(machine, 0, MU_BACK_SECTION);

	low = window(hosted, 0x1000, 0xf000);
	assert_non_null(low);
	assert_ptr_equal(window(hosted, 0x8000, 0x8000), low + 0x7000);
	assert_ptr_equal(window(hosted, 0xffff, 1), low + 0xefff);
	high = window(hosted, MU_TIB, 0x2000);
	assert_non_null(high);
	assert_non_null(window(hosted, 0x20123, 0x4567));
	/* Not all of it is RAM. */
	assert_null(window(hosted, 0, 0x1000));
	assert_null(window(hosted, 0xfff, 2));
	assert_null(window(hosted, 0xffff, 2));
	assert_null(window(hosted, 0x1000, 0x20000));
	assert_null(window(hosted, 0x20123, 0x4568));
	assert_null(window(hosted, 0x30000, 0x1000));
	assert_null(window(hosted, MU_TIB, 0x2001));
	assert_null(window(hosted, MU_TIB, UINT64_MAX));
	assert_null(window(hosted, UINT64_MAX, 1));
	/* As aligned as the address is. */
	for (mu_phys_t at = 0x20140; at < 0x24680; at += 64)
		assert_int_equal((uintptr_t)window(hosted, at, 1) % 64, 0);
	/* Nobody writes to two of them at once. */
	memset(low, 1, 0xf000);
	memset(window(hosted, 0x20123, 0x4567), 2, 0x4567);
	memset(high, 3, 0x2000);
	for (unsigned i = 0; i < 0xf000; i++)
		assert_int_equal(low[i], 1);
	for (unsigned i = 0; i < 0x2000; i++)
		assert_int_equal(high[i], 3);
	mu_hosted_destroy(hosted);
	free(machine);
}

/* ---- The memmap ---- */

/* How a child ends that reads the descriptor of @pfn: its signal, or 0. */
static int read_in_child(const struct mu_hosted *hosted, mu_pfn_t pfn)
{
	const struct mu_page *page = mu_hosted_memmap(hosted) + pfn;
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		struct rlimit none = {0, 0};

		setrlimit(RLIMIT_CORE, &none);
		signal(SIGSEGV, SIG_DFL);
		(void)*(const volatile uint8_t *)&page->state;
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static void pristine_is_inaccessible(void **state)
{
	struct world world;
	mu_pfn_t pfn;

	(void)state;
	if (TEST_TSAN)
		skip(); /* it does not like children */
	world_init_machine(&world, world_machine("1G@1G", 12), MU_POLICY_LAZY,
			   MU_BACK_BLOCK);
	world_start(&world);
	assert_int_equal(mu_alloc_pages(&world.mm.buddy, 0, 0, 0, &pfn), MU_OK);
	assert_int_equal(read_in_child(world.hosted, pfn), 0);
	assert_int_equal(read_in_child(world.hosted, pfn + 1023), 0);
	/* The next block, the last one, the hole below. */
	assert_int_equal(read_in_child(world.hosted, pfn + MU_BLOCK_PAGES),
			 SIGSEGV);
	assert_int_equal(read_in_child(world.hosted, (2 * MU_GIB >> 12) - 1),
			 SIGSEGV);
	assert_int_equal(read_in_child(world.hosted, pfn - 1), SIGSEGV);
	assert_int_equal(read_in_child(world.hosted, 0), SIGSEGV);
	/* What is taken away is gone, and comes back as nothing. */
	assert_int_equal(mu_free_pages(&world.mm.buddy, pfn, 0), MU_OK);
	world_destroy(&world);
}

static void unmap(void **state)
{
	struct mu_machine *machine = world_machine("1G", 12);

	(void)state;
	if (TEST_TSAN)
		skip(); /* it does not like children */
	for (unsigned b = MU_BACK_SECTION; b <= MU_BACK_BLOCK; b++) {
		struct mu_hosted *hosted =
			create(machine, 0, (enum mu_hosted_backing)b);
		const struct mu_port *port = mu_hosted_port(hosted);
		struct mu_page *page = mu_hosted_memmap(hosted);
		mu_pfn_t start = MU_BLOCK_PAGES, end = 2 * MU_BLOCK_PAGES;

		assert_int_equal(port->memmap_map(port->arg, &start, &end),
				 MU_OK);
		assert_true(start <= MU_BLOCK_PAGES &&
			    end >= 2 * MU_BLOCK_PAGES);
		if (b == MU_BACK_SECTION)
			assert_int_equal(end - start, MU_SECTION_PAGES);
		page += MU_BLOCK_PAGES;
		memset(page, 0xee, MU_BLOCK_PAGES * sizeof(*page));
		/* Again: what is there stays. */
		start = MU_BLOCK_PAGES;
		end = 2 * MU_BLOCK_PAGES;
		assert_int_equal(port->memmap_map(port->arg, &start, &end),
				 MU_OK);
		assert_int_equal(page->order, 0xee);
		port->memmap_unmap(port->arg, MU_BLOCK_PAGES,
				   2 * MU_BLOCK_PAGES);
		if (b != MU_BACK_HUGE)
			assert_int_equal(read_in_child(hosted, MU_BLOCK_PAGES),
					 SIGSEGV);
		start = MU_BLOCK_PAGES;
		end = 2 * MU_BLOCK_PAGES;
		assert_int_equal(port->memmap_map(port->arg, &start, &end),
				 MU_OK);
		assert_int_equal(page->order, 0);
		mu_hosted_destroy(hosted);
	}
	free(machine);
}

/* A page of the host may hold the descriptors of several blocks: it goes where
 * all of them do, and not with one. */
static void unmap_in_large_pages(void **state)
{
	const mu_pfn_t blocks = 65536 / (MU_BLOCK_PAGES * 16);
	struct mu_machine *machine = world_machine("1G", 12);
	struct mu_hosted *hosted = create(machine, 0, MU_BACK_BLOCK);
	const struct mu_port *port = mu_hosted_port(hosted);
	struct mu_page *page = mu_hosted_memmap(hosted);

	(void)state;
	hosted->host_page = 65536;
	for (mu_pfn_t i = 0; i < 2 * blocks; i++) {
		mu_pfn_t start = i * MU_BLOCK_PAGES;
		mu_pfn_t end = start + MU_BLOCK_PAGES;

		assert_int_equal(port->memmap_map(port->arg, &start, &end),
				 MU_OK);
		page[start].order = 7;
	}
	port->memmap_unmap(port->arg, MU_BLOCK_PAGES, 2 * MU_BLOCK_PAGES);
	for (mu_pfn_t i = 0; i < 2 * blocks; i++)
		assert_int_equal(page[i * MU_BLOCK_PAGES].order, 7);
	port->memmap_unmap(port->arg, (blocks - 1) * MU_BLOCK_PAGES,
			   2 * blocks * MU_BLOCK_PAGES);
	assert_int_equal(page[(blocks - 1) * MU_BLOCK_PAGES].order, 7);
	if (!TEST_TSAN)
		assert_int_equal(read_in_child(hosted, blocks * MU_BLOCK_PAGES),
				 SIGSEGV);
	mu_hosted_destroy(hosted);
	free(machine);
}

/*
 * What a port gives back can be used by anybody: checkers do not remember what
 * descriptors may not be touched.
 */
static void memory_is_given_back(void **state)
{
	struct world world;
	const size_t bytes = 4 * MU_SECTION_PAGES * sizeof(struct mu_page);
	void *memmap, *again;
	mu_pfn_t pfn;

	(void)state;
	for (unsigned b = MU_BACK_SECTION; b <= MU_BACK_BLOCK; b++) {
		world_init_machine(&world, world_machine("512M", 12),
				   MU_POLICY_LAZY, (enum mu_hosted_backing)b);
		world_start(&world);
		memmap = mu_hosted_memmap(world.hosted);
		assert_int_equal(
			mu_alloc_pages(&world.mm.buddy, 0, 10, 0, &pfn), MU_OK);
		assert_int_equal(mu_free_pages(&world.mm.buddy, pfn, 10),
				 MU_OK);
		world_destroy(&world);
		again = mmap(memmap, bytes, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_true(again != MAP_FAILED);
		memset(again, 1, bytes);
		munmap(again, bytes);
	}
}

/* ---- The host ---- */

static void limits(void **state)
{
	struct mu_machine *machine;
	struct mu_hosted *hosted = NULL;
	struct mu_hosted_config config = {.threads = 0};
	struct mu_error error = {.text = ""};
	uint64_t before, after;
	size_t bytes = 64 * MU_MIB;
	char *touched;

	(void)state;
	assert_true(mu_hosted_available() > 0);
	assert_true(mu_hosted_cpus() > 0);
	before = mu_hosted_resident();
	assert_true(before > 0);
	touched = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(touched != MAP_FAILED);
	memset(touched, 1, bytes);
	after = mu_hosted_resident();
	assert_true(after >= before + bytes / 2);
	/* The kernel counts by batches: about as much. */
	assert_true(mu_hosted_resident_max() >= after - MU_MIB);
	munmap(touched, bytes);
	assert_true(mu_hosted_resident() < after);
	assert_true(mu_hosted_resident_max() >= after - MU_MIB);

	/* Address space that cannot be had is told. */
	if (TEST_ASAN || TEST_TSAN)
		return; /* they need what is limited here */
	machine = world_machine("64T", 12);
	if (fork() == 0) {
		struct rlimit little = {MU_GIB, MU_GIB};

		setrlimit(RLIMIT_AS, &little);
		_exit(mu_hosted_create(&hosted, machine, &config, &error) ==
					      MU_ERR_NOMEM &&
				      error.status == MU_ERR_NOMEM &&
				      strstr(error.text, "memmap") && !hosted
			      ? 0
			      : 1);
	}
	free(machine);
	{
		int status = 1;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(run_on),
		cmocka_unit_test(run_on_few),
		cmocka_unit_test(destroy_waits),
		cmocka_unit_test(identities),
		cmocka_unit_test(windows),
		cmocka_unit_test(pristine_is_inaccessible),
		cmocka_unit_test(unmap),
		cmocka_unit_test(unmap_in_large_pages),
		cmocka_unit_test(memory_is_given_back),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
