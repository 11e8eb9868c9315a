// SPDX-License-Identifier: MIT
/*
 * clean_bytes: what terminals, editors, mail programs and web pages do to the
 * bytes of a text, undone. Readers know blanks, line feeds and ASCII.
 */
#include "base/bits.h"
#include "base/string.h"
#include "machine/clean.h"

struct bytes {
	const uint8_t *at, *end;
	enum { UTF8, UTF16_LITTLE, UTF16_BIG } encoding;
};

#define NOTHING UINT32_MAX /* a character that is not seen */

static bool starts(const struct bytes *in, const char *word)
{
	const uint8_t *at = in->at;

	for (; *word; word++, at++)
		if (at == in->end || *at != (uint8_t)*word)
			return false;
	return true;
}

/* Without a mark of byte order: every other byte of the first four letters. */
static bool looks_wide(const struct bytes *in, unsigned zero)
{
	if (in->end - in->at < 8)
		return false;
	for (unsigned i = 0; i < 8; i++)
		if ((in->at[i] == 0) != (i % 2 == zero))
			return false;
	return true;
}

static void find_encoding(struct bytes *in)
{
	if (starts(in, "\xff\xfe") || looks_wide(in, 1))
		in->encoding = UTF16_LITTLE;
	else if (starts(in, "\xfe\xff") || looks_wide(in, 0))
		in->encoding = UTF16_BIG;
}

/* Blanks of all widths are blanks, dashes are dashes; what has no width is
 * nothing. */
static uint32_t plain(uint32_t c)
{
	if (c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
	    c == 0x202f || c == 0x205f || c == 0x3000 || c == '\t' || !c ||
	    c == '\v' || c == '\f')
		return ' ';
	if ((c >= 0x200b && c <= 0x200f) || c == 0x2060 || c == 0xfeff ||
	    c == 0xad)
		return NOTHING;
	if ((c >= 0x2010 && c <= 0x2014) || c == 0x2212)
		return '-';
	if (c == 0x2028 || c == 0x2029 || c == 0x85)
		return '\n';
	if (c == 0x201c || c == 0x201d)
		return '"';
	return c < 0x80 || c == NOTHING ? c : '?';
}

static uint32_t next_utf16(struct bytes *in)
{
	uint32_t c = in->at[0];

	if (in->end - in->at < 2) {
		in->at = in->end;
		return NOTHING;
	}
	c = in->encoding == UTF16_BIG ? c << 8 | in->at[1]
				      : c | (uint32_t)in->at[1] << 8;
	in->at += 2;
	return c;
}

/* What is no UTF-8 is Latin-1. */
static uint32_t next_utf8(struct bytes *in)
{
	uint32_t c = *in->at++, more = 0;
	const uint8_t *at = in->at;

	if (c >= 0xf0 && c < 0xf8)
		more = 3;
	else if (c >= 0xe0 && c < 0xf0)
		more = 2;
	else if (c >= 0xc2 && c < 0xe0)
		more = 1;
	if (!more || (size_t)(in->end - at) < more)
		return c;
	uint32_t value = c & (0x3fu >> more);

	for (uint32_t i = 0; i < more; i++, at++) {
		if ((*at & 0xc0) != 0x80)
			return c;
		value = value << 6 | (*at & 0x3fu);
	}
	in->at = at;
	return value;
}

static uint32_t next(struct bytes *in)
{
	return plain(in->encoding == UTF8 ? next_utf8(in) : next_utf16(in));
}

/* "[32m" after an escape, "]0;title" up to its bell, or "(B". */
static void skip_escape(struct bytes *in)
{
	struct bytes try = *in;
	uint32_t c = try.at < try.end ? next(&try) : NOTHING;

	if (c == '[') {
		do
			c = try.at < try.end ? next(&try) : NOTHING;
		while (c >= 0x20 && c < 0x40);
		/* Cut off by the end of the line: keep that. */
		if (c < 0x40 || c == NOTHING)
			return;
	} else if (c == ']') {
		do
			c = try.at < try.end ? next(&try) : NOTHING;
		while (c != '\a' && c != 0x1b && c != '\n' && c != NOTHING);
		if (c == '\n' || c == NOTHING)
			return;
		if (c == 0x1b && try.at < try.end)
			(void)next(&try);
	} else if (c == '(' || c == ')') {
		if (try.at < try.end)
			(void)next(&try);
	} else {
		return;
	}
	*in = try;
}

static bool skip_word(struct bytes *in, const char *word)
{
	struct bytes try = *in;

	for (; *word; word++)
		if (try.at == try.end || next(&try) != (uint32_t)*word)
			return false;
	*in = try;
	return true;
}

/* "#160;" or "#xa0;" */
static uint32_t numbered(struct bytes *in)
{
	unsigned base = 10, digits = 0;
	struct bytes try = *in;
	uint32_t value = 0;

	if (!skip_word(&try, "#"))
		return NOTHING;
	if (skip_word(&try, "x") || skip_word(&try, "X"))
		base = 16;
	for (; digits < 7 && try.at < try.end; digits++) {
		struct bytes before = try;
		uint32_t c = next(&try), digit;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if (base == 16 && (c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (c | 0x20) - 'a' + 10;
		else {
			try = before;
			break;
		}
		value = value * base + digit;
	}
	if (!digits || !skip_word(&try, ";"))
		return NOTHING;
	*in = try;
	return plain(value);
}

/* What "&" begins: pages that quote pages escape it again. */
static uint32_t entity(struct bytes *in)
{
	static const struct {
		const char *name;
		uint32_t c;
	} names[] = {{"gt;", '>'},    {"lt;", '<'},    {"quot;", '"'},
		     {"apos;", '\''}, {"nbsp;", ' '},  {"Tab;", ' '},
		     {"ndash;", '-'}, {"mdash;", '-'}, {"NewLine;", '\n'}};
	struct bytes try = *in;
	uint32_t c;

	while (skip_word(&try, "amp;"))
		*in = try;
	c = numbered(&try);
	for (unsigned i = 0; c == NOTHING && i < MU_ARRAY_SIZE(names); i++)
		if (skip_word(&try, names[i].name))
			c = names[i].c;
	if (c == NOTHING)
		return '&';
	*in = try;
	return c;
}

size_t mu_clean_bytes(const char *text, size_t len, char *out)
{
	struct bytes in = {(const uint8_t *)text, (const uint8_t *)text + len,
			   UTF8};
	char *to = out;
	bool cr = false;

	find_encoding(&in);
	while (in.at < in.end) {
		uint32_t c = next(&in);

		if (c == 0x1b || c == 0x9b) {
			skip_escape(&in);
			continue;
		}
		if (c == '^' && skip_word(&in, "[[")) {
			/* An escape as `cat -v` and pagers show it. */
			struct bytes try = in;

			while (try.at < try.end &&
			       ((*try.at >= '0' && *try.at <= '9') ||
				*try.at == ';' || !*try.at))
				(void)next(&try);
			if (skip_word(&try, "m") || skip_word(&try, "K")) {
				in = try;
				continue;
			}
			*to++ = '^';
			*to++ = '[';
			c = '[';
		}
		if (c == '&')
			c = entity(&in);
		if (c == '\r') {
			cr = true;
			continue;
		}
		/* Consoles end lines with several; alone it ends one too. */
		if (cr && c != '\n')
			*to++ = '\n';
		cr = false;
		if (c == NOTHING || (c < ' ' && c != '\n'))
			continue;
		*to++ = (char)c;
	}
	return (size_t)(to - out);
}
