// SPDX-License-Identifier: MIT
#include "ports/x86_64/asm.h"
#include "ports/x86_64/pagetable.h"

#define ROOT_LEVEL 3u

typedef _Atomic uint64_t entry_t;

static unsigned shift_of(unsigned level)
{
	return 12 + 9 * level;
}

static uint64_t bytes_of(unsigned level)
{
	return (uint64_t)1 << shift_of(level);
}

static bool is_leaf(uint64_t value, unsigned level)
{
	return !level || value & X86_PTE_LEAF;
}

static entry_t *table_at(const struct x86_tables *tables, uint64_t value)
{
	return (entry_t *)(tables->direct + (value & X86_PTE_ADDRESS));
}

/* relaxed, here and below: one CPU at a time writes, and the hardware's walker
 * only needs entries to be whole. */
static uint64_t get(entry_t *entry)
{
	return atomic_load_explicit(entry, memory_order_relaxed);
}

/* Make @entry point to a new table. */
static bool link_table(const struct x86_tables *tables, entry_t *entry)
{
	mu_phys_t table = tables->new_table(tables->arg);

	if (!table)
		return false;
	/* release: whoever finds the table finds zeroes in it. */
	atomic_store_explicit(entry, table | X86_PTE_PRESENT | X86_PTE_WRITE,
			      memory_order_release);
	return true;
}

/*
 * The entry for @virt at *@level, or above it where a leaf already maps @virt:
 * then *@level is the leaf's. NULL where there is no table, or with @make when
 * there is no memory for one.
 */
static entry_t *descend(const struct x86_tables *tables, uintptr_t virt,
			unsigned *level, bool make)
{
	entry_t *table = tables->root;

	for (unsigned at = ROOT_LEVEL;; at--) {
		entry_t *entry = &table[virt >> shift_of(at) & 511];
		uint64_t value = get(entry);

		if (at == *level)
			return entry;
		if (!(value & X86_PTE_PRESENT)) {
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
static unsigned largest(const struct x86_tables *tables, uint64_t bits,
			uint64_t size)
{
	unsigned level = tables->gigabytes ? 2 : 1;

	while (level &&
	       (bits & (bytes_of(level) - 1) || size < bytes_of(level)))
		level--;
	return level;
}

enum mu_status x86_map(const struct x86_tables *tables, uintptr_t virt,
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
			if (!(value & X86_PTE_PRESENT) || is_leaf(value, level))
				break;
		}
		if (!(value & X86_PTE_PRESENT))
			atomic_store_explicit(
				entry,
				phys | flags | (level ? X86_PTE_LEAF : 0),
				memory_order_relaxed);
		step = bytes_of(level) - (virt & (bytes_of(level) - 1));
		step = step < size ? step : size;
		virt += step;
		phys += step;
		size -= step;
	}
	return MU_OK;
}

void x86_unmap(const struct x86_tables *tables, uintptr_t virt, uint64_t size)
{
	while (size) {
		unsigned level = 0;
		entry_t *entry = descend(tables, virt, &level, false);
		uint64_t step = entry ? bytes_of(level) : X86_PAGE;

		if (entry && get(entry) & X86_PTE_PRESENT) {
			atomic_store_explicit(
				entry, get(entry) & ~(uint64_t)X86_PTE_PRESENT,
				memory_order_relaxed);
			x86_invlpg(virt);
		}
		step = step < size ? step : size;
		virt += step;
		size -= step;
	}
}

uint64_t x86_lookup(const struct x86_tables *tables, uintptr_t virt,
		    uint64_t *size)
{
	unsigned level = 0;
	entry_t *entry = descend(tables, virt, &level, false);

	if (!entry || !(get(entry) & X86_PTE_PRESENT))
		return 0;
	*size = bytes_of(level);
	return get(entry);
}
