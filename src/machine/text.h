/* SPDX-License-Identifier: MIT */
/*
 * text: walking over text that need not end in a zero.
 *
 * A struct mu_text is what is left to read: functions that succeed move its
 * start, functions that fail leave it where it was.
 */
#ifndef MU_MACHINE_TEXT_H
#define MU_MACHINE_TEXT_H

#include "memup/machine_read.h"

struct mu_text {
	const char *at, *end;
	uint32_t line; /* number of the line that holds @at, from 1; or 0 */
};

/* Text of @len bytes at @text, before its first line. */
static inline struct mu_text mu_text(const char *text, size_t len)
{
	return (struct mu_text){text, text + len, 0};
}

static inline bool mu_text_empty(const struct mu_text *text)
{
	return text->at == text->end;
}

/*
 * Cut the next line off @rest into @line, without "\n" or "\r\n". False at the
 * end of the text.
 */
bool mu_text_line(struct mu_text *rest, struct mu_text *line);

/* Go past @word if it is next. Upper and lower case differ. */
bool mu_text_skip(struct mu_text *text, const char *word);

/* Go past the first @word at or after here, if there is one. */
bool mu_text_find(struct mu_text *text, const char *word);

/* Go past blanks and tabs. */
void mu_text_blanks(struct mu_text *text);

/* The next byte is a digit of @base, 10 or 16. */
bool mu_text_is_digit(const struct mu_text *text, unsigned base);

/*
 * Read an unsigned number of @base 10 or 16 ("0x" before the latter is fine).
 * MU_ERR_SYNTAX where there is no digit, MU_ERR_RANGE past 64 bits.
 */
enum mu_status mu_text_number(struct mu_text *text, unsigned base,
			      uint64_t *value) MU_MUST_CHECK;

/*
 * Read a number, decimal or with "0x" hexadecimal, and the unit K, M, G, T, P
 * or E after it, in upper or lower case, if there is one: *@unit says so.
 */
enum mu_status mu_text_size(struct mu_text *text, uint64_t *value,
			    bool *unit) MU_MUST_CHECK;

/*
 * How many numbers a list such as "0-3,8" or "0-3 8" names, up to MU_MAX_CPUS +
 * 1, which is also the result for a range that makes no sense. Stops at the end
 * of the list.
 */
unsigned mu_text_count_list(struct mu_text *text);

/* Room for some text in a message. */
struct mu_quote {
	char text[64];
};

/*
 * The start of @text, cut to what fits and with '?' for what cannot be shown.
 * Returns @out->text.
 */
const char *mu_text_quote(struct mu_quote *out, struct mu_text text);

/* Fail because @what is wrong with @word: "WORD: WHAT". */
enum mu_status mu_text_wrong(struct mu_error *error, enum mu_status status,
			     struct mu_text word, const char *what);

/* Note in @error, which may be NULL, the line that @status came from. */
enum mu_status mu_text_failed(struct mu_error *error, enum mu_status status,
			      const struct mu_text *line);

#endif
