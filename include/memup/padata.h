/* SPDX-License-Identifier: MIT */
/*
 * padata: parallel jobs, multithreaded (here) and serialised (further down).
 *
 * A *multithreaded job* is a range of units, [start, start + size), that the
 * caller and *helpers* (calls of the port's run_on hook) cut into *chunks* and
 * take one after the other until there are none. A unit is whatever the client
 * counts: the floor knows nothing of pages.
 *
 *       start                 cursor                          start + size
 *       |----------|-----|-----|--------------------------------|
 *        caller     hlp 1 hlp 2    not taken; chunks shrink ->
 *
 * Chunks are taken from one lock-free cursor and shrink towards the end, down
 * to min_chunk, so that no thread is left alone with much to do even where some
 * units cost many times more than others.
 *
 * Helpers are a gain, never a need: with none to be had the caller does all of
 * it. That is why a job may be started from inside the thread function of
 * another however short threads are: nobody waits for a helper that has not
 * begun (its call is taken back, see run_cancel in memup/port.h).
 *
 * More threads are not always faster: what writes descriptors is soon bound by
 * the memory of the node. On the four larger machines measured for Linux a
 * quarter of a node's CPUs saved 63 to 91 % of the time, all of them 81 to 92 %
 * ("mm: parallelize deferred_init_memmap()", 2020). So a job that is large
 * enough to measure itself begins with a quarter of the threads it may have,
 * then takes half, then all, and stops where a step raised throughput by less
 * than an eighth.
 * Helpers are spread over the nodes they may run on, one each in turn.
 *
 * All state is in memory of the caller and nothing is shared between jobs, so
 * any number may run at once. They take turns on the CPUs if the port has
 * run_later: calls for which there is no CPU wait for one, and a helper that
 * others wait for leaves at the end of a chunk, when it was there for a
 * millisecond or more, and asks to be called again, behind them. Without that
 * hook CPUs belong to whoever came first, until the end of its job, and the
 * jobs of the others have their callers alone.
 *
 * To take this floor by itself: src/base, src/padata, this header, port.h and
 * base.h are all there is (examples/alone.c).
 *
 * The shape is that of struct padata_mt_job in Linux (Daniel Jordan, "padata:
 * add basic support for multithreaded jobs", 2020); the chunks are those of
 * guided self-scheduling (Polychronopoulos and Kuck, IEEE Transactions on
 * Computers C-36, 1987).
 */
#ifndef MEMUP_PADATA_H
#define MEMUP_PADATA_H

#include "memup/base.h"
#include "memup/port.h"

struct mu_padata_mt_job {
	/*
	 * Work on the units [@start, @end). Called from several threads at
	 * once, never twice for one unit. A failure ends the job: no chunk is
	 * taken after it, those that other threads have are done to their end.
	 * A call that fails has left its chunk as it found it.
	 */
	enum mu_status (*thread_fn)(uint64_t start, uint64_t end, void *arg);

	/*
	 * Undo what a call of thread_fn with the same arguments did. When the
	 * job does not come to its end, called once for every call that
	 * returned MU_OK and for no other, in ascending order, by the thread
	 * that called finish, when no thread works any more. NULL: what was
	 * done stays done.
	 */
	void (*undo_fn)(uint64_t start, uint64_t end, void *arg);
	void *fn_arg;

	uint64_t start;	    /* first unit */
	uint64_t size;	    /* units; 0 is a job that is done at once */
	uint64_t align;	    /* chunks begin and end on multiples of it, but for
			       the ends of the job; 0 and 1: anywhere. Any
			       number, not only a power of two */
	uint64_t min_chunk; /* units worth a helper's while; 0: 1. Only the
			       last chunk can be smaller */
	unsigned max_threads; /* with the caller; 0: as many as there are */

	/* Start all helpers at once, whatever throughput says. */
	bool all_at_once;

