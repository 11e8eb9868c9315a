// SPDX-License-Identifier: MIT
#include "memup/machine_acpi.h"
#include "tests/machine_util.h"

/* ASRock K10N78D; from github.com/linuxhw/ACPI. */
static const char srat[] =
	"SRAT @ 0x0000000000000000\n"
	"0000: 53 52 41 54 C8 00 00 00 03 EA 41 4D 44 20 20 20  SRAT......AMD\n"
	"0010: 46 41 4D 5F 46 5F 31 30 02 00 00 00 41 4D 44 20  "
	"FAM_F_10....AMD\n"
	"0020: 01 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00  "
	"................\n"
	"0030: 00 10 00 00 01 00 00 00 00 00 00 00 00 00 00 00  "
	"................\n"
	"0040: 00 10 00 01 01 00 00 00 00 00 00 00 01 00 00 00  "
	"................\n"
	"0050: 01 28 00 00 00 00 00 00 00 00 00 00 00 00 00 00  "
	".(..............\n"
	"0060: 00 00 0A 00 00 00 00 00 01 00 00 00 01 00 00 00  "
	"................\n"
	"0070: 00 00 00 00 00 00 00 00 01 28 00 00 00 00 00 00  "
	".........(......\n"
	"0080: 00 00 10 00 00 00 00 00 00 00 F0 CF 00 00 00 00  "
	"................\n"
	"0090: 01 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00  "
	"................\n"
	"00A0: 01 28 00 00 00 00 00 00 00 00 00 00 01 00 00 00  "
	".(..............\n"
	"00B0: 00 00 00 30 01 00 00 00 01 00 00 00 01 00 00 00  "
	"...0............\n"
	"00C0: 00 00 00 00 00 00 00 00                          ........\n";

/* HP ProLiant DL165 G7; from github.com/linuxhw/ACPI. */
static const char slit[] =
	"SLIT @ 0x0000000000000000\n"
	"0000: 53 4C 49 54 3C 00 00 00 01 62 48 50 20 20 20 20  SLIT<....bHP\n"
	"0010: 46 31 30 20 20 20 20 20 01 00 00 00 48 50 20 20  F10     "
	"....HP\n"
	"0020: 01 00 00 00 04 00 00 00 00 00 00 00 0A 10 10 10  "
	"................\n"
	"0030: 10 0A 10 10 10 10 0A 10 10 10 10 0A              ............\n";

static enum mu_status read_text(struct mu_machine *machine, const char *text,
				struct mu_error *error)
{
	return mu_machine_read_acpidump(machine, text, strlen(text), error);
}

static void one_table(void **state)
{
	struct mu_machine *machine = machine_read(mu_machine_read_any, srat);

	(void)state;
	assert_ranges(machine, "0-9ffff usable 0\n"
			       "100000-cfffffff usable 0\n"
			       "100000000-22fffffff usable 0\n");
	assert_int_equal(mu_machine_cpus(machine), 2);
	free(machine);
}

/* Other tables between, and no empty line after the last row. */
static void several_tables(void **state)
{
	struct mu_machine *machine = machine_new(64, 16);
	char text[4096];

	(void)state;
	(void)snprintf(text, sizeof(text),
		       "FACS @ 0x0\n  0000: 46 41 43 53\n%s"
		       "Some words\nFACP @ 0x0\n  0000: 46 41\n%s",
		       slit, srat);
	assert_int_equal(read_text(machine, text, NULL), MU_OK);
	assert_int_equal(machine->distances[1], 16);
	assert_int_equal(machine->distances[3 * 16 + 2], 16);
	assert_int_equal(machine->nr_affinities, 3);
	free(machine);
}

static void bad_dumps(void **state)
{
	static const struct {
		const char *text, *error;
		uint32_t line;
		enum mu_status status;
	} cases[] = {
		{"", "no SRAT, SLIT, APIC, NFIT, CEDT or HMAT", 0,
		 MU_ERR_NOT_FOUND},
		{"DSDT @ 0x0\n 0000: 00\n",
		 "no SRAT, SLIT, APIC, NFIT, CEDT or HMAT", 0,
		 MU_ERR_NOT_FOUND},
		{"\nSRAT @ 0x0\n",
		 "0 bytes are less than the header of an ACPI table", 2,
		 MU_ERR_CORRUPT},
		{"SRAT @ 0x0\n 0000: 53 52 41 54\n 0010: 00\n",
		 "bytes from 0x10 on, expected from 0x4 on", 3, MU_ERR_SYNTAX},
		/* Seventeen bytes: the last is text. Then three digits. */
		{"SRAT @ 0x0\n"
		 " 0: 53 52 41 54 25 00 00 00 00 00 00 00 00 00 00 00 00\n"
		 " 10: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  .\n"
		 " 20: 00 00 00 00 000\n",
		 "SRAT: says it has 37 bytes, 36 are there", 1, MU_ERR_CORRUPT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mu_error error;

		assert_int_equal(machine_misread(mu_machine_read_acpidump,
						 cases[i].text, &error),
				 cases[i].status);
		assert_string_equal(error.text, cases[i].error);
		assert_int_equal(error.line, cases[i].line);
	}
}

/* A table of 200 bytes in the workspace of 8 ranges, 192 bytes. */
static void no_room(void **state)
{
	struct mu_machine *machine = machine_new(8, 4);
	struct mu_error error;

	(void)state;
	assert_int_equal(read_text(machine, srat, &error), MU_ERR_FULL);
	assert_string_equal(error.text, "a table of more than 192 bytes");
	assert_int_equal(error.line, 14);
	free(machine);
	machine = machine_new(9, 4);
	assert_int_equal(read_text(machine, srat, &error), MU_OK);
	free(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_table),
		cmocka_unit_test(several_tables),
		cmocka_unit_test(bad_dumps),
		cmocka_unit_test(no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
