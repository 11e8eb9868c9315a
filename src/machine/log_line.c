// SPDX-License-Identifier: MIT
/*
 * What kind of line of a boot log this is. Time stamps, prefixes and other
 * messages may surround it, so a line is recognised by certain words and by
 * what follows them.
 */
#include "base/bits.h"
#include "machine/e820.h"
#include "machine/log.h"

/*
 * Words such as "user:" also stand in lines that have nothing to do with
 * memory: what follows them decides.
 */
static bool range_follows(struct mu_text line)
{
	uint64_t ignored;

	if (mu_text_skip(&line, "[mem 0x"))
		return true;
	return !mu_text_number(&line, 16, &ignored) &&
	       mu_text_skip(&line, " - ") && mu_text_is_digit(&line, 16);
}

/* Newer kernels also print gaps in the map. */
static bool no_gap_follows(struct mu_text line)
{
	return !mu_text_skip(&line, "[gap");
}

static bool digit_follows(struct mu_text line)
{
	return mu_text_is_digit(&line, 10);
}

/* "0x140000 max_arch_pfn" */
static bool last_pfn_follows(struct mu_text line)
{
	uint64_t ignored;

	return !mu_text_number(&line, 16, &ignored) &&
	       mu_text_skip(&line, " max_arch_pfn");
}

/* "0: [mem 0x" */
static bool early_range_follows(struct mu_text line)
{
	uint64_t nid;

	return !mu_text_number(&line, 10, &nid) &&
	       mu_text_skip(&line, ": [mem 0x");
}

/* "00: [" or "00: type=7" */
static bool descriptor_follows(struct mu_text line)
{
	uint64_t number;

	return !mu_text_number(&line, 10, &number) &&
	       mu_text_skip(&line, ": ") &&
	       (mu_text_skip(&line, "[") || mu_text_skip(&line, "type="));
}

/* "0x0]<tab>[0x1000-0x1fff], 0x1000 bytes" */
static bool memblock_follows(struct mu_text line)
{
	uint64_t number;

	if (mu_text_number(&line, 16, &number) || !mu_text_skip(&line, "]"))
		return false;
	mu_text_blanks(&line);
	return mu_text_skip(&line, "[0x");
}

/* "1 [<memory-less node>]" or, of Linux 4 and before, "1 [mem 0x0...-0x0...]"
 */
static bool no_memory_follows(struct mu_text line)
{
	mu_phys_t ignored, first, last;

	if (mu_text_number(&line, 10, &ignored))
		return false;
	if (mu_text_skip(&line, " [<memory-less"))
		return true;
	return mu_text_skip(&line, " [mem ") &&
	       !mu_text_number(&line, 16, &first) && mu_text_skip(&line, "-") &&
	       !mu_text_number(&line, 16, &last) && !first && !last;
}

/* "0000000000004000 @ 0000000000000000 (reserved)" */
static bool mips_follows(struct mu_text line)
{
	uint64_t size, base;

	return !mu_text_number(&line, 16, &size) &&
	       mu_text_skip(&line, " @ ") &&
	       !mu_text_number(&line, 16, &base) && mu_text_skip(&line, " (");
}

/* "[mem 0x1000-0xffffff]", "0x00000001 -> 0x00001000" or "empty" */
static bool zone_follows(struct mu_text line)
{
	uint64_t first, end;

	if (mu_text_skip(&line, "[mem 0x") || mu_text_skip(&line, "empty"))
		return true;
	return mu_text_skip(&line, "0x") &&
	       !mu_text_number(&line, 16, &first) &&
	       mu_text_skip(&line, " -> 0x") &&
	       !mu_text_number(&line, 16, &end);
}

/* "3] active PFN ranges" */
static bool frames_follow(struct mu_text line)
{
	uint64_t number;

	return !mu_text_number(&line, 10, &number) &&
	       mu_text_skip(&line, "] active PFN ranges");
}

