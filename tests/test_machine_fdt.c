// SPDX-License-Identifier: MIT
/* Device trees, made with libfdt's own functions for writing one in order. */
#include <unistd.h>

#include "memup/fdt.h"
#include "ports/hosted/machine.h"
#include "tests/machine_util.h"

#ifdef MU_HAVE_LIBFDT

#include "tests/fdt_tree.h"

static void nodes_and_distances(void **state)
{
	struct mu_machine *machine;

	(void)state;
	tree_begin(2, 2);
	tree_memory("memory@80000000");
	TREE_CELLS("reg", 0, 0x80000000, 0, 0x40000000, 8, 0, 1, 0);
	TREE_CELLS("numa-node-id", 0);
	tree_node_end();
	tree_memory("memory@1000000000");
	TREE_CELLS("reg", 0x10, 0, 2, 0);
	TREE_CELLS("numa-node-id", 3);
	tree_mark("hotpluggable");
	tree_node_end();
	tree_node("cpus");
	TREE_CELLS("#address-cells", 1);
	TREE_CELLS("#size-cells", 0);
	tree_cpu("cpu@0", 0, 0);
	tree_cpu("cpu@1", 1, 0);
	tree_cpu("cpu@2", 2, 3);
	tree_node("cpu-map");
	tree_node_end();
	tree_node_end();
	tree_node("distance-map");
	tree_text("compatible", "numa-distance-map-v1");
	TREE_CELLS("distance-matrix", 0, 0, 10, 0, 3, 25, 3, 5, 40, 5, 3, 50);
	tree_node_end();
	tree_end();
	machine = tree_read();
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
	tree_begin(1, 1);
	tree_put_memory();
	tree_memory("memory@200000");
	TREE_CELLS("reg", 0x200000, 0x1000);
	tree_text("status", "disabled");
	tree_node_end();
	tree_memory("memory@300000");
	TREE_CELLS("reg", 0x300000, 0x1000, 0x400000, 0);
	tree_text("status", "okay");
	tree_node_end();
	tree_node("memory@500000");
	TREE_CELLS("reg", 0x500000, 0x1000);
	tree_node_end();
	tree_memory("memory@600000");
	tree_node_end();
	tree_node("soc");
	tree_memory("memory@700000");
	TREE_CELLS("reg", 0x700000, 0x1000);
	tree_node_end();
	tree_node_end();
	tree_end();
	machine = tree_read();
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
	tree_begin(1, 1);
	tree_put_memory();
	tree_reserved();
	tree_node("firmware@1000");
	TREE_CELLS("reg", 0x1000, 0x1000, 0x8000, 0x1000);
	tree_node_end();
	tree_node("hidden@ff000");
	TREE_CELLS("reg", 0xff000, 0x10000);
	tree_mark("no-map");
	tree_node_end();
	tree_node("pool@20000");
	TREE_CELLS("reg", 0x20000, 0x1000);
	tree_mark("reusable");
	tree_node_end();
	tree_node("hidden@30000");
	TREE_CELLS("reg", 0x30000, 0x1000);
	tree_mark("reusable");
	tree_mark("no-map");
	tree_node_end();
	tree_node("off@40000");
	TREE_CELLS("reg", 0x40000, 0x1000);
	tree_text("status", "disabled");
	tree_node_end();
	tree_node("placed-by-the-kernel");
	TREE_CELLS("size", 0x1000);
	tree_node_end();
	tree_node("device@900000");
	TREE_CELLS("reg", 0x900000, 0x1000);
	tree_mark("no-map");
	tree_node_end();
	tree_node_end();
	tree_end();
	machine = tree_read();
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
	memset(tree_room, 0, TREE_ROOM);
	tree_ok(fdt_create(tree_room, TREE_ROOM - 1));
	tree_ok(fdt_add_reservemap_entry(tree_room, 0x3000, 0x2000));
	tree_ok(fdt_add_reservemap_entry(tree_room, 0xfffff000, 0x1000));
	tree_ok(fdt_finish_reservemap(tree_room));
	tree_ok(fdt_begin_node(tree_room, ""));
	TREE_CELLS("#address-cells", 1);
	TREE_CELLS("#size-cells", 1);
	tree_put_memory();
	tree_end();
	machine = tree_read();
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
	tree_begin(1, 1);
	tree_put_memory();
	tree_memory("memory@100000");
	TREE_CELLS("reg", 0x100000, 0x100000);
	TREE_CELLS("linux,usable-memory", 0x180000, 0x1000, 0x190000, 0x10000);
	TREE_CELLS("numa-node-id", 2);
	tree_node_end();
	tree_end();
	machine = tree_read();
	assert_ranges(machine, "0-fffff usable 2\n"
			       "180000-180fff usable 2\n"
			       "190000-19ffff usable 2\n");
	free(machine);

	tree_begin(1, 1);
	tree_put_memory();
	tree_node("chosen");
	TREE_CELLS("linux,usable-memory-range", 0x80000, 0x100000, 0x2000,
		   0x1000);
	tree_node_end();
	tree_end();
	machine = tree_read();
	assert_ranges(machine, "2000-2fff usable 0\n"
			       "80000-fffff usable 0\n");
	free(machine);
}

