// SPDX-License-Identifier: MIT
#include "common.h"

struct memblock memblock;
unsigned checks, failures;

static struct mu_memblock mb;
static char *memory;

static void *phys_to_virt(void *arg, mu_phys_t phys, mu_phys_t size)
{
	(void)arg;
	(void)size;
	return (void *)(uintptr_t)phys;
}

static const struct mu_port port = {.phys_to_virt = phys_to_virt};

/* ---- From Linux's memblock to memup's and back ---- */

static void show_type(struct memblock_type *view, struct mu_memblock_type *type)
{
	*view = (struct memblock_type){
		.cnt = type->cnt ? type->cnt : 1,
		.max = type->max,
		.total_size = type->total_size,
		.regions = type->regions,
		.name = type->name,
	};
	if (!type->cnt)
		memset(type->regions, 0, sizeof(*type->regions));
}

static void show(void)
{
	show_type(&memblock.memory, &mb.memory);
	show_type(&memblock.reserved, &mb.reserved);
}

static struct mu_memblock *begin(void)
{
	mb.bottom_up = memblock.bottom_up;
	mb.current_limit = memblock.current_limit;
	return &mb;
}

static int end(enum mu_status status)
{
	enum mu_status same = mu_memblock_set_node(&mb, 0, MU_PHYS_MAX,
						   &mb.reserved, MU_NO_NODE);

	CHECK(same == MU_OK && mu_memblock_validate(&mb) == MU_OK);
	show();
	return status == MU_OK ? 0 : -1;
}

int memblock_add(phys_addr_t base, phys_addr_t size)
{
	return end(mu_memblock_add(begin(), base, size));
}

int memblock_add_node(phys_addr_t base, phys_addr_t size, int nid,
		      unsigned flags)
{
	return end(mu_memblock_add_node(begin(), base, size, nid, flags));
}

int memblock_remove(phys_addr_t base, phys_addr_t size)
{
	return end(mu_memblock_remove(begin(), base, size));
}

int memblock_reserve(phys_addr_t base, phys_addr_t size)
{
	return end(mu_memblock_reserve(begin(), base, size,
				       MU_MEMBLOCK_RSRV_KERN));
}

void memblock_free(void *ptr, size_t size)
{
	end(mu_memblock_phys_free(begin(), (uintptr_t)ptr, size));
}

void memblock_trim_memory(phys_addr_t align)
{
	end(mu_memblock_trim_memory(begin(), align));
}

phys_addr_t memblock_start_of_DRAM(void)
{
	return mu_memblock_start_of_DRAM(&mb);
}

phys_addr_t memblock_end_of_DRAM(void)
{
	return mu_memblock_end_of_DRAM(&mb);
}

void *memblock_alloc(phys_addr_t size, phys_addr_t align)
{
	void *ptr = NULL;

	end(mu_memblock_alloc(begin(), size, align, &ptr));
	return ptr;
}

void *memblock_alloc_raw(phys_addr_t size, phys_addr_t align)
{
	void *ptr = NULL;

	end(mu_memblock_alloc_raw(begin(), size, align, &ptr));
	return ptr;
}

void *memblock_alloc_from(phys_addr_t size, phys_addr_t align,
			  phys_addr_t min_addr)
{
	void *ptr = NULL;

	end(mu_memblock_alloc_from(begin(), size, align, min_addr, &ptr));
	return ptr;
}

void *memblock_alloc_try_nid(phys_addr_t size, phys_addr_t align,
			     phys_addr_t min_addr, phys_addr_t max_addr,
			     int nid)
{
	void *ptr = NULL;

	end(mu_memblock_alloc_try_nid(begin(), size, align, min_addr, max_addr,
				      nid, &ptr));
	return ptr;
}

void *memblock_alloc_try_nid_raw(phys_addr_t size, phys_addr_t align,
				 phys_addr_t min_addr, phys_addr_t max_addr,
				 int nid)
{
	void *ptr = NULL;

	end(mu_memblock_alloc_try_nid_raw(begin(), size, align, min_addr,
					  max_addr, nid, &ptr));
	return ptr;
}

/* ---- What helps the tests ---- */

void check_that(bool is_so, const char *what, const char *test, int line)
{
	checks++;
	if (is_so)
		return;
	failures++;
	printf("%s, line %d: not so: %s\n", test, line, what);
}

void assert_mem_content(const void *mem, int size, int flags)
{
	const char *bytes = mem;

	CHECK(bytes != NULL);
	for (int i = 0; bytes && i < size; i++)
		CHECK(!bytes[i] == !(flags & TEST_F_RAW));
}

void reset_memblock_regions(void)
{
	bool bottom_up = memblock.bottom_up;

	mu_memblock_init(&mb, &port);
	memblock.bottom_up = bottom_up;
	memblock.current_limit = mb.current_limit;
	show();
}

void reset_memblock_attributes(void)
{
	memblock.bottom_up = false;
	memblock.current_limit = MEMBLOCK_ALLOC_ANYWHERE;
}

static void fill(void)
{
	memset(memory, 1, MEM_SIZE);
}

void setup_memblock(void)
{
	reset_memblock_regions();
	CHECK(!memblock_add((uintptr_t)memory, MEM_SIZE));
	fill();
}

void setup_numa_memblock(const unsigned *fractions)
{
	phys_addr_t base = (uintptr_t)memory;

	reset_memblock_regions();
	for (int nid = 0; nid < NUMA_NODES; nid++) {
		phys_addr_t size = MEM_SIZE * fractions[nid] / 10000;

		CHECK(!memblock_add_node(base, size, nid, MEMBLOCK_HOTPLUG));
		base += size;
	}
	fill();
}

void dummy_physical_memory_init(void)
{
	memory = aligned_alloc(MEM_SIZE, MEM_SIZE);
	if (!memory)
		abort();
	fill();
}

void dummy_physical_memory_cleanup(void)
{
	free(memory);
}

int main(void)
{
	reset_memblock_regions();
	(void)memblock_basic_checks();
	(void)memblock_alloc_checks();
	(void)memblock_alloc_helpers_checks();
	(void)memblock_alloc_nid_checks();
	printf("%u checks, %u failed\n", checks, failures);
	return failures != 0;
}
