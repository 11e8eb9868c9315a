// SPDX-License-Identifier: MIT
/* dump: the tables as text, line for line in Linux's formats, so that programs
 * which read a kernel's log can read ours. */
#include "memblock/table.h"

#include "base/bits.h"
#include "base/fmt.h"

static void dump(const struct mu_memblock *mb,
		 const struct mu_memblock_type *type)
{
	mu_log(mb->port, MU_LOG_INFO, " %s.cnt  = 0x%x", type->name, type->cnt);
	for (unsigned i = 0; i < type->cnt; i++) {
		const struct mu_memblock_region *region = &type->regions[i];
		char node[24] = "";

		if (region->nid != MU_NO_NODE)
			mu_snprintf(node, sizeof(node), " on node %d",
				    region->nid);
		mu_log(mb->port, MU_LOG_INFO,
		       " %s[0x%x]\t[0x%016llx-0x%016llx], 0x%016llx bytes%s "
		       "flags: 0x%x",
		       type->name, i, (unsigned long long)region->base,
		       (unsigned long long)(mu_region_end(region) - 1),
		       (unsigned long long)region->size, node, region->flags);
	}
}

void mu_memblock_dump_all(const struct mu_memblock *mb)
{
	mu_log(mb->port, MU_LOG_INFO, "MEMBLOCK configuration:");
	mu_log(mb->port, MU_LOG_INFO,
	       " memory size = 0x%016llx reserved size = 0x%016llx",
	       (unsigned long long)mb->memory.total_size,
	       (unsigned long long)mb->reserved.total_size);
	dump(mb, &mb->memory);
	dump(mb, &mb->reserved);
	if (mb->physmem.cnt)
		dump(mb, &mb->physmem);
}

static const char flag_names[][12] = {
	"HOTPLUG",  "MIRROR",	   "NOMAP",   "DRV_MNG", "RSV_NIT",
	"RSV_KERN", "KHO_SCRATCH", "OFFLINE", "KERNEL",	 "MOVABLE",
};

void mu_memblock_dump_type(const struct mu_memblock *mb,
			   const struct mu_memblock_type *type)
{
	for (unsigned i = 0; i < type->cnt; i++) {
		const struct mu_memblock_region *region = &type->regions[i];
		char node[12] = "x", flags[96] = "";
		size_t len = 0;

		if (region->nid != MU_NO_NODE)
			mu_snprintf(node, sizeof(node), "%d", region->nid);
		for (unsigned bit = 0; bit < MU_ARRAY_SIZE(flag_names); bit++) {
			if (region->flags >> bit & 1)
				len += mu_snprintf(flags + len,
						   sizeof(flags) - len, "%s%s",
						   len ? "|" : "",
						   flag_names[bit]);
		}
		mu_log(mb->port, MU_LOG_INFO,
		       "%4u: 0x%016llx..0x%016llx %4s %s", i,
		       (unsigned long long)region->base,
		       (unsigned long long)(mu_region_end(region) - 1), node,
		       len ? flags : "NONE");
	}
}
