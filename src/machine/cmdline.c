// SPDX-License-Identifier: MIT
#include "base/bits.h"
#include "base/fmt.h"
#include "base/string.h"
#include "machine/cmdline.h"
#include "machine/e820.h"
#include "machine/fake.h"

struct reader {
	struct mu_machine *machine;
	struct mu_text word; /* the whole parameter, for messages */
	struct mu_error *error;
};

static enum mu_status wrong(const struct reader *reader, enum mu_status status,
			    const char *what)
{
	return mu_text_wrong(reader->error, status, reader->word, what);
}

static enum mu_status read_size(const struct reader *reader,
				struct mu_text *text, uint64_t *value)
{
	bool unit;
	enum mu_status status = mu_text_size(text, value, &unit);

	if (status == MU_ERR_SYNTAX)
		return wrong(reader, status, "expected a number");
	if (status)
		return wrong(reader, status, "a number past 64 bits");
	return MU_OK;
}

static enum mu_status limit(const struct reader *reader, mu_phys_t size)
{
	/* There is no memory to remove. */
	if (size >= MU_PHYS_MAX)
		return MU_OK;
	return mu_machine_update(reader->machine, size, MU_PHYS_MAX - size,
				 MU_RANGE_RAM, MU_RANGE_NONE, reader->error);
}

/* Is mem= an amount of RAM there, and not the address where it ends? */
static bool is_amount(enum mu_arch arch)
{
	switch (arch) {
	case MU_ARCH_ARM64:
	case MU_ARCH_ARM:
	case MU_ARCH_RISCV:
	case MU_ARCH_PPC64:
	case MU_ARCH_PPC:
	case MU_ARCH_IA64:
	case MU_ARCH_SPARC64:
	case MU_ARCH_LOONGARCH:
		return true;
	default:
		return false;
	}
}

static enum mu_status apply_mem(const struct reader *reader,
				struct mu_text value)
{
	uint64_t size;
	enum mu_status status;

	if (mu_text_skip(&value, "nopentium"))
		return MU_OK;
	status = read_size(reader, &value, &size);
	if (!status && !mu_text_empty(&value))
		return wrong(reader, MU_ERR_SYNTAX,
			     "expected nothing after the size");
	if (status || !size)
		return status;
	if (!is_amount(reader->machine->arch))
		return limit(reader, size);
	reader->machine->ram_limit = size;
	return MU_OK;
}

/* "-OLD+NEW", each of which may be missing. */
static enum mu_status change_type(const struct reader *reader,
				  struct mu_text *value, mu_phys_t start,
				  mu_phys_t size)
{
	enum mu_range_type from = MU_RANGE_NONE, to = MU_RANGE_NONE;
	enum mu_status status = MU_OK;
	uint64_t number;

	if (mu_text_skip(value, "-")) {
		status = read_size(reader, value, &number);
		if (status)
			return status;
		from = mu_range_type_e820(number);
	}
	if (mu_text_skip(value, "+")) {
		status = read_size(reader, value, &number);
		if (status)
			return status;
		to = mu_range_type_e820(number);
	}
	/* Without a type to look for, a new range on top of what is there. */
	if (from == MU_RANGE_NONE && to != MU_RANGE_NONE)
		return mu_machine_add(reader->machine, start, size, to, 0,
				      reader->error);
	return mu_machine_update(reader->machine, start, size, from, to,
				 reader->error);
}

static enum mu_status apply_region(const struct reader *reader,
				   struct mu_text *value)
{
	static const struct {
		const char *sign;
		enum mu_range_type type;
	} signs[] = {
		{"@", MU_RANGE_RAM},
		{"#", MU_RANGE_ACPI},
		{"$", MU_RANGE_RESERVED},
		{"!", MU_RANGE_PMEM},
	};
	uint64_t size, start;
	enum mu_status status;

	if (mu_text_skip(value, "exactmap")) {
		return mu_machine_update(reader->machine, 0, MU_PHYS_MAX,
					 MU_RANGE_NONE, MU_RANGE_NONE,
					 reader->error);
	}
	status = read_size(reader, value, &size);
	if (status)
		return status;
	for (unsigned i = 0; i < MU_ARRAY_SIZE(signs); i++) {
		if (!mu_text_skip(value, signs[i].sign))
			continue;
		status = read_size(reader, value, &start);
		if (status)
			return status;
		return mu_machine_add(reader->machine, start, size,
				      signs[i].type, 0, reader->error);
	}
	if (mu_text_skip(value, "%")) {
		status = read_size(reader, value, &start);
		return status ? status
			      : change_type(reader, value, start, size);
	}
	return limit(reader, size);
}

static enum mu_status apply_memmap(const struct reader *reader,
				   struct mu_text value)
{
	enum mu_status status;

	do {
		status = apply_region(reader, &value);
	} while (!status && mu_text_skip(&value, ","));
	if (!status && !mu_text_empty(&value))
		return wrong(reader, MU_ERR_SYNTAX,
			     "expected @, #, $, !, %, a comma or the end");
	return status;
}

static void forget_nodes(struct mu_machine *machine)
{
	unsigned cpus = mu_machine_cpus(machine);

	machine->nr_affinities = 0;
	memset(machine->nodes, 0, machine->nr_nodes * sizeof(*machine->nodes));
	memset(machine->distances, 0,
	       (size_t)machine->max_nodes * machine->max_nodes);
	machine->nr_nodes = MU_MIN(machine->nr_nodes, 1u);
	if (cpus) {
		machine->nodes[0].present = true;
		machine->nodes[0].nr_cpus = cpus;
	}
}

static enum mu_status apply_word(const struct reader *reader)
{
	struct mu_text value = reader->word;

	(void)mu_text_skip(&value, "\"");
	if (mu_text_skip(&value, "mem="))
		return apply_mem(reader, value);
	if (mu_text_skip(&value, "memmap="))
		return apply_memmap(reader, value);
	if (mu_text_skip(&value, "numa=fake="))
		return mu_fake_read(reader->machine, reader->word, value,
				    reader->error);
	if (mu_text_skip(&value, "numa=off") && mu_text_empty(&value))
		forget_nodes(reader->machine);
	return MU_OK;
}

enum mu_status mu_machine_apply_cmdline(struct mu_machine *machine,
					const char *text, size_t len,
					struct mu_error *error)
{
	struct reader reader = {.machine = machine, .error = error};
	struct mu_text rest = mu_text(text, len);
	enum mu_status status = MU_OK;

	if (machine->finished)
		return mu_fail(error, MU_ERR_INVALID, 0,
			       "the machine is finished");
	if (len > MU_MACHINE_CMDLINE_MAX)
		return mu_fail(error, MU_ERR_RANGE, 0,
			       "%zu bytes of parameters, more than %zu", len,
			       MU_MACHINE_CMDLINE_MAX);
	while (!status && mu_cmdline_word(&rest, &reader.word))
		status = apply_word(&reader);
	return status;
}

void mu_machine_apply_own(struct mu_machine *machine)
{
	struct reader reader = {.machine = machine};
	struct mu_text rest = mu_text(machine->cmdline, machine->cmdline_len);

	while (!machine->finished && mu_cmdline_word(&rest, &reader.word)) {
		struct mu_text word = reader.word;

		/* Architectures with memmap= report their map themselves. */
		if (mu_text_skip(&word, "memmap=") || apply_word(&reader))
			continue;
	}
}
