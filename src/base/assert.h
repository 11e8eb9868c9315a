/* SPDX-License-Identifier: MIT */
/*
 * assert: invariants, in two tiers.
 *
 * mu_assert() is checked in debug builds (MU_DEBUG) at the cost of a compare;
 * in release builds it is gone. mu_verify() is always checked: it guards
 * against memory that was overwritten by somebody else, where going on would
 * spread the harm.
 */
#ifndef MU_BASE_ASSERT_H
#define MU_BASE_ASSERT_H

#include "base/bits.h"
#include "memup/port.h"

#define MU_STR2(x) #x
#define MU_STR(x)  MU_STR2(x)

static inline void mu_panic(const struct mu_port *port, const char *line)
{
	if (port && port->panic)
		port->panic(port->arg, line);
	__builtin_trap();
}

#define mu_verify(port, cond)                                               \
	do {                                                                \
		if (MU_UNLIKELY(!(cond)))                                   \
			mu_panic(port,                                      \
				 __FILE__ ":" MU_STR(__LINE__) ": " #cond); \
	} while (0)

#ifdef MU_DEBUG
#define mu_assert(port, cond) mu_verify(port, cond)
#else
/* Nothing is evaluated; @cond may need what debug builds alone have. */
#define mu_assert(port, cond) ((void)sizeof(port))
#endif

#endif
