/* SPDX-License-Identifier: MIT */
/* src/deferred/late.c: the middle of extents, and memory that comes late, of
 * zone 0. */

#ifdef BREAK_LOCK
#define TAKE_LOCK off[_pid] = true
#else
#define TAKE_LOCK atomic { !lock[z] -> lock[z] = true; off[_pid] = true }
#endif

/* cut(): to be between claim_begin() and claim_end(). p: room for so many more
 * is promised. */
inline cut(p)
{
	if
	:: rest || p -> TAKE_LOCK
	:: else
	fi;
	d_step {
		room();
#ifdef BREAK_PROMISE
		no_room = rest && !k;
#else
		no_room = (rest || p) &&
			k + (nh == nt && e % NE) < p + (rest > 0);
#endif
		k = 0
	}
	if
	:: no_room -> ok = false
	:: else -> claim()
	fi;
	if
	:: ok -> promised[z] = promised[z] + p
	:: else
	fi;
#ifndef BREAK_REST
	if
	:: ok && rest -> append(b + cnt, b + cnt + rest)
	:: else
	fi;
#endif
	if
	:: rest || p -> lock[z] = false
	:: else
	fi
}

inline claim_at()
{
	claim_begin();
	cut(0);
	if
	:: ok -> init_block(b); add_block(b) TELL_GROWTH
	:: else
	fi;
	claim_end();
#ifdef BREAK_REST
	if
	:: ok && rest -> append(b + 1, b + 1 + rest)
	:: else
	fi;
#endif
}

/* wait_and_init(): no_room is MU_ERR_FULL; else the block is online, or offline,
 * or could not be backed. */
inline init_at(blk)
{
	order = NOBODY;
	do
	:: atomic {
		online[blk] && !offl[blk] -> assert(written[blk]); break
	   }
	:: offl[blk] -> break
	:: else ->
		LOOK_BEGIN;
		peek_in(blk, blk + 1);
		if
		:: !ok ->
			LOOK_END;
			/* A spin: until looking again shows something else. */
			online[blk] || offl[blk] || IN_EXTENT(blk)
		:: else ->
			back();
			if
			:: ok -> claim_at()
			:: else -> no_room = true
			fi;
			LOOK_END
		fi;
		d_step {
			rest = 0; n = 0; ok = false;
			b = 0; cnt = 0; e = 0; h = 0; t = 0; nh = 0; nt = 0
		};
		if
		:: no_room -> break
		:: else
		fi
	od
}

/* mu_buddy_grow_pristine() of cnt blocks. */
inline grow_pristine()
{
	d_step {
		do
		:: j < cnt -> state[b + j] = PRISTINE; j++
		:: else -> break
		od;
		j = 0
	}
}

/* mu_deferred_add_late() of cnt blocks from b on, for which room was promised.
 */
inline add_promised()
{
#ifdef BREAK_IDLE
	off[_pid] = true;
#else
	claim_begin();
#endif
#ifndef BREAK_COUNT
	grow_pristine() TELL_GROWTH;
#endif
	TAKE_LOCK;
	promised[z]--;
	append(b, b + cnt);
	lock[z] = false;
#ifdef BREAK_COUNT
	grow_pristine();
#endif
#ifdef BREAK_IDLE
	off[_pid] = false
#else
	claim_end()
#endif
}

/* mu_deferred_promise(): ok. */
inline promise()
{
	atomic {
		!lock[z] ->
		room();
		ok = (k > 0);
		k = 0;
		promised[z] = promised[z] + ok
	}
}

/* mu_deferred_promise() and mu_deferred_add_late(); without room for an extent
 * free_part() of src/boot/late.c, block by block. */
inline add_late()
{
	d_step { order = NOBODY; b = N0 + N1; cnt = NLATE };
	promise();
	if
	:: ok -> add_promised()
	:: else ->
		cnt = 1;
		do
		:: b < NB ->
			back();
			if
			:: ok -> init_block(b)
			:: else -> break
			fi;
			d_step { state[b] = ONLINE; fr[b] = 3; b++ }
		:: else -> break
		od
	fi
}
