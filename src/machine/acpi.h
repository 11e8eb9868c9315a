/* SPDX-License-Identifier: MIT */
/* acpi: one table at a time. */
#ifndef MU_MACHINE_ACPI_H
#define MU_MACHINE_ACPI_H

#include "base/bytes.h"
#include "memup/machine_acpi.h"

#define MU_ACPI_HEADER 36u /* bytes of the header that all tables have */

/*
 * The meaning of some tables depends on others: SRAT must be read before the
 * tables that fill in for it. So there are two passes over the tables.
 */
enum mu_acpi_pass { MU_ACPI_FIRST, MU_ACPI_LAST, MU_ACPI_NR_PASSES };

/* Is a table with the four bytes @signature one to read, in either pass? */
bool mu_acpi_known(const uint8_t *signature);

/*
 * The node number as the core expects it: what is past INT32_MAX is past every
 * machine's limit.
 */
static inline int mu_acpi_node(uint32_t domain)
{
	return domain > INT32_MAX ? INT32_MAX : (int)domain;
}

/* The domain of the CPU at @at, of SRAT's first type: eight bits at 2; the
 * other 24 came later, at 9, and revision 1 (@narrow) has none of them. */
static inline uint32_t mu_acpi_srat_domain(const uint8_t *at, bool narrow)
{
	return at[2] | (narrow ? 0 : mu_le32(at + 8) & 0xffffff00);
}

/*
 * Check header and sum of the table at @table, of which @len bytes are there;
 * *@own_len are its own.
 */
enum mu_status mu_acpi_check_table(const uint8_t *table, size_t len,
				   size_t *own_len,
				   struct mu_error *error) MU_MUST_CHECK;

/*
 * Read the table at @table, of which @len bytes are there, if it belongs to
 * @pass; the checksums of others are not checked. @error names the offset in
 * the table.
 */
enum mu_status mu_acpi_read_table(struct mu_machine *machine,
				  const uint8_t *table, size_t len,
				  enum mu_acpi_pass pass,
				  struct mu_error *error) MU_MUST_CHECK;

/*
 * One table each: @table is its @len bytes, checked and at least the header.
 */
enum mu_status mu_acpi_read_srat(struct mu_machine *machine,
				 const uint8_t *table, size_t len,
				 struct mu_error *error) MU_MUST_CHECK;
enum mu_status mu_acpi_read_slit(struct mu_machine *machine,
				 const uint8_t *table, size_t len,
				 struct mu_error *error) MU_MUST_CHECK;
enum mu_status mu_acpi_read_madt(struct mu_machine *machine,
				 const uint8_t *table, size_t len,
				 struct mu_error *error) MU_MUST_CHECK;
enum mu_status mu_acpi_read_nfit(struct mu_machine *machine,
				 const uint8_t *table, size_t len,
				 struct mu_error *error) MU_MUST_CHECK;
enum mu_status mu_acpi_read_cedt(struct mu_machine *machine,
				 const uint8_t *table, size_t len,
				 struct mu_error *error) MU_MUST_CHECK;
enum mu_status mu_acpi_read_hmat(struct mu_machine *machine,
				 const uint8_t *table, size_t len,
				 struct mu_error *error) MU_MUST_CHECK;

/* Note in @error, which may be NULL, the offset that @status came from. */
static inline enum mu_status
mu_acpi_at_offset(struct mu_error *error, enum mu_status status, size_t offset)
{
	if (error && status)
		error->offset = offset;
	return status;
}

/* One of the structures that fill a table after its fixed part. */
struct mu_acpi_entry {
	const uint8_t *at;
	size_t len;
	unsigned type;
};

/* How a table encodes the type and length of its structures. */
struct mu_acpi_shape {
	const char *name;   /* of the table, for messages */
	size_t fixed;	    /* bytes before the first structure */
	unsigned type_size; /* bytes of the type, 1 or 2 */
	unsigned len_at;    /* where the length is */
	unsigned len_size;  /* its bytes: 1, 2 or 4 */
	/* Fewest bytes of a structure by type; 0 and what is past: any. */
	const uint8_t *least;
	unsigned nr_least;
};

extern const struct mu_acpi_shape mu_acpi_madt_shape;
extern const struct mu_acpi_shape mu_acpi_srat_shape;

/*
 * Call @visit for each structure of a table; stops at the first failure.
 * MU_ERR_CORRUPT for one that is too short, or runs past the end.
 */
enum mu_status mu_acpi_walk(
	const struct mu_acpi_shape *shape, const uint8_t *table, size_t len,
	enum mu_status (*visit)(void *arg, const struct mu_acpi_entry *entry,
				struct mu_error *error),
	void *arg, struct mu_error *error) MU_MUST_CHECK;

#endif
