// SPDX-License-Identifier: MIT
/* Lines about CPUs. */
#include "base/bits.h"
#include "machine/log.h"

bool mu_log_node(struct mu_text *line, int *nid)
{
	uint64_t value;

	mu_text_blanks(line);
	if (mu_text_number(line, 10, &value))
		return false;
	*nid = (int)MU_MIN(value, INT32_MAX);
	return true;
}

enum mu_status mu_log_add_srat_cpu(struct mu_machine *machine,
				   struct mu_text line, bool there,
				   struct mu_error *error)
{
	enum mu_status status;
	uint64_t pxm;
	int nid;

	/* "PXM 0 -> ITS 1 -> Node 0" is of the same shape, but no CPU. */
	if (mu_text_number(&line, 10, &pxm) || !mu_text_skip(&line, " -> ") ||
	    mu_text_skip(&line, "ITS") || !mu_text_find(&line, "-> Node ") ||
	    !mu_log_node(&line, &nid))
		return MU_OK;
	status = mu_machine_add_cpus(machine, nid, there, error);
	if (!status && !there)
		machine->nodes[nid].nr_hotplug_cpus++;
	return mu_text_failed(error, status, &line);
}

/* "0 CPUs: 0-7 16-23" */
enum mu_status mu_log_add_node_list(struct mu_machine *machine,
				    struct mu_text line, struct mu_error *error)
{
	unsigned count;
	int nid;

	if (!mu_log_node(&line, &nid) || !mu_text_skip(&line, " CPUs:"))
		return MU_OK;
	count = mu_text_count_list(&line);
	return mu_text_failed(
		error, mu_machine_add_cpus(machine, nid, count, error), &line);
}

/* "#0, CPUs:  #1  #2" or "  0, Processors  #1  #2". */
enum mu_status mu_log_add_node_cpus(struct mu_machine *machine,
				    struct mu_text line, struct mu_error *error)
{
	unsigned count = 0;
	int nid;

	(void)mu_text_skip(&line, "#");
	if (!mu_log_node(&line, &nid) || !mu_text_skip(&line, ","))
		return MU_OK;
	while (mu_text_find(&line, "#"))
		count += mu_text_is_digit(&line, 10);
	return mu_text_failed(
		error, mu_machine_add_cpus(machine, nid, count, error), &line);
}

/*
 * "8 CPUs, 2 hotplug CPUs": the first counts the second. "6 present CPUs plus 2
 * hotplug CPUs": it does not. "2 nodes, 8 CPUs" or "8 CPUs".
 */
unsigned mu_log_cpu_count(struct mu_text line)
{
	uint64_t count, hotplug;

	if (mu_text_number(&line, 10, &count))
		return 0;
	if ((mu_text_skip(&line, " nodes, ") ||
	     mu_text_skip(&line, " node, ")) &&
	    mu_text_number(&line, 10, &count))
		return 0;
	if (mu_text_skip(&line, " CPUs, ") &&
	    !mu_text_number(&line, 10, &hotplug) &&
	    mu_text_skip(&line, " hotplug") && hotplug <= count)
		count -= hotplug;
	return (unsigned)MU_MIN(count, MU_MAX_CPUS + 1);
}
