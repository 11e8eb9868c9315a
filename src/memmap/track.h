/* SPDX-License-Identifier: MIT */
/*
 * track: tell memory checkers which descriptors may be touched. In a build
 * without AddressSanitizer these do nothing.
 */
#ifndef MU_MEMMAP_TRACK_H
#define MU_MEMMAP_TRACK_H

#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MU_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define MU_TSAN 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define MU_ASAN 1
#endif
#ifdef __SANITIZE_THREAD__
#define MU_TSAN 1
#endif

#ifdef MU_ASAN
void __asan_poison_memory_region(void const volatile *addr, size_t size);
void __asan_unpoison_memory_region(void const volatile *addr, size_t size);
#define mu_track_raw(addr, size)     __asan_poison_memory_region(addr, size)
#define mu_track_written(addr, size) __asan_unpoison_memory_region(addr, size)
#else
#define mu_track_raw(addr, size)     ((void)(addr), (void)(size))
#define mu_track_written(addr, size) ((void)(addr), (void)(size))
#endif

#endif
