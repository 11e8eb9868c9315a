/* SPDX-License-Identifier: MIT */
/* work: the states of a CPU's mailbox; see work.c. */
#ifndef MEMUP_BARE_WORK_H
#define MEMUP_BARE_WORK_H

enum {
	MU_BARE_BUSY,  /* not up, in a call, or the boot CPU */
	MU_BARE_FREE,  /* idle; may be taken */
	MU_BARE_TAKEN, /* somebody is writing a call */
	MU_BARE_CALL   /* the call is there */
};

#endif
