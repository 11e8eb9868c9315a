/* SPDX-License-Identifier: MIT */
/*
 * The accounting of a multithreaded job (src/padata/mt.c, helpers.c, undo.c),
 * one statement a line where the code has one atomic access.
 *
 * A job of CHUNKS units, a chunk each. The caller asks the port for HELPERS
 * calls, once at the start and once more in between (the ramp). The port
 * promises as many as it likes. A promised call begins at any time, or not
 * before the caller has returned; those that have not begun can be taken back.
 * Under IDLE they cannot, and all do begin. Any chunk may fail. Somebody else
 * may cancel at any time; helpers may be told that they are too many. And WAYS
 * times a helper makes way for others: it has another call promised and leaves.
 *
 * To be true in every run:
 *   - no unit is done twice, none after the caller returned;
 *   - nobody touches the job after the caller returned (it is on a stack), and
 *     undo does not touch nodes of failed chunks whose threads have returned;
 *   - MU_OK means that every unit was done; otherwise every unit that was done
 *     is undone, exactly once, and no other;
 *   - the caller returns (spin's check for invalid end states).
 *
 * spin: -DIDLE=0 -DWAYS=0
 * spin: -DIDLE=1 -DWAYS=0
 * spin: -DHELPERS=2 -DWAYS=1
 * spin: -DHELPERS=1 -DWAYS=2
 *
 * What goes wrong when a new call is counted after it was promised; when a
 * helper that failed does not stay; when the caller does not wait for those
 * that stay; when one that made way does not look whether there are units left,
 * or looks when it does not count any more; and when the caller takes nothing
 * back:
 *
 * broken: -DHELPERS=1 -DWAYS=1 -DBREAK_COUNT
 * broken: -DHELPERS=2 -DWAYS=0 -DBREAK_STAY
 * broken: -DHELPERS=2 -DWAYS=0 -DBREAK_WAIT
 * broken: -DHELPERS=1 -DWAYS=1 -DBREAK_LOOK
 * broken: -DHELPERS=1 -DWAYS=1 -DBREAK_LATE
 * broken: -DHELPERS=1 -DWAYS=0 -DBREAK_CANCEL
 */
#ifndef CHUNKS
#define CHUNKS 3
#endif
#ifndef HELPERS
#define HELPERS 3
#endif
#ifndef IDLE
#define IDLE 0
#endif
#ifndef WAYS
#define WAYS 1
#endif
#define CALLS (HELPERS + WAYS)

/* The job: fields of struct mu_padata_mt. */
byte next, done, excess;
byte working, helpers;		/* the halves of mt->calls */
bool failure;	/* status is not MU_OK */
bool undone;
bool failed[CHUNKS + 1];	/* the list of nodes: which chunks */
byte node_of[CHUNKS + 1];	/* whose stack the node is on */

bool gone;	/* the caller has returned: the memory is not the job's */
bool left[CALLS + 1];	/* this call has returned: nor is its stack */

/*
 * The port: a call is not promised, promised, begun, or taken back. One that is
 * STUCK is promised too, behind a call that waits for this job: it will not
 * begin before the caller has returned.
 */
mtype = { NOT, PROMISED, STUCK, BEGUN, TAKEN };
mtype call[CALLS + 1];
byte ways;	/* how often somebody made way */

/* The units. */
byte did[CHUNKS + 1], undid[CHUNKS + 1];

/* Every access to the job. */
#define JOB assert(!gone)

/* mu_helpers_cancel(): run_cancel holds the port's lock. */
inline cancel()
{
	d_step {
		i = 1;
		do
		:: i <= CALLS ->
			if
			:: call[i] == PROMISED || call[i] == STUCK ->
				call[i] = TAKEN;
				taken++
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0
	};
	atomic {
		JOB;
		working = working - taken;
		helpers = helpers - taken;
		taken = 0
	}
}

inline look()
{
	atomic { JOB; stop = (next == CHUNKS) };
	if
	:: stop -> cancel()
	:: else
	fi
}

/* mu_helpers_make_way(): the new call counts before it is promised. */
inline make_way()
{
#ifndef BREAK_COUNT
	atomic { JOB; working++; helpers++ };
#endif
	if
	:: d_step { ways < WAYS -> ways++; call[HELPERS + ways] = PROMISED;
		way = true }
	:: d_step { ways < WAYS -> ways++; call[HELPERS + ways] = STUCK;
		way = true }
	:: skip
	fi;
#ifdef BREAK_COUNT
	atomic { JOB; working++; helpers++ };
#endif
	if
	:: way ->
#if !defined(BREAK_LOOK) && !defined(BREAK_LATE)
		look()
#endif
	:: else -> atomic { JOB; working--; helpers-- }
	fi
}

