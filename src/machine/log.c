// SPDX-License-Identifier: MIT
/*
 * log: a boot log is read three times. The first time finds the boot that
 * counts and the best source that it has for each thing; the second reads the
 * map, the nodes and the CPUs; the third makes the changes to the map that the
 * kernel made after it had printed it.
 */
#include "base/bits.h"
#include "base/fmt.h"
#include "machine/fake.h"
#include "machine/log.h"

/* Each looks at all ranges: enough for a real log, not enough to hang us. */
#define MOST_CHANGES 4096u

/*
 * Lines of one kind that name CPUs. A console that was replayed has them again
 * from the first one on: the longest list counts.
 */
struct list {
	struct mu_text first; /* its first line */
	uint32_t from;	      /* number of that line, in the list at hand */
	unsigned nr;	      /* lines of the list at hand */
	unsigned longest;     /* lines of the list that counts, and where */
	uint32_t longest_from, longest_to;
};

struct boot {
	struct mu_text text; /* from its first line to its last */
	unsigned maps[MU_LOG_NR_MAPS];
	uint32_t last[MU_LOG_NR_MAPS]; /* number of its last line */
	struct list srat_cpus, node_lists, node_cpus;
	unsigned allowed, brought_up; /* CPUs */
	unsigned changes;	      /* lines */
	unsigned percpu_shift, hash_shift;
	struct mu_text cmdline;
	bool whole_cmdline; /* with what the kernel has built in */
	bool faked;	    /* a line tells of a node that numa=fake= made */
	/* The early ranges that count: those of the last whole list. */
	uint32_t early_title, early_begin, early_end;
	unsigned nr_early, most_early;
	mu_phys_t max_ram; /* what the kernel can address, 0: all */
	unsigned possible; /* CPUs of the SRAT, while reading */
	uint32_t last_pfn; /* number of the last such line */
	/* The last MU_LOG_MAP_MODIFIED; the same before that line. */
	uint32_t modified_from;
	unsigned early_modified;
	uint32_t early_last, early_from;
	bool has_lasts; /* a map whose ends are inside: Linux 3.5 on */
	uint64_t total_pages;
	mu_phys_t early_bytes;
	struct mu_log_zones zones;
	enum mu_arch arch;
	bool arch_sure;
	bool one_node;	     /* whatever SRAT says */
	unsigned hmat_types; /* while reading: of the lines to come */
};

/* The best map that @boot has, or MU_LOG_NR_MAPS. */
static enum mu_log_map best_map(const struct boot *boot)
{
	for (unsigned i = MU_LOG_NR_MAPS; i-- > 0;) {
		if (boot->maps[i])
			return (enum mu_log_map)i;
	}
	return MU_LOG_NR_MAPS;
}

/* The kernel's page size, as far as it can be told; else 4 KiB. */
static unsigned pfn_shift(const struct boot *boot)
{
	unsigned shift = boot->percpu_shift;

	if (!shift)
		shift = boot->hash_shift;
	if (!shift)
		shift = mu_log_total_shift(boot->early_bytes,
					   boot->total_pages);
	return shift ? shift : MU_PAGE_SHIFT_MIN;
}

static bool same_text(struct mu_text a, struct mu_text b)
{
	while (a.at < a.end && b.at < b.end && *a.at == *b.at) {
		a.at++;
		b.at++;
	}
	return a.at == a.end && b.at == b.end;
}

static void list_line(struct list *list, struct mu_text line)
{
	if (!list->first.at)
		list->first = line;
	if (!list->nr || same_text(list->first, line)) {
		list->from = line.line;
		list->nr = 0;
	}
	if (++list->nr < list->longest)
		return;
	list->longest = list->nr;
	list->longest_from = list->from;
	list->longest_to = line.line;
}

static bool list_has(const struct list *list, struct mu_text line)
{
	return line.line >= list->longest_from && line.line <= list->longest_to;
}

static void survey_early(struct boot *boot, struct mu_text line)
{
	if (!boot->nr_early++)
		boot->early_bytes = 0;
	boot->early_bytes += mu_log_early_bytes(line);
	if (boot->nr_early < boot->most_early)
		return;
	boot->most_early = boot->nr_early;
	boot->early_begin = boot->early_title;
	boot->early_end = line.line;
}

/* "0xbffe0 max_arch_pfn = 0x100000": a kernel that addresses no more. */
static void survey_last_pfn(struct boot *boot, struct mu_text line)
{
	uint64_t pfn;

	/* Once zones are there, it is of a console that was replayed. */
	if (!boot->zones.told)
		boot->last_pfn = line.line;
	if (mu_text_find(&line, "max_arch_pfn = ") &&
	    !mu_text_number(&line, 16, &pfn) && pfn &&
	    pfn < MU_PHYS_MAX >> MU_PAGE_SHIFT_MIN)
		boot->max_ram = pfn << MU_PAGE_SHIFT_MIN;
}

