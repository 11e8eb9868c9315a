/* SPDX-License-Identifier: MIT */
/*
 * Serialised jobs (src/padata/serial.c, runner.c): runners that call
 * parallel(), servers that call serial(), and the end of both.
 *
 * JOBS jobs of one shell: the last SECOND of them come from a second thread,
 * the others from the main one. At most LIMIT may be on their way to CPUS other
 * CPUs. A CPU has at most one call; the port promises one or does not, as it
 * likes, also when a CPU is idle. A job may be completed by its parallel() or
 * be left to one more thread; its callback CPU is any, or where it is. The
 * masks may change, so that a runner has to leave its CPU. When all jobs are
 * handed on, the main thread takes the shell down, then the instance.
 *
 * To be true in every run:
 *   - parallel() and serial() are called once for each job, and serial() in the
 *     order of submission, one at a time;
 *   - a job is not touched after serial() was called for it, the shell and the
 *     instance are not after they were taken down;
 *   - no job is left behind and nobody sleeps for ever: the main thread comes
 *     to its end (spin's check for invalid end states).
 *
 * A critical section is one step, but for the one in which a server ends, since
 * the shell may go when that is over.
 *
 * spin: -DJOBS=3 -DLIMIT=2
 * spin: -DJOBS=3 -DLIMIT=3 -DSECOND=1 -DCPUS=1
 * spin: -DJOBS=2 -DLIMIT=2 -DSECOND=1
 * spin: -DJOBS=3 -DLIMIT=1
 *
 * What goes wrong when a submitter that gets no runner leaves its job to those
 * that were there before; when a runner looks for a job and says that it leaves
 * in two steps; when a server does; when the shell is taken down without
 * waiting for the server, or for its lock; when a runner is counted after its
 * job can be seen; and when somebody is not woken:
 *
 * broken: -DJOBS=2 -DLIMIT=2 -DBREAK_INSTEAD
 * broken: -DJOBS=2 -DLIMIT=2 -DBREAK_RUNNER
 * broken: -DJOBS=2 -DLIMIT=2 -DBREAK_SERVER
 * broken: -DJOBS=2 -DLIMIT=2 -DBREAK_FINI
 * broken: -DJOBS=2 -DLIMIT=2 -DBREAK_LOCK
 * broken: -DJOBS=2 -DLIMIT=2 -DSECOND=1 -DBREAK_CALLS
 * broken: -DJOBS=2 -DLIMIT=2 -DBREAK_WAKE
 */
#ifndef SECOND
#define SECOND 0
#endif
#ifndef CPUS
#define CPUS 2
#endif

/* The instance. */
byte in_flight, runners, calls;
chan waiting = [JOBS] of { byte };
bool instance_gone;

/* The shell: jobs [head, tail) of the order are in the list. */
byte order[JOBS + 1], head, tail;
bool locked, serving;
bool shell_gone;

/* The jobs. */
bool done[JOBS];
bool worked_on[JOBS], handed_on[JOBS];
bool in_serial;

/* Who sleeps on calls or serving; there is only the main thread. */
bool asleep;

/* The port: what a CPU was told to do. The last CPU is whoever completes jobs
 * that were left. */
mtype = { NOTHING, RUN, SERVE };
mtype call[CPUS];
byte left_job = JOBS;

#define INSTANCE assert(!instance_gone)
#define SHELL	 assert(!shell_gone && !locked)
#define JOB(j)	 assert(!handed_on[j])

inline wake()
{
#ifndef BREAK_WAKE
	asleep = false
#else
	skip
#endif
}

/* run_on of @what, on any CPU but @me. */
inline run_on(what)
{
	promised = false;
	if
	:: skip
	:: d_step { me != 0 && call[0] == NOTHING -> call[0] = what;
		promised = true }
#if CPUS > 1
	:: d_step { me != 1 && call[1] == NOTHING -> call[1] = what;
		promised = true }
#endif
	fi
}

/* serve(), the server from keep_serving() on. */
inline serve()
{
	do
	:: atomic { !locked -> SHELL; locked = true };
#ifdef BREAK_SERVER
	   promised = head < tail && done[order[head]];
	   locked = false;
	   d_step {
		if
		:: !promised -> serving = false
		:: else
		fi
	   };
#else
	   d_step {
		promised = head < tail && done[order[head]];
		if
		:: !promised -> serving = false
		:: else
		fi
	   };
	   d_step { assert(!shell_gone); locked = false };
#endif
	   if
	   :: !promised ->
		wake();
		break
	   :: else
	   fi;
	   /* moved() */
	   d_step { INSTANCE; JOB(order[head]) };
	   run_on(SERVE);
	   if
	   :: promised -> break
	   :: else
	   fi;
	   atomic {
		!locked -> SHELL;
		JOB(order[head]);
		served = order[head];
		head++
	   };
	   d_step {
		JOB(served);
		handed_on[served] = true;
		assert(served == order[head - 1] && worked_on[served]);
		assert(!in_serial);
		in_serial = true
	   };
	   in_serial = false
	od;
	promised = false
}

