// SPDX-License-Identifier: MIT
/*
 * Memory for the kernel that runs after a crash: what crashkernel= says, and a
 * place for it. And mu_mm_reserve_cmdline(), which does reserve_mem= too.
 * (Linux: Documentation/admin-guide/kdump/kdump.rst.)
 */
#include "base/bits.h"
#include "base/fmt.h"
#include "machine/cmdline.h"
#include "memup/boot_cmdline.h"

#define LOW_END	    (4 * MU_GIB)
#define LOW_DEFAULT (256 * MU_MIB)
#define ALIGN	    (16 * MU_MIB)
/* Firmware keeps some RAM for itself: rounding up compensates for it. */
#define RAM_STEP (128 * MU_MIB)

struct reader {
	struct mu_text word; /* the whole parameter, for messages */
	mu_phys_t ram;
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

	switch (mu_text_size(text, value, &unit)) {
	case MU_OK:
		return MU_OK;
	case MU_ERR_RANGE:
		return wrong(reader, MU_ERR_RANGE, "a number past 64 bits");
	default:
		return wrong(reader, MU_ERR_SYNTAX, "expected a number");
	}
}

/* "START-END:SIZE", END may be missing; if RAM is in it *@size is its SIZE. */
static enum mu_status read_range(const struct reader *reader,
				 struct mu_text *text, mu_phys_t *size,
				 bool *found)
{
	uint64_t start, end = UINT64_MAX, bytes;
	enum mu_status status = read_size(reader, text, &start);

	if (status)
		return status;
	if (!mu_text_skip(text, "-"))
		return wrong(reader, MU_ERR_SYNTAX,
			     "expected - after the start of a range");
	if (mu_text_is_digit(text, 10))
		status = read_size(reader, text, &end);
	if (status)
		return status;
	if (end <= start)
		return wrong(reader, MU_ERR_RANGE,
			     "a range ends before it begins");
	if (!mu_text_skip(text, ":"))
		return wrong(reader, MU_ERR_SYNTAX, "expected : after a range");
	status = read_size(reader, text, &bytes);
	if (status)
		return status;
	if (!*found && reader->ram >= start && reader->ram < end) {
		*size = bytes;
		*found = true;
	}
	return MU_OK;
}

static enum mu_status read_ranges(const struct reader *reader,
				  struct mu_text *text, mu_phys_t *size)
{
	bool found = false;
	enum mu_status status;

	*size = 0;
	do {
		status = read_range(reader, text, size, &found);
	} while (!status && mu_text_skip(text, ","));
	return status;
}

/* Without a suffix. */
static enum mu_status read_plain(const struct reader *reader,
				 struct mu_text text,
				 struct mu_crashkernel *crash)
{
	struct mu_text colon = text;
	struct mu_crashkernel new = {.low = LOW_DEFAULT};
	enum mu_status status = mu_text_find(&colon, ":")
					? read_ranges(reader, &text, &new.size)
					: read_size(reader, &text, &new.size);

	if (!status && mu_text_skip(&text, "@")) {
		new.fixed = true;
		status = read_size(reader, &text, &new.base);
	}
	if (status)
		return status;
	if (!mu_text_empty(&text))
		return wrong(reader, MU_ERR_SYNTAX,
			     "expected @, a comma or the end");
	*crash = new;
	return MU_OK;
}

/* "SIZE,high", "SIZE,low"; *@found: it is one of those. */
static enum mu_status read_suffixed(const struct reader *reader,
				    struct mu_text text, const char *suffix,
				    mu_phys_t *size, bool *found)
{
	struct mu_text at = text;
	bool is_it = mu_text_find(&at, suffix) && mu_text_empty(&at);
	enum mu_status status;
	uint64_t bytes;

	if (!is_it)
		return MU_OK;
	status = read_size(reader, &text, &bytes);
	if (status)
		return status;
	if (!mu_text_skip(&text, suffix))
		return wrong(reader, MU_ERR_SYNTAX,
			     "expected a size and no more before the suffix");
	*size = bytes;
	*found = true;
	return MU_OK;
}