static const struct mark {
	const char *words;
	enum mu_log_kind kind;
	enum mu_log_map map;
	bool (*follows)(struct mu_text line); /* NULL: anything may */
} marks[] = {
#define MAP(words, map, follows)                             \
	{                                                    \
		words, MU_LOG_MAP, MU_LOG_MAP_##map, follows \
	}
#define LINE(words, kind, follows)                            \
	{                                                     \
		words, MU_LOG_##kind, MU_LOG_NR_MAPS, follows \
	}
	MAP("BIOS-e820:", FIRMWARE, no_gap_follows),
	MAP("Xen:", FIRMWARE, range_follows),
	MAP("reserve setup_data:", EXTENDED, range_follows),
	MAP("user:", USER, range_follows),
	MAP("modified:", MODIFIED, range_follows),
	MAP("node ", EARLY, early_range_follows),
	MAP("efi: mem", EFI, descriptor_follows),
	MAP("EFI: mem", EFI, descriptor_follows),
	MAP("memory[", MEMBLOCK, memblock_follows),
	MAP("memory: ", MIPS, mips_follows),
	MAP("memcluster ", CLUSTER, digit_follows),
	LINE("Linux version ", BANNER, digit_follows),
	LINE("-provided physical RAM map:", HEADER, NULL),
	LINE("modified physical RAM map:", MODIFIED, NULL),
	LINE("e820: update ", CHANGE, range_follows),
	LINE("e820: remove ", CHANGE, range_follows),
	LINE("e820 update range: ", CHANGE, range_follows),
	LINE("e820 remove range: ", CHANGE, range_follows),
	LINE("OF: reserved mem: ", RESERVED, digit_follows),
	LINE("RAMDISK: ", RAMDISK, range_follows),
	LINE("SRAT: Node ", SRAT_MEM, NULL),
	LINE("Initmem setup node ", EMPTY_NODE, no_memory_follows),
	LINE("Initmem setup node ", INITMEM, NULL),
	LINE("SRAT: PXM ", SRAT_CPU, NULL),
	LINE("numa: Node ", NODE_LIST, digit_follows),
	LINE(".... node ", NODE_CPUS, NULL),
	LINE("Booting Node ", NODE_CPUS, NULL),
	LINE("Allowing ", ALLOWED, digit_follows),
	LINE("Brought up ", BROUGHT_UP, digit_follows),
	LINE("ercpu: Embedded ", PERCPU, digit_follows),
	LINE("ERCPU: Embedded ", PERCPU, digit_follows),
	LINE("hash table entries: ", HASH, digit_follows),
	LINE(" totalpages: ", TOTAL_PAGES, digit_follows),
	LINE("last_pfn = ", LAST_PFN, last_pfn_follows),
	LINE("Kernel command line: ", KERNEL_CMDLINE, NULL),
	LINE("ommand line: ", CMDLINE, NULL),
	LINE("Faking node ", FAKE_NODE, digit_follows),
	LINE("Unaccepted=0x", UNACCEPTED, NULL),
	LINE("Early memory node ranges", EARLY, NULL),
	LINE("early_node_map[", FRAMES, frames_follow),
	LINE("Movable zone start for each node", MOVABLE, NULL),
	LINE("Movable zone start PFN for each node", MOVABLE, NULL),
	LINE("Zone ranges:", ZONES, NULL),
	LINE("Zone PFN ranges:", ZONES, NULL),
	LINE("DMA32 ", ZONE_DMA32, zone_follows),
	LINE("DMA ", ZONE_DMA, zone_follows),
	LINE("Normal ", ZONE_NORMAL, zone_follows),
	LINE("HighMem ", ZONE_HIGHMEM, zone_follows),
	LINE("Faking a node at ", ONE_NODE, NULL),
	LINE("NUMA turned off", ONE_NODE, NULL),
	LINE("hmat: Locality: ", HMAT_TYPE, NULL),
	LINE("Initiator-Target[", HMAT_VALUE, digit_follows),
#undef MAP
#undef LINE
};

/* Go past @mark, if what follows it is as expected. */
static bool find_mark(struct mu_text *line, const struct mark *mark)
{
	struct mu_text rest = *line;

	while (mu_text_find(&rest, mark->words)) {
		mu_text_blanks(&rest);
		if (!mark->follows || mark->follows(rest)) {
			*line = rest;
			return true;
		}
	}
	return false;
}

