// SPDX-License-Identifier: MIT
#include "kernel/die.h"
#include "kernel/kernel.h"
#include "kernel/layout.h"
#include "kernel/log.h"
#include "kernel/run.h"
#include "kernel/string.h"

static void die_pristine(void)
{
	mu_pfn_t pfn = 0;

	while (pfn < kernel.mm.memmap.end_pfn &&
	       mu_page_state(&kernel.mm, pfn) != MU_STATE_PRISTINE)
		pfn += MU_BLOCK_PAGES;
	(void)mu_page_kind(mu_pfn_to_page(&kernel.mm.memmap, pfn));
}

static void die_null(void)
{
	volatile uint64_t *null = (uint64_t *)8;

	/* Hide it from the compiler. */
	__asm__("" : "+r"(null));
	*null = 1;
}

/* Not a tail call: the result is used after it. */
static unsigned recurse(unsigned depth)
{
	volatile unsigned words[64];

	words[depth % 64] = depth;
	return depth < UINT32_MAX ? recurse(depth + 1) + words[depth % 64]
				  : depth;
}

static void die_stack(void)
{
	log_info("%u", recurse(0));
}

static void die_panic(void)
{
	kernel.bare.port.panic(&kernel.bare, "somebody asked for it");
}

static void fault(void *arg)
{
	(void)arg;
	if (mu_bare_this_cpu()->id)
		die_null();
}

static void die_other(void)
{
	run_everywhere(fault, NULL);
}

void die(const char *name)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} ends[] = {
		{"die-pristine", die_pristine}, {"die-null", die_null},
		{"die-stack", die_stack},	{"die-panic", die_panic},
		{"die-other", die_other},
	};

	for (unsigned i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (text_equal(ends[i].name, name))
			ends[i].fn();
}
