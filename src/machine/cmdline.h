/* SPDX-License-Identifier: MIT */
/* cmdline: the words of a kernel's command line. */
#ifndef MU_MACHINE_CMDLINE_H
#define MU_MACHINE_CMDLINE_H

#include "machine/text.h"

/*
 * Cut the next word off @text, without the quotes around it. False at the end,
 * and at "--": what follows is not for the kernel.
 */
bool mu_cmdline_word(struct mu_text *text, struct mu_text *word);

#endif
