// SPDX-License-Identifier: MIT
/* Named reservations: one text a line, until the memory is taken. */
#include "memup/memblock.h"
#include "tests/fuzz/fuzz.h"

/* The reservation that was made last. */
static void check_last(const struct mu_memblock *mb, mu_phys_t taken)
{
	unsigned found = 0;

	for (unsigned i = 0; i < MU_MEMBLOCK_NAMED; i++) {
		const struct mu_memblock_named *named = &mb->named[i];
		mu_phys_t base, size;

		if (!named->size)
			continue;
		fuzz_check(mu_memblock_reserve_mem_find(mb, named->name, &base,
							&size) == MU_OK);
		fuzz_check(base == named->base && size == named->size);
		fuzz_check(mu_memblock_is_region_memory(mb, base, size) &&
			   mu_memblock_is_region_reserved(mb, base, size));
		found += size == taken;
	}
	fuzz_check(found);
}

static void ask(struct mu_memblock *mb, const char *text, size_t len)
{
	mu_phys_t before = mu_memblock_reserved_size(mb);
	struct mu_error error = {.text = ""};

	if (mu_memblock_reserve_mem(mb, text, len, &error)) {
		fuzz_check(error.text[0] && error.status != MU_OK);
		fuzz_check(mu_memblock_reserved_size(mb) == before);
	} else {
		check_last(mb, mu_memblock_reserved_size(mb) - before);
	}
	fuzz_check(mu_memblock_validate(mb) == MU_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mu_memblock mb;
	const char *text = (const char *)data, *end = text + size;

	mu_memblock_init(&mb, NULL);
	fuzz_check(mu_memblock_add_node(&mb, 0, (mu_phys_t)1 << 30, 0, 0) ==
		   MU_OK);
	while (text < end) {
		const char *line = memchr(text, '\n', (size_t)(end - text));
		size_t len = (size_t)((line ? line : end) - text);
		/* As long as it is, and not a byte more. */
		char *copy = malloc(len ? len : 1);

		fuzz_check(copy != NULL);
		memcpy(copy, text, len);
		ask(&mb, copy, len);
		free(copy);
		text = line ? line + 1 : end;
	}
	for (unsigned i = 0; i < MU_MEMBLOCK_NAMED; i++)
		if (mb.named[i].size)
			fuzz_check(mu_memblock_reserve_mem_release(
					   &mb, mb.named[i].name) == MU_OK);
	fuzz_check(!mu_memblock_reserved_size(&mb));
	return 0;
}