	/*
	 * Helpers take what nobody else wants: they run at idle priority if
	 * the port has go_idle, and leave after any chunk, to come back later,
	 * when a job that is not in the background waits for their CPU. The
	 * caller has the priority that it has, and may wait at the end for
	 * helpers that have a chunk in hand and no CPU.
	 */
	bool background;

	/*
	 * No chunk is taken when the port's clock has come to this, in
	 * nanoseconds; 0: take as long as it takes.
	 */
	uint64_t deadline;

	/*
	 * Where helpers may run; NULL: on every CPU. For a job that is bound
	 * to a node: mu_padata_node_cpus(). Read by mu_padata_mt_start()
	 * alone. The caller stays where it is.
	 */
	const struct mu_cpumask *cpus;
};

/* How a job is cut. Private. */
struct mu_padata_chunks {
	uint64_t end;	  /* past the last unit */
	uint64_t align;	  /* at least 1 */
	uint64_t least;	  /* units, at least 1 */
	uint64_t divisor; /* a chunk is this part of what is left */
};

/* How many threads are worth it. Private; only the caller's thread. */
struct mu_padata_ramp {
	unsigned threads; /* how many there should be now, with the caller */
	unsigned most;	  /* and how many there may ever be */
	unsigned before;  /* how many before the last step; 0: none yet */
	bool settled;
	uint64_t rate_before; /* throughput then, units in 2^40 ns */
	uint64_t since, done; /* clock and units when the window opened */
	uint64_t quota;	      /* units that make a window */
};

struct mu_padata_failed;

/*
 * A job under way, some 760 bytes. In memory of the caller, who leaves it alone
 * from start until finish has returned. All fields are private. A multiple of
 * 64 is the best address: then all that threads contend for is one cache line.
 */
struct mu_padata_mt {
	/* Any thread of the job, atomically. */
	_Atomic uint64_t next; /* the cursor: first unit that nobody took */
	_Atomic uint64_t done; /* units done, of any chunk */
	_Atomic(struct mu_padata_failed *) failed; /* chunks that failed */
	_Atomic uint32_t calls;	 /* that were promised, see helpers.h */
	_Atomic uint32_t begun;	 /* calls that began and did not make way */
	_Atomic uint32_t excess; /* helpers that should leave */
	_Atomic uint32_t status; /* enum mu_status: the first failure */
	_Atomic uint32_t undone; /* those that failed may leave */
	uint32_t unused[5];	 /* to the end of the line */

	/* Written by start, before there is a second thread. */
	const struct mu_port *port;
	struct mu_padata_mt_job job;
	struct mu_padata_chunks chunks;
	uint64_t started; /* clock */
	/* CPUs that were not asked for a helper yet, and how many; none is in
	 * use when that is 0. Only the caller. */
	struct mu_cpumask cpus;
	unsigned nr_cpus;
	struct mu_padata_ramp ramp;
};

/* @cpus becomes those of @node, as the port has it; none if there is no such
 * node. Any context. */
void mu_padata_node_cpus(struct mu_cpumask *cpus, const struct mu_port *port,
			 int node);

/*
 * Start helpers on @job (which is copied) and return at once. Never fails:
 * with no helper to be had, mu_padata_mt_finish() does it all. A job that makes
 * no sense is told by mu_padata_mt_finish(), and no unit of it is touched. Not
 * with interrupts off.
 *
 * Further helpers, where throughput asks for them, are added by
 * mu_padata_mt_finish(); who starts many jobs before finishing the first sets
 * all_at_once.
 */
void mu_padata_mt_start(struct mu_padata_mt *mt, const struct mu_port *port,
			const struct mu_padata_mt_job *job);

/*
 * Take part until every unit is done and every helper has left. To be called
 * once for each start, by the thread that started. Not with interrupts off.
 *
 * Returns MU_OK when all units are done; the first failure of the thread
 * function; MU_ERR_CANCELLED when units are left because of
 * mu_padata_mt_cancel() or the deadline; MU_ERR_INVALID without a thread
 * function, MU_ERR_RANGE if start + size is past 2^64 - 1. After
 * MU_ERR_CANCELLED without undo_fn the units done are the first ones: as many
 * as mu_padata_mt_progress() tells, so that another job can go on there.
 */
