// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include "base/bits.h"
#include "tests/alike.h"

#define WORLDS 4
#define LIVE   6000

struct live {
	mu_pfn_t pfn[WORLDS];
	unsigned order;
};

/* The same request to all: the same answer, and from the same zone. */
static bool alloc_all(struct world *worlds, int nid, unsigned order,
		      unsigned flags, struct live *live)
{
	enum mu_status first = MU_OK;
	uint32_t zone = 0;

	live->order = order;
	for (unsigned w = 0; w < WORLDS; w++) {
		enum mu_status status = mu_alloc_pages(
			&worlds[w].mm.buddy, nid, order, flags, &live->pfn[w]);
		uint32_t id = 0;

		if (status == MU_OK)
			id = world_zone_of(&worlds[w], live->pfn[w])->id;
		if (w == 0) {
			first = status;
			zone = id;
		}
		assert_int_equal(status, first);
		assert_int_equal(id, zone);
	}
	return first == MU_OK;
}

void alike_run(uint64_t seed, const char *machine, unsigned cpus,
	       unsigned cache_pages)
{
	struct live *live = malloc(LIVE * sizeof(*live));
	struct world *worlds = calloc(WORLDS, sizeof(*worlds));
	unsigned nr = 0, refused = 0, small = 0;

	assert_non_null(live);
	assert_non_null(worlds);
	for (unsigned w = 0; w < WORLDS; w++) {
		world_init(&worlds[w], machine, world_policies[MU_MIN(w, 2)]);
		worlds[w].config.dma_limit = 8 * MU_MIB;
		worlds[w].config.dma32_limit = 34 * MU_MIB;
		worlds[w].config.movablecore = 13 * MU_MIB;
		worlds[w].config.min_free_pages = 700;
		worlds[w].config.cache_pages = cache_pages;
		world_start(&worlds[w]);
	}
	for (unsigned step = 0; step < 20000; step++) {
		static const unsigned zones[4] = {
			0, MU_ALLOC_DMA, MU_ALLOC_DMA32, MU_ALLOC_MOVABLE};
		/* Waves of more and of less, and mostly small. */
		bool grow = world_random(&seed, 100) <
			    (step / 2000 % 2 ? 45u : 60u);
		unsigned cpu = (unsigned)world_random(&seed, cpus);

		for (unsigned w = 0; w < WORLDS; w++)
			mu_hosted_set_cpu(worlds[w].hosted, cpu);
		/* One of the deferred machines is finished on the way. */
		if (step == 3000)
			assert_int_equal(mu_mm_finish(&worlds[1].mm, 1), MU_OK);
		if (grow && nr < LIVE) {
			unsigned order = (unsigned)world_random(
				&seed, 1 + world_random(&seed, MU_NR_ORDERS));
			unsigned flags = zones[world_random(&seed, 4)];

			flags |= (unsigned)world_random(&seed, 8) << 3;
			if (alloc_all(worlds, (int)world_random(&seed, 2),
				      order, flags, &live[nr])) {
				nr++;
			} else {
				refused++;
				small += order > 0 && order < 6;
			}
		} else if (nr) {
			unsigned at = (unsigned)world_random(&seed, nr);

			for (unsigned w = 0; w < WORLDS; w++)
				assert_int_equal(
					mu_free_pages(&worlds[w].mm.buddy,
						      live[at].pfn[w],
						      live[at].order),
					MU_OK);
			live[at] = live[--nr];
		}
	}
	/* A run in which nobody was refused would show nothing. */
	assert_true(refused > 100 && small > 0);
	for (unsigned w = 0; w < WORLDS; w++) {
		mu_hosted_set_cpu(worlds[w].hosted, 0);
		world_destroy(&worlds[w]);
	}
	free(worlds);
	free(live);
}
