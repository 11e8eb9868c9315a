// SPDX-License-Identifier: MIT
/* Device trees, made with libfdt's own functions for writing one in order. */
#include <unistd.h>

#include "ports/hosted/machine.h"
#include "tests/machine_util.h"

#ifdef MU_HAVE_LIBFDT

#include <libfdt.h>

/* A tree in the making; one byte in front, so that it is not aligned. */
static char room[8192];
static char *const tree = room + 1;
static size_t tree_len;

static void ok(int code)
{
	if (code)
		fail_msg("libfdt: %s", fdt_strerror(code));
}

static void begin_tree(unsigned address, unsigned size)
{
	memset(room, 0, sizeof(room));
	ok(fdt_create(room, sizeof(room) - 1));
	ok(fdt_finish_reservemap(room));
	ok(fdt_begin_node(room, ""));
	ok(fdt_property_u32(room, "#address-cells", address));
	ok(fdt_property_u32(room, "#size-cells", size));
}

static void end_tree(void)
{
	ok(fdt_end_node(room));
	ok(fdt_finish(room));
	tree_len = fdt_totalsize(room);
	memmove(tree, room, tree_len);
}

static void cells(const char *name, unsigned nr, const uint32_t *values)
{
	fdt32_t *at;

	ok(fdt_property_placeholder(room, name, (int)(nr * sizeof(*values)),
				    (void **)&at));
	for (unsigned i = 0; i < nr; i++)
		fdt32_st(&at[i], values[i]);
}

#define CELLS(name, ...)                                                  \
	cells(name, sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t), \
	      (const uint32_t[]){__VA_ARGS__})

static void begin(const char *name)
{
	ok(fdt_begin_node(room, name));
}

static void end(void)
{
	ok(fdt_end_node(room));
}

static void text(const char *name, const char *value)
{
	ok(fdt_property(room, name, value, (int)strlen(value) + 1));
}

static void mark(const char *name)
{
	ok(fdt_property(room, name, NULL, 0));
}

static void begin_memory(const char *name)
{
	begin(name);
	text("device_type", "memory");
}

/* RAM from 0 to 1 MiB, of 32-bit cells. */
static void put_memory(void)
{
	begin_memory("memory@0");
	CELLS("reg", 0, 0x100000);
	end();
}

static void begin_reserved(void)
{
	begin("reserved-memory");
	CELLS("#address-cells", 1);
	CELLS("#size-cells", 1);
	mark("ranges");
}

static struct mu_machine *read_tree(void)
{
	struct mu_machine *machine = machine_new(64, 16);
	struct mu_error error;

	if (mu_machine_read_fdt(machine, tree, tree_len, &error) ||
	    mu_machine_finish(machine, &error))
		fail_msg("%s", error.text);
	return machine;
}

/* The tree is bad in the way that @why says. */
static void misread(enum mu_status status, const char *why)
{
	struct mu_machine *machine = machine_new(64, 16);
	struct mu_error error = {.status = MU_OK};

	assert_int_equal(mu_machine_read_fdt(machine, tree, tree_len, &error),
			 status);
	assert_int_equal(error.status, status);
	assert_string_equal(error.text, why);
	free(machine);
	machine = machine_new(64, 16);
	assert_int_equal(mu_machine_read_fdt(machine, tree, tree_len, NULL),
			 status);
	free(machine);
}

static void put_cpu(const char *name, uint32_t reg, uint32_t nid)
{
	begin(name);
	text("device_type", "cpu");
	CELLS("reg", reg);
	CELLS("numa-node-id", nid);
	end();
}

