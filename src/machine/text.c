// SPDX-License-Identifier: MIT
#include "base/bits.h"
#include "base/fmt.h"
#include "base/string.h"
#include "machine/text.h"

bool mu_text_line(struct mu_text *rest, struct mu_text *line)
{
	const char *end = rest->at;

	if (mu_text_empty(rest))
		return false;
	while (end < rest->end && *end != '\n')
		end++;
	rest->line++;
	*line = (struct mu_text){rest->at, end, rest->line};
	if (line->end > line->at && line->end[-1] == '\r')
		line->end--;
	rest->at = end < rest->end ? end + 1 : end;
	return true;
}

bool mu_text_skip(struct mu_text *text, const char *word)
{
	const char *at = text->at;

	for (; *word; word++, at++) {
		if (at == text->end || *at != *word)
			return false;
	}
	text->at = at;
	return true;
}

bool mu_text_find(struct mu_text *text, const char *word)
{
	struct mu_text try = *text;

	for (; try.at < try.end; try.at++) {
		if (*try.at == *word && mu_text_skip(&try, word)) {
			*text = try;
			return true;
		}
	}
	return false;
}

void mu_text_blanks(struct mu_text *text)
{
	while (text->at < text->end && (*text->at == ' ' || *text->at == '\t'))
		text->at++;
}

static unsigned digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return UINT32_MAX;
}

bool mu_text_is_digit(const struct mu_text *text, unsigned base)
{
	return text->at < text->end && digit(*text->at) < base;
}

enum mu_status mu_text_number(struct mu_text *text, unsigned base,
			      uint64_t *value)
{
	struct mu_text try = *text;
	uint64_t number = 0;

	if (base == 16 && mu_text_skip(&try, "0x") &&
	    !mu_text_is_digit(&try, base))
		return MU_ERR_SYNTAX;
	if (!mu_text_is_digit(&try, base))
		return MU_ERR_SYNTAX;
	for (; mu_text_is_digit(&try, base); try.at++) {
		unsigned add = digit(*try.at);

		if (number > (UINT64_MAX - add) / base)
			return MU_ERR_RANGE;
		number = number * base + add;
	}
	*text = try;
	*value = number;
	return MU_OK;
}

enum mu_status mu_text_size(struct mu_text *text, uint64_t *value, bool *unit)
{
	static const char large[] = "KMGTPE", small[] = "kmgtpe";
	struct mu_text try = *text, hex = *text;
	uint64_t number;
	enum mu_status status = mu_text_number(
		&try, mu_text_skip(&hex, "0x") ? 16 : 10, &number);

	if (status)
		return status;
	*unit = false;
	for (unsigned i = 0; large[i] && !mu_text_empty(&try); i++) {
		if (*try.at != large[i] && *try.at != small[i])
			continue;
		if (number >> (54 - 10 * i))
			return MU_ERR_RANGE;
		number <<= 10 * (i + 1);
		*unit = true;
		try.at++;
		break;
	}
	*text = try;
	*value = number;
	return MU_OK;
}

unsigned mu_text_count_list(struct mu_text *text)
{
	uint64_t count = 0, first, last;

	do {
		mu_text_blanks(text);
		if (mu_text_number(text, 10, &first))
			break;
		last = first;
		if (mu_text_skip(text, "-") && mu_text_number(text, 10, &last))
			break;
		if (last < first || last - first >= MU_MAX_CPUS)
			return MU_MAX_CPUS + 1;
		count += last - first + 1;
		if (count > MU_MAX_CPUS)
			return MU_MAX_CPUS + 1;
	} while (mu_text_skip(text, ",") || mu_text_skip(text, " "));
	return (unsigned)count;
}

const char *mu_text_quote(struct mu_quote *out, struct mu_text text)
{
	size_t len = 0;

	for (; text.at < text.end && len + 1 < sizeof(out->text); text.at++) {
		char c = *text.at;

		if (c < ' ' || c > '~')
			c = '?';
		out->text[len++] = c;
	}
	if (text.at < text.end)
		memcpy(out->text + len - 3, "...", 3);
	out->text[len] = '\0';
	return out->text;
}

enum mu_status mu_text_wrong(struct mu_error *error, enum mu_status status,
			     struct mu_text word, const char *what)
{
	struct mu_quote quote;

	return mu_fail(error, status, 0, "%s: %s", mu_text_quote(&quote, word),
		       what);
}

enum mu_status mu_text_failed(struct mu_error *error, enum mu_status status,
			      const struct mu_text *line)
{
	if (error && status != MU_OK)
		error->line = line->line;
	return status;
}
