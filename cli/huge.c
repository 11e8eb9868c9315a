// SPDX-License-Identifier: MIT
#include "cli/huge.h"

#include <inttypes.h>
#include <string.h>
#include "cli/text.h"

#define BATCH 256

/* Blocks of one run: allocations of MU_BLOCK_ORDER each. */
static uint64_t take_run(struct mu_mm *mm, int nid, unsigned order,
			 unsigned flags)
{
	mu_pfn_t pfn;

	return mu_alloc_run(&mm->deferred, nid, order, flags, &pfn) == MU_OK;
}

/* Up to @count pages of 2^@order pages; how many there were. */
static uint64_t take_pages(struct mu_mm *mm, int nid, unsigned order,
			   unsigned flags, uint64_t count)
{
	mu_pfn_t pfns[BATCH];
	uint64_t got = 0, some = 1;

	/* From pristine memory only one descriptor is written. */
	while ((order == MU_HUGE_ORDER || order == MU_GIGANTIC_ORDER) &&
	       got < count && some) {
		some = count - got < BATCH ? count - got : BATCH;
		some = mu_alloc_huge(&mm->deferred, nid, order, flags, some,
				     pfns);
		got += some;
	}
	while (got < count) {
		if (order <= MU_BLOCK_ORDER)
			some = mu_alloc_pages(&mm->buddy, nid, order, flags,
					      pfns) == MU_OK;
		else
			some = take_run(mm, nid, order, flags);
		if (!some)
			break;
		got++;
	}
	return got;
}

/* An equal share of every node with memory, then what is missing anywhere. */
static uint64_t take_anywhere(struct mu_mm *mm, unsigned order, uint64_t count)
{
	uint64_t got = 0, nodes = 0, turn = 0;

	for (unsigned nid = 0; nid < mm->nr_nodes; nid++)
		nodes += mm->buddy.nodes[nid].present_pages > 0;
	for (unsigned nid = 0; nid < mm->nr_nodes; nid++) {
		if (!mm->buddy.nodes[nid].present_pages)
			continue;
		got += take_pages(mm, (int)nid, order,
				  MU_ALLOC_THISNODE | MU_ALLOC_MOVABLE,
				  count / nodes + (turn++ < count % nodes));
	}
	return got +
	       take_pages(mm, MU_NO_NODE, order, MU_ALLOC_MOVABLE, count - got);
}

static void take_pool(struct huge_row *row, struct mu_mm *mm)
{
	const struct mu_port *port = mm->port;
	uint64_t began = port->clock(port->arg);
	uint64_t written = mm->memmap.written_pages;
	unsigned order = mu_ctz(row->page_size);

	row->possible = order >= mm->page_shift &&
			order - mm->page_shift <= MU_GIGANTIC_ORDER;
	if (!row->possible)
		return;
	order -= mm->page_shift;
	if (row->nid == MU_NO_NODE)
		row->got += take_anywhere(mm, order, row->asked - row->got);
	else if ((unsigned)row->nid < mm->nr_nodes)
		row->got += take_pages(mm, row->nid, order,
				       MU_ALLOC_THISNODE | MU_ALLOC_MOVABLE,
				       row->asked - row->got);
	row->descriptors = mm->memmap.written_pages - written;
	row->ns = port->clock(port->arg) - began;
}

void huge_take(struct huge_took *took, struct mu_mm *mm,
	       const struct reserve *reserve)
{
	took->nr = reserve->pools.nr;
	for (unsigned i = 0; i < took->nr; i++) {
		const struct mu_huge_pool *pool = &reserve->pools.pools[i];

		took->row[i] = (struct huge_row){
			.page_size = reserve_huge_size(reserve, pool,
						       mm->page_shift),
			.nid = pool->nid,
			.asked = pool->count,
			.got = reserve->taken[i],
		};
		take_pool(&took->row[i], mm);
	}
}

uint64_t huge_memmap_bytes(const struct reserve *reserve, unsigned page_shift,
			   uint64_t most)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < reserve->pools.nr; i++) {
		const struct mu_huge_pool *pool = &reserve->pools.pools[i];
		uint64_t pages = reserve_huge_size(reserve, pool, page_shift) >>
				 page_shift;
		uint64_t each = pages * sizeof(struct mu_page);

		/* One descriptor touches a page of the host's memory. */
		if (pages == 1u << MU_HUGE_ORDER ||
		    pages == 1u << MU_GIGANTIC_ORDER)
			each = 4096;
		if (pool->count > (most - bytes) / (each ? each : 1))
			return most;
		bytes += pool->count * each;
	}
	return bytes;
}

void huge_begin(struct table *table)
{
	static const char *const names[] = {
		"policy",  ">huge pages of",	   ">node", ">asked", ">got",
		">memory", ">descriptors written", ">took",
	};

	table_begin(table, sizeof(names) / sizeof(names[0]), names);
}

void huge_add(struct table *table, const char *policy,
	      const struct huge_took *took)
{
	for (unsigned i = 0; i < took->nr; i++) {
		const struct huge_row *row = &took->row[i];

		table_add(table, "%s", policy);
		table_add(table, "%s", size_text(row->page_size));
		if (row->nid == MU_NO_NODE)
			table_add(table, "any");
		else
			table_add(table, "%d", row->nid);
		table_add(table, "%s", count_text(row->asked));
		table_add(table, "%s",
			  row->possible ? count_text(row->got) : "no such");
		table_add(table, "%s", size_text(row->got * row->page_size));
		table_add(table, "%s", count_text(row->descriptors));
		table_add(table, "%s", time_text(row->ns));
	}
}

void huge_json(FILE *out, const struct huge_took *took)
{
	putc('[', out);
	for (unsigned i = 0; i < took->nr; i++) {
		const struct huge_row *row = &took->row[i];

		fprintf(out,
			"%s{\"page_size\":%" PRIu64 ",\"node\":", i ? "," : "",
			row->page_size);
		if (row->nid == MU_NO_NODE)
			fprintf(out, "null");
		else
			fprintf(out, "%d", row->nid);
		fprintf(out,
			",\"asked\":%" PRIu64 ",\"got\":%" PRIu64
			",\"descriptors_written\":%" PRIu64 ",\"ns\":%" PRIu64
			"}",
			row->asked, row->got, row->descriptors, row->ns);
	}
	putc(']', out);
}
