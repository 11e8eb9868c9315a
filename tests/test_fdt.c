// SPDX-License-Identifier: MIT
/*
 * The walker of device trees beside libfdt: on trees of real boards, and on
 * these with random damage. tests/fixtures/trees has what boards' trees say of
 * memory and CPUs, and one whole; MEMUP_TREES=DIRECTORY names more.
 */
#include "memup/fdt.h"
#include "tests/machine_util.h"

#ifdef MU_HAVE_LIBFDT

#include <dirent.h>
#include <libfdt.h>

#define MAX_TREE (1 << 20)
#define DAMAGES	 400

/* A tree for both: libfdt wants it aligned to 8. */
struct both {
	char *bytes;
	size_t len;
	struct mu_fdt fdt;
};

/* libfdt's offsets begin at the structure. */
static uint32_t ours(const struct both *both, int offset)
{
	return offset < 0 ? 0
			  : fdt_off_dt_struct(both->bytes) + (uint32_t)offset;
}

static void same_properties(const struct both *both, int offset)
{
	uint32_t node = ours(both, offset), len;
	int at, theirs;

	fdt_for_each_property_offset(at, both->bytes, offset)
	{
		const char *name;
		const void *value;
		int first;

		/* Of two with one name the first counts, in both. */
		(void)fdt_getprop_by_offset(both->bytes, at, &name, &theirs);
		value = fdt_getprop(both->bytes, offset, name, &first);
		assert_ptr_equal(mu_fdt_prop(&both->fdt, node, name, &len),
				 value);
		assert_int_equal(len, first);
	}
	assert_null(mu_fdt_prop(&both->fdt, node, "no such", &len));
	assert_int_equal(len, 0);
}

/* A path leads back to its node, unless two siblings have one name. */
static void same_path(const struct both *both, int offset)
{
	uint32_t node = ours(both, offset);
	char path[512], theirs[512];
	int found;

	(void)mu_fdt_path(&both->fdt, node, path, sizeof(path));
	if (fdt_get_path(both->bytes, offset, theirs, sizeof(theirs)))
		return;
	for (char *at = theirs; *at; at++)
		if (*at < ' ' || *at > '~')
			return;
	assert_string_equal(path, theirs);
	/* A colon ends ours. */
	found = fdt_path_offset(both->bytes, path);
	if (!strchr(path, ':'))
		assert_int_equal(mu_fdt_find(&both->fdt, path),
				 ours(both, found));
}

static void same_nodes(const struct both *both)
{
	const struct mu_fdt *fdt = &both->fdt;
	uint32_t node = fdt->root;
	unsigned every = 0;
	int depth = 0;

	for (int at = fdt_next_node(both->bytes, -1, &depth);
	     at >= 0 && depth > 0;
	     at = fdt_next_node(both->bytes, at, &depth)) {
		assert_int_equal(node, ours(both, at));
		assert_string_equal(mu_fdt_name(fdt, node),
				    fdt_get_name(both->bytes, at, NULL));
		assert_int_equal(
			mu_fdt_child(fdt, node),
			ours(both, fdt_first_subnode(both->bytes, at)));
		assert_int_equal(
			mu_fdt_sibling(fdt, node),
			depth == 1 ? 0
				   : ours(both,
					  fdt_next_subnode(both->bytes, at)));
		same_properties(both, at);
		/* These are slow in large trees. */
		if (every++ % 8 == 0) {
			assert_int_equal(
				mu_fdt_parent(fdt, node),
				ours(both, fdt_parent_offset(both->bytes, at)));
			same_path(both, at);
		}
		node = mu_fdt_next(fdt, node);
	}
	assert_int_equal(node, 0);
}

static void same_tree(const struct both *both)
{
	uint64_t base, size, their_base, their_size;
	int nr = fdt_num_mem_rsv(both->bytes);

	same_nodes(both);
	assert_int_equal(both->fdt.nr_reserve, nr);
	for (int i = 0; i < nr; i++) {
		assert_true(
			mu_fdt_reserved(&both->fdt, (unsigned)i, &base, &size));
		assert_int_equal(fdt_get_mem_rsv(both->bytes, i, &their_base,
						 &their_size),
				 0);
		assert_int_equal(base, their_base);
		assert_int_equal(size, their_size);
	}
	assert_false(mu_fdt_reserved(&both->fdt, (unsigned)nr, &base, &size));
}

/* ---- Real trees ---- */

static void load(struct both *both, const char *dir, const char *name)
{
	char path[512];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "rb");
	assert_non_null(file);
	both->bytes = malloc(MAX_TREE);
	assert_non_null(both->bytes);
	both->len = fread(both->bytes, 1, MAX_TREE, file);
	assert_int_equal(fclose(file), 0);
}

