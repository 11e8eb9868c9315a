// SPDX-License-Identifier: MIT
/* Several sources for one machine: texts, tables, directories, parameters. */
#include <sys/stat.h>

#include "ports/hosted/machine.h"
#include "tests/machine_util.h"
#include "tests/root.h"

/* ---- ACPI tables ---- */

static uint8_t table[512];
static size_t table_len;

static void add(uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		table[table_len++] = (uint8_t)(value >> 8 * i);
}

static void begin_table(const char *signature, unsigned fixed)
{
	memset(table, 0, sizeof(table));
	memcpy(table, signature, 4);
	table_len = 36 + fixed;
}

static const char *put_table(const char *name)
{
	uint8_t sum = 0;

	table[4] = (uint8_t)table_len;
	table[5] = (uint8_t)(table_len >> 8);
	for (size_t i = 0; i < table_len; i++)
		sum = (uint8_t)(sum + table[i]);
	table[9] = (uint8_t)-sum;
	return root_put_bytes(name, table, table_len);
}

static void add_memory(uint32_t domain, uint64_t base, uint64_t size)
{
	add(1, 1);
	add(40, 1);
	add(domain, 4);
	add(0, 2);
	add(base, 8);
	add(size, 8);
	add(0, 4);
	add(1, 4); /* enabled */
	add(0, 8);
}

static void add_cpu(unsigned domain, unsigned cpu)
{
	add(0, 1);
	add(16, 1);
	add(domain, 1);
	add(cpu, 1);
	add(1, 4);
	add(0, 8);
}

/* Two nodes of 64 KiB each, the second with two CPUs, the first with one. */
static const char *put_srat(const char *name)
{
	begin_table("SRAT", 12);
	add_memory(0, 0, 0x10000);
	add_memory(1, 0x10000, 0x10000);
	for (unsigned cpu = 0; cpu < 3; cpu++)
		add_cpu(cpu ? 1 : 0, cpu);
	return put_table(name);
}

static const char *put_slit(const char *name)
{
	begin_table("SLIT", 0);
	add(2, 8);
	add(10, 1);
	add(31, 1);
	add(32, 1);
	add(10, 1);
	return put_table(name);
}

/* Five CPUs, of no node. */
static const char *put_madt(const char *name)
{
	begin_table("APIC", 8);
	for (unsigned cpu = 0; cpu < 5; cpu++) {
		add(0, 1);
		add(8, 1);
		add(cpu, 1);
		add(cpu, 1);
		add(1, 4);
	}
	return put_table(name);
}

/* ---- Loading ---- */

#define LOG "BIOS-e820: [mem 0x0-0x17fff] usable\n"
/* The same kernel without NUMA, on four CPUs. */
#define LOG_OF_ONE_NODE                          \
	LOG "  node   0: [mem 0x0000-0x17fff]\n" \
	    "smp: Brought up 1 node, 4 CPUs\n"

static struct mu_machine *load(unsigned nr, const char *const *what,
			       const char *cmdline)
{
	struct mu_machine *machine = NULL;
	struct mu_error error = {.status = MU_OK};

	if (mu_machine_load_all(&machine, what, nr, cmdline, &error))
		fail_msg("%s", error.text);
	return machine;
}

#define LOAD(cmdline, ...)                                                \
	load(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), \
	     (const char *const[]){__VA_ARGS__}, cmdline)

static void fails(const char *const *what, unsigned nr, const char *cmdline,
		  enum mu_status status, const char *why)
{
	struct mu_machine *machine = NULL;
	struct mu_error error = {.status = MU_OK};

	assert_int_equal(
		mu_machine_load_all(&machine, what, nr, cmdline, &error),
		status);
	assert_string_equal(error.text, why);
	assert_int_equal(error.status, status);
	assert_int_equal(mu_machine_load_all(&machine, what, nr, cmdline, NULL),
			 status);
	assert_null(machine);
}

static void check_two_nodes(const struct mu_machine *machine)
{
	assert_ranges(machine, "0-ffff usable 0\n"
			       "10000-17fff usable 1\n");
	assert_int_equal(machine->nodes[0].nr_cpus, 1);
	assert_int_equal(machine->nodes[1].nr_cpus, 2);
}

/* What the kernel made of it without NUMA does not matter, in any order. */
static void nodes_are_acpis(void **state)
{
	const char *log = root_put("boot.log", LOG_OF_ONE_NODE);
	const char *srat = put_srat("SRAT.dat"), *slit = put_slit("SLIT.dat");
	struct mu_machine *machine;
	char name[256];

	(void)state;
	machine = LOAD(NULL, log, srat);
	check_two_nodes(machine);
	(void)snprintf(name, sizeof(name), "%s, %s", log, srat);
	assert_string_equal(machine->source, name);
	mu_machine_unload(machine);

	machine = LOAD(NULL, slit, put_madt("APIC.dat"), srat, log);
	check_two_nodes(machine);
	assert_int_equal(machine->distances[1], 31);
	assert_int_equal(machine->distances[machine->max_nodes], 32);
	mu_machine_unload(machine);
}

