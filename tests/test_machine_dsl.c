// SPDX-License-Identifier: MIT
/* ACPI tables as iasl prints them. */
#include "memup/machine_acpi.h"
#include "tests/machine_util.h"

#define HEADER(signature, length, sum)                                    \
	"[000h 0000   4]    Signature : \"" signature "\"    [A table]\n" \
	"[004h 0004   4]    Table Length : " length "\n"                  \
	"[008h 0008   1]    Revision : 01\n"                              \
	"[009h 0009   1]    Checksum : " sum "\n"                         \
	"[00Ah 0010   6]    Oem ID : \"MEMUP \"\n"                        \
	"[010h 0016   8]    Oem Table ID : \"MEMUPTAB\"\n"                \
	"[018h 0024   4]    Oem Revision : 00000001\n"                    \
	"[01Ch 0028   4]    Asl Compiler ID : \"MEMU\"\n"                 \
	"[020h 0032   4]    Asl Compiler Revision : 00000001\n\n"

static const char slit[] =
	HEADER("SLIT", "0000003C",
	       "00") "[024h 0036   8]    Localities : 0000000000000004\n"
		     "[02Ch 0044   4]    Locality   0 : 0A 11 \\\n"
		     "                                  12 13\n"
		     "[030h 0048   4]    Locality   1 : 11 0A 14 15\n"
		     "[034h 0052   4]    Locality   2 : 12 14 0A 16\n"
		     "[038h 0056 004h]   Locality   3 : 13 15 16 0A\n";

/* Without the places of fields, as old versions have it. */
static const char srat[] =
	"/*\n * Disassembly of SRAT.aml, Mon Dec 18 17:21:38 2017\n"
	" * Format: [HexOffset DecimalOffset ByteLength]  FieldName : "
	"FieldValue\n */\n"
	"   Signature : \"SRAT\"    [System Resource Affinity Table]\n"
	"   Table Length : 00000000\n"
	"   Revision : 03\n"
	"   Checksum : F4\n"
	"   Oem ID : \"MEMUP \"\n"
	"   Oem Table ID : \"MEMUPTAB\"\n"
	"   Oem Revision : 00000001\n"
	"   Asl Compiler ID : \"INTL\"\n"
	"   Asl Compiler Revision : 20170929\n"
	"   Table Revision : 00000001\n"
	"   Reserved : 0000000000000000\n"
	"   Subtable Type : 01 [Memory Affinity]\n"
	"   Length : 28\n"
	"   Proximity Domain : 00000002\n"
	"   Reserved1 : 0000\n"
	"   Base Address : 0000000100000000\n"
	"   Address Length : 0000000040000000 /* 1 GiB */\n"
	"   Reserved2 : 00000000\n"
	"   Flags (decoded below) : 00000001\n"
	"   Enabled : 1\n"
	"   Hot Pluggable : 0\n"
	"   Reserved3 : 0000000000000000\n";

static const char nfit[] = HEADER(
	"NFIT", "00000060",
	"00") "[024h 0036   4]    Reserved : 00000000\n"
	      "[028h 0040   2]    Subtable Type : 0000 [Address Range]\n"
	      "[02Ah 0042   2]    Length : 0038\n"
	      "[02Ch 0044   2]    Range Index : 0001\n"
	      "[02Eh 0046   2]    Flags (decoded below) : 0002\n"
	      "                   Proximity Domain Valid : 1\n"
	      "[030h 0048   4]    Reserved : 00000000\n"
	      "[034h 0052   4]    Proximity Domain : 00000001\n"
	      "[038h 0056  16]    GUID : 66F0D379-B4F3-4074-AC43-0D3318B78CDB\n"
	      "[048h 0072   8]    Address Range Base : 0000000200000000\n"
	      "[050h 0080   8]    Address Range Length : 0000000040000000\n"
	      "[058h 0088   8]    Memory Map Attribute : 0000000000008008\n";

