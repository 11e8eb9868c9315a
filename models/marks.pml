/* SPDX-License-Identifier: MIT */
/*
 * Marks: whoever takes pristine memory for a client holds the pages first, in
 * the step in which the mark is checked.
 *
 * Modelled, one step where the code has one atomic access or one critical
 * section of the zone's lock:
 *   src/buddy/zone.c     mu_zone_hold(), _unhold(), mu_buddy_take_held(),
 *                        mu_buddy_add_block()
 *   src/buddy/alloc.c    try_lists() and the walk over one zone
 *   src/deferred/huge.c  claim_some(), claim_held(): a page of a whole block
 *   src/deferred/run.c   find_run(), claim_run(): a run of two blocks
 *   src/deferred/grow.c  mu_claim_begin(), mu_claim_end(), one block for the
 *                        lists
 *
 * To be true in every run:
 *   - The zone never has less than its mark, free or pristine.
 *   - Whoever is refused by the mark is refused by right: at the moment when it
 *     looked, the zone had too little with all that others held.
 *   - Nothing is held at the end, and every page is free, pristine or handed
 *     out.
 *   - Progress: whoever waits for a claim comes to an end.
 *
 * Bounds: one zone of BLOCKS pristine blocks of two pages, three CPUs with an
 * operation each, handed out pages are not given back. Not modelled: memory
 * order, backing, caches (the deferred models have them).
 *
 * That the model can fail: BREAK_x is
 *   HOLD	the mark is checked, and the pages are not held (memup did so once)
 *   WAIT	whoever is refused because of what is held does not wait
 *   UNHOLD	a claim that lost to another keeps what it held
 *   HALF	the second half of a block comes to the lists in a step of its own
 *
 * spin: -DCPU1=HUGE -DCPU2=PAGE -DCPU3=PAGE -DBLOCKS=2 -DMARK=1
 * spin: -DCPU1=HUGE -DCPU2=HUGE -DCPU3=PAGE -DBLOCKS=3 -DMARK=2
 * spin: -DCPU1=HUGE -DCPU2=HALF -DCPU3=PAGE -DBLOCKS=3 -DMARK=3
 * spin: -DCPU1=HALF -DCPU2=HALF -DCPU3=PAGE -DBLOCKS=2 -DMARK=1
 * spin: -DCPU1=RUN -DCPU2=HUGE -DCPU3=PAGE -DBLOCKS=4 -DMARK=3
 * spin: -DCPU1=RUN -DCPU2=RUN -DCPU3=HALF -DBLOCKS=4 -DMARK=2
 * cycle: -DCPU1=HUGE -DCPU2=HUGE -DCPU3=PAGE -DBLOCKS=2 -DMARK=1
 * cycle: -DCPU1=RUN -DCPU2=HALF -DCPU3=PAGE -DBLOCKS=3 -DMARK=2
 * broken: -DBREAK_HOLD -DCPU1=HUGE -DCPU2=PAGE -DCPU3=PAGE -DBLOCKS=2 -DMARK=1
 * broken: -DBREAK_HOLD -DCPU1=RUN -DCPU2=HUGE -DCPU3=PAGE -DBLOCKS=4 -DMARK=3
 * broken: -DBREAK_WAIT -DCPU1=HUGE -DCPU2=HUGE -DCPU3=PAGE -DBLOCKS=2 -DMARK=1
 * broken: -DBREAK_UNHOLD -DCPU1=HUGE -DCPU2=HUGE -DCPU3=HUGE -DBLOCKS=6 -DMARK=0
 * broken: -DBREAK_HALF -DCPU1=HALF -DCPU2=PAGE -DCPU3=PAGE -DBLOCKS=2 -DMARK=1
 */

#define PAGE 1 /* one page, from the lists or a block */
#define HALF 2 /* a half: one page of a block; the other goes to the lists */
#define HUGE 3 /* a block */
#define RUN  4 /* two blocks */

byte lists;	      /* free pages in the lists (L) */
byte pristine = 2 * BLOCKS; /* counted as pristine (L) */
byte held;	      /* (L) */
byte extent = BLOCKS; /* blocks that nobody has claimed (A) */
byte busy;	      /* CPUs between mu_claim_begin() and _end() (A) */
byte growth;	      /* (A) */
byte out;	      /* pages that clients have */
byte ended;

#define HAS (lists + pristine)

/* Whoever is refused for @want pages, under the lock. */
#define REFUSED(want) assert(HAS < (want) + MARK)

