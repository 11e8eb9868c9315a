// SPDX-License-Identifier: MIT
/*
 * memup checksum: a file's checksum, its blocks read and worked on at the same
 * time and put together in order (serialised jobs, memup/padata.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/command.h"
#include "cli/crc.h"
#include "cli/pool.h"

static const char help[] =
	"usage: memup checksum FILE [OPTIONS]\n"
	"\n"
	"Print the checksum of a file as POSIX cksum does: CRC, bytes, name. "
	"Blocks\n"
	"are read and worked on by several threads and put together in "
	"order.\n"
	"\n"
	"FILE           `-` is standard input, which one thread "
	"reads\n" POOL_HELP "\n"
	"Exit codes: 0 done, 1 interrupted, 2 bad input.\n";

static const char who[] = "memup checksum";

#define BLOCK		((size_t)256 << 10)
#define BLOCKS_A_THREAD 4u

struct sum;

struct block {
	struct mu_padata_priv padata; /* first: what callbacks get */
	struct sum *sum;
	char *data;
	uint64_t offset;
	size_t bytes;	       /* to read, or read already */
	uint32_t crc;	       /* of this block; parallel(), then serial() */
	_Atomic uint32_t free; /* the submitter may reuse it */
};

struct sum {
	const struct mu_port *port;
	struct crc_tables tables;
	int fd;
	bool seekable;	 /* blocks are read by parallel() */
	_Atomic int why; /* errno of the first failure, any thread */
	/* Only for serial(), until all is handed on. */
	uint32_t crc, full_shift;
	uint64_t bytes;
};

static bool read_all(int fd, char *data, size_t bytes, uint64_t offset)
{
	while (bytes) {
		ssize_t got = pread(fd, data, bytes, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			errno = got ? errno : ESTALE; /* it is shorter now */
			return false;
		}
		data += got;
		bytes -= (size_t)got;
		offset += (uint64_t)got;
	}
	return true;
}

static void work_on(struct mu_padata_priv *padata)
{
	struct block *block = (struct block *)padata;
	struct sum *sum = block->sum;
	int none = 0;

	if (sum->seekable &&
	    !read_all(sum->fd, block->data, block->bytes, block->offset))
		atomic_compare_exchange_strong(&sum->why, &none, errno);
	else
		block->crc = crc_of(&sum->tables, block->data, block->bytes);
	mu_padata_do_serial(padata);
}

/* In the order of the file. */
static void put_together(struct mu_padata_priv *padata)
{
	struct block *block = (struct block *)padata;
	struct sum *sum = block->sum;

	sum->crc = crc_join(sum->crc, block->crc,
			    block->bytes == BLOCK ? sum->full_shift
						  : crc_shift(block->bytes));
	sum->bytes += block->bytes;
	/* release: the sum was updated; the submitter may reuse the block. */
	atomic_store_explicit(&block->free, 1, memory_order_release);
	sum->port->wake(sum->port->arg, &block->free);
}

static void wait_free(const struct mu_port *port, struct block *block)
{
	/* acquire: pairs with the release in put_together(). */
	while (!atomic_load_explicit(&block->free, memory_order_acquire))
		port->wait(port->arg, &block->free, 0);
}

/* Wait for input, with a timeout, because Ctrl-C may come before the wait
 * begins, or to another thread. False if it did. */
static bool readable(int fd)
{
	struct pollfd in = {.fd = fd, .events = POLLIN};

	while (!pool_interrupted())
		if (poll(&in, 1, 100) > 0)
			return true;
	return false;
}

/* Fill @block from @offset on; 0 bytes: end of file, or a failure. */
static void next_block(struct sum *sum, struct block *block, uint64_t offset,
		       uint64_t size)
{
	block->offset = offset;
	block->bytes = 0;
	if (sum->seekable) {
		block->bytes =
			size - offset < BLOCK ? (size_t)(size - offset) : BLOCK;
		return;
	}
	while (block->bytes < BLOCK && readable(sum->fd)) {
		ssize_t got = read(sum->fd, block->data + block->bytes,
				   BLOCK - block->bytes);
		int none = 0;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			atomic_compare_exchange_strong(&sum->why, &none, errno);
		if (got <= 0)
			return;
		block->bytes += (size_t)got;
	}
}

