// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/check_log.h"

/* Titles of lists, and the lines that may follow them. */
enum list {
	LIST_NONE,
	LIST_ZONES,
	LIST_MOVABLE,
	LIST_EARLY,
};

struct reader {
	struct said *said;
	enum list list;
	unsigned frames_left; /* entries of early_node_map to come */
	unsigned early_from;  /* the first one of the list at hand */
	bool zones_titled, skip_pages;
	char line[512]; /* a copy: sscanf() needs an end */
	bool full;	/* no memory */
};

static bool grow(struct reader *reader, void **list, unsigned nr, size_t size)
{
	void *more;

	if (nr >= SAID_MAX)
		return false;
	if (nr & (nr - 1) && nr)
		return true;
	more = realloc(*list, (nr ? 2 * (size_t)nr : 1) * size);
	reader->full |= !more;
	if (more)
		*list = more;
	return more;
}

static void add_range(struct reader *reader, struct said_range **list,
		      unsigned *nr, const char *name, int nid, uint64_t base,
		      uint64_t end)
{
	void *memory = *list;

	if (!grow(reader, &memory, *nr, sizeof(**list)))
		return;
	*list = memory;
	(*list)[*nr] =
		(struct said_range){.nid = nid, .base = base, .end = end};
	snprintf((*list)[*nr].name, sizeof((*list)[*nr].name), "%s", name);
	++*nr;
}

static void add_pages(struct reader *reader, struct said_pages **list,
		      unsigned *nr, const char *zone, int nid, uint64_t pages)
{
	void *memory = *list;

	/* Holes of one zone are listed one by one: their sum counts. */
	if (*nr && (*list)[*nr - 1].nid == nid &&
	    !strcmp((*list)[*nr - 1].zone, zone)) {
		(*list)[*nr - 1].pages += pages;
		return;
	}
	if (!grow(reader, &memory, *nr, sizeof(**list)))
		return;
	*list = memory;
	(*list)[*nr] = (struct said_pages){.nid = nid, .pages = pages};
	snprintf((*list)[*nr].zone, sizeof((*list)[*nr].zone), "%s", zone);
	++*nr;
}

/* What follows @word in the line, or NULL. */
static const char *after(const char *line, const char *word)
{
	const char *at = strstr(line, word);

	return at ? at + strlen(word) : NULL;
}

/* "[mem 0x1000-0xffffff]", or of Linux 3.4 and before page frames,
 * "0x00000001 -> 0x00001000". */
static bool read_mem(struct said *said, const char *at, uint64_t *base,
		     uint64_t *end)
{
	if (sscanf(at, " 0x%" SCNx64 " -> 0x%" SCNx64, base, end) == 2) {
		said->frames = true;
		return *end >= *base;
	}
	if (sscanf(at, " [mem %" SCNx64 "-%" SCNx64 "]", base, end) != 2)
		return false;
	/* Nothing is 0 to 0, or ends one below its start. */
	*end = *base || *end ? *end + 1 : 0;
	return *end >= *base;
}

/*
 * "DMA      [mem 0x1000-0xffffff]", "Device   empty", or in pfns; @name is not
 * that of the zone where a host is called so.
 */
static bool zone_entry(struct said *said, const char *line, const char *name,
		       uint64_t *base, uint64_t *end)
{
	for (const char *at = after(line, name); at; at = after(at, name)) {
		const char *value = at + strspn(at, " \t");

		if (value == at)
			continue;
		*base = *end = 0;
		if (!strncmp(value, "empty", 5) ||
		    read_mem(said, value, base, end))
			return true;
	}
	return false;
}

static bool zone_line(struct reader *reader)
{
	struct said *said = reader->said;
	static const char *const names[] = {"DMA32",   "DMA",	  "Normal",
					    "HighMem", "Movable", "Device"};
	uint64_t base, end;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!zone_entry(said, reader->line, names[i], &base, &end))
			continue;
		add_range(reader, &said->zones, &said->nr_zones, names[i],
			  MU_NO_NODE, base, end);
		return true;
	}
	return false;
}

