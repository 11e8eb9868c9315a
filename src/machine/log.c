// SPDX-License-Identifier: MIT
/*
 * log: a boot log is read twice. The first time finds the boot that counts and
 * the best source that it has for each thing, the second time reads it.
 */
#include "base/bits.h"
#include "base/fmt.h"
#include "machine/log.h"

struct boot {
	struct mu_text text; /* from its first line to its last */
	unsigned maps[MU_LOG_NR_MAPS];
	unsigned srat_cpus, node_cpus; /* lines */
	unsigned allowed, brought_up;  /* CPUs */
};

static bool has_map(const struct boot *boot)
{
	for (unsigned i = 0; i < MU_LOG_NR_MAPS; i++) {
		if (boot->maps[i])
			return true;
	}
	return false;
}

static void survey_line(struct boot *boot, struct mu_text line,
			enum mu_log_kind kind, enum mu_log_map map)
{
	switch (kind) {
	case MU_LOG_MAP:
		boot->maps[map]++;
		break;
	case MU_LOG_SRAT_CPU:
		boot->srat_cpus++;
		break;
	case MU_LOG_NODE_CPUS:
		boot->node_cpus++;
		break;
	case MU_LOG_ALLOWED:
		boot->allowed = mu_log_cpu_count(line);
		break;
	case MU_LOG_BROUGHT_UP:
		boot->brought_up = mu_log_cpu_count(line);
		break;
	default:
		break;
	}
}

/* The last boot in @text that has a map. */
static struct boot find_boot(struct mu_text text)
{
	struct boot best = {.text = text}, boot = {.text = text};
	struct mu_text line, before = text;

	for (; mu_text_line(&text, &line); before = text) {
		enum mu_log_map map;
		enum mu_log_kind kind = mu_log_classify(&line, &map);

		if ((kind == MU_LOG_BANNER || kind == MU_LOG_HEADER) &&
		    has_map(&boot)) {
			boot.text.end = before.at;
			best = boot;
			boot = (struct boot){.text = before};
		}
		survey_line(&boot, line, kind, map);
	}
	return has_map(&boot) ? boot : best;
}

static enum mu_status read_line(struct mu_machine *machine,
				const struct boot *boot, enum mu_log_map best,
				struct mu_text line, struct mu_error *error)
{
	enum mu_log_map map;

	switch (mu_log_classify(&line, &map)) {
	case MU_LOG_MAP:
		if (map != best)
			return MU_OK;
		return mu_log_add_map(machine, line, error);
	case MU_LOG_SRAT_MEM:
		return mu_log_add_srat_mem(machine, line, error);
	case MU_LOG_SRAT_CPU:
		return mu_log_add_srat_cpu(machine, line, error);
	case MU_LOG_NODE_CPUS:
		if (boot->srat_cpus)
			return MU_OK;
		return mu_log_add_node_cpus(machine, line, error);
	default:
		return MU_OK;
	}
}

static enum mu_status complete_cpus(struct mu_machine *machine,
				    const struct boot *boot,
				    struct mu_error *error)
{
	if (boot->srat_cpus)
		return MU_OK;
	/* The CPU that boots is not in the list of those that it starts. */
	if (boot->node_cpus)
		return mu_machine_add_cpus(machine, 0, 1, error);
	return mu_machine_spread_cpus(
		machine, boot->brought_up ? boot->brought_up : boot->allowed,
		error);
}

enum mu_status mu_machine_read_log(struct mu_machine *machine, const char *text,
				   size_t len, struct mu_error *error)
{
	struct boot boot = find_boot(mu_text(text, len));
	enum mu_log_map best = MU_LOG_NR_MAPS;
	enum mu_status status = MU_OK;
	struct mu_text line;

	while (best > 0 && !boot.maps[best - 1])
		best--;
	if (best == 0)
		return mu_fail(error, MU_ERR_NOT_FOUND, 0,
			       "no memory map in this log: no line with "
			       "\"BIOS-e820:\"");
	best--;
	while (!status && mu_text_line(&boot.text, &line))
		status = read_line(machine, &boot, best, line, error);
	return status ? status : complete_cpus(machine, &boot, error);
}