/* mu_zone_hold() of @want pages: ans is YES, NO or LATER. */
mtype = { YES, NO, LATER, MISSED };
inline hold(want)
{
	d_step {
		if
		:: HAS >= held + (want) + MARK ->
			ans = YES;
#ifndef BREAK_HOLD
			held = held + (want)
#endif
		:: HAS < held + (want) + MARK && HAS >= (want) + MARK ->
#ifdef BREAK_WAIT
			ans = NO; REFUSED(want)
#else
			ans = LATER
#endif
		:: HAS < (want) + MARK -> ans = NO; REFUSED(want)
		fi
	}
}

inline unhold(want)
{
#if !defined(BREAK_HOLD) && !defined(BREAK_UNHOLD)
	d_step { assert(held >= (want)); held = held - (want) }
#else
	skip
#endif
}

/* mu_buddy_take_held(), _take_half(): @block pages are not pristine any more,
 * @want of them are the client's. */
inline take_held(block, want)
{
	d_step {
		assert(pristine >= (block));
		pristine = pristine - (block);
#ifndef BREAK_HOLD
		assert(held >= (want));
		held = held - (want);
#endif
		out = out + (want);
#ifndef BREAK_HALF
		lists = lists + (block) - (want);
#endif
		assert(HAS >= MARK)
	}
#ifdef BREAK_HALF
	lists = lists + (block) - (want)
#endif
}

/* mu_claim() of @blocks, as they were when they were peeked at. */
inline claim(blocks)
{
	d_step {
		if
		:: extent == seen_extent && extent >= (blocks) ->
			extent = extent - (blocks);
			ans = YES
		:: else -> ans = MISSED
		fi
	}
}

inline claim_end()
{
	growth++;
	busy--
}

/* Returns when growth is past @seen, or nobody is busy. */
inline wait()
{
	(growth != seen || !busy)
}

/* claim_some(), find_run() */
inline large(blocks, want)
{
	do
	::
		seen = growth;
		seen_extent = extent;
		if
		:: seen_extent < (blocks) -> break
		:: else
		fi;
		busy++;
		hold(want);
		if
		:: ans == YES ->
			claim(blocks);
			if
			:: ans == YES -> take_held(2 * (blocks), want)
			:: else -> unhold(want)
			fi
		:: else
		fi;
		claim_end();
		if
		:: ans == YES || ans == NO -> break
		:: ans == LATER ->
			/* It looks again when that claim has ended. */
			(growth != seen + 1 || !busy)
		:: ans == MISSED
		fi
	od
}

/* try_zone() */
inline small()
{
	do
	::
		seen = growth;
		d_step {
			if
			:: HAS >= held + 1 + MARK ->
				if
				:: lists -> lists--; out++; ans = YES;
					assert(HAS >= MARK)
				:: else -> ans = MISSED
				fi
			:: HAS < held + 1 + MARK && HAS >= 1 + MARK ->
#ifdef BREAK_WAIT
				ans = NO; REFUSED(1)
#else
				ans = LATER
#endif
			:: HAS < 1 + MARK -> ans = NO; REFUSED(1)
			fi
		};
		if
		:: ans == YES || ans == NO -> break
		:: ans == LATER -> wait()
		:: ans == MISSED ->
			/* mu_deferred_grow() */
			seen_extent = extent;
			if
			:: seen_extent ->
				busy++;
				claim(1);
				if
				:: ans == YES ->
					d_step {
						pristine = pristine - 2;
						lists = lists + 2;
						if
						:: HAS >= held + 1 + MARK ->
							lists--;
							out++;
							assert(HAS >= MARK)
						:: else -> ans = MISSED
						fi
					}
				:: else
				fi;
				claim_end();
				if
				:: ans == YES -> break
				:: else
				fi
			:: else ->
				/* Nothing left: somebody is busy, or the lists
				 * have changed, or it is over. */
				if
				:: busy -> wait()
				:: !busy && growth == seen -> break
				:: !busy && growth != seen
				fi
			fi
		fi
	od
}

proctype cpu(byte what)
{
	mtype ans;
	byte seen, seen_extent;

	if
	:: what == PAGE -> small()
	:: what == HALF -> large(1, 1)
	:: what == HUGE -> large(1, 2)
	:: what == RUN -> large(2, 4)
	fi;
	ended++
}

init
{
	atomic {
		run cpu(CPU1);
		run cpu(CPU2);
		run cpu(CPU3)
	}
	ended == 3;
	assert(!held && !busy);
	assert(lists + pristine + out == 2 * BLOCKS);
	assert(pristine == 2 * extent);
	assert(HAS >= MARK)
}
