// SPDX-License-Identifier: MIT
/* The program: which command is meant, and what all have in common. */
#include <stdio.h>
#include <string.h>
#include "cli/command.h"
#include "memup/base.h"

static const struct command *const commands[] = {
	&command_boot,	   &command_show,    &command_check, &command_scenario,
	&command_device,   &command_hotplug, &command_plan,  &command_prefault,
	&command_checksum, &command_report,
};
#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void list_commands(FILE *out)
{
	fprintf(out, "usage: memup COMMAND [ARGUMENTS]\n\n"
		     "Bring a machine's physical memory up, and look at it.\n\n"
		     "commands:\n");
	for (size_t i = 0; i < NR_COMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i]->name,
			commands[i]->summary);
	fprintf(out, "\n`memup COMMAND --help` describes a command.\n"
		     "Exit codes: 0 done, 1 the answer is no, 2 bad input or "
		     "use.\n");
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int unknown(const char *name)
{
	fprintf(stderr,
		"memup: '%s' is not a command; `memup --help` lists them\n",
		name);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const struct command *command;
	char name[32];

	if (argc < 2) {
		list_commands(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		command = argc > 2 ? find(argv[2]) : NULL;
		if (argc > 2 && !command)
			return unknown(argv[2]);
		if (command)
			fputs(command->help, stdout);
		else
			list_commands(stdout);
		return EXIT_DONE;
	}
	command = find(argv[1]);
	if (!command)
		return unknown(argv[1]);
	/* What getopt() calls us in its messages. */
	snprintf(name, sizeof(name), "memup %s", command->name);
	argv[1] = name;
	return command->run(argc - 1, argv + 1);
}
