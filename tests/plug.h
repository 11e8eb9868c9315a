/* SPDX-License-Identifier: MIT */
/*
 * plug: a machine that memory can be added to, for the tests of hotplug.
 */
#ifndef TESTS_PLUG_H
#define TESTS_PLUG_H

#include "tests/world.h"

#define SECTION ((mu_phys_t)128 * MU_MIB)
#define BLOCK	((mu_phys_t)4 * MU_MIB)
#define PAGE	((mu_phys_t)4 * MU_KIB)

/* Where tests add memory: past 4 GiB, at a GiB. */
#define PLUG_AT (8 * MU_GIB)

/* @text with limits of 1 TiB, 4 nodes and 8 ranges, one zone below them. */
void plug_init(struct world *world, const char *text, enum mu_policy policy);
void plug_up(struct world *world, const char *text, enum mu_policy policy);

/* What must go well; each validates. */
#define plug_add(world, base, size, nid, online) \
	plug_add_at(world, base, size, nid, online, 0, __FILE__, __LINE__)
#define plug_add_hosted(world, base, size, nid, online)                      \
	plug_add_at(world, base, size, nid, online, MU_ADD_HOSTED, __FILE__, \
		    __LINE__)
#define plug_online(world, base, size, online) \
	plug_online_at(world, base, size, online, __FILE__, __LINE__)
#define plug_offline(world, base, size) \
	plug_offline_at(world, base, size, __FILE__, __LINE__)
#define plug_remove(world, base, size) \
	plug_remove_at(world, base, size, __FILE__, __LINE__)
void plug_add_at(struct world *world, mu_phys_t base, mu_phys_t size, int nid,
		 enum mu_online online, unsigned flags, const char *file,
		 int line);
void plug_online_at(struct world *world, mu_phys_t base, mu_phys_t size,
		    enum mu_online online, const char *file, int line);
void plug_offline_at(struct world *world, mu_phys_t base, mu_phys_t size,
		     const char *file, int line);
void plug_remove_at(struct world *world, mu_phys_t base, mu_phys_t size,
		    const char *file, int line);

/* @call must be refused with @status and change nothing. */
#define plug_refused(world, call, expected)                        \
	do {                                                       \
		struct plug_image plug_before;                     \
                                                                   \
		plug_take(world, &plug_before);                    \
		(world)->error.text[0] = 0;                        \
		assert_int_equal(call, expected);                  \
		assert_int_equal((world)->error.status, expected); \
		plug_compare(world, &plug_before);                 \
	} while (0)

/* All that a change that fails must leave alone. */
struct plug_image {
	struct mu_census census;
	uint64_t managed, backed, written;
	unsigned nr_regions;
	struct mu_memblock_region regions[256];
	mu_pfn_t spans[64][2];
	uint64_t marks[64][MU_NR_WMARKS];
};
void plug_take(struct world *world, struct plug_image *image);
void plug_compare(struct world *world, const struct plug_image *image);

/* Does world.error tell of the range [@base, @base + @size)? */
void plug_expect_text(struct world *world, mu_phys_t base, mu_phys_t size);

enum mu_page_state plug_state(struct world *world, mu_phys_t addr);

/*
 * A client that keeps what it allocated in a list, and gives it back when
 * hotplug asks: by freeing it after it allocated another page of the order.
 */
#define PLUG_HELD 4096
struct plug_client {
	struct world *world;
	struct mu_lock lock;
	struct {
		mu_pfn_t pfn; /* 0: none */
		unsigned order;
		bool pinned; /* not to be given back */
	} held[PLUG_HELD];
	unsigned asked, moved;
	enum mu_status refuse[MU_STAYS_ONLINE + 1]; /* what event() says */
	unsigned events[MU_STAYS_ONLINE + 1];
	struct mu_hotplug_range last;
};
/* It is asked from now on. */
void plug_client_init(struct plug_client *client, struct world *world);
/* Allocate; false when there is none or no room in the list. */
bool plug_client_take(struct plug_client *client, unsigned at, int nid,
		      unsigned order, unsigned flags);
bool plug_client_give(struct plug_client *client, unsigned at);
void plug_client_give_all(struct plug_client *client);

#endif
