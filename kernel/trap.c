// SPDX-License-Identifier: MIT
/* trap: what reports of exceptions share. For addresses of code:
 * addr2line -f -e build/kernel.elf ADDRESS. */
#include "kernel/cpu.h"
#include "kernel/kernel.h"
#include "kernel/layout.h"
#include "kernel/log.h"
#include "kernel/trap.h"

extern char image_start[], text_end[], rodata_end[], image_end[];
extern char boot_stack_hole[];

const char *trap_place(uintptr_t at)
{
	if (at < PAGE)
		return "null page";
	if (at < DIRECT_MAP)
		return "lower half: nothing is there";
	if (at < DIRECT_MAP + DIRECT_BYTES)
		return "direct map: no RAM there";
	if (at >= MEMMAP && at < STACKS)
		return "memmap";
	if (at - STACKS < (uintptr_t)STACK_SLOT * MU_MAX_CPUS ||
	    at - (uintptr_t)boot_stack_hole < STACK_BYTES)
		return "below a stack: it has overflowed";
	if (at >= (uintptr_t)image_start && at < (uintptr_t)text_end)
		return "the kernel's code";
	if (at >= (uintptr_t)text_end && at < (uintptr_t)rodata_end)
		return "the kernel's constants";
	if (at >= (uintptr_t)image_start && at < (uintptr_t)image_end)
		return "the kernel's data";
	return "no part of the address space";
}

void trap_tell_descriptor(uintptr_t at)
{
	mu_pfn_t pfn = mu_backing_pfn(&kernel.bare.backing, at);

	/* mu_page_state() may take locks that this CPU has. */
	if (pfn < kernel.mm.memmap.end_pfn)
		log_err("  it is the descriptor of pfn 0x%lx, whose block is "
			"%s",
			pfn,
			mu_memmap_is_backed(&kernel.mm.memmap,
					    pfn & ~(MU_BLOCK_PAGES - 1))
				? "backed"
				: "pristine: nobody may touch it");
}

static bool is_on_stack(uintptr_t at)
{
	const struct kernel_cpu *cpu = this_cpu();

	return !(at % 8) &&
	       ((at < cpu->stack_end && at >= cpu->stack_end - STACK_BYTES) ||
		(at < cpu->fault_stack_end &&
		 at >= cpu->fault_stack_end - FAULT_STACK_BYTES));
}

void trap_tell_calls(uintptr_t at, uintptr_t frame, int link)
{
	log_err("  at 0x%lx, called by", at);
	for (unsigned i = 0; i < 16; i++) {
		const uintptr_t *words = (const uintptr_t *)frame + link;

		if (!is_on_stack((uintptr_t)words) ||
		    !is_on_stack((uintptr_t)(words + 1)) || !words[1])
			break;
		log_err("     0x%lx", words[1] - 1);
		if (words[0] <= frame)
			break;
		frame = words[0];
	}
}
