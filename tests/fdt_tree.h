/* SPDX-License-Identifier: MIT */
/* fdt_tree: a device tree made by libfdt's functions for writing one in order.
 */
#ifndef TESTS_FDT_TREE_H
#define TESTS_FDT_TREE_H

#include <libfdt.h>

#include "memup/machine.h"

#define TREE_ROOM 8192

/* The tree in the making, TREE_ROOM bytes; when it is done, one byte behind
 * that, so that it is not aligned. */
extern char *const tree_room, *const tree;
extern size_t tree_len;

/* Fail the test unless @code is 0. */
void tree_ok(int code);

/* Begin with an empty root node whose children have @address and @size cells;
 * finish, and move it to tree. */
void tree_begin(unsigned address, unsigned size);
void tree_end(void);

/* A node; properties of cells, text and nothing. */
void tree_node(const char *name);
void tree_node_end(void);
void tree_cells(const char *name, unsigned nr, const uint32_t *values);
void tree_text(const char *name, const char *value);
void tree_mark(const char *name);

#define TREE_CELLS(name, ...)                                                  \
	tree_cells(name, sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t), \
		   (const uint32_t[]){__VA_ARGS__})

/* Begin a node of memory; a whole one, RAM from 0 to 1 MiB, of 32-bit cells. */
void tree_memory(const char *name);
void tree_put_memory(void);
/* Begin /reserved-memory, of 32-bit cells. */
void tree_reserved(void);
void tree_cpu(const char *name, uint32_t reg, uint32_t nid);

/* Read the tree, which must be good, and finish; free() the machine. */
struct mu_machine *tree_read(void);
/* The tree is bad in the way that @why says. */
void tree_misread(enum mu_status status, const char *why);

#endif
