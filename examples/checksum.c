// SPDX-License-Identifier: MIT
/*
 * Checksum a file in order, its blocks read and summed by all CPUs: serialised
 * jobs.
 *
 *	checksum FILE
 *
 * Prints the Adler-32 checksum (RFC 1950) in hexadecimal. The sums of adjacent
 * parts can be combined, in order: parallel() computes them, serial() combines
 * them. `memup checksum` does the same with a CRC.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "examples/run.h"

#define BLOCK ((size_t)256 << 10)
#define MOST  64u /* blocks under way */
#define MOD   65521u

struct sum;

struct block {
	struct mu_padata_priv padata; /* first: what callbacks get */
	struct sum *sum;
	off_t offset;
	size_t bytes;
	uint32_t a, b; /* of this block: from parallel() to serial() */
	_Atomic uint32_t free;
	unsigned char data[BLOCK];
};

struct sum {
	const struct mu_port *port;
	int fd;
	_Atomic bool failed;
	uint32_t a, b; /* of all blocks so far: only serial() */
};

static void work_on(struct mu_padata_priv *padata)
{
	struct block *block = (struct block *)padata;
	ssize_t got =
		pread(block->sum->fd, block->data, block->bytes, block->offset);
	uint64_t a = 0, b = 0;

	if (got != (ssize_t)block->bytes)
		atomic_store(&block->sum->failed, true);
	/* 2^18 bytes: b stays below 2^18 * 2^18 * 2^8. */
	for (size_t i = 0; i < block->bytes; i++) {
		a += block->data[i];
		b += a;
	}
	block->a = (uint32_t)(a % MOD);
	block->b = (uint32_t)(b % MOD);
	mu_padata_do_serial(padata);
}

static void take(struct mu_padata_priv *padata)
{
	struct block *block = (struct block *)padata;
	struct sum *sum = block->sum;

	/* What came before counts once more for every byte. */
	sum->b = (uint32_t)((sum->b + (uint64_t)sum->a * block->bytes +
			     block->b) %
			    MOD);
	sum->a = (sum->a + block->a) % MOD;
	/* The block is the submitter's again. */
	atomic_store(&block->free, 1);
	sum->port->wake(sum->port->arg, &block->free);
}

static void wait_for(const struct mu_port *port, struct block *block)
{
	while (!atomic_load(&block->free))
		port->wait(port->arg, &block->free, 0);
}

static bool submit_all(struct run *run, struct mu_padata_shell *shell,
		       struct block *blocks, struct sum *sum, off_t size)
{
	off_t at = 0;

	for (unsigned i = 0; at < size; i = (i + 1) % MOST) {
		struct block *block = &blocks[i];
		off_t left = size - at;
		unsigned cpu = 1; /* for take(), if it is there */

		wait_for(run->port, block);
		if (run_interrupted() || atomic_load(&sum->failed))
			break;
		block->offset = at;
		block->bytes = left < (off_t)BLOCK ? (size_t)left : BLOCK;
		atomic_store(&block->free, 0);
		if (mu_padata_do_parallel(shell, &block->padata, &cpu) != MU_OK)
			return false; /* no CPU: cannot be */
		at += (off_t)block->bytes;
		run_show(run, "checksum", (uint64_t)at, (uint64_t)size);
	}
	for (unsigned i = 0; i < MOST; i++)
		wait_for(run->port, &blocks[i]);
	return at == size && !atomic_load(&sum->failed);
}

int main(int argc, char **argv)
{
	struct block *blocks;
	const size_t instance_size = mu_padata_instance_size();
	const size_t shell_size = mu_padata_shell_size();
	void *instance_memory, *shell_memory;
	struct mu_padata_instance *instance;
	struct mu_padata_shell *shell;
	struct sum sum = {.a = 1};
	struct stat file;
	struct run run;
	int code = 2;

	sum.fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	if (sum.fd < 0 || fstat(sum.fd, &file) || !S_ISREG(file.st_mode)) {
		fputs("usage: checksum FILE\n", stderr);
		return 2;
	}
	blocks = calloc(MOST, sizeof(*blocks));
	instance_memory = malloc(instance_size);
	shell_memory = malloc(shell_size);
	if (!blocks || !instance_memory || !shell_memory || !run_open(&run))
		goto out;
	sum.port = run.port;
	for (unsigned i = 0; i < MOST; i++) {
		blocks[i].padata.parallel = work_on;
		blocks[i].padata.serial = take;
		blocks[i].sum = &sum;
		blocks[i].free = 1;
	}
	if (mu_padata_instance_init(instance_memory, instance_size, run.port, 0,
				    &instance) != MU_OK ||
	    mu_padata_shell_init(shell_memory, shell_size, instance, &shell) !=
		    MU_OK)
		abort();
	code = !submit_all(&run, shell, blocks, &sum, file.st_size);
	/* All blocks are free, so neither is busy. */
	if (mu_padata_shell_fini(shell) != MU_OK ||
	    mu_padata_instance_fini(instance) != MU_OK)
		abort();
	if (!code)
		printf("%08x\n", sum.b << 16 | sum.a);
	else
		fputs(run_interrupted() ? "interrupted\n" : "cannot read it\n",
		      stderr);
	run_close(&run);
out:
	free(shell_memory);
	free(instance_memory);
	free(blocks);
	return code;
}
