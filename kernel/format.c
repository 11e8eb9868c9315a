// SPDX-License-Identifier: MIT
#include <stdbool.h>
#include "kernel/format.h"
#include "kernel/string.h"

struct out {
	char *buf;
	size_t size, len;
};

struct spec {
	bool left;
	char pad;
	size_t width;
	size_t precision;
};

static void put(struct out *out, char c)
{
	if (out->len + 1 < out->size)
		out->buf[out->len++] = c;
}

static void put_padded(struct out *out, const struct spec *spec,
		       const char *text, size_t len)
{
	size_t fill = spec->width > len ? spec->width - len : 0;

	for (size_t i = 0; !spec->left && i < fill; i++)
		put(out, spec->pad);
	for (size_t i = 0; i < len; i++)
		put(out, text[i]);
	for (size_t i = 0; spec->left && i < fill; i++)
		put(out, ' ');
}

static void put_number(struct out *out, const struct spec *spec, uint64_t value,
		       unsigned base, bool minus)
{
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (minus)
		digits[--at] = '-';
	put_padded(out, spec, digits + at, sizeof(digits) - at);
}

static size_t read_number(const char **fmt, va_list *args)
{
	size_t value = 0;

	if (**fmt == '*') {
		(*fmt)++;
		return (size_t)va_arg(*args, int);
	}
	while (**fmt >= '0' && **fmt <= '9')
		value = value * 10 + (size_t)(*(*fmt)++ - '0');
	return value;
}

static void put_text(struct out *out, const struct spec *spec, const char *text)
{
	size_t len = 0;

	while (len < spec->precision && text[len])
		len++;
	put_padded(out, spec, text, len);
}

size_t vformat(char *buf, size_t size, const char *fmt, va_list args)
{
	struct out out = {.buf = buf, .size = size};
	va_list copy;

	va_copy(copy, args);
	while (*fmt) {
		struct spec spec = {.pad = ' ', .precision = SIZE_MAX};
		unsigned longs = 0;
		uint64_t value;
		int64_t number;
		char c = *fmt++;

		if (c != '%') {
			put(&out, c);
			continue;
		}
		for (; *fmt == '-' || *fmt == '0'; fmt++) {
			spec.left |= *fmt == '-';
			if (*fmt == '0')
				spec.pad = '0';
		}
		spec.width = read_number(&fmt, &copy);
		if (*fmt == '.') {
			fmt++;
			spec.precision = read_number(&fmt, &copy);
		}
		for (; *fmt == 'l' || *fmt == 'z' || *fmt == 'h'; fmt++)
			longs += *fmt != 'h';
		c = '%';
		if (*fmt)
			c = *fmt++;
		switch (c) {
		case 's':
			put_text(&out, &spec, va_arg(copy, const char *));
			break;
		case 'c':
			put(&out, (char)va_arg(copy, int));
			break;
		case 'd':
			number = longs ? va_arg(copy, long) : va_arg(copy, int);
			value = (uint64_t)number;
			put_number(&out, &spec, number < 0 ? -value : value, 10,
				   number < 0);
			break;
		case 'u':
		case 'x':
			value = longs ? va_arg(copy, unsigned long)
				      : va_arg(copy, unsigned);
			put_number(&out, &spec, value, c == 'u' ? 10 : 16,
				   false);
			break;
		default:
			put(&out, c);
		}
	}
	va_end(copy);
	if (size)
		buf[out.len] = '\0';
	return out.len;
}

size_t format(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	size_t len;

	va_start(args, fmt);
	len = vformat(buf, size, fmt, args);
	va_end(args);
	return len;
}

struct size_text size_text(uint64_t bytes)
{
	static const char *const units[] = {"bytes", "KiB", "MiB",
					    "GiB",   "TiB", "PiB"};
	struct size_text out;
	unsigned unit = 0;
	uint64_t tenths;

	while (unit < 5 && bytes >> (10 * (unit + 1)))
		unit++;
	tenths = unit ? (bytes >> (10 * (unit - 1))) * 10 / 1024 : bytes * 10;
	if (tenths % 10)
		format(out.text, sizeof(out.text), "%lu.%lu %s", tenths / 10,
		       tenths % 10, units[unit]);
	else
		format(out.text, sizeof(out.text), "%lu %s", tenths / 10,
		       units[unit]);
	return out;
}