static enum mu_status submit_all(struct sum *sum, struct mu_padata_shell *shell,
				 struct block *blocks, unsigned nr,
				 uint64_t size)
{
	struct progress *progress = progress_begin(who);
	enum mu_status status = MU_OK;
	uint64_t offset = 0;

	for (unsigned i = 0;
	     status == MU_OK && !pool_interrupted() && !atomic_load(&sum->why);
	     i = (i + 1) % nr) {
		struct block *block = &blocks[i];
		unsigned cpu = 1; /* not here: this thread reads on */

		wait_free(sum->port, block);
		next_block(sum, block, offset, size);
		if (!block->bytes)
			break;
		offset += block->bytes;
		/* relaxed: the submission publishes it. */
		atomic_store_explicit(&block->free, 0, memory_order_relaxed);
		status = mu_padata_do_parallel(shell, &block->padata, &cpu);
		if (status != MU_OK)
			atomic_store(&block->free, 1);
		if (sum->seekable)
			progress_tick(progress, offset, size);
	}
	/* Wait for all that are under way, also after a failure. */
	for (unsigned i = 0; i < nr; i++)
		wait_free(sum->port, &blocks[i]);
	progress_end(progress);
	return status;
}

static enum mu_status sum_up(struct pool *pool, struct sum *sum, uint64_t size)
{
	unsigned nr = BLOCKS_A_THREAD * pool->threads;
	struct block *blocks = calloc(nr, sizeof(*blocks));
	char *data = malloc(nr * BLOCK);
	const size_t instance_size = mu_padata_instance_size();
	const size_t shell_size = mu_padata_shell_size();
	void *instance_memory = malloc(instance_size);
	void *shell_memory = malloc(shell_size);
	struct mu_padata_instance *instance;
	struct mu_padata_shell *shell;
	enum mu_status status = MU_ERR_NOMEM;

	if (blocks && data && instance_memory && shell_memory)
		status = mu_padata_instance_init(instance_memory, instance_size,
						 pool->port, 2 * pool->threads,
						 &instance);
	if (status == MU_OK)
		status = mu_padata_shell_init(shell_memory, shell_size,
					      instance, &shell);
	if (status == MU_OK) {
		for (unsigned i = 0; i < nr; i++) {
			blocks[i].padata.parallel = work_on;
			blocks[i].padata.serial = put_together;
			blocks[i].sum = sum;
			blocks[i].data = data + i * BLOCK;
			blocks[i].free = 1;
		}
		status = submit_all(sum, shell, blocks, nr, size);
		if (mu_padata_shell_fini(shell) != MU_OK ||
		    mu_padata_instance_fini(instance) != MU_OK)
			status = MU_ERR_BUSY; /* cannot be: all are free */
	}
	free(shell_memory);
	free(instance_memory);
	free(data);
	free(blocks);
	return status;
}

static int checksum(const char *name, const struct pool_options *options)
{
	bool is_stdin = !strcmp(name, "-");
	struct sum *sum = calloc(1, sizeof(*sum));
	enum mu_status status;
	struct stat file;
	struct pool pool;
	int code = EXIT_USAGE;

	pool_catch();
	if (!sum || !pool_open(&pool, options, who)) {
		pool_uncatch();
		free(sum);
		return EXIT_USAGE;
	}
	crc_init(&sum->tables);
	sum->full_shift = crc_shift(BLOCK);
	sum->port = pool.port;
	sum->fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	if (sum->fd < 0 || fstat(sum->fd, &file)) {
		fprintf(stderr, "%s: %s: %s\n", who, name, strerror(errno));
	} else {
		/* Files of /proc claim to be empty. */
		sum->seekable =
			!is_stdin && S_ISREG(file.st_mode) && file.st_size > 0;
		status = sum_up(&pool, sum, (uint64_t)file.st_size);
		if (sum->why || status != MU_OK) {
			fprintf(stderr, "%s: %s: %s\n", who, name,
				sum->why ? strerror(sum->why)
					 : mu_status_str(status));
		} else if (pool_interrupted()) {
			fprintf(stderr, "%s: interrupted\n", who);
			code = EXIT_NO;
		} else {
			printf("%" PRIu32 " %" PRIu64 "%s%s\n",
			       crc_end(&sum->tables, sum->crc, sum->bytes),
			       sum->bytes, is_stdin ? "" : " ",
			       is_stdin ? "" : name);
			code = EXIT_DONE;
		}
	}
	pool_uncatch();
	if (sum->fd > STDIN_FILENO)
		close(sum->fd);
	pool_close(&pool);
	free(sum);
	return code;
}

static int run_checksum(int argc, char **argv)
{
	static const struct option longs[] = {
		{"help", no_argument, NULL, 'h'},
		POOL_LONG_OPTIONS,
		{NULL, 0, NULL, 0},
	};
	struct pool_options options = {0};
	int option;

	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout), EXIT_DONE;
		if (!pool_option(&options, option, optarg, who))
			return EXIT_USAGE;
	}
	if (optind + 1 != argc) {
		fprintf(stderr, "%s: one FILE, please\n", who);
		return EXIT_USAGE;
	}
	return checksum(argv[optind], &options);
}

const struct command command_checksum = {
	.name = "checksum",
	.summary = "checksum a file as cksum does, with several threads",
	.help = help,
	.run = run_checksum,
};