static void nodes_and_distances(void **state)
{
	struct mu_machine *machine;

	(void)state;
	begin_tree(2, 2);
	begin_memory("memory@80000000");
	CELLS("reg", 0, 0x80000000, 0, 0x40000000, 8, 0, 1, 0);
	CELLS("numa-node-id", 0);
	end();
	begin_memory("memory@1000000000");
	CELLS("reg", 0x10, 0, 2, 0);
	CELLS("numa-node-id", 3);
	mark("hotpluggable");
	end();
	begin("cpus");
	CELLS("#address-cells", 1);
	CELLS("#size-cells", 0);
	put_cpu("cpu@0", 0, 0);
	put_cpu("cpu@1", 1, 0);
	put_cpu("cpu@2", 2, 3);
	begin("cpu-map");
	end();
	end();
	begin("distance-map");
	text("compatible", "numa-distance-map-v1");
	CELLS("distance-matrix", 0, 0, 10, 0, 3, 25, 3, 5, 40, 5, 3, 50);
	end();
	end_tree();
	machine = read_tree();
	assert_ranges(machine, "80000000-bfffffff usable 0\n"
			       "800000000-8ffffffff usable 0\n"
			       "1000000000-11ffffffff usable 3 flags 1\n");
	assert_int_equal(machine->nodes[0].nr_cpus, 2);
	assert_int_equal(machine->nodes[3].nr_cpus, 1);
	assert_false(machine->nodes[5].present);
	assert_int_equal(machine->distances[0 * 16 + 3], 25);
	assert_int_equal(machine->distances[3 * 16 + 0], 25);
	assert_int_equal(machine->distances[3 * 16 + 5], 40);
	assert_int_equal(machine->distances[5 * 16 + 3], 50);
	free(machine);
}

static void what_is_no_memory(void **state)
{
	struct mu_machine *machine;

	(void)state;
	begin_tree(1, 1);
	put_memory();
	begin_memory("memory@200000");
	CELLS("reg", 0x200000, 0x1000);
	text("status", "disabled");
	end();
	begin_memory("memory@300000");
	CELLS("reg", 0x300000, 0x1000, 0x400000, 0);
	text("status", "okay");
	end();
	begin("memory@500000");
	CELLS("reg", 0x500000, 0x1000);
	end();
	begin_memory("memory@600000");
	end();
	begin("soc");
	begin_memory("memory@700000");
	CELLS("reg", 0x700000, 0x1000);
	end();
	end();
	end_tree();
	machine = read_tree();
	assert_ranges(machine, "0-fffff usable 0\n"
			       "300000-300fff usable 0\n");
	/* Nobody told of CPUs. */
	assert_int_equal(mu_machine_cpus(machine), 1);
	free(machine);
}

static void reserved_memory(void **state)
{
	struct mu_machine *machine;

	(void)state;
	begin_tree(1, 1);
	put_memory();
	begin_reserved();
	begin("firmware@1000");
	CELLS("reg", 0x1000, 0x1000, 0x8000, 0x1000);
	end();
	begin("hidden@ff000");
	CELLS("reg", 0xff000, 0x10000);
	mark("no-map");
	end();
	begin("pool@20000");
	CELLS("reg", 0x20000, 0x1000);
	mark("reusable");
	end();
	begin("hidden@30000");
	CELLS("reg", 0x30000, 0x1000);
	mark("reusable");
	mark("no-map");
	end();
	begin("off@40000");
	CELLS("reg", 0x40000, 0x1000);
	text("status", "disabled");
	end();
	begin("placed-by-the-kernel");
	CELLS("size", 0x1000);
	end();
	begin("device@900000");
	CELLS("reg", 0x900000, 0x1000);
	mark("no-map");
	end();
	end();
	end_tree();
	machine = read_tree();
	assert_ranges(machine, "0-fff usable 0\n"
			       "1000-1fff usable 0 flags 10\n"
			       "2000-7fff usable 0\n"
			       "8000-8fff usable 0 flags 10\n"
			       "9000-2ffff usable 0\n"
			       "30000-30fff usable 0 flags 4\n"
			       "31000-fefff usable 0\n"
			       "ff000-fffff usable 0 flags 4\n");
	free(machine);
}

static void reserve_map(void **state)
{
	struct mu_machine *machine;

	(void)state;
	memset(room, 0, sizeof(room));
	ok(fdt_create(room, sizeof(room) - 1));
	ok(fdt_add_reservemap_entry(room, 0x3000, 0x2000));
	ok(fdt_add_reservemap_entry(room, 0xfffff000, 0x1000));
	ok(fdt_finish_reservemap(room));
	ok(fdt_begin_node(room, ""));
	CELLS("#address-cells", 1);
	CELLS("#size-cells", 1);
	put_memory();
	end_tree();
	machine = read_tree();
	assert_ranges(machine, "0-2fff usable 0\n"
			       "3000-4fff usable 0 flags 10\n"
			       "5000-fffff usable 0\n");
	free(machine);
}

