/* SPDX-License-Identifier: MIT */
/*
 * sbi: calls to the firmware below the kernel (RISC-V Supervisor Binary
 * Interface Specification 2.0): other harts, interrupts for them, the timer, a
 * console, the end.
 */
#ifndef MEMUP_RISCV64_SBI_H
#define MEMUP_RISCV64_SBI_H

#include <stdbool.h>
#include <stdint.h>

/* Extensions. */
#define SBI_PUTCHAR 0x01u /* legacy, as every firmware has it */
#define SBI_BASE    0x10u
#define SBI_TIME    0x54494d45u
#define SBI_IPI	    0x735049u
#define SBI_HSM	    0x48534du
#define SBI_RESET   0x53525354u

/* The error of function @function of @extension: 0 is success. */
int64_t sbi_call(uint32_t extension, uint32_t function, uint64_t a, uint64_t b,
		 uint64_t c);

/* Is there @extension? */
bool sbi_has(uint32_t extension);

#endif
