// SPDX-License-Identifier: MIT
/*
 * A machine from several sources. Its size is not known before it was read, so
 * it is read again with more room until it fits.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/hosted/machine.h"
#include "ports/hosted/read_file.h"
#include "ports/hosted/source.h"

#define FIRST_RANGES 1024u
#define MOST_RANGES  (1u << 20)

/* What the machine is made of; filled in as often as it takes. */
struct recipe {
	struct mu_sources sources;
	const char *cmdline; /* or NULL */
	size_t cmdline_len;
};

static struct mu_machine *new_machine(unsigned max_ranges)
{
	/* malloc() aligns for max_align_t, and so does the struct's size. */
	size_t head = (sizeof(struct mu_machine) + 15) & ~(size_t)15;
	size_t size = mu_machine_size(max_ranges, MU_MAX_NODES);
	char *memory = malloc(head + size);

	if (!memory)
		return NULL;
	if (mu_machine_init((void *)memory, memory + head, size, max_ranges,
			    MU_MAX_NODES, NULL) == MU_OK)
		return (void *)memory;
	free(memory);
	return NULL;
}

/* "boot.log, SRAT.dat" */
static void name_machine(struct mu_machine *machine,
			 const struct mu_sources *sources)
{
	size_t room = sizeof(machine->source), len = 0;

	for (unsigned i = 0; i < sources->nr && len < room; i++)
		len += (size_t)snprintf(machine->source + len, room - len,
					"%s%s", i ? ", " : "",
					sources->list[i].name);
}

/*
 * Read a source when others may have been read: nodes and CPUs that are known
 * already stay as they are. ACPI's tables add to each other.
 */
static enum mu_status read_one(struct mu_machine *machine,
			       const struct mu_source *source,
			       struct mu_error *error)
{
	unsigned nr_affinities = machine->nr_affinities;
	unsigned cpus = mu_machine_cpus(machine), nr_nodes = machine->nr_nodes;
	struct mu_machine_node known[MU_MAX_NODES];
	enum mu_status status;

	if (mu_source_is_acpi(source))
		return mu_source_read(source, machine, error);
	/* A reader that counts CPUs must see only its own. */
	memcpy(known, machine->nodes, nr_nodes * sizeof(*known));
	for (unsigned nid = 0; nid < nr_nodes; nid++)
		machine->nodes[nid].nr_cpus = 0;
	status = mu_source_read(source, machine, error);
	if (status)
		return status;
	if (nr_affinities)
		machine->nr_affinities = nr_affinities;
	for (unsigned nid = 0; cpus && nid < machine->nr_nodes; nid++)
		machine->nodes[nid].nr_cpus =
			nid < nr_nodes ? known[nid].nr_cpus : 0;
	return MU_OK;
}

/* Nodes of the tables first, then what the others say, then what fills in. */
static unsigned turn_of(const struct mu_source *source)
{
	if (mu_source_fills_in(source))
		return 2;
	return mu_source_is_acpi(source) ? 0 : 1;
}

static enum mu_status apply_cmdline(struct mu_machine *machine,
				    const struct recipe *recipe,
				    struct mu_error *error)
{
	enum mu_status status;

	if (!recipe->cmdline)
		return MU_OK;
	status = mu_machine_apply_cmdline(machine, recipe->cmdline,
					  recipe->cmdline_len, error);
	if (status) {
		struct mu_error old = *error;

		mu_hosted_fail(error, status, "kernel parameters: %s",
			       old.text);
	}
	return status;
}

/* For a machine without memory: where to find it. */
static const char *no_memory_hint(const struct mu_sources *sources)
{
	bool acpi = sources->nr > 0, tree = acpi;

	for (unsigned i = 0; i < sources->nr; i++) {
		acpi = acpi && mu_source_is_acpi(&sources->list[i]);
		tree = tree && sources->list[i].kind == MU_SOURCE_FDT;
	}
	if (tree)
		return "; in many device trees a boot loader writes its size, "
		       "see /sys/firmware/fdt of the machine itself";
	return acpi ? "; without an SRAT, ACPI's tables need a boot log or a "
		      "size beside them"
		    : "";
}

static enum mu_status finish(struct mu_machine *machine,
			     const struct recipe *recipe,
			     struct mu_error *error)
{
	enum mu_status status = mu_machine_finish(machine, error);
	struct mu_error old = *error;

	if (!status)
		return MU_OK;
	return mu_hosted_fail(
		error, status, "%s: %s%s", machine->source, old.text,
		status == MU_ERR_NOT_FOUND ? no_memory_hint(&recipe->sources)
					   : "");
}

static enum mu_status fill(struct mu_machine *machine,
			   const struct recipe *recipe, struct mu_error *error)
{
	const struct mu_sources *sources = &recipe->sources;
	enum mu_status status = MU_OK;

	name_machine(machine, sources);
	for (unsigned turn = 0; turn < 3; turn++) {
		for (unsigned i = 0; !status && i < sources->nr; i++)
			if (turn_of(&sources->list[i]) == turn)
				status = read_one(machine, &sources->list[i],
						  error);
		/* A log has the kernel's numbers already. */
		if (!status && turn == 0)
			mu_machine_number_nodes(machine);
	}
	if (!status)
		status = mu_machine_ram_from_affinities(machine, error);
	if (!status)
		status = apply_cmdline(machine, recipe, error);
	return status ? status : finish(machine, recipe, error);
}

/* Try with more and more room. */
static enum mu_status load(struct mu_machine **machine,
			   const struct recipe *recipe, struct mu_error *error)
{
	for (unsigned max_ranges = FIRST_RANGES;; max_ranges *= 4) {
		struct mu_machine *new = new_machine(max_ranges);
		struct mu_error local = {.status = MU_OK};
		enum mu_status status;

		if (!new)
			return mu_hosted_fail(error, MU_ERR_NOMEM,
					      "no memory for %u ranges",
					      max_ranges);
		status = fill(new, recipe, &local);
		if (!status) {
			*machine = new;
			return MU_OK;
		}
		mu_machine_unload(new);
		if (status == MU_ERR_FULL && max_ranges < MOST_RANGES)
			continue;
		if (error)
			*error = local;
		return status;
	}
}

enum mu_status mu_machine_load_all(struct mu_machine **machine,
				   const char *const *what, unsigned nr,
				   const char *cmdline, struct mu_error *error)
{
	struct recipe recipe = {
		.cmdline = cmdline,
		.cmdline_len = cmdline ? strlen(cmdline) : 0,
	};
	enum mu_status status = MU_OK;

	if (!nr)
		status = mu_sources_open(&recipe.sources, NULL, error);
	for (unsigned i = 0; !status && i < nr; i++)
		status = mu_sources_open(&recipe.sources, what[i], error);
	if (!status)
		status = load(machine, &recipe, error);
	mu_sources_close(&recipe.sources);
	return status;
}

enum mu_status mu_machine_load(struct mu_machine **machine, const char *what,
			       struct mu_error *error)
{
	return mu_machine_load_all(machine, &what, 1, NULL, error);
}

enum mu_status mu_machine_load_text(struct mu_machine **machine,
				    const char *name, const char *text,
				    size_t len, const char *cmdline,
				    size_t cmdline_len, struct mu_error *error)
{
	struct recipe recipe = {
		.cmdline = cmdline,
		.cmdline_len = cmdline_len,
	};
	enum mu_status status =
		mu_sources_add_text(&recipe.sources, name, text, len, error);

	if (!status)
		status = load(machine, &recipe, error);
	mu_sources_close(&recipe.sources);
	return status;
}

void mu_machine_unload(struct mu_machine *machine)
{
	free(machine);
}
