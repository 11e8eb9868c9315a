// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ports/hosted/machine.h"
#include "ports/hosted/read_file.h"

#define FIRST_RANGES 1024u
#define MOST_RANGES  (1u << 20)

/* What the machine is made of, read once; filled in as often as it takes. */
struct source {
	const char *name; /* in front of messages and in the machine */
	enum { HOST, LOG, SHORT } kind;
	const char *text;
	size_t len;
	char *owned;	     /* the text, if it is to be freed */
	const char *cmdline; /* more parameters, or NULL */
	size_t cmdline_len;
};

static enum mu_status open_source(struct source *source, const char *what,
				  struct mu_error *error)
{
	enum mu_status status = MU_OK;

	*source = (struct source){.name = what, .kind = LOG};
	if (!what) {
		source->kind = HOST;
		source->name = "this host";
		return MU_OK;
	}
	if (strcmp(what, "-") == 0)
		source->name = "standard input";
	if (strcmp(what, "-") == 0 || access(what, F_OK) == 0) {
		status =
			mu_read_file(what, &source->owned, &source->len, error);
	} else {
		source->kind = SHORT;
		source->len = strlen(what);
		source->owned = strdup(what);
		if (!source->owned)
			status = mu_hosted_fail(error, MU_ERR_NOMEM,
						"no memory");
	}
	source->text = source->owned;
	return status;
}

static enum mu_status fill(struct mu_machine *machine,
			   const struct source *source, struct mu_error *error)
{
	enum mu_status status = MU_OK;

	(void)snprintf(machine->source, sizeof(machine->source), "%s",
		       source->name);
	switch (source->kind) {
	case HOST:
		status = mu_host_machine(machine, "", error);
		break;
	case LOG:
		status = (mu_machine_is_fdt(source->text, source->len)
				  ? mu_machine_read_fdt
				  : mu_machine_read_any)(machine, source->text,
							 source->len, error);
		break;
	case SHORT:
		status = mu_machine_read_short(machine, source->text,
					       source->len, error);
		break;
	}
	if (!status && source->cmdline)
		status = mu_machine_apply_cmdline(machine, source->cmdline,
						  source->cmdline_len, error);
	return status ? status : mu_machine_finish(machine, error);
}

static struct mu_machine *new_machine(unsigned max_ranges)
{
	/* malloc() aligns for max_align_t, and so does the struct's size. */
	size_t head = (sizeof(struct mu_machine) + 15) & ~(size_t)15;
	char *memory = malloc(head + mu_machine_size(max_ranges, MU_MAX_NODES));

	if (!memory)
		return NULL;
	mu_machine_init((void *)memory, memory + head, max_ranges,
			MU_MAX_NODES);
	return (void *)memory;
}

/* Say where the text came from that @from complains about. */
static enum mu_status failed(const struct source *source,
			     const struct mu_error *from,
			     struct mu_error *error)
{
	enum mu_status status = from->status;
	struct mu_error old = *from;

	if (source->kind == SHORT && status == MU_ERR_SYNTAX)
		mu_hosted_fail(error, status,
			       "%s (and there is no file of that name)",
			       old.text);
	else if (source->kind == SHORT)
		mu_hosted_fail(error, status, "%s", old.text);
	else if (old.line)
		mu_hosted_fail(error, status, "%s:%u: %s", source->name,
			       (unsigned)old.line, old.text);
	else if (old.offset)
		mu_hosted_fail(error, status, "%s: byte 0x%llx: %s",
			       source->name, (unsigned long long)old.offset,
			       old.text);
	else
		mu_hosted_fail(error, status, "%s: %s", source->name, old.text);
	if (error) {
		error->line = old.line;
		error->offset = old.offset;
	}
	return status;
}

/* Try with more and more room. */
static enum mu_status load(struct mu_machine **machine,
			   const struct source *source, struct mu_error *error)
{
	for (unsigned max_ranges = FIRST_RANGES;; max_ranges *= 4) {
		struct mu_machine *new = new_machine(max_ranges);
		struct mu_error local = {.status = MU_OK};
		enum mu_status status;

		if (!new)
			return mu_hosted_fail(error, MU_ERR_NOMEM,
					      "no memory for %u ranges",
					      max_ranges);
		status = fill(new, source, &local);
		if (!status) {
			*machine = new;
			return MU_OK;
		}
		mu_machine_unload(new);
		if (status != MU_ERR_FULL || max_ranges >= MOST_RANGES)
			return failed(source, &local, error);
	}
}

enum mu_status mu_machine_load(struct mu_machine **machine, const char *what,
			       struct mu_error *error)
{
	struct source source;
	enum mu_status status = open_source(&source, what, error);

	if (status)
		return status;
	status = load(machine, &source, error);
	free(source.owned);
	return status;
}

enum mu_status mu_machine_load_text(struct mu_machine **machine,
				    const char *name, const char *text,
				    size_t len, const char *cmdline,
				    size_t cmdline_len, struct mu_error *error)
{
	struct source source = {
		.name = name,
		.kind = LOG,
		.text = text,
		.len = len,
		.cmdline = cmdline,
		.cmdline_len = cmdline_len,
	};

	return load(machine, &source, error);
}

void mu_machine_unload(struct mu_machine *machine)
{
	free(machine);
}
