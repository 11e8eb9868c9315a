/* SPDX-License-Identifier: MIT */
/*
 * padata: parallel jobs, multithreaded (here) and serialised (further down).
 *
 * A *multithreaded job* is a range of units, [start, start + size), that the
 * caller and *helpers* (calls made through the port's run_on hook) cut into
 * *chunks* and take one after the other until none is left. A unit is whatever
 * the client counts: the floor knows nothing of pages.
 *
 *       start                 cursor                          start + size
 *       |----------|-----|-----|--------------------------------|
 *        caller     hlp 1 hlp 2    not taken; chunks shrink ->
 *
 * Chunks are taken from one lock-free cursor and shrink towards the end, down
 * to min_chunk, so that no thread is left alone with much to do even if some
 * units cost many times more than others.
 *
 * Helpers are useful, but never needed: if there are none the caller does all
 * the work. So a job may be started from inside the thread function of another
 * however few threads there are: nobody waits for a helper that has not begun
 * (its call is taken back, see run_cancel in memup/port.h).
 *
 * More threads are not always faster: writing descriptors is soon limited by
 * the node's memory bandwidth. On the four larger machines measured for Linux a
 * quarter of a node's CPUs saved 63 to 91 % of the time, all of them 81 to 92 %
 * ("mm: parallelize deferred_init_memmap()", 2020). So a job that is large
 * enough to measure itself begins with a quarter of the threads it may have,
 * then takes half, then all, and stops when a step raises throughput by less
 * than an eighth. Helpers are spread over the nodes they may run on, one each
 * in turn.
 *
 * All state is in the caller's memory and nothing is shared between jobs, so
 * any number may run at once. They take turns on the CPUs if the port has
 * run_later: calls for which there is no CPU wait for one, and a helper for
 * whose CPU others wait leaves at the end of a chunk, once it has run for a
 * millisecond or more, and asks to be called again, after them. Without that
 * hook CPUs belong to the first job until it ends, and other jobs have only
 * their callers.
 *
 * This floor can be used by itself: it consists of src/base, src/padata, this
 * header, port.h and base.h (examples/alone.c).
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
	 * once, never twice for one unit. A failure ends the job: no further
	 * chunk is taken, but those that other threads have are completed. A
	 * call that fails must leave its chunk as it found it.
	 */
	enum mu_status (*thread_fn)(uint64_t start, uint64_t end, void *arg);

	/*
	 * Undo what a call of thread_fn with the same arguments did. If the job
	 * does not complete, this is called once for every call that returned
	 * MU_OK and for no other, in ascending order, by the thread that called
	 * finish, when no thread works any more. NULL: what was done stays
	 * done.
	 */
	void (*undo_fn)(uint64_t start, uint64_t end, void *arg);
	void *fn_arg;

	uint64_t start;	      /* first unit */
	uint64_t size;	      /* units; 0 is a job that is done at once */
	uint64_t align;	      /* chunks begin and end on multiples of it, except
			       at the ends of the job; 0 and 1: anywhere. Any
			       number, not only a power of two */
	uint64_t min_chunk;   /* units worth a helper's while; 0: 1. Only the
			       last chunk can be smaller */
	unsigned max_threads; /* with the caller; 0: as many as there are */

	/* Start all helpers at once, without measuring throughput. */
	bool all_at_once;

	/*
	 * Helpers use only CPU time that nobody else wants: they run at idle
	 * priority if the port has go_idle, and when a job that is not in the
	 * background waits for their CPU they leave after the current chunk, to
	 * come back later. The caller's own priority is unchanged, and at the
	 * end it may have to wait for helpers that have a chunk but no CPU.
	 */
	bool background;

	/*
	 * No chunk is taken once the port's clock has reached this, in
	 * nanoseconds; 0: no deadline.
	 */
	uint64_t deadline;

	/*
	 * Where helpers may run; NULL: on every CPU. For a job that is bound to
	 * a node: mu_padata_node_cpus(). Read only by mu_padata_mt_start(). The
	 * caller is not moved.
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

/* How many threads pay off. Private; used only by the caller's thread. */
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
 * A job under way, some 760 bytes. In the caller's memory, to be left alone
 * from start until finish has returned. All fields are private. Best aligned to
 * 64: then all that threads contend for is one cache line.
 */
