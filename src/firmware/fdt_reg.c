// SPDX-License-Identifier: MIT
/*
 * fdt_reg: addresses in a device tree, whose form and meaning the nodes above
 * define, and interrupts, which have parents of their own.
 */
#include "base/fmt.h"
#include "firmware/fdt.h"

enum mu_status mu_fdt_at(const struct mu_fdt *fdt, uint32_t node,
			 enum mu_status status, struct mu_error *error)
{
	struct mu_error old;
	char path[96];

	if (!status || !error)
		return status;
	old = *error;
	return mu_fail(error, status, 0, "%s: %s",
		       mu_fdt_path(fdt, node, path, sizeof(path)), old.text);
}

enum mu_status mu_fdt_ragged(const struct mu_fdt *fdt, uint32_t node,
			     const char *name, uint32_t len, uint32_t one,
			     struct mu_error *error)
{
	return mu_fdt_at(fdt, node,
			 mu_fail(error, MU_ERR_CORRUPT, 0,
				 "%s: %u bytes are no multiple of %u", name,
				 len, one),
			 error);
}

/* A property of cells that counts cells; what is not one cell is no number. */
static uint32_t count_of(const struct mu_fdt *fdt, uint32_t node,
			 const char *name, uint32_t otherwise)
{
	uint32_t value;

	if (!mu_fdt_prop(fdt, node, name, NULL))
		return otherwise;
	return mu_fdt_cell(fdt, node, name, &value) ? value : UINT32_MAX;
}

enum mu_status mu_fdt_cells(const struct mu_fdt *fdt, uint32_t parent,
			    uint32_t node, const char *name,
			    unsigned least_size, struct mu_fdt_cells *cells,
			    struct mu_error *error)
{
	cells->address = count_of(fdt, parent, "#address-cells", 2);
	cells->size = count_of(fdt, parent, "#size-cells", 1);
	if (cells->address >= 1 && cells->address <= 2 &&
	    cells->size >= least_size && cells->size <= 2)
		return MU_OK;
	(void)mu_fdt_at(fdt, node,
			mu_fail(error, MU_ERR_UNSUPPORTED, 0,
				"%s: #address-cells %u and #size-cells %u "
				"around it: expected 1 or 2, and %u to 2",
				name, cells->address, cells->size, least_size),
			error);
	return MU_ERR_UNSUPPORTED;
}

enum mu_status mu_fdt_reg(const struct mu_fdt *fdt, uint32_t node,
			  const char *name, unsigned index, uint64_t *address,
			  uint64_t *size, struct mu_error *error)
{
	struct mu_fdt_cells cells;
	uint32_t len, one;
	const uint8_t *at = mu_fdt_prop(fdt, node, name, &len);
	enum mu_status status;

	if (!at)
		return mu_fdt_at(fdt, node,
				 mu_fail(error, MU_ERR_NOT_FOUND, 0,
					 "there is no %s", name),
				 error);
	status = mu_fdt_cells(fdt, mu_fdt_parent(fdt, node), node, name, 0,
			      &cells, error);
	if (status)
		return status;
	one = (cells.address + cells.size) * 4;
	if (len % one)
		return mu_fdt_ragged(fdt, node, name, len, one, error);
	if (index >= len / one)
		return mu_fdt_at(fdt, node,
				 mu_fail(error, MU_ERR_NOT_FOUND, 0,
					 "%s has %u entries, none of number %u",
					 name, len / one, index),
				 error);
	at += (size_t)index * one;
	*address = mu_fdt_take(&at, cells.address);
	*size = mu_fdt_take(&at, cells.size);
	return MU_OK;
}

/* One step up: from the bus below @bus to the one that @bus is on. */
static enum mu_status translate_step(const struct mu_fdt *fdt, uint32_t bus,
				     uint64_t *address, struct mu_error *error)
{
	struct mu_fdt_cells below, above;
	uint32_t len, one;
	const uint8_t *at = mu_fdt_prop(fdt, bus, "ranges", &len), *end;
	enum mu_status status;

	if (at && !len)
		return MU_OK;
	status = mu_fdt_cells(fdt, bus, bus, "ranges", at ? 1 : 0, &below,
			      error);
	if (!status)
		status = mu_fdt_cells(fdt, mu_fdt_parent(fdt, bus), bus,
				      "ranges", 0, &above, error);
	if (status)
		return status;
	one = (below.address + above.address + below.size) * 4;
	if (len % one)
		return mu_fdt_ragged(fdt, bus, "ranges", len, one, error);
	for (end = len ? at + len : at; at < end;) {
		uint64_t from = mu_fdt_take(&at, below.address);
		uint64_t to = mu_fdt_take(&at, above.address);
		uint64_t size = mu_fdt_take(&at, below.size);

		if (*address < from || *address - from >= size)
			continue;
		*address = to + (*address - from);
		return MU_OK;
	}
	return mu_fdt_at(fdt, bus,
			 mu_fail(error, MU_ERR_NOT_FOUND, 0,
				 "address 0x%llx is not in its ranges",
				 (unsigned long long)*address),
			 error);
}

enum mu_status mu_fdt_translate(const struct mu_fdt *fdt, uint32_t node,
				uint64_t *address, struct mu_error *error)
{
	uint32_t bus = mu_fdt_parent(fdt, node);
	enum mu_status status = MU_OK;
	uint64_t found = *address;

	for (; !status && bus && bus != fdt->root;
	     bus = mu_fdt_parent(fdt, bus))
		status = translate_step(fdt, bus, &found, error);
	if (!status)
		*address = found;
	return status;
}

/* The controller of @node's interrupts: named by it or a node above. */
static enum mu_status interrupt_parent(const struct mu_fdt *fdt, uint32_t node,
				       uint32_t *controller,
				       struct mu_error *error)
{
	uint32_t phandle, named = node;

	while (named &&
	       !mu_fdt_cell(fdt, named, "interrupt-parent", &phandle)) {
		named = mu_fdt_parent(fdt, named);
		/* A controller above is one without being named. */
		if (named &&
		    mu_fdt_prop(fdt, named, "interrupt-controller", NULL)) {
			*controller = named;
			return MU_OK;
		}
	}
	*controller = named ? mu_fdt_phandle(fdt, phandle) : 0;
	if (*controller)
		return MU_OK;
	(void)mu_fdt_at(fdt, named ? named : node,
			named ? mu_fail(error, MU_ERR_NOT_FOUND, 0,
					"interrupt-parent: no node has phandle "
					"0x%x",
					phandle)
			      : mu_fail(error, MU_ERR_NOT_FOUND, 0,
					"there is no interrupt-parent"),
			error);
	return MU_ERR_NOT_FOUND;
}

enum mu_status mu_fdt_interrupt_root(const struct mu_fdt *fdt, uint32_t node,
				     uint32_t *controller,
				     struct mu_error *error)
{
	uint32_t at = 0, next, slow;
	enum mu_status status = interrupt_parent(fdt, node, &at, error);
	bool even = false;

	/* A second one follows at half the pace: in a circle they meet. */
	for (slow = at; !status;) {
		if (interrupt_parent(fdt, at, &next, NULL) || next == at)
			break;
		at = next;
		if (even)
			status = interrupt_parent(fdt, slow, &slow, error);
		even = !even;
		if (!status && at == slow)
			return mu_fdt_at(
				fdt, at,
				mu_fail(error, MU_ERR_CORRUPT, 0,
					"interrupt-parent comes back to it in "
					"a circle"),
				error);
	}
	if (!status)
		*controller = at;
	return status;
}
