// SPDX-License-Identifier: MIT
/*
 * Formatting into a buffer: the conversions of printf() that messages need, and
 * errors with a line of text.
 */
#include "base/bits.h"
#include "base/fmt.h"

struct out {
	char *buf;
	size_t size;
	size_t len;
};

struct spec {
	bool left, zero;
	unsigned width;
};

static void put(struct out *out, char c)
{
	if (out->len + 1 < out->size)
		out->buf[out->len] = c;
	out->len++;
}

static void put_padded(struct out *out, const struct spec *spec,
		       const char *text, size_t len)
{
	size_t pad = spec->width > len ? spec->width - len : 0;

	for (size_t i = 0; !spec->left && i < pad; i++)
		put(out, spec->zero ? '0' : ' ');
	for (size_t i = 0; i < len; i++)
		put(out, text[i]);
	for (size_t i = 0; spec->left && i < pad; i++)
		put(out, ' ');
}

static void put_number(struct out *out, struct spec spec, uint64_t value,
		       unsigned base, bool negative)
{
	char text[24];
	size_t at = sizeof(text);

	do {
		text[--at] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	/* A sign goes before the zeros that pad the number. */
	if (negative && spec.zero) {
		put(out, '-');
		spec.width -= spec.width ? 1 : 0;
	} else if (negative) {
		text[--at] = '-';
	}
	put_padded(out, &spec, text + at, sizeof(text) - at);
}

static const char *read_spec(const char *fmt, struct spec *spec)
{
	for (;; fmt++) {
		if (*fmt == '-')
			spec->left = true;
		else if (*fmt == '0')
			spec->zero = true;
		else
			break;
	}
	while (*fmt >= '0' && *fmt <= '9')
		spec->width = spec->width * 10 + (unsigned)(*fmt++ - '0');
	return fmt;
}

size_t mu_vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct out out = {buf, size, 0};

	for (; *fmt; fmt++) {
		struct spec spec = {false, false, 0};
		unsigned longs = 0;

		if (*fmt != '%') {
			put(&out, *fmt);
			continue;
		}
		fmt = read_spec(fmt + 1, &spec);
		for (; *fmt == 'l' || *fmt == 'z'; fmt++)
			longs++;
		if (*fmt == 's') {
			const char *text = va_arg(args, const char *);
			size_t len = 0;

			while (text[len])
				len++;
			put_padded(&out, &spec, text, len);
		} else if (*fmt == 'c') {
			char c = (char)va_arg(args, int);

			put_padded(&out, &spec, &c, 1);
		} else if (*fmt == 'd') {
			long long value = longs > 1 ? va_arg(args, long long)
					  : longs   ? va_arg(args, long)
						    : va_arg(args, int);
			uint64_t abs = (uint64_t)value;

			put_number(&out, spec, value < 0 ? 0 - abs : abs, 10,
				   value < 0);
		} else if (*fmt == 'u' || *fmt == 'x') {
			uint64_t value =
				longs > 1 ? va_arg(args, unsigned long long)
				: longs	  ? va_arg(args, unsigned long)
					  : va_arg(args, unsigned);

			put_number(&out, spec, value, *fmt == 'x' ? 16 : 10,
				   false);
		} else if (*fmt == '%') {
			put(&out, '%');
		} else {
			break; /* not one of ours: stop before reading args */
		}
	}
	if (size)
		buf[MU_MIN(out.len, size - 1)] = '\0';
	return out.len;
}

size_t mu_snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	size_t len;

	va_start(args, fmt);
	len = mu_vsnprintf(buf, size, fmt, args);
	va_end(args);
	return len;
}

enum mu_status mu_fail(struct mu_error *error, enum mu_status status,
		       uint32_t line, const char *fmt, ...)
{
	va_list args;

	if (!error)
		return status;
	error->status = status;
	error->line = line;
	error->offset = 0;
	va_start(args, fmt);
	mu_vsnprintf(error->text, sizeof(error->text), fmt, args);
	va_end(args);
	return status;
}

void mu_log(const struct mu_port *port, enum mu_log_level level,
	    const char *fmt, ...)
{
	char line[240];
	va_list args;

	if (!port->log)
		return;
	va_start(args, fmt);
	mu_vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	port->log(port->arg, level, line);
}
