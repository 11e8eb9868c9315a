// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include "cli/checker.h"
#include "cli/text.h"

/* ---- Rows ---- */

static struct row *new_row(struct rows *rows, enum verdict verdict)
{
	struct row *row;

	if (!(rows->nr & (rows->nr - 1))) {
		unsigned room = rows->nr ? 2 * rows->nr : 1;
		struct row *more = realloc(rows->row, room * sizeof(*more));

		rows->full |= !more;
		if (!more)
			return NULL;
		rows->row = more;
	}
	row = &rows->row[rows->nr++];
	memset(row, 0, sizeof(*row));
	row->verdict = verdict;
	rows->count[verdict]++;
	return row;
}

void row_add(struct rows *rows, const char *memup, const char *linux_,
	     const char *format, ...)
{
	struct row *row = new_row(rows, strcmp(memup, linux_) ? VERDICT_DIFFERS
							      : VERDICT_AGREES);
	va_list args;

	if (!row)
		return;
	va_start(args, format);
	vsnprintf(row->what, sizeof(row->what), format, args);
	va_end(args);
	snprintf(row->memup, sizeof(row->memup), "%s", memup);
	snprintf(row->linux_, sizeof(row->linux_), "%s", linux_);
}

void row_cannot(struct rows *rows, const char *why)
{
	struct row *row = rows->nr ? &rows->row[rows->nr - 1] : NULL;

	if (!row || row->verdict != VERDICT_DIFFERS)
		return;
	row->verdict = VERDICT_CANNOT;
	row->why = why;
	rows->count[VERDICT_DIFFERS]--;
	rows->count[VERDICT_CANNOT]++;
}

void row_bare(struct rows *rows, enum verdict verdict, const char *what)
{
	struct row *row = new_row(rows, verdict);

	if (row)
		snprintf(row->what, sizeof(row->what), "%s", what);
}

static void add_numbers(struct rows *rows, const char *what, uint64_t memup,
			uint64_t linux_, const char *unit)
{
	char a[48], b[48];

	if (!linux_) {
		row_bare(rows, VERDICT_ABSENT, what);
		return;
	}
	snprintf(a, sizeof(a), "%" PRIu64 "%s", memup, unit);
	snprintf(b, sizeof(b), "%" PRIu64 "%s", linux_, unit);
	row_add(rows, a, b, "%s", what);
}

const char *range_text(struct range_text *out, mu_phys_t base, mu_phys_t end)
{
	if (base >= end)
		snprintf(out->text, sizeof(out->text), "empty");
	else
		snprintf(out->text, sizeof(out->text),
			 "0x%" PRIx64 "-0x%" PRIx64, base, end - 1);
	return out->text;
}

/* ---- Zones ---- */

/* Every zone of that type of every node: does it keep to [base, end)? */
static bool zones_keep_to(const struct checker *checker, enum mu_zone_type type,
			  mu_pfn_t start, mu_pfn_t end)
{
	const struct mu_buddy *buddy = &checker->mm->buddy;

	for (unsigned i = 0; i < buddy->nr_zones; i++) {
		const struct mu_zone *zone = &buddy->zones[i];

		if (zone->type == type &&
		    (zone->start_pfn < start || zone->end_pfn > end))
			return false;
	}
	return true;
}

/* Linux lets the lowest zone begin, and the highest end, with memory. */
static void compare_zone(struct checker *checker, const struct said_range *zone,
			 const char *name, enum mu_zone_type type)
{
	const struct mu_layout *layout = &checker->mm->layout;
	mu_pfn_t start = layout->zone_start[type];
	mu_pfn_t end = layout->zone_end[type];
	mu_phys_t top = checker->end_pfn << checker->shift;
	struct range_text memup, linux_;

	start = start > checker->first_pfn ? start : checker->first_pfn;
	end = end < checker->end_pfn ? end : checker->end_pfn;
	range_text(&memup, start << checker->shift, end << checker->shift);
	if (!zones_keep_to(checker, type, start, end))
		snprintf(memup.text, sizeof(memup.text), "zones outside it");
	/* Old kernels end it at its limit, with memory or without. */
	row_add(checker->rows, memup.text,
		range_text(&linux_, zone->base,
			   zone->end < top ? zone->end : top),
		"zone %s", name);
}

