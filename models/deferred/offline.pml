/* SPDX-License-Identifier: MIT */
/* src/hotplug/offline.c, online.c: zone 0. */

#define GO_END (GO_AT + GO_NR)
#define GATHERED(blk) (state[blk] == AWAY || iso[blk])
#define CLEAR(blk) (state[blk] == AWAY || fr[blk] == 3)
#define ALL_GATHERED (GATHERED(GO_AT) && GATHERED(GO_END - 1))
/* Would another turn get further? */
#define MORE(blk) \
	(!GATHERED(blk) && (state[blk] == ONLINE || IN_EXTENT(blk)))

/* withdraw(): pieces, or no_room. */
inline withdraw()
{
	do
	:: peek_in(GO_AT, GO_END);
		if
		:: !ok -> break
		:: else
		fi;
		claim_begin();
		cut(1);
		if
		:: ok -> d_step {
				/* mu_buddy_drop_pristine() */
				do
				:: j < cnt -> state[b + j] = AWAY; j++
				:: else -> break
				od;
				j = 0;
				pieces++
			}
		:: else
		fi;
		claim_end();
		d_step {
			rest = 0; ok = false; b = 0; cnt = 0;
			e = 0; h = 0; t = 0; nh = 0; nt = 0
		}
		if
		:: no_room -> break
		:: else
		fi
	od
}

#ifdef CACHE
#define IN_CACHES ((cache[1] | cache[2] | cache[3]) >> (2 * b) & 3)
#else
#define IN_CACHES 0
#endif

/* mu_isolated_gather(): a block at a time, by mu_buddy_move(). */
inline isolate()
{
#if defined(CACHE) && !defined(BREAK_MOVE)
	shut_caches();
#endif
	b = GO_AT;
	do
	:: b < GO_END ->
		d_step {
			if
			:: state[b] == ONLINE && !iso[b] ->
				assert(!IN_CACHES);
				iso[b] = true
			:: else
			fi;
			b++
		}
	:: else -> break
	od;
#if defined(CACHE) && !defined(BREAK_MOVE)
	shut--;
#endif
	b = 0
}

/* put_back() of pieces, one after the other. */
inline put_back()
{
	b = GO_AT;
	do
	:: b < GO_END && state[b] != AWAY ->
		d_step { iso[b] = false; b++ }
	:: b < GO_END && state[b] == AWAY ->
		d_step {
			cnt = 1;
			do
			:: b + cnt < GO_END && state[b + cnt] == AWAY -> cnt++
			:: else -> break
			od;
			pieces--
		}
		add_promised();
		d_step { b = b + cnt; cnt = 0 }
	:: else -> break
	od;
	atomic { b = 0; promised[z] = promised[z] - pieces; pieces = 0 };
	d_step {
		do
		:: j < GO_NR -> offl[GO_AT + j] = false; j++
		:: else -> break
		od;
		j = 0
	}
}

/* take_away(): mu_buddy_extract(), mu_memmap_withdraw(), and _unback() when
 * nobody who saw them pristine is about to back or claim them. */
inline take_away()
{
	b = GO_AT;
	do
	:: b < GO_END ->
		d_step {
			if
			:: iso[b] ->
				assert(fr[b] == 3 && !al[b] && online[b]);
				iso[b] = false;
				fr[b] = 0;
				state[b] = AWAY;
				online[b] = false;
				written[b] = false
			:: else
			fi;
			b++
		}
	:: else -> break
	od;
#ifndef BREAK_SETTLE
	looking[z] == 0;
#endif
	b = GO_AT;
	do
	:: b < GO_END ->
		d_step {
			assert(state[b] == AWAY && !online[b]);
			backed[b] = false;
			b++
		}
	:: else -> break
	od;
	b = 0;
	d_step { promised[z] = promised[z] - pieces; pieces = 0 }
}

/* mu_hotplug_offline(); with COME mu_hotplug_online() then. */
inline go(come)
{
	d_step {
		order = NOBODY;
		do
		:: j < GO_NR -> offl[GO_AT + j] = true; j++
		:: else -> break
		od;
		j = 0
	}
	do
	:: withdraw();
		isolate();
		if
		:: no_room || ALL_GATHERED -> break
#ifdef BREAK_FLIGHT
		:: !MORE(GO_AT) && !MORE(GO_END - 1) -> break
#endif
		:: else -> MORE(GO_AT) || MORE(GO_END - 1) || ALL_GATHERED
		fi
	od;
	/* mu_isolated_clear(): everything was given back, or it takes too long.
	 */
	if
	:: !no_room && CLEAR(GO_AT) && CLEAR(GO_END - 1) ->
		take_away();
		if
		:: come ->
			promise();
			if
			:: ok -> d_step {
					do
					:: j < GO_NR ->
						offl[GO_AT + j] = false;
						j++
					:: else -> break
					od;
					j = 0;
					b = GO_AT;
					cnt = GO_NR
				};
				add_promised();
				d_step { b = 0; cnt = 0 }
			:: else
			fi
		:: else
		fi
	:: put_back()
	fi
}
