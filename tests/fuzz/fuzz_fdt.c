// SPDX-License-Identifier: MIT
/*
 * Device trees: all of a tree that is accepted can be walked, libfdt accepts it
 * too, and a tree that is refused leaves the machine as it was.
 */
#include "memup/fdt.h"
#include "tests/fuzz/fuzz.h"
#ifdef MU_HAVE_LIBFDT
#include <libfdt.h>
#endif

static void visit_cpu(void *arg, const struct mu_fdt_cpu *cpu)
{
	const struct mu_fdt *fdt = arg;

	fuzz_check(mu_fdt_parent(fdt, cpu->node) == mu_fdt_find(fdt, "/cpus"));
}

static void visit_node(const struct mu_fdt *fdt, uint32_t node)
{
	uint32_t parent = mu_fdt_parent(fdt, node), len = 0, controller = 0;
	uint64_t address = 0, size;
	struct mu_error error;
	char path[32];
	size_t path_len = strlen(mu_fdt_path(fdt, node, path, sizeof(path)));

	fuzz_check(path[0] == '/' && path_len < sizeof(path));
	fuzz_check(!parent == (node == fdt->root));
	if (mu_fdt_prop(fdt, node, "compatible", &len))
		fuzz_check(len <= fdt->size);
	if (!mu_fdt_reg(fdt, node, "reg", 0, &address, &size, &error))
		(void)!mu_fdt_translate(fdt, node, &address, &error);
	if (!mu_fdt_interrupt_root(fdt, node, &controller, &error))
		fuzz_check(controller != 0);
}

static void walk(const uint8_t *data, size_t size)
{
	struct mu_error error = {.text = ""};
	unsigned budget = 64;
	struct mu_fdt fdt;

	if (mu_fdt_open(&fdt, data, size, &error)) {
		fuzz_check(error.text[0]);
		return;
	}
#ifdef MU_HAVE_LIBFDT
	char *aligned = malloc(size + 1);

	fuzz_check(aligned != NULL);
	memcpy(aligned, data, size);
	fuzz_check(!fdt_check_full(aligned, size));
	free(aligned);
#endif
	for (uint32_t node = fdt.root; node && budget--;
	     node = mu_fdt_next(&fdt, node))
		visit_node(&fdt, node);
	(void)!mu_fdt_cpus(&fdt, visit_cpu, &fdt, &error);
	(void)mu_fdt_find(&fdt, "serial0:115200");
}

static enum mu_status read_tree(struct mu_machine *machine, const char *text,
				size_t len, struct mu_error *error)
{
	enum mu_status status = mu_machine_read_fdt(machine, text, len, error);

	fuzz_check(!status || (!machine->nr_ranges && !machine->nr_nodes &&
			       !machine->nr_affinities && !machine->arch &&
			       !machine->cmdline_len));
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	walk(data, size);
	fuzz_reader(read_tree, data, size);
	return 0;
}
