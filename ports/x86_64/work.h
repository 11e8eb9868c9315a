/* SPDX-License-Identifier: MIT */
/* work: the states of a CPU's mailbox; see work.c. */
#ifndef MEMUP_X86_64_WORK_H
#define MEMUP_X86_64_WORK_H

enum {
	MU_X86_BUSY,  /* not up, in a call, or the boot CPU */
	MU_X86_FREE,  /* idle; may be taken */
	MU_X86_TAKEN, /* somebody is writing a call */
	MU_X86_CALL   /* the call is there */
};

#endif
