// SPDX-License-Identifier: MIT
/*
 * memmap_fill: one word, stored as fast as the machine can.
 *
 * The kernel is compiled without vector registers, so that interrupt handlers
 * need not save them. Here is the one place that uses one, XMM0, and it does so
 * with interrupts off: nobody can see it change, and nothing has to be saved. A
 * kernel that lets programs use these registers has to save XMM0 around the
 * loop, or to take x86_fill_words(), which stores from a general register: two
 * instructions for each descriptor instead of one.
 *
 * Streaming stores (SDM vol. 1, "Caching of Temporal vs. Non-Temporal Data")
 * are ordered by nothing but a fence.
 */
#include "ports/x86_64/asm.h"
#include "ports/x86_64/fill.h"
#include "ports/x86_64/x86_64.h"

void x86_fill_pairs(uint64_t *dst, uint64_t word, size_t count)
{
	uint64_t *end = dst + count;
	uintptr_t flags = x86_irq_save();

	__asm__ volatile("movq %[word], %%xmm0\n\t"
			 "punpcklqdq %%xmm0, %%xmm0\n"
			 "1:\n\t"
			 "movntdq %%xmm0, (%[at])\n\t"
			 "movntdq %%xmm0, 16(%[at])\n\t"
			 "movntdq %%xmm0, 32(%[at])\n\t"
			 "movntdq %%xmm0, 48(%[at])\n\t"
			 "addq $64, %[at]\n\t"
			 "cmpq %[end], %[at]\n\t"
			 "jb 1b\n\t"
			 "sfence"
			 : [at] "+r"(dst)
			 : [word] "r"(word), [end] "r"(end)
			 : "memory", "cc");
	x86_irq_restore(flags);
}

void x86_fill_words(uint64_t *dst, uint64_t word, size_t count)
{
	uint64_t *end = dst + count;

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

void x86_fill_string(uint64_t *dst, uint64_t word, size_t count)
{
	__asm__ volatile("rep stosq"
			 : "+D"(dst), "+c"(count)
			 : "a"(word)
			 : "memory");
}

void mu_x86_memmap_fill(void *arg, uint64_t *dst, uint64_t word, size_t count)
{
	(void)arg;
	if (count)
		x86_fill_pairs(dst, word, count);
}
