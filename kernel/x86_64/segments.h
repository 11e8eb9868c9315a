/* SPDX-License-Identifier: MIT */
/* segments: of a CPU, and the stack for its double faults. */
#ifndef KERNEL_X86_64_SEGMENTS_H
#define KERNEL_X86_64_SEGMENTS_H

#include <stdint.h>

/* SDM vol. 3, "TSS in 64-bit mode": only its stacks are used. */
struct tss {
	uint32_t reserved0;
	uint32_t rsp[6];
	uint32_t reserved1[2];
	uint32_t ist[14]; /* seven addresses, in halves */
	uint32_t reserved2[2];
	uint16_t reserved3;
	uint16_t io_map;
};
_Static_assert(sizeof(struct tss) == 104, "the hardware's");

struct cpu_arch {
	uint64_t gdt[5];
	struct tss tss;
};

#endif
