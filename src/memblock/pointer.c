// SPDX-License-Identifier: MIT
/* pointer: allocations by their pointers. */
#include "memblock/table.h"

#include "base/assert.h"
#include "base/fmt.h"

void *mu_memblock_alloc_or_panic_for(struct mu_memblock *mb, mu_phys_t size,
				     mu_phys_t align, const char *who)
{
	void *virt = NULL;
	enum mu_status status = mu_memblock_alloc(mb, size, align, &virt);
	char line[160];

	if (!status)
		return virt;
	mu_snprintf(line, sizeof(line),
		    "%s: memblock has no %llu bytes aligned to %llu: %s", who,
		    (unsigned long long)size, (unsigned long long)align,
		    mu_status_str(status));
	mu_panic(mb->port, line);
	return NULL;
}

enum mu_status mu_memblock_free(struct mu_memblock *mb, void *virt,
				mu_phys_t size)
{
	const struct mu_port *port = mb->port;
	const struct mu_memblock_region *region;

	if (!port->phys_to_virt)
		return MU_ERR_UNSUPPORTED;
	mu_for_each_reserved_mem_region (mb, region) {
		uintptr_t at = (uintptr_t)virt, start;
		void *first = NULL;

		if (region->flags & MU_MEMBLOCK_RSRV_KERN)
			first = port->phys_to_virt(port->arg, region->base,
						   region->size);
		start = (uintptr_t)first;
		if (first && at >= start && at - start < region->size &&
		    size <= region->size - (at - start))
			return mu_memblock_phys_free(
				mb, region->base + (at - start), size);
	}
	return MU_ERR_NOT_FOUND;
}
