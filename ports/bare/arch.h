/* SPDX-License-Identifier: MIT */
/*
 * arch: what bare machines do not share. Each architecture defines in one
 * header (ports/ARCH/ARCH_cpu.h), inline:
 *
 *   struct bare_arch           what it keeps in struct mu_bare
 *   arch_ticks()               the clock's counter, after all that came before
 *   arch_pause()               a hint that this CPU waits
 *   arch_irq_save(), arch_irq_restore(), arch_irq_on(), arch_irq_off()
 *   arch_irq_on_and_halt()     no interrupt is lost in between; may return for
 *                              no reason, with interrupts on or not yet taken
 *   arch_set_this_cpu(), arch_this_cpu()
 *                              the pointer that this CPU keeps in a register
 *   arch_flush_own()           forget this CPU's translations, global ones too
 *   ARCH_FLUSH_IS_BROADCAST    1: the above does so for all CPUs
 *   arch_flush_page()          those of one address
 *   arch_map_done()            entries that were not present are now: let this
 *                              CPU's walker see them
 *   ARCH_MEMMAP_FILL           the hook, or NULL
 *   arch_kick()                an interrupt for another CPU
 *   ARCH_MAX_LEAF              the highest level that can have leaves
 *   ARCH_MAP_CODE, _CONST, _DATA, _DEVICE
 *                              access rights of leaves; nothing is ever both
 *                              writable and executable. Accessed and dirty bits
 *                              are not used, so they are set in advance
 *   arch_pte_leaf(), arch_pte_table(), arch_pte_is_leaf(), arch_pte_phys()
 *                              entries; bit 0 says that one is present
 */
#ifndef MEMUP_BARE_ARCH_H
#define MEMUP_BARE_ARCH_H

#ifdef __x86_64__
#include "ports/x86_64/x86_64_cpu.h"
#elif defined(__aarch64__)
#include "ports/arm64/arm64_cpu.h"
#elif defined(__riscv) && __riscv_xlen == 64
#include "ports/riscv64/riscv64_cpu.h"
#else
#error "no port to this architecture"
#endif

#endif
