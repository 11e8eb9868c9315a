/* SPDX-License-Identifier: MIT */
/*
 * Device memory: lookup without a lock, references, removal, the same slot for
 * another pagemap, first touch.
 *
 * Modelled, one step where the code has one atomic access:
 *   src/device/table.c     mu_device_search(), mu_device_table_add(),
 *                          _remove(): two tables and a version
 *   src/device/refs.c      mu_pagemap_get(), _put(), mu_device_kill()
 *   src/device/register.c  enter(): a slot, then the table
 *   src/device/remove.c    take_out(), mu_pagemap_withdraw(), and
 *                          mu_pagemap_try_remove() with TRY
 *   src/device/claims.c    mu_device_page(): back (may fail), claim, write,
 *                          ready, or wait
 *
 * There is one pfn that is looked up, and pagemap 1 has it whenever it is
 * registered. Pagemap 2 is elsewhere, but is given the slot that 1 had. Readers
 * look the pfn up ROUNDS times each; one writer registers and removes 1, then
 * 2, then 1 again. (Writers exclude each other by the hotplug lock.)
 *
 * To be true in every run:
 *   - What a reader finds is pagemap 1, and stays registered, its memory the
 *     library's, until the reader has put it.
 *   - The descriptor is written once in each life of the pagemap, never read
 *     before, and backed when it is written or read.
 *   - Progress: no deadlock. Where the code waits the model blocks.
 *
 * Not modelled: memory order (every access is sequentially consistent here),
 * blocks that ranges share, the job, which is one more reader.
 *
 * That the model can fail: each "broken:" search must find an error. BREAK_x is
 *   RECHECK  a reader does not look at the version after it has a reference
 *   WAIT     removal does not wait for references
 *   CLAIM    a block is written without a claim
 *   READY    ready is said before the block is written
 *   MASKS    removal forgets to clear what was claimed
 *
 * spin:
 * spin: -DREADERS=1 -DROUNDS=4
 * spin: -DTRY
 * broken: -DBREAK_RECHECK
 * broken: -DBREAK_WAIT
 * broken: -DBREAK_CLAIM
 * broken: -DBREAK_READY
 * broken: -DBREAK_MASKS
 */
#ifndef READERS
#define READERS 2
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif

byte version;	  /* its lowest bit: which table counts */
bool table[2];	  /* is the pfn in it? who has it is always the slot */
byte slot_map;	  /* slot->map */
byte refs;	  /* slot->refs: the count, */
bool dead = true; /* and its highest bit */
bool gone;
bool registered[3]; /* the pagemap's memory is the library's */

/* The block of the pfn. */
bool backed, claimed, ready;
byte written; /* how often, in this life */

inline hold(ok)
{
	atomic {
		ok = !dead;
		if
		:: ok -> refs++
		:: else
		fi
	}
}

inline let_go()
{
	atomic {
		assert(refs > 0);
		refs--;
		last = dead && refs == 0
	}
	if
	:: last -> gone = true
	:: else
	fi
}

/* mu_device_page() by who holds the pagemap. */
inline touch()
{
	if
	:: ready
	:: else ->
		/* Backing; or there is none, and nothing has happened. */
		if
		:: backed = true
		:: goto failed
		fi;
		atomic {
			mine = !claimed;
			claimed = true
		}
#ifdef BREAK_CLAIM
		mine = true;
#endif
		if
		:: mine ->
#ifdef BREAK_READY
			ready = true;
#endif
			assert(backed);
			written++;
			ready = true
		:: else
		fi;
		ready /* waits for who has claimed it */
	fi;
	assert(backed && written == 1)
}

proctype reader()
{
	byte seen, m, round;
	bool in, ok, mine, last;

	do
	:: round == ROUNDS -> break
	:: else ->
again:
		seen = version;
		in = table[seen % 2];
		if
		:: version != seen -> goto again
		:: else
		fi;
		if
		:: !in -> goto next
		:: else
		fi;
		hold(ok);
		if
		:: !ok ->
			/* Killed, or it was another's slot by then. */
			if
			:: version != seen -> goto again
			:: else -> goto next
			fi
		:: else
		fi;
#ifndef BREAK_RECHECK
		if
		:: version != seen ->
			let_go();
			goto again
		:: else
		fi;
#endif
		m = slot_map;
		assert(m == 1 && registered[1]);
		touch();
failed:
		assert(registered[1] && slot_map == 1);
		let_go();
next:
		round++
	od
}

/* enter(): @m in the slot, and the pfn in the other table if it has it. */
inline enlist(m)
{
	registered[m] = true;
	slot_map = m;
	gone = false;
	atomic {
		assert(dead && refs == 0);
		dead = false
	}
	table[1 - version % 2] = (m == 1);
	version++
}

inline withdraw(m)
{
#ifdef TRY
	/* mu_pagemap_try_remove(), until nobody has a reference. */
	atomic { refs == 0; dead = true }
	gone = true;
#else
	atomic {
		dead = true;
		idle = (refs == 0)
	}
	if
	:: idle -> gone = true
	:: else
	fi;
#endif
#ifndef BREAK_WAIT
	gone;
#endif
	if
	:: m == 1 ->
#ifndef BREAK_MASKS
		d_step {
			ready = false;
			claimed = false
		}
#endif
		d_step {
			backed = false;
			written = 0
		}
	:: else
	fi;
	table[1 - version % 2] = false;
	version++;
	slot_map = 0;
	registered[m] = false
}

proctype writer()
{
	bool idle;

	enlist(1);
	withdraw(1);
	enlist(2);
	withdraw(2);
	enlist(1);
	withdraw(1)
}

init
{
	byte i;

	atomic {
		do
		:: i == READERS -> break
		:: else -> run reader(); i++
		od;
		run writer()
	}
}
