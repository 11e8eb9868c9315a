/* SPDX-License-Identifier: MIT */
/* progress: one line on standard error while something takes long. */
#ifndef MEMUP_CLI_PROGRESS_H
#define MEMUP_CLI_PROGRESS_H

#include <stdint.h>

struct progress;

/* Something named @what (which must stay) begins. NULL, which the other two
 * accept, when standard error is not a terminal. */
struct progress *progress_begin(const char *what);

/*
 * @done of @all is done. Shows "what: 42 %, 1.3 s left" from half a second on,
 * five times a second. Any thread: one of those that come at once shows it.
 */
void progress_tick(struct progress *progress, uint64_t done, uint64_t all);

/* Wipe the line. */
void progress_end(struct progress *progress);

#endif