/* What the parameters read so far ask for. */
struct wishes {
	struct mu_crashkernel plain, high;
	mu_phys_t low, cma;
};

static enum mu_status check_size(const struct reader *reader, mu_phys_t size)
{
	if (size && size >= reader->ram)
		return wrong(reader, MU_ERR_RANGE,
			     "not less than there is RAM");
	return MU_OK;
}

/* Read one word, if it is about this; @wishes is unchanged on failure. */
static enum mu_status read_word(const struct reader *reader,
				struct wishes *wishes)
{
	struct {
		const char *suffix;
		mu_phys_t *size;
	} forms[] = {
		{",high", NULL},
		{",low", NULL},
		{",cma", NULL},
	};
	struct wishes new = *wishes;
	struct mu_text value = reader->word;
	enum mu_status status = MU_OK;
	bool suffixed = false;

	forms[0].size = &new.high.size;
	forms[1].size = &new.low;
	forms[2].size = &new.cma;
	if (!mu_text_skip(&value, "crashkernel="))
		return MU_OK;
	for (unsigned i = 0; !status && !suffixed && i < MU_ARRAY_SIZE(forms);
	     i++)
		status = read_suffixed(reader, value, forms[i].suffix,
				       forms[i].size, &suffixed);
	if (!status && !suffixed)
		status = read_plain(reader, value, &new.plain);
	if (!status)
		status = check_size(reader, new.plain.size);
	if (!status)
		status = check_size(reader, new.high.size);
	if (!status)
		status = check_size(reader, new.cma);
	if (!status)
		*wishes = new;
	return status;
}

static const struct wishes no_wishes = {
	.high = {.high = true},
	.low = LOW_DEFAULT,
};

static struct mu_crashkernel choose(const struct wishes *wishes)
{
	struct mu_crashkernel crash =
		wishes->plain.size ? wishes->plain : wishes->high;

	if (!wishes->plain.size)
		crash.low = wishes->low;
	if (crash.size)
		crash.cma = wishes->cma;
	return crash;
}

enum mu_status mu_crashkernel_read(struct mu_crashkernel *crash, mu_phys_t ram,
				   const char *text, size_t len,
				   struct mu_error *error)
{
	struct reader reader = {.ram = mu_align_up(ram, RAM_STEP),
				.error = error};
	struct mu_text rest = mu_text(text, len);
	struct wishes wishes = no_wishes;
	enum mu_status status = MU_OK;

	while (!status && mu_cmdline_word(&rest, &reader.word))
		status = read_word(&reader, &wishes);
	if (!status)
		*crash = choose(&wishes);
	return status;
}

static enum mu_status find_place(struct mu_memblock *memblock,
				 struct mu_crashkernel *crash)
{
	mu_phys_t start = crash->high ? LOW_END : 0;
	mu_phys_t end = crash->high ? MU_PHYS_MAX : LOW_END;
	enum mu_status status;

	if (crash->fixed) {
		if (crash->base > MU_PHYS_MAX ||
		    crash->size > MU_PHYS_MAX - crash->base)
			return MU_ERR_NOMEM;
		return mu_memblock_phys_alloc_range(
			memblock, crash->size, ALIGN, crash->base,
			crash->base + crash->size, &crash->base);
	}
	status = mu_memblock_phys_alloc_range(memblock, crash->size, ALIGN,
					      start, end, &crash->base);
	if (status != MU_ERR_NOMEM)
		return status;
	/* The other half. */
	return mu_memblock_phys_alloc_range(
		memblock, crash->size, ALIGN, crash->high ? 0 : LOW_END,
		crash->high ? LOW_END : MU_PHYS_MAX, &crash->base);
}

enum mu_status mu_crashkernel_reserve(struct mu_memblock *memblock,
				      struct mu_crashkernel *crash,
				      struct mu_error *error)
{
	struct mu_crashkernel new = *crash;
	enum mu_status status;

