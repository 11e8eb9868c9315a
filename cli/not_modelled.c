// SPDX-License-Identifier: MIT
/*
 * not_modelled: parameters of Linux about memory that memup knows by name only
 * (Documentation/admin-guide/kernel-parameters.txt).
 */
#include <string.h>
#include "cli/not_modelled.h"

static bool is_one(const char *word, size_t len)
{
	static const char *const names[] = {
		"accept_memory=", "cma=",     "cma_pernuma=", "coherent_pool=",
		"efi_fake_mem=",  "highmem=", "hugetlb_cma=", "kho=",
		"kho_scratch=",	  "memtest=", "numa_cma=",    "swiotlb=",
		"vmalloc=",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (len > strlen(names[i]) &&
		    !strncmp(word, names[i], strlen(names[i])))
			return true;
	return false;
}

/* Is the word in @text, where blanks are between words? */
static bool has_word(const char *text, const char *word, size_t len)
{
	for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
		if ((at == text || at[-1] == ' ') &&
		    (at[len] == ' ' || !at[len]))
			return true;
	return false;
}

bool parameters_not_modelled(const struct mu_machine *machine, char *text,
			     size_t size)
{
	const char *at = machine->cmdline;
	size_t used = 0;

	text[0] = '\0';
	while (*(at += strspn(at, " \t"))) {
		size_t len = strcspn(at, " \t");
		char word[128];

		/* What follows is for the first process. */
		if (len == 2 && !strncmp(at, "--", 2))
			break;
		if (len < sizeof(word) && is_one(at, len) &&
		    used + len + 2 <= size) {
			memcpy(word, at, len);
			word[len] = '\0';
			if (!has_word(text, word, len)) {
				if (used)
					text[used++] = ' ';
				memcpy(text + used, word, len + 1);
				used += len;
			}
		}
		at += len;
	}
	return used;
}