static void survey_line(struct boot *boot, struct mu_text line,
			enum mu_log_kind kind, enum mu_log_map map)
{
	switch (kind) {
	case MU_LOG_MAP:
		boot->maps[map]++;
		boot->last[map] = line.line;
		boot->has_lasts |= mu_text_skip(&line, "[mem ");
		if (map == MU_LOG_MAP_EARLY)
			survey_early(boot, line);
		break;
	case MU_LOG_CHANGE:
	case MU_LOG_RESERVED:
	case MU_LOG_RAMDISK:
		boot->changes++;
		break;
	case MU_LOG_SRAT_MEM:
		boot->maps[MU_LOG_MAP_SRAT]++;
		break;
	case MU_LOG_SRAT_CPU:
		list_line(&boot->srat_cpus, line);
		break;
	case MU_LOG_NODE_LIST:
		list_line(&boot->node_lists, line);
		break;
	case MU_LOG_NODE_CPUS:
		list_line(&boot->node_cpus, line);
		break;
	case MU_LOG_ALLOWED:
		boot->allowed = mu_log_cpu_count(line);
		break;
	case MU_LOG_BROUGHT_UP:
		boot->brought_up = mu_log_cpu_count(line);
		break;
	case MU_LOG_PERCPU:
		boot->percpu_shift = mu_log_percpu_shift(line);
		break;
	case MU_LOG_HASH:
		boot->hash_shift = mu_log_hash_shift(line);
		break;
	case MU_LOG_CMDLINE:
		if (!boot->whole_cmdline && !boot->cmdline.at)
			boot->cmdline = line;
		break;
	case MU_LOG_KERNEL_CMDLINE:
		boot->cmdline = line;
		boot->whole_cmdline = true;
		break;
	case MU_LOG_FAKE_NODE:
		boot->faked = true;
		break;
	case MU_LOG_UNACCEPTED:
		boot->changes++;
		break;
	case MU_LOG_EARLY:
		boot->early_title = line.line;
		boot->nr_early = 0;
		break;
	case MU_LOG_LAST_PFN:
		survey_last_pfn(boot, line);
		boot->early_modified = boot->maps[MU_LOG_MAP_MODIFIED];
		boot->early_last = boot->last[MU_LOG_MAP_MODIFIED];
		boot->early_from = boot->modified_from;
		break;
	case MU_LOG_MODIFIED:
		boot->maps[MU_LOG_MAP_MODIFIED] = 0;
		boot->modified_from = line.line;
		break;
	case MU_LOG_TOTAL_PAGES:
		boot->total_pages += mu_log_total_pages(line);
		break;
	case MU_LOG_ZONES:
		boot->total_pages = 0;
		mu_log_zone(&boot->zones, kind, line);
		break;
	case MU_LOG_ZONE_DMA:
	case MU_LOG_ZONE_DMA32:
	case MU_LOG_ZONE_NORMAL:
	case MU_LOG_ZONE_HIGHMEM:
		mu_log_zone(&boot->zones, kind, line);
		break;
	case MU_LOG_ONE_NODE:
		boot->one_node = true;
		break;
	default:
		break;
	}
}

static void survey_arch(struct boot *boot, struct mu_text line)
{
	bool sure = false;
	enum mu_arch arch = mu_log_arch(line, &sure);

	if (arch == MU_ARCH_UNKNOWN || (boot->arch_sure && arch != MU_ARCH_X86))
		return;
	boot->arch = arch;
	boot->arch_sure = sure;
}

/* A second banner, or a second map of the firmware. */
static bool begins_boot(const struct boot *boot, enum mu_log_kind kind)
{
	if (kind == MU_LOG_BANNER)
		return best_map(boot) != MU_LOG_NR_MAPS;
	return kind == MU_LOG_HEADER && boot->maps[MU_LOG_MAP_FIRMWARE];
}

/* The kernel has its memory once it prints last_pfn, and when it lists it. What
 * it takes out of the map after that is kept. */
static bool is_late(const struct boot *boot, struct mu_text line)
{
	return (boot->last_pfn && line.line > boot->last_pfn) ||
	       (boot->early_end && line.line > boot->early_end);
}

/* A map that was printed again by then is no map of memory. */
static struct boot settled(struct boot boot)
{
	if (boot.last_pfn) {
		boot.maps[MU_LOG_MAP_MODIFIED] = boot.early_modified;
		boot.last[MU_LOG_MAP_MODIFIED] = boot.early_last;
		boot.modified_from = boot.early_from;
	}
	return boot;
}

/* The last boot in @text that has a map. */
static struct boot find_boot(struct mu_text text)
{
	struct boot best = {.text = text}, boot = {.text = text};
	struct mu_log_lines lines = {.rest = text};
	struct mu_text line, whole, before = text;
	enum mu_log_kind kind;
	enum mu_log_map map;

