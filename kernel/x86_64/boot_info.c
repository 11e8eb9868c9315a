// SPDX-License-Identifier: MIT
/*
 * Two loaders' formats for the same information: a map, a command line, where
 * ACPI is.
 *
 * All of it must be below 4 GiB, which entry.S has mapped at DIRECT_MAP;
 * anything that a loader puts elsewhere is ignored.
 */
#include "kernel/boot_info.h"
#include "kernel/layout.h"
#include "kernel/string.h"

#define FOUR_GIB   (UINT64_C(4) << 30)
#define MAX_LENGTH (UINT64_C(16) << 20) /* of what a loader makes */

/* A pointer to @size bytes at @phys; NULL if they are out of reach. */
static const void *at_phys(uint64_t phys, uint64_t size)
{
	if (!phys || phys > FOUR_GIB || size > FOUR_GIB - phys ||
	    size > MAX_LENGTH)
		return NULL;
	return (const void *)(uintptr_t)(DIRECT_MAP + phys);
}

static void add_range(struct boot_info *info, uint64_t base, uint64_t size,
		      uint32_t type)
{
	if (info->nr_ranges == MAX_BOOT_RANGES) {
		info->ranges_lost++;
		return;
	}
	info->ranges[info->nr_ranges++] =
		(struct boot_range){.base = base, .size = size, .type = type};
}

static void add_module(struct boot_info *info, uint64_t base, uint64_t end)
{
	if (base < end && info->nr_modules < MAX_BOOT_MODULES)
		info->modules[info->nr_modules++] =
			(struct boot_module){.base = base, .size = end - base};
}

static void set_cmdline(struct boot_info *info, const char *text, size_t max)
{
	size_t len = 0;

	while (len < max && len < MAX_KERNEL_CMDLINE && text[len])
		len++;
	info->cmdline_cut = len < max && text[len];
	memcpy(info->cmdline, text, len);
	info->cmdline[len] = '\0';
	info->cmdline_len = len;
}

/* ---- PVH: xen/include/public/arch-x86/hvm/start_info.h ---- */

#define PVH_MAGIC 0x336ec578u

struct pvh_info {
	uint32_t magic;
	uint32_t version; /* the fields from memmap on need 1 */
	uint32_t flags;
	uint32_t nr_modules;
	uint64_t modules;
	uint64_t cmdline;
	uint64_t rsdp;
	uint64_t memmap;
	uint32_t nr_memmap;
	uint32_t reserved;
};

struct pvh_range {
	uint64_t base, size;
	uint32_t type, reserved;
};

struct pvh_module {
	uint64_t base, size, cmdline, reserved;
};

_Static_assert(sizeof(struct pvh_range) == 24, "an entry of the map");
_Static_assert(sizeof(struct pvh_module) == 32, "an entry of the modules");

static void set_rsdp(struct boot_info *info, const void *rsdp, size_t len)
{
	info->rsdp_len = len < sizeof(info->rsdp) ? len : sizeof(info->rsdp);
	memcpy(info->rsdp, rsdp, info->rsdp_len);
}

/* Copies, because nothing guarantees alignment. */
static void read_pvh(struct boot_info *info, uint64_t at)
{
	const uint8_t *found = at_phys(at, sizeof(struct pvh_info));
	struct pvh_module module;
	struct pvh_range range;
	struct pvh_info pvh;

	info->loader = "PVH";
	if (!found)
		return;
	memcpy(&pvh, found, sizeof(pvh));
	if (pvh.magic != PVH_MAGIC)
		return;
	found = at_phys(pvh.cmdline, 1);
	if (found)
		set_cmdline(info, (const char *)found, FOUR_GIB - pvh.cmdline);
	found = at_phys(pvh.modules, pvh.nr_modules * UINT64_C(32));
	for (uint32_t i = 0; found && i < pvh.nr_modules; i++) {
		memcpy(&module, found + i * sizeof(module), sizeof(module));
		add_module(info, module.base, module.base + module.size);
	}
	found = at_phys(pvh.rsdp, sizeof(info->rsdp));
	if (found)
		set_rsdp(info, found, sizeof(info->rsdp));
	if (pvh.version < 1)
		return;
	found = at_phys(pvh.memmap, pvh.nr_memmap * UINT64_C(24));
	for (uint32_t i = 0; found && i < pvh.nr_memmap; i++) {
		memcpy(&range, found + i * sizeof(range), sizeof(range));
		add_range(info, range.base, range.size, range.type);
	}
}