struct mu_padata_mt {
	/* Any thread of the job, atomically. */
	_Atomic uint64_t next; /* the cursor: first unit not yet taken */
	_Atomic uint64_t done; /* units done, of any chunk */
	_Atomic(struct mu_padata_failed *) failed; /* chunks that failed */
	_Atomic uint32_t calls;	 /* that were promised, see helpers.h */
	_Atomic uint32_t begun;	 /* calls that began and did not make way */
	_Atomic uint32_t excess; /* helpers that should leave */
	_Atomic uint32_t status; /* enum mu_status: the first failure */
	_Atomic uint32_t undone; /* threads that failed may leave */
	uint32_t unused[5];	 /* to the end of the line */

	/* Written by start, before there is a second thread. */
	const struct mu_port *port;
	struct mu_padata_mt_job job;
	struct mu_padata_chunks chunks;
	uint64_t started; /* clock */
	/* CPUs that were not asked for a helper yet, and how many; unused when
	 * that is 0. Only by the caller. */
	struct mu_cpumask cpus;
	unsigned nr_cpus;
	struct mu_padata_ramp ramp;
};

/* Set @cpus to the CPUs of @node, according to the port; none if there is no
 * such node. Any context. */
void mu_padata_node_cpus(struct mu_cpumask *cpus, const struct mu_port *port,
			 int node);

/*
 * Start helpers on @job (which is copied) and return at once. Never fails:
 * without helpers mu_padata_mt_finish() does all the work. An invalid job is
 * reported by mu_padata_mt_finish(), and no unit of it is touched. Not with
 * interrupts off.
 *
 * Further helpers, if throughput justifies them, are added by
 * mu_padata_mt_finish(); a caller that starts many jobs before finishing the
 * first should set all_at_once.
 */
void mu_padata_mt_start(struct mu_padata_mt *mt, const struct mu_port *port,
			const struct mu_padata_mt_job *job);

/*
 * Take part until every unit is done and every helper has left. To be called
 * once for each start, by the thread that called it. Not with interrupts off.
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
 * Let no further chunk of @mt be taken. From any thread and context, at any
 * time from the return of start until finish returns; from the job's own
 * functions and the watchdog hook that it calls as early as the first chunk. No
 * effect when all chunks are taken already.
 */
void mu_padata_mt_cancel(struct mu_padata_mt *mt);

/*
 * Will no further chunk of @mt be taken? For thread functions with long chunks,
 * which may then return MU_ERR_CANCELLED after restoring their chunk. Also true
 * when all chunks are taken. May be called where mu_padata_mt_cancel() may.
 */
bool mu_padata_mt_stopped(const struct mu_padata_mt *mt);

/* The progress of a job. */
struct mu_padata_progress {
	uint64_t done;	  /* units in chunks that were done */
	uint64_t size;	  /* units of the job */
	uint64_t elapsed; /* ns since start; 0 without a clock */
	uint64_t rate;	  /* units per second since start; 0: not known */
	uint64_t left;	  /* ns to the end at that rate, or UINT64_MAX */
	unsigned threads; /* that take part, or are about to */
};

/*
 * Takes no lock and stops nobody. From any thread and context, from the return
 * of start until the job's memory is used for something else.
 */
void mu_padata_mt_progress(const struct mu_padata_mt *mt,
			   struct mu_padata_progress *progress);

/*
 * A *serialised job* is one object that may be worked on anywhere, in parallel
 * with others, but must be handed on in the order of submission (packets of a
 * stream, say):
 *
 *	 do_parallel(1 2 3 4)      parallel()        do_serial       serial()
 *	 ------------------->   any CPU, any order  ----------->  1, 2, 3, 4
 *
 * An *instance* has the CPUs, and the limit on jobs on their way to them. A
 * *shell* is one order: within it serial() is called for one job at a time, in
 * the order of mu_padata_do_parallel(), and each call sees what the earlier
 * ones did; two shells are independent of each other. There are no sequence
 * numbers that could wrap: a shell is a list, and a job is handed on when it is
 * done and all before it were handed on.
 *
 * parallel() is called on CPUs that are idle, and a CPU that has begun stays as
 * long as jobs of the instance wait. It does not make way as helpers of
 * multithreaded jobs do, since those that hold the CPUs may be waiting for a
 * job of the shell.
 *
 * The interface is Linux's (Steffen Klassert, "padata: generic parallelization/
 * serialization interface", 2010; Documentation/core-api/padata.rst). Two
 * things differ. Changing the masks is one critical section, so that submitting
 * meanwhile never returns MU_ERR_BUSY. And two jobs of one shell are kept in
 * order even when their callback CPUs differ.
 */
