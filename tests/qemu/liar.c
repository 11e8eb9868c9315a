// SPDX-License-Identifier: MIT
/*
 * liar: firmware that does not tell the truth.
 *
 * QEMU starts it by PVH in the kernel's place; the kernel is in memory already
 * (-device loader). It changes what the kernel will be told, as lie=NAME on the
 * command line says, takes lie= and enter= out of it, and jumps to the kernel's
 * PVH entry at enter=ADDRESS as if it had not been there. So the kernel has no
 * code for its own tests to fail with.
 *
 *   nomap        the memory map has no entries
 *   shuffled     it is backwards, doubled, and has entries that cannot be
 *   shattered    most of RAM is in some 700 pieces
 *   rsdp         the root pointer's sum is wrong
 *   list         RSDT's and XSDT's are
 *   sum:NAME     the sum of the table NAME is
 *   length:NAME  that table says that it is shorter than its header
 *   empty-srat   SRAT names CPUs but no memory
 *   long-cmdline the command line has 5000 letters more
 *   ghosts       MADT names CPUs that were never there (-smp N,maxcpus=M)
 *   beyond       the map has RAM that the CPU has no address bits for
 *   leftovers    an interrupt is pending, and CR4 asks for five levels of page
 *                tables
 *
 * 32-bit code, flat, no paging; at an address that QEMU's firmware leaves
 * alone.
 */
#include <stddef.h>
#include <stdint.h>

struct info {
	uint32_t magic, version, flags, nr_modules;
	uint64_t modules, cmdline, rsdp, memmap;
	uint32_t nr_memmap, reserved;
};

struct range {
	uint64_t base, size;
	uint32_t type, reserved;
};

#define MAX_RANGES 1000
#define PIECE	   UINT64_C(0x40000)

static struct range map[MAX_RANGES];
static uint8_t rsdp[36];
static char cmdline[8192];
static uint32_t cmdline_len;

void (*liar(struct info *info))(void);

static void *at(uint64_t address)
{
	return (void *)(uintptr_t)address;
}

static int begins(const char *text, const char *with)
{
	while (*with)
		if (*text++ != *with++)
			return 0;
	return 1;
}

static uint32_t read32(const uint8_t *from)
{
	return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 |
	       (uint32_t)from[3] << 24;
}

/* ---- The map ---- */

static uint32_t copy_map(const struct info *info)
{
	const struct range *from = at(info->memmap);
	uint32_t i;

	for (i = 0; i < info->nr_memmap && i < MAX_RANGES / 2 - 4; i++)
		map[i] = from[i];
	return i;
}

static void shuffle(struct info *info)
{
	uint32_t nr = copy_map(info);

	/* Twice, the second time backwards. */
	for (uint32_t i = 0; i < nr; i++)
		map[nr + i] = map[nr - 1 - i];
	nr *= 2;
	map[nr++] = (struct range){.base = 0x100000, .size = 0, .type = 1};
	map[nr++] = (struct range){
		.base = ~UINT64_C(0xfff), .size = 0x10000, .type = 1};
	map[nr++] = (struct range){
		.base = 0x2000, .size = 0x1000, .type = 0x12345678};
	for (uint32_t i = 0; i < nr / 2; i++) {
		struct range old = map[i];

		map[i] = map[nr - 1 - i];
		map[nr - 1 - i] = old;
	}
	info->memmap = (uintptr_t)map;
	info->nr_memmap = nr;
}

/* Above 64 MiB every other quarter of a MiB is gone. */
static void shatter(struct info *info)
{
	const struct range *from = at(info->memmap);
	uint32_t nr = 0;

	for (uint32_t i = 0; i < info->nr_memmap; i++) {
		struct range range = from[i];
		uint64_t base = 64 << 20;

		if (range.type != 1 || range.base > base ||
		    range.base + range.size <= base) {
			map[nr++] = range;
			continue;
		}
		map[nr++] = (struct range){
			.base = range.base,
			.size = base - range.base,
			.type = 1,
		};
		for (; nr < 700 && base + PIECE < range.base + range.size;
		     base += 2 * PIECE)
			map[nr++] = (struct range){
				.base = base, .size = PIECE, .type = 1};
	}
	info->memmap = (uintptr_t)map;
	info->nr_memmap = nr;
}

/* 1 GiB at 32 TiB, and 1 GiB at 1 PiB. */
static void reach(struct info *info)
{
	uint32_t nr = copy_map(info);

	map[nr++] = (struct range){
		.base = UINT64_C(1) << 45, .size = 1 << 30, .type = 1};
	map[nr++] = (struct range){
		.base = UINT64_C(1) << 50, .size = 1 << 30, .type = 1};
	info->memmap = (uintptr_t)map;
	info->nr_memmap = nr;
}

/* ---- The CPU ---- */

