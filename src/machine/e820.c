// SPDX-License-Identifier: MIT
#include "base/bits.h"
#include "base/fmt.h"
#include "machine/e820.h"

static enum mu_status read_end(struct mu_text *text, uint64_t *value,
			       struct mu_error *error)
{
	enum mu_status status = mu_text_number(text, 16, value);
	struct mu_quote quote;

	if (status == MU_ERR_RANGE)
		mu_fail(error, status, 0, "address past 64 bits: \"%s\"",
			mu_text_quote(&quote, *text));
	else if (status)
		mu_fail(error, status, 0, "no address at \"%s\"",
			mu_text_quote(&quote, *text));
	return status;
}

static enum mu_status expect(struct mu_text *text, const char *word,
			     struct mu_error *error)
{
	struct mu_quote quote;

	if (mu_text_skip(text, word))
		return MU_OK;
	return mu_fail(error, MU_ERR_SYNTAX, 0, "no \"%s\" at \"%s\"", word,
		       mu_text_quote(&quote, *text));
}

/* The ways to print a range; @last: the second number is inside. */
static const struct spelling {
	const char *open, *between, *close;
	bool last;
} spellings[] = {
	{"[mem ", "-", "]", true},
	{"[", ",", "]", true},
	{"", "-", "", false},
};

enum mu_status mu_e820_range(struct mu_text *text, mu_phys_t *base,
			     mu_phys_t *size, struct mu_error *error)
{
	const struct spelling *spelling = spellings;
	struct mu_text try = *text;
	enum mu_status status;
	uint64_t first, end;

	while (!mu_text_skip(&try, spelling->open))
		spelling++;
	mu_text_blanks(&try);
	status = read_end(&try, &first, error);
	mu_text_blanks(&try);
	if (!status)
		status = expect(&try, spelling->between, error);
	mu_text_blanks(&try);
	if (!status)
		status = read_end(&try, &end, error);
	if (!status)
		status = expect(&try, spelling->close, error);
	if (status)
		return status;
	/* An empty range is printed with its end one below its start. */
	if (first > end && !(spelling->last && first == end + 1))
		return mu_fail(error, MU_ERR_RANGE, 0,
			       "range 0x%llx-0x%llx ends before it begins",
			       (unsigned long long)first,
			       (unsigned long long)end);
	if (end > MU_PHYS_MAX - spelling->last)
		return mu_fail(error, MU_ERR_RANGE, 0,
			       "range 0x%llx-0x%llx passes the limit of %d "
			       "address bits",
			       (unsigned long long)first,
			       (unsigned long long)end, MU_PHYS_BITS);
	*base = first;
	*size = end + spelling->last - first;
	*text = try;
	return MU_OK;
}

enum mu_range_type mu_range_type_e820(uint64_t type)
{
	switch (type) {
	case 1:
		return MU_RANGE_RAM;
	case 3:
		return MU_RANGE_ACPI;
	case 4:
		return MU_RANGE_NVS;
	case 5:
		return MU_RANGE_UNUSABLE;
	case 7:
	case 12:
		return MU_RANGE_PMEM;
	case 0xefffffff:
		return MU_RANGE_SOFT_RESERVED;
	default:
		return MU_RANGE_RESERVED;
	}
}

enum mu_range_type mu_e820_type(struct mu_text *text)
{
	static const struct {
		const char *name;
		enum mu_range_type type;
	} types[] = {
		{"usable", MU_RANGE_RAM},
		{"System RAM", MU_RANGE_RAM},
		{"reserved", MU_RANGE_RESERVED},
		{"device reserved", MU_RANGE_RESERVED},
		{"ACPI data", MU_RANGE_ACPI},
		{"ACPI NVS", MU_RANGE_NVS},
		{"unusable", MU_RANGE_UNUSABLE},
		{"soft reserved", MU_RANGE_SOFT_RESERVED},
		{"Soft Reserved", MU_RANGE_SOFT_RESERVED},
		{"persistent", MU_RANGE_PMEM},
	};
	struct mu_text try = *text;
	uint64_t number;

	for (unsigned i = 0; i < MU_ARRAY_SIZE(types); i++) {
		if (mu_text_skip(text, types[i].name))
			return types[i].type;
	}
	if (!mu_text_skip(&try, "type ") || mu_text_number(&try, 10, &number))
		return MU_RANGE_NONE;
	*text = try;
	return mu_range_type_e820(number);
}

enum mu_status mu_e820_entry(struct mu_text *text, struct mu_range *entry,
			     struct mu_error *error)
{
	struct mu_text try = *text;
	struct mu_range found = {.nid = MU_NO_NODE};
	enum mu_range_type type;
	enum mu_status status;
	struct mu_quote quote;

	status = mu_e820_range(&try, &found.base, &found.size, error);
	if (status)
		return status;
	mu_text_blanks(&try);
	(void)mu_text_skip(&try, "(");
	type = mu_e820_type(&try);
	if (type == MU_RANGE_NONE)
		return mu_fail(error, MU_ERR_SYNTAX, 0,
			       "range 0x%llx+0x%llx is of no known type: "
			       "\"%s\"",
			       (unsigned long long)found.base,
			       (unsigned long long)found.size,
			       mu_text_quote(&quote, try));
	found.type = (uint16_t)type;
	*entry = found;
	*text = try;
	return MU_OK;
}
