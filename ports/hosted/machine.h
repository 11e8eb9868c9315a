/* SPDX-License-Identifier: MIT */
/*
 * machine: the machine that a program is to work on, from what its user gave.
 *
 * These functions allocate with malloc() and read files. Any thread, no lock:
 * one caller at a time for each machine.
 */
#ifndef MEMUP_PORTS_HOSTED_MACHINE_H
#define MEMUP_PORTS_HOSTED_MACHINE_H

#include "memup/machine.h"

/*
 * Add to @machine, fresh from mu_machine_init(), what this host tells of its
 * memory; mu_machine_finish() is left to the caller. Needs no privilege, but
 * sees more with it. Read in this order, the first that speaks wins:
 *
 *   ranges     /sys/firmware/memmap, /proc/iomem, /proc/zoneinfo
 *   nodes      memory blocks in /sys/devices/system/node/nodeN, /proc/zoneinfo
 *   CPUs       nodeN/cpulist, /sys/devices/system/cpu/online
 *   distances  nodeN/distance
 *
 * @root is put before every path: "" is this host, a test has a tree of its
 * own. MU_ERR_NOT_FOUND when no source tells of memory; otherwise what the
 * readers of memup/machine.h say, with the path in front.
 */
enum mu_status mu_host_machine(struct mu_machine *machine, const char *root,
			       struct mu_error *error) MU_MUST_CHECK;

/*
 * Make a finished machine from @what:
 *
 *   NULL            this host
 *   "-"             what mu_machine_read_any() knows, on standard input
 *   a file's name   the same, in a file
 *   anything else   a short description, see mu_machine_read_short()
 *
 * On success *@machine is new and goes to mu_machine_unload(). On failure it is
 * left alone, and the text of @error begins with the file and line: "boot.log:
 * 12: ...".
 */
enum mu_status mu_machine_load(struct mu_machine **machine, const char *what,
			       struct mu_error *error) MU_MUST_CHECK;

/*
 * The same from @len bytes at @text, which mu_machine_read_any() must know;
 * messages call it @name. @cmdline, NULL or @cmdline_len bytes, are parameters
 * of the kernel: mu_machine_apply_cmdline() with them before the machine is
 * finished. The text is not kept.
 */
enum mu_status mu_machine_load_text(struct mu_machine **machine,
				    const char *name, const char *text,
				    size_t len, const char *cmdline,
				    size_t cmdline_len,
				    struct mu_error *error) MU_MUST_CHECK;

/* Free what mu_machine_load() made. NULL is fine. */
void mu_machine_unload(struct mu_machine *machine);

#endif /* MEMUP_PORTS_HOSTED_MACHINE_H */
