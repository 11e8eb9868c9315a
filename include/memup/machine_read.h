/* SPDX-License-Identifier: MIT */
/*
 * machine_read: readers for the texts that people have of their machines.
 *
 * Each takes the whole text (@len bytes, no terminator needed) and adds what it
 * finds to a machine that is not finished; @error names the line and the value.
 * On failure the machine must be initialised again before it is used. No reader
 * allocates, and none takes more than a few passes over the text.
 *
 * ACPI tables are in memup/machine_acpi.h; device trees, directories and this
 * host in the hosted port.
 */
#ifndef MEMUP_MACHINE_READ_H
#define MEMUP_MACHINE_READ_H

#include "memup/machine.h"

/* The longest text of many lines that a reader takes, in bytes. */
#define MU_MACHINE_TEXT_MAX ((size_t)256 << 20)

/*
 * A short description, read by mu_machine_read_short():
 *
 *   machine := nodes [ "/" CPUS ] { "," hole }
 *   nodes   := SIZE | COUNT "x" SIZE | place { "+" place }
 *   place   := SIZE "@" ADDRESS [ ":" NODE ]
 *   hole    := "-" SIZE "@" ADDRESS
 *
 * SIZE and ADDRESS are numbers, decimal or 0x and hexadecimal, with an
 * optional K, M, G, T or P, and multiples of 4 KiB; "64T", "8x1T/448",
 * "4G@0:0+4G@8G:1/8", "64G,-1G@3G". COUNT nodes lie one after the other from
 * address 0; a place without NODE is of node 0; CPUS are spread evenly over
 * all nodes, the first nodes get the remainder. A hole removes memory. Without
 * CPUS each node has one. MU_ERR_SYNTAX and MU_ERR_RANGE name the character,
 * counted from 1.
 */
enum mu_status mu_machine_read_short(struct mu_machine *machine,
				     const char *text, size_t len,
				     struct mu_error *error) MU_MUST_CHECK;

/*
 * A Linux boot log of any architecture, possibly among other text, with or
 * without time stamps and syslog prefixes, of 2.6 (ends are exclusive) and
 * later (inclusive). Of several boots in one file the last that has a map
 * counts.
 *
 * Of several maps of one boot the one counts that the kernel went on to use;
 * that is the first of these that is present:
 *
 *   "modified:"             e820 after the kernel changed it; the last such map
 *                           above the line "last_pfn"
 *   "user:"                 e820 after mem= and memmap=
 *   "reserve setup_data:"   e820 with what the loader handed over cut out
 *   "BIOS-e820:", "Xen:"    e820 of the firmware, or of the hypervisor
 *   " memory[0x0] [...]"    memblock=debug
 *   "memcluster 0, ..."     Alpha
 *   "node 0: [mem ...]"     early memory node ranges: all but x86
 *   "0: 0x0 -> 0x9f"        the same in page frames, Linux 2.6.19 to 3.4
 *   "memory: SIZE @ BASE"   MIPS
 *   "(XEN) [0, 9ffff] ..."  e820 of the host, where its guest says nothing
 *   "efi: mem00: ..."       efi=debug
 *   "SRAT: Node 0 ..."      what is not hotplug; holes in it are not seen
 *
 * "e820: update" and "e820: remove" after that map change it, up to the line
 * "last_pfn". What later ones reserve, or a later "modified:" map, or
 * "RAMDISK:", is KEPT; what "OF: reserved mem" names is KEPT or NOMAP. Page 0
 * and 640 KiB to 1 MiB are removed from an e820 map that has that line, as
 * every kernel does that prints "[mem".
 *
 * Nodes come from SRAT lines, or without these from early ranges; all is node 0
 * where the kernel says that NUMA is off or that it fakes a node; numa=fake= on
 * the boot's command line is followed, if memup can. CPUs are those of the
 * SRAT; else those that the boot names for each node; else the number that it
 * brought up or allowed, spread evenly. Latencies and bandwidths are those of
 * "acpi/hmat:". The architecture is recognised by lines that only it has; zones
 * end where "Zone ranges:" says; the command line is kept for mu_config_for().
 * The page size comes from lines that give one amount in pages and in bytes;
 * pages of 8 KiB are taken for 4 KiB.
 *
 * MU_ERR_NOT_FOUND when it has no memory map; MU_ERR_SYNTAX and MU_ERR_RANGE
 * for a line of a map that makes no sense, and for more than 4096 changes.
 */
enum mu_status mu_machine_read_log(struct mu_machine *machine, const char *text,
				   size_t len,
				   struct mu_error *error) MU_MUST_CHECK;

/*
 * The text of /proc/zoneinfo. Set machine->page_shift first: the text counts in
 * pages. Each zone is RAM from its first page on, as many pages as are present:
 * the amount is right, but holes are taken to be at the end of their zone.
 * Zones also say which node an address belongs to. There are no CPUs in it.
 * MU_ERR_NOT_FOUND when it has no zone with pages.
 */
enum mu_status mu_machine_read_zoneinfo(struct mu_machine *machine,
					const char *text, size_t len,
					struct mu_error *error) MU_MUST_CHECK;

/* The same, only for the nodes: no range is added. */
enum mu_status
mu_machine_read_zoneinfo_nodes(struct mu_machine *machine, const char *text,
			       size_t len,
			       struct mu_error *error) MU_MUST_CHECK;

/*
 * The text of /proc/iomem: System RAM at any depth, and what firmware keeps at
 * the outermost. MU_ERR_NOT_FOUND when it has no System RAM, or when every
 * address in it is 0, which is what unprivileged readers see.
 */
enum mu_status mu_machine_read_iomem(struct mu_machine *machine,
				     const char *text, size_t len,
				     struct mu_error *error) MU_MUST_CHECK;

