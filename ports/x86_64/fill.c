// SPDX-License-Identifier: MIT
/*
 * memmap_fill: streaming stores from a general register.
 *
 * The kernel is compiled without vector registers, so that interrupt handlers
 * need not save them; so is the library, which then lacks its own streaming
 * stores. MOVNTI (SDM vol. 2) needs none: eight bytes per store, two stores per
 * descriptor. Of 256 MiB of descriptors it stores one in 0.81 ns where MOVNTDQ,
 * with 16 bytes, takes 0.80 (2.6 GHz Xeon, one core, best of 15): the memory is
 * the limit. REP STOSQ, which reads what it overwrites, takes 1.5. The kernel's
 * bench=fill compares them on the machine at hand.
 */
#include "ports/bare/bare.h"

void arch_memmap_fill(void *arg, uint64_t *dst, uint64_t word, size_t count)
{
	uint64_t *end = dst + count;

	(void)arg;
	if (dst == end)
		return;
	/* Only a fence orders streaming stores. */
	__asm__ volatile("1:\n\t"
			 "movnti %[word], (%[at])\n\t"
			 "movnti %[word], 8(%[at])\n\t"
			 "movnti %[word], 16(%[at])\n\t"
			 "movnti %[word], 24(%[at])\n\t"
			 "movnti %[word], 32(%[at])\n\t"
			 "movnti %[word], 40(%[at])\n\t"
			 "movnti %[word], 48(%[at])\n\t"
			 "movnti %[word], 56(%[at])\n\t"
			 "addq $64, %[at]\n\t"
			 "cmpq %[end], %[at]\n\t"
			 "jb 1b\n\t"
			 "sfence"
			 : [at] "+r"(dst)
			 : [word] "r"(word), [end] "r"(end)
			 : "memory", "cc");
}
