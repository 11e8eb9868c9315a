/* SPDX-License-Identifier: MIT */
/*
 * The accounting of a multithreaded job (src/padata/mt.c, helpers.c, undo.c),
 * one statement a line where the code has one atomic access.
 *
 * A job of CHUNKS units, a chunk each. The caller asks the port for HELPERS
 * calls, once at the start and once more in between (the ramp). The port
 * promises as many as it likes. A promised call begins at any time, or not
 * before the caller has returned; those that have not begun can be taken back.
 * Under IDLE they cannot, and all do begin. Any chunk may fail. Somebody else may cancel at any time;
 * helpers may be told that they are too many.
 *
 * To be true in every run:
 *   - no unit is done twice, none after the caller returned;
 *   - the job is touched by nobody after the caller returned (it is on a
 *     stack), and so are the nodes of failed chunks by undo;
 *   - MU_OK means that every unit was done; otherwise every unit that was done
 *     is undone, exactly once, and no other;
 *   - the caller returns (spin's check for invalid end states).
 *
 * spin: -DIDLE=0
 * spin: -DIDLE=1
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

/* The job: fields of struct mu_padata_mt. */
byte next, done, working, helpers, excess;
bool failure;	/* status is not MU_OK */
bool undone;
bool failed[CHUNKS + 1];	/* the list of nodes: which chunks */
byte node_of[CHUNKS + 1];	/* whose stack the node is on */

bool gone;	/* the caller has returned: the memory is not the job's */
bool left[HELPERS + 1];	/* this call has returned: nor is its stack */

/*
 * The port: a call is not promised, promised, begun, or taken back. One that is
 * STUCK is promised too, behind a call that waits for this job: it will not
 * begin before the caller has returned.
 */
mtype = { NOT, PROMISED, STUCK, BEGUN, TAKEN };
mtype call[HELPERS + 1];

/* The units. */
byte did[CHUNKS + 1], undid[CHUNKS + 1];

/* Every access to the job. */
#define JOB assert(!gone)

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
		:: excess > 0 -> excess--; chunk = CHUNKS
		:: else
		fi
	      };
	      if
	      :: chunk == CHUNKS -> break
	      :: else
	      fi
	   :: else
	   fi
	od
}

proctype helper(byte me)
{
	byte chunk;
	bool mine;

	/* A call that was never promised, or was taken back, never begins. */
end_unborn:
	atomic { call[me] == PROMISED -> call[me] = BEGUN };
	work(me);
	atomic { JOB; working-- };
	if
	:: mine -> atomic { JOB; undone -> skip }
	:: else
	fi;
	atomic { JOB; left[me] = true; helpers-- }
}

/* mu_helpers_add() of the calls [from, to): counted before they are promised,
 * each of them or not, and what was not is taken off again. */
inline add(from, to)
{
	atomic { working = working + (to - from) };
	atomic { helpers = helpers + (to - from) };
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
	atomic { working = working - refused };
	atomic { helpers = helpers - refused; refused = 0; i = 0 }
}

active proctype caller()
{
	byte chunk, i, refused, taken, past;
	bool mine, more;

	atomic {
		i = 1;
		do
		:: i <= HELPERS -> call[i] = NOT; run helper(i); i++
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
#if !IDLE
	skip;
	/* mu_helpers_cancel(): run_cancel holds the port's lock. */
	d_step {
		i = 1;
		do
		:: i <= HELPERS ->
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
	working = working - taken;
	atomic { helpers = helpers - taken; taken = 0 };
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
	undone = true;
	helpers == 0;
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