static bool movable_line(struct reader *reader)
{
	struct said *said = reader->said;
	const char *at = reader->line;
	uint64_t start;
	int nid;

	while ((at = after(at, "Node ")) != NULL)
		if (sscanf(at, "%d: %" SCNx64, &nid, &start) == 2)
			break;
	if (!at)
		return false;
	add_range(reader, &said->movable, &said->nr_movable, "Movable", nid,
		  start, start);
	return true;
}

/* Is what precedes @at in the line what logs have before every line? */
static bool after_prefix(const char *line, const char *at)
{
	while (at > line && at[-1] == ' ')
		at--;
	return at == line || strchr("]>:", at[-1]);
}

/* "node   0: [mem ...]", or "    0: 0x00000000 -> 0x0000009f": from behind the
 * colon, or NULL. */
static const char *early_entry(struct reader *reader, const char *line,
			       int *nid)
{
	const char *at = line;
	int len = 0;

	while ((at = after(at, "node ")) != NULL)
		if (sscanf(at, "%d:%n", nid, &len) == 1 && len)
			return at + len;
	at = strstr(line, ": 0x");
	while (at && at > line && isdigit((unsigned char)at[-1]))
		at--;
	/* As many as the title says, and nothing but a time before them. */
	if (!at || !reader->frames_left || !after_prefix(line, at))
		return NULL;
	reader->frames_left--;
	if (!at || sscanf(at, "%d:%n", nid, &len) != 1 || !len)
		return NULL;
	return at + len;
}

static bool early_line(struct reader *reader)
{
	struct said *said = reader->said;
	uint64_t base, end;
	int nid;
	const char *at = early_entry(reader, reader->line, &nid);

	if (!at || !read_mem(said, at, &base, &end))
		return false;
	if (base < end)
		add_range(reader, &said->early, &said->nr_early, "", nid, base,
			  end);
	said->has_early = said->has_map = true;
	return true;
}

/* True when the line belongs to the list whose title was read before. */
static bool list_line(struct reader *reader)
{
	switch (reader->list) {
	case LIST_ZONES:
		return zone_line(reader);
	case LIST_MOVABLE:
		return movable_line(reader);
	case LIST_EARLY:
		return early_line(reader);
	default:
		return false;
	}
}

/* "node 0 [mem 0x1000-0x1fff]", "node 1 as memoryless" and its older forms. */
static void span_line(struct reader *reader, const char *at)
{
	struct said *said = reader->said;
	uint64_t base, end;
	int nid, len = 0;

	if (sscanf(at, "%d%n", &nid, &len) != 1)
		return;
	/* With fewer digits it is what firmware said, not what there is. */
	at += len;
	len = 0;
	if (sscanf(at, " [mem 0x%*16[0-9a-f]-%n", &len) == 0 && len > 0 &&
	    len < 25)
		return;
	len = 0;
	if (!read_mem(said, at + len, &base, &end)) {
		if (!strstr(at, "memoryless") && !strstr(at, "memory-less"))
			return;
		base = end = 0;
	}
	for (unsigned i = 0; i < said->nr_spans; i++) {
		if (said->spans[i].nid != nid)
			continue;
		said->spans[i].base = base;
		said->spans[i].end = end;
		return;
	}
	add_range(reader, &said->spans, &said->nr_spans, "", nid, base, end);
}

/*
 * "  DMA zone: 3998 pages, LIFO batch:0", after the node's total. Old kernels
 * have two more lines, "56 pages used for memmap" and "5 pages reserved": they
 * are part of it.
 */
