// SPDX-License-Identifier: MIT
/*
 * Page extensions: there for each page that has a descriptor, once, and for no
 * other.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "tests/world.h"

/* What an extension of these tests holds, and what init() puts there. */
struct mark {
	uint64_t pfn;
	uint32_t times;
};

struct client {
	struct mu_page_ext ext;
	size_t bytes;
	unsigned maps_left; /* before map() fails */
	bool overlap;	    /* init() crossed a block */
};

static enum mu_status map(void *arg, mu_pfn_t start, mu_pfn_t end)
{
	struct client *client = arg;
	size_t size = client->ext.size, page = (size_t)sysconf(_SC_PAGESIZE);
	size_t from = start * size & ~(page - 1);

	if (!client->maps_left)
		return MU_ERR_NOMEM;
	client->maps_left--;
	if (mprotect((char *)client->ext.base + from, end * size - from,
		     PROT_READ | PROT_WRITE))
		return MU_ERR_NOMEM;
	return MU_OK;
}

static void init(void *arg, mu_pfn_t start, mu_pfn_t end)
{
	struct client *client = arg;

	if (start / MU_BLOCK_PAGES != (end - 1) / MU_BLOCK_PAGES)
		client->overlap = true;
	for (mu_pfn_t pfn = start; pfn < end; pfn++) {
		struct mark *mark = mu_page_ext(&client->ext, pfn);

		mark->pfn = pfn;
		mark->times++;
	}
}

