// SPDX-License-Identifier: MIT
#include "memmap/blocks.h"
#include "tests/bare_memmap.h"

#include <stdlib.h>
#include <string.h>

void bare_init(struct bare *bare, const char *machine, unsigned page_shift,
	       unsigned nr_ragged)
{
	struct mu_memblock *memblock = &bare->world.mm.memblock;
	size_t bytes;

	world_init_machine(&bare->world, world_machine(machine, page_shift),
			   MU_POLICY_LAZY, world_backing());
	bytes = mu_memmap_size(memblock, page_shift, NULL, nr_ragged);
	assert_true(bytes > 0);
	bare->buf = aligned_alloc(64, (bytes + 63) & ~(size_t)63);
	assert_non_null(bare->buf);
	memset(bare->buf, 0x5a, bytes);
	assert_int_equal(mu_memmap_init(&bare->memmap, &bare->world.port,
					mu_hosted_memmap(bare->world.hosted),
					memblock, page_shift, NULL, bare->buf,
					bytes, nr_ragged),
			 MU_OK);
}

void bare_destroy(struct bare *bare)
{
	free(bare->buf);
	world_destroy(&bare->world);
}

void bare_online(struct bare *bare, mu_pfn_t start, uint16_t zone)
{
	assert_int_equal(mu_memmap_back(&bare->memmap, start), MU_OK);
	mu_memmap_init_block(&bare->memmap, start, zone, MU_PAGE_TAIL);
	mu_memmap_publish(&bare->memmap, start);
}