static void present_line(struct reader *reader, const char *line)
{
	struct said *said = reader->said;
	const char *at = strstr(line, " zone: ");
	const char *name = at;
	uint64_t pages;
	char zone[16], after_pages;

	if (!said->nr_total)
		return;
	while (name > line && isalnum((unsigned char)name[-1]))
		name--;
	if (sscanf(at, " zone: %" SCNu64 " pages%c", &pages, &after_pages) !=
		    2 ||
	    (after_pages != ',' && !said->is_old) ||
	    (size_t)(at - name) >= sizeof(zone))
		return;
	snprintf(zone, sizeof(zone), "%.*s", (int)(at - name), name);
	add_pages(reader, &said->present, &said->nr_present, zone,
		  said->total[said->nr_total - 1].nid, pages);
}

static void pages_lines(struct reader *reader)
{
	struct said *said = reader->said;
	const char *line = reader->line, *at;
	uint64_t pages, end;
	char zone[16];
	int nid;

	/* Before Linux 2.6.19 they too are less the memmap. */
	at = said->is_old && !said->has_early ? NULL : strstr(line, "On node ");
	if (reader->skip_pages &&
	    (at || (strstr(line, " zone: ") && strstr(line, " pages"))))
		return;
	if (at &&
	    sscanf(at, "On node %d totalpages: %" SCNu64, &nid, &pages) == 2)
		add_pages(reader, &said->total, &said->nr_total, "", nid,
			  pages);
	else if (at &&
		 sscanf(at,
			"On node %d, zone %15[^:]: %" SCNu64 " pages in una",
			&nid, zone, &pages) == 3)
		add_pages(reader, &said->unavailable, &said->nr_unavailable,
			  zone, nid, pages);
	else if (strstr(line, " zone: ") && strstr(line, " pages"))
		present_line(reader, line);
	at = after(line, "Memory: ");
	if (at && sscanf(at, "%*[0-9]K/%" SCNu64 "K available", &pages) == 1)
		said->total_kib = pages;
	/* Small letters: the end of memory, holes and all, on x86. */
	if (at && said->has_e820 &&
	    sscanf(at, "%*[0-9]k/%" SCNu64 "k available", &pages) == 1)
		said->end_kib = pages;
	at = after(line, "Reserving ");
	if (at && strstr(at, " for crashkernel") &&
	    sscanf(at, "%" SCNu64 "MB of memory", &pages) == 1 &&
	    pages < (uint64_t)1 << 40)
		said->crash_bytes = pages * MU_MIB;
	at = after(line, "crashkernel reserved: ");
	if (at && sscanf(at, "%" SCNx64 " - %" SCNx64, &pages, &end) == 2 &&
	    end > pages)
		said->crash_bytes = end - pages;
	at = after(line, "last_pfn = ");
	/* The second one is of memory below 4 GiB. */
	if (at && sscanf(at, "%" SCNx64, &pages) == 1 && pages > said->last_pfn)
		said->last_pfn = pages;
}

/*
 * "percpu: Embedded 20 pages/cpu s44600 r0 d37320 u81920", or of a hash table
 * "(order: 6, 262144 bytes": one amount in pages and in bytes.
 */
static void page_size_lines(struct said *said, const char *line)
{
	const char *at = strstr(line, " pages/cpu"), *number = at;
	unsigned long long parts[3], bytes = 0, pages = 0;
	unsigned order;

	while (number && number > line && isdigit((unsigned char)number[-1]))
		number--;
	if (at && (at = strstr(at, " s")) != NULL &&
	    sscanf(at, " s%llu r%llu d%llu", &parts[0], &parts[1], &parts[2]) ==
		    3) {
		bytes = parts[0] + parts[1] + parts[2];
		pages = strtoull(number, NULL, 10);
	} else if ((at = strstr(line, "(order: ")) != NULL &&
		   !said->page_shift &&
		   sscanf(at, "(order: %u, %llu bytes", &order, &bytes) == 2 &&
		   order < 32) {
		pages = 1ull << order;
	}
	if (!pages || bytes % pages)
		return;
	for (unsigned shift = 12; shift <= 16; shift++)
		if (bytes / pages == 1ull << shift)
			said->page_shift = shift;
}

