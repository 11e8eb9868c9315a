/* SPDX-License-Identifier: MIT */
/*
 * memblock_model: what the tests of memblock share.
 *
 * A *world* is a memblock, a port whose phys_to_virt() leads into an arena, and
 * what was logged. The *model* is the same state as two arrays of cells, one
 * cell a page: everything that memblock must do is a loop over cells.
 */
#ifndef TESTS_MEMBLOCK_MODEL_H
#define TESTS_MEMBLOCK_MODEL_H

#include "memup/memblock.h"

#define MBM_PAGE ((mu_phys_t)4096)
#define MBM_LOGS 64

struct mbm_world {
	struct mu_memblock mb;
	struct mu_port port;
	char *arena; /* the memory of [base, base + size) */
	mu_phys_t base, size;
	unsigned maps;	   /* calls of phys_to_virt() */
	unsigned fail_map; /* when not 0: that many calls on, it says NULL */
	unsigned logs;	   /* lines logged; the first MBM_LOGS are kept */
	unsigned warnings;
	char log[MBM_LOGS][240];
};

/* An empty memblock; phys_to_virt() reaches [@base, @base + @size). */
void mbm_start(struct mbm_world *world, mu_phys_t base, mu_phys_t size);
void mbm_stop(struct mbm_world *world);

/* Is there a line with @text in it? */
bool mbm_logged(const struct mbm_world *world, const char *text);

/* A copy of all that may not change when something fails. */
struct mbm_image {
	struct mu_memblock_type type[3];
	struct mu_memblock_region region[3][1024];
};

void mbm_save(const struct mbm_world *world, struct mbm_image *image);
void mbm_same(const struct mbm_world *world, const struct mbm_image *image);

/* Is @type exactly these regions? Fails the test where it is used if not. */
void mbm_expect_at(const struct mu_memblock_type *type,
		   const struct mu_memblock_region *region, unsigned cnt,
		   const char *file, int line);
#define mbm_expect(type, ...)                                              \
	mbm_expect_at(                                                     \
		type, (const struct mu_memblock_region[]){__VA_ARGS__},    \
		sizeof((const struct mu_memblock_region[]){__VA_ARGS__}) / \
			sizeof(struct mu_memblock_region),                 \
		__FILE__, __LINE__)
#define mbm_expect_empty(type) mbm_expect_at(type, NULL, 0, __FILE__, __LINE__)

/* Do @call, which must be MU_OK. */
#define ok(call)	    assert_int_equal(call, MU_OK)
#define fails(status, call) assert_int_equal(call, status)

#define MBM_CELLS 1024

enum { MBM_MEMORY, MBM_RESERVED };

struct mbm_cell {
	bool present;
	uint32_t flags;
	int32_t nid;
};

struct mbm_model {
	struct mbm_cell cell[2][MBM_CELLS];
	bool bottom_up, movable_node, scratch_only;
};

/* The model's [@from, @to) of @type, in cells, changes as the names say. */
void mbm_fill(struct mbm_model *model, int type, unsigned from, unsigned to,
	      int nid, unsigned flags);
void mbm_drop(struct mbm_model *model, int type, unsigned from, unsigned to,
	      unsigned spare);
void mbm_flag(struct mbm_model *model, int type, unsigned from, unsigned to,
	      unsigned set, unsigned clear);
void mbm_move(struct mbm_model *model, int type, unsigned from, unsigned to,
	      int nid);

/* The regions that the cells make; @region may be NULL. */
unsigned mbm_regions(const struct mbm_model *model, int type,
		     struct mu_memblock_region *region);

/* May an iteration with @nid and @flags show @cell as free memory? */
bool mbm_free(const struct mbm_model *model, unsigned cell, int nid,
	      unsigned flags);

/* The cell where an allocation goes by the documented order, 0 for none. */
unsigned mbm_alloc(const struct mbm_model *model, unsigned size, unsigned align,
		   unsigned from, unsigned to, int nid, bool exact_nid);

/* Are the tables, the sizes, look-ups and walks of @mb those of @model? */
void mbm_check(const struct mbm_model *model, const struct mu_memblock *mb);

/* A random number below @limit; splitmix64 of *@seed. */
unsigned mbm_random(uint64_t *seed, unsigned limit);

#endif