/* ---- Multiboot2 specification 2.0, 3.6 ---- */

enum {
	TAG_END,
	TAG_CMDLINE,
	TAG_MODULE = 3,
	TAG_MEMMAP = 6,
	TAG_RSDP_1 = 14,
	TAG_RSDP_2 = 15
};

struct tag {
	uint32_t type, size; /* of all of it, with this */
};

struct memmap_tag {
	struct tag tag;
	uint32_t entry_size, version;
};

static void read_memmap(struct boot_info *info, const struct memmap_tag *memmap)
{
	const char *at = (const char *)(memmap + 1);
	size_t left = memmap->tag.size - sizeof(*memmap);

	if (memmap->entry_size < sizeof(struct pvh_range))
		return;
	for (; left >= memmap->entry_size;
	     at += memmap->entry_size, left -= memmap->entry_size) {
		/* The same three fields. */
		struct pvh_range range;

		memcpy(&range, at, sizeof(range));
		add_range(info, range.base, range.size, range.type);
	}
}

static void read_tag(struct boot_info *info, const struct tag *tag)
{
	const char *data = (const char *)(tag + 1);
	size_t len = tag->size - sizeof(*tag);
	uint32_t span[2];

	if (tag->type == TAG_CMDLINE) {
		set_cmdline(info, data, len);
	} else if (tag->type == TAG_MODULE && len >= sizeof(span)) {
		memcpy(span, data, sizeof(span));
		add_module(info, span[0], span[1]);
	} else if (tag->type == TAG_MEMMAP &&
		   tag->size >= sizeof(struct memmap_tag)) {
		read_memmap(info, (const void *)tag);
	} else if (tag->type == TAG_RSDP_2 ||
		   (tag->type == TAG_RSDP_1 && !info->rsdp_len)) {
		set_rsdp(info, data, len);
	}
}

static void read_multiboot2(struct boot_info *info, uint64_t phys)
{
	const uint32_t *total = phys % 8 ? NULL : at_phys(phys, 8);
	const char *at = total ? at_phys(phys, *total) : NULL;

	info->loader = "Multiboot2";
	for (uint64_t offset = 8;
	     at && offset + sizeof(struct tag) <= *total;) {
		const struct tag *tag = (const void *)(at + offset);

		if (tag->type == TAG_END || tag->size < sizeof(*tag) ||
		    tag->size > *total - offset)
			return;
		read_tag(info, tag);
		offset += ((uint64_t)tag->size + 7) & ~UINT64_C(7);
	}
}

/* ---- ACPI 6.5, 5.2.5.1: where a BIOS leaves its root pointer ---- */

static bool search(struct boot_info *info, uint64_t from, uint64_t to)
{
	for (; from < to; from += 16) {
		const uint8_t *at = at_phys(from, sizeof(info->rsdp));
		uint8_t sum = 0;

		if (memcmp(at, "RSD PTR ", 8) != 0)
			continue;
		for (unsigned i = 0; i < 20; i++)
			sum = (uint8_t)(sum + at[i]);
		if (!sum) {
			set_rsdp(info, at, sizeof(info->rsdp));
			return true;
		}
	}
	return false;
}

static void search_bios(struct boot_info *info)
{
	uint16_t segment;
	uint64_t extension;

	/* The BIOS data area says where its extension is. */
	memcpy(&segment, at_phys(0x40e, sizeof(segment)), sizeof(segment));
	extension = (uint64_t)segment * 16;
	if (segment >= 0x400 && search(info, extension, extension + 1024))
		return;
	search(info, 0xe0000, 0x100000);
}

void boot_info_read(struct boot_info *info, unsigned loader, uint64_t at)
{
	memset(info, 0, offsetof(struct boot_info, ranges));
	if (loader == LOADER_MULTIBOOT2)
		read_multiboot2(info, at);
	else
		read_pvh(info, at);
	if (!info->rsdp_len)
		search_bios(info);
}
