// SPDX-License-Identifier: MIT
/*
 * The configuration that parameters on a kernel's command line ask for.
 * (Linux: Documentation/admin-guide/kernel-parameters.txt.)
 */
#include "base/assert.h"
#include "base/fmt.h"
#include "machine/cmdline.h"
#include "memup/boot.h"

/* In percent; in effect no limit. */
#define MOST_RATIO 1000000

struct reader {
	const struct mu_machine *machine;
	struct mu_text word; /* the whole parameter, for messages */
	struct mu_error *error;
	/* "online" depends on a parameter that may come later. */
	bool online, by_ratio;
};

static enum mu_status wrong(const struct reader *reader, enum mu_status status,
			    const char *what)
{
	return mu_text_wrong(reader->error, status, reader->word, what);
}

static bool is_exactly(struct mu_text text, const char *word)
{
	return mu_text_skip(&text, word) && mu_text_empty(&text);
}

/* "512M", or "30%" of all memory, in whole pages. */
static enum mu_status read_amount(const struct reader *reader,
				  struct mu_text value, mu_phys_t *amount)
{
	unsigned shift = reader->machine->page_shift;
	struct mu_text percent = value;
	uint64_t number;
	bool unit;

	if (!mu_text_number(&percent, 10, &number) &&
	    mu_text_skip(&percent, "%") && mu_text_empty(&percent)) {
		if (number > 100)
			return wrong(reader, MU_ERR_RANGE, "more than 100%");
		*amount = (mu_machine_ram(reader->machine) >> shift) * number /
			  100;
		*amount <<= shift;
		return MU_OK;
	}
	switch (mu_text_size(&value, &number, &unit)) {
	case MU_OK:
		break;
	case MU_ERR_RANGE:
		return wrong(reader, MU_ERR_RANGE, "a number past 64 bits");
	default:
		return wrong(reader, MU_ERR_SYNTAX, "expected a number");
	}
	if (!mu_text_empty(&value))
		return wrong(reader, MU_ERR_SYNTAX,
			     "expected nothing after the size");
	*amount = number;
	return MU_OK;
}

static enum mu_status read_state(struct reader *reader, struct mu_text value,
				 struct mu_config *config)
{
	reader->online = is_exactly(value, "online");
	if (is_exactly(value, "offline"))
		config->auto_online = MU_ONLINE_NO;
	else if (is_exactly(value, "online_kernel"))
		config->auto_online = MU_ONLINE_KERNEL;
	else if (is_exactly(value, "online_movable"))
		config->auto_online = MU_ONLINE_MOVABLE;
	else if (!reader->online)
		return wrong(reader, MU_ERR_SYNTAX,
			     "expected offline, online, online_kernel or "
			     "online_movable");
	return MU_OK;
}

static enum mu_status read_policy(struct reader *reader, struct mu_text value)
{
	reader->by_ratio = is_exactly(value, "auto-movable");
	if (reader->by_ratio || is_exactly(value, "contig-zones"))
		return MU_OK;
	return wrong(reader, MU_ERR_SYNTAX,
		     "expected contig-zones or auto-movable");
}

static enum mu_status read_ratio(const struct reader *reader,
				 struct mu_text value, struct mu_config *config)
{
	uint64_t percent;
	enum mu_status status = mu_text_number(&value, 10, &percent);

	if (status == MU_OK && !mu_text_empty(&value))
		status = MU_ERR_SYNTAX;
	if (status == MU_ERR_SYNTAX)
		return wrong(reader, status, "expected a number");
	if (status != MU_OK || !percent || percent > MOST_RATIO)
		return wrong(reader, MU_ERR_RANGE,
			     "expected 1 to " MU_STR(MOST_RATIO));
	config->movable_ratio = (unsigned)percent;
	return MU_OK;
}

/* Settings that depend on more than one word. */
static void settle(const struct reader *reader, struct mu_config *config)
{
	if (reader->online)
		config->auto_online =
			reader->by_ratio ? MU_ONLINE_RATIO : MU_ONLINE_KERNEL;
}

static enum mu_status apply_word(struct reader *reader,
				 struct mu_config *config)
{
	struct mu_text value = reader->word;

	if (is_exactly(value, "kernelcore=mirror"))
		config->kernelcore_mirror = true;
	else if (mu_text_skip(&value, "kernelcore="))
		return read_amount(reader, value, &config->kernelcore);
	else if (mu_text_skip(&value, "movablecore="))
		return read_amount(reader, value, &config->movablecore);
	else if (is_exactly(value, "movable_node"))
		config->movable_node = true;
	else if (mu_text_skip(&value, "memhp_default_state="))
		return read_state(reader, value, config);
	else if (mu_text_skip(&value, "memory_hotplug.online_policy="))
		return read_policy(reader, value);
	else if (mu_text_skip(&value, "memory_hotplug.auto_movable_ratio="))
		return read_ratio(reader, value, config);
	return MU_OK;
}

enum mu_status mu_config_apply_cmdline(struct mu_config *config,
				       const struct mu_machine *machine,
				       const char *text, size_t len,
				       struct mu_error *error)
{
	struct reader reader = {.machine = machine, .error = error};
	struct mu_text rest = mu_text(text, len);
	struct mu_config new = *config;
	enum mu_status status = MU_OK;

	while (!status && mu_cmdline_word(&rest, &reader.word))
		status = apply_word(&reader, &new);
	settle(&reader, &new);
	if (!status)
		*config = new;
	return status;
}

struct mu_config mu_config_for(const struct mu_machine *machine)
{
	struct mu_config config = mu_config_default();
	struct reader reader = {.machine = machine};
	struct mu_text rest = mu_text(machine->cmdline, machine->cmdline_len);

	mu_machine_zones(machine, &config.dma_limit, &config.dma32_limit);
	while (mu_cmdline_word(&rest, &reader.word)) {
		struct mu_config old_config = config;
		struct reader old = reader;

		if (apply_word(&reader, &config)) {
			config = old_config;
			reader = old;
		}
	}
	settle(&reader, &config);
	return config;
}
