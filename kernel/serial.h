/* SPDX-License-Identifier: MIT */
/* serial: the first serial port, 115200 8N1; output alone. (National
 * Semiconductor PC16550D.) */
#ifndef KERNEL_SERIAL_H
#define KERNEL_SERIAL_H

#include <stddef.h>

/* Without a serial port nothing is written, which is not an error. */
void serial_init(void);

/* Write, \n as \r\n. One caller at a time. */
void serial_write(const char *text, size_t len);

#endif
