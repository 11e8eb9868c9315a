// SPDX-License-Identifier: MIT
/* serial: the first serial port, 115200 8N1; output alone. (National
 * Semiconductor PC16550D.) */
#include "kernel/platform.h"
#include "ports/bare/arch.h"

#define PORT 0x3f8
#define FIFO 16u /* bytes that may be written when it is empty */

/* Offsets of registers. */
enum {
	DATA,
	INTERRUPTS, /* the divisor's high byte when DIVISOR is set */
	FIFO_CONTROL,
	LINE_CONTROL,
	MODEM_CONTROL,
	LINE_STATUS,
	SCRATCH = 7
};

#define DIVISOR	   0x80
#define EIGHT_BITS 0x03
#define EMPTY	   0x20 /* of LINE_STATUS: the FIFO is */

static bool present;
static unsigned room; /* in the FIFO */

static void set(unsigned offset, uint8_t value)
{
	x86_outb((uint16_t)(PORT + offset), value);
}

static uint8_t get(unsigned offset)
{
	return x86_inb((uint16_t)(PORT + offset));
}

void platform_console_init(void)
{
	set(SCRATCH, 0xa5);
	present = get(SCRATCH) == 0xa5;
	if (!present)
		return;
	set(INTERRUPTS, 0);
	set(LINE_CONTROL, DIVISOR | EIGHT_BITS);
	set(DATA, 1); /* 115200 */
	set(INTERRUPTS, 0);
	set(LINE_CONTROL, EIGHT_BITS);
	set(FIFO_CONTROL, 0x07); /* on, and empty */
	set(MODEM_CONTROL, 0x03);
}

static void put(char c)
{
	if (!room) {
		while (!(get(LINE_STATUS) & EMPTY))
			arch_pause();
		room = FIFO;
	}
	room--;
	set(DATA, (uint8_t)c);
}

void platform_console_write(const char *text, size_t len)
{
	for (size_t i = 0; present && i < len; i++)
		put(text[i]);
}
