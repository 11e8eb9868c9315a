// SPDX-License-Identifier: MIT
/*
 * fdt_walk: the nodes and properties of a device tree that mu_fdt_open() has
 * checked. So nothing here can run out of it: tags follow each other up to the
 * end, texts have an end.
 */
#include "base/bits.h"
#include "base/fmt.h"
#include "base/string.h"
#include "firmware/fdt.h"

static uint32_t tag_at(const struct mu_fdt *fdt, uint32_t at)
{
	return mu_be32(fdt->at + at);
}

static size_t text_len(const char *text)
{
	size_t len = 0;

	while (text[len])
		len++;
	return len;
}

static bool text_equal(const char *a, const char *b)
{
	size_t len = text_len(a);

	return len == text_len(b) && memcmp(a, b, len) == 0;
}

/* The tag behind the one at @at, which is not the end. */
static uint32_t tag_next(const struct mu_fdt *fdt, uint32_t at)
{
	uint32_t size = 4;

	if (tag_at(fdt, at) == MU_FDT_BEGIN_NODE)
		size += (uint32_t)text_len(mu_fdt_name(fdt, at)) + 1;
	else if (tag_at(fdt, at) == MU_FDT_PROP)
		size = MU_FDT_PROP_VALUE +
		       mu_be32(fdt->at + at + MU_FDT_PROP_LEN);
	return at + (uint32_t)mu_align_up(size, 4);
}

/* The first tag from @at on that is neither a property nor to be skipped. */
static uint32_t past_properties(const struct mu_fdt *fdt, uint32_t at)
{
	while (tag_at(fdt, at) == MU_FDT_PROP || tag_at(fdt, at) == MU_FDT_NOP)
		at = tag_next(fdt, at);
	return at;
}

/* What is behind @node and all in it. */
static uint32_t past_node(const struct mu_fdt *fdt, uint32_t node)
{
	uint32_t depth = 0;

	do {
		depth += tag_at(fdt, node) == MU_FDT_BEGIN_NODE;
		depth -= tag_at(fdt, node) == MU_FDT_END_NODE;
		node = tag_next(fdt, node);
	} while (depth);
	return node;
}

static uint32_t node_at(const struct mu_fdt *fdt, uint32_t at)
{
	at = past_properties(fdt, at);
	return tag_at(fdt, at) == MU_FDT_BEGIN_NODE ? at : 0;
}

uint32_t mu_fdt_child(const struct mu_fdt *fdt, uint32_t node)
{
	return node_at(fdt, tag_next(fdt, node));
}

uint32_t mu_fdt_sibling(const struct mu_fdt *fdt, uint32_t node)
{
	return node_at(fdt, past_node(fdt, node));
}

uint32_t mu_fdt_next(const struct mu_fdt *fdt, uint32_t node)
{
	uint32_t at = tag_next(fdt, node);

	while (tag_at(fdt, at) != MU_FDT_BEGIN_NODE &&
	       tag_at(fdt, at) != MU_FDT_END)
		at = tag_next(fdt, at);
	return tag_at(fdt, at) == MU_FDT_END ? 0 : at;
}

/* The child of @above that is @node or has it inside; 0 if it is @above. */
static uint32_t step_to(const struct mu_fdt *fdt, uint32_t above, uint32_t node)
{
	uint32_t child = node > above ? mu_fdt_child(fdt, above) : 0;

	while (child && past_node(fdt, child) <= node)
		child = mu_fdt_sibling(fdt, child);
	return child;
}

/* No way up is stored: go down from the root. */
uint32_t mu_fdt_parent(const struct mu_fdt *fdt, uint32_t node)
{
	uint32_t above = 0, at = fdt->root;

	while (at && at != node) {
		above = at;
		at = step_to(fdt, at, node);
	}
	return above;
}

const char *mu_fdt_name(const struct mu_fdt *fdt, uint32_t node)
{
	return (const char *)fdt->at + node + 4;
}

