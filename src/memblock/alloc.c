// SPDX-License-Identifier: MIT
/* alloc: find a place, by the documented order of fallbacks, and reserve it. */
#include "base/string.h"
#include "memblock/find.h"

#include "base/bits.h"
#include "base/fmt.h"

struct request {
	mu_phys_t size, align, start, end;
	int nid;
	bool exact_nid;
	void **virt; /* where a pointer is wanted */
};

/* Reserve [@base, @base + size); the pointer first, because it may fail. */
static enum mu_status take(struct mu_memblock *mb, const struct request *req,
			   mu_phys_t base, int nid)
{
	const struct mu_port *port = mb->port;
	enum mu_status status;
	void *virt = NULL;

	if (req->virt) {
		if (!port->phys_to_virt)
			return MU_ERR_UNSUPPORTED;
		virt = port->phys_to_virt(port->arg, base, req->size);
		if (!virt)
			return MU_ERR_NOMEM;
	}
	status = mu_memblock_reserve_node(mb, base, req->size, nid,
					  MU_MEMBLOCK_RSRV_KERN);
	if (!status && req->virt)
		*req->virt = virt;
	return status;
}

/* Steps 1 to 3 of the order in memup/memblock.h. */
static enum mu_status place(struct mu_memblock *mb, const struct request *req,
			    mu_phys_t *out)
{
	unsigned flags = mu_memblock_choose_flags(mb);
	int nid = req->nid;

	for (;;) {
		*out = mu_memblock_find(mb, req->size, req->align, req->start,
					req->end, nid, flags);
		if (*out)
			return take(mb, req, *out, nid);
		if (nid != MU_NO_NODE && !req->exact_nid) {
			nid = MU_NO_NODE;
		} else if (flags & MU_MEMBLOCK_MIRROR) {
			mu_log(mb->port, MU_LOG_WARN,
			       "memblock: no %llu bytes of mirrored memory",
			       (unsigned long long)req->size);
			flags &= ~MU_MEMBLOCK_MIRROR;
			nid = req->nid;
		} else {
			return MU_ERR_NOMEM;
		}
	}
}

static enum mu_status allocate(struct mu_memblock *mb, struct request *req,
			       mu_phys_t *out)
{
	enum mu_status status;
	mu_phys_t base;

	if (!req->size || (req->align && !mu_is_pow2(req->align)))
		return MU_ERR_INVALID;
	if (!mu_memblock_valid_nid(req->nid))
		return MU_ERR_RANGE;
	if (mb->late_free) {
		mu_log(mb->port, MU_LOG_WARN,
		       "memblock: asked for %llu bytes after the hand-over",
		       (unsigned long long)req->size);
		return MU_ERR_NOMEM;
	}
	if (!req->align) {
		mu_log(mb->port, MU_LOG_WARN,
		       "memblock: %llu bytes asked for without an alignment",
		       (unsigned long long)req->size);
		req->align = MU_CACHE_LINE;
	}
	if (req->end == MU_MEMBLOCK_ALLOC_ACCESSIBLE ||
	    (req->virt && req->end > mb->current_limit))
		req->end = mb->current_limit;

	status = place(mb, req, &base);
	if (status == MU_ERR_NOMEM && req->virt && req->start) {
		req->start = 0;
		status = place(mb, req, &base);
	}
	if (!status && out)
		*out = base;
	return status;
}

enum mu_status mu_memblock_alloc_range_nid(struct mu_memblock *mb,
					   mu_phys_t size, mu_phys_t align,
					   mu_phys_t start, mu_phys_t end,
					   int nid, bool exact_nid,
					   mu_phys_t *out)
{
	struct request req = {size, align, start, end, nid, exact_nid, NULL};

	return allocate(mb, &req, out);
}

enum mu_status mu_memblock_phys_alloc_range(struct mu_memblock *mb,
					    mu_phys_t size, mu_phys_t align,
					    mu_phys_t start, mu_phys_t end,
					    mu_phys_t *out)
{
	return mu_memblock_alloc_range_nid(mb, size, align, start, end,
					   MU_NO_NODE, false, out);
}

enum mu_status mu_memblock_phys_alloc(struct mu_memblock *mb, mu_phys_t size,
				      mu_phys_t align, mu_phys_t *out)
{
	return mu_memblock_phys_alloc_try_nid(mb, size, align, MU_NO_NODE, out);
}

enum mu_status mu_memblock_phys_alloc_try_nid(struct mu_memblock *mb,
					      mu_phys_t size, mu_phys_t align,
					      int nid, mu_phys_t *out)
{
	return mu_memblock_alloc_range_nid(mb, size, align, 0,
					   MU_MEMBLOCK_ALLOC_ACCESSIBLE, nid,
					   false, out);
}

enum mu_status mu_memblock_alloc_exact_nid_raw(struct mu_memblock *mb,
					       mu_phys_t size, mu_phys_t align,
					       mu_phys_t min_addr,
					       mu_phys_t max_addr, int nid,
					       void **out)
{
	struct request req = {size, align, min_addr, max_addr, nid, true, out};

	return allocate(mb, &req, NULL);
}

enum mu_status mu_memblock_alloc_try_nid_raw(struct mu_memblock *mb,
					     mu_phys_t size, mu_phys_t align,
					     mu_phys_t min_addr,
					     mu_phys_t max_addr, int nid,
					     void **out)
{
	struct request req = {size, align, min_addr, max_addr, nid, false, out};

	return allocate(mb, &req, NULL);
}

enum mu_status mu_memblock_alloc_try_nid(struct mu_memblock *mb, mu_phys_t size,
					 mu_phys_t align, mu_phys_t min_addr,
					 mu_phys_t max_addr, int nid,
					 void **out)
{
	enum mu_status status = mu_memblock_alloc_try_nid_raw(
		mb, size, align, min_addr, max_addr, nid, out);

	if (!status)
		memset(*out, 0, (size_t)size);
	return status;
}

enum mu_status mu_memblock_alloc_raw(struct mu_memblock *mb, mu_phys_t size,
				     mu_phys_t align, void **out)
{
	return mu_memblock_alloc_try_nid_raw(mb, size, align, 0,
					     MU_MEMBLOCK_ALLOC_ACCESSIBLE,
					     MU_NO_NODE, out);
}

enum mu_status mu_memblock_alloc_node(struct mu_memblock *mb, mu_phys_t size,
				      mu_phys_t align, int nid, void **out)
{
	return mu_memblock_alloc_try_nid(
		mb, size, align, 0, MU_MEMBLOCK_ALLOC_ACCESSIBLE, nid, out);
}

enum mu_status mu_memblock_alloc(struct mu_memblock *mb, mu_phys_t size,
				 mu_phys_t align, void **out)
{
	return mu_memblock_alloc_node(mb, size, align, MU_NO_NODE, out);
}

enum mu_status mu_memblock_alloc_from(struct mu_memblock *mb, mu_phys_t size,
				      mu_phys_t align, mu_phys_t min_addr,
				      void **out)
{
	return mu_memblock_alloc_try_nid(mb, size, align, min_addr,
					 MU_MEMBLOCK_ALLOC_ACCESSIBLE,
					 MU_NO_NODE, out);
}

enum mu_status mu_memblock_alloc_low(struct mu_memblock *mb, mu_phys_t size,
				     mu_phys_t align, void **out)
{
	return mu_memblock_alloc_try_nid(mb, size, align, 0, 4 * MU_GIB,
					 MU_NO_NODE, out);
}
