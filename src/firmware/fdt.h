/* SPDX-License-Identifier: MIT */
/* fdt: what the files that read a device tree share. */
#ifndef MU_FIRMWARE_FDT_H
#define MU_FIRMWARE_FDT_H

#include "base/bytes.h"
#include "memup/fdt.h"

/* Tags of the structure: Devicetree Specification 0.4, 5.4.1. */
enum {
	MU_FDT_BEGIN_NODE = 1,
	MU_FDT_END_NODE = 2,
	MU_FDT_PROP = 3,
	MU_FDT_NOP = 4,
	MU_FDT_END = 9
};

/* Offsets of a property's fields from its tag. */
enum { MU_FDT_PROP_LEN = 4, MU_FDT_PROP_NAME = 8, MU_FDT_PROP_VALUE = 12 };

/* Cells of addresses and sizes below a node (2.3.5). */
struct mu_fdt_cells {
	uint32_t address, size;
};

/*
 * What @parent says of its children's cells: 2 and 1 unless it says so.
 * MU_ERR_UNSUPPORTED unless addresses have 1 or 2 and sizes @least_size to 2;
 * @error names property @name of @node, which wanted to know.
 */
enum mu_status mu_fdt_cells(const struct mu_fdt *fdt, uint32_t parent,
			    uint32_t node, const char *name,
			    unsigned least_size, struct mu_fdt_cells *cells,
			    struct mu_error *error) MU_MUST_CHECK;

/* A number of @cells cells, at most 2, at *@at, which is moved behind it. */
static inline uint64_t mu_fdt_take(const uint8_t **at, unsigned cells)
{
	uint64_t value = 0;

	for (; cells; cells--, *at += 4)
		value = value << 32 | mu_be32(*at);
	return value;
}

/* Put the path of @node in front of @error's text, unless @status is MU_OK. */
enum mu_status mu_fdt_at(const struct mu_fdt *fdt, uint32_t node,
			 enum mu_status status, struct mu_error *error);

/* Fail because property @name of @node has @len bytes, not so many that each
 * entry has @one. */
enum mu_status mu_fdt_ragged(const struct mu_fdt *fdt, uint32_t node,
			     const char *name, uint32_t len, uint32_t one,
			     struct mu_error *error);

/* Node @value as the core expects it: what is past INT32_MAX is past every
 * machine's limit. */
static inline int mu_fdt_nid(uint64_t value)
{
	return value > INT32_MAX ? INT32_MAX : (int)value;
}

/* Does the text @at begin with @word? */
static inline bool mu_fdt_begins(const char *at, const char *word)
{
	while (*word && *at == *word)
		at++, word++;
	return !*word;
}

/* Is @node a CPU to be counted? */
bool mu_fdt_is_cpu(const struct mu_fdt *fdt, uint32_t node);

/* The architecture that @cpu is of. */
enum mu_arch mu_fdt_arch(const struct mu_fdt *fdt, uint32_t cpu);

#endif