	for (; mu_log_next(&lines, &whole, &line, &kind, &map);
	     before = lines.rest) {
		if (begins_boot(&boot, kind)) {
			boot.text.end = before.at;
			best = boot;
			boot = (struct boot){.text = before};
		}
		survey_line(&boot, line, kind, map);
		survey_arch(&boot, whole);
	}
	return settled(best_map(&boot) != MU_LOG_NR_MAPS ? boot : best);
}

/* Are nodes taken from the ranges of memory? Not if the firmware named them,
 * or if they are fake and memup makes them itself. */
static bool tells_nodes(const struct mu_machine *machine,
			const struct boot *boot)
{
	return !boot->maps[MU_LOG_MAP_SRAT] && !machine->fake;
}

static enum mu_status read_map_line(struct mu_machine *machine,
				    const struct boot *boot,
				    enum mu_log_map map, struct mu_text line,
				    struct mu_error *error)
{
	bool nodes = tells_nodes(machine, boot);
	enum mu_status status = MU_OK;

	if (map == MU_LOG_MAP_MODIFIED &&
	    (is_late(boot, line) || line.line < boot->modified_from))
		return MU_OK;
	if (map == MU_LOG_MAP_FRAMES)
		return mu_log_add_frames(machine, line, pfn_shift(boot),
					 map == best_map(boot), nodes, error);
	if (map == MU_LOG_MAP_EARLY &&
	    (line.line < boot->early_begin || line.line > boot->early_end))
		return MU_OK;
	if (map == best_map(boot))
		status = mu_log_add_entry(machine, map, line, error);
	if (!status && map == MU_LOG_MAP_EARLY && nodes)
		status = mu_log_add_early_node(machine, line, error);
	return status;
}

/* A CPU past those that are there may come later. */
static enum mu_status read_srat_cpu(struct mu_machine *machine,
				    struct boot *boot, struct mu_text line,
				    struct mu_error *error)
{
	bool there = !boot->allowed || boot->possible < boot->allowed;

	if (!list_has(&boot->srat_cpus, line))
		return MU_OK;
	boot->possible++;
	if (!boot->one_node)
		return mu_log_add_srat_cpu(machine, line, there, error);
	machine->nodes[0].nr_hotplug_cpus += !there;
	return mu_machine_add_cpus(machine, 0, there, error);
}

/* Ignore nodes that the kernel did not use. */
static enum mu_status read_srat_line(struct mu_machine *machine,
				     struct boot *boot, enum mu_log_kind kind,
				     struct mu_text line,
				     struct mu_error *error)
{
	if (kind == MU_LOG_SRAT_CPU)
		return read_srat_cpu(machine, boot, line, error);
	if (boot->one_node && best_map(boot) != MU_LOG_MAP_SRAT)
		return MU_OK;
	return mu_log_add_srat_mem(machine, line, error);
}

static enum mu_status read_line(struct mu_machine *machine, struct boot *boot,
				enum mu_log_kind kind, enum mu_log_map map,
				struct mu_text line, struct mu_error *error)
{
	switch (kind) {
	case MU_LOG_MAP:
		return read_map_line(machine, boot, map, line, error);
	case MU_LOG_SRAT_MEM:
	case MU_LOG_SRAT_CPU:
		return read_srat_line(machine, boot, kind, line, error);
	case MU_LOG_XEN_SRAT:
		if (best_map(boot) != MU_LOG_MAP_XEN)
			return MU_OK;
		return mu_log_add_srat_mem(machine, line, error);
	case MU_LOG_EMPTY_NODE:
		return mu_log_add_empty_node(machine, line, error);
	case MU_LOG_NODE_LIST:
		if (boot->srat_cpus.longest ||
		    !list_has(&boot->node_lists, line))
			return MU_OK;
		return mu_log_add_node_list(machine, line, error);
	case MU_LOG_NODE_CPUS:
		if (boot->srat_cpus.longest || boot->node_lists.longest ||
		    !list_has(&boot->node_cpus, line))
			return MU_OK;
		return mu_log_add_node_cpus(machine, line, error);
	case MU_LOG_HMAT_TYPE:
		boot->hmat_types = mu_log_hmat_type(line);
		return MU_OK;
	case MU_LOG_HMAT_VALUE:
		return mu_log_add_hmat(machine, line, boot->hmat_types, error);
	default:
		return MU_OK;
	}
}

