// SPDX-License-Identifier: MIT
/*
 * memup check on logs of kernels that say it in other words: before Linux 3.10,
 * of 32 bits, of other architectures.
 */
#include "tests/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All rows of @log agree, @row among them; with @old in place of @new it
 * differs. */
static void expect(const char *log, const char *row, const char *old,
		   const char *new)
{
	struct cli cli = cli_run(log, "check -");
	char *text, *at;

	if (cli.code || !strstr(cli.out, row) ||
	    !strstr(strstr(cli.out, row), "agrees"))
		fail_msg("%s: %s%s", row, cli.out, cli.err);
	cli_free(&cli);
	text = malloc(strlen(log) + strlen(new) + 1);
	assert_non_null(text);
	at = strstr(log, old);
	assert_non_null(at);
	sprintf(text, "%.*s%s%s", (int)(at - log), log, new, at + strlen(old));
	cli = cli_run(text, "check -");
	free(text);
	at = strstr(cli.out, row);
	if (cli.code != 1 || !at) {
		fail_msg("%s: %s%s", row, cli.out, cli.err);
		return;
	}
	at[strcspn(at, "\n")] = '\0';
	if (!strstr(at, "differs"))
		fail_msg("%s", at);
	cli_free(&cli);
}

/* Page frames; zones less the memmap; the end of memory for a total. */
static const char frames[] =
	"Linux version 2.6.32.43\n"
	"BIOS-provided physical RAM map:\n"
	" BIOS-e820: 0000000000000000 - 00000000000a0000 (usable)\n"
	" BIOS-e820: 0000000000100000 - 0000000008000000 (usable)\n"
	" BIOS-e820: 0000000100000000 - 0000000140000000 (usable)\n"
	"Zone PFN ranges:\n"
	"  DMA      0x00000000 -> 0x00001000\n"
	"  DMA32    0x00001000 -> 0x00100000\n"
	"  Normal   0x00100000 -> 0x00140000\n"
	"Movable zone start PFN for each node\n"
	"early_node_map[3] active PFN ranges\n"
	"    0: 0x00000000 -> 0x000000a0\n"
	"    0: 0x00000100 -> 0x00008000\n"
	"    0: 0x00100000 -> 0x00140000\n"
	"On node 0 totalpages: 294816\n"
	"  DMA zone: 56 pages used for memmap\n"
	"  DMA zone: 5 pages reserved\n"
	"  DMA zone: 3939 pages, LIFO batch:0\n"
	"  DMA32 zone: 14280 pages used for memmap\n"
	"  DMA32 zone: 14392 pages, LIFO batch:3\n"
	"Memory: 1142628k/5242880k available\n";

static void page_frames(void **state)
{
	(void)state;
	expect(frames, "end of memory", "5242880k", "5242876k");
	expect(frames, "zone DMA ", "-> 0x00001000", "-> 0x00000800");
	expect(frames, "zone Normal ", "-> 0x00140000", "-> 0x0013f000");
	expect(frames, "node 0, pages", "294816", "294817");
	expect(frames, "node 0, zone DMA, pages", "3939", "3938");
	expect(frames, "node 0, zone DMA, pages", "5 pages res", "6 pages res");
	expect(frames, "node 0, zone DMA32, pages", "14280", "14281");
	expect(frames, "node 0, memory from 0x100000 ", "-> 0x00008000\n",
	       "-> 0x00007000\n");
}

/* 32 bits: HighMem is more of Normal, and FLATMEM has holes to the end. */
static const char highmem[] =
	"BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usable\n"
	"BIOS-e820: [mem 0x0000000000100000-0x000000003ffeffff] usable\n"
	"128MB HIGHMEM available.\n"
	"896MB LOWMEM available.\n"
	"Zone ranges:\n"
	"  DMA      [mem 0x0000000000000000-0x0000000000ffffff]\n"
	"  Normal   [mem 0x0000000001000000-0x0000000037ffffff]\n"
	"  HighMem  [mem 0x0000000038000000-0x000000003ffeffff]\n"
	"Early memory node ranges\n"
	"  node   0: [mem 0x0000000000000000-0x000000000009ffff]\n"
	"  node   0: [mem 0x0000000000100000-0x000000003ffeffff]\n"
	"On node 0, zone DMA: 96 pages in unavailable ranges\n";

static void thirty_two_bits(void **state)
{
	(void)state;
	expect(highmem, "zone Normal ", "000000003ffeffff]\nEarly",
	       "000000003ffdffff]\nEarly");
	expect(highmem, "node 0, zone DMA, unavailable", "96 pages",
	       "97 pages");
}

/* Pages of 8 KiB, sections of 1 GiB. */
static const char sparc[] =
	"Linux version 6.8.0 (sparc64-unknown-linux-gnu-gcc)\n"
	"Zone ranges:\n"
	"  Normal   [mem 0x00000000a0000000-0x00000000bff2bfff]\n"
	"Early memory node ranges\n"
	"  node   0: [mem 0x00000000a0000000-0x00000000bff2bfff]\n"
	"On node 0 totalpages: 65430\n"
	"On node 0, zone Normal: 65536 pages in unavailable ranges\n"
	"On node 0, zone Normal: 106 pages in unavailable ranges\n"
	"percpu: Embedded 7 pages/cpu s26856 r0 d30488 u2097152\n";

static void large_pages(void **state)
{
	(void)state;
	expect(sparc, "node 0, pages", "65430", "65431");
	expect(sparc, "node 0, zone Normal, unavailable", "106", "105");
}

/* The firmware's own map beside what the kernel made of it. */
static const char alpha[] =
	"memcluster 0, usage 1, start        0, end     1984\n"
	"memcluster 1, usage 0, start     1984, end  1048576\n"
	"Zone ranges:\n"
	"  DMA      [mem 0x0000000000f80000-0x00000fffffffdfff]\n"
	"  Normal   empty\n"
	"Early memory node ranges\n"
	"  node   0: [mem 0x0000000000f80000-0x00000001ffffffff]\n";

static void memclusters(void **state)
{
	(void)state;
	expect(alpha, "node 0, memory from 0xf80000",
	       "f80000-0x00000001ffffffff", "f80000-0x00000001fffeffff");
	expect(alpha, "node 0, memory from 0xf80000", "1048576", "1048575");
}

static const char crash[] =
	"Command line: crashkernel=384M-:128M crashkernel=1G-4G:192M,4G-:256M\n"
	"BIOS-e820: [mem 0x0000000000000000-0x000000013fffffff] usable\n"
	"Reserving 256MB of memory at 640MB for crashkernel (System RAM: "
	"5119MB)\n";
static const char crash_later[] =
	"Command line: crashkernel=512M\n"
	"BIOS-e820: [mem 0x0000000000000000-0x000000013fffffff] usable\n"
	"crashkernel reserved: 0x00000000ba000000 - 0x00000000da000000 (512 "
	"MB)\n";

static void crash_kernel(void **state)
{
	(void)state;
	expect(crash, "crash kernel", "Reserving 256MB", "Reserving 192MB");
	expect(crash_later, "crash kernel", "0x00000000da000000",
	       "0x00000000ca000000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(page_frames),
		cmocka_unit_test(thirty_two_bits),
		cmocka_unit_test(large_pages),
		cmocka_unit_test(memclusters),
		cmocka_unit_test(crash_kernel),
	};

	return cmocka_run_group_tests_name("check_old", tests, NULL, NULL);
}