static void cpu_lines(struct said *said, const char *line)
{
	const char *at = after(line, "Allowing ");
	unsigned cpus, hotplug, nodes;

	if (at && sscanf(at, "%u CPUs, %u hotplug", &cpus, &hotplug) == 2 &&
	    hotplug <= cpus) {
		said->cpus_present = cpus - hotplug;
		said->cpus_possible = cpus;
	} else if (at && sscanf(at, "%u present CPUs", &cpus) == 1)
		said->cpus_present = cpus;
	at = after(line, "Brought up ");
	if (at && sscanf(at, "%u node%*[s,] %u CPU", &nodes, &cpus) == 2) {
		said->nodes_up = nodes;
		said->cpus_up = cpus;
	} else if (at && sscanf(at, "%u CPU", &cpus) == 1) {
		said->cpus_up = cpus;
	}
	at = after(line, "nr_node_ids:");
	if (at && sscanf(at, "%u", &nodes) == 1)
		said->node_ids = nodes;
	at = after(line, "SRAT: PXM ");
	said->has_cpus |= at && strstr(at, "-> Node") && !strstr(at, " ITS ");
	at = after(line, "numa: Node ");
	said->has_cpus |=
		at && isdigit((unsigned char)*at) && strstr(at, " CPUs:");
}

static void map_lines(struct reader *reader)
{
	struct said *said = reader->said;
	const char *line = reader->line, *at = after(line, "user: ");
	const char *version = after(line, "Linux version "), *entry;
	unsigned major, minor;
	uint64_t base, end;

	if (version && sscanf(version, "%u.%u.", &major, &minor) == 2)
		said->is_old = major < 3 || (major == 3 && minor < 10);
	said->has_title |= strstr(line, "physical RAM map:") != NULL;
	entry = after(line, "BIOS-e820:");
	if (entry && read_mem(said, entry, &base, &end) &&
	    (!said->has_e820 || base < said->map_base))
		said->map_base = base;
	if (entry || after(line, "Xen: [") ||
	    (sscanf(line, "%*[^X]Xen: %16" SCNx64 " - ", &base) == 1))
		said->has_e820 = said->has_firmware = said->has_map = true;
	if (strstr(line, "memcluster "))
		said->has_firmware = said->has_map = true;
	if (strstr(line, "SRAT: Node ") && strstr(line, "[mem"))
		said->has_srat = said->has_map = true;
	if (at && read_mem(said, at, &base, &end)) {
		at = strchr(at, ']');
		add_range(reader, &said->user, &said->nr_user,
			  at ? at + 1 + strspn(at + 1, " ") : "", MU_NO_NODE,
			  base, end);
	}
}

/* Of two lists of early ranges, one of which may be cut, the longer counts. */
static void settle_early(struct reader *reader)
{
	struct said *said = reader->said;
	unsigned before = reader->early_from, now = said->nr_early - before;

	if (before && now >= before) {
		memmove(said->early, said->early + before,
			now * sizeof(*said->early));
		said->nr_early = now;
	} else if (before) {
		said->nr_early = before;
	}
	reader->early_from = said->nr_early;
}

/* A console that is replayed says how many pages there are once more. */
static void begin_pages(struct reader *reader)
{
	struct said *said = reader->said;

	if (reader->zones_titled)
		reader->skip_pages = said->nr_total || said->nr_present ||
				     said->nr_unavailable;
	else
		said->nr_total = said->nr_present = said->nr_unavailable = 0;
	reader->zones_titled = true;
}

