// SPDX-License-Identifier: MIT
/* sbi: see sbi.h. */
#include "ports/bare/bare.h"
#include "ports/riscv64/sbi.h"

#define PROBE 3 /* of SBI_BASE */

struct result {
	int64_t error, value;
};

static struct result call(uint32_t extension, uint32_t function, uint64_t a,
			  uint64_t b, uint64_t c)
{
	register uint64_t a0 __asm__("a0") = a;
	register uint64_t a1 __asm__("a1") = b;
	register uint64_t a2 __asm__("a2") = c;
	register uint64_t a6 __asm__("a6") = function;
	register uint64_t a7 __asm__("a7") = extension;

	__asm__ volatile("ecall"
			 : "+r"(a0), "+r"(a1)
			 : "r"(a2), "r"(a6), "r"(a7)
			 : "memory");
	return (struct result){.error = (int64_t)a0, .value = (int64_t)a1};
}

int64_t sbi_call(uint32_t extension, uint32_t function, uint64_t a, uint64_t b,
		 uint64_t c)
{
	return call(extension, function, a, b, c).error;
}

bool sbi_has(uint32_t extension)
{
	struct result result = call(SBI_BASE, PROBE, extension, 0, 0);

	return !result.error && result.value;
}

void arch_kick(const struct mu_bare *bare, const struct mu_bare_cpu *cpu)
{
	(void)bare;
	/* What was written before is visible to the handler. */
	__asm__ volatile("fence w, o" : : : "memory");
	/* A mask of one, from this hart on. */
	sbi_call(SBI_IPI, 0, 1, cpu->hw_id, 0);
}