static enum mu_status change_line(struct mu_machine *machine,
				  const struct boot *boot,
				  enum mu_log_kind kind, enum mu_log_map map,
				  struct mu_text line, struct mu_error *error)
{
	switch (kind) {
	case MU_LOG_MAP:
		if (map != MU_LOG_MAP_MODIFIED || !is_late(boot, line))
			return MU_OK;
		return mu_log_keep_entry(machine, line, error);
	case MU_LOG_RAMDISK:
		return mu_log_keep_ramdisk(machine, line, error);
	case MU_LOG_CHANGE:
		/* Changes from before the map was printed are in it. */
		if (line.line < boot->last[best_map(boot)])
			return MU_OK;
		return mu_log_change(machine, line, is_late(boot, line), error);
	case MU_LOG_RESERVED:
		return mu_log_reserve(machine, line, error);
	case MU_LOG_UNACCEPTED:
		return mu_log_add_unaccepted(machine, line, error);
	default:
		return MU_OK;
	}
}

/*
 * On x86 Linux removes page 0 and what is between 640 KiB and 1 MiB from every
 * map, and says so in lines of level debug that many logs lack. It has done so
 * by the time it counts memory.
 */
static enum mu_status trim_bios(struct mu_machine *machine,
				const struct boot *boot, struct mu_error *error)
{
	enum mu_status status;

	if (!boot->last_pfn || !boot->has_lasts ||
	    best_map(boot) < MU_LOG_MAP_FIRMWARE)
		return MU_OK;
	status = mu_machine_update(machine, 0, 4 * MU_KIB, MU_RANGE_RAM,
				   MU_RANGE_RESERVED, error);
	if (status)
		return status;
	return mu_machine_update(machine, 640 * MU_KIB, 384 * MU_KIB,
				 MU_RANGE_RAM, MU_RANGE_NONE, error);
}

static enum mu_status complete_cpus(struct mu_machine *machine,
				    const struct boot *boot,
				    struct mu_error *error)
{
	if (boot->srat_cpus.longest || boot->node_lists.longest)
		return MU_OK;
	/* The boot CPU is not in the list of those that it starts. */
	if (boot->node_cpus.longest)
		return mu_machine_add_cpus(machine, 0, 1, error);
	return mu_machine_spread_cpus(
		machine, boot->brought_up ? boot->brought_up : boot->allowed,
		error);
}

enum mu_status mu_machine_read_log(struct mu_machine *machine, const char *text,
				   size_t len, struct mu_error *error)
{
	struct boot boot = find_boot(mu_text(text, len));
	struct mu_log_lines lines = {.rest = boot.text};
	struct mu_text whole, line;
	enum mu_status status = MU_OK;
	enum mu_log_kind kind;
	enum mu_log_map map;

	if (best_map(&boot) == MU_LOG_NR_MAPS)
		return mu_fail(
			error, MU_ERR_NOT_FOUND, 0,
			"no memory map in this log: no \"BIOS-e820:\", "
			"no early memory node ranges, no \"SRAT: Node\"");
	if (boot.changes > MOST_CHANGES)
		return mu_fail(error, MU_ERR_RANGE, 0,
			       "%u changes to the map, more than %u",
			       boot.changes, MOST_CHANGES);
	if (boot.arch == MU_ARCH_X86_64 && boot.zones.has_highmem)
		boot.arch = MU_ARCH_X86;
	if (boot.arch != MU_ARCH_UNKNOWN)
		machine->arch = boot.arch;
	if (pfn_shift(&boot) != 13)
		machine->page_shift = pfn_shift(&boot);
	mu_log_set_zones(machine, &boot.zones, pfn_shift(&boot));
	if (boot.cmdline.at)
		mu_machine_set_cmdline(
			machine, boot.cmdline.at,
			(size_t)(boot.cmdline.end - boot.cmdline.at));
	/* The kernel reports parameters that make no sense, and goes on; one
	 * that lists its nodes says which of them are fake. */
	if (boot.cmdline.at && best_map(&boot) >= MU_LOG_MAP_FIRMWARE &&
	    (boot.faked || !boot.early_end) &&
	    mu_fake_read_cmdline(machine, boot.cmdline, NULL))
		machine->fake = MU_FAKE_NONE;
	while (!status && mu_log_next(&lines, &whole, &line, &kind, &map))
		status = read_line(machine, &boot, kind, map, line, error);
	if (!status && best_map(&boot) == MU_LOG_MAP_SRAT)
		status = mu_machine_ram_from_affinities(machine, error);
	lines = (struct mu_log_lines){.rest = boot.text};
	while (!status && mu_log_next(&lines, &whole, &line, &kind, &map))
		status = change_line(machine, &boot, kind, map, line, error);
	if (!status)
		status = trim_bios(machine, &boot, error);
	/* The kernel leaves alone what it has no addresses for. */
	if (!status && boot.max_ram)
		status = mu_machine_update(machine, boot.max_ram,
					   MU_PHYS_MAX - boot.max_ram,
					   MU_RANGE_RAM, MU_RANGE_NONE, error);
	if (status)
		return status;
	return complete_cpus(machine, &boot, error);
}
