// SPDX-License-Identifier: MIT
/*
 * memup prefault: populate a file or a mapping before it is used.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "cli/command.h"
#include "cli/holes.h"
#include "cli/pool.h"
#include "cli/text.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

static const char help[] =
	"usage: memup prefault FILE [--size SIZE] [--free] [OPTIONS]\n"
	"       memup prefault SIZE [--huge] [OPTIONS]\n"
	"\n"
	"Populate every page of a mapping, by several threads.\n"
	"\n"
	"FILE           memory of a virtual machine or a database, in tmpfs "
	"or\n"
	"               hugetlbfs: its pages stay when this program ends. New\n"
	"               pages are zero; existing contents stay as they are.\n"
	"--size SIZE    create FILE, or extend it (64M, 16G)\n"
	"--free         the reverse: free FILE's pages. Its contents are "
	"lost,\n"
	"               its length stays\n"
	"SIZE           populate and free anonymous memory, to see what both "
	"cost\n"
	"               on this host (write ./1G for a file of that name)\n"
	"--huge         use huge pages from the host's pool\n" POOL_HELP
	"--json         one JSON object instead of the table\n"
	"\n"
	"Ctrl-C undoes what was done: FILE has its old length and its holes "
	"again,\n"
	"or is removed if it was created here. A second Ctrl-C ends the "
	"program at\n"
	"once.\n"
	"\n"
	"Exit codes: 0 done, 1 interrupted or out of memory (everything is as\n"
	"before), 2 bad input.\n";

/* Units of a job: what is requested from the host in one call. */
#define UNIT ((uint64_t)2 << 20)

static const char who[] = "memup prefault";

struct options {
	const char *what;
	uint64_t size; /* 0: not said */
	bool free, huge, json;
	struct pool_options pool;
};

/* What is prefaulted. */
struct area {
	char *map;
	uint64_t bytes, unit;
	int fd;		    /* -1: anonymous */
	const char *name;   /* of the file */
	bool made;	    /* by us */
	uint64_t was_long;  /* the file, in bytes */
	struct holes holes; /* of the file */
	_Atomic int why;    /* errno of the first failure, any thread */
};

struct step {
	const char *name;
	unsigned threads;
	struct mu_padata_progress progress;
};

/* "16G": some, and few enough to be counted in bytes wherever they end. */
static bool parse_bytes(const char *text, uint64_t *bytes)
{
	return parse_size(text, bytes) && *bytes && *bytes <= UINT64_MAX >> 12;
}

static int parse(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{"size", required_argument, NULL, 's'},
		{"free", no_argument, NULL, 'f'},
		{"huge", no_argument, NULL, 'H'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		POOL_LONG_OPTIONS,
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout), -1;
		if (option == 's') {
			if (parse_bytes(optarg, &options->size))
				continue;
			fprintf(stderr,
				"%s: --size '%s' is not a size like 64M or "
				"16G\n",
				who, optarg);
			return EXIT_USAGE;
		}
		if (option == 'f')
			options->free = true;
		else if (option == 'H')
			options->huge = true;
		else if (option == 'j')
			options->json = true;
		else if (!pool_option(&options->pool, option, optarg, who))
			return EXIT_USAGE;
	}
	if (optind + 1 != argc) {
		fprintf(stderr, "%s: one FILE or SIZE, please%s%s\n", who,
			optind < argc ? "; too many: " : "",
			optind < argc ? argv[optind + 1] : "");
		return EXIT_USAGE;
	}
	options->what = argv[optind];
	return EXIT_DONE;
}

static void say_errno(const char *name, int why)
{
	fprintf(stderr, "%s: %s: %s\n", who, name, strerror(why));
}

static uint64_t unit_bytes(const struct area *area, uint64_t unit)
{
	uint64_t at = unit * area->unit, left = area->bytes - at;

	return left < area->unit ? left : area->unit;
}

/* Not for what the host has put there before, which stays. */
static void release(struct area *area, uint64_t unit)
{
	uint64_t at = unit * area->unit, bytes = unit_bytes(area, unit);

	if (area->fd < 0)
		madvise(area->map + at, bytes, MADV_DONTNEED);
	else
		holes_restore(&area->holes, at, at + bytes);
}

static bool populate(struct area *area, uint64_t unit)
{
	uint64_t at = unit * area->unit, bytes = unit_bytes(area, unit);

	if (area->fd >= 0)
		holes_note(&area->holes, at, at + bytes);
	if (!madvise(area->map + at, bytes, MADV_POPULATE_WRITE))
		return true;
	if (errno != EINVAL)
		return false;
	/* A kernel before 5.14. Nobody else has anonymous memory; a file gets
	 * its pages without being written to. */
	if (area->fd >= 0)
		return !fallocate(area->fd, 0, (off_t)at, (off_t)bytes);
	memset(area->map + at, 0, bytes);
	return true;
}

