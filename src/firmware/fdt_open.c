// SPDX-License-Identifier: MIT
/*
 * fdt_open: the check of a device tree that lets all others trust it. Each
 * offset and each length of it is followed here once, with the bounds in hand.
 */
#include "base/bits.h"
#include "base/fmt.h"
#include "base/string.h"
#include "firmware/fdt.h"

#define MAGIC 0xd00dfeedu
/* Versions 16 and 17: the first has no size of the structure in its header.
 * Older ones have whole paths for names. */
#define OLDEST	  16u
#define NEWEST	  17u
#define HEADER_16 36u
#define HEADER_17 40u
#define RESERVED  16u /* bytes of an entry of the reserve map */

/* The header, 5.2. */
struct header {
	uint32_t magic, size, structure, strings, reserve_map, version,
		compatible, boot_cpu, strings_size, structure_size;
};

size_t mu_fdt_size(const void *head)
{
	const uint8_t *at = head;

	return mu_be32(at) == MAGIC ? mu_be32(at + 4) : 0;
}

bool mu_is_fdt(const void *text, size_t len)
{
	return len >= 4 && mu_be32(text) == MAGIC;
}

static struct header header_at(const uint8_t *at)
{
	struct header header = {
		.magic = mu_be32(at),
		.size = mu_be32(at + 4),
		.structure = mu_be32(at + 8),
		.strings = mu_be32(at + 12),
		.reserve_map = mu_be32(at + 16),
		.version = mu_be32(at + 20),
		.compatible = mu_be32(at + 24),
		.strings_size = mu_be32(at + 32),
	};

	return header;
}

static uint32_t header_bytes(const struct header *header)
{
	return header->version == OLDEST ? HEADER_16 : HEADER_17;
}

static bool is_inside(uint32_t at, uint32_t size, const struct header *header)
{
	return at >= header_bytes(header) && at <= header->size &&
	       size <= header->size - at;
}

static enum mu_status check_header(const uint8_t *at, size_t len,
				   struct header *header,
				   struct mu_error *error)
{
	if (len < HEADER_16)
		return mu_fail(error, MU_ERR_CORRUPT, 0,
			       "%zu bytes are less than the header of a device "
			       "tree, %u",
			       len, HEADER_16);
	*header = header_at(at);
	if (header->magic != MAGIC)
		return mu_fail(error, MU_ERR_CORRUPT, 0,
			       "no device tree: it begins with 0x%x, expected "
			       "0x%x",
			       header->magic, MAGIC);
	if (header->size > len)
		return mu_fail(error, MU_ERR_CORRUPT, 0,
			       "the device tree says that it has %u bytes, %zu "
			       "are there",
			       header->size, len);
	if (header->compatible > NEWEST || header->version < OLDEST ||
	    header->version < header->compatible)
		return mu_fail(error, MU_ERR_CORRUPT, 0,
			       "a device tree of version %u, compatible with "
			       "%u: expected %u or %u",
			       header->version, header->compatible, OLDEST,
			       NEWEST);
	if (header->version == OLDEST)
		header->structure_size =
			header->size - MU_MIN(header->structure, header->size);
	else if (header->size >= HEADER_17)
		header->structure_size = mu_be32(at + 36);
	if (header->size < header_bytes(header) ||
	    !is_inside(header->structure, header->structure_size, header) ||
	    !is_inside(header->strings, header->strings_size, header) ||
	    !is_inside(header->reserve_map, RESERVED, header))
		return mu_fail(
			error, MU_ERR_CORRUPT, 0,
			"the header of the device tree has the reserve map at "
			"0x%x, 0x%x bytes of structure at 0x%x and 0x%x of "
			"strings at 0x%x, not all in its %u bytes",
			header->reserve_map, header->structure_size,
			header->structure, header->strings_size,
			header->strings, header->size);
	return MU_OK;
}

/* The reserve map ends with an entry without size. */
static enum mu_status check_reserve_map(struct mu_fdt *fdt,
					struct mu_error *error)
{
	uint32_t at = fdt->reserve_map;

	for (; fdt->size - at >= RESERVED; at += RESERVED, fdt->nr_reserve++)
		if (!mu_be64(fdt->at + at + 8))
			return MU_OK;
	return mu_fail(error, MU_ERR_CORRUPT, 0,
		       "the reserve map of the device tree, %u entries at "
		       "0x%x, has no end",
		       fdt->nr_reserve, fdt->reserve_map);
}

/* Where the structure is being followed. */
struct walk {
	const uint8_t *tree;
	uint32_t at, end;	      /* offsets in the tree */
	uint32_t strings, nr_strings; /* the block of names */
	uint32_t depth;
	bool closed; /* a node ended: no more properties in this one */
};

