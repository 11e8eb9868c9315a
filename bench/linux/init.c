// SPDX-License-Identifier: MIT
/*
 * init: the only program in Linux's initial RAM disk. It prints what Linux
 * logged and how much memory there is in the end, and waits for the machine's
 * end.
 *
 * The log goes to QEMU's debug console, an I/O port that swallows bytes, so
 * that Linux needs no console and spends no time on one.
 *
 * Linux's times of log lines begin when it has found out how fast the TSC is.
 * The TSC itself has counted since the machine was made; one line that has both
 * ("bench-linux: tsc N") says what came before.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/io.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEBUG_CONSOLE 0xe9
#define LOG_READ_ALL  3 /* klogctl(): see syslog(2) */

static char buffer[4 << 20];

static void say(const char *bytes, ssize_t count)
{
	for (ssize_t i = 0; i < count; i++)
		outb((unsigned char)bytes[i], DEBUG_CONSOLE);
}

static void say_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t count;

	if (fd < 0)
		return;
	while ((count = read(fd, buffer, sizeof(buffer))) > 0)
		say(buffer, count);
	close(fd);
}

static void mark_log(void)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	uint32_t low, high;
	char line[64];
	int len;

	if (fd < 0)
		return;
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	len = snprintf(line, sizeof(line), "bench-linux: tsc %llu\n",
		       (unsigned long long)high << 32 | low);
	if (write(fd, line, (size_t)len) != len)
		say("bench-linux: no mark\n", 21);
	close(fd);
}

int main(void)
{
	if (iopl(3))
		return 1;
	mkdir("/dev", 0755);
	mkdir("/proc", 0755);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	mark_log();
	say(buffer, klogctl(LOG_READ_ALL, buffer, sizeof(buffer)));
	say_file("/proc/meminfo");
	say("bench-linux: end\n", 17);
	for (;;)
		pause();
}