/* The same, and one more that somebody wrote below it. */
static const char added[] =
	HEADER("SRAT", "00000058",
	       "00") "[024h 0036   4]    Table Revision : 00000001\n"
		     "[028h 0040   8]    Reserved : 0000000000000000\n"
		     "/* Added */\n"
		     "   Subtable Type : 01 [Memory Affinity]\n"
		     "   Length : 28\n"
		     "   Proximity Domain : 00000001\n"
		     "   Reserved1 : 0000\n"
		     "   Base Address : 0000000040000000 /* 1 GiB */\n"
		     "   Address Length : 0000000040000000\n"
		     "   Reserved2 : 00000000\n"
		     "   Flags (decoded below) : 00000001\n"
		     "   Enabled : 1\n"
		     "   Reserved3 : 0000000000000000\n";

/* `iasl -T HMAT`: lengths, no places. A cache, and how fast node 0 reads. */
static const char template[] =
	"[0004]  Signature : \"HMAT\"    [A table]\n"
	"[0004]  Table Length : 0000006C\n"
	"[0001]  Revision : 02\n"
	"[0001]  Checksum : 00\n"
	"[0006]  Oem ID : \"INTEL \"\n"
	"[0008]  Oem Table ID : \"TEMPLATE\"\n"
	"[0004]  Oem Revision : 00000001\n"
	"[0004]  Asl Compiler ID : \"INTL\"\n"
	"[0004]  Asl Compiler Revision : 20100528\n\n"
	"[0004]  Reserved : 00000000\n\n"
	"[0002]  Structure Type : 0002 [Memory Side Cache Information]\n"
	"[0002]  Reserved : 0000\n"
	"[0004]  Length : 00000020\n"
	"[0004]  Memory Proximity Domain : 00000000\n"
	"[0004]  Reserved1 : 00000000\n"
	"[0008]  Memory Side Cache Size : 0000000000000000\n"
	"[0004]  Cache Attributes (decoded below) : 00000000\n"
	"        Total Cache Levels : 0\n"
	"        Cache Line Size : 0000\n"
	"[0002]  Reserved2 : 0000\n"
	"[0002]  SMBIOS Handle # : 0000\n\n"
	"[0002]  Structure Type : 0001 [Latency and Bandwidth]\n"
	"[0002]  Reserved : 0000\n"
	"[0004]  Length : 0000002A\n"
	"[0001]  Flags (decoded below) : 00\n"
	"        Memory Hierarchy : 0\n"
	"[0001]  Data Type : 01\n"
	"[0002]  Reserved1 : 0000\n"
	"[0004]  Initiator Proximity Domains # : 00000001\n"
	"[0004]  Target Proximity Domains # : 00000001\n"
	"[0004]  Reserved2 : 00000000\n"
	"[0008]  Entry Base Unit : 0000000000002710\n"
	"[0004]  Initiator Proximity Domain List : 00000000\n"
	"[0004]  Target Proximity Domain List : 00000000\n"
	"[0002]  Entry : 0007\n";

static struct mu_machine *read_all(const char *first, const char *second)
{
	struct mu_machine *machine;
	size_t room = strlen(first) + strlen(second) + 1;
	char *text = malloc(room);

	assert_non_null(text);
	snprintf(text, room, "%s%s", first, second);
	assert_int_equal(mu_machine_kind(text, strlen(text)), MU_KIND_DSL);
	machine = machine_read(mu_machine_read_any, text);
	free(text);
	return machine;
}

static void fields(void **state)
{
	struct mu_machine *machine = read_all(slit, srat);

	(void)state;
	assert_ranges(machine, "100000000-13fffffff usable 2\n");
	assert_int_equal(machine->distances[0 * 64 + 3], 0x13);
	assert_int_equal(machine->distances[3 * 64 + 2], 0x16);
	free(machine);
	machine = read_all(srat, nfit);
	assert_ranges(machine, "100000000-13fffffff usable 2\n"
			       "200000000-23fffffff persistent 1 flags 8\n");
	free(machine);
}

/* What has no place counts like what has one, but for bits. */
static void lines_without_place(void **state)
{
	struct mu_machine *machine = read_all(added, template);

	(void)state;
	assert_ranges(machine, "40000000-7fffffff usable 1\n");
	assert_int_equal(mu_machine_perf(machine, 0, 0, MU_PERF_READ_LATENCY),
			 70);
	free(machine);
}

