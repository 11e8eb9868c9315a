// SPDX-License-Identifier: MIT
/* Serialised jobs against a mutex and a queue. */
#include <stdatomic.h>
#include <stdlib.h>
#include "bench/padata/padata.h"
#include "bench/padata/queue.h"
#include "bench/padata/work.h"
#include "bench/stats.h"
#include "memup/padata.h"

#define ITEMS	2000u
#define ALONE	500u /* items for the latency */
#define AT_ONCE QUEUE_ROOM

struct stream;

struct item {
	struct mu_padata_priv padata;
	struct stream *stream;
	uint64_t number;
	_Atomic uint32_t free;
};

struct stream {
	const struct mu_port *port;
	uint64_t rounds; /* of an item */
	uint64_t next;	 /* number that serial() waits for */
	_Atomic uint32_t handed_on;
	struct item items[AT_ONCE];
};

static void do_work(void *arg)
{
	const struct item *item = arg;

	work_spin(item->stream->rounds, item->number);
}

static void hand_on(void *arg)
{
	struct item *item = arg;
	struct stream *stream = item->stream;

	if (item->number != stream->next++)
		die("item %llu is out of order",
		    (unsigned long long)item->number);
	/* release: the item is the submitter's again. */
	atomic_store_explicit(&item->free, 1, memory_order_release);
	stream->port->wake(stream->port->arg, &item->free);
	atomic_fetch_add_explicit(&stream->handed_on, 1, memory_order_release);
	stream->port->wake(stream->port->arg, &stream->handed_on);
}

static void parallel(struct mu_padata_priv *padata)
{
	do_work((struct item *)padata);
	mu_padata_do_serial(padata);
}

static void serial(struct mu_padata_priv *padata)
{
	hand_on(padata);
}

static void wait_until(const struct mu_port *port, _Atomic uint32_t *word,
		       uint32_t value)
{
	uint32_t seen;

	/* acquire: pairs with hand_on(). */
	while ((seen = atomic_load_explicit(word, memory_order_acquire)) !=
	       value)
		port->wait(port->arg, word, seen);
}

static struct stream *new_stream(const struct mu_port *port, uint64_t rounds)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		die("no memory");
	stream->port = port;
	stream->rounds = rounds;
	for (unsigned i = 0; i < AT_ONCE; i++) {
		stream->items[i].stream = stream;
		stream->items[i].padata.parallel = parallel;
		stream->items[i].padata.serial = serial;
		stream->items[i].free = 1;
	}
	return stream;
}

/* One of two ways to have an item worked on and handed on. */
struct way {
	struct mu_padata_shell *shell; /* or */
	struct queue *queue;
};

static void submit(const struct way *way, struct item *item)
{
	unsigned cb_cpu = 1;

	if (way->queue)
		queue_submit(way->queue, item);
	else if (mu_padata_do_parallel(way->shell, &item->padata, &cb_cpu) !=
		 MU_OK)
		die("a job was refused");
}

/* ns for all @items, or of one when each waits for the one before. */
static double run(struct stream *stream, const struct way *way, uint32_t items,
		  bool one_by_one)
{
	const struct mu_port *port = stream->port;
	uint64_t since = now_ns();

	for (uint32_t i = 0; i < items; i++) {
		struct item *item = &stream->items[i % AT_ONCE];

		wait_until(port, &item->free, 1);
		atomic_store_explicit(&item->free, 0, memory_order_relaxed);
		item->number = i;
		submit(way, item);
		if (one_by_one)
			wait_until(port, &stream->handed_on, i + 1);
	}
	wait_until(port, &stream->handed_on, items);
	return (double)(now_ns() - since) / (one_by_one ? items : 1);
}

static double by_memup(struct bench *bench, uint64_t rounds, uint32_t items,
		       bool one_by_one)
{
	struct stream *stream = new_stream(bench->port, rounds);
	const size_t instance_size = mu_padata_instance_size();
	const size_t shell_size = mu_padata_shell_size();
	void *instance_memory = malloc(instance_size);
	void *shell_memory = malloc(shell_size);
	struct mu_padata_instance *instance;
	struct way way = {NULL, NULL};
	double ns;

	if (!instance_memory || !shell_memory)
		die("no memory");
	if (mu_padata_instance_init(instance_memory, instance_size, bench->port,
				    0, &instance) != MU_OK ||
	    mu_padata_shell_init(shell_memory, shell_size, instance,
				 &way.shell) != MU_OK)
		die("no instance");
	mu_hosted_pin(bench->hosted, true);
	ns = run(stream, &way, items, one_by_one);
	mu_hosted_pin(bench->hosted, false);
	if (mu_padata_shell_fini(way.shell) != MU_OK ||
	    mu_padata_instance_fini(instance) != MU_OK)
		die("a shell is busy that cannot be");
	free(shell_memory);
	free(instance_memory);
	free(stream);
	return ns;
}

static double by_queue(struct bench *bench, uint64_t rounds, uint32_t items,
		       bool one_by_one)
{
	struct stream *stream = new_stream(bench->port, rounds);
	struct queue queue;
	struct way way = {NULL, &queue};
	double ns;

	queue_start(&queue, bench->threads, do_work, hand_on);
	ns = run(stream, &way, items, one_by_one);
	queue_stop(&queue);
	free(stream);
	return ns;
}

static void row(struct report *report, const char *name, struct samples *ns,
		bool one_by_one)
{
	double median = samples_median(ns), least = samples_rank(ns, 0);
	double most = samples_rank(ns, 1);

	if (one_by_one)
		report_row(report, name,
			   (const double[]){median / 1e3, least / 1e3,
					    most / 1e3});
	else
		report_row(report, name,
			   (const double[]){ITEMS / median * 1e6,
					    ITEMS / most * 1e6,
					    ITEMS / least * 1e6});
}

static void measure(struct bench *bench, const char *id, const char *title,
		    uint64_t rounds, bool one_by_one)
{
	static const char *const rate[] = {"items/ms", "min", "max", NULL};
	static const char *const time[] = {"us", "min", "max", NULL};
	struct report *report = &bench->report;
	uint32_t items = one_by_one ? ALONE : ITEMS;
	struct samples memup = {NULL, 0, 0}, queue = {NULL, 0, 0};
	struct samples ratios = {NULL, 0, 0};

	for (unsigned rep = 0; rep < 3 * bench->reps; rep++) {
		bench_settle();
		samples_add(&memup, by_memup(bench, rounds, items, one_by_one));
		bench_settle();
		samples_add(&queue, by_queue(bench, rounds, items, one_by_one));
	}
	samples_ratios(&ratios, &memup, &queue);
	report_table(report, id, title, one_by_one ? time : rate);
	row(report, "memup", &memup, one_by_one);
	row(report, "mutex and queue", &queue, one_by_one);
	report_at_most(report,
		       one_by_one ? "memup's latency, of the queue's"
				  : "memup's time, of the queue's",
		       1, samples_median(&ratios));
	samples_free(&ratios);
	samples_free(&memup);
	samples_free(&queue);
}

void bench_serial(struct bench *bench)
{
	measure(bench, "serial-empty",
		"serialised: 2000 items, no work in them", 0, false);
	/* About 1 and 10 us: a round is a multiplication and an addition. */
	measure(bench, "serial-small", "serialised: 2000 items of 1000 rounds",
		1000, false);
	measure(bench, "serial-large", "serialised: 2000 items of 10000 rounds",
		10000, false);
	measure(bench, "serial-latency",
		"serialised: submission to serial(), one item at a time", 0,
		true);
}
