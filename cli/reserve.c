// SPDX-License-Identifier: MIT
#include "cli/reserve.h"

#include <inttypes.h>
#include <string.h>
#include "cli/text.h"

/* Is there a parameter of that name? "hugepages" is one of several. */
static bool has(const char *cmdline, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = cmdline; (at = strstr(at, name)); at += len)
		if (at == cmdline || at[-1] == ' ' || at[-1] == '"')
			return true;
	return false;
}

static void add_row(struct reserve *reserve, const char *what, const char *name,
		    mu_phys_t base, mu_phys_t size, bool shared)
{
	struct reserve_row *row = &reserve->row[reserve->nr];

	if (!size)
		return;
	*row = (struct reserve_row){
		.what = what, .base = base, .size = size, .shared = shared};
	snprintf(row->name, sizeof(row->name), "%s", name);
	reserve->nr++;
}

mu_phys_t reserve_huge_size(const struct reserve *reserve,
			    const struct mu_huge_pool *pool,
			    unsigned page_shift)
{
	if (pool->size)
		return pool->size;
	if (reserve->pools.default_size)
		return reserve->pools.default_size;
	/* As many pages as one table of 8-byte entries has. */
	return (mu_phys_t)1 << (2 * page_shift - 3);
}

/* Up to @count pieces of @size bytes; how many there were. */
static uint64_t take_pieces(struct mu_mm *mm, mu_phys_t size, uint64_t count,
			    int nid)
{
	uint64_t got = 0;
	mu_phys_t base;

	while (got < count &&
	       mu_memblock_alloc_range_nid(&mm->memblock, size, size, 0,
					   MU_MEMBLOCK_ALLOC_ANYWHERE, nid,
					   nid != MU_NO_NODE, &base) == MU_OK &&
	       mu_memblock_reserved_mark_noinit(&mm->memblock, base, size) ==
		       MU_OK)
		got++;
	return got;
}

/*
 * Pages larger than a block come from pristine memory, of which the eager
 * policy leaves none: so, as in Linux, take them before the allocator gets the
 * memory, without descriptors, and not from the crash kernel's shared part.
 */
static enum mu_status take_gigantic(struct reserve *reserve, struct mu_mm *mm,
				    const struct mu_crashkernel *crash)
{
	enum mu_status status = mu_memblock_reserve(
		&mm->memblock, crash->cma_base, crash->cma, MU_MEMBLOCK_NONE);

	if (status)
		return status;
	for (unsigned i = 0; i < reserve->pools.nr; i++) {
		const struct mu_huge_pool *pool = &reserve->pools.pools[i];
		mu_phys_t size =
			reserve_huge_size(reserve, pool, mm->page_shift);
		uint64_t *taken = &reserve->taken[i];

		if (size >> mm->page_shift <= MU_BLOCK_PAGES)
			continue;
		for (unsigned nid = 0;
		     pool->nid == MU_NO_NODE && nid < mm->nr_nodes; nid++)
			*taken += take_pieces(
				mm, size, pool->count / mm->nr_nodes, (int)nid);
		*taken +=
			take_pieces(mm, size, pool->count - *taken, pool->nid);
	}
	return mu_memblock_phys_free(&mm->memblock, crash->cma_base,
				     crash->cma);
}

enum mu_status reserve_read_pools(struct reserve *reserve,
				  const struct mu_machine *machine,
				  const char *cmdline, struct mu_error *error)
{
	if (cmdline && has(cmdline, "hugepages="))
		return mu_huge_pools_read(&reserve->pools, cmdline,
					  strlen(cmdline), error);
	mu_huge_pools_own(&reserve->pools, machine);
	return MU_OK;
}

enum mu_status reserve_take(struct reserve *reserve, struct mu_mm *mm,
			    struct mu_config *config, const char *cmdline,
			    struct mu_error *error)
{
	bool own_crash = !cmdline || !has(cmdline, "crashkernel=");
	struct mu_crashkernel crash = {0}, ours = {0};
	const struct mu_memblock *memblock = &mm->memblock;
	enum mu_status status = MU_OK;