static bool is_tree(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 4, ".dtb") == 0;
}

/* Call @visit for each tree in @dir; returns how many. */
static unsigned each_tree(const char *dir, void (*visit)(struct both *both))
{
	DIR *open = opendir(dir);
	struct dirent *entry;
	unsigned nr = 0;

	assert_non_null(open);
	while ((entry = readdir(open))) {
		struct both both;

		if (!is_tree(entry->d_name))
			continue;
		load(&both, dir, entry->d_name);
		visit(&both);
		free(both.bytes);
		nr++;
	}
	assert_int_equal(closedir(open), 0);
	return nr;
}

static void must_be_same(struct both *both)
{
	struct mu_error error;

	assert_int_equal(fdt_check_full(both->bytes, both->len), 0);
	assert_int_equal(mu_fdt_size(both->bytes), fdt_totalsize(both->bytes));
	if (mu_fdt_open(&both->fdt, both->bytes, both->len, &error))
		fail_msg("%s", error.text);
	same_tree(both);
}

static void boards(void **state)
{
	const char *more = getenv("MEMUP_TREES");

	(void)state;
	assert_int_equal(each_tree("tests/fixtures/trees", must_be_same), 10);
	if (more)
		assert_true(each_tree(more, must_be_same) > 0);
}

/* ---- Damage ---- */

/* What libfdt lets pass, and the specification does not. */
static bool only_libfdt_takes(const char *why)
{
	static const char *const reasons[] = {
		"a property behind child nodes",
		"a property outside of the root",
		"a second root",
		"it ends before its root does",
		"a tag is cut",
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strstr(why, reasons[i]))
			return true;
	return false;
}

static void compare_damaged(struct both *both)
{
	struct mu_error error = {.text = ""};
	struct mu_machine *machine;
	bool theirs = !fdt_check_full(both->bytes, both->len);

	if (mu_fdt_open(&both->fdt, both->bytes, both->len, &error)) {
		assert_int_equal(error.status, MU_ERR_CORRUPT);
		if (theirs && !only_libfdt_takes(error.text))
			fail_msg("only libfdt takes it: %s", error.text);
	} else {
		assert_true(theirs);
		same_tree(both);
	}
	machine = machine_new(64, 16);
	if (mu_machine_read_fdt(machine, both->bytes, both->len, &error)) {
		assert_int_equal(machine->nr_ranges, 0);
		assert_int_equal(machine->nr_nodes, 0);
	}
	free(machine);
}

/* A few bytes become others, most of them in the header or small, as lengths,
 * tags and counts are. */
static void damage(struct both *both)
{
	char *good = malloc(both->len);
	size_t len = both->len;

	assert_non_null(good);
	memcpy(good, both->bytes, len);
	for (unsigned i = 0; i < DAMAGES; i++) {
		unsigned nr = 1 + (unsigned)(next_random(&machine_seed) % 3);

		for (; nr; nr--) {
			uint64_t random = next_random(&machine_seed);
			size_t at =
				random % 5 ? random / 8 % len : random / 8 % 44;

			both->bytes[at] =
				(char)(random >> 56 & 1 ? random >> 40
							: random >> 40 & 7);
		}
		both->len = next_random(&machine_seed) % 8
				    ? len
				    : next_random(&machine_seed) % len;
		compare_damaged(both);
		memcpy(both->bytes, good, len);
	}
	both->len = len;
	free(good);
}

static void damage_small(struct both *both)
{
	if (both->len < 4096)
		damage(both);
}

static void damaged_trees(void **state)
{
	(void)state;
	machine_seed = 1;
	(void)each_tree("tests/fixtures/trees", damage_small);
	machine_seed = 0;
}

/* Cut anywhere: also inside its header. */
static void cut(struct both *both)
{
	struct mu_error error = {.text = ""};
	struct mu_fdt fdt = {.root = 77};
	size_t len = both->len;

	if (len > 4096)
		return;
	for (size_t left = 0; left < len; left++) {
		/* Not one byte more than that can be read. */
		char *copy = malloc(left ? left : 1);

		assert_non_null(copy);
		memcpy(copy, both->bytes, left);
		assert_int_equal(mu_fdt_open(&fdt, copy, left, &error),
				 MU_ERR_CORRUPT);
		free(copy);
	}
	assert_int_equal(fdt.root, 77);
}

static void cut_trees(void **state)
{
	(void)state;
	(void)each_tree("tests/fixtures/trees", cut);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(boards),
		cmocka_unit_test_teardown(damaged_trees, machine_print_seed),
		cmocka_unit_test(cut_trees),
	};

	return cmocka_run_group_tests_name("fdt", tests, NULL, NULL);
}

#else

static void nothing_to_test(void **state)
{
	(void)state;
	skip();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_to_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
