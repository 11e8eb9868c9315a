// SPDX-License-Identifier: MIT
/*
 * From ACPI's root pointer, which the input begins with, to the tables behind
 * it. The sums of pointer and lists are made right.
 */
#include "kernel/x86_64/acpi.h"
#include "kernel/log.h"
#include "tests/fuzz/fuzz_phys.h"
#include "tests/fuzz/fuzz_table.h"

void log_line(enum mu_log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

static void repair_list(uint8_t *phys, uint64_t at, size_t size)
{
	uint32_t len;

	if (at < FUZZ_PHYS_AT || at > FUZZ_PHYS_AT + size - FUZZ_HEADER)
		return;
	memcpy(&len, phys + at + 4, sizeof(len));
	if (len >= FUZZ_HEADER && len <= FUZZ_PHYS_AT + size - at)
		fuzz_sum(phys + at, len, 9);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct boot_info info;
	uint8_t *phys = fuzz_phys(), *rsdp = phys + FUZZ_PHYS_AT;
	struct acpi acpi;
	uint32_t rsdt;
	uint64_t xsdt;

	size = fuzz_phys_put(data, size);
	if (size < FUZZ_HEADER)
		return 0;
	for (unsigned i = 0; i < 8; i++)
		rsdp[i] = (uint8_t) "RSD PTR "[i];
	fuzz_sum(rsdp, 20, 8);
	fuzz_sum(rsdp, FUZZ_HEADER, 32);
	memcpy(&rsdt, rsdp + 16, sizeof(rsdt));
	memcpy(&xsdt, rsdp + 24, sizeof(xsdt));
	repair_list(phys, rsdt, size);
	repair_list(phys, xsdt, size);
	info.rsdp_len = size & 1 ? 20 : sizeof(info.rsdp);
	memcpy(info.rsdp, rsdp, sizeof(info.rsdp));
	acpi_find(&acpi, &info);
	fuzz_check(acpi.nr <= MAX_TABLES);
	for (unsigned i = 0; i < acpi.nr; i++) {
		const struct acpi_table *table = &acpi.tables[i];

		fuzz_check(table->len >= FUZZ_HEADER &&
			   table->phys + table->len <= FUZZ_PHYS_BYTES &&
			   table->at == phys + table->phys &&
			   strlen(table->name) <= 4);
	}
	return 0;
}
