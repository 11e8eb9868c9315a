// SPDX-License-Identifier: MIT
/*
 * Section numbers are of the ACPI specification 6.5.
 *
 *     RSDP 5.2.5 --> XSDT 5.2.8, 64-bit addresses \
 *               \--> RSDT 5.2.7, 32-bit addresses  +--> SRAT, APIC, FACP, ...
 *
 * The tables' own checksums are checked by their readers; here only the path to
 * them must be sound. If the XSDT is not, the RSDT is used.
 */
#include "kernel/x86_64/acpi.h"
#include "kernel/layout.h"
#include "kernel/log.h"
#include "kernel/string.h"

#define HEADER	   36u
#define FOUR_GIB   (UINT64_C(4) << 30)
#define MAX_LENGTH (UINT32_C(16) << 20)

static uint32_t read32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint64_t read64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint8_t sum_of(const uint8_t *at, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + at[i]);
	return sum;
}

/* Get the table at @phys if its header makes sense. */
static bool look_at(uint64_t phys, struct acpi_table *table)
{
	const uint8_t *at = (const uint8_t *)(uintptr_t)(DIRECT_MAP + phys);

	if (!phys || phys > FOUR_GIB - HEADER)
		return false;
	table->len = read32(at + 4);
	if (table->len < HEADER || table->len > MAX_LENGTH ||
	    table->len > FOUR_GIB - phys)
		return false;
	memcpy(table->name, at, 4);
	table->name[4] = '\0';
	table->at = at;
	table->phys = phys;
	return true;
}

/* The timer's I/O port: PM_TMR_BLK in the FADT, 5.2.9. */
static void read_fadt(struct acpi *acpi, const struct acpi_table *table)
{
	uint32_t port;

	if (table->len < 80 || sum_of(table->at, table->len))
		return;
	port = read32(table->at + 76);
	if (port <= UINT16_MAX)
		acpi->pm_timer = (uint16_t)port;
}

static void add(struct acpi *acpi, uint64_t phys)
{
	struct acpi_table table;

	if (!look_at(phys, &table)) {
		log_warn("acpi: no table at 0x%lx", phys);
		return;
	}
	if (acpi->nr == MAX_TABLES) {
		log_warn("acpi: %s at 0x%lx is one of more than %u tables, "
			 "passed over",
			 table.name, phys, MAX_TABLES);
		return;
	}
	if (!memcmp(table.name, "FACP", 4))
		read_fadt(acpi, &table);
	acpi->tables[acpi->nr++] = table;
}

/* Follow the list at @phys, whose entries have @entry bytes. */
static bool follow(struct acpi *acpi, uint64_t phys, const char *name,
		   unsigned entry)
{
	struct acpi_table list;
	uint8_t sum;

	if (!phys)
		return false;
	if (!look_at(phys, &list) || memcmp(list.name, name, 4) != 0) {
		log_warn("acpi: no %s at 0x%lx, where the RSDP says", name,
			 phys);
		return false;
	}
	sum = sum_of(list.at, list.len);
	if (sum) {
		log_warn("acpi: %s at 0x%lx: its bytes add up to 0x%02x, not "
			 "to 0",
			 name, phys, sum);
		return false;
	}
	for (uint32_t at = HEADER; at + entry <= list.len; at += entry)
		add(acpi,
		    entry == 8 ? read64(list.at + at) : read32(list.at + at));
	return true;
}

void acpi_find(struct acpi *acpi, const struct boot_info *info)
{
	const uint8_t *rsdp = info->rsdp;
	uint64_t xsdt = 0;

	acpi->nr = 0;
	acpi->pm_timer = 0;
	if (info->rsdp_len < 20 || memcmp(rsdp, "RSD PTR ", 8) != 0) {
		log_warn("acpi: no root pointer; one node, and one CPU");
		return;
	}
	if (sum_of(rsdp, 20)) {
		log_warn("acpi: the root pointer's bytes add up to 0x%02x, not "
			 "to 0; one node, and one CPU",
			 sum_of(rsdp, 20));
		return;
	}
	/* Revision 2 has an XSDT, and a checksum of its own. */
	if (rsdp[15] >= 2 && info->rsdp_len == sizeof(info->rsdp)) {
		if (sum_of(rsdp, sizeof(info->rsdp)))
			log_warn("acpi: the root pointer's second checksum is "
				 "wrong; its XSDT is passed over");
		else
			xsdt = read64(rsdp + 24);
	}
	if (!follow(acpi, xsdt, "XSDT", 8) &&
	    !follow(acpi, read32(rsdp + 16), "RSDT", 4))
		log_warn("acpi: no list of tables; one node, and one CPU");
}
