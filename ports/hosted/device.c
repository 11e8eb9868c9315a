// SPDX-License-Identifier: MIT
/*
 * Memory of simulated devices: an unnamed file (memfd), whose offsets are
 * physical addresses. What is not written costs nothing; what hosts descriptors
 * is mapped a second time, where the memmap has them.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>
#include "ports/hosted/internal.h"

/* The file, or -1. Created on first use, under ram_lock. */
static int device_file(struct mu_hosted *hosted)
{
	int fd;

	pthread_mutex_lock(&hosted->ram_lock);
	if (!hosted->device_fd) {
		fd = memfd_create("memup-device", MFD_CLOEXEC);
		if (fd >= 0 && ftruncate(fd, (off_t)MU_PHYS_MAX)) {
			close(fd);
			fd = -1;
		}
		hosted->device_fd = fd + 1;
	}
	fd = hosted->device_fd - 1;
	pthread_mutex_unlock(&hosted->ram_lock);
	return fd;
}

static enum mu_status map_at(void *arg, mu_pfn_t start, mu_pfn_t end,
			     mu_phys_t base)
{
	struct mu_hosted *hosted = arg;
	int fd = device_file(hosted);
	void *at = hosted->memmap + start;
	size_t bytes = (end - start) * sizeof(struct mu_page);

	mu_hosted_note_backed(hosted, start);
	if (fd < 0 || mmap(at, bytes, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_FIXED, fd, (off_t)base) != at)
		return MU_ERR_NOMEM;
	return MU_OK;
}

static void unmap_at(void *arg, mu_pfn_t start, mu_pfn_t end)
{
	struct mu_hosted *hosted = arg;
	void *at = hosted->memmap + start;
	size_t bytes = (end - start) * sizeof(struct mu_page);
	bool huge = hosted->config.backing == MU_BACK_HUGE;

	/* The reservation as before. It takes no memory, so it can only fail if
	 * the host runs out of mappings; then the device's memory, which nobody
	 * uses, stays mapped. */
	if (mmap(at, bytes, huge ? PROT_READ | PROT_WRITE : PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
		 0) == at &&
	    huge)
		madvise(at, bytes, MADV_HUGEPAGE);
}

void *mu_hosted_map_device(struct mu_hosted *hosted, mu_phys_t base,
			   size_t size)
{
	int fd = device_file(hosted);
	void *at;

	if (fd < 0)
		return NULL;
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		  (off_t)base);
	return at == MAP_FAILED ? NULL : at;
}

void mu_hosted_device_init(struct mu_hosted *hosted)
{
	hosted->port.memmap_map_at = map_at;
	hosted->port.memmap_unmap_at = unmap_at;
}

void mu_hosted_device_destroy(struct mu_hosted *hosted)
{
	if (hosted->device_fd)
		close(hosted->device_fd - 1);
}
