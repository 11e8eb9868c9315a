/* SPDX-License-Identifier: MIT */
/*
 * machine: the machine that a program is to work on, from what its user gave.
 *
 * These functions allocate with malloc() and read files. Any thread, no lock:
 * one caller at a time for each machine.
 */
#ifndef MEMUP_PORTS_HOSTED_MACHINE_H
#define MEMUP_PORTS_HOSTED_MACHINE_H

#include "memup/machine_read.h"

/*
 * Add to @machine, fresh from mu_machine_init(), what this host reveals about
 * its memory; mu_machine_finish() is left to the caller. Needs no privilege,
 * but sees more with it. Sources in this order, of each line the first that is
 * available:
 *
 *   ranges     /sys/firmware/memmap, /proc/iomem, /proc/zoneinfo
 *   nodes      memory blocks in /sys/devices/system/node/nodeN, /proc/zoneinfo
 *   CPUs       nodeN/cpulist, /sys/devices/system/cpu/online
 *   distances  nodeN/distance
 *   latencies and bandwidths  nodeN/access0/initiators
 *
 * and the parameters of the running kernel from /proc/cmdline. The architecture
 * is the one that this was compiled for.
 *
 * @root is put before every path: "" is this host, a test has its own tree.
 * MU_ERR_NOT_FOUND when no source describes memory; otherwise the errors of the
 * readers of memup/machine.h, with the path in front.
 */
enum mu_status mu_host_machine(struct mu_machine *machine, const char *root,
			       struct mu_error *error) MU_MUST_CHECK;

/*
 * The firmware's map in @dir, laid out as /sys/firmware/memmap is: one
 * directory for each range, with files start, end and type. MU_ERR_NOT_FOUND
 * when there is none, or it cannot be read.
 */
enum mu_status mu_machine_read_memmap(struct mu_machine *machine,
				      const char *dir,
				      struct mu_error *error) MU_MUST_CHECK;

/*
 * Make a finished machine from @what:
 *
 *   NULL            this host
 *   "-"             what mu_machine_kind() knows or a device tree, on standard
 *                   input
 *   a file's name   the same, in a file
 *   a directory     laid out as /sys/firmware/memmap: that; else all files in
 *                   it that are ACPI tables, as in /sys/firmware/acpi/tables
 *   anything else   a short description, see mu_machine_read_short()
 *
 * On success *@machine is new and must be freed by mu_machine_unload(). On
 * failure it is unchanged, and the text of @error begins with the file and
 * line: "boot.log: 12: ...".
 */
enum mu_status mu_machine_load(struct mu_machine **machine, const char *what,
			       struct mu_error *error) MU_MUST_CHECK;

/*
 * Make one from the @nr sources @what together; without any it is this host.
 * Ranges of all of them count. Nodes are ACPI's if its tables are among them,
 * else those of the first source that has any; so are CPUs, but those of an
 * MADT in a file of its own only count when no other source has any. Tables
 * come in any order; their nodes get the numbers that Linux gives them. When no
 * source has RAM it is taken from affinities.
 *
 * @cmdline, or NULL, are kernel parameters for mu_machine_apply_cmdline(),
 * applied to the ranges of all sources.
 */
enum mu_status mu_machine_load_all(struct mu_machine **machine,
				   const char *const *what, unsigned nr,
				   const char *cmdline,
				   struct mu_error *error) MU_MUST_CHECK;

/*
 * The same from @len bytes at @text, of a kind that mu_machine_read_any()
 * reads; messages call it @name. @cmdline, NULL or @cmdline_len bytes, are
 * parameters of the kernel: mu_machine_apply_cmdline() with them before the
 * machine is finished. The text is not kept.
 */
enum mu_status mu_machine_load_text(struct mu_machine **machine,
				    const char *name, const char *text,
				    size_t len, const char *cmdline,
				    size_t cmdline_len,
				    struct mu_error *error) MU_MUST_CHECK;

/* Free what mu_machine_load() made. NULL is fine. */
void mu_machine_unload(struct mu_machine *machine);

#endif /* MEMUP_PORTS_HOSTED_MACHINE_H */
