// SPDX-License-Identifier: MIT
/* Sections, descriptors and what may be read of them. */
#include "memmap/blocks.h"
#include "tests/bare_memmap.h"

#include "base/bits.h"

static mu_pfn_t pfn_at(mu_phys_t address)
{
	return address >> MU_PAGE_SHIFT_MIN;
}

/* A leaf comes to life with the first block in its 128 GiB. */
static void leaves(void **state)
{
	struct bare bare;
	struct mu_memmap *memmap = &bare.memmap;
	const mu_pfn_t far = pfn_at(256 * MU_GIB), last = pfn_at(2 * MU_TIB);

	(void)state;
	bare_init(&bare, "1G@0+1G@256G+4M@2T", 12, 0);
	assert_int_equal(memmap->nr_root, 17);
	assert_int_equal(memmap->nr_leaves, 3);
	assert_int_equal(memmap->leaves_used, 0);
	assert_int_equal(memmap->end_pfn, last + MU_BLOCK_PAGES);
	assert_null(mu_memmap_section(memmap, 0));
	assert_null(mu_memmap_section(memmap, far));

	bare_online(&bare, far + MU_SECTION_PAGES, 7);
	assert_int_equal(memmap->leaves_used, 1);
	assert_null(mu_memmap_section(memmap, 0));
	assert_null(mu_memmap_section(memmap, last));
	assert_non_null(mu_memmap_section(memmap, far));
	assert_null(mu_memmap_section(memmap, far - 1));
	assert_null(mu_memmap_section(memmap, far + pfn_at(128 * MU_GIB)));
	/* Another block of the same 128 GiB: the same leaf. */
	bare_online(&bare, far, 7);
	assert_int_equal(memmap->leaves_used, 1);
	assert_ptr_equal(mu_memmap_section(memmap, far) + 1,
			 mu_memmap_section(memmap, far + MU_SECTION_PAGES));
	bare_online(&bare, last, 7);
	bare_online(&bare, 0, 7);
	assert_int_equal(memmap->leaves_used, 3);
	assert_int_equal(memmap->written_pages, 4 * MU_BLOCK_PAGES);
	bare_destroy(&bare);
}

