/* SPDX-License-Identifier: MIT */
/*
 * fdt: flattened device trees (Devicetree Specification 0.4), as boot loaders
 * and hypervisors of arm64, RISC-V and PowerPC hand them over.
 *
 * mu_fdt_open() checks a tree once, all of it: after that no function can leave
 * it, whatever firmware wrote. Then mu_machine_read_fdt() adds what it says of
 * memory, nodes and CPUs to a machine, and the functions before it find what
 * else a kernel needs: its console, its timer, its interrupt controller.
 *
 * A node is the offset of its first tag in the tree, 0 is no node. Nothing is
 * copied, unpacked or allocated, and no recursion is used: to look a node or a
 * property up is O(bytes of the tree). The tree needs no alignment, and nothing
 * writes to it. Any context, no locks: many may read the same tree. All is read
 * in single bytes; code that runs before an MMU is on, where memory is device
 * memory, must be compiled so that they stay that (-mstrict-align on arm64).
 */
#ifndef MEMUP_FDT_H
#define MEMUP_FDT_H

#include "memup/machine.h"

struct mu_fdt {
	const uint8_t *at;
	uint32_t size;	      /* bytes of the tree, from its header */
	uint32_t strings;     /* offset of the names of properties */
	uint32_t reserve_map; /* offset of its first entry */
	uint32_t nr_reserve;  /* entries of the reserve map */
	uint32_t root;	      /* the root node */
};

/*
 * How many bytes a tree has of which the first 8 are at @head, for a kernel
 * that was given an address and no size; 0 if no tree begins there.
 */
size_t mu_fdt_size(const void *head);

/* Do @len bytes at @text begin like a device tree? */
bool mu_is_fdt(const void *text, size_t len);

/*
 * Check the @len bytes at @tree and make @fdt ready to be read; the tree may
 * end before they do. O(len).
 *
 * MU_ERR_CORRUPT for anything that is not as chapter 5 of the specification
 * says, versions 16 and 17; @error names the offset, the value and what was
 * expected.
 */
enum mu_status mu_fdt_open(struct mu_fdt *fdt, const void *tree, size_t len,
			   struct mu_error *error) MU_MUST_CHECK;

/* ---- Nodes ---- */

/* The first child of @node; the next child of its parent; its parent; the next
 * node of the whole tree, in the order in which they are written. 0: none. */
uint32_t mu_fdt_child(const struct mu_fdt *fdt, uint32_t node);
uint32_t mu_fdt_sibling(const struct mu_fdt *fdt, uint32_t node);
uint32_t mu_fdt_parent(const struct mu_fdt *fdt, uint32_t node);
uint32_t mu_fdt_next(const struct mu_fdt *fdt, uint32_t node);

/* "memory@80000000"; "" for the root. */
const char *mu_fdt_name(const struct mu_fdt *fdt, uint32_t node);

/*
 * The node at @path, 0: none. Units may be left out ("/memory"); an alias may
 * take the place of the first part ("serial0"), and the path ends at a colon,
 * as in /chosen/stdout-path ("serial0:115200n8").
 */
uint32_t mu_fdt_find(const struct mu_fdt *fdt, const char *path);

/* The next node behind @node (0: the first) that is compatible with @word. */
uint32_t mu_fdt_compatible(const struct mu_fdt *fdt, uint32_t node,
			   const char *word);

/* The node whose phandle is @phandle. */
uint32_t mu_fdt_phandle(const struct mu_fdt *fdt, uint32_t phandle);

/*
 * The path of @node, for people: at most @size bytes (at least 8) with the
 * terminator, cut with "..." to what fits, and with '?' for what cannot be
 * printed. Returns @buf. O(bytes of the tree).
 */
const char *mu_fdt_path(const struct mu_fdt *fdt, uint32_t node, char *buf,
			size_t size);

/* Is @node there to be used: no status, or "okay" (2.3.4)? */
bool mu_fdt_available(const struct mu_fdt *fdt, uint32_t node);

/* ---- Properties ---- */

/* The value of property @name of @node, *@len bytes, not NULL if it has one.
 * @len may be NULL. */
const uint8_t *mu_fdt_prop(const struct mu_fdt *fdt, uint32_t node,
			   const char *name, uint32_t *len);

/* One cell, 32 bits big-endian; false unless it is just that. */
bool mu_fdt_cell(const struct mu_fdt *fdt, uint32_t node, const char *name,
		 uint32_t *value);

/* A number of one cell or two; false unless it is just that. */
bool mu_fdt_number(const struct mu_fdt *fdt, uint32_t node, const char *name,
		   uint64_t *value);

/* Is it a string @word, or a list of strings that has it? */
bool mu_fdt_says(const struct mu_fdt *fdt, uint32_t node, const char *name,
		 const char *word);