/* The local APIC's registers lie at 0xfee00000: SVR at 0xf0, ICR at 0x300. */
static void leave_things(void)
{
	uint32_t cr4;

	*(volatile uint32_t *)at(0xfee000f0) = 0x1ff;
	*(volatile uint32_t *)at(0xfee00300) = 0x44055; /* to itself */
	__asm__ volatile("movl %%cr4, %0" : "=r"(cr4));
	__asm__ volatile("movl %0, %%cr4" : : "r"(cr4 | 0x1000));
}

/* ---- ACPI ---- */

static void fix_sum(uint8_t *table)
{
	uint32_t len = read32(table + 4);
	uint8_t sum = 0;

	table[9] = 0;
	for (uint32_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + table[i]);
	table[9] = (uint8_t)(0x100 - sum);
}

static uint8_t *find_table(const struct info *info, const char *name)
{
	const uint8_t *root = at(info->rsdp);
	uint8_t *rsdt = at(read32(root + 16));
	uint32_t len = read32(rsdt + 4);

	for (uint32_t i = 36; i + 4 <= len; i += 4) {
		uint8_t *table = at(read32(rsdt + i));

		if (read32(table) == read32((const uint8_t *)name))
			return table;
	}
	return NULL;
}

static void break_rsdp(struct info *info)
{
	const uint8_t *from = at(info->rsdp);

	for (unsigned i = 0; i < sizeof(rsdp); i++)
		rsdp[i] = from[i];
	rsdp[9] ^= 1;
	info->rsdp = (uintptr_t)rsdp;
}

static void break_lists(const struct info *info)
{
	const uint8_t *root = at(info->rsdp);
	uint8_t *rsdt = at(read32(root + 16));

	rsdt[9] ^= 1;
	if (root[15] >= 2)
		((uint8_t *)at(read32(root + 24)))[9] ^= 1;
}

static void break_sum(const struct info *info, const char *name)
{
	uint8_t *table = find_table(info, name);

	if (table)
		table[9] ^= 1;
}

static void break_length(const struct info *info, const char *name)
{
	uint8_t *table = find_table(info, name);

	if (table)
		table[4] = 7, table[5] = table[6] = table[7] = 0;
}

/* Structures of type 1 are memory: ACPI 6.5, 5.2.16.2. */
static void empty_srat(const struct info *info)
{
	uint8_t *table = find_table(info, "SRAT");
	uint32_t len = table ? read32(table + 4) : 0;

	for (uint32_t i = 48; i + 2 <= len && table[i + 1]; i += table[i + 1])
		if (table[i] == 1)
			table[i + 28] &= (uint8_t)~1u;
	if (table)
		fix_sum(table);
}

/* Structures of type 0 are CPUs: 5.2.12.2. */
static void add_ghosts(const struct info *info)
{
	uint8_t *table = find_table(info, "APIC");
	uint32_t len = table ? read32(table + 4) : 0;

	for (uint32_t i = 44; i + 2 <= len && table[i + 1]; i += table[i + 1])
		if (table[i] == 0)
			table[i + 4] |= 1;
	if (table)
		fix_sum(table);
}

static void lie(struct info *info, const char *what)
{
	if (begins(what, "nomap"))
		info->nr_memmap = 0;
	else if (begins(what, "shuffled"))
		shuffle(info);
	else if (begins(what, "shattered"))
		shatter(info);
	else if (begins(what, "rsdp"))
		break_rsdp(info);
	else if (begins(what, "list"))
		break_lists(info);
	else if (begins(what, "sum:"))
		break_sum(info, what + 4);
	else if (begins(what, "length:"))
		break_length(info, what + 7);
	else if (begins(what, "empty-srat"))
		empty_srat(info);
	else if (begins(what, "ghosts"))
		add_ghosts(info);
	else if (begins(what, "beyond"))
		reach(info);
	else if (begins(what, "leftovers"))
		leave_things();
	else if (begins(what, "long-cmdline"))
		while (cmdline_len < 5000)
			cmdline[cmdline_len++] = 'x';
}

static uint32_t read_hex(const char *text)
{
	uint32_t value = 0;

	for (text += 2;; text++) {
		if (*text >= '0' && *text <= '9')
			value = value << 4 | (uint32_t)(*text - '0');
		else if (*text >= 'a' && *text <= 'f')
			value = value << 4 | (uint32_t)(*text - 'a' + 10);
		else
			return value;
	}
}

/* Returns the kernel's entry; liar.S goes there. */
void (*liar(struct info *info))(void)
{
	const char *from = at(info->cmdline);
	uint32_t enter = 0;

	while (*from) {
		const char *word = from;
		uint32_t len = 0;

		while (word[len] && word[len] != ' ')
			len++;
		from += len + (word[len] == ' ');
		if (begins(word, "lie="))
			lie(info, word + 4);
		else if (begins(word, "enter="))
			enter = read_hex(word + 6);
		else
			for (uint32_t i = 0; i < len; i++)
				cmdline[cmdline_len++] = word[i];
		cmdline[cmdline_len++] = ' ';
	}
	cmdline[cmdline_len] = '\0';
	info->cmdline = (uintptr_t)cmdline;
	return (void (*)(void))(uintptr_t)enter;
}
