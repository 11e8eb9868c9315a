// SPDX-License-Identifier: MIT
/* What must not be touched cannot be. */
#include "kernel/cpu.h"
#include "kernel/kernel.h"
#include "kernel/tap.h"
#include "kernel/trap.h"

extern char image_start[], boot_stack_hole[];

/* Constants and data that would be code. */
static const uint32_t ret_in_constants = RET_CODE;
static uint32_t ret_in_data = RET_CODE;

static void ret(void)
{
}

static enum result null_page(void)
{
	CHECK(!probe_read(0));
	CHECK(!probe_write(8));
	CHECK(!probe_call(0));
	CHECK(!probe_read(PAGE - 1));
	return TEST_OK;
}

const struct test test_null_page = {"the null page is not there", null_page};

static enum result write_xor_execute(void)
{
	uintptr_t code = (uintptr_t)image_start;
	uintptr_t constant = (uintptr_t)&ret_in_constants;
	uintptr_t data = (uintptr_t)&ret_in_data;
	uintptr_t same = (uintptr_t)direct(phys_of(&ret_in_data));

	CHECK(probe_call((uintptr_t)ret));
	CHECK(probe_read(code) && !probe_write(code));
	CHECK(probe_read(constant) && !probe_write(constant));
	CHECK(!probe_call(constant));
	CHECK(probe_write(data) && !probe_call(data));
	/* The same bytes in the direct map, unless the command line has removed
	 * them from RAM. */
	CHECK(!probe_write((uintptr_t)direct(phys_of(image_start))));
	CHECK(!probe_write((uintptr_t)direct(phys_of(&ret_in_constants))));
	CHECK(probe_write(same) || !probe_read(same));
	CHECK(!probe_call(same));
	CHECK(!probe_call((uintptr_t)direct(phys_of((void *)(uintptr_t)ret))));
	return TEST_OK;
}

const struct test test_write_xor_execute = {
	"nothing is both written and executed", write_xor_execute};

static enum result stack_hole(void)
{
	CHECK(!probe_read((uintptr_t)boot_stack_hole));
	CHECK(probe_read((uintptr_t)boot_stack_hole + STACK_BYTES));
	for (unsigned i = 1; i < kernel.bare.nr_cpus; i++) {
		uintptr_t slot = STACKS + (uintptr_t)i * STACK_SLOT;

		CHECK(!probe_read(slot + STACK_AT - 1));
		CHECK(probe_read(slot + STACK_AT));
		CHECK(!probe_read(slot + STACK_AT + STACK_BYTES));
		CHECK(!probe_read(slot + FAULT_STACK_AT - 1));
	}
	return TEST_OK;
}

const struct test test_stack_hole = {"below each stack is a hole", stack_hole};

/* Blocks of @zone whose descriptors are not there: reading one has to trap. */
static enum result check_unmapped(const struct mu_zone *zone, unsigned *checked)
{
	const struct mu_mm *mm = &kernel.mm;

	for (mu_pfn_t pfn = (zone->start_pfn + MU_BLOCK_PAGES - 1) &
			    ~(MU_BLOCK_PAGES - 1);
	     pfn < zone->end_pfn && *checked < 10000; pfn += MU_BLOCK_PAGES) {
		uintptr_t at = (uintptr_t)mu_pfn_to_page(&mm->memmap, pfn);
		uint64_t size;
		bool mapped = bare_lookup(&kernel.tables, at, &size);

		CHECK(mapped == mu_memmap_is_backed(&mm->memmap, pfn));
		if (mu_page_state(&kernel.mm, pfn) != MU_STATE_PRISTINE)
			continue;
		/* Where a page holds the descriptors of several blocks, it is
		 * there as soon as one of them is not pristine. */
		CHECK(!mapped ||
		      mu_backing_unit(&kernel.bare.backing) > MU_BLOCK_PAGES);
		if (mapped)
			continue;
		/* A fault takes its time. */
		if (*checked < 100) {
			CHECK(!probe_read(at));
			CHECK(!probe_write(at + 4096));
		}
		++*checked;
	}
	return TEST_OK;
}

static enum result pristine_unmapped(void)
{
	const struct mu_buddy *buddy = &kernel.mm.buddy;
	unsigned checked = 0;

	for (unsigned i = 0; i < buddy->nr_zones; i++) {
		enum result result = check_unmapped(&buddy->zones[i], &checked);

		if (result != TEST_OK)
			return result;
	}
	/* Past the end there is nothing either. */
	CHECK(!probe_read((uintptr_t)mu_pfn_to_page(
		&kernel.mm.memmap,
		kernel.mm.memmap.end_pfn + 2 * MU_SECTION_PAGES)));
	if (!checked)
		SKIP("no memory is pristine");
	return TEST_OK;
}

const struct test test_pristine_unmapped = {
	"pristine descriptors are page faults", pristine_unmapped};
