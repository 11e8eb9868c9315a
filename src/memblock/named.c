// SPDX-License-Identifier: MIT
/* named: reservations that a user asks for by name, "SIZE:ALIGN:NAME". */
#include "base/string.h"
#include "memblock/find.h"

#include "base/bits.h"
#include "base/fmt.h"

struct text {
	const char *at, *end;
};

static bool starts_with(const struct text *text, const char *with, size_t len)
{
	return (size_t)(text->end - text->at) >= len &&
	       !memcmp(text->at, with, len);
}

static unsigned digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 16;
}

/* How many powers of 1024 the unit @c is; 0 if it is none. */
static unsigned unit_of(char c)
{
	static const char units[] = "kmgtpe";

	for (unsigned i = 0; units[i]; i++) {
		if (c == units[i] || c == units[i] - ('a' - 'A'))
			return i + 1;
	}
	return 0;
}

/* A number, its unit, and the colon after it. */
static enum mu_status read_number(struct text *text, uint64_t *value)
{
	unsigned base = 10, shift;
	const char *first;

	if (starts_with(text, "0x", 2) || starts_with(text, "0X", 2)) {
		base = 16;
		text->at += 2;
	} else if (starts_with(text, "0", 1)) {
		base = 8;
	}
	*value = 0;
	for (first = text->at;
	     text->at < text->end && digit_of(*text->at) < base; text->at++) {
		if (*value > (UINT64_MAX - digit_of(*text->at)) / base)
			return MU_ERR_RANGE;
		*value = *value * base + digit_of(*text->at);
	}
	if (text->at == first || text->at == text->end)
		return MU_ERR_SYNTAX;
	shift = 10 * unit_of(*text->at);
	if (shift && *value > UINT64_MAX >> shift)
		return MU_ERR_RANGE;
	*value <<= shift;
	text->at += shift ? 1 : 0;
	if (!starts_with(text, ":", 1))
		return MU_ERR_SYNTAX;
	text->at++;
	return MU_OK;
}

static const struct mu_memblock_named *find(const struct mu_memblock *mb,
					    const char *name, size_t len)
{
	for (unsigned i = 0; i < MU_MEMBLOCK_NAMED; i++) {
		const struct mu_memblock_named *named = &mb->named[i];

		if (named->size && len < MU_MEMBLOCK_NAME &&
		    !memcmp(named->name, name, len) && !named->name[len])
			return named;
	}
	return NULL;
}

static struct mu_memblock_named *free_slot(struct mu_memblock *mb)
{
	for (unsigned i = 0; i < MU_MEMBLOCK_NAMED; i++) {
		if (!mb->named[i].size)
			return &mb->named[i];
	}
	return NULL;
}

/* Neither a blank nor a control character. */
static bool is_visible(char c)
{
	return c > ' ' && c <= '~';
}

static bool is_name(const struct text *text)
{
	for (const char *at = text->at; at < text->end; at++) {
		if (!is_visible(*at))
			return false;
	}
	return text->at < text->end;
}

struct wish {
	uint64_t size, align;
	struct text name;
};

static enum mu_status read_wish(struct text text, struct wish *wish,
				const char *shown, struct mu_error *error)
{
	static const char key[] = "reserve_mem=";
	enum mu_status status;

	if (starts_with(&text, key, sizeof(key) - 1))
		text.at += sizeof(key) - 1;
	status = read_number(&text, &wish->size);
	if (!status && starts_with(&text, ":", 1))
		text.at++; /* a missing ALIGN is 0 */
	else if (!status)
		status = read_number(&text, &wish->align);
	if (status)
		return mu_fail(error, status, 0,
			       "reserve_mem: \"%s\" is not SIZE:ALIGN:NAME "
			       "with numbers of 64 bits",
			       shown);
	wish->name = text;
	if (!is_name(&text) || text.end - text.at >= MU_MEMBLOCK_NAME)
		return mu_fail(error, MU_ERR_SYNTAX, 0,
			       "reserve_mem: the name in \"%s\" is not 1 to %d "
			       "characters",
			       shown, MU_MEMBLOCK_NAME - 1);
	if (!wish->size || (wish->align && !mu_is_pow2(wish->align)))
		return mu_fail(error, MU_ERR_INVALID, 0,
			       "reserve_mem: \"%s\" has no size, or an align "
			       "that is not a power of two",
			       shown);
	wish->align = MU_MAX(wish->align, (uint64_t)MU_CACHE_LINE);
	return MU_OK;
}

/* What was asked for, as far as it fits a message and is printable. */
static void show(char *shown, size_t size, const char *text, size_t len)
{
	size_t shown_len = MU_MIN(len, size - 1);

	for (size_t i = 0; i < shown_len; i++)
		shown[i] = (char)(is_visible(text[i]) ? text[i] : '?');
	shown[shown_len] = '\0';
}

enum mu_status mu_memblock_reserve_mem(struct mu_memblock *mb, const char *text,
				       size_t len, struct mu_error *error)
{
	struct mu_memblock_named *slot = free_slot(mb);
	enum mu_status status;
	struct wish wish = {0};
	char shown[64];
	size_t name_len;

	show(shown, sizeof(shown), text, len);
	status =
		read_wish((struct text){text, text + len}, &wish, shown, error);
	if (status)
		return status;
	name_len = (size_t)(wish.name.end - wish.name.at);
	if (find(mb, wish.name.at, name_len))
		return mu_fail(error, MU_ERR_BUSY, 0,
			       "reserve_mem: the name in \"%s\" is taken",
			       shown);
	if (!slot)
		return mu_fail(error, MU_ERR_FULL, 0,
			       "reserve_mem: \"%s\" is one too many, at most "
			       "%d",
			       shown, MU_MEMBLOCK_NAMED);
	status = mu_memblock_phys_alloc(mb, wish.size, wish.align, &slot->base);
	if (status)
		return mu_fail(error, status, 0,
			       "reserve_mem: %llu bytes aligned to %llu: %s",
			       (unsigned long long)wish.size,
			       (unsigned long long)wish.align,
			       mu_status_str(status));
	slot->size = wish.size;
	memcpy(slot->name, wish.name.at, name_len);
	slot->name[name_len] = '\0';
	return MU_OK;
}

static size_t length(const char *name)
{
	size_t len = 0;

	while (len < MU_MEMBLOCK_NAME && name[len])
		len++;
	return len;
}

enum mu_status mu_memblock_reserve_mem_find(const struct mu_memblock *mb,
					    const char *name, mu_phys_t *base,
					    mu_phys_t *size)
{
	const struct mu_memblock_named *named = find(mb, name, length(name));

	if (!named)
		return MU_ERR_NOT_FOUND;
	if (base)
		*base = named->base;
	if (size)
		*size = named->size;
	return MU_OK;
}

enum mu_status mu_memblock_reserve_mem_release(struct mu_memblock *mb,
					       const char *name)
{
	const struct mu_memblock_named *named = find(mb, name, length(name));
	enum mu_status status;

	if (!named)
		return MU_ERR_NOT_FOUND;
	status = mu_memblock_phys_free(mb, named->base, named->size);
	if (!status)
		mb->named[named - mb->named].size = 0;
	return status;
}