struct mu_padata_instance;
struct mu_padata_shell;

/*
 * A job. Embedded in the caller's own object, which is found from it; zeroed
 * before the first use except for the two functions. It belongs to the library
 * from mu_padata_do_parallel() until serial() is called.
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
 * Bytes of an instance and of a shell, whose memory the caller provides,
 * aligned as malloc() does. Any context.
 */
size_t mu_padata_instance_size(void);
size_t mu_padata_shell_size(void);

/*
 * Make an instance, *@made, in @size bytes at @memory for the port's CPUs, all
 * of them online and in both masks. At most @limit jobs are waiting for
 * parallel() or in it on other CPUs; beyond that the submitter does the work
 * itself, which keeps it from running ahead. 0: two per CPU, so that a CPU that
 * is done with a job finds the next one waiting. MU_ERR_FULL when @size is less
 * than mu_padata_instance_size(), MU_ERR_INVALID for memory that is not
 * aligned. Any context.
 */
enum mu_status
mu_padata_instance_init(void *memory, size_t size, const struct mu_port *port,
			unsigned limit,
			struct mu_padata_instance **made) MU_MUST_CHECK;

/*
 * Return the memory of @instance to the caller. Waits for calls that only have
 * to return, among them those of mu_padata_do_parallel() whose job is done
 * already. MU_ERR_BUSY while it has shells.
 */
enum mu_status
mu_padata_instance_fini(struct mu_padata_instance *instance) MU_MUST_CHECK;

/* Make a shell of @instance, *@made, in @size bytes at @memory; errors as
 * above. Any context. */
enum mu_status
mu_padata_shell_init(void *memory, size_t size,
		     struct mu_padata_instance *instance,
		     struct mu_padata_shell **made) MU_MUST_CHECK;

/*
 * Return the memory of @shell to the caller. Waits for a serial() that has not
 * returned, so not from inside one. MU_ERR_BUSY while jobs are under way.
 */
enum mu_status
mu_padata_shell_fini(struct mu_padata_shell *shell) MU_MUST_CHECK;

/*
 * Which CPUs to use for one kind of callback, from the next call on; offline
 * ones are used when they come back. While no CPU of a mask is online no job is
 * accepted (MU_ERR_INVALID from mu_padata_do_parallel()); those under way are
 * completed by whoever has them. Any time, also while jobs run. MU_ERR_INVALID
 * if @which is neither mask.
 */
enum mu_status
mu_padata_set_cpumask(struct mu_padata_instance *instance,
		      enum mu_padata_mask which,
		      const struct mu_cpumask *mask) MU_MUST_CHECK;

/*
 * @cpu came online or is about to go offline: to be called by the port before
 * run_on stops accepting calls for it. Any time. MU_ERR_RANGE if there is no
 * such CPU.
 */
enum mu_status mu_padata_set_online(struct mu_padata_instance *instance,
				    unsigned cpu, bool online) MU_MUST_CHECK;

/*
 * Submit @padata to @shell. parallel() is called on a CPU of the parallel mask,
 * serial() on *@cb_cpu; if that is not in the serial mask, *@cb_cpu is replaced
 * by the CPU whose place in the mask is *@cb_cpu modulo the mask's weight.
 *
 * If the port has no thread to spare, parallel() is called before this returns
 * (perhaps also that of another job that was left waiting), and serial() by
 * whoever completes the job that was waited for, which can be inside this call
 * as well. So the caller may hold no lock that they take.
 *
 * MU_ERR_INVALID without a callback, or while a mask has no CPU online;
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
