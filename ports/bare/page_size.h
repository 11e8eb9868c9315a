/* SPDX-License-Identifier: MIT */
/*
 * page_size: of the page tables, and so of memup's pages; for C and the
 * assembler. 4 KiB, unless the build says otherwise (arm64 has 16 and 64 KiB,
 * too).
 */
#ifndef MEMUP_BARE_PAGE_SIZE_H
#define MEMUP_BARE_PAGE_SIZE_H

#ifndef BARE_PAGE_SHIFT
#define BARE_PAGE_SHIFT 12
#endif
#define BARE_PAGE_BYTES (1 << BARE_PAGE_SHIFT)

/* Bits of an address that page tables translate. */
#ifdef __x86_64__
#define BARE_VA_BITS 48
#elif defined(__aarch64__)
#define BARE_VA_BITS 47
#elif !defined(BARE_VA_BITS) /* RISC-V: Sv48, or 39 for Sv39 */
#define BARE_VA_BITS 48
#endif

#endif