enum mu_status mu_padata_mt_finish(struct mu_padata_mt *mt) MU_MUST_CHECK;

/* Both in one. */
enum mu_status
mu_padata_do_multithreaded(const struct mu_port *port,
			   const struct mu_padata_mt_job *job) MU_MUST_CHECK;

/*
 * Have no chunk of @mt taken any more. From any thread and context, at any
 * time from the return of start (from the job's own functions and the watchdog
 * that it calls: from the first chunk) until finish returns; no effect when all
 * chunks are taken already.
 */
void mu_padata_mt_cancel(struct mu_padata_mt *mt);

/*
 * Will no chunk of @mt be taken any more? For thread functions with long
 * chunks, which may then return MU_ERR_CANCELLED, having left theirs as they
 * found it. True too when all are taken. Where cancel may be.
 */
bool mu_padata_mt_stopped(const struct mu_padata_mt *mt);

/* How far a job is. */
struct mu_padata_progress {
	uint64_t done;	  /* units in chunks that were done */
	uint64_t size;	  /* units of the job */
	uint64_t elapsed; /* ns since start; 0 without a clock */
	uint64_t rate;	  /* units per second since start; 0: not known */
	uint64_t left;	  /* ns to the end at that rate; UINT64_MAX: not known
			   */
	unsigned threads; /* that take part, or are about to */
};

/*
 * Takes no lock and stops nobody. From any thread and context, from the return
 * of start until the job's memory is used for something else.
 */
void mu_padata_mt_progress(const struct mu_padata_mt *mt,
			   struct mu_padata_progress *progress);

/*
 * A *serialised job* is one object that may be worked on anywhere, at the same
 * time as others, but must be handed on in the order in which it came (packets
 * of a stream, say):
 *
 *	 do_parallel(1 2 3 4)      parallel()        do_serial       serial()
 *	 ------------------->   any CPU, any order  ----------->  1, 2, 3, 4
 *
 * An *instance* has the CPUs and how many jobs may be on their way to them. A
 * *shell* is one order: within it serial() is called for one job at a time, in
 * the order of mu_padata_do_parallel(), each call seeing what the ones before
 * did; two shells have nothing to do with one another. There are no sequence
 * numbers that could wrap: a shell is a list, and a job is handed on when it is
 * done and all before it were.
 *
 * parallel() is called on CPUs that are idle, and a CPU that has begun stays as
 * long as jobs of the instance wait: there are no turns as multithreaded jobs
 * have them, since those who wait for a job of the shell may have the CPUs.
 *
 * The interface is Linux's (Steffen Klassert, "padata: generic parallelization/
 * serialization interface", 2010; Documentation/core-api/padata.rst). Two
 * things differ. Changing the masks is one critical section, so that
 * submitting meanwhile is never MU_ERR_BUSY. And two jobs of one shell are kept
 * in order even when their callback CPUs differ.
 */
struct mu_padata_instance;
struct mu_padata_shell;

/*
 * A job. A part of the caller's own object, which it is found by; zeroed before
 * the first use except for the two functions. It is the library's from
 * mu_padata_do_parallel() until serial() is called.
 */
struct mu_padata_priv {
	/*
	 * Do the work; then, or later and from anywhere,
	 * mu_padata_do_serial() has to be called for @padata exactly once.
	 * After that call @padata may be gone. Must not wait for another job of
	 * the same instance, which may be waiting for this CPU.
	 */
	void (*parallel)(struct mu_padata_priv *padata);

	/*
	 * It is the turn of @padata, which is the caller's again: it may be
	 * freed or submitted once more. Must not wait for a later job of the
	 * same shell.
	 */
	void (*serial)(struct mu_padata_priv *padata);