const char *mu_fdt_path(const struct mu_fdt *fdt, uint32_t node, char *buf,
			size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (uint32_t at = step_to(fdt, fdt->root, node); at;
	     at = step_to(fdt, at, node)) {
		const char *name = mu_fdt_name(fdt, at);

		len += mu_snprintf(buf + len, size - len, "/%s", name);
		if (len >= size) {
			memcpy(buf + size - 4, "...", 4);
			break;
		}
	}
	for (char *at = buf; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	if (!buf[0])
		memcpy(buf, "/", 2);
	return buf;
}

/* ---- Looking nodes up ---- */

/* Is the node's name the @len letters at @part, or that and a unit? */
static bool is_named(const struct mu_fdt *fdt, uint32_t node, const char *part,
		     size_t len)
{
	const char *name = mu_fdt_name(fdt, node);
	bool unit = false;

	for (size_t i = 0; i < len; i++) {
		if (name[i] != part[i])
			return false;
		unit |= part[i] == '@';
	}
	return !name[len] || (name[len] == '@' && !unit);
}

static bool ends_path(char c)
{
	return !c || c == ':';
}

static uint32_t find_below(const struct mu_fdt *fdt, uint32_t node,
			   const char *path)
{
	while (node && !ends_path(*path)) {
		size_t len = 0;

		if (*path == '/') {
			path++;
			continue;
		}
		while (!ends_path(path[len]) && path[len] != '/')
			len++;
		node = mu_fdt_child(fdt, node);
		while (node && !is_named(fdt, node, path, len))
			node = mu_fdt_sibling(fdt, node);
		path += len;
	}
	return node;
}

/* The value of the property of @node that is named by @len letters at @name. */
static const uint8_t *prop(const struct mu_fdt *fdt, uint32_t node,
			   const char *name, size_t len, uint32_t *value_len)
{
	uint32_t at = tag_next(fdt, node);

	for (; tag_at(fdt, at) == MU_FDT_PROP || tag_at(fdt, at) == MU_FDT_NOP;
	     at = tag_next(fdt, at)) {
		const uint8_t *prop = fdt->at + at;
		const char *own;

		if (tag_at(fdt, at) == MU_FDT_NOP)
			continue;
		own = (const char *)fdt->at + fdt->strings +
		      mu_be32(prop + MU_FDT_PROP_NAME);
		if (text_len(own) != len || memcmp(own, name, len) != 0)
			continue;
		if (value_len)
			*value_len = mu_be32(prop + MU_FDT_PROP_LEN);
		return prop + MU_FDT_PROP_VALUE;
	}
	if (value_len)
		*value_len = 0;
	return NULL;
}

uint32_t mu_fdt_find(const struct mu_fdt *fdt, const char *path)
{
	const char *alias;
	uint32_t aliases, bytes;
	size_t len = 0;

	if (*path == '/')
		return find_below(fdt, fdt->root, path);
	aliases = find_below(fdt, fdt->root, "/aliases");
	while (!ends_path(path[len]) && path[len] != '/')
		len++;
	alias = aliases ? (const char *)prop(fdt, aliases, path, len, &bytes)
			: NULL;
	/* An alias is a whole path, never an alias: no circles. */
	if (!alias || !bytes || alias[0] != '/' || alias[bytes - 1])
		return 0;
	return find_below(fdt, find_below(fdt, fdt->root, alias), path + len);
}

uint32_t mu_fdt_compatible(const struct mu_fdt *fdt, uint32_t node,
			   const char *word)
{
	node = node ? mu_fdt_next(fdt, node) : fdt->root;
	while (node && !mu_fdt_says(fdt, node, "compatible", word))
		node = mu_fdt_next(fdt, node);
	return node;
}

uint32_t mu_fdt_phandle(const struct mu_fdt *fdt, uint32_t phandle)
{
	for (uint32_t node = fdt->root; node; node = mu_fdt_next(fdt, node)) {
		uint32_t own;

		if ((mu_fdt_cell(fdt, node, "phandle", &own) ||
		     mu_fdt_cell(fdt, node, "linux,phandle", &own)) &&
		    own == phandle)
			return node;
	}
	return 0;
}

/* ---- Properties ---- */

const uint8_t *mu_fdt_prop(const struct mu_fdt *fdt, uint32_t node,
			   const char *name, uint32_t *len)
{
	return prop(fdt, node, name, text_len(name), len);
}

bool mu_fdt_cell(const struct mu_fdt *fdt, uint32_t node, const char *name,
		 uint32_t *value)
{
	uint32_t len;
	const uint8_t *at = mu_fdt_prop(fdt, node, name, &len);

	if (!at || len != 4)
		return false;
	*value = mu_be32(at);
	return true;
}

bool mu_fdt_number(const struct mu_fdt *fdt, uint32_t node, const char *name,
		   uint64_t *value)
{
	uint32_t len;
	const uint8_t *at = mu_fdt_prop(fdt, node, name, &len);

	if (!at || (len != 4 && len != 8))
		return false;
	*value = mu_fdt_take(&at, len / 4);
	return true;
}

bool mu_fdt_says(const struct mu_fdt *fdt, uint32_t node, const char *name,
		 const char *word)
{
	uint32_t len;
	const char *at = (const char *)mu_fdt_prop(fdt, node, name, &len);
	const char *end;

	/* Texts without an end are none. */
	if (!at || !len || at[len - 1])
		return false;
	for (end = at + len; at < end; at += text_len(at) + 1)
		if (text_equal(at, word))
			return true;
	return false;
}

bool mu_fdt_available(const struct mu_fdt *fdt, uint32_t node)
{
	return !mu_fdt_prop(fdt, node, "status", NULL) ||
	       mu_fdt_says(fdt, node, "status", "okay") ||
	       mu_fdt_says(fdt, node, "status", "ok");
}

bool mu_fdt_reserved(const struct mu_fdt *fdt, unsigned index, uint64_t *base,
		     uint64_t *size)
{
	const uint8_t *at = fdt->at + fdt->reserve_map + (size_t)index * 16;

	if (index >= fdt->nr_reserve)
		return false;
	*base = mu_be64(at);
	*size = mu_be64(at + 8);
	return true;
}
