// SPDX-License-Identifier: MIT
#ifdef MU_HAVE_LIBFDT

#include "memup/fdt.h"
#include "tests/fdt_tree.h"
#include "tests/machine_util.h"

static char tree_bytes[TREE_ROOM];
char *const tree_room = tree_bytes;
char *const tree = tree_bytes + 1;
size_t tree_len;

void tree_ok(int code)
{
	if (code)
		fail_msg("libfdt: %s", fdt_strerror(code));
}

void tree_begin(unsigned address, unsigned size)
{
	memset(tree_room, 0, sizeof(tree_bytes));
	tree_ok(fdt_create(tree_room, sizeof(tree_bytes) - 1));
	tree_ok(fdt_finish_reservemap(tree_room));
	tree_ok(fdt_begin_node(tree_room, ""));
	tree_ok(fdt_property_u32(tree_room, "#address-cells", address));
	tree_ok(fdt_property_u32(tree_room, "#size-cells", size));
}

void tree_end(void)
{
	tree_ok(fdt_end_node(tree_room));
	tree_ok(fdt_finish(tree_room));
	tree_len = fdt_totalsize(tree_room);
	memmove(tree, tree_room, tree_len);
}

void tree_cells(const char *name, unsigned nr, const uint32_t *values)
{
	fdt32_t *at;

	tree_ok(fdt_property_placeholder(
		tree_room, name, (int)(nr * sizeof(*values)), (void **)&at));
	for (unsigned i = 0; i < nr; i++)
		fdt32_st(&at[i], values[i]);
}

void tree_node(const char *name)
{
	tree_ok(fdt_begin_node(tree_room, name));
}

void tree_node_end(void)
{
	tree_ok(fdt_end_node(tree_room));
}

void tree_text(const char *name, const char *value)
{
	tree_ok(fdt_property(tree_room, name, value, (int)strlen(value) + 1));
}

void tree_mark(const char *name)
{
	tree_ok(fdt_property(tree_room, name, NULL, 0));
}

void tree_memory(const char *name)
{
	tree_node(name);
	tree_text("device_type", "memory");
}

/* RAM from 0 to 1 MiB, of 32-bit cells. */
void tree_put_memory(void)
{
	tree_memory("memory@0");
	TREE_CELLS("reg", 0, 0x100000);
	tree_node_end();
}

void tree_reserved(void)
{
	tree_node("reserved-memory");
	TREE_CELLS("#address-cells", 1);
	TREE_CELLS("#size-cells", 1);
	tree_mark("ranges");
}

struct mu_machine *tree_read(void)
{
	struct mu_machine *machine = machine_new(64, 16);
	struct mu_error error;

	if (mu_machine_read_fdt(machine, tree, tree_len, &error) ||
	    mu_machine_finish(machine, &error))
		fail_msg("%s", error.text);
	return machine;
}

/* The tree is bad in the way that @why says. */
void tree_misread(enum mu_status status, const char *why)
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

void tree_cpu(const char *name, uint32_t reg, uint32_t nid)
{
	tree_node(name);
	tree_text("device_type", "cpu");
	TREE_CELLS("reg", reg);
	TREE_CELLS("numa-node-id", nid);
	tree_node_end();
}

#endif