/* An array for @pages pages, of which none is accessible. */
static void client_create(struct client *client, size_t size, uint64_t pages)
{
	memset(client, 0, sizeof(*client));
	client->bytes = pages * size;
	client->maps_left = UINT32_MAX;
	client->ext.size = size;
	client->ext.span = client->bytes;
	client->ext.base =
		mmap(NULL, client->bytes, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	client->ext.arg = client;
	client->ext.map = map;
	assert_ptr_not_equal(client->ext.base, MAP_FAILED);
}

/* AddressSanitizer's marks stay behind when memory is unmapped. */
#if TEST_ASAN
void __asan_unpoison_memory_region(void const volatile *addr, size_t size);
#endif

static void client_destroy(struct client *client)
{
#if TEST_ASAN
	__asan_unpoison_memory_region(client->ext.base, client->bytes);
#endif
	munmap(client->ext.base, client->bytes);
}

/* Every page that has a descriptor was initialised once. How many there are. */
static uint64_t check(const struct world *world, const struct client *client)
{
	mu_pfn_t end = world->mm.memmap.end_pfn, pfn = 0;
	uint64_t pages = 0;

	for (; (pfn = mu_memmap_next(&world->mm.memmap, pfn, end)) < end;
	     pfn++) {
		const struct mark *mark = mu_page_ext(&client->ext, pfn);

		assert_int_equal(mark->pfn, pfn);
		assert_int_equal(mark->times, 1);
		pages++;
	}
	assert_false(client->overlap);
	assert_int_equal(pages, world->mm.memmap.written_pages);
	return pages;
}

#define PAGES (4u << 18)

/* Ragged ends, whole blocks alone and in batches, reserved memory, huge pages
 * that are split and freed, a gigantic one that dissolves. */
static void once_for_each_descriptor(void **state)
{
	(void)state;
	for (unsigned p = 0; p < 6; p++) {
		struct world world;
		struct client client;
		mu_pfn_t huge[3], gigantic;

		client_create(&client, sizeof(struct mark), PAGES);
		client.ext.init = init;
		world_init(&world, "2500M@1M/2,-76K@200M",
			   world_policies[p / 2]);
		world.config.batch = p % 2 ? 32 : 1;
		assert_int_equal(mu_mm_add_page_ext(&world.mm, &client.ext),
				 MU_OK);
		assert_int_equal(mu_memblock_reserve(&world.mm.memblock,
						     300 << 20, 9 << 20, 0),
				 MU_OK);
		world_start(&world);
		check(&world, &client);
		if (p / 2 == MU_POLICY_EAGER) {
			world_destroy(&world);
			client_destroy(&client);
			continue;
		}
		assert_int_equal(mu_alloc_huge(&world.mm.deferred, 0,
					       MU_HUGE_ORDER, 0, 3, huge),
				 3);
		assert_int_equal(mu_alloc_huge(&world.mm.deferred, 0,
					       MU_GIGANTIC_ORDER, 0, 1,
					       &gigantic),
				 1);
		check(&world, &client);
		assert_int_equal(mu_split_pages(&world.mm.buddy, huge[0],
						MU_HUGE_ORDER, 3),
				 MU_OK);
		assert_int_equal(mu_init_now(&world.mm, 300 << 8, 301 << 8),
				 MU_OK);
		check(&world, &client);
		for (unsigned i = 0; i < 64; i++)
			assert_int_equal(
				mu_free_pages(&world.mm.buddy,
					      huge[0] + (mu_pfn_t)i * 8, 3),
				MU_OK);
		for (unsigned i = 1; i < 3; i++)
			assert_int_equal(mu_free_pages(&world.mm.buddy, huge[i],
						       MU_HUGE_ORDER),
					 MU_OK);
		assert_int_equal(mu_free_pages(&world.mm.buddy, gigantic,
					       MU_GIGANTIC_ORDER),
				 MU_OK);
		assert_int_equal(mu_mm_finish(&world.mm, 2), MU_OK);
		assert_true(check(&world, &client) > 2400 << 8);
		world_destroy(&world);
		client_destroy(&client);
	}
}

/* Without an init() the bytes are zero, and only where they are in use is
 * there memory: what is pristine would fault. Two extensions, odd sizes. */
static void zeroed_and_not_before(void **state)
{
	struct client small, large;
	struct world world;
	mu_pfn_t pfn;

	(void)state;
	client_create(&small, 3, PAGES);
	client_create(&large, 200, PAGES);
	world_init(&world, "1G", MU_POLICY_LAZY);
	assert_int_equal(mu_mm_add_page_ext(&world.mm, &small.ext), MU_OK);
	assert_int_equal(mu_mm_add_page_ext(&world.mm, &large.ext), MU_OK);
	world_start(&world);
	for (unsigned i = 0; i < 3000; i++) {
		const uint8_t *bytes;

		assert_int_equal(mu_alloc_pages(&world.mm.buddy, 0, 0, 0, &pfn),
				 MU_OK);
		bytes = mu_page_ext(&small.ext, pfn);
		assert_int_equal(bytes[0] | bytes[1] | bytes[2], 0);
		bytes = mu_page_ext(&large.ext, pfn);
		for (unsigned j = 0; j < 200; j++)
			assert_int_equal(bytes[j], 0);
		memset(mu_page_ext(&small.ext, pfn), 0xff, 3);
		assert_int_equal(mu_free_pages(&world.mm.buddy, pfn, 0), MU_OK);
		/* It is the client's: it stays when the page is free. */
		assert_int_equal(*(uint8_t *)mu_page_ext(&small.ext, pfn),
				 0xff);
		memset(mu_page_ext(&small.ext, pfn), 0, 3);
	}
	world_destroy(&world);
	client_destroy(&small);
	client_destroy(&large);
}

/* map() fails at the n-th call: the blocks stay pristine, the machine is sound,
 * and when there is memory again nothing is missing. */
static void map_fails(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 20; n++) {
		struct world world;
		struct client client;

		client_create(&client, sizeof(struct mark), PAGES);
		client.ext.init = init;
		client.maps_left = n;
		world_init(&world, "512M@4M/2,-5M@300M", world_policies[n % 3]);
		assert_int_equal(mu_mm_add_page_ext(&world.mm, &client.ext),
				 MU_OK);
		if (world_try_start(&world) == MU_OK) {
			enum mu_status status = mu_mm_finish(&world.mm, 2);

			assert_true(status == MU_OK || status == MU_ERR_NOMEM);
			check(&world, &client);
			world_validate(&world, NULL);
			client.maps_left = UINT32_MAX;
			assert_int_equal(mu_mm_finish(&world.mm, 2), MU_OK);
			check(&world, &client);
		} else {
			assert_int_equal(client.maps_left, 0);
		}
		world_destroy(&world);
		client_destroy(&client);
	}
}

static void refused(void **state)
{
	struct mu_page_ext ext = {.size = 8, .base = (void *)0x1000};
	struct world world;

	(void)state;
	world_init(&world, "64M", MU_POLICY_LAZY);
	ext.size = 0;
	assert_int_equal(mu_mm_add_page_ext(&world.mm, &ext), MU_ERR_INVALID);
	ext.size = 8;
	ext.base = NULL;
	assert_int_equal(mu_mm_add_page_ext(&world.mm, &ext), MU_ERR_INVALID);
	ext.base = (void *)0x1004;
	assert_int_equal(mu_mm_add_page_ext(&world.mm, &ext), MU_ERR_INVALID);
	assert_null(world.mm.exts);
	world_start(&world);
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(once_for_each_descriptor),
		cmocka_unit_test(zeroed_and_not_before),
		cmocka_unit_test(map_fails),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