/* The bytes count, whatever the fields say. */
static void raw_bytes(void **state)
{
	static const char text[] = HEADER(
		"SLIT", "0000002D",
		"77") "[024h 0036   8]    Localities : 0000000000000001\n"
		      "[02Ch 0044   1]    Locality   0 : 0B\n"
		      "\nRaw Table Data: Length 45 (0x2D)\n\n"
		      "    0000: 53 4C 49 54 30 00 00 00 01 39 4D 45 4D 55 50 "
		      "20  "
		      "// SLIT0....9MEMUP \n"
		      "    0010: 4D 45 4D 55 50 54 41 42 01 00 00 00 4D 45 4D "
		      "55  "
		      "// MEMUPTAB....MEMU\n"
		      "    0020: 01 00 00 00 02 00 00 00 00 00 00 00 0A 1F 1E "
		      "0A"
		      "  // ....\n";
	char wrong[sizeof(text)], *at;
	struct mu_error error;
	struct mu_machine *machine;

	(void)state;
	/* The sum of the table as it stands here. */
	memcpy(wrong, text, sizeof(text));
	at = strstr(wrong, "01 39 4D");
	assert_non_null(at);
	assert_int_equal(machine_misread(mu_machine_read_dsl, wrong, &error),
			 MU_ERR_CORRUPT);
	assert_int_equal(error.line, 1);
	assert_non_null(strstr(error.text, "SLIT: its bytes add up to 0x"));
	{
		unsigned sum = 0;
		char *digits = strstr(error.text, "0x");

		sum = (unsigned)strtoul(digits, NULL, 16);
		snprintf(at + 3, 3, "%02X", (0x39 - sum) & 0xff);
		at[5] = ' ';
	}
	machine = read_all(srat, wrong);
	assert_int_equal(machine->distances[0 * 64 + 1], 0x1f);
	free(machine);
	/* A row too few, and one out of its place. */
	at = strstr(wrong, "    0020:");
	*at = '\0';
	assert_int_equal(machine_misread(mu_machine_read_dsl, wrong, &error),
			 MU_ERR_CORRUPT);
	assert_string_equal(error.text,
			    "32 bytes are less than the header of an ACPI "
			    "table");
	*at = ' ';
	at[6] = '3';
	assert_int_equal(machine_misread(mu_machine_read_dsl, wrong, &error),
			 MU_ERR_SYNTAX);
	assert_string_equal(error.text,
			    "bytes from 0x30 on, expected from 0x20 on");
	assert_int_equal(error.line, 18);
}

static void refused(void **state)
{
	static const char gap[] = HEADER(
		"SLIT", "0000003C",
		"00") "[028h 0036   8]    Localities : 0000000000000004\n";
	static const char other[] = HEADER("FACP", "0000003C", "00");
	char half[sizeof(srat)];
	struct mu_error error;

	(void)state;
	assert_int_equal(machine_misread(mu_machine_read_dsl, gap, &error),
			 MU_ERR_SYNTAX);
	assert_string_equal(error.text,
			    "a field at 0x28, expected one at 0x24");
	assert_int_equal(error.line, 11);
	assert_int_equal(machine_misread(mu_machine_read_dsl, other, &error),
			 MU_ERR_NOT_FOUND);
	/* Cut in the middle of a structure. */
	memcpy(half, srat, sizeof(srat));
	*strstr(half, "   Reserved2") = '\0';
	assert_int_equal(machine_misread(mu_machine_read_dsl, half, &error),
			 MU_ERR_CORRUPT);
	assert_int_equal(error.line, 5);
	assert_int_equal(error.offset, 48);
	/* Before the header is complete. */
	*strstr(half, "   Oem Table ID") = '\0';
	assert_int_equal(machine_misread(mu_machine_read_dsl, half, &error),
			 MU_ERR_CORRUPT);
	assert_non_null(strstr(error.text, "16 bytes are less than"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),
		cmocka_unit_test(lines_without_place),
		cmocka_unit_test(raw_bytes),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests_name("machine_dsl", tests, NULL, NULL);
}