/* A crash kernel is told which part of the memory is its own. */
static void usable_memory(void **state)
{
	struct mu_machine *machine;

	(void)state;
	begin_tree(1, 1);
	put_memory();
	begin_memory("memory@100000");
	CELLS("reg", 0x100000, 0x100000);
	CELLS("linux,usable-memory", 0x180000, 0x1000, 0x190000, 0x10000);
	CELLS("numa-node-id", 2);
	end();
	end_tree();
	machine = read_tree();
	assert_ranges(machine, "0-fffff usable 2\n"
			       "180000-180fff usable 2\n"
			       "190000-19ffff usable 2\n");
	free(machine);

	begin_tree(1, 1);
	put_memory();
	begin("chosen");
	CELLS("linux,usable-memory-range", 0x80000, 0x100000, 0x2000, 0x1000);
	end();
	end_tree();
	machine = read_tree();
	assert_ranges(machine, "2000-2fff usable 0\n"
			       "80000-fffff usable 0\n");
	free(machine);
}

static void cpus(void **state)
{
	struct mu_machine *machine;

	(void)state;
	begin_tree(1, 1);
	put_memory();
	begin("cpus");
	CELLS("#address-cells", 2);
	CELLS("#size-cells", 0);
	begin("cpu@0"); /* four threads, on a node of its own */
	text("device_type", "cpu");
	CELLS("reg", 0, 0);
	CELLS("ibm,ppc-interrupt-server#s", 0, 1, 2, 3);
	CELLS("numa-node-id", 1);
	end();
	begin("cpu@8"); /* two threads */
	text("device_type", "cpu");
	CELLS("reg", 0, 8, 0, 9);
	end();
	begin("cpu@10"); /* asleep */
	text("device_type", "cpu");
	text("status", "disabled");
	text("enable-method", "spin-table");
	end();
	begin("cpu@11"); /* not for us */
	text("device_type", "cpu");
	text("status", "disabled");
	end();
	begin("cpu@12"); /* broken */
	text("device_type", "cpu");
	text("status", "fail");
	text("enable-method", "psci");
	end();
	begin("l2-cache");
	end();
	end();
	end_tree();
	machine = read_tree();
	assert_int_equal(machine->nodes[0].nr_cpus, 3);
	assert_int_equal(machine->nodes[1].nr_cpus, 4);
	free(machine);
}

static void bad_properties(void **state)
{
	(void)state;
	begin_tree(2, 1);
	put_memory();
	end_tree();
	misread(MU_ERR_CORRUPT,
		"/memory@0: reg: 8 bytes are no multiple of 12");

	begin_tree(3, 2);
	put_memory();
	end_tree();
	misread(MU_ERR_UNSUPPORTED, "/memory@0: reg: #address-cells and "
				    "#size-cells around it are not 1 or 2");

	begin_tree(2, 2);
	begin_memory("memory@0");
	CELLS("reg", 0xffffffff, 0, 2, 0);
	end();
	end_tree();
	misread(MU_ERR_RANGE, "/memory@0: 0x200000000 bytes at "
			      "0xffffffff00000000 pass the end of 64 bits");

	begin_tree(1, 1);
	begin_memory("memory@0");
	CELLS("reg", 0, 0x1000);
	CELLS("numa-node-id", 16);
	end();
	end_tree();
	misread(MU_ERR_RANGE, "/memory@0: node 16 is not one of 0 to 15");

	begin_tree(1, 1);
	begin("cpus");
	CELLS("#address-cells", 1);
	put_cpu("cpu@0", 0, 0xffffffff);
	end();
	end_tree();
	misread(MU_ERR_RANGE,
		"/cpus/cpu@0: node 2147483647 is not one of 0 to 15");

	begin_tree(1, 1);
	begin("distance-map");
	text("compatible", "numa-distance-map-v1");
	CELLS("distance-matrix", 0, 1, 9);
	end();
	end_tree();
	misread(MU_ERR_RANGE,
		"/distance-map: the distance from node 0 to node 1 cannot be "
		"9: it is 10 to itself, 10 to 255 to others");

	/* Without any distance it says nothing, also nothing wrong. */
	begin_tree(1, 1);
	put_memory();
	begin("distance-map");
	text("compatible", "numa-distance-map-v1");
	end();
	end_tree();
	free(read_tree());

	begin_tree(1, 1);
	begin("distance-map");
	text("compatible", "numa-distance-map-v1");
	CELLS("distance-matrix", 0, 1);
	end();
	end_tree();
	misread(MU_ERR_CORRUPT, "/distance-map: distance-matrix: 8 bytes are "
				"no multiple of 12");
}

