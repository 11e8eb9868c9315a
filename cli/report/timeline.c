// SPDX-License-Identifier: MIT
/* What a boot log tells of memory work, and when. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "cli/report/timeline.h"
#include "cli/text.h"

/* The first that is in a line decides. Wordings are those of Linux 2.6 to 6.x;
 * the case of letters does not matter. */
static const struct {
	const char *kind, *text;
} patterns[] = {
	{"deferred", "deferred pages initiali"},
	{"deferred", "padata"},
	{"deferred", "deferred_init"},
	{"initrd", "freeing initrd"},
	{"initrd", "ramdisk"},
	{"initrd", "initrd"},
	{"free", "freeing unused"},
	{"free", "freeing smp alternatives"},
	{"free", "freeing "},
	{"allocator", "memory: "}, /* says "reserved", too */
	{"kaslr", "kaslr"},
	{"cpus", "smp: bringing up"},
	{"cpus", "smp: brought up"},
	{"cpus", "brought up "},
	{"cpus", "smpboot: allowing"},
	{"cpus", "smpboot: total of"},
	{"cpus", "booting node"},
	{"cpus", "booting smp"},
	{"huge pages", "hugetlb"},
	{"huge pages", "hugepage"},
	{"huge pages", "huge page"},
	{"reserved", "crashkernel"},
	{"reserved", "crash kernel"},
	{"reserved", "reserved mem"},
	{"reserved", "cma: "},
	{"reserved", "cma area"},
	{"reserved", "software io tlb"},
	{"reserved", "reserve"},
	{"hotplug", "memory hotplug"},
	{"hotplug", "memory_hotplug"},
	{"hotplug", "hotplug_memory"},
	{"zones", "zone ranges"},
	{"zones", "movable zone start"},
	{"zones", "early memory node ranges"},
	{"zones", "early_node_map"},
	{"zones", "initmem setup node"},
	{"zones", "on node "},
	{"zones", "unavailable ranges"},
	{"zones", "zonelist"},
	{"zones", "policy zone"},
	{"zones", " zone: "},
	{"zones", "  normal "},
	{"zones", "  dma"},
	{"zones", "  movable "},
	{"zones", "  highmem "},
	{"zones", "  device "},
	{"zones", "  node "},
	{"memmap", "vmemmap"},
	{"memmap", "memmap"},
	{"memmap", "sparse"},
	{"allocator", "slub: "},
	{"allocator", "percpu: "},
	{"allocator", "hash table entries"},
	{"allocator", "page_alloc"},
	{"allocator", "mem auto-init"},
	{"nodes", "numa"},
	{"nodes", "srat"},
	{"nodes", "slit"},
	{"nodes", "hmat"},
	{"nodes", "node_data"},
	{"nodes", "node distance"},
	{"memblock", "memblock"},
	{"memblock", "init_memory_mapping"},
	{"memblock", "last_pfn"},
	{"memblock", "max_pfn"},
	{"memblock", "early allocator"},
	{"firmware", "e820"},
	{"firmware", "bios-"},
	{"firmware", "user-defined physical ram"},
	{"firmware", "user: [mem"},
	{"firmware", "efi: mem"},
	{"firmware", "efi: remove mem"},
	{"firmware", "physical ram map"},
	{"firmware", "extended physical ram"},
	{"firmware", "command line"},
	{"firmware", "pm: hibernation: registered nosave"},
	{"firmware", "[mem 0x"},
};

static const char *kind_of(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		const size_t size = strlen(patterns[i].text);

		for (size_t at = 0; at + size <= len; at++)
			if (!strncasecmp(text + at, patterns[i].text, size))
				return patterns[i].kind;
	}
	return NULL;
}

/* "[   12.345678]", spaces or not: the end of it, or NULL. */
static const char *stamp(const char *at, const char *end, double *seconds)
{
	char number[32];
	const char *begin, *dot = NULL;
	size_t size;

	if (at == end || *at++ != '[')
		return NULL;
	while (at < end && *at == ' ')
		at++;
	for (begin = at;
	     at < end && (isdigit((unsigned char)*at) || (*at == '.' && !dot));
	     at++)
		if (*at == '.')
			dot = at;
	size = (size_t)(at - begin);
	if (at == end || *at != ']' || !dot || dot == begin || dot + 1 == at ||
	    size >= sizeof(number))
		return NULL;
	memcpy(number, begin, size);
	number[size] = '\0';
	*seconds = strtod(number, NULL);
	return at + 1;
}

/* "[    T0]", "[   C12]": who printed it. */
static const char *skip_caller(const char *at, const char *end)
{
	const char *close = at;

	if (at == end || *at != '[')
		return at;
	for (close = at + 1; close < end && *close == ' ';)
		close++;
	if (close == end || (*close != 'T' && *close != 'C'))
		return at;
	for (close++; close < end && isdigit((unsigned char)*close);)
		close++;
	return close < end && *close == ']' ? close + 1 : at;
}

/* A journal or syslog puts a date and a host in front of the stamp. */
#define STAMP_WITHIN 100

struct timeline_line timeline_read(const char *line, size_t len)
{
	struct timeline_line read = {.text = line, .len = len};
	const char *end = line + len;

	for (const char *at = line; at < end && at - line < STAMP_WITHIN;
	     at++) {
		const char *after = stamp(at, end, &read.seconds);

		if (!after)
			continue;
		after = skip_caller(after, end);
		if (after < end && *after == ' ')
			after++;
		read.has_time = true;
		read.text = after;
		read.len = (size_t)(end - after);
		break;
	}
	while (read.len && isspace((unsigned char)read.text[read.len - 1]))
		read.len--;
	read.kind = kind_of(read.text, read.len);
	return read;
}

static void line_json(FILE *out, const struct timeline_line *line)
{
	char text[1024];
	size_t len =
		line->len < sizeof(text) - 1 ? line->len : sizeof(text) - 1;

	for (size_t i = 0; i < len; i++)
		text[i] = (char)(line->text[i] ? line->text[i] : ' ');
	text[len] = '\0';
	fprintf(out, "{\"line\":%u,\"time\":", line->number);
	if (line->has_time)
		fprintf(out, "%.6f", line->seconds);
	else
		fputs("null", out);
	fprintf(out, ",\"kind\":\"%s\",\"text\":", line->kind);
	json_string(out, text);
	putc('}', out);
}

void timeline_json(FILE *out, const char *begin, const char *end,
		   unsigned number)
{
	const char *comma = "";

	putc('[', out);
	for (const char *at = begin; at < end; number++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;
		struct timeline_line line =
			timeline_read(at, (size_t)(stop - at));

		line.number = number;
		if (line.kind) {
			fputs(comma, out);
			line_json(out, &line);
			comma = ",";
		}
		at = newline ? newline + 1 : end;
	}
	putc(']', out);
}