/* The hypervisor says the same of the host as Linux of its own memory. */
static enum mu_log_kind classify_xen(struct mu_text *line, enum mu_log_map *map)
{
	struct mu_text rest = *line;
	struct mu_range ignored;

	mu_text_blanks(&rest);
	if (!mu_e820_entry(&rest, &ignored, NULL)) {
		mu_text_blanks(line);
		*map = MU_LOG_MAP_XEN;
		return MU_LOG_MAP;
	}
	return mu_text_find(line, "SRAT: Node ") ? MU_LOG_XEN_SRAT
						 : MU_LOG_OTHER;
}

enum mu_log_kind mu_log_classify(struct mu_text *line, enum mu_log_map *map)
{
	struct mu_text xen = *line;

	if (mu_text_find(&xen, "(XEN)")) {
		*line = xen;
		return classify_xen(line, map);
	}
	for (unsigned i = 0; i < MU_ARRAY_SIZE(marks); i++) {
		if (find_mark(line, &marks[i])) {
			*map = marks[i].map;
			return marks[i].kind;
		}
	}
	if (mu_log_is_frames(*line)) {
		*map = MU_LOG_MAP_FRAMES;
		return MU_LOG_MAP;
	}
	return MU_LOG_OTHER;
}

bool mu_log_next_line(struct mu_text *rest, struct mu_text *line)
{
	enum mu_log_map map = MU_LOG_NR_MAPS;
	struct mu_text entry, range, next;

	if (!mu_text_line(rest, line))
		return false;
	/* Cheap tests first: almost no line is one of these. */
	entry = *line;
	if (!mu_text_find(&entry, ": mem"))
		return true;
	entry = *line;
	if (mu_log_classify(&entry, &map) != MU_LOG_MAP ||
	    map != MU_LOG_MAP_EFI)
		return true;
	range = entry;
	next = *rest;
	if (!mu_text_find(&range, "range=") && mu_text_line(&next, &range) &&
	    mu_text_find(&range, "range=")) {
		line->end = range.end;
		*rest = next;
	}
	return true;
}

/* Does a line of that kind count where it stands? Titles begin their list. */
static bool counts(struct mu_log_lines *lines, enum mu_log_kind kind,
		   enum mu_log_map map, struct mu_text line)
{
	switch (kind) {
	case MU_LOG_ZONES:
		lines->in = MU_LOG_IN_ZONES;
		return true;
	case MU_LOG_EARLY:
		lines->in = MU_LOG_IN_EARLY;
		lines->early_titled = true;
		return true;
	case MU_LOG_FRAMES:
		lines->in = MU_LOG_IN_FRAMES;
		return !mu_text_number(&line, 10, &lines->frames_left);
	case MU_LOG_MOVABLE:
	case MU_LOG_INITMEM:
	case MU_LOG_EMPTY_NODE:
	case MU_LOG_TOTAL_PAGES:
		lines->in = MU_LOG_IN_NONE;
		return true;
	case MU_LOG_BANNER:
	case MU_LOG_HEADER:
		lines->in = MU_LOG_IN_NONE;
		lines->early_titled = false;
		return true;
	case MU_LOG_ZONE_DMA:
	case MU_LOG_ZONE_DMA32:
	case MU_LOG_ZONE_NORMAL:
	case MU_LOG_ZONE_HIGHMEM:
		return lines->in == MU_LOG_IN_ZONES;
	case MU_LOG_MAP:
		if (map == MU_LOG_MAP_EARLY)
			return lines->in == MU_LOG_IN_EARLY ||
			       !lines->early_titled;
		if (map != MU_LOG_MAP_FRAMES)
			return true;
		if (lines->in != MU_LOG_IN_FRAMES || !lines->frames_left)
			return false;
		lines->frames_left--;
		return true;
	default:
		return true;
	}
}

bool mu_log_next(struct mu_log_lines *lines, struct mu_text *whole,
		 struct mu_text *line, enum mu_log_kind *kind,
		 enum mu_log_map *map)
{
	*map = MU_LOG_NR_MAPS;
	if (!mu_log_next_line(&lines->rest, whole))
		return false;
	*line = *whole;
	*kind = mu_log_classify(line, map);
	if (!counts(lines, *kind, *map, *line))
		*kind = MU_LOG_OTHER;
	return true;
}
