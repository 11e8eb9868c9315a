// SPDX-License-Identifier: MIT
#include "kernel/bench.h"
#include "kernel/kernel.h"
#include "kernel/layout.h"
#include "kernel/log.h"
#include "kernel/string.h"
#include "ports/bare/arch.h"

#define TURNS  32u
#define BLOCKS 64u
#define PAGES  1000u

/* Thousandths of a ns for each of @units. */
static void tell(const char *what, uint64_t ticks, uint64_t units)
{
	uint64_t ps = bare_clock_ns(&kernel.bare.clock, ticks * 1000) / units;

	log_plain("bench: %s %lu.%03lu ns", what, ps / 1000, ps % 1000);
}

/* Ways to store the descriptors of a block. */

#ifdef __x86_64__
static void fill_words(uint64_t *dst, uint64_t word, size_t count)
{
	arch_memmap_fill(&kernel.bare, dst, word, count);
}

/* Interrupts are off, since no handler saves XMM0. */
static void fill_pairs(uint64_t *dst, uint64_t word, size_t count)
{
	uint64_t *end = dst + count;
	uintptr_t flags = arch_irq_save();

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
	arch_irq_restore(flags);
}

static void fill_string(uint64_t *dst, uint64_t word, size_t count)
{
	__asm__ volatile("rep stosq"
			 : "+D"(dst), "+c"(count)
			 : "a"(word)
			 : "memory");
}
#else
static void fill_words(uint64_t *dst, uint64_t word, size_t count)
{
	for (size_t i = 0; i < count; i++)
		dst[i] = word;
}
#endif

static void bench_fill(void)
{
	static const struct {
		const char *name;
		void (*fn)(uint64_t *dst, uint64_t word, size_t count);
	} ways[] = {
#ifdef __x86_64__
		{"fill movnti, a descriptor:", fill_words},
		{"fill movntdq, a descriptor:", fill_pairs},
		{"fill rep stosq, a descriptor:", fill_string},
#else
		{"fill by words, a descriptor:", fill_words},
#endif
	};
	const size_t words = MU_BLOCK_PAGES * 2;
	mu_pfn_t pfn;

	/* Room for 32 blocks' descriptors, so that each turn has its own. */
	if (mu_alloc_pages(&kernel.mm.buddy, MU_NO_NODE, 7, 0, &pfn) != MU_OK)
		return;
	/* A hypervisor may have to find memory for it first. */
	memset(direct(pfn * PAGE), 0, (size_t)PAGE << 7);
	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		uint64_t best = UINT64_MAX;

		for (unsigned turn = 0; turn < TURNS; turn++) {
			uint64_t *at = direct(pfn * PAGE);
			uint64_t from = arch_ticks(), ticks;

			ways[i].fn(at + turn * words, turn, words);
			ticks = arch_ticks() - from;
			best = ticks < best ? ticks : best;
		}
		tell(ways[i].name, best, MU_BLOCK_PAGES);
	}
	if (mu_free_pages(&kernel.mm.buddy, pfn, 7) != MU_OK)
		log_err("bench: fill: the pages cannot be freed");
}

static void bench_claim(void)
{
	uint64_t best = UINT64_MAX;

	for (unsigned turn = 0; turn < TURNS; turn++) {
		uint64_t from = arch_ticks(), ticks;

		if (mu_deferred_take(&kernel.mm.deferred, 0, BLOCKS, NULL) !=
		    BLOCKS) {
			log_plain("bench: claim: not enough pristine memory");
			return;
		}
		ticks = arch_ticks() - from;
		best = ticks < best ? ticks : best;
	}
	tell("claim, a page:", best, BLOCKS * MU_BLOCK_PAGES);
}

/* Allocate and free the same page; false when there is none. */
static bool turn_over(unsigned order, uint64_t *best)
{
	uint64_t from = arch_ticks(), ticks;

	for (unsigned i = 0; i < PAGES; i++) {
		mu_pfn_t pfn;

		if (mu_alloc_pages(&kernel.mm.buddy, MU_NO_NODE, order, 0,
				   &pfn) != MU_OK ||
		    mu_free_pages(&kernel.mm.buddy, pfn, order) != MU_OK)
			return false;
	}
	ticks = arch_ticks() - from;
	*best = ticks < *best ? ticks : *best;
	return true;
}

static void bench_alloc(void)
{
	static const struct {
		const char *name;
		unsigned order;
	} sizes[] = {
		{"alloc and free, order 0:", 0},
		{"alloc and free, order 9:", 9},
		{"alloc and free, order 10:", 10},
	};

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t best = UINT64_MAX;

		for (unsigned turn = 0; turn < TURNS; turn++)
			if (!turn_over(sizes[i].order, &best))
				return;
		tell(sizes[i].name, best, PAGES);
	}
}

void bench_run(const char *part)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} benches[] = {
		{"fill", bench_fill},
		{"claim", bench_claim},
		{"alloc", bench_alloc},
	};
	bool any = false;

	for (unsigned i = 0; i < sizeof(benches) / sizeof(benches[0]); i++)
		if (*part && (text_equal(part, "all") ||
			      text_contains(benches[i].name, part))) {
			benches[i].fn();
			any = true;
		}
	if (*part && !any)
		log_err("command line: 'bench=%s' makes no sense: expected "
			"fill, claim, alloc or all",
			part);
}
