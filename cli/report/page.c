// SPDX-License-Identifier: MIT
/* The page of `memup report`, and how data gets into it unharmed. */
#include "cli/report/page.h"
#include "memup/base.h"

/* Bytes of the well-formed UTF-8 character at @at (Unicode 15, table 3-7), or
 * 0. */
static size_t utf8(const unsigned char *at, size_t len)
{
	const unsigned char first = at[0];
	unsigned char least = 0x80, most = 0xbf;
	size_t size;

	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		size = 2;
	else if (first >= 0xe0 && first <= 0xef)
		size = 3;
	else if (first >= 0xf0 && first <= 0xf4)
		size = 4;
	else
		return 0;
	if (first == 0xe0)
		least = 0xa0;
	else if (first == 0xed)
		most = 0x9f;
	else if (first == 0xf0)
		least = 0x90;
	else if (first == 0xf4)
		most = 0x8f;
	if (len < size || at[1] < least || at[1] > most)
		return 0;
	for (size_t i = 2; i < size; i++)
		if (at[i] < 0x80 || at[i] > 0xbf)
			return 0;
	return size;
}

void page_put_json(FILE *out, const char *json, size_t len)
{
	const unsigned char *at = (const unsigned char *)json;

	for (size_t i = 0; i < len;) {
		size_t size = utf8(at + i, len - i);

		if (!size) {
			fputs("\\ufffd", out);
			i++;
			continue;
		}
		if (at[i] == '<' || at[i] == '>' || at[i] == '&')
			fprintf(out, "\\u%04x", at[i]);
		else
			fwrite(at + i, 1, size, out);
		i += size;
	}
}

void page_write(FILE *out, const char *json, size_t len)
{
	fwrite(report_page_head, 1, report_page_head_size, out);
	page_put_json(out, json, len);
	fwrite(report_page_tail, 1, report_page_tail_size, out);
}