/*
 * What lsmem prints, as a table with a header or with --json: what is online is
 * RAM, in whole memory blocks; nodes if it has a column NODE. Blocks in other
 * states are not memory. MU_ERR_NOT_FOUND when nothing is online.
 */
enum mu_status mu_machine_read_lsmem(struct mu_machine *machine,
				     const char *text, size_t len,
				     struct mu_error *error) MU_MUST_CHECK;

/*
 * What numactl --hardware prints: sizes, CPUs and distances of nodes. It names
 * no address: the nodes lie one after the other from 0, as in "2x64G".
 * MU_ERR_NOT_FOUND when there is no "node 0 size:".
 */
enum mu_status mu_machine_read_numactl(struct mu_machine *machine,
				       const char *text, size_t len,
				       struct mu_error *error) MU_MUST_CHECK;

/*
 * Files of sysfs in one text, each behind its path, as `grep -r . DIRECTORY` or
 * `tail -n +1 DIRECTORY/FILE...` (more, head) print them:
 *
 *   memmap/N/start, end, type   the firmware's map, /sys/firmware/memmap; the
 *                               three of one range follow each other
 *   nodeN/meminfo               MemTotal: the nodes of /sys/devices/system/node
 *                               lie one after the other from 0, as in "2x64G",
 *                               where there is no map
 *   nodeN/cpulist, cpumap       its CPUs
 *   nodeN/distance              one for each node there is, in their order
 *
 * MU_ERR_NOT_FOUND when there is neither a range nor a node; MU_ERR_SYNTAX for
 * a file of these that holds something else.
 */
enum mu_status mu_machine_read_sysfs(struct mu_machine *machine,
				     const char *text, size_t len,
				     struct mu_error *error) MU_MUST_CHECK;

/* Kinds of texts. */
enum mu_machine_kind {
	MU_KIND_UNKNOWN,
	MU_KIND_LOG,
	MU_KIND_ZONEINFO,
	MU_KIND_IOMEM,
	MU_KIND_LSMEM,
	MU_KIND_NUMACTL,
	MU_KIND_SYSFS,
	MU_KIND_ACPIDUMP, /* memup/machine_acpi.h */
	MU_KIND_DSL,	  /* the same */
	MU_KIND_ACPI,	  /* tables, the first one that memup reads */
};

/*
 * Recognise the kind by the first line that only one of them can have, or by a
 * table's signature. A short description is never recognised. Any context.
 */
enum mu_machine_kind mu_machine_kind(const char *text, size_t len);

/*
 * Read a text of that kind, as the reader for it does; MU_ERR_NOT_FOUND for
 * MU_KIND_UNKNOWN.
 */
enum mu_status mu_machine_read_kind(struct mu_machine *machine,
				    enum mu_machine_kind kind, const char *text,
				    size_t len,
				    struct mu_error *error) MU_MUST_CHECK;

/*
 * What mail programs, terminals, editors and web pages do to a text, undone:
 * its encoding (UTF-8, UTF-16, Latin-1), blanks of all kinds, colour, ends of
 * lines, HTML's entities, marks of quotes, and lines that were wrapped. Writes
 * ASCII to @out, which has room for 2 * @len bytes and does not overlap @text,
 * and returns how many bytes: at most that. Lines keep their numbers. For any
 * text before a reader of this header sees it; not for tables and trees. Any
 * context; O(@len).
 */
size_t mu_text_clean(const char *text, size_t len, char *out);

/*
 * Read a text of any kind, when there is no other source: if it names no RAM
 * this is taken from its affinities. MU_ERR_NOT_FOUND when the kind is unknown.
 */
enum mu_status mu_machine_read_any(struct mu_machine *machine, const char *text,
				   size_t len,
				   struct mu_error *error) MU_MUST_CHECK;

/*
 * Apply parameters of the kernel's command line to the ranges read so far
 * (Linux, Documentation/admin-guide/kernel-parameters.txt, x86), one after the
 * other; unknown ones are passed over:
 *
 *   mem=N               no RAM at N and above; on arm, arm64, RISC-V, PowerPC,
 *                       SPARC, Itanium and LoongArch only the first N bytes of
 *                       RAM. 0 is ignored
 *   memmap=N            no RAM at N and above
 *   memmap=exactmap     forget all ranges
 *   memmap=N@S          RAM, N bytes at S
 *   memmap=N#S          ACPI data      memmap=N$S   reserved
 *   memmap=N!S          persistent     memmap=N%S-OLD+NEW  change a type
 *   numa=off            forget all nodes
 *   numa=fake=N         N nodes of equal RAM; numa=fake=NM, NG: nodes of N MiB
 *                       or GiB; numa=fake=NU: N nodes in each real one. Real
 *                       nodes are forgotten when the machine is finished; their
 *                       CPUs are spread, their distances kept, 10 in one of
 *                       them (Linux: numa_emulation.c).
 *
 * MU_ERR_UNSUPPORTED for distances after numa=fake=N:, which Linux reads but
 * does not document. Several descriptions may follow one memmap=, with commas
 * between them.
 * Numbers may be hexadecimal and have a K, M, G, T, P or E. OLD and NEW are
 * types of e820, 1 to 12; without OLD any type, without NEW the memory is gone.
 */
enum mu_status mu_machine_apply_cmdline(struct mu_machine *machine,
					const char *text, size_t len,
					struct mu_error *error) MU_MUST_CHECK;

/*
 * The same with mem= and numa= of machine->cmdline, for a source that describes
 * the machine before its own kernel applied them: a device tree. What makes no
 * sense is ignored. Before mu_machine_finish(); nothing is done after it.
 */
void mu_machine_apply_own(struct mu_machine *machine);

#endif /* MEMUP_MACHINE_READ_H */
