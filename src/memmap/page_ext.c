// SPDX-License-Identifier: MIT
/*
 * All page extensions of a machine, one after the other: see
 * include/memup/page_ext.h.
 */
#include "base/string.h"
#include "memmap/internal.h"
#include "memmap/track.h"

enum mu_status mu_ext_map(struct mu_memmap *memmap, mu_pfn_t start,
			  mu_pfn_t end)
{
	enum mu_status status = MU_OK;

	for (const struct mu_page_ext *ext = memmap->exts;
	     ext && status == MU_OK; ext = ext->next)
		if (ext->map)
			status = ext->map(ext->arg, start, end);
	return status;
}

void mu_ext_unmap(struct mu_memmap *memmap, mu_pfn_t start, mu_pfn_t end)
{
	for (const struct mu_page_ext *ext = memmap->exts; ext; ext = ext->next)
		if (ext->unmap)
			ext->unmap(ext->arg, start, end);
}

void mu_ext_raw(struct mu_memmap *memmap, mu_pfn_t start, mu_pfn_t end)
{
	for (const struct mu_page_ext *ext = memmap->exts; ext; ext = ext->next)
		mu_track_raw(mu_page_ext(ext, start),
			     (end - start) * ext->size);
}

void mu_ext_init(struct mu_memmap *memmap, mu_pfn_t start, mu_pfn_t end)
{
	for (const struct mu_page_ext *ext = memmap->exts; ext;
	     ext = ext->next) {
		void *at = mu_page_ext(ext, start);
		size_t bytes = (end - start) * ext->size;

		mu_track_written(at, bytes);
		if (ext->init)
			ext->init(ext->arg, start, end);
		else
			memset(at, 0, bytes);
	}
}
