// SPDX-License-Identifier: MIT
/*
 * pagetable: see pagetable.h. The entries' bits are the architecture's.
 */
#include "ports/bare/arch.h"
#include "ports/bare/pagetable.h"

typedef _Atomic uint64_t entry_t;

static unsigned shift_of(unsigned level)
{
	return BARE_PAGE_SHIFT + BARE_TABLE_BITS * level;
}

static uint64_t bytes_of(unsigned level)
{
	return (uint64_t)1 << shift_of(level);
}

static bool is_leaf(uint64_t value, unsigned level)
{
	return !level || arch_pte_is_leaf(value);
}

/* The root has fewer entries where addresses end within it. */
static size_t index_of(uintptr_t virt, unsigned level)
{
	unsigned bits = BARE_TABLE_BITS;

	if (level == BARE_ROOT_LEVEL)
		bits = BARE_VA_BITS - shift_of(BARE_ROOT_LEVEL);
	return virt >> shift_of(level) & (((size_t)1 << bits) - 1);
}

static entry_t *table_at(const struct bare_tables *tables, uint64_t value)
{
	return (entry_t *)(tables->direct + arch_pte_phys(value));
}

/* relaxed, here and below: one CPU at a time writes, and the hardware's walker
 * only needs entries to be whole. */
static uint64_t get(entry_t *entry)
{
	return atomic_load_explicit(entry, memory_order_relaxed);
}

/* Make @entry point to a new table. */
static bool link_table(const struct bare_tables *tables, entry_t *entry)
{
	mu_phys_t table = tables->new_table(tables->arg);

	if (!table)
		return false;
	/* release: whoever finds the table finds zeroes in it. */
	atomic_store_explicit(entry, arch_pte_table(table),
			      memory_order_release);
	return true;
}

/*
 * The entry for @virt at *@level, or above it where a leaf already maps @virt:
 * then *@level is the leaf's. NULL where there is no table, or with @make when
 * there is no memory for one.
 */
static entry_t *descend(const struct bare_tables *tables, uintptr_t virt,
			unsigned *level, bool make)
{
	entry_t *table = tables->root;

	for (unsigned at = BARE_ROOT_LEVEL;; at--) {
		entry_t *entry = &table[index_of(virt, at)];
		uint64_t value = get(entry);

		if (at == *level)
			return entry;
		if (!(value & BARE_PTE_PRESENT)) {
			if (!make || !link_table(tables, entry))
				return NULL;
			value = get(entry);
		} else if (is_leaf(value, at)) {
			*level = at;
			return entry;
		}
		table = table_at(tables, value);
	}
}

/* The level of the largest leaf at @bits, which are both addresses. */
static unsigned largest(const struct bare_tables *tables, uint64_t bits,
			uint64_t size)
{
	unsigned level = tables->max_leaf;

	while (level &&
	       (bits & (bytes_of(level) - 1) || size < bytes_of(level)))
		level--;
	return level;
}

enum mu_status bare_map(const struct bare_tables *tables, uintptr_t virt,
			mu_phys_t phys, uint64_t size, uint64_t flags)
{
	while (size) {
		unsigned level = largest(tables, virt | phys, size);
		uint64_t step, value;
		entry_t *entry;

		/* Where there is a table already the leaves are smaller. */
		for (;; level--) {
			entry = descend(tables, virt, &level, true);
			if (!entry)
				return MU_ERR_NOMEM;
			value = get(entry);
			if (!(value & BARE_PTE_PRESENT) ||
			    is_leaf(value, level))
				break;
		}
		if (!(value & BARE_PTE_PRESENT))
			atomic_store_explicit(entry,
					      arch_pte_leaf(phys, flags, level),
					      memory_order_relaxed);
		step = bytes_of(level) - (virt & (bytes_of(level) - 1));
		step = step < size ? step : size;
		virt += step;
		phys += step;
		size -= step;
	}
	arch_map_done();
	return MU_OK;
}

void bare_unmap(const struct bare_tables *tables, uintptr_t virt, uint64_t size)
{
	while (size) {
		unsigned level = 0;
		entry_t *entry = descend(tables, virt, &level, false);
		uint64_t step = entry ? bytes_of(level) : BARE_PAGE;

		if (entry && get(entry) & BARE_PTE_PRESENT) {
			atomic_store_explicit(
				entry, get(entry) & ~(uint64_t)BARE_PTE_PRESENT,
				memory_order_relaxed);
			arch_flush_page(virt);
		}
		step = step < size ? step : size;
		virt += step;
		size -= step;
	}
}

uint64_t bare_lookup(const struct bare_tables *tables, uintptr_t virt,
		     uint64_t *size)
{
	unsigned level = 0;
	entry_t *entry = descend(tables, virt, &level, false);

	if (!entry || !(get(entry) & BARE_PTE_PRESENT))
		return 0;
	*size = bytes_of(level);
	return get(entry);
}