	memset(reserve, 0, sizeof(*reserve));
	if (config->movable_node)
		status = mu_mm_movable_node(mm);
	if (status)
		return status;
	mu_mm_reserve_own(mm, own_crash ? &crash : NULL);
	if (cmdline)
		status = mu_mm_reserve_cmdline(mm, &ours, cmdline,
					       strlen(cmdline), error);
	if (!status)
		status = reserve_read_pools(reserve, mm->machine, cmdline,
					    error);
	if (status)
		return status;
	if (!own_crash)
		crash = ours;
	status = mu_crashkernel_place_cma(&mm->memblock, &crash, error);
	if (!status && config->policy == MU_POLICY_EAGER)
		status = take_gigantic(reserve, mm, &crash);
	if (status)
		return status;
	add_row(reserve, "crash kernel", "", crash.base, crash.size, false);
	add_row(reserve, "crash kernel, low", "", crash.low_base,
		crash.size ? crash.low : 0, false);
	add_row(reserve, "crash kernel, shared", "", crash.cma_base, crash.cma,
		true);
	if (crash.cma)
		config->movable_from = crash.cma_base;
	for (unsigned i = 0; i < MU_MEMBLOCK_NAMED; i++)
		add_row(reserve, "reserve_mem", memblock->named[i].name,
			memblock->named[i].base, memblock->named[i].size,
			false);
	return MU_OK;
}

/* ---- Tables ---- */

void reserve_print_rows(const struct reserve *reserve)
{
	static const char *const names[] = {
		"reserved for", "name", ">from", ">to", ">size",
	};
	struct table table;

	if (!reserve->nr)
		return;
	table_begin(&table, 5, names);
	for (unsigned i = 0; i < reserve->nr; i++) {
		const struct reserve_row *row = &reserve->row[i];

		table_add(&table, "%s", row->what);
		table_add(&table, "%s", row->name[0] ? row->name : "-");
		table_add(&table, "0x%" PRIx64, row->base);
		table_add(&table, "0x%" PRIx64, row->base + row->size - 1);
		table_add(&table, "%s", size_text(row->size));
	}
	table_end(&table, stdout);
}

void reserve_print_pools(const struct reserve *reserve, unsigned page_shift)
{
	static const char *const names[] = {
		">huge pages of",
		">node",
		">count",
		">memory",
	};
	struct table table;

	if (!reserve->pools.nr)
		return;
	table_begin(&table, 4, names);
	for (unsigned i = 0; i < reserve->pools.nr; i++) {
		const struct mu_huge_pool *pool = &reserve->pools.pools[i];
		mu_phys_t size = reserve_huge_size(reserve, pool, page_shift);

		table_add(&table, "%s", size_text(size));
		if (pool->nid == MU_NO_NODE)
			table_add(&table, "any");
		else
			table_add(&table, "%d", pool->nid);
		table_add(&table, "%s", count_text(pool->count));
		table_add(&table, "%s",
			  pool->count > UINT64_MAX / size
				  ? "more than there is"
				  : size_text(pool->count * size));
	}
	table_end(&table, stdout);
}

void reserve_json(FILE *out, const struct reserve *reserve, unsigned page_shift)
{
	fprintf(out, ",\"reservations\":[");
	for (unsigned i = 0; i < reserve->nr; i++) {
		const struct reserve_row *row = &reserve->row[i];

		fprintf(out, "%s{\"for\":\"%s\",\"name\":", i ? "," : "",
			row->what);
		json_string(out, row->name);
		fprintf(out,
			",\"start\":%" PRIu64 ",\"end\":%" PRIu64
			",\"shared\":%s}",
			row->base, row->base + row->size,
			row->shared ? "true" : "false");
	}
	fprintf(out, "],\"huge_pages\":[");
	for (unsigned i = 0; i < reserve->pools.nr; i++) {
		const struct mu_huge_pool *pool = &reserve->pools.pools[i];

		fprintf(out,
			"%s{\"page_size\":%" PRIu64 ",\"node\":", i ? "," : "",
			reserve_huge_size(reserve, pool, page_shift));
		if (pool->nid == MU_NO_NODE)
			fprintf(out, "null");
		else
			fprintf(out, "%d", pool->nid);
		fprintf(out, ",\"count\":%" PRIu64 "}", pool->count);
	}
	fprintf(out, "]");
}