static enum mu_status fail_at(struct area *area, uint64_t start, uint64_t unit)
{
	int none = 0, why = pool_interrupted() ? EINTR : errno;

	atomic_compare_exchange_strong(&area->why, &none, why);
	while (unit-- > start)
		release(area, unit);
	return why == EINTR ? MU_ERR_CANCELLED : MU_ERR_NOMEM;
}

static enum mu_status do_prefault(uint64_t start, uint64_t end, void *arg)
{
	struct area *area = arg;

	for (uint64_t unit = start; unit < end; unit++) {
		if (pool_interrupted())
			return fail_at(area, start, unit);
		/* The unit that failed may be there in part. */
		if (!populate(area, unit))
			return fail_at(area, start, unit + 1);
	}
	return MU_OK;
}

static void undo_prefault(uint64_t start, uint64_t end, void *arg)
{
	for (uint64_t unit = start; unit < end; unit++)
		release(arg, unit);
}

static enum mu_status do_free(uint64_t start, uint64_t end, void *arg)
{
	struct area *area = arg;
	int none = 0;

	for (uint64_t unit = start; unit < end; unit++) {
		uint64_t at = unit * area->unit;

		if (area->fd < 0) {
			release(area, unit);
		} else if (!holes_punch(area->fd, at,
					at + unit_bytes(area, unit))) {
			atomic_compare_exchange_strong(&area->why, &none,
						       errno);
			return MU_ERR_UNSUPPORTED;
		}
	}
	return MU_OK;
}

static bool fits(const char *name, uint64_t bytes)
{
	uint64_t left = mu_hosted_available();

	if (bytes <= left)
		return true;
	fprintf(stderr, "%s: %s: takes %s, more than the %s that is left\n",
		who, name, size_text(bytes), size_text(left));
	return false;
}

/* Bytes that a file has memory for, of @bytes. */
static uint64_t held(const struct stat *status, uint64_t bytes)
{
	uint64_t blocks = (uint64_t)status->st_blocks * 512;

	return blocks < bytes ? blocks : bytes;
}