static void leaves_of_ranges(void **state)
{
	static const struct {
		const char *machine;
		unsigned page_shift, leaves, root;
	} cases[] = {
		{"1G@0+1G@64G", 12, 1, 1},
		{"300G", 12, 3, 3},
		{"4K@128G", 12, 1, 2},
		{"256G@128G", 12, 2, 3},
		{"4K@0+4K@127G+256G@127G", 12, 3, 3},
		{"4T", 16, 2, 2},
		{"1G@0+1G@2T", 16, 2, 2},
		{"1G", 14, 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < MU_ARRAY_SIZE(cases); i++) {
		struct bare bare;

		bare_init(&bare, cases[i].machine, cases[i].page_shift, 1);
		assert_int_equal(bare.memmap.nr_leaves, cases[i].leaves);
		assert_int_equal(bare.memmap.nr_root, cases[i].root);
		bare_destroy(&bare);
	}
}

static void lookups(void **state)
{
	struct bare bare;
	struct mu_memmap *memmap = &bare.memmap;
	const mu_pfn_t block = 5 * MU_BLOCK_PAGES;

	(void)state;
	bare_init(&bare, "1G@0+1G@2G", 12, 0);
	assert_null(mu_memmap_lookup(memmap, block));
	assert_int_equal(mu_memmap_back(memmap, block), MU_OK);
	assert_null(mu_memmap_lookup(memmap, block));
	mu_memmap_init_block(memmap, block, 3, MU_PAGE_TAIL);
	assert_null(mu_memmap_lookup(memmap, block));
	mu_memmap_publish(memmap, block);

	assert_null(mu_memmap_lookup(memmap, block - 1));
	assert_null(mu_memmap_lookup(memmap, block + MU_BLOCK_PAGES));
	for (mu_pfn_t pfn = block; pfn < block + MU_BLOCK_PAGES; pfn++) {
		struct mu_page *page = mu_memmap_lookup(memmap, pfn);

		assert_ptr_equal(page, mu_pfn_to_page(memmap, pfn));
		assert_int_equal(mu_page_to_pfn(memmap, page), pfn);
		assert_int_equal(page->state, MU_PAGE_TAIL);
		assert_int_equal(page->zone, 3);
		assert_int_equal(page->order, 0);
	}
	/* A hole, past the map, past everything. */
	assert_null(mu_memmap_lookup(memmap, pfn_at(3 * MU_GIB / 2)));
	assert_null(mu_memmap_lookup(memmap, memmap->end_pfn));
	assert_null(mu_memmap_lookup(memmap, pfn_at(MU_PHYS_MAX)));
	assert_null(mu_memmap_lookup(memmap, UINT64_MAX));
	assert_false(mu_memmap_online(memmap, MU_NO_PFN));
	bare_destroy(&bare);
}

/* A block is written whole, and its neighbours not at all. */
static void block_borders(void **state)
{
	struct bare bare;
	struct mu_memmap *memmap = &bare.memmap;

	(void)state;
	bare_init(&bare, "256M", 12, 0);
	for (mu_pfn_t at = MU_SECTION_PAGES - 2 * MU_BLOCK_PAGES;
	     at < MU_SECTION_PAGES + 2 * MU_BLOCK_PAGES;
	     at += 2 * MU_BLOCK_PAGES)
		bare_online(&bare, at, (uint16_t)(at >> MU_BLOCK_ORDER));
	for (mu_pfn_t at = MU_SECTION_PAGES - MU_BLOCK_PAGES;
	     at < MU_SECTION_PAGES + 2 * MU_BLOCK_PAGES;
	     at += 2 * MU_BLOCK_PAGES)
		bare_online(&bare, at, (uint16_t)(at >> MU_BLOCK_ORDER));
	for (mu_pfn_t pfn = MU_SECTION_PAGES - 2 * MU_BLOCK_PAGES;
	     pfn < MU_SECTION_PAGES + 2 * MU_BLOCK_PAGES; pfn++) {
		const struct mu_page *page = mu_memmap_lookup(memmap, pfn);

		assert_non_null(page);
		assert_int_equal(page->zone, pfn >> MU_BLOCK_ORDER);
		assert_int_equal(page->state, MU_PAGE_TAIL);
		assert_int_equal(page->refcount, 0);
		assert_int_equal(page->private_data,
				 (uint64_t)page->zone << 16 | MU_PAGE_TAIL);
	}
	bare_destroy(&bare);
}

static void ragged(void **state)
{
	/* Parts of three ragged blocks, in the order they are written. */
	static const struct {
		mu_pfn_t start, end;
	} parts[] = {
		{1, 63},      {63, 64},	    {64, 1000},	  {1023, 1024},
		{4096, 4097}, {5119, 5120}, {9300, 9301}, {9220, 9300},
	};
	struct bare bare;
	struct mu_memmap *memmap = &bare.memmap;
	uint64_t written = 0;

	(void)state;
	bare_init(&bare, "256M", 12, 3);
	mu_memmap_add_ragged(memmap, 0);
	mu_memmap_add_ragged(memmap, 4096);
	mu_memmap_add_ragged(memmap, 9216);
	bare_online(&bare, 1024, 9);
	for (size_t i = 0; i < MU_ARRAY_SIZE(parts); i++) {
		mu_pfn_t start = parts[i].start, end = parts[i].end;

		assert_int_equal(
			mu_memmap_back(memmap,
				       mu_align_down(start, MU_BLOCK_PAGES)),
			MU_OK);
		assert_null(mu_memmap_lookup(memmap, start));
		assert_null(mu_memmap_lookup(memmap, end - 1));
		mu_memmap_init_ragged(memmap, start, end, 2, MU_PAGE_RESERVED);
		written += end - start;
	}
	assert_int_equal(memmap->written_pages, written + MU_BLOCK_PAGES);
	for (mu_pfn_t pfn = 0; pfn < 16 * MU_BLOCK_PAGES; pfn++) {
		const struct mu_page *page = mu_memmap_lookup(memmap, pfn);
		mu_pfn_t block = mu_align_down(pfn, MU_BLOCK_PAGES);
		bool whole = block == 1024, part = false;

		for (size_t i = 0; i < MU_ARRAY_SIZE(parts); i++)
			part = part ||
			       (pfn >= parts[i].start && pfn < parts[i].end);
		assert_int_equal(page != NULL, whole || part);
		assert_int_equal(mu_memmap_is_ragged(memmap, pfn),
				 block == 0 || block == 4096 || block == 9216);
		if (part) {
			assert_int_equal(page->state,
					 MU_PAGE_RESERVED | MU_PAGE_RAGGED);
			assert_int_equal(page->zone, 2);
		}
	}
	assert_false(mu_memmap_is_ragged(memmap, UINT64_MAX));
	bare_destroy(&bare);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves),  cmocka_unit_test(leaves_of_ranges),
		cmocka_unit_test(lookups), cmocka_unit_test(block_borders),
		cmocka_unit_test(ragged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
