/* SPDX-License-Identifier: MIT */
/*
 * die: failures on request, test=die-NAME, so that a test outside can see how
 * the kernel ends:
 *
 *   die-pristine   read a pristine descriptor
 *   die-null       write to the null page
 *   die-stack      recurse for ever
 *   die-panic      the port's panic hook
 *   die-other      a page fault on another CPU
 */
#ifndef KERNEL_DIE_H
#define KERNEL_DIE_H

/* Returns if @name is none of them. */
void die(const char *name);

#endif