static void titles(struct reader *reader, const char *where)
{
	struct said *said = reader->said;
	const char *line = reader->line, *at;

	if (strstr(line, "Zone ranges:") || strstr(line, "Zone PFN ranges:")) {
		reader->list = LIST_ZONES;
		said->nr_zones = 0;
		begin_pages(reader);
	} else if (strstr(line, "Movable zone start for each node")) {
		reader->list = LIST_MOVABLE;
		said->has_movable = true;
	} else if (strstr(line, "Early memory node ranges") ||
		   strstr(line, "active PFN ranges")) {
		reader->list = LIST_EARLY;
		at = after(line, "early_node_map[");
		reader->frames_left = at ? (unsigned)strtoul(at, NULL, 10) : 0;
		settle_early(reader);
	} else if (strstr(line, "user-defined physical RAM map:")) {
		said->user_map = where;
	} else if ((at = after(line, "Initmem setup node ")) != NULL) {
		reader->list = LIST_NONE;
		span_line(reader, at);
	} else if ((at = after(line, "ommand line: ")) != NULL &&
		   !strstr(line, "(XEN)") &&
		   (!said->cmdline || strstr(line, "Kernel command line: "))) {
		said->cmdline = where + (at - line);
		said->cmdline_len = strcspn(said->cmdline, "\n");
	}
}

/* The next line, as one with the next where a mail program broke it. */
static const char *next_line(struct reader *reader, const char *at,
			     const char *end)
{
	size_t room = sizeof(reader->line) - 1, len = 0;

	for (; at < end && *at != '\n'; at++) {
		if (len < room && *at != '\r')
			reader->line[len++] = (char)(*at ? *at : ' ');
	}
	reader->line[len] = '\0';
	at += at < end;
	if (len >= 4 && !strcmp(reader->line + len - 4, "[mem")) {
		reader->line[len++] = ' ';
		for (; at < end && *at != '\n'; at++)
			if (len < room)
				reader->line[len++] = *at;
		reader->line[len] = '\0';
		at += at < end;
	}
	return at;
}

static bool begins_boot(const struct said *said, const char *line)
{
	const char *at = after(line, "Linux version ");

	if (at && isdigit((unsigned char)*at))
		return said->has_map;
	return strstr(line, "-provided physical RAM map:") && said->has_e820;
}

bool said_read(struct said *said, const char *text, size_t len)
{
	struct said best = {0};
	struct reader reader = {.said = said};
	const char *at = text, *end = text + len;

	memset(said, 0, sizeof(*said));
	said->begin = text;
	best.begin = best.end = text;
	while (at < end) {
		const char *where = at;

		at = next_line(&reader, at, end);
		if (begins_boot(said, reader.line)) {
			settle_early(&reader);
			said_free(&best);
			best = *said;
			best.end = where;
			memset(said, 0, sizeof(*said));
			said->begin = where;
			reader.list = LIST_NONE;
			reader.zones_titled = reader.skip_pages = false;
			reader.early_from = reader.frames_left = 0;
		}
		titles(&reader, where);
		if (!list_line(&reader)) {
			map_lines(&reader);
			pages_lines(&reader);
			page_size_lines(said, reader.line);
			cpu_lines(said, reader.line);
		}
	}
	said->end = end;
	settle_early(&reader);
	if (!said->has_map && best.has_map) {
		said_free(said);
		*said = best;
	} else {
		said_free(&best);
	}
	return !reader.full;
}

static void to_bytes(struct said_range *list, unsigned nr, unsigned shift)
{
	for (unsigned i = 0; i < nr; i++) {
		list[i].base <<= shift;
		list[i].end <<= shift;
	}
}

void said_to_bytes(struct said *said, unsigned shift)
{
	if (!said->frames)
		return;
	to_bytes(said->zones, said->nr_zones, shift);
	to_bytes(said->early, said->nr_early, shift);
	said->frames = false;
}

void said_free(struct said *said)
{
	free(said->zones);
	free(said->movable);
	free(said->early);
	free(said->spans);
	free(said->user);
	free(said->total);
	free(said->present);
	free(said->unavailable);
}