	if (!new.size)
		return MU_OK;
	if (new.fixed &&new.base % ALIGN)
		return mu_fail(
			error, MU_ERR_INVALID, 0,
			"crashkernel at 0x%llx: not a multiple of 16 MiB",
			(unsigned long long)new.base);
	status = find_place(memblock, &new);
	if (status)
		return mu_fail(error, status, 0,
			       "crashkernel: no place for 0x%llx bytes",
			       (unsigned long long)new.size);
	if (new.base < LOW_END)
		new.low = 0;
	if (new.low)
		status = mu_memblock_phys_alloc_range(
			memblock, new.low, ALIGN, 0, LOW_END, &new.low_base);
	if (status) {
		enum mu_status freed =
			mu_memblock_phys_free(memblock, new.base, new.size);

		if (freed)
			status = freed;
		return mu_fail(error, status, 0,
			       "crashkernel: no place for 0x%llx bytes below 4 "
			       "GiB",
			       (unsigned long long)new.low);
	}
	*crash = new;
	return MU_OK;
}

/* Allocated, to find the place, and freed again. */
enum mu_status mu_crashkernel_place_cma(struct mu_memblock *memblock,
					struct mu_crashkernel *crash,
					struct mu_error *error)
{
	mu_phys_t block = MU_BLOCK_PAGES << memblock->page_shift, base;
	mu_phys_t size = mu_align_up(crash->cma, block);
	enum mu_status status;

	if (!size)
		return MU_OK;
	status = mu_memblock_phys_alloc_range(memblock, size, block, 0,
					      MU_PHYS_MAX, &base);
	if (!status)
		status = mu_memblock_phys_free(memblock, base, size);
	if (status)
		return mu_fail(error, status, 0,
			       "crashkernel: no place for 0x%llx bytes of cma "
			       "in one piece",
			       (unsigned long long)size);
	crash->cma = size;
	crash->cma_base = base;
	return MU_OK;
}

enum mu_status mu_mm_reserve_cmdline(struct mu_mm *mm,
				     struct mu_crashkernel *crash,
				     const char *text, size_t len,
				     struct mu_error *error)
{
	struct mu_text rest = mu_text(text, len), word;
	enum mu_status status = mu_crashkernel_read(
		crash, mu_machine_ram(mm->machine), text, len, error);

	if (!status)
		status = mu_crashkernel_reserve(&mm->memblock, crash, error);
	while (!status && mu_cmdline_word(&rest, &word)) {
		struct mu_text value = word;

		if (mu_text_skip(&value, "reserve_mem="))
			status = mu_memblock_reserve_mem(
				&mm->memblock, value.at,
				(size_t)(value.end - value.at), error);
	}
	return status;
}

static void reserve_own_crash(struct mu_mm *mm, struct mu_crashkernel *crash)
{
	const struct mu_machine *machine = mm->machine;
	struct mu_text rest = mu_text(machine->cmdline, machine->cmdline_len);
	struct reader reader = {
		.ram = mu_align_up(mu_machine_ram(machine), RAM_STEP)};
	struct wishes wishes = no_wishes;

	while (mu_cmdline_word(&rest, &reader.word))
		if (read_word(&reader, &wishes))
			continue;
	*crash = choose(&wishes);
	if (mu_crashkernel_reserve(&mm->memblock, crash, NULL))
		*crash = (struct mu_crashkernel){0};
}

void mu_mm_reserve_own(struct mu_mm *mm, struct mu_crashkernel *crash)
{
	const struct mu_machine *machine = mm->machine;
	struct mu_text rest = mu_text(machine->cmdline, machine->cmdline_len);
	struct mu_text word;

	if (crash)
		reserve_own_crash(mm, crash);
	while (mu_cmdline_word(&rest, &word)) {
		struct mu_text value = word;

		if (mu_text_skip(&value, "reserve_mem=") &&
		    mu_memblock_reserve_mem(&mm->memblock, value.at,
					    (size_t)(value.end - value.at),
					    NULL))
			continue;
	}
}
