/* SPDX-License-Identifier: MIT */
/*
 * boot_cmdline: parameters of the kernel that ask for memory.
 *
 * mu_machine_apply_cmdline() changes the map, mu_config_apply_cmdline() the
 * zones; these reserve memory for a purpose: a second kernel for the time after
 * a crash, a buffer that survives a reboot, pools of huge pages. (Linux:
 * Documentation/admin-guide/kernel-parameters.txt and kdump/kdump.rst.)
 *
 * Cost: O(length of the command line) each. No function here locks; early boot.
 */
#ifndef MEMUP_BOOT_CMDLINE_H
#define MEMUP_BOOT_CMDLINE_H

#include "memup/boot.h"

/*
 * What crashkernel= asks for. Without a fixed place it is searched for first
 * below 4 GiB, then above; with high, first above.
 */
struct mu_crashkernel {
	mu_phys_t size; /* bytes; 0: nothing is requested */
	mu_phys_t base; /* the address that was requested or found */
	mu_phys_t low;	/* bytes below 4 GiB, if the rest is above */
	mu_phys_t low_base;
	mu_phys_t cma; /* more bytes, which the running kernel may use, too */
	mu_phys_t cma_base;
	bool fixed; /* at base and nowhere else */
	bool high;
};

/*
 * Read the parameters crashkernel= from @len bytes at @text:
 *
 *   SIZE, SIZE@BASE             SIZE bytes, anywhere or at BASE
 *   START-END:SIZE[,...][@BASE] the SIZE of the range that @ram, the bytes of
 *                               RAM rounded up to 128 MiB, is in; END may be
 *                               missing in the last; no range: no request
 *   SIZE,high                   above 4 GiB if there is room
 *   SIZE,low                    how much to have below 4 GiB as well; 256 MiB
 *                               without this parameter, none if SIZE is 0
 *   SIZE,cma                    memory that is the crash kernel's after a crash
 *                               and holds only what can move until then;
 *                               nothing without one of the others
 *
 * Of each form the last counts; of the first three, one without a suffix takes
 * precedence over one with. MU_ERR_SYNTAX; MU_ERR_RANGE for a number past 64
 * bits, a range that ends before it begins, a SIZE that is not less than @ram;
 * @error names the parameter. @crash is written only on success.
 */
enum mu_status mu_crashkernel_read(struct mu_crashkernel *crash, mu_phys_t ram,
				   const char *text, size_t len,
				   struct mu_error *error) MU_MUST_CHECK;

/*
 * Reserve it in @memblock, in steps of 16 MiB and from the top as x86 does, and
 * store the place in @crash. MU_ERR_NOMEM when there is no such place,
 * MU_ERR_INVALID for a BASE that is not a multiple of 16 MiB: then nothing is
 * reserved. cma is not handled here: mu_crashkernel_place_cma().
 */
enum mu_status mu_crashkernel_reserve(struct mu_memblock *memblock,
				      struct mu_crashkernel *crash,
				      struct mu_error *error) MU_MUST_CHECK;

/*
 * Find the highest place for the shared part (cma, rounded up to whole blocks)
 * that is free in one piece, to be called when all else is reserved, and store
 * it in @crash. It stays free: mu_config.movable_from with cma_base makes it
 * MOVABLE, so that it holds only what can move. (Linux has its contiguous
 * allocator for that, and looks for up to four pieces.) MU_ERR_NOMEM.
 */
enum mu_status mu_crashkernel_place_cma(struct mu_memblock *memblock,
					struct mu_crashkernel *crash,
					struct mu_error *error) MU_MUST_CHECK;

/*
 * Reserve all that a command line asks for: crashkernel=, reported in @crash,
 * and each reserve_mem=SIZE:ALIGN:NAME, which mu_memblock_reserve_mem_find()
 * finds. After mu_mm_add_machine() and before mu_mm_start(). On failure what
 * was reserved before stays so.
 */
enum mu_status mu_mm_reserve_cmdline(struct mu_mm *mm,
				     struct mu_crashkernel *crash,
				     const char *text, size_t len,
				     struct mu_error *error) MU_MUST_CHECK;

/*
 * The same for the parameters of the machine's own kernel (machine->cmdline):
 * what makes no sense, or has no place, is ignored, as the kernel does. If
 * @crash is NULL crashkernel= is left out.
 */
void mu_mm_reserve_own(struct mu_mm *mm, struct mu_crashkernel *crash);

#define MU_HUGE_POOLS 32

/* A number of huge pages of one size, on one node or on any. */
struct mu_huge_pool {
	mu_phys_t size; /* bytes of a page; 0: the default */
	uint64_t count;
	int32_t nid; /* or MU_NO_NODE */
};

struct mu_huge_pools {
	mu_phys_t default_size; /* bytes; 0: the architecture's */
	unsigned nr;
	struct mu_huge_pool pools[MU_HUGE_POOLS]; /* as they came */
};

/*
 * Read hugepagesz=SIZE, hugepages=COUNT, hugepages=NODE:COUNT[,...] and
 * default_hugepagesz=SIZE: a count is of pages of the last size before it.
 * Nothing is allocated: getting the pages is left to the client. MU_ERR_SYNTAX;
 * MU_ERR_RANGE for a SIZE that is not a power of two of at least 8 KiB, a NODE
 * over the limit, a number past 64 bits; MU_ERR_FULL for more than
 * MU_HUGE_POOLS. @pools is written only on success.
 */
enum mu_status mu_huge_pools_read(struct mu_huge_pools *pools, const char *text,
				  size_t len,
				  struct mu_error *error) MU_MUST_CHECK;

/* Those of machine->cmdline, ignoring what makes no sense. */
void mu_huge_pools_own(struct mu_huge_pools *pools,
		       const struct mu_machine *machine);

#endif /* MEMUP_BOOT_CMDLINE_H */