	/* Private. */
	struct mu_padata_shell *shell;
	struct mu_padata_priv *next;	     /* of the shell; under its lock */
	struct mu_padata_priv *next_waiting; /* of the instance; same */
	unsigned cb_cpu;
	_Atomic uint32_t state;
};

enum mu_padata_mask {
	MU_PADATA_PARALLEL, /* CPUs for parallel() */
	MU_PADATA_SERIAL,   /* CPUs for serial() */
	MU_PADATA_NR_MASKS
};

/*
 * Bytes of an instance and of a shell, which the caller provides, aligned as
 * malloc() does. Any context.
 */
size_t mu_padata_instance_size(void);
size_t mu_padata_shell_size(void);

/*
 * An instance in @memory for the CPUs that the port has, all of them online and
 * in both masks. At most @limit jobs are under way to parallel() or in it on
 * other CPUs; when that many are, the submitter works itself, which keeps it
 * from running ahead. 0: two for every CPU, so that one that is done with a job
 * finds the next one waiting. Never fails. Any context.
 */
struct mu_padata_instance *mu_padata_instance_init(void *memory,
						   const struct mu_port *port,
						   unsigned limit);

/*
 * The memory of @instance is the caller's again. Waits for calls that only have
 * to return, among them those of mu_padata_do_parallel() whose job is done
 * already. MU_ERR_BUSY while it has shells.
 */
enum mu_status
mu_padata_instance_fini(struct mu_padata_instance *instance) MU_MUST_CHECK;

/* A shell of @instance in @memory. Never fails. Any context. */
struct mu_padata_shell *
mu_padata_shell_init(void *memory, struct mu_padata_instance *instance);

/*
 * The memory of @shell is the caller's again. Waits for a serial() that has not
 * returned, so not from inside one. MU_ERR_BUSY while jobs are under way.
 */
enum mu_status
mu_padata_shell_fini(struct mu_padata_shell *shell) MU_MUST_CHECK;

/*
 * Which CPUs to use for one kind of callback, from the next call on; those off
 * line are used when they come back. While no CPU of a mask is on line no job
 * is accepted (MU_ERR_INVALID from mu_padata_do_parallel()), those under way
 * are brought to their end by whoever has them. Any time, also while jobs run.
 * MU_ERR_INVALID if @which is neither mask.
 */
enum mu_status
mu_padata_set_cpumask(struct mu_padata_instance *instance,
		      enum mu_padata_mask which,
		      const struct mu_cpumask *mask) MU_MUST_CHECK;

/*
 * @cpu came on line or is about to go off: to be called by the port before
 * run_on stops to take calls for it. Any time. MU_ERR_RANGE if there is no such
 * CPU.
 */
enum mu_status mu_padata_set_online(struct mu_padata_instance *instance,
				    unsigned cpu, bool online) MU_MUST_CHECK;

/*
 * Submit @padata to @shell. parallel() is called on a CPU of the parallel mask,
 * serial() on *@cb_cpu; when that is not in the serial mask it is replaced,
 * there too, by the one whose place in the mask is *@cb_cpu modulo its weight.
 *
 * Where the port has no thread to spare parallel() is called before this
 * returns (also that of a job that was left waiting meanwhile), and serial() by
 * whoever completes the job that was waited for, which can be inside this call
 * as well: no lock may be held that they take.
 *
 * MU_ERR_INVALID without a callback, or while a mask has no CPU on line;
 * MU_ERR_BUSY if @padata is under way already. Not with interrupts off.
 */
enum mu_status mu_padata_do_parallel(struct mu_padata_shell *shell,
				     struct mu_padata_priv *padata,
				     unsigned *cb_cpu) MU_MUST_CHECK;

/*
 * The work on @padata is done. Once for each successful
 * mu_padata_do_parallel(), from inside parallel() or after it, from any thread.
 * Not with interrupts off.
 */
void mu_padata_do_serial(struct mu_padata_priv *padata);

#endif /* MEMUP_PADATA_H */
