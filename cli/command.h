/* SPDX-License-Identifier: MIT */
/* command: the subcommands of memup. */
#ifndef MEMUP_CLI_COMMAND_H
#define MEMUP_CLI_COMMAND_H

/* Exit codes of the program. */
enum {
	EXIT_DONE = 0,
	EXIT_NO = 1,   /* it ran, and the answer is no */
	EXIT_USAGE = 2 /* bad input or bad use; nothing was done */
};

struct command {
	const char *name;
	const char *summary; /* one line, for the list */
	const char *help;    /* all of --help */
	/* argv[0] is the subcommand. */
	int (*run)(int argc, char **argv);
};

extern const struct command command_boot;
extern const struct command command_scenario;
extern const struct command command_device;
extern const struct command command_hotplug;
extern const struct command command_check;
extern const struct command command_checksum;
extern const struct command command_plan;
extern const struct command command_prefault;
extern const struct command command_report;
extern const struct command command_show;

#endif
