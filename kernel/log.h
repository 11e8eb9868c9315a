/* SPDX-License-Identifier: MIT */
/*
 * log: lines with the time, in the style of Linux: "[    0.001234] text".
 *
 * Nothing is written before log_open(): until the clock is known lines wait in
 * memory with their tick, so that the console, whose every character takes
 * between one and ninety microseconds, does not distort the times that it
 * shows. An earlier failure opens the log at once; times are 0 then.
 */
#ifndef KERNEL_LOG_H
#define KERNEL_LOG_H

#include "memup/port.h"

/* One line, without \n. Any CPU, any context. */
void log_line(enum mu_log_level level, const char *fmt, ...) MU_PRINTF(2, 3);

/* The same, at MU_LOG_INFO, for something that happened at @ticks: so that the
 * time to report it is not counted. */
void log_at(uint64_t ticks, const char *fmt, ...) MU_PRINTF(2, 3);

#define log_err(...)  log_line(MU_LOG_ERR, __VA_ARGS__)
#define log_warn(...) log_line(MU_LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(MU_LOG_INFO, __VA_ARGS__)

/* One line without the time that quiet does not silence: TAP, results. */
void log_plain(const char *fmt, ...) MU_PRINTF(1, 2);

/* Write lines of at least this importance; others are dropped. */
void log_set_level(enum mu_log_level level);

/* The clock is known: write what waits, and each line at once from now on. */
void log_open(void);

/* The same, for an end with a message: do not wait for the log's lock any more.
 */
void log_break(void);

/* The hook of struct mu_bare_config. */
void log_hook(void *arg, enum mu_log_level level, const char *line);

#endif
