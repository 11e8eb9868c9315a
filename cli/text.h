/* SPDX-License-Identifier: MIT */
/* text: aligned tables, JSON strings, colour, sizes and times for a person. */
#ifndef MEMUP_CLI_TEXT_H
#define MEMUP_CLI_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * A table in memory. Columns are as wide as their widest cell; a column is
 * right-aligned when its name begins with '>'.
 */
struct table {
	unsigned columns;
	unsigned rows;
	char **cells; /* rows * columns, each from malloc() */
};

/* A cell of the row under way; the row is complete after as many as there are
 * names. The first row is the names. */
void table_add(struct table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void table_begin(struct table *table, unsigned columns,
		 const char *const *names);
/* Print and free it. */
void table_end(struct table *table, FILE *out);

/* May colour be used on @out? Only on a terminal, not when NO_COLOR is set. */
bool may_colour(FILE *out);

/*
 * The options of a command that has --json and --help alone, by getopt_long():
 * optind is then the first argument that is none. -1: go on; else the exit
 * code, after @help or what getopt has to say.
 */
int parse_json_option(int argc, char **argv, const char *help, bool *json);

/* @text with JSON's quotes and escapes. */
void json_string(FILE *out, const char *text);

/* "63.9G"; "41.2 us". The buffer is one of a few that are used in turn. */
const char *size_text(uint64_t bytes);
const char *time_text(uint64_t ns);

/* Read a number such as 64K or 0x100, with an optional K, M, G, T or P, of
 * at most 2^52. False when @text is something else. */
bool parse_size(const char *text, uint64_t *value);

/* @value with separators: "17 179 869 184". */
const char *count_text(uint64_t value);

#endif
