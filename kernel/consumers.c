// SPDX-License-Identifier: MIT
#include "kernel/consumers.h"
#include "kernel/format.h"
#include "kernel/kernel.h"
#include "kernel/layout.h"
#include "kernel/log.h"

/* The trace buffers, and all huge pages as a chain through private_data, the
 * holder's word: no further memory is needed however many there are. */
static struct mu_early trace = {.first = MU_NO_PFN, .last = MU_NO_PFN};
static mu_pfn_t huge = MU_NO_PFN;

static void take_trace(void)
{
	enum mu_status status = mu_early_trace(
		&kernel.mm, kernel.options.trace_bytes, NULL, 0, &trace);

	if (status != MU_OK) {
		log_err("trace_buf_size: %s for each of %u CPUs: %s",
			size_text(kernel.options.trace_bytes).text,
			kernel.bare.nr_cpus, mu_status_str(status));
		return;
	}
	log_info("trace_buf_size: %s in %lu pages",
		 size_text(trace.pages * PAGE).text, trace.allocations);
	tell_growth("trace buffers");
}

static unsigned order_of(mu_phys_t size)
{
	return size ? mu_ctz(size) - BARE_PAGE_SHIFT : MU_HUGE_ORDER;
}

static void take_huge(const struct mu_huge_pool *pool)
{
	unsigned order = order_of(
		pool->size ? pool->size : kernel.options.huge.default_size);
	int nid = pool->nid;
	uint64_t got = 0;
	mu_pfn_t pfn;

	if (order != MU_HUGE_ORDER && order != MU_GIGANTIC_ORDER) {
		log_err("hugepages: pages of %s are none of this machine's",
			size_text(pool->size).text);
		return;
	}
	for (; got < pool->count; got++) {
		if (!mu_alloc_huge(&kernel.mm.deferred, nid, order,
				   MU_ALLOC_MOVABLE, 1, &pfn))
			break;
		mu_pfn_to_page(&kernel.mm.memmap, pfn)->private_data = huge;
		huge = pfn;
	}
	if (got < pool->count)
		log_warn("hugepages: %lu of %lu pages of %s", got, pool->count,
			 size_text((uint64_t)PAGE << order).text);
	else
		log_info("hugepages: %lu pages of %s", got,
			 size_text((uint64_t)PAGE << order).text);
	tell_growth("huge pages");
}

void consumers_take(void)
{
	if (kernel.options.trace_bytes)
		take_trace();
	for (unsigned i = 0; i < kernel.options.huge.nr; i++)
		if (kernel.options.huge.pools[i].count)
			take_huge(&kernel.options.huge.pools[i]);
}

bool consumers_free(void)
{
	if (mu_early_free(&kernel.mm, &trace) != MU_OK)
		return false;
	while (huge != MU_NO_PFN) {
		const struct mu_page *page =
			mu_pfn_to_page(&kernel.mm.memmap, huge);
		mu_pfn_t next = page->private_data;

		if (mu_free_pages(&kernel.mm.buddy, huge, page->order) != MU_OK)
			return false;
		huge = next;
	}
	return true;
}
