// SPDX-License-Identifier: MIT
/* What kernels look up in a device tree: addresses, interrupts, aliases, CPUs;
 * and what they get of a tree that lies. */
#include "memup/fdt.h"
#include "tests/machine_util.h"

#ifdef MU_HAVE_LIBFDT

#include "tests/fdt_tree.h"

static struct mu_fdt fdt;

static void open_tree(void)
{
	struct mu_error error;

	tree_end();
	if (mu_fdt_open(&fdt, tree, tree_len, &error))
		fail_msg("%s", error.text);
}

/* A bus at 0x10000000 whose addresses begin at 0, with another on it. */
static void put_buses(void)
{
	tree_begin(2, 2);
	tree_node("aliases");
	tree_text("serial0", "/soc@10000000/bus@8000/uart@100");
	tree_text("loop", "loop");
	tree_node_end();
	tree_node("chosen");
	tree_text("stdout-path", "serial0:115200n8");
	TREE_CELLS("linux,initrd-start", 0, 0x4000);
	TREE_CELLS("linux,initrd-end", 0x5000);
	tree_node_end();
	tree_node("soc@10000000");
	TREE_CELLS("#address-cells", 1);
	TREE_CELLS("#size-cells", 1);
	TREE_CELLS("ranges", 0, 0, 0x10000000, 0x10000, 0x80000000, 0x20, 0,
		   0x1000);
	tree_node("bus@8000");
	TREE_CELLS("#address-cells", 1);
	TREE_CELLS("#size-cells", 1);
	TREE_CELLS("ranges", 0, 0x8000, 0x1000);
	tree_node("uart@100");
	tree_text("compatible", "ns16550a");
	TREE_CELLS("reg", 0x100, 0x20, 0x2000, 0x10);
	tree_node_end();
	tree_node_end();
	tree_node("timer@80000000");
	TREE_CELLS("reg", 0x80000000, 0x100);
	tree_node_end();
	tree_node("same");
	tree_mark("ranges");
	TREE_CELLS("#address-cells", 1);
	tree_node("rtc");
	TREE_CELLS("reg", 0x20, 4);
	tree_node_end();
	tree_node_end();
	tree_node("i2c");
	TREE_CELLS("#address-cells", 1);
	TREE_CELLS("#size-cells", 0);
	tree_node("sensor@48");
	TREE_CELLS("reg", 0x48);
	tree_node_end();
	tree_node_end();
	tree_node_end();
}

static void reg_of(const char *path, unsigned index, uint64_t address,
		   uint64_t size)
{
	uint32_t node = mu_fdt_find(&fdt, path);
	uint64_t found, found_size;
	struct mu_error error;

	assert_int_not_equal(node, 0);
	if (mu_fdt_reg(&fdt, node, "reg", index, &found, &found_size, &error) ||
	    mu_fdt_translate(&fdt, node, &found, &error))
		fail_msg("%s", error.text);
	assert_int_equal(found, address);
	assert_int_equal(found_size, size);
}

static void addresses(void **state)
{
	struct mu_error error = {.text = ""};
	uint64_t address, size;
	uint32_t node;

	(void)state;
	put_buses();
	open_tree();
	reg_of("serial0", 0, 0x10008100, 0x20);
	reg_of("serial0:115200n8", 0, 0x10008100, 0x20);
	reg_of("/soc/bus/uart", 0, 0x10008100, 0x20);
	reg_of("/soc/timer", 0, UINT64_C(0x2000000000), 0x100);
	reg_of("/soc/same/rtc", 0, 0x10000020, 4);
	assert_int_equal(mu_fdt_find(&fdt, "loop"), 0);
	assert_int_equal(mu_fdt_find(&fdt, "nobody"), 0);
	assert_int_equal(mu_fdt_find(&fdt, "/"), fdt.root);
	assert_int_equal(mu_fdt_find(&fdt, "/soc/bus@8001"), 0);
	node = mu_fdt_find(&fdt, "serial0");
	assert_int_equal(mu_fdt_compatible(&fdt, 0, "ns16550a"), node);
	assert_int_equal(mu_fdt_compatible(&fdt, node, "ns16550a"), 0);

	assert_int_equal(
		mu_fdt_reg(&fdt, node, "reg", 1, &address, &size, NULL), MU_OK);
	assert_int_equal(mu_fdt_translate(&fdt, node, &address, &error),
			 MU_ERR_NOT_FOUND);
	assert_string_equal(error.text, "/soc@10000000/bus@8000: address "
					"0x2000 is not in its ranges");
	assert_int_equal(address, 0x2000);
	assert_int_equal(
		mu_fdt_reg(&fdt, node, "reg", 2, &address, &size, &error),
		MU_ERR_NOT_FOUND);
	assert_string_equal(error.text,
			    "/soc@10000000/bus@8000/uart@100: reg has 2 "
			    "entries, none of number 2");
	assert_int_equal(
		mu_fdt_reg(&fdt, node, "assigned", 0, &address, &size, &error),
		MU_ERR_NOT_FOUND);
	node = mu_fdt_find(&fdt, "/soc/i2c/sensor");
	assert_int_equal(
		mu_fdt_reg(&fdt, node, "reg", 0, &address, &size, &error),
		MU_OK);
	assert_int_equal(address, 0x48);
	assert_int_equal(mu_fdt_translate(&fdt, node, &address, &error),
			 MU_ERR_NOT_FOUND);
	assert_true(mu_fdt_initrd(&fdt, &address, &size));
	assert_int_equal(address, 0x4000);
	assert_int_equal(size, 0x1000);
}

