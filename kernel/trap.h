/* SPDX-License-Identifier: MIT */
/* trap: faults on purpose, and where faults are, for people. */
#ifndef KERNEL_TRAP_H
#define KERNEL_TRAP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * May a byte at @at be read, written (its value is written back), or called
 * (there must be a RET)? Tries it. vectors.S; any CPU.
 */
bool probe_read(uintptr_t at);
bool probe_write(uintptr_t at);
bool probe_call(uintptr_t at);

/* The instruction that returns. */
#ifdef __x86_64__
#define RET_CODE 0xc3u
#elif defined(__aarch64__)
#define RET_CODE 0xd65f03c0u
#else
#define RET_CODE 0x8082u
#endif

/* What lies at an address. */
const char *trap_place(uintptr_t at);

/* If @at is a descriptor that is not present, say so. */
void trap_tell_descriptor(uintptr_t at);

/* The call chain of code at @at whose frame pointer is @frame; @link is where
 * from it the older frame and the return address are, in words. */
void trap_tell_calls(uintptr_t at, uintptr_t frame, int link);

#endif