static void compare_zones(struct checker *checker)
{
	const struct said *said = checker->said;
	static const struct {
		const char *name;
		enum mu_zone_type type;
	} types[] = {
		{"DMA", MU_ZONE_DMA},
		{"DMA32", MU_ZONE_DMA32},
		{"Normal", MU_ZONE_NORMAL},
	};

	if (!said->nr_zones)
		row_bare(checker->rows, VERDICT_ABSENT, "zone ranges");
	for (unsigned i = 0; i < said->nr_zones; i++) {
		const struct said_range *zone = &said->zones[i];
		struct range_text linux_;
		bool known = false;

		for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
			if (strcmp(zone->name, types[t].name) != 0)
				continue;
			compare_zone(checker, zone, zone->name, types[t].type);
			known = true;
		}
		/* Device and HighMem: empty, or memup has no such zone. */
		if (!known && zone->base != zone->end)
			row_add(checker->rows, "no such zone",
				range_text(&linux_, zone->base, zone->end),
				"zone %s", zone->name);
	}
}

/* Its pages are those of Normal on the same node. */
static void pages_highmem(struct said_pages *list, unsigned *nr)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < *nr; i++) {
		struct said_pages pages = list[i];
		unsigned at = kept;

		if (!strcmp(pages.zone, "HighMem"))
			snprintf(pages.zone, sizeof(pages.zone), "Normal");
		while (at && (list[at - 1].nid != pages.nid ||
			      strcmp(list[at - 1].zone, pages.zone) != 0))
			at--;
		if (at)
			list[at - 1].pages += pages.pages;
		else
			list[kept++] = pages;
	}
	*nr = kept;
}

/*
 * Zone HighMem is memory for which the direct map of 32 bits has no room. memup
 * plans for 64 bits: HighMem is part of Normal there.
 */
static void join_highmem(struct said *said)
{
	struct said_range *normal = NULL, *high = NULL;

	for (unsigned i = 0; i < said->nr_zones; i++) {
		if (!strcmp(said->zones[i].name, "Normal"))
			normal = &said->zones[i];
		if (!strcmp(said->zones[i].name, "HighMem"))
			high = &said->zones[i];
	}
	pages_highmem(said->present, &said->nr_present);
	pages_highmem(said->unavailable, &said->nr_unavailable);
	if (!high || high->base == high->end)
		return;
	if (!normal) {
		snprintf(high->name, sizeof(high->name), "Normal");
		return;
	}
	/* A kernel with little low memory has all of it in DMA. */
	if (normal->base == normal->end)
		normal->base = high->base;
	else if (normal->end != high->base)
		return;
	normal->end = high->end;
	high->base = high->end;
}

/*
 * How much the machine's own parameters reserve for a crash kernel; where
 * depends on the kernel's own memory, which is not in a log.
 */
static void compare_crash(struct checker *checker)
{
	const struct mu_machine *machine = checker->machine;
	struct mu_crashkernel crash = {0};
	char a[32], b[32];

	if (!checker->said->crash_bytes ||
	    mu_crashkernel_read(&crash, mu_machine_ram(machine),
				machine->cmdline, machine->cmdline_len, NULL) ||
	    !crash.size) {
		row_bare(checker->rows, VERDICT_ABSENT, "crash kernel");
		return;
	}
	snprintf(a, sizeof(a), "%s", size_text(crash.size));
	snprintf(b, sizeof(b), "%s", size_text(checker->said->crash_bytes));
	row_add(checker->rows, a, b, "crash kernel");
}

static void compare_movable(struct checker *checker)
{
	const struct said *said = checker->said;
	const struct mu_mm *mm = checker->mm;

	if (!said->has_movable) {
		row_bare(checker->rows, VERDICT_ABSENT, "movable zone starts");
		return;
	}
	for (unsigned nid = 0; nid < MU_MAX_NODES; nid++) {
		mu_phys_t ours = 0, theirs = 0;
		char a[48] = "none", b[48] = "none";

		if (nid < mm->nr_nodes &&
		    mm->layout.movable_start[nid] < checker->end_pfn)
			ours = mm->layout.movable_start[nid] << checker->shift;
		for (unsigned i = 0; i < said->nr_movable; i++)
			if (said->movable[i].nid == (int)nid)
				theirs = said->movable[i].base;
		if (!ours && !theirs)
			continue;
		if (ours)
			snprintf(a, sizeof(a), "0x%" PRIx64, ours);
		if (theirs)
			snprintf(b, sizeof(b), "0x%" PRIx64, theirs);
		row_add(checker->rows, a, b, "node %u, Movable begins", nid);
	}
	if (!said->nr_movable)
		row_add(checker->rows, "none", "none", "movable zones");
}

/* ---- All of it ---- */

