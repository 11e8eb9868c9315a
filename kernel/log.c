// SPDX-License-Identifier: MIT
#include "kernel/format.h"
#include "kernel/kernel.h"
#include "kernel/log.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "ports/bare/arch.h"

#define WAITING	   256
#define LINE_BYTES 256

struct line {
	uint64_t ticks;
	enum mu_log_level level;
	bool plain;
	char text[LINE_BYTES];
};

/* All under lock. */
static struct {
	_Atomic uint32_t lock;
	bool open;
	bool broken; /* the lock is not taken any more */
	enum mu_log_level level;
	unsigned nr_waiting;
	unsigned dropped; /* when there was no room */
} state = {.level = MU_LOG_INFO};
static struct line waiting[WAITING] __attribute__((section(".bss.noinit")));

static uintptr_t lock(void)
{
	uintptr_t flags = arch_irq_save();

	/* acquire, and release below: lines stay whole. */
	while (!state.broken &&
	       atomic_exchange_explicit(&state.lock, 1, memory_order_acquire))
		arch_pause();
	return flags;
}

static void unlock(uintptr_t flags)
{
	atomic_store_explicit(&state.lock, 0, memory_order_release);
	arch_irq_restore(flags);
}

static void write(const struct line *line)
{
	uint64_t us = bare_clock_ns(&kernel.bare.clock,
				    line->ticks - kernel.bare.clock.start) /
		      1000;
	char stamp[32];
	size_t len;

	if (!line->plain) {
		len = format(stamp, sizeof(stamp), "[%5lu.%06lu] ",
			     us / 1000000, us % 1000000);
		platform_console_write(stamp, len);
	}
	platform_console_write(line->text, strlen(line->text));
	platform_console_write("\r\n", 2);
}

static bool is_wanted(const struct line *line)
{
	return line->plain || line->level <= state.level;
}

static void add(const struct line *line)
{
	uintptr_t flags = lock();

	if (state.open) {
		if (is_wanted(line))
			write(line);
	} else if (state.nr_waiting < WAITING) {
		waiting[state.nr_waiting++] = *line;
	} else {
		state.dropped++;
	}
	unlock(flags);
}

void log_line(enum mu_log_level level, const char *fmt, ...)
{
	struct line line = {.ticks = arch_ticks(), .level = level};
	va_list args;

	va_start(args, fmt);
	vformat(line.text, sizeof(line.text), fmt, args);
	va_end(args);
	add(&line);
}

void log_at(uint64_t ticks, const char *fmt, ...)
{
	struct line line = {.ticks = ticks, .level = MU_LOG_INFO};
	va_list args;

	va_start(args, fmt);
	vformat(line.text, sizeof(line.text), fmt, args);
	va_end(args);
	add(&line);
}

void log_plain(const char *fmt, ...)
{
	struct line line = {.plain = true};
	va_list args;

	va_start(args, fmt);
	vformat(line.text, sizeof(line.text), fmt, args);
	va_end(args);
	add(&line);
}

void log_set_level(enum mu_log_level level)
{
	state.level = level;
}

void log_open(void)
{
	uintptr_t flags = lock();

	for (unsigned i = 0; i < state.nr_waiting; i++)
		if (is_wanted(&waiting[i]))
			write(&waiting[i]);
	state.nr_waiting = 0;
	state.open = true;
	unlock(flags);
	if (state.dropped)
		log_warn("log: %u lines did not fit before the console opened",
			 state.dropped);
	state.dropped = 0;
}

void log_break(void)
{
	state.broken = true;
	if (!state.open)
		log_open();
}

void log_hook(void *arg, enum mu_log_level level, const char *line)
{
	(void)arg;
	log_line(level, "%s", line);
}
