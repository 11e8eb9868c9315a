// SPDX-License-Identifier: MIT
#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "cli/holes.h"

enum holes holes_of(int fd)
{
	struct stat status;
	struct statfs fs;

	if (fstatfs(fd, &fs) || fs.f_type != HUGETLBFS_MAGIC ||
	    fstat(fd, &status))
		return HOLES_SEEK;
	return status.st_blocks ? HOLES_READ : HOLES_ALL;
}

static bool is_zero(int fd, uint64_t at, uint64_t end)
{
	static const char zeros[16384];
	char data[sizeof(zeros)];

	while (at < end) {
		uint64_t left = end - at;
		ssize_t got =
			pread(fd, data,
			      left < sizeof(data) ? (size_t)left : sizeof(data),
			      (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return !got; /* its end */
		if (memcmp(data, zeros, (size_t)got) != 0)
			return false;
		at += (uint64_t)got;
	}
	return true;
}

bool holes_is_one(int fd, enum holes how, uint64_t start, uint64_t bytes)
{
	off_t data;

	if (how == HOLES_ALL)
		return true;
	if (how == HOLES_READ)
		return is_zero(fd, start, start + bytes);
	data = lseek(fd, (off_t)start, SEEK_DATA);
	/* ENXIO: no data from there on. */
	return data < 0 ? errno == ENXIO : (uint64_t)data >= start + bytes;
}
