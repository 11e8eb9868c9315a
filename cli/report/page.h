/* SPDX-License-Identifier: MIT */
/* page: page.html with its style and script inside, cut at the place of its
 * data; made by tools/embed-page when memup is built. */
#ifndef MEMUP_CLI_REPORT_PAGE_H
#define MEMUP_CLI_REPORT_PAGE_H

#include <stddef.h>
#include <stdio.h>

extern const unsigned char report_page_head[], report_page_tail[];
extern const size_t report_page_head_size, report_page_tail_size;

/*
 * Write @len bytes of JSON so that they can stand inside of <script> whatever
 * the strings in them say: '<', '>' and '&' become escapes, which outside of
 * strings JSON does not have, and what is not UTF-8 becomes U+FFFD.
 */
void page_put_json(FILE *out, const char *json, size_t len);

/* The whole page with that data. */
void page_write(FILE *out, const char *json, size_t len);

#endif