static void compare_totals(struct checker *checker)
{
	const struct said *said = checker->said;
	const struct mu_mm *mm = checker->mm;
	uint64_t pages = 0;
	char a[32], b[32];

	for (unsigned nid = 0; nid < mm->nr_nodes; nid++)
		pages += mm->buddy.nodes[nid].present_pages;
	/* Of the same line, the end where it is not the total. */
	if (said->end_kib && !said->total_kib)
		add_numbers(checker->rows, "end of memory",
			    checker->end_pfn << (checker->shift - 10),
			    said->end_kib, "K");
	else
		add_numbers(checker->rows, "total memory",
			    pages << (checker->shift - 10), said->total_kib,
			    "K");
	if (!said->last_pfn) {
		row_bare(checker->rows, VERDICT_ABSENT, "last_pfn");
		return;
	}
	snprintf(a, sizeof(a), "0x%" PRIx64, checker->end_pfn);
	snprintf(b, sizeof(b), "0x%" PRIx64, said->last_pfn);
	row_add(checker->rows, a, b, "last_pfn");
}

static void compare_cpus(struct checker *checker)
{
	const struct said *said = checker->said;
	const struct mu_machine *machine = checker->machine;
	unsigned cpus = mu_machine_cpus(machine), up = 0, ids;

	/* Of more CPUs than are there, the SRAT does not say which. */
	if (said->has_cpus && mu_machine_possible_cpus(machine) > cpus) {
		row_bare(checker->rows, VERDICT_TAKEN, "CPUs");
		add_numbers(checker->rows, "CPUs, possible",
			    mu_machine_possible_cpus(machine),
			    said->cpus_possible, "");
	} else if (said->has_cpus) {
		add_numbers(checker->rows, "CPUs", cpus,
			    said->cpus_present ? said->cpus_present
					       : said->cpus_up,
			    "");
	} else if (said->cpus_present || said->cpus_up) {
		row_bare(checker->rows, VERDICT_TAKEN, "CPUs");
	} else {
		row_bare(checker->rows, VERDICT_ABSENT, "CPUs");
	}
	ids = machine->nr_nodes;
	for (unsigned nid = 0; nid < machine->nr_nodes; nid++)
		up += machine->nodes[nid].nr_cpus ||
		      checker->mm->buddy.nodes[nid].present_pages;
	for (unsigned i = 0; i < machine->nr_affinities; i++)
		if (machine->affinities[i].nid >= (int)ids)
			ids = (unsigned)machine->affinities[i].nid + 1;
	add_numbers(checker->rows, "nodes with memory or CPUs", up,
		    said->nodes_up, "");
	if (machine->arch == MU_ARCH_PPC64 && said->nodes_up > up)
		row_cannot(checker->rows,
			   "PowerPC has nodes online that are empty, and the "
			   "log does not name them");
	add_numbers(checker->rows, "node ids", ids, said->node_ids, "");
	if (machine->arch == MU_ARCH_PPC64 && said->node_ids > ids)
		row_cannot(checker->rows,
			   "PowerPC counts nodes that may come later, and the "
			   "log does not name them");
}

/*
 * Has the ring buffer lost the beginning of the firmware's map? Then Linux has
 * memory below all that is left of it.
 */
static bool map_is_cut(const struct said *said)
{
	if (!said->has_e820 || said->has_title || !said->map_base)
		return false;
	for (unsigned i = 0; i < said->nr_early; i++)
		if (said->early[i].base < said->map_base)
			return true;
	return false;
}

/* CPUs and the crash kernel do not come from the map. */
static void cut_row(struct rows *rows, struct row *row)
{
	if (row->verdict != VERDICT_DIFFERS || !strncmp(row->what, "CPUs", 4) ||
	    !strcmp(row->what, "crash kernel"))
		return;
	row->verdict = VERDICT_CANNOT;
	row->why = "the log begins within the firmware's map";
	rows->count[VERDICT_DIFFERS]--;
	rows->count[VERDICT_CANNOT]++;
}

void rows_compare(struct rows *rows, struct said *said,
		  const struct mu_machine *machine,
		  const struct bringup *bringup)
{
	struct checker checker = {
		.rows = rows,
		.said = said,
		.machine = machine,
		.mm = &bringup->mm,
		.shift = machine->page_shift,
		.linux_shift = said->page_shift ? said->page_shift
						: machine->page_shift,
	};
	mu_pfn_t start, end;
	uint64_t cursor;

	said_to_bytes(said, checker.linux_shift);
	join_highmem(said);
	checker.first_pfn = UINT64_MAX;
	mu_for_each_mem_pfn_range (&bringup->mm.memblock, cursor, MU_NO_NODE,
				   &start, &end, NULL) {
		if (checker.first_pfn == UINT64_MAX)
			checker.first_pfn = start;
		checker.end_pfn = end;
	}
	compare_totals(&checker);
	compare_cpus(&checker);
	compare_zones(&checker);
	compare_movable(&checker);
	compare_crash(&checker);
	compare_pages(&checker);
	compare_ranges(&checker);
	if (map_is_cut(said))
		for (unsigned i = 0; i < rows->nr; i++)
			cut_row(rows, &rows->row[i]);
}
