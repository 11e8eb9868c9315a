// SPDX-License-Identifier: MIT
#include "tests/machine_util.h"

struct mu_machine *machine_new(unsigned max_ranges, unsigned max_nodes)
{
	size_t head = (sizeof(struct mu_machine) + 15) & ~(size_t)15;
	size_t size = mu_machine_size(max_ranges, max_nodes);
	char *memory;

	assert_int_not_equal(size, 0);
	memory = malloc(head + size);
	assert_non_null(memory);
	/* Nothing may depend on what was in the memory before. */
	memset(memory, 0xa5, head + size);
	assert_int_equal(mu_machine_init((void *)memory, memory + head, size,
					 max_ranges, max_nodes, NULL),
			 MU_OK);
	return (void *)memory;
}

static enum mu_status read_exact(mu_text_reader *reader,
				 struct mu_machine *machine, const char *text,
				 struct mu_error *error)
{
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);
	enum mu_status status;

	assert_non_null(copy);
	for (size_t i = 0; i < len; i++)
		copy[i] = text[i];
	status = reader(machine, copy, len, error);
	free(copy);
	return status;
}

struct mu_machine *machine_read(mu_text_reader *reader, const char *text)
{
	struct mu_machine *machine = machine_new(256, 64);
	struct mu_error error = {.text = ""};

	if (read_exact(reader, machine, text, &error) ||
	    mu_machine_finish(machine, &error))
		fail_msg("%s: line %u: %s", text, error.line, error.text);
	return machine;
}

enum mu_status machine_misread(mu_text_reader *reader, const char *text,
			       struct mu_error *error)
{
	struct mu_machine *machine = machine_new(256, 64);
	enum mu_status status;

	memset(error, 0, sizeof(*error));
	status = read_exact(reader, machine, text, error);
	if (status)
		assert_int_equal(error->status, status);
	free(machine);
	/* Nobody needs to ask why. */
	machine = machine_new(256, 64);
	assert_int_equal(read_exact(reader, machine, text, NULL), status);
	free(machine);
	return status;
}

void assert_ranges(const struct mu_machine *machine, const char *expected)
{
	size_t room = 128 * ((size_t)machine->nr_ranges + 1), len = 0;
	char *text = malloc(room);

	assert_non_null(text);
	text[0] = '\0';
	for (unsigned i = 0; i < machine->nr_ranges; i++) {
		const struct mu_range *range = &machine->ranges[i];

		len += (size_t)snprintf(
			text + len, room - len, "%llx-%llx %s %d",
			(unsigned long long)range->base,
			(unsigned long long)(range->base + range->size - 1),
			mu_range_type_str((enum mu_range_type)range->type),
			range->nid);
		if (range->flags)
			len += (size_t)snprintf(text + len, room - len,
						" flags %x", range->flags);
		len += (size_t)snprintf(text + len, room - len, "\n");
	}
	assert_string_equal(text, expected);
	free(text);
}

uint64_t machine_seed;

int machine_print_seed(void **state)
{
	(void)state;
	if (machine_seed)
		print_error("failed with seed %llu\n",
			    (unsigned long long)machine_seed);
	machine_seed = 0;
	return 0;
}

uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}