/* take() and work(): chunk is where the cursor was, CHUNKS for nothing left. */
inline work(who)
{
	do
	:: d_step {
		JOB;
		chunk = next;
		if
		:: next < CHUNKS -> next++
		:: else
		fi
	   }
	   if
	   :: chunk == CHUNKS -> break
	   :: else
	   fi;
	   if
	   :: atomic {	/* the thread function fails */
		JOB;
		mine = true;
		failure = true
	      };
	      atomic { JOB; next = CHUNKS };
	      atomic {
		JOB;
		failed[chunk] = true;
		node_of[chunk] = who
	      }
	   :: atomic {
		assert(!gone);
		did[chunk]++;
		assert(did[chunk] == 1)
	      };
	      atomic { JOB; done++ }
	   fi;
	   if
	   :: who > 0 -> d_step {
		JOB;
		if
		:: mine -> chunk = CHUNKS
		:: !mine && excess > 0 -> excess--; chunk = CHUNKS
		:: else
		fi
	      };
	      if
	      :: chunk == CHUNKS -> break
	      :: else
	      fi;
	      if
	      :: ways < WAYS -> make_way()
	      :: skip
	      fi;
	      if
	      :: way -> break
	      :: else
	      fi
	   :: else
	   fi
	od
}

proctype helper(byte me)
{
	byte chunk, i, taken;
	bool mine, way, stop;

	/* A call that was never promised, or was taken back, never begins. */
end_unborn:
	atomic { call[me] == PROMISED -> call[me] = BEGUN };
	work(me);
	if
	:: !mine -> atomic { JOB; left[me] = true; working--; helpers-- }
	:: else ->
		atomic { JOB; working-- };
#ifndef BREAK_STAY
		atomic { JOB; undone -> skip };
#endif
		atomic { JOB; left[me] = true; helpers-- }
	fi;
#ifdef BREAK_LATE
	if
	:: way -> look()
	:: else
	fi
#endif
}

/* mu_helpers_add() of the calls [from, to): counted before they are promised,
 * each of them or not, and what was not is taken off again. */
inline add(from, to)
{
	atomic { working = working + (to - from); helpers = helpers + (to - from) };
	i = from;
	do
	:: i < to ->
		if
		:: call[i] = PROMISED
#if !IDLE
		:: call[i] = STUCK
#endif
		:: refused++
		fi;
		i++
	:: else -> break
	od;
	atomic {
		working = working - refused;
		helpers = helpers - refused;
		refused = 0;
		i = 0
	}
}

active proctype caller()
{
	byte chunk, i, refused, taken, past;
	bool mine, more, way, stop;

	atomic {
		i = 1;
		do
		:: i <= CALLS -> call[i] = NOT; run helper(i); i++
		:: else -> break
		od;
		run canceller();
		i = 0
	};
	/* The first helpers at the start, the others when the ramp says so:
	 * between two chunks, which is as good as before the first here since
	 * helpers may have done any part of the job by then. */
	add(1, HELPERS);
	if
	:: more = true
	:: more = false
	fi;
	if
	:: more -> add(HELPERS, HELPERS + 1)
	:: else -> if
		   :: excess = 1	/* or: one is too many */
		   :: skip
		   fi
	fi;
	work(0);
#if !IDLE && !defined(BREAK_CANCEL)
	cancel();
#endif
	working == 0;
	/* mu_undo(): the chunks taken are the first ones, done or failed. */
	if
	:: failure || done != CHUNKS ->
		i = 0;
		past = done;
		do
		:: i < CHUNKS ->
			d_step {
				if
				:: failed[i] -> past++;
					assert(!left[node_of[i]])
				:: else
				fi;
				i++
			}
		:: else -> break
		od;
		i = 0;
		do
		:: i < past ->
			d_step {
				if
				:: !failed[i] -> undid[i]++
				:: else -> assert(!left[node_of[i]])
				fi;
				i++
			}
		:: else -> break
		od;
		more = true
	:: else -> more = false
	fi;
	/* Nobody stays unless a chunk failed. */
	if
	:: failure -> undone = true
	:: else -> assert(helpers == 0)
	fi;
#ifndef BREAK_WAIT
	helpers == 0;
#endif
	d_step {
		gone = true;
		i = 0;
		do
		:: i < CHUNKS ->
			assert(did[i] <= 1);
			if
			:: more -> assert(undid[i] == did[i])
			:: else -> assert(did[i] == 1 && undid[i] == 0)
			fi;
			i++
		:: else -> break
		od
	}
}

/* mu_padata_mt_cancel(), which may be called as long as the job is there. */
proctype canceller()
{
end_never:
	if
	:: atomic { !gone -> next = CHUNKS }
	:: skip
	fi
}