/*
 * The @index-th address and size of property @name of @node ("reg"), whose
 * cells the parent defines: on the parent's bus, not translated. @size is 0
 * where sizes have no cells.
 *
 * MU_ERR_NOT_FOUND past the last one, or when there is no such property;
 * MU_ERR_UNSUPPORTED when an address has not 1 or 2 cells or a size not 0 to 2;
 * MU_ERR_CORRUPT when the property is no multiple of them. @error names the
 * node and the value.
 */
enum mu_status mu_fdt_reg(const struct mu_fdt *fdt, uint32_t node,
			  const char *name, unsigned index, uint64_t *address,
			  uint64_t *size, struct mu_error *error) MU_MUST_CHECK;

/*
 * Make of an address on @node's parent's bus, from mu_fdt_reg(), one that CPUs
 * use, by the "ranges" of the buses above (2.3.8). MU_ERR_NOT_FOUND when one of
 * them does not hand it on; MU_ERR_UNSUPPORTED and MU_ERR_CORRUPT as above.
 */
enum mu_status mu_fdt_translate(const struct mu_fdt *fdt, uint32_t node,
				uint64_t *address,
				struct mu_error *error) MU_MUST_CHECK;

/*
 * The interrupt controller that interrupts of @node reach in the end: up the
 * tree and along interrupt-parent from controller to controller (2.4), until
 * one that has no other. MU_ERR_NOT_FOUND when there is none, or a phandle of
 * nobody; MU_ERR_CORRUPT when the phandles go round in a circle.
 */
enum mu_status mu_fdt_interrupt_root(const struct mu_fdt *fdt, uint32_t node,
				     uint32_t *controller,
				     struct mu_error *error) MU_MUST_CHECK;

/* ---- Memory, CPUs ---- */

/* The @index-th entry of the reserve map (5.3.1); false past the last one. */
bool mu_fdt_reserved(const struct mu_fdt *fdt, unsigned index, uint64_t *base,
		     uint64_t *size);

/* The initial RAM disk, /chosen's linux,initrd-start and -end; false unless
 * there is one, and it is not empty. */
bool mu_fdt_initrd(const struct mu_fdt *fdt, uint64_t *base, uint64_t *size);

/* A thread of a CPU: for kernels that have to start it. */
struct mu_fdt_cpu {
	uint64_t id;   /* from "reg": MPIDR on arm64, hart on RISC-V */
	int32_t nid;   /* numa-node-id, or MU_NO_NODE */
	uint32_t node; /* for its enable-method and the rest */
};

/*
 * Call @visit for each CPU of /cpus that is available, or asleep (disabled,
 * with an enable-method), once for each of its threads. MU_ERR_NOT_FOUND when
 * there is none; MU_ERR_UNSUPPORTED and MU_ERR_CORRUPT for a "reg" as above,
 * perhaps after some calls.
 */
enum mu_status mu_fdt_cpus(const struct mu_fdt *fdt,
			   void (*visit)(void *arg,
					 const struct mu_fdt_cpu *cpu),
			   void *arg, struct mu_error *error) MU_MUST_CHECK;

/*
 * Add to @machine what the tree says; early boot.
 *
 *   /memory@...        device_type "memory": each bank of linux,usable-memory
 *                      or reg is RAM, hotpluggable or not, numa-node-id the
 *                      node of the banks of reg
 *   /chosen            linux,usable-memory-range: RAM outside of the first
 *                      goes, the others are RAM
 *   /reserved-memory   RAM there is NOMAP if it says no-map, else KEPT unless
 *                      it says reusable. What has no reg is placed by the
 *                      kernel: not known here
 *   the reserve map    RAM there is KEPT
 *   /cpus/cpu@...      one CPU a thread on node numa-node-id, else on 0
 *                      compatible or its name tells the architecture
 *   distance-matrix    of the node compatible with "numa-distance-map-v1"
 *   /chosen            bootargs: kept as the machine's cmdline, not applied
 *
 * The tree itself and the initial RAM disk are left to the kernel, which knows
 * whether it still needs them. #address-cells and #size-cells are those of the
 * node above, 1 or 2 each. What is not available (status) is ignored, except
 * CPUs with an enable-method. Bindings: Linux,
 * Documentation/devicetree/bindings/numa.txt and dt-schema's
 * reserved-memory.yaml, memory.yaml, chosen.yaml. The page size is not changed.
 *
 * The errors of mu_fdt_open(), MU_ERR_UNSUPPORTED for other numbers of cells,
 * else the errors of the functions of memup/machine.h, with the node in front.
 * On failure nothing is changed. O(bytes of the tree * nodes that describe
 * memory).
 */
enum mu_status mu_machine_read_fdt(struct mu_machine *machine, const void *tree,
				   size_t len,
				   struct mu_error *error) MU_MUST_CHECK;

#endif /* MEMUP_FDT_H */
