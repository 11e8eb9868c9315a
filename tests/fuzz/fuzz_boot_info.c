// SPDX-License-Identifier: MIT
/* What a loader hands to the kernel: PVH, and Multiboot 2. */
#include "kernel/boot_info.h"
#include "tests/fuzz/fuzz_phys.h"

static struct boot_info info;

static void check(unsigned loader)
{
	memset(&info, 0xa5, sizeof(info));
	boot_info_read(&info, loader, FUZZ_PHYS_AT);
	fuzz_check(info.nr_ranges <= MAX_BOOT_RANGES &&
		   info.nr_modules <= MAX_BOOT_MODULES &&
		   info.cmdline_len <= MAX_KERNEL_CMDLINE &&
		   info.rsdp_len <= sizeof(info.rsdp));
	fuzz_check(strlen(info.cmdline) == info.cmdline_len);
	fuzz_check(!info.ranges_lost || info.nr_ranges == MAX_BOOT_RANGES);
	for (unsigned i = 0; i < info.nr_modules; i++)
		fuzz_check(info.modules[i].size &&
			   info.modules[i].base + info.modules[i].size >
				   info.modules[i].base);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_phys_put(data, size);
	check(LOADER_PVH);
	check(LOADER_MULTIBOOT2);
	return 0;
}
