/* SPDX-License-Identifier: MIT */
/*
 * The hosted port's workers and the calls that wait for them
 * (ports/hosted/workers.c, later.c): no promised call is forgotten.
 *
 * WORKERS workers for any CPU. Caller 0 asks for a call at once (run_on), the
 * others for one later (run_later); each may take its own back. A worker that
 * finds nothing to do falls asleep.
 *
 * To be true in every run: a call that was promised begins or is taken back,
 * not both, and once (those who asked wait for it: spin's check for invalid end
 * states). A worker is woken for a call only if it slept. A call for at once does
 * not overtake one that waits.
 *
 * spin: -DWORKERS=1 -DCALLERS=3
 * spin: -DWORKERS=2 -DCALLERS=2
 *
 * What goes wrong when a worker that becomes free does not look for calls; when
 * it looks before it is free; when a caller that adds a call does not look for
 * workers; when a caller that takes one back from a worker does not look for
 * another call for it; when a worker that falls asleep meanwhile counts as busy;
 * and when a call for at once is given to a worker that has become free before
 * that looks for the calls that wait:
 *
 * broken: -DWORKERS=1 -DCALLERS=2 -DBREAK_LOOK
 * broken: -DWORKERS=1 -DCALLERS=2 -DBREAK_EARLY
 * broken: -DWORKERS=1 -DCALLERS=2 -DBREAK_ADD
 * broken: -DWORKERS=1 -DCALLERS=2 -DBREAK_CANCEL
 * broken: -DWORKERS=1 -DCALLERS=2 -DBREAK_TAKE
 * broken: -DWORKERS=1 -DCALLERS=3 -DBREAK_OVERTAKE
 */
#define NONE CALLERS	/* no call */

mtype = { FREE, ASLEEP, TAKEN, CALL, RUNNING };
mtype state[WORKERS];
byte call[WORKERS];	/* whose */
bool woken[WORKERS];	/* what ends a futex's sleep */

/* later.c */
bool locked;
bool waits[CALLERS];
byte waiting;

bool promised[CALLERS], begun[CALLERS], back[CALLERS];

/* take(): won, and if it slept. */
inline take(w)
{
	won = false;
	do
	:: d_step {
		slept = state[w] == ASLEEP;
		busy = state[w] != FREE && !slept
	   };
	   if
	   :: busy -> break
	   :: else
	   fi;
	   d_step {
		if
		:: slept && state[w] == ASLEEP ->
			state[w] = TAKEN; won = true
		:: !slept && state[w] == FREE -> state[w] = TAKEN; won = true
		:: else
		fi
	   };
#ifdef BREAK_TAKE
	   break
#else
	   if
	   :: won -> break
	   :: else
	   fi
#endif
	od
}

/* let(): nobody else leaves TAKEN. */
inline let(w, to)
{
	d_step { assert(state[w] == TAKEN); state[w] = to };
	if
	:: slept -> woken[w] = true
	:: else
	fi
}

/* mu_hosted_give() of the call of @who to any worker; w is whom, or WORKERS. */
inline give(who)
{
	w = 0;
	do
	:: w < WORKERS ->
		take(w);
		if
		:: won ->
			call[w] = who;
			let(w, CALL);
			break
		:: else -> w++
		fi
	:: else -> break
	od;
	/* Fewer states: what is not used any more is 0. */
	atomic { won = false; slept = false; busy = false }
}

/* give_out(), under the lock. */
inline give_out()
{
	c = 0;
	do
	:: c < CALLERS ->
		if
		:: waits[c] ->
			give(c);
			if
			:: w < WORKERS ->
				d_step { waits[c] = false; waiting-- }
			:: else
			fi
		:: else
		fi;
		c++
	:: else -> break
	od;
	atomic { c = 0; w = 0 }
}

/* mu_hosted_later_next() */
inline look()
{
	if
	:: waiting > 0 ->
		atomic { !locked -> locked = true };
		give_out();
		locked = false
	:: else
	fi
}

proctype worker(byte me)
{
	byte w, c;
	bool won, slept, busy;

end:
	do
	:: d_step { state[me] == CALL -> state[me] = RUNNING };
	   d_step {
		assert(promised[call[me]] && !begun[call[me]] &&
		       !back[call[me]]);
		begun[call[me]] = true
	   };
#ifdef BREAK_EARLY
	   look();
#endif
	   state[me] = FREE;
#if !defined(BREAK_EARLY) && !defined(BREAK_LOOK)
	   look()
#endif
	:: d_step { state[me] == FREE -> state[me] = ASLEEP };
	   /* futex: it sleeps if it is still so, and wakes when told. */
	   if
	   :: d_step { state[me] == ASLEEP -> woken[me] = false };
end_asleep:
		woken[me]
	   :: state[me] != ASLEEP
	   fi;
	   d_step {
		if
		:: state[me] == ASLEEP -> state[me] = FREE
		:: else
		fi
	   }
	od
}

/* run_cancel(): first what waits, which becomes a worker's. */
inline cancel()
{
	if
	:: waiting > 0 ->
		atomic { !locked -> locked = true };
		d_step {
			if
			:: waits[me] ->
				waits[me] = false;
				waiting--;
				back[me] = true
			:: else
			fi
		};
		locked = false
	:: else
	fi;
	v = 0;
	freed = false;
	do
	:: v < WORKERS ->
		won = false;
		d_step {
			if
			:: state[v] == CALL -> state[v] = TAKEN; won = true
			:: else
			fi
		};
		slept = false;
		if
		:: won && call[v] == me ->
			back[me] = true;
			freed = true;
			let(v, FREE)
		:: won && call[v] != me -> let(v, CALL)
		:: else
		fi;
		atomic { v++; won = false; slept = false }
	:: else -> break
	od;
	v = 0;
#ifndef BREAK_CANCEL
	if
	:: freed -> look()
	:: else
	fi
#endif
}

proctype caller(byte me)
{
	byte w, c, v, older; /* older: who waited when run_on began */
	bool won, slept, busy, freed;

	if
	:: me == 0 ->
		promised[me] = true;
		d_step {
			older = 0;
			do
			:: w < CALLERS ->
				older = older | (waits[w] << w);
				w++
			:: else -> w = 0; break
			od
		};
#ifdef BREAK_OVERTAKE
		give(me);
#else
		if
		:: waiting > 0 ->
			/* mu_hosted_give_behind(): all want any worker. */
			atomic { !locked -> locked = true };
			give_out();
			if
			:: waiting > 0 -> w = WORKERS
			:: else -> give(me)
			fi;
			locked = false
		:: else -> give(me)
		fi;
#endif
		d_step {
			if
			:: w == WORKERS -> promised[me] = false
			:: else ->
				w = 0;
				do
				:: w < CALLERS ->
					assert(!((older >> w) & 1 && waits[w]));
					w++
				:: else -> break
				od
			fi;
			older = 0
		}
	:: else ->
		atomic { !locked -> locked = true };
		promised[me] = true;
		d_step { waits[me] = true; waiting++ };
#ifndef BREAK_ADD
		give_out();
#endif
		locked = false
	fi;
	if
	:: cancel()
	:: skip
	fi;
	/* Nobody helps it from here on. */
	!promised[me] || begun[me] || back[me]
}

init
{
	byte i;

	atomic {
		do
		:: i < WORKERS ->
			state[i] = FREE;
			call[i] = NONE;
			run worker(i);
			i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < CALLERS -> run caller(i); i++
		:: else -> break
		od
	}
}
