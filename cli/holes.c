// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "cli/holes.h"

bool holes_init(struct holes *holes, int fd, uint64_t bytes)
{
	struct stat status;
	struct statfs fs;

	*holes = (struct holes){
		.fd = fd,
		.page = (uint64_t)sysconf(_SC_PAGESIZE),
	};
	if (!fstatfs(fd, &fs) && !fstat(fd, &status) &&
	    fs.f_type == HUGETLBFS_MAGIC) {
		holes->page = (uint64_t)fs.f_bsize;
		holes->reads = true;
		holes->empty = !status.st_blocks;
	}
	holes->was = calloc(bytes / holes->page + 1, 1);
	if (holes->was)
		pthread_mutex_init(&holes->lock, NULL);
	return holes->was;
}

void holes_destroy(struct holes *holes)
{
	pthread_mutex_destroy(&holes->lock);
	free(holes->was);
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

static void note_zeros(struct holes *holes, uint64_t start, uint64_t end)
{
	for (uint64_t at = start; at < end; at += holes->page)
		holes->was[at / holes->page] =
			holes->empty ||
			is_zero(holes->fd, at, at + holes->page);
}

/*
 * The end of the data at @at. The file system's answer takes a time
 * proportional to the data, so it is kept for everything before it: a thread
 * that has filled a hole there has noted it before.
 */
static uint64_t data_end(struct holes *holes, uint64_t at)
{
	uint64_t until = 0;
	off_t hole;

	pthread_mutex_lock(&holes->lock);
	if (holes->from <= at)
		until = holes->until;
	pthread_mutex_unlock(&holes->lock);
	if (at < until)
		return until;
	hole = lseek(holes->fd, (off_t)at, SEEK_HOLE);
	/* If this fails assume that there is no hole. */
	until = hole < 0 ? UINT64_MAX : (uint64_t)hole;
	pthread_mutex_lock(&holes->lock);
	holes->from = at;
	holes->until = until;
	pthread_mutex_unlock(&holes->lock);
	return until;
}

void holes_note(struct holes *holes, uint64_t start, uint64_t end)
{
	const uint64_t page = holes->page;

	if (holes->reads) {
		note_zeros(holes, start, end);
		return;
	}
	while (start < end) {
		off_t data = lseek(holes->fd, (off_t)start, SEEK_DATA);
		uint64_t past = end;

		/* ENXIO: no data from there on. */
		if (data < 0 && errno != ENXIO)
			return;
		if (data >= 0 && (uint64_t)data < end)
			past = (uint64_t)data;
		for (uint64_t i = (start + page - 1) / page;
		     past == end ? i * page < end : (i + 1) * page <= past; i++)
			holes->was[i] = 1;
		start = past < end ? data_end(holes, past) : end;
	}
}

bool holes_punch(int fd, uint64_t start, uint64_t end)
{
	return !fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			  (off_t)start, (off_t)(end - start));
}

void holes_restore(struct holes *holes, uint64_t start, uint64_t end)
{
	const uint64_t page = holes->page;

	while (start < end) {
		uint64_t at = start;

		while (at < end && holes->was[at / page])
			at += page;
		if (start < at)
			holes_punch(holes->fd, start, at);
		/* That page is none, or past the end. */
		start = at + page;
	}
}