static void broken_trees(void **state)
{
	struct mu_machine *machine = machine_new(64, 16);
	size_t len;

	(void)state;
	begin_tree(1, 1);
	put_memory();
	end_tree();
	len = tree_len;
	assert_true(mu_machine_is_fdt(tree, len));
	assert_false(mu_machine_is_fdt(tree, 3));
	assert_false(mu_machine_is_fdt(tree + 1, len - 1));
	for (tree_len = 0; tree_len < len; tree_len++)
		assert_int_equal(
			mu_machine_read_fdt(machine, tree, tree_len, NULL),
			MU_ERR_CORRUPT);
	assert_int_equal(machine->nr_ranges, 0);
	free(machine);
	machine = read_tree();
	assert_int_equal(mu_machine_read_fdt(machine, tree, tree_len, NULL),
			 MU_ERR_INVALID);
	free(machine);
}

static void full_machine(void **state)
{
	(void)state;
	for (unsigned ranges = 1; ranges < 12; ranges++) {
		struct mu_machine *machine = machine_new(ranges, 16);
		struct mu_error error = {.status = MU_OK};
		enum mu_status status;

		begin_tree(1, 1);
		put_memory();
		begin_reserved();
		begin("firmware@1000");
		CELLS("reg", 0x1000, 0x1000);
		end();
		begin("hidden@f0000");
		CELLS("reg", 0xf0000, 0x1000);
		mark("no-map");
		end();
		end();
		end_tree();
		status = mu_machine_read_fdt(machine, tree, tree_len, &error);
		if (!status)
			status = mu_machine_finish(machine, &error);
		/* Five ranges in the end: free, kept, free, ... */
		assert_int_equal(status, ranges < 5 ? MU_ERR_FULL : MU_OK);
		free(machine);
	}
}

static void from_a_file(void **state)
{
	char path[] = "/tmp/memup-test.XXXXXX";
	struct mu_machine *machine = NULL;
	struct mu_error error = {.status = MU_OK};
	int fd = mkstemp(path);
	char expected[96];
	FILE *file;

	(void)state;
	assert_true(fd >= 0);
	begin_tree(1, 1);
	put_memory();
	end_tree();
	file = fdopen(fd, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(tree, 1, tree_len, file), tree_len);
	assert_int_equal(fflush(file), 0);
	assert_int_equal(mu_machine_load(&machine, path, &error), MU_OK);
	assert_int_equal(mu_machine_ram(machine), 0x100000);
	mu_machine_unload(machine);
	assert_int_equal(ftruncate(fd, 8), 0);
	assert_int_equal(mu_machine_load(&machine, path, &error),
			 MU_ERR_CORRUPT);
	(void)snprintf(expected, sizeof(expected), "%s: not a device tree",
		       path);
	assert_memory_equal(error.text, expected, strlen(expected));
	assert_int_equal(fclose(file), 0);
	assert_int_equal(remove(path), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_and_distances),
		cmocka_unit_test(what_is_no_memory),
		cmocka_unit_test(reserved_memory),
		cmocka_unit_test(reserve_map),
		cmocka_unit_test(usable_memory),
		cmocka_unit_test(cpus),
		cmocka_unit_test(bad_properties),
		cmocka_unit_test(broken_trees),
		cmocka_unit_test(full_machine),
		cmocka_unit_test(from_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void names_the_package(void **state)
{
	struct mu_machine *machine = machine_new(64, 16);
	struct mu_error error = {.status = MU_OK};

	(void)state;
	assert_true(mu_machine_is_fdt("\xd0\x0d\xfe\xed", 4));
	assert_int_equal(
		mu_machine_read_fdt(machine, "\xd0\x0d\xfe\xed", 4, &error),
		MU_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.text, "libfdt-dev"));
	free(machine);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_the_package),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