inline do_serial(j)
{
	atomic {
		!locked -> SHELL;
		JOB(j);
		assert(!done[j]);
		done[j] = true;
		promised = !serving && head < tail && done[order[head]];
		serving = serving || promised
	};
	if
	:: promised -> serve()
	:: else
	fi
}

inline parallel(j)
{
	d_step {
		JOB(j);
		assert(!worked_on[j]);
		worked_on[j] = true
	};
	if
	:: do_serial(j)
	:: d_step { left_job == JOBS -> left_job = j }
	fi
}

/* calls goes down; the instance may be gone. */
inline leave()
{
	atomic { INSTANCE; calls--; last = (calls == 0) };
	if
	:: last -> wake()
	:: else
	fi
}

/* run(), a runner. */
inline run_jobs()
{
	did = 0;
	do
	:: atomic {
		INSTANCE;
		in_flight = in_flight - did;
		moving = false;
		job = JOBS;
		if
		:: did && nempty(waiting) ->
			moving = true	/* this CPU has left the mask */
		:: nempty(waiting) -> waiting ? job
		:: empty(waiting) ->
#ifndef BREAK_RUNNER
			runners--
#else
			skip
#endif
		fi;
		did = 0
	   };
	   if
	   :: moving ->
		run_on(RUN);
		if
		:: promised -> promised = false; break
		:: else -> atomic {
			/* Here after all, if it is still there. */
			INSTANCE;
			if
			:: nempty(waiting) -> waiting ? job
			:: empty(waiting) -> runners--
			fi
		   }
		fi
	   :: else
	   fi;
	   if
	   :: job == JOBS ->
#ifdef BREAK_RUNNER
		atomic { INSTANCE; runners-- };
#endif
		leave();
		break
	   :: else
	   fi;
	   parallel(job);
	   did = 1
	od
}

proctype cpu(byte me)
{
	byte job, served, did;
	bool promised, moving, last;

end:
	do
	:: call[me] == RUN -> run_jobs(); call[me] = NOTHING
	:: call[me] == SERVE -> serve(); call[me] = NOTHING
	od
}

proctype completer()
{
	byte job, served;
	bool promised;
	byte me = CPUS;

end:
	do
	:: left_job < JOBS ->
		d_step { job = left_job; left_job = JOBS };
		do_serial(job)
	od
}

/* mu_padata_do_parallel() */
inline submit(j)
{
	atomic {
		!locked -> SHELL;
		order[tail] = j;
		tail++
	};
	/* mu_serial_run() */
	atomic {
		INSTANCE;
		room = in_flight < LIMIT;
		if
		:: room ->
			in_flight++;
			runners++;
#ifndef BREAK_CALLS
			calls++;
#endif
			waiting ! j
		:: else
		fi
	};
	if
	:: !room -> parallel(j)
	:: else ->
#ifdef BREAK_CALLS
		atomic { INSTANCE; calls++ };
#endif
		run_on(RUN);
		if
		:: promised -> promised = false
		:: else ->
			run_instead();
			leave()
		fi
	fi
}

inline run_instead()
{
	did = 0;
	do
	:: atomic {
		INSTANCE;
		if
		:: did -> in_flight--
		:: else -> runners--
		fi;
		job = JOBS;
#ifndef BREAK_INSTEAD
		if
		:: runners == 0 && len(waiting) > 0 -> waiting ? job
		:: runners > 0 || len(waiting) == 0
		fi
#endif
	   };
	   if
	   :: job == JOBS -> break
	   :: else -> parallel(job); did = 1
	   fi
	od
}

#if SECOND
proctype second()
{
	byte job, served, did, next = JOBS - SECOND;
	bool promised, room, last;
	byte me = CPUS;

	do
	:: next < JOBS -> submit(next); next++
	:: else -> break
	od
}
#endif

/* Sleep on a word while @condition: it is checked under the port's lock, and
 * whoever is woken looks again. */
inline wait_while(condition)
{
	do
	:: !(condition) -> break
	:: atomic { condition -> asleep = true };
	   !asleep
	od;
	skip
}

active proctype main()
{
	byte job, served, did, next;
	bool promised, room, last;
	byte me = CPUS;

	atomic {
		run completer();
		next = 0;
		do
		:: next < CPUS -> call[next] = NOTHING; run cpu(next); next++
		:: else -> break
		od;
#if SECOND
		run second();
#endif
		next = 0
	};
	do
	:: next < JOBS - SECOND -> submit(next); next++
	:: else -> break
	od;
	/* The client knows when all of its jobs are its own again. */
	atomic { head == JOBS && handed_on[order[JOBS - 1]] -> skip };
	/* mu_padata_shell_fini() */
#ifndef BREAK_FINI
	wait_while(serving);
#endif
#ifndef BREAK_LOCK
	atomic { !locked -> shell_gone = true };
#else
	shell_gone = true;
#endif
	/* mu_padata_instance_fini() */
	wait_while(calls > 0);
	d_step {
		instance_gone = true;
		assert(runners == 0);
		did = 0;
		do
		:: did < JOBS -> assert(worked_on[did] && handed_on[did]); did++
		:: else -> break
		od
	}
}