static void cpus(void **state)
{
	struct mu_machine *machine;

	(void)state;
	tree_begin(1, 1);
	tree_put_memory();
	tree_node("cpus");
	TREE_CELLS("#address-cells", 2);
	TREE_CELLS("#size-cells", 0);
	tree_node("cpu@0"); /* four threads, on a node of its own */
	tree_text("device_type", "cpu");
	TREE_CELLS("reg", 0, 0);
	TREE_CELLS("ibm,ppc-interrupt-server#s", 0, 1, 2, 3);
	TREE_CELLS("numa-node-id", 1);
	tree_node_end();
	tree_node("cpu@8"); /* two threads */
	tree_text("device_type", "cpu");
	TREE_CELLS("reg", 0, 8, 0, 9);
	tree_node_end();
	tree_node("cpu@10"); /* asleep */
	tree_text("device_type", "cpu");
	tree_text("status", "disabled");
	tree_text("enable-method", "spin-table");
	tree_node_end();
	tree_node("cpu@11"); /* not for us */
	tree_text("device_type", "cpu");
	tree_text("status", "disabled");
	tree_node_end();
	tree_node("cpu@12"); /* broken */
	tree_text("device_type", "cpu");
	tree_text("status", "fail");
	tree_text("enable-method", "psci");
	tree_node_end();
	tree_node("l2-cache");
	tree_node_end();
	tree_node_end();
	tree_end();
	machine = tree_read();
	assert_int_equal(machine->nodes[0].nr_cpus, 3);
	assert_int_equal(machine->nodes[1].nr_cpus, 4);
	free(machine);
}

/* Told by the processors' own words. */
static void architectures(void **state)
{
	static const struct {
		const char *node, *compatible, *more;
		enum mu_arch arch;
	} cases[] = {
		{"cpu@0", "arm,cortex-a53", NULL, MU_ARCH_ARM64},
		{"cpu@0", "arm,cortex-a9", NULL, MU_ARCH_ARM},
		{"cpu@0", "cavium,thunder", NULL, MU_ARCH_ARM64},
		{"cpu@0", "sifive,u74", "riscv,isa", MU_ARCH_RISCV},
		{"cpu@0", "riscv", NULL, MU_ARCH_RISCV},
		{"cpu@0", "loongson,la264", NULL, MU_ARCH_LOONGARCH},
		{"PowerPC,8572@0", NULL, NULL, MU_ARCH_PPC},
		{"PowerPC,970@0", NULL, "64-bit", MU_ARCH_PPC64},
		{"PowerPC,POWER9@0", NULL, "ibm,ppc-interrupt-server#s",
		 MU_ARCH_PPC64},
		{"cpu@0", "acme,wonder", NULL, MU_ARCH_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mu_machine *machine;

		tree_begin(1, 1);
		tree_put_memory();
		tree_node("cpus");
		tree_node(cases[i].node);
		tree_text("device_type", "cpu");
		if (cases[i].compatible)
			tree_text("compatible", cases[i].compatible);
		if (cases[i].more)
			tree_mark(cases[i].more);
		tree_node_end();
		tree_node_end();
		tree_end();
		machine = tree_read();
		assert_int_equal(machine->arch, cases[i].arch);
		assert_string_equal(machine->cmdline, "");
		free(machine);
	}
}

static void bootargs(void **state)
{
	struct mu_machine *machine;

	(void)state;
	tree_begin(1, 1);
	tree_put_memory();
	tree_node("chosen");
	tree_text("bootargs", "quiet movablecore=1M");
	tree_node_end();
	tree_end();
	machine = tree_read();
	assert_string_equal(machine->cmdline, "quiet movablecore=1M");
	free(machine);
}

/* The tree says what there is, and the kernel took half of it: the program
 * shows what the kernel had, the reader what there is. */
static void bootargs_mem(void **state)
{
	struct mu_machine *machine;
	struct mu_error error = {.text = ""};

	(void)state;
	tree_begin(1, 1);
	tree_put_memory();
	tree_node("chosen");
	tree_text("bootargs", "quiet mem=8K");
	tree_node_end();
	tree_end();
	machine = tree_read();
	assert_int_equal(mu_machine_ram(machine), 0x100000);
	free(machine);
	if (mu_machine_load_text(&machine, "tree", tree, tree_len, NULL, 0,
				 &error))
		fail_msg("%s", error.text);
	assert_int_equal(mu_machine_ram(machine), 0x2000);
	mu_machine_unload(machine);
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
		cmocka_unit_test(architectures),
		cmocka_unit_test(bootargs),
		cmocka_unit_test(bootargs_mem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

/* The trees of these tests are made by libfdt. */
static void nothing_to_test(void **state)
{
	(void)state;
	skip();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_to_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