/* Domains 7, 3 and 9; Linux takes those of CPUs first, each kind in order. */
static void domains_are_numbered(void **state)
{
	const char *what[2];
	struct mu_machine *machine;
	const uint8_t *from_1, *from_2;

	(void)state;
	begin_table("SRAT", 12);
	add_memory(7, 0, 0x10000);
	add_memory(3, 0x10000, 0x10000);
	add_cpu(3, 0);
	add_cpu(9, 1);
	add_cpu(3, 2);
	what[1] = put_table("SRAT");
	begin_table("SLIT", 0);
	add(10, 8);
	for (unsigned from = 0; from < 10; from++)
		for (unsigned to = 0; to < 10; to++)
			add(from == to ? 10 : 100 + 10 * from + to, 1);
	what[0] = put_table("SLIT");
	machine = load(2, what, NULL);
	assert_ranges(machine, "0-ffff usable 2\n"
			       "10000-1ffff usable 0\n");
	assert_int_equal(machine->nr_nodes, 3);
	assert_int_equal(machine->nodes[0].nr_cpus, 2);
	assert_int_equal(machine->nodes[1].nr_cpus, 1);
	assert_true(machine->nodes[2].present);
	from_1 = machine->distances + machine->max_nodes;
	from_2 = from_1 + machine->max_nodes;
	assert_int_equal(from_1[0], 193);
	assert_int_equal(from_2[1], 179);
	assert_int_equal(from_2[2], 10);
	mu_machine_unload(machine);
}

static void cpus_fill_in(void **state)
{
	const char *madt = put_madt("APIC.dat"), *log;
	struct mu_machine *machine;

	(void)state;
	/* An MADT counts only where nobody else does. */
	log = root_put("boot.log", LOG_OF_ONE_NODE);
	machine = LOAD(NULL, madt, log);
	assert_int_equal(mu_machine_cpus(machine), 4);
	mu_machine_unload(machine);
	log = root_put("boot.log", LOG);
	machine = LOAD(NULL, madt, log);
	assert_int_equal(mu_machine_cpus(machine), 5);
	mu_machine_unload(machine);
	/* Of two that count the first. */
	machine = LOAD(NULL, "1x32K/3", "4K@1M/7");
	assert_ranges(machine, "0-7fff usable 0\n"
			       "100000-100fff usable 0\n");
	assert_int_equal(mu_machine_cpus(machine), 3);
	mu_machine_unload(machine);
}

static void ram_of_affinities(void **state)
{
	struct mu_machine *machine;

	(void)state;
	machine = LOAD(NULL, put_srat("SRAT.dat"), put_slit("SLIT.dat"));
	assert_ranges(machine, "0-ffff usable 0\n"
			       "10000-1ffff usable 1\n");
	mu_machine_unload(machine);
	/* A description has its own. */
	machine = LOAD(NULL, root_path("SRAT.dat"), "72K");
	assert_ranges(machine, "0-ffff usable 0\n"
			       "10000-11fff usable 1\n");
	mu_machine_unload(machine);
}

static void parameters(void **state)
{
	const char *log = root_put("boot.log", LOG), *srat = put_srat("SRAT");
	struct mu_machine *machine;
	const char *const what[] = {log, srat};
	char why[256];

	(void)state;
	machine = LOAD("quiet mem=68K memmap=4K$8K", log, srat);
	assert_ranges(machine, "0-1fff usable 0\n"
			       "2000-2fff reserved 0\n"
			       "3000-ffff usable 0\n"
			       "10000-10fff usable 1\n");
	mu_machine_unload(machine);
	machine = LOAD("numa=off", log, srat);
	assert_ranges(machine, "0-17fff usable 0\n");
	assert_int_equal(machine->nodes[0].nr_cpus, 3);
	mu_machine_unload(machine);
	fails(what, 2, "mem=much", MU_ERR_SYNTAX,
	      "kernel parameters: mem=much: expected a number");
	(void)snprintf(why, sizeof(why),
		       "%s, %s: the machine has no usable memory", log, srat);
	fails(what, 2, "memmap=0", MU_ERR_NOT_FOUND, why);
}

static void directory_of_tables(void **state)
{
	struct mu_machine *machine;
	const char *dir = root_path("tables"), *why_dir = root_path("empty");
	char why[256];

	(void)state;
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(mkdir(why_dir, 0755), 0);
	assert_int_equal(mkdir(root_path("tables/data"), 0755), 0);
	put_madt("tables/APIC");
	put_slit("tables/SLIT");
	put_srat("tables/SRAT");
	begin_table("DSDT", 100);
	put_table("tables/DSDT");
	root_put("tables/boot.log", "BIOS-e820: [mem 0x0-0xffffff] usable\n");
	machine = LOAD(NULL, dir);
	assert_ranges(machine, "0-ffff usable 0\n"
			       "10000-1ffff usable 1\n");
	assert_int_equal(mu_machine_cpus(machine), 3);
	assert_int_equal(machine->distances[1], 31);
	mu_machine_unload(machine);
	machine = LOAD(NULL, root_put("boot.log", LOG_OF_ONE_NODE), dir);
	check_two_nodes(machine);
	mu_machine_unload(machine);

	(void)snprintf(why, sizeof(why),
		       "%s: no ACPI table that memup reads in this directory, "
		       "nor ranges as in /sys/firmware/memmap",
		       why_dir);
	fails(&why_dir, 1, NULL, MU_ERR_NOT_FOUND, why);
}