/* Firmware may say any number of cells. */
static void cells(void **state)
{
	static const struct {
		uint32_t address, size;
		const char *why;
	} cases[] = {
		{0, 1,
		 "/memory@0: reg: #address-cells 0 and #size-cells 1 around "
		 "it: expected 1 or 2, and 1 to 2"},
		{5, 1,
		 "/memory@0: reg: #address-cells 5 and #size-cells 1 around "
		 "it: expected 1 or 2, and 1 to 2"},
		{1, 0,
		 "/memory@0: reg: #address-cells 1 and #size-cells 0 around "
		 "it: expected 1 or 2, and 1 to 2"},
		{2, 5,
		 "/memory@0: reg: #address-cells 2 and #size-cells 5 around "
		 "it: expected 1 or 2, and 1 to 2"},
		{0xffffffff, 0xffffffff,
		 "/memory@0: reg: #address-cells 4294967295 and #size-cells "
		 "4294967295 around it: expected 1 or 2, and 1 to 2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t address, size;

		tree_begin(cases[i].address, cases[i].size);
		tree_put_memory();
		open_tree();
		tree_misread(MU_ERR_UNSUPPORTED, cases[i].why);
		if (cases[i].size)
			assert_int_equal(
				mu_fdt_reg(&fdt, mu_fdt_find(&fdt, "/memory"),
					   "reg", 0, &address, &size, NULL),
				MU_ERR_UNSUPPORTED);
	}
	for (uint32_t nr = 0; nr < 6; nr++) {
		char why[80];

		tree_begin(1, 1);
		tree_put_memory();
		tree_node("cpus");
		TREE_CELLS("#address-cells", nr);
		TREE_CELLS("#size-cells", 0);
		tree_node("cpu@0");
		tree_text("device_type", "cpu");
		TREE_CELLS("reg", 0, 0);
		tree_node_end();
		tree_node_end();
		open_tree();
		if (nr == 1 || nr == 2) {
			free(tree_read());
			continue;
		}
		(void)snprintf(why, sizeof(why),
			       "/cpus: #address-cells is %u, expected 1 or 2",
			       nr);
		tree_misread(MU_ERR_UNSUPPORTED, why);
	}
}

static void put_controller(const char *name, uint32_t phandle, uint32_t parent)
{
	tree_node(name);
	tree_mark("interrupt-controller");
	TREE_CELLS("phandle", phandle);
	if (parent)
		TREE_CELLS("interrupt-parent", parent);
	tree_node_end();
}

static enum mu_status root_of(const char *path, uint32_t *controller,
			      struct mu_error *error)
{
	return mu_fdt_interrupt_root(&fdt, mu_fdt_find(&fdt, path), controller,
				     error);
}

static void interrupts(void **state)
{
	struct mu_error error = {.text = ""};
	uint32_t controller = 0;

	(void)state;
	tree_begin(1, 1);
	put_controller("gic", 1, 1);
	put_controller("msi", 2, 1);
	put_controller("gpio", 3, 2);
	tree_node("key");
	TREE_CELLS("interrupt-parent", 3);
	tree_node("inner");
	tree_node_end();
	tree_node_end();
	tree_node("lost");
	TREE_CELLS("interrupt-parent", 99);
	tree_node_end();
	tree_node("plain");
	tree_node_end();
	/* Three that name each other, and one that leads to them. */
	put_controller("a", 11, 12);
	put_controller("b", 12, 13);
	put_controller("c", 13, 11);
	put_controller("d", 14, 11);
	open_tree();
	assert_int_equal(root_of("/key/inner", &controller, &error), MU_OK);
	assert_int_equal(controller, mu_fdt_find(&fdt, "/gic"));
	assert_int_equal(root_of("/msi", &controller, &error), MU_OK);
	assert_int_equal(controller, mu_fdt_find(&fdt, "/gic"));
	assert_int_equal(root_of("/lost", &controller, &error),
			 MU_ERR_NOT_FOUND);
	assert_string_equal(error.text, "/lost: interrupt-parent: no node has "
					"phandle 0x63");
	assert_int_equal(root_of("/plain", &controller, &error),
			 MU_ERR_NOT_FOUND);
	assert_int_equal(root_of("/a", &controller, &error), MU_ERR_CORRUPT);
	assert_int_equal(root_of("/d", &controller, &error), MU_ERR_CORRUPT);
	assert_non_null(strstr(error.text, "comes back to it in a circle"));
	assert_int_equal(controller, mu_fdt_find(&fdt, "/gic"));
}

struct seen {
	unsigned nr;
	struct mu_fdt_cpu cpus[8];
};

static void see(void *arg, const struct mu_fdt_cpu *cpu)
{
	struct seen *seen = arg;

	assert_true(seen->nr < 8);
	seen->cpus[seen->nr++] = *cpu;
}

static void cpus(void **state)
{
	struct seen seen = {.nr = 0};
	struct mu_error error = {.text = ""};

	(void)state;
	tree_begin(1, 1);
	open_tree();
	assert_int_equal(mu_fdt_cpus(&fdt, see, &seen, &error),
			 MU_ERR_NOT_FOUND);
	tree_begin(1, 1);
	tree_node("cpus");
	TREE_CELLS("#address-cells", 2);
	tree_node("cpu@100000001");
	tree_text("device_type", "cpu");
	TREE_CELLS("reg", 1, 1);
	TREE_CELLS("numa-node-id", 3);
	tree_node_end();
	tree_node("cpu@2");
	tree_text("device_type", "cpu");
	TREE_CELLS("reg", 0, 2, 0, 4);
	tree_node_end();
	tree_node_end();
	open_tree();
	assert_int_equal(mu_fdt_cpus(&fdt, see, &seen, &error), MU_OK);
	assert_int_equal(seen.nr, 3);
	assert_int_equal(seen.cpus[0].id, UINT64_C(0x100000001));
	assert_int_equal(seen.cpus[0].nid, 3);
	assert_int_equal(seen.cpus[0].node,
			 mu_fdt_find(&fdt, "/cpus/cpu@100000001"));
	assert_int_equal(seen.cpus[1].nid, MU_NO_NODE);
	assert_int_equal(seen.cpus[2].id, 4);
}

/* Nothing of a tree that is refused stays in the machine. */
static void all_or_nothing(void **state)
{
	struct mu_error error = {.text = ""};

	(void)state;
	for (unsigned ranges = 1; ranges < 12; ranges++) {
		struct mu_machine *machine = machine_new(ranges, 4);
		enum mu_status status;

		assert_int_equal(mu_machine_add(machine, 0, 0x100000,
						MU_RANGE_RAM, 0, NULL),
				 MU_OK);
		tree_begin(1, 1);
		tree_memory("memory@0");
		TREE_CELLS("reg", 0, 0x80000, 0x100000, 0x1000);
		TREE_CELLS("numa-node-id", 3);
		tree_node_end();
		tree_node("chosen");
		tree_text("bootargs", "quiet");
		tree_node_end();
		tree_node("cpus");
		TREE_CELLS("#address-cells", 1);
		tree_cpu("cpu@0", 0, 1);
		tree_node_end();
		tree_reserved();
		tree_node("firmware@1000");
		TREE_CELLS("reg", 0x1000, 0x1000);
		tree_node_end();
		tree_node_end();
		tree_end();
		status = mu_machine_read_fdt(machine, tree, tree_len, &error);
		/* Two of memory; two of them are cut in three. */
		assert_int_equal(status, ranges < 7 ? MU_ERR_FULL : MU_OK);
		if (status) {
			assert_int_equal(machine->nr_ranges, 1);
			assert_int_equal(machine->ranges[0].size, 0x100000);
			assert_int_equal(machine->ranges[0].flags, 0);
			assert_int_equal(machine->nr_affinities, 0);
			assert_int_equal(machine->nr_nodes, 0);
			assert_int_equal(mu_machine_cpus(machine), 0);
			assert_string_equal(machine->cmdline, "");
		}
		free(machine);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),	  cmocka_unit_test(cells),
		cmocka_unit_test(interrupts),	  cmocka_unit_test(cpus),
		cmocka_unit_test(all_or_nothing),
	};

	return cmocka_run_group_tests_name("fdt_lookup", tests, NULL, NULL);
}

#else

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