static bool open_file(struct area *area, const struct options *options)
{
	struct stat status;
	struct statfs fs;

	area->name = options->what;
	area->fd = open(area->name, O_RDWR | O_CLOEXEC);
	if (area->fd < 0 && errno == ENOENT && options->size &&
	    !options->free) {
		area->fd = open(area->name,
				O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		area->made = area->fd >= 0;
	}
	if (area->fd < 0 || fstat(area->fd, &status) ||
	    fstatfs(area->fd, &fs)) {
		say_errno(area->name, errno);
		if (errno == ENOENT && !options->size)
			fprintf(stderr,
				"%s: it is no size like 16G either; --size "
				"makes a file\n",
				who);
		return false;
	}
	if (!S_ISREG(status.st_mode)) {
		fprintf(stderr, "%s: %s: not a regular file\n", who,
			area->name);
		return false;
	}
	area->was_long = area->bytes = (uint64_t)status.st_size;
	if ((uint64_t)fs.f_bsize > area->unit)
		area->unit = (uint64_t)fs.f_bsize; /* hugetlbfs */
	if (options->size > area->bytes)
		area->bytes = options->size;
	/* Else the host would end us, or somebody else. */
	if (fs.f_type == TMPFS_MAGIC && !options->free &&
	    !fits(area->name, area->bytes - held(&status, area->bytes)))
		return false;
	if (!holes_init(&area->holes, area->fd, area->bytes) ||
	    (area->bytes > area->was_long &&
	     ftruncate(area->fd, (off_t)options->size))) {
		say_errno(area->name, errno);
		return false;
	}
	return true;
}

static bool map_area(struct area *area, const struct options *options)
{
	bool is_file = area->fd >= 0;
	int flags = is_file ? MAP_SHARED
			    : MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

	if (!area->bytes)
		return true;
	if (!is_file && options->huge)
		flags |= MAP_HUGETLB;
	area->map = mmap(NULL, area->bytes, PROT_READ | PROT_WRITE, flags,
			 area->fd, 0);
	if (area->map == MAP_FAILED) {
		say_errno(options->what, errno);
		area->map = NULL;
		return false;
	}
	if (!is_file && !options->huge)
		madvise(area->map, area->bytes, MADV_HUGEPAGE);
	return true;
}

static bool open_area(struct area *area, const struct options *options)
{
	*area = (struct area){.fd = -1, .unit = UNIT};
	if (!parse_bytes(options->what, &area->bytes))
		return open_file(area, options) && map_area(area, options);
	if (options->free || options->size) {
		fprintf(stderr, "%s: --%s is for a FILE, and '%s' is a SIZE\n",
			who, options->free ? "free" : "size", options->what);
		return false;
	}
	return (options->huge || fits(options->what, area->bytes)) &&
	       map_area(area, options);
}

/* @done: the file stays as it is now. */
static void close_area(struct area *area, bool done)
{
	if (area->map)
		munmap(area->map, area->bytes);
	if (area->fd < 0)
		return;
	if (area->holes.was)
		holes_destroy(&area->holes);
	if (!done && area->bytes > area->was_long &&
	    ftruncate(area->fd, (off_t)area->was_long))
		say_errno(area->name, errno);
	if (!done && area->made && unlink(area->name))
		say_errno(area->name, errno);
	close(area->fd);
}

static void print(const struct area *area, const struct options *options,
		  const struct step *steps, unsigned nr)
{
	static const char *const names[] = {"", ">bytes", ">threads", ">time",
					    ">GB/s"};
	struct table table;

	if (options->json) {
		printf("{\"what\":");
		json_string(stdout, options->what);
		printf(",\"bytes\":%" PRIu64, area->bytes);
		for (unsigned i = 0; i < nr; i++)
			printf(",\"%s\":{\"threads\":%u,\"ns\":%" PRIu64 "}",
			       steps[i].name, steps[i].threads,
			       steps[i].progress.elapsed);
		printf("}\n");
		return;
	}
	table_begin(&table, sizeof(names) / sizeof(names[0]), names);
	for (unsigned i = 0; i < nr; i++) {
		const struct mu_padata_progress *p = &steps[i].progress;

		table_add(&table, "%s", steps[i].name);
		table_add(&table, "%s", size_text(area->bytes));
		table_add(&table, "%u", steps[i].threads);
		table_add(&table, "%s", time_text(p->elapsed));
		table_add(&table, "%.1f",
			  p->elapsed ? (double)area->bytes / (double)p->elapsed
				     : 0);
	}
	table_end(&table, stdout);
}

static bool run_step(struct pool *pool, struct area *area, struct step *step,
		     bool is_free)
{
	const struct mu_padata_mt_job job = {
		.thread_fn = is_free ? do_free : do_prefault,
		.undo_fn = is_free ? NULL : undo_prefault,
		.fn_arg = area,
		.size = (area->bytes + area->unit - 1) / area->unit,
	};
	enum mu_status status;

	step->name = is_free ? "free" : "prefault";
	step->threads = pool->threads;
	status = pool_run(pool, step->name, &job, &step->progress);
	if (status == MU_OK)
		return true;
	if (is_free && pool_interrupted())
		fprintf(stderr, "%s: interrupted: %s of %s are given back\n",
			who, size_text(step->progress.done * area->unit),
			size_text(area->bytes));
	else if (status == MU_ERR_CANCELLED)
		fprintf(stderr, "%s: interrupted: all is as it was before\n",
			who);
	else
		fprintf(stderr, "%s: %s: all is as it was before\n", who,
			/* What a store would get SIGBUS for. */
			area->why == EFAULT ? "no room behind it"
					    : strerror(area->why));
	return false;
}

static int prefault(const struct options *options)
{
	struct step steps[2];
	unsigned nr = 0;
	struct area area;
	struct pool pool;
	bool done = false;

	pool_catch();
	if (!open_area(&area, options)) {
		close_area(&area, false);
		return EXIT_USAGE;
	}
	if (!pool_open(&pool, &options->pool, who)) {
		close_area(&area, false);
		return EXIT_USAGE;
	}
	done = options->free || run_step(&pool, &area, &steps[nr++], false);
	/* Anonymous memory has served its purpose. */
	if (done && (options->free || area.fd < 0))
		done = run_step(&pool, &area, &steps[nr++], true);
	pool_close(&pool);
	if (done)
		print(&area, options, steps, nr);
	close_area(&area, done);
	pool_uncatch();
	return done ? EXIT_DONE : EXIT_NO;
}

static int run_prefault(int argc, char **argv)
{
	struct options options = {0};
	int code = parse(argc, argv, &options);

	if (code != EXIT_DONE)
		return code < 0 ? EXIT_DONE : code;
	return prefault(&options);
}

const struct command command_prefault = {
	.name = "prefault",
	.summary = "put memory behind a file or a mapping, in parallel",
	.help = help,
	.run = run_prefault,
};
