// SPDX-License-Identifier: MIT
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include "cli/command.h"
#include "cli/pool.h"
#include "cli/run_options.h"
#include "cli/text.h"
#include "ports/hosted/hosted.h"

static bool parse_policy(struct run_options *options, const char *text)
{
	bool found = false;

	options->all = !strcmp(text, "all");
	for (unsigned i = 0; i <= MU_POLICY_LAZY; i++) {
		const char *name = mu_policy_str((enum mu_policy)i);

		options->policy[i] =
			(i != MU_POLICY_DEFERRED || options->has_deferred) &&
			(options->all || !strcmp(text, name));
		found |= options->policy[i];
	}
	if (!found)
		fprintf(stderr,
			"%s: --policy '%s' is not one of eager, %slazy, all\n",
			options->who, text,
			options->has_deferred ? "deferred, " : "");
	return found;
}

struct run_options run_options_for(const char *who, bool has_deferred)
{
	struct run_options options = {.who = who, .has_deferred = has_deferred};

	parse_policy(&options, "all");
	return options;
}

bool run_option(struct run_options *options, int option, const char *value)
{
	switch (option) {
	case 'p':
		return parse_policy(options, value);
	case 't':
		return pool_parse_threads(value, &options->threads,
					  options->who);
	case 'j':
		return options->json = true;
	default:
		return false;
	}
}

bool run_machine(const struct run_options *options, int argc, char **argv,
		 const char **machine)
{
	*machine = argv[optind];
	if (optind + 1 >= argc)
		return true;
	fprintf(stderr, "%s: one MACHINE; '%s' is too many\n", options->who,
		argv[optind + 1]);
	return false;
}

static bool threads_fit(struct run_options *options,
			const struct mu_machine *machine)
{
	unsigned cpus = mu_machine_cpus(machine);

	if (options->threads > cpus) {
		fprintf(stderr,
			"%s: --threads %u, but %s has %u CPU%s, and a thread "
			"is a CPU of the machine\n",
			options->who, options->threads, machine->source, cpus,
			cpus == 1 ? "" : "s");
		return false;
	}
	if (!options->threads)
		options->threads = mu_hosted_cpus();
	if (options->threads > cpus)
		options->threads = cpus;
	return true;
}

bool run_fits(struct run_options *options, const struct mu_machine *machine,
	      uint64_t need, const char *what, const char *advice)
{
	uint64_t have = mu_hosted_available();

	if (!threads_fit(options, machine))
		return false;
	for (unsigned i = 0; i < MU_POLICY_LAZY; i++) {
		if (!options->policy[i] || need < have - have / 16)
			continue;
		fprintf(stderr,
			"%s: %s: policy %s %s %s of %s, and this host has %s "
			"of memory left%s\n",
			options->who, machine->source,
			mu_policy_str((enum mu_policy)i),
			options->all ? "is left out: it writes" : "writes",
			size_text(need), what, size_text(have),
			options->all ? "" : advice);
		if (!options->all)
			return false;
		options->policy[i] = false;
	}
	return true;
}

bool run_said(const struct run_options *options,
	      const struct mu_machine *machine, enum mu_policy policy,
	      enum mu_status status, const struct mu_error *error,
	      const struct mu_error *why, int *code)
{
	if (status != MU_OK) {
		fprintf(stderr, "%s: %s: policy %s: %s\n", options->who,
			machine->source, mu_policy_str(policy),
			error->text[0] ? error->text : mu_status_str(status));
		return false;
	}
	if (why) {
		fprintf(stderr, "%s: policy %s: does not validate: %s\n",
			options->who, mu_policy_str(policy), why->text);
		*code = EXIT_NO;
	}
	return true;
}