static enum mu_status unsound(const struct walk *walk, const char *why,
			      struct mu_error *error)
{
	enum mu_status status =
		mu_fail(error, MU_ERR_CORRUPT, 0,
			"byte 0x%x: the structure of the device tree is sound "
			"up to here: %s",
			walk->at, why);

	if (error)
		error->offset = walk->at;
	return status;
}

/* The length of the text at @at, terminated before @end; or -1. */
static int64_t text_len(const uint8_t *tree, uint32_t at, uint32_t end)
{
	for (uint32_t i = at; i < end; i++)
		if (!tree[i])
			return i - at;
	return -1;
}

static enum mu_status check_node(struct walk *walk, uint32_t *size,
				 struct mu_error *error)
{
	int64_t len = text_len(walk->tree, walk->at + 4, walk->end);

	if (len < 0)
		return unsound(walk, "a node's name has no end", error);
	if (!walk->depth && len)
		return unsound(walk, "the root has a name", error);
	*size += (uint32_t)len + 1;
	walk->depth++;
	walk->closed = false;
	return MU_OK;
}

static enum mu_status check_property(struct walk *walk, uint32_t *size,
				     struct mu_error *error)
{
	uint32_t left = walk->end - walk->at, len, name;

	if (!walk->depth)
		return unsound(walk, "a property outside of the root", error);
	if (walk->closed)
		return unsound(walk, "a property behind child nodes", error);
	if (left < MU_FDT_PROP_VALUE)
		return unsound(walk, "a property is cut", error);
	len = mu_be32(walk->tree + walk->at + MU_FDT_PROP_LEN);
	name = mu_be32(walk->tree + walk->at + MU_FDT_PROP_NAME);
	if (len > left - MU_FDT_PROP_VALUE)
		return unsound(walk,
			       "a property's value is longer than what "
			       "is left",
			       error);
	if (name >= walk->nr_strings ||
	    text_len(walk->tree, walk->strings + name,
		     walk->strings + walk->nr_strings) < 0)
		return unsound(walk,
			       "a property's name is not among the "
			       "strings",
			       error);
	*size = MU_FDT_PROP_VALUE + len;
	return MU_OK;
}

/* One tag: MU_FDT_END is left where it is. */
static enum mu_status check_tag(struct walk *walk, uint32_t *tag,
				struct mu_error *error)
{
	enum mu_status status = MU_OK;
	uint32_t size = 4;

	if (walk->end - walk->at < 4)
		return unsound(walk, "it ends without its end tag", error);
	*tag = mu_be32(walk->tree + walk->at);
	switch (*tag) {
	case MU_FDT_BEGIN_NODE:
		if (!walk->depth && walk->closed)
			return unsound(walk, "a second root", error);
		status = check_node(walk, &size, error);
		break;
	case MU_FDT_END_NODE:
		if (!walk->depth)
			return unsound(walk, "a node ends that did not begin",
				       error);
		walk->depth--;
		walk->closed = true;
		break;
	case MU_FDT_PROP:
		status = check_property(walk, &size, error);
		break;
	case MU_FDT_NOP:
		break;
	case MU_FDT_END:
		if (walk->depth || !walk->closed)
			return unsound(walk, "it ends before its root does",
				       error);
		return MU_OK;
	default:
		return unsound(walk, "no tag: not 1, 2, 3, 4 or 9", error);
	}
	if (status)
		return status;
	/* Tags are aligned; the last one may be behind less than that. */
	size = (uint32_t)mu_align_up(size, 4);
	if (size > walk->end - walk->at)
		return unsound(walk, "a tag is cut", error);
	walk->at += size;
	return MU_OK;
}

enum mu_status mu_fdt_open(struct mu_fdt *fdt, const void *tree, size_t len,
			   struct mu_error *error)
{
	struct header header = {0};
	enum mu_status status = check_header(tree, len, &header, error);
	struct mu_fdt found = {.at = tree};
	struct walk walk = {.tree = tree};
	uint32_t tag = MU_FDT_NOP;

	if (status)
		return status;
	found.size = header.size;
	found.strings = header.strings;
	found.reserve_map = header.reserve_map;
	status = check_reserve_map(&found, error);
	walk.at = header.structure;
	walk.end = header.structure + header.structure_size;
	walk.strings = header.strings;
	walk.nr_strings = header.strings_size;
	while (!status && tag != MU_FDT_END) {
		uint32_t at = walk.at;

		status = check_tag(&walk, &tag, error);
		if (tag == MU_FDT_BEGIN_NODE && !found.root)
			found.root = at;
	}
	if (!status)
		*fdt = found;
	return status;
}
