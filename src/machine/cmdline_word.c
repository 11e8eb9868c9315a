// SPDX-License-Identifier: MIT
/* cmdline_word: cuts a kernel's command line into words, as Linux does. */
#include "machine/cmdline.h"

/* Words end at white space that is not between quotes. */
bool mu_cmdline_word(struct mu_text *text, struct mu_text *word)
{
	bool quoted = false;

	while (text->at < text->end && *text->at <= ' ' && *text->at > 0)
		text->at++;
	*word = *text;
	for (; text->at < text->end; text->at++) {
		if (*text->at == '"')
			quoted = !quoted;
		else if (*text->at <= ' ' && *text->at > 0 && !quoted)
			break;
	}
	word->end = text->at;
	/* What follows is for the first process. */
	if (word->end - word->at == 2 && word->at[0] == '-' &&
	    word->at[1] == '-')
		return false;
	/* A word in quotes: they are not part of it. */
	if (word->end - word->at > 1 && word->at[0] == '"' &&
	    word->end[-1] == '"') {
		word->at++;
		word->end--;
		return true;
	}
	return !mu_text_empty(word);
}