static void put_entry(const char *entry, const char *start, const char *end,
		      const char *type)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "memmap/%s/start", entry);
	root_put(name, start);
	(void)snprintf(name, sizeof(name), "memmap/%s/end", entry);
	root_put(name, end);
	(void)snprintf(name, sizeof(name), "memmap/%s/type", entry);
	root_put(name, type);
}

static void directory_of_ranges(void **state)
{
	struct mu_machine *machine;
	const char *dir = root_path("memmap");
	char why[256];

	(void)state;
	put_entry("0", "0x0\n", "0x13fff\n", "System RAM\n");
	put_entry("1", "0x14000\n", "0x14fff\n", "Reserved\n");
	machine = LOAD(NULL, dir, put_srat("SRAT"));
	assert_ranges(machine, "0-ffff usable 0\n"
			       "10000-13fff usable 1\n"
			       "14000-14fff reserved 1\n");
	mu_machine_unload(machine);
	put_entry("1", "0x14000\n", "14 thousand\n", "Reserved\n");
	(void)snprintf(why, sizeof(why), "%s: 1/end: no address in hexadecimal",
		       dir);
	fails(&dir, 1, NULL, MU_ERR_SYNTAX, why);
	put_entry("1", "\n", "0x14fff\n", "Reserved\n");
	(void)snprintf(why, sizeof(why),
		       "%s: 1/start: no address in hexadecimal", dir);
	fails(&dir, 1, NULL, MU_ERR_SYNTAX, why);
	put_entry("1", "0x14000\n", "0x13000\n", "Reserved\n");
	(void)snprintf(why, sizeof(why), "%s: 1/end: below 1/start", dir);
	fails(&dir, 1, NULL, MU_ERR_SYNTAX, why);
	assert_int_equal(remove(root_path("memmap/1/type")), 0);
	(void)snprintf(why, sizeof(why),
		       "%s: no start, end and type of any range", dir);
	fails(&dir, 1, NULL, MU_ERR_NOT_FOUND, why);
}

static void nothing_gives_ram(void **state)
{
	const char *what[] = {put_slit("SLIT"), put_madt("APIC")};
	char why[256];

	(void)state;
	(void)snprintf(why, sizeof(why),
		       "%s, %s: the machine has no usable memory; without an "
		       "SRAT, ACPI's tables need a boot log or a size beside "
		       "them",
		       what[0], what[1]);
	fails(what, 2, NULL, MU_ERR_NOT_FOUND, why);
	/* The one that is wrong has its name in the message. */
	what[1] = root_put("letter", "Dear Sir,\n");
	(void)snprintf(why, sizeof(why),
		       "%s: no boot log, nor anything else that tells of "
		       "memory",
		       what[1]);
	fails(what, 2, NULL, MU_ERR_NOT_FOUND, why);
}

static void kinds(void **state)
{
	static const struct {
		const char *text;
		enum mu_machine_kind kind;
	} texts[] = {
		{"", MU_KIND_UNKNOWN},
		{"64T\n", MU_KIND_UNKNOWN},
		{"hello\n" LOG, MU_KIND_LOG},
		{"Node 0, zone   Normal\n", MU_KIND_ZONEINFO},
		{"00001000-0009fbff : System RAM\n", MU_KIND_IOMEM},
		{"RANGE SIZE STATE\n", MU_KIND_LSMEM},
		{"node 0 size: 1 MB\n", MU_KIND_NUMACTL},
		{"SRAT @ 0x0000000000000000\n", MU_KIND_ACPIDUMP},
	};
	struct mu_machine *machine = machine_new(4, 4);

	(void)state;
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(
			mu_machine_kind(texts[i].text, strlen(texts[i].text)),
			texts[i].kind);
	put_srat("SRAT");
	assert_int_equal(mu_machine_kind((const char *)table, table_len),
			 MU_KIND_ACPI);
	/* Only what the source itself says. */
	assert_int_equal(mu_machine_read_kind(machine, MU_KIND_ACPI,
					      (const char *)table, table_len,
					      NULL),
			 MU_OK);
	assert_int_equal(machine->nr_ranges, 0);
	assert_int_equal(machine->nr_affinities, 2);
	assert_int_equal(
		mu_machine_read_kind(machine, MU_KIND_UNKNOWN, "", 0, NULL),
		MU_ERR_NOT_FOUND);
	assert_int_equal(
		mu_machine_read_kind(machine, MU_KIND_ACPI + 1, "", 0, NULL),
		MU_ERR_NOT_FOUND);
	free(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		root_test(nodes_are_acpis),
		root_test(domains_are_numbered),
		root_test(cpus_fill_in),
		root_test(ram_of_affinities),
		root_test(parameters),
		root_test(directory_of_tables),
		root_test(directory_of_ranges),
		root_test(nothing_gives_ram),
		root_test(kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
