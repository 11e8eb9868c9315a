// SPDX-License-Identifier: MIT
/* Nodes, zones, what the boot gives back, and the account at the end. */
#include "kernel/consumers.h"
#include "kernel/cpu.h"
#include "kernel/kernel.h"
#include "kernel/run.h"
#include "kernel/tap.h"
#include "ports/bare/arch.h"

/* Does firmware say that @pfn is RAM of node @nid? */
static bool is_on(mu_pfn_t pfn, int nid)
{
	const struct mu_machine *machine = &kernel.machine;

	for (unsigned i = 0; i < machine->nr_ranges; i++) {
		const struct mu_range *range = &machine->ranges[i];

		if (range->type == MU_RANGE_RAM &&
		    pfn * PAGE - range->base < range->size)
			return range->nid == nid;
	}
	return false;
}

/* On each CPU: a page for no particular node is from its own, if possible. */
struct near {
	_Atomic unsigned far;
	_Atomic unsigned failed;
};

static void allocate_near(void *arg)
{
	struct mu_buddy *buddy = &kernel.mm.buddy;
	struct near *near = arg;
	int nid = mu_bare_this_cpu()->nid;
	mu_pfn_t pfn;

	if (mu_alloc_pages(buddy, MU_NO_NODE, 0, 0, &pfn) != MU_OK) {
		near->failed++;
		return;
	}
	if (buddy->nodes[nid].preferred[MU_ZONE_NORMAL] && !is_on(pfn, nid))
		near->far++;
	if (mu_free_pages(buddy, pfn, 0) != MU_OK)
		near->failed++;
}

static enum result nodes(void)
{
	struct mu_buddy *buddy = &kernel.mm.buddy;
	struct near near = {0};

	for (unsigned nid = 0; nid < buddy->nr_nodes; nid++) {
		const struct mu_node *node = &buddy->nodes[nid];
		unsigned flags = MU_ALLOC_THISNODE | MU_ALLOC_MOVABLE;
		enum mu_status status;
		mu_pfn_t pfn;

		status = mu_alloc_pages(buddy, (int)nid, 0, flags, &pfn);
		if (!node->present_pages) {
			CHECK(status == MU_ERR_NOMEM);
			CHECK_OK(mu_alloc_pages(buddy, (int)nid, 0, 0, &pfn));
		} else {
			CHECK(status == MU_OK);
			CHECK(is_on(pfn, (int)nid));
			CHECK(mu_page_nid(buddy,
					  mu_pfn_to_page(&kernel.mm.memmap,
							 pfn)) == (int)nid);
		}
		CHECK_OK(mu_free_pages(buddy, pfn, 0));
	}
	run_everywhere(allocate_near, &near);
	CHECK(!near.failed);
	CHECK(!near.far);
	return TEST_OK;
}

const struct test test_nodes = {"pages come from the node that was asked for",
				nodes};

static bool has_memory_below(mu_phys_t end)
{
	const struct mu_buddy *buddy = &kernel.mm.buddy;

	for (unsigned i = 0; i < buddy->nr_zones; i++)
		if (buddy->zones[i].managed_pages &&
		    buddy->zones[i].start_pfn * PAGE < end)
			return true;
	return false;
}

static enum result zones(void)
{
	static const struct {
		unsigned flags;
		mu_phys_t end;
	} kinds[] = {
		{MU_ALLOC_DMA | MU_ALLOC_RESERVES, 16 * MU_MIB},
		{MU_ALLOC_DMA32 | MU_ALLOC_RESERVES, 4 * MU_GIB},
		{0, MU_PHYS_MAX},
		{MU_ALLOC_MOVABLE, MU_PHYS_MAX},
	};
	struct mu_buddy *buddy = &kernel.mm.buddy;

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		mu_pfn_t pfn;

		if (!has_memory_below(kinds[i].end)) {
			CHECK(mu_alloc_pages(buddy, MU_NO_NODE, 0,
					     kinds[i].flags,
					     &pfn) == MU_ERR_NOMEM);
			continue;
		}
		CHECK_OK(mu_alloc_pages(buddy, MU_NO_NODE, 0, kinds[i].flags,
					&pfn));
		CHECK(pfn && pfn * PAGE < kinds[i].end);
		CHECK_OK(mu_free_pages(buddy, pfn, 0));
		CHECK(mu_free_pages(buddy, pfn, 0) == MU_ERR_NOT_ALLOCATED);
	}
	return TEST_OK;
}

const struct test test_zones = {"zones keep their limits", zones};

/* What CPUs started from or a device tree, and what reserve_mem= kept as
 * "boot". */
static enum result free_reserved(void)
{
	struct mu_mm *mm = &kernel.mm;
	uint64_t claims = mu_deferred_stats(&mm->deferred).claims;
	mu_phys_t base = kernel.kept.base, size = kernel.kept.size;
	struct mu_census before, after;

	if (!size)
		SKIP("the boot has kept nothing");
	CHECK_OK(mu_validate(mm, &before, NULL));
	CHECK(mu_page_state(mm, base / PAGE) == MU_STATE_RESERVED);
	CHECK_OK(mu_free_reserved(mm, base, size));
	kernel.kept.size = 0;
	CHECK(mu_page_state(mm, base / PAGE) == MU_STATE_ONLINE);
	CHECK(mu_free_reserved(mm, base, size) == MU_ERR_NOT_ALLOCATED);
	CHECK_OK(mu_validate(mm, &after, NULL));
	CHECK(after.reserved == before.reserved - size / PAGE);
	CHECK(after.free + after.pristine ==
	      before.free + before.pristine + size / PAGE);
	before = after;
	if (mu_memblock_reserve_mem_find(&mm->memblock, "boot", &base, &size) !=
	    MU_OK)
		return TEST_OK;
	CHECK_OK(mu_free_reserved(mm, base, size));
	CHECK_OK(mu_validate(mm, &after, NULL));
	CHECK(after.reserved == before.reserved - size / PAGE);
	/* Whole blocks of it are pristine, and nobody has touched them. */
	CHECK(mu_deferred_stats(&mm->deferred).claims == claims);
	return TEST_OK;
}

const struct test test_free_reserved = {"what the boot kept is given back",
					free_reserved};

static enum result everything_back(void)
{
	struct mu_error error = {0};
	struct mu_census census;

	CHECK(consumers_free());
	if (mu_validate(&kernel.mm, &census, &error) != MU_OK) {
		log_plain("# %s", error.text);
		return TEST_FAILED;
	}
	log_plain("# census: %lu allocated, %lu free, %lu pristine, %lu "
		  "reserved, %lu device, %lu hole",
		  census.allocated, census.free, census.pristine,
		  census.reserved, census.device, census.hole);
	CHECK(!census.busy);
	CHECK(!census.device);
	CHECK(census.allocated == kernel.held_pages);
	CHECK(census.total == census.allocated + census.free + census.pristine +
				      census.reserved + census.hole);
	return TEST_OK;
}

const struct test test_everything_back = {
	"all is given back, and every page is accounted for", everything_back};
