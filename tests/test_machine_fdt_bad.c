// SPDX-License-Identifier: MIT
/* Device trees that are wrong, do not fit, or come in a file. */
#include <unistd.h>

#include "memup/fdt.h"
#include "ports/hosted/machine.h"
#include "tests/machine_util.h"

#ifdef MU_HAVE_LIBFDT

#include "tests/fdt_tree.h"

static void bad_properties(void **state)
{
	(void)state;
	tree_begin(2, 1);
	tree_put_memory();
	tree_end();
	tree_misread(MU_ERR_CORRUPT,
		     "/memory@0: reg: 8 bytes are no multiple of 12");

	tree_begin(3, 2);
	tree_put_memory();
	tree_end();
	tree_misread(MU_ERR_UNSUPPORTED,
		     "/memory@0: reg: #address-cells 3 and #size-cells 2 "
		     "around it: expected 1 or 2, and 1 to 2");

	tree_begin(2, 2);
	tree_memory("memory@0");
	TREE_CELLS("reg", 0xffffffff, 0, 2, 0);
	tree_node_end();
	tree_end();
	tree_misread(MU_ERR_RANGE,
		     "/memory@0: 0x200000000 bytes at "
		     "0xffffffff00000000 pass the end of 64 bits");

	tree_begin(1, 1);
	tree_memory("memory@0");
	TREE_CELLS("reg", 0, 0x1000);
	TREE_CELLS("numa-node-id", 16);
	tree_node_end();
	tree_end();
	tree_misread(MU_ERR_RANGE, "/memory@0: node 16 is not one of 0 to 15");

	tree_begin(1, 1);
	tree_node("cpus");
	TREE_CELLS("#address-cells", 1);
	tree_cpu("cpu@0", 0, 0xffffffff);
	tree_node_end();
	tree_end();
	tree_misread(MU_ERR_RANGE,
		     "/cpus/cpu@0: node 2147483647 is not one of 0 to 15");

	tree_begin(1, 1);
	tree_node("distance-map");
	tree_text("compatible", "numa-distance-map-v1");
	TREE_CELLS("distance-matrix", 0, 1, 9);
	tree_node_end();
	tree_end();
	tree_misread(
		MU_ERR_RANGE,
		"/distance-map: the distance from node 0 to node 1 cannot be "
		"9: it is 10 to itself, 10 to 255 to others");

	/* Without any distance it says nothing, also nothing wrong. */
	tree_begin(1, 1);
	tree_put_memory();
	tree_node("distance-map");
	tree_text("compatible", "numa-distance-map-v1");
	tree_node_end();
	tree_end();
	free(tree_read());

	tree_begin(1, 1);
	tree_node("distance-map");
	tree_text("compatible", "numa-distance-map-v1");
	TREE_CELLS("distance-matrix", 0, 1);
	tree_node_end();
	tree_end();
	tree_misread(MU_ERR_CORRUPT,
		     "/distance-map: distance-matrix: 8 bytes are "
		     "no multiple of 12");
}

static void broken_trees(void **state)
{
	struct mu_machine *machine = machine_new(64, 16);
	size_t len;

	(void)state;
	tree_begin(1, 1);
	tree_put_memory();
	tree_end();
	len = tree_len;
	assert_true(mu_is_fdt(tree, len));
	assert_false(mu_is_fdt(tree, 3));
	assert_false(mu_is_fdt(tree + 1, len - 1));
	for (tree_len = 0; tree_len < len; tree_len++)
		assert_int_equal(
			mu_machine_read_fdt(machine, tree, tree_len, NULL),
			MU_ERR_CORRUPT);
	assert_int_equal(machine->nr_ranges, 0);
	free(machine);
	machine = tree_read();
	assert_int_equal(mu_machine_read_fdt(machine, tree, tree_len, NULL),
			 MU_ERR_INVALID);
	free(machine);
}

/* A word of the header, big-endian: byte @at of the tree. */
static uint32_t word(size_t at)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < 4; i++)
		value = value << 8 | (uint8_t)tree[at + i];
	return value;
}

static void good_tree(void)
{
	tree_begin(1, 1);
	tree_put_memory();
	tree_end();
}

static void word_misread(size_t at, uint32_t value, const char *why)
{
	for (unsigned i = 0; i < 4; i++)
		tree[at + i] = (char)(value >> (24 - 8 * i));
	tree_misread(MU_ERR_CORRUPT, why);
}

static void broken_words(void **state)
{
	char why[192];

	(void)state;
	good_tree();
	word_misread(0, 0x12345678,
		     "no device tree: it begins with 0x12345678, expected "
		     "0xd00dfeed");
	good_tree();
	(void)snprintf(why, sizeof(why),
		       "the device tree says that it has 65536 bytes, %zu are "
		       "there",
		       tree_len);
	word_misread(4, 0x10000, why);
	good_tree();
	word_misread(24, 99,
		     "a device tree of version 17, compatible with 99: "
		     "expected 16 or 17");
	good_tree();
	word_misread(20, 3,
		     "a device tree of version 3, compatible with 16: "
		     "expected 16 or 17");
	good_tree();
	(void)snprintf(
		why, sizeof(why),
		"the header of the device tree has the reserve map at 0x%x, "
		"0x%x bytes of structure at 0x10000 and 0x%x of strings at "
		"0x%x, not all in its %zu bytes",
		word(16), word(36), word(32), word(12), tree_len);
	word_misread(8, 0x10000, why);
	good_tree();
	/* Behind the root, which has no name: a tag of the structure. */
	(void)snprintf(
		why, sizeof(why),
		"byte 0x%x: the structure of the device tree is sound up "
		"to here: no tag: not 1, 2, 3, 4 or 9",
		word(8) + 8);
	word_misread(word(8) + 8, 0x77, why);
}

static void full_machine(void **state)
{
	(void)state;
	for (unsigned ranges = 1; ranges < 12; ranges++) {
		struct mu_machine *machine = machine_new(ranges, 16);
		struct mu_error error = {.status = MU_OK};
		enum mu_status status;

		tree_begin(1, 1);
		tree_put_memory();
		tree_reserved();
		tree_node("firmware@1000");
		TREE_CELLS("reg", 0x1000, 0x1000);
		tree_node_end();
		tree_node("hidden@f0000");
		TREE_CELLS("reg", 0xf0000, 0x1000);
		tree_mark("no-map");
		tree_node_end();
		tree_node_end();
		tree_end();
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
	tree_begin(1, 1);
	tree_put_memory();
	tree_end();
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
	(void)snprintf(expected, sizeof(expected),
		       "%s: 8 bytes are less than the header", path);
	assert_memory_equal(error.text, expected, strlen(expected));
	assert_int_equal(fclose(file), 0);
	assert_int_equal(remove(path), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_properties),
		cmocka_unit_test(broken_trees),
		cmocka_unit_test(broken_words),
		cmocka_unit_test(full_machine),
		cmocka_unit_test(from_a_file),
	};

	return cmocka_run_group_tests_name("machine_fdt_bad", tests, NULL,
					   NULL);
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
