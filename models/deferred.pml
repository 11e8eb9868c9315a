/* SPDX-License-Identifier: MIT */
/*
 * Deferred initialisation: claims, growth, waiting, the walk over zones, blocks
 * taken out of the middle of extents, memory that comes late; several CPUs, and
 * an interrupt handler on the first of them.
 *
 * Modelled, one step where the code has one atomic access or one critical
 * section of a leaf lock:
 *   src/buddy/alloc.c      walk_zones() walk, try_zone(), try_lists()
 *   src/buddy/cache.c      mu_cache_take(), mu_cache_give(), refill(), bind(),
 *                          with CACHE; a batch is a page, refills take all
 *   src/buddy/drain.c      mu_buddy_shut(), mu_buddy_open(), drain_some()
 *   src/buddy/zone.c       mu_buddy_add_block(), _grow_pristine(),
 *                          _take_pristine()
 *   src/deferred/claim.c   mu_claim_peek(), _gigantic(), _run(), _in(), the
 *                          cursor, the hint first, mu_extent_append()
 *   src/deferred/grow.c    mu_claim_begin(), mu_claim_end(), mu_online_block(),
 *                          mu_deferred_grow(), _wait(), _take_zone()
 *   src/deferred/finish.c  mu_deferred_take(): what each helper of a job does
 *   src/deferred/huge.c    take_some(): a gigantic page; one huge page, whose
 *                          other half goes to the lists
 *   src/deferred/run.c     take_run(), claim_run(), init_run()
 *   src/deferred/late.c    claim_at(), mu_deferred_init_block(), _promise(),
 *                          _add_late(), which is all that hot-added memory and
 *                          a late free have in common with claims; without room
 *                          src/boot/late.c: free_part()
 *   src/memmap/memmap.c    mu_memmap_back() (may fail, with MAYFAIL),
 *                          mu_memmap_init_block(), mu_memmap_publish()
 *
 * Not modelled: orders but a page, a block (two pages) and a gigantic page (two
 * blocks), merging (free pages are bits); the watermarks, which are all zero;
 * the fast path, which is try_lists() once more; padata and the background
 * finisher around mu_deferred_take(). Nor memory order: every access is
 * sequentially consistent here, so that a missing acquire or release, as that
 * of the hint first, cannot be shown.
 *
 * To be true in every run:
 *   - Conservation: at the end each page is free, allocated or pristine in just
 *     one extent, or is reserved still; no page is handed out twice, no block
 *     claimed twice or before it is counted.
 *   - Nothing is read before it is written, or written before it is backed.
 *   - No zone gives up too early. When its last word is MU_EXHAUSTED, then at
 *     the moment at which the lists were looked at, under zone->lock, no block
 *     of the zone was pristine (counted in pristine_pages and not claimed) or
 *     in flight (claimed, and neither in the lists nor counted as a client's).
 *     When it is MU_GROW_FAILED, none was in flight. And in neither case, nor
 *     when a mark refuses, was there a page in a cache. That moment is where the
 *     failure takes effect, for each zone its own. For who only grows a zone it
 *     is the moment at which it read growth.
 *   - Progress: no deadlock (spin's check for invalid end states); so no
 *     handler waits for the CPU that it interrupted. Where the code spins the
 *     model blocks until looking again would show something else. Under
 *     "cycle:" there is no cycle in the graph of all states: every loop is
 *     bounded and every CPU comes to its end, whatever the scheduler does.
 *
 * Bounds: up to three CPUs and one handler, one operation each (allocations
 * TIMES); N0 blocks in zone 0, N1 in zone 1, NLATE that come late; an extent a
 * zone at first, and room for SPARE more. A handler begins at any time when its
 * CPU has interrupts on; the CPU stands still until it is done.
 *
 * That the model can fail: each "broken:" search must find an error. BREAK_x is
 *   BUSY		busy is counted after the claim
 *   SEEN		growth is read after the lists
 *   PAST		growth is looked at before busy
 *   PEEK		a CPU is busy before it knows of a block: who finds nothing
 *		keeps others waiting, and they him
 *   BACK		what is claimed is backed afterwards, which may fail
 *   IRQ		interrupts are on while busy
 *   WAIT		nobody is waited for
 *   PUBLISH	online before it is written
 *   WORDS	head and tail of a cursor are words of their own
 *   REST		what is cut off gets its extent after the CPU was busy
 *   LOCK		extents are appended without the lock
 *   COUNT	late memory is counted after it can be claimed
 *   IDLE		late memory is added without being busy
 *   GROWTH	growth moves when memory comes to the lists or is counted, not
 *		when a claim ends (memup did so once)
 *   FAILED	who cannot back a block looks no further (so too)
 *   GROWER	who only grows a zone stops when it finds nothing (so too)
 *   CACHED	caches are not emptied
 *   BOUND	a cache holds a page before it is in the zone's list
 *   UNBIND	a cache leaves the list before it is empty
 *   OFF		interrupts are on in a cache: a handler waits for its own CPU
 * and the last one breaks the rule that mu_deferred_init_block() is not for
 * handlers.
 *
 * spin: -DCPU1=ALLOC -DCPU2=ALLOC -DIRQ1=ALLOC -DN0=1
 * spin: -DCPU1=BLOCK -DCPU2=BLOCK -DCPU3=BLOCK -DN0=1
 * spin: -DCPU1=ALLOC -DCPU2=HELP -DIRQ1=ALLOC -DN0=1 -DN1=1
 * spin: -DCPU1=ALLOC -DCPU2=ALLOC1 -DCPU3=HELP -DN0=1 -DN1=1
 * spin: -DCPU1=ALLOC -DCPU2=ALLOC -DIRQ1=ALLOC -DN0=2 -DMAYFAIL=1
 * spin: -DCPU1=BLOCK -DCPU2=GIGANTIC -DCPU3=HELP -DN0=3
 * spin: -DCPU1=HUGE -DCPU2=BLOCK -DIRQ1=ALLOC -DN0=2
 * spin: -DCPU1=ALLOC -DCPU2=FREE -DCPU3=HUGE -DN0=2
 * spin: -DCPU1=RUN -DCPU2=CUT -DIRQ1=ALLOC -DN0=3
 * spin: -DCPU1=ALLOC -DCPU2=CUT -DCPU3=HELP -DN0=3
 * spin: -DCPU1=CUT -DCPU2=CUT2 -DCPU3=HELP -DN0=4 -DSPARE=2
 * spin: -DCPU1=BLOCK -DCPU2=LATE -DIRQ1=ALLOC -DN0=1 -DNLATE=1 -DTIMES=2
 * spin: -DCPU1=LATE -DCPU2=HELP -DIRQ1=ALLOC -DN0=1 -DNLATE=2
 * spin: -DCPU1=CUT -DCPU2=LATE -DIRQ1=ALLOC -DN0=3 -DNLATE=1
 * spin: -DCACHE -DCPU1=FREE -DCPU2=BLOCK -DIRQ1=ALLOC -DN0=1
 * spin: -DCACHE -DCPU1=FREE -DCPU2=FREE -DIRQ1=ALLOC -DN0=1
 * spin: -DCACHE -DCPU1=FREE -DCPU2=ALLOC -DIRQ1=BLOCK -DN0=1 -DN1=1
 * spin: -DCACHE -DCPU1=FREE -DCPU2=HELP -DIRQ1=ALLOC -DN0=1
 * spin: -DCACHE -DCPU1=FREE -DCPU2=ALLOC -DN0=2 -DMAYFAIL=1
 * spin: -DCACHE -DSAME -DCPU1=FREE -DCPU2=FREE -DIRQ1=BLOCK -DN0=1
 * cycle: -DCACHE -DCPU1=FREE -DCPU2=BLOCK -DIRQ1=ALLOC -DN0=1
 * cycle: -DCACHE -DCPU1=FREE -DCPU2=BLOCK -DIRQ1=BLOCK -DN0=1
 * cycle: -DCPU1=ALLOC -DCPU2=ALLOC -DIRQ1=ALLOC -DN0=1
 * cycle: -DCPU1=BLOCK -DCPU2=BLOCK -DCPU3=BLOCK -DN0=1
 * cycle: -DCPU1=ALLOC -DCPU2=HELP -DN0=1 -DN1=1
 * cycle: -DCPU1=ALLOC -DCPU2=ALLOC -DN0=2 -DMAYFAIL=1
 * cycle: -DCPU1=HELP -DCPU2=CUT -DIRQ1=ALLOC -DN0=3
 * cycle: -DCPU1=BLOCK -DCPU2=HUGE -DCPU3=GIGANTIC -DN0=2
 * cycle: -DCPU1=LATE -DCPU2=HELP -DIRQ1=ALLOC -DN0=1 -DNLATE=2
 * broken: -DBREAK_BUSY -DCPU1=BLOCK -DCPU2=ALLOC -DN0=1
 * broken: -DBREAK_SEEN -DCPU1=ALLOC -DCPU2=ALLOC -DN0=1
 * broken: -DBREAK_PAST -DCPU1=ALLOC -DCPU2=ALLOC -DN0=1
 * broken: -DBREAK_PEEK -DCPU1=BLOCK -DCPU2=BLOCK -DCPU3=BLOCK -DN0=1
 * broken: -DBREAK_BACK -DCPU1=ALLOC -DCPU2=ALLOC -DN0=1 -DMAYFAIL=1
 * broken: -DBREAK_IRQ -DCPU1=ALLOC -DIRQ1=ALLOC -DN0=1
 * broken: -DBREAK_WAIT -DCPU1=ALLOC -DCPU2=ALLOC -DN0=1
 * broken: -DBREAK_PUBLISH -DCPU1=CUT -DCPU2=HELP -DN0=2
 * broken: -DBREAK_WORDS -DCPU1=HELP -DCPU2=GIGANTIC -DN0=2
 * broken: -DBREAK_REST -DCPU1=ALLOC -DCPU2=CUT -DCPU3=HELP -DN0=3
 * broken: -DBREAK_LOCK -DCPU1=CUT -DCPU2=LATE -DSPARE=2 -DN0=3 -DNLATE=1
 * broken: -DBREAK_COUNT -DCPU1=HELP -DCPU2=LATE -DN0=1 -DNLATE=1
 * broken: -DBREAK_IDLE -DCPU1=BLOCK -DCPU2=LATE -DN0=1 -DNLATE=1 -DTIMES=2
 * broken: -DBREAK_GROWTH -DCPU1=BLOCK -DCPU2=LATE -DN0=1 -DNLATE=1 -DTIMES=2
 * broken: -DBREAK_GROWTH -DCPU1=ALLOC -DCPU2=HUGE -DN0=1
 * broken: -DBREAK_FAILED -DCPU1=ALLOC -DCPU2=ALLOC -DN0=2 -DMAYFAIL=1
 * broken: -DBREAK_GROWER -DCPU1=HELP -DCPU2=CUT -DN0=3
 * broken: -DBREAK_CACHED -DCACHE -DCPU1=FREE -DCPU2=BLOCK -DN0=1
 * broken: -DBREAK_BOUND -DCACHE -DCPU1=FREE -DCPU2=BLOCK -DN0=1
 * broken: -DBREAK_UNBIND -DCACHE -DCPU1=FREE -DCPU2=BLOCK -DIRQ1=BLOCK -DN0=1
 * broken: -DBREAK_OFF -DCACHE -DCPU1=FREE -DIRQ1=BLOCK -DN0=1
 * broken: -DCPU1=RUN -DIRQ1=CUT -DN0=2
 */
#ifndef N0
#define N0 2
#endif
#ifndef N1
#define N1 0
#endif
#ifndef NLATE
#define NLATE 0
#endif
#ifndef SPARE
#define SPARE 1
#endif
#ifndef CPU1
#define CPU1 ALLOC
#endif
#ifndef CPU2
#define CPU2 NOTHING
#endif
#ifndef CPU3
#define CPU3 NOTHING
#endif
#ifndef IRQ1
#define IRQ1 NOTHING
#endif
#ifndef CUT_AT
#define CUT_AT 1
#endif
#ifndef TIMES
#define TIMES 1
#endif
#ifndef MAYFAIL
#define MAYFAIL 0
#endif

#define NB	(N0 + N1 + NLATE)
#if N1
#define NZ	2
#else
#define NZ	1
#endif
#define NE	(1 + SPARE)
#define NOWHERE 255

/* What a CPU, or a handler, does. */
#define NOTHING	 0
#define ALLOC	 1 /* a page, TIMES times; zone 0 first */
#define ALLOC1	 2 /* the same, zone 1 first */
#define BLOCK	 3 /* a block, TIMES times */
#define FREE	 4 /* a page, and frees it */
#define HELP	 5 /* mu_deferred_take() of everything */
#define HUGE	 6 /* one huge page: half a block */
#define GIGANTIC 7 /* two blocks from a tail */
#define RUN	 8 /* two blocks from a head */
#define CUT	 9 /* mu_deferred_init_block(CUT_AT) */
#define CUT2	 10 /* the same of CUT_AT + 1 */
#define LATE	 11 /* NLATE blocks come late to zone 0 */

#define CPUS	 (1 + (CPU2 > 0) + (CPU3 > 0) + (IRQ1 > 0))

/* Orders: pages in one. Nobody's: MU_NR_ORDERS. */
#define PAGE	 1
#define ALL	 2
#define NOBODY	 0

/* Answers of a zone. */
#define LOST	 0
#define GREW	 1
#define GROWN	 2 /* MU_GROWN_BY_OTHER */
#define GROWS	 3 /* MU_GROWS_BY_OTHER */
#define NO_MORE	 4 /* MU_EXHAUSTED */
#define NO_BACK	 5 /* MU_GROW_FAILED */
#define REFUSED	 6 /* by the mark: NO_MORE of try_zone() */

/* struct mu_extent: the cursor is the pair head, tail. */
byte start[NZ * NE], end[NZ * NE], head[NZ * NE], tail[NZ * NE];
/* struct mu_pristine */
byte nr[NZ], first[NZ], busy[NZ];
byte promised[NZ];
bool lock[NZ];
/* struct mu_zone: growth. The other fields follow from the blocks below. */
byte growth[NZ];

#ifdef CACHE
/* struct mu_cache of zone 0, by the pid of the CPU: a bit for each page. With
 * SAME all threads say that they are one CPU. */
byte cache[5];
bool bound[5], klock[5];
byte shut;
#ifdef SAME
#define WHO_I_AM 1
#else
#define WHO_I_AM (victim -> victim : _pid)
#endif
#define CACHED (bound[1] || bound[2] || bound[3])
#endif

/* The blocks: what is true of them. */
#define RESERVED 0 /* or not there yet */
#define PRISTINE 1
#define CLAIMED	 2
#define OWNED	 3 /* claimed and counted as allocated, not yet online */
#define ONLINE	 4
byte state[NB];
bool backed[NB], written[NB], online[NB];
byte fr[NB], al[NB]; /* free and allocated pages: bits 1 and 2 */

/* The CPUs, by pid. */
bool off[5];	/* interrupts are off */
bool irq[5];	/* a handler runs there */
byte ended;

#define ZONE_OF(b) ((b) >= N0 && (b) < N0 + N1)

/* ---- ghosts ---- */

/* had: is some block of zone z pristine (1), in flight (2), cached in part
 * (4)? */
inline look()
{
	had = 0;
	j = 0;
	do
	:: j < NB ->
		if
		:: ZONE_OF(j) == z && state[j] == PRISTINE -> had = had | 1
		:: ZONE_OF(j) == z && state[j] == CLAIMED -> had = had | 2
		:: else
		fi;
		j++
	:: else -> break
	od;
#ifdef CACHE
	had = (z == 0 && (cache[1] | cache[2] | cache[3]) -> had | 4 : had);
#endif
	j = 0
}

/* left: pages of zone z, free or pristine. */
inline count()
{
	left = 0;
	j = 0;
	do
	:: j < NB ->
		if
		:: ZONE_OF(j) != z
		:: else ->
			left = left + (fr[j] & 1) + (fr[j] >> 1);
			if
			:: state[j] == PRISTINE || state[j] == CLAIMED ->
				left = left + 2
			:: else
			fi
		fi;
		j++
	:: else -> break
	od;
	j = 0
}

/* ---- src/buddy/zone.c: each one critical section of zone->lock ---- */

#define HAND_OUT(blk, bits) \
	assert(written[blk] && !(al[blk] & (bits))); \
	al[blk] = al[blk] | (bits)

/* try_lists(): taken, REFUSED, or LOST for short. */
inline try_lists()
{
	d_step {
		look();
		count();
#ifdef CACHE
		cached = (z == 0 && CACHED);
#endif
		ans = REFUSED;
		b = NOWHERE;
		if
		:: left >= order ->
			ans = LOST;
			do
			:: j < NB ->
				if
				:: ZONE_OF(j) == z && fr[j] == 3 &&
				   b == NOWHERE -> b = j
				:: ZONE_OF(j) == z && order == PAGE &&
				   (fr[j] == 1 || fr[j] == 2) -> b = j
				:: else
				fi;
				j++
			:: else -> break
			od;
			j = 0
		:: else
		fi;
		left = 0;
		if
		:: b == NOWHERE -> b = 0
		:: else ->
			/* A descriptor is read: the list's head. */
			n = (order == ALL -> 3 : (fr[b] & 1 -> 1 : 2));
			HAND_OUT(b, n);
			fr[b] = fr[b] & (3 - n);
			page = 2 * b + (n == 2);
			ans = GREW;
			n = 0;
			b = 0
		fi
	}
}

inline add_block(blk)
{
	d_step {
		assert(state[blk] == CLAIMED);
		assert(written[blk] && !fr[blk] && !al[blk]);
		state[blk] = ONLINE;
		if
		:: order == NOBODY -> fr[blk] = 3
		:: order == PAGE -> HAND_OUT(blk, 1); fr[blk] = 2;
			page = 2 * blk
		:: order == ALL -> HAND_OUT(blk, 3); page = 2 * blk
		fi
	}
}

inline free_page(p)
{
	d_step {
		assert(written[(p) / 2] && al[(p) / 2] & (1 << (p) % 2));
		al[(p) / 2] = al[(p) / 2] & (3 - (1 << (p) % 2));
		fr[(p) / 2] = fr[(p) / 2] | (1 << (p) % 2)
	}
}

/* ---- src/buddy/cache.c: zone 0 ---- */

#ifdef CACHE

#ifdef BREAK_OFF
#define IRQ_OFF skip
#else
#define IRQ_OFF off[_pid] = true
#endif

/* The page of the lowest bit of mask to n. */
inline lowest(mask)
{
	n = 0;
	do
	:: !((mask) & (1 << n)) -> n++
	:: else -> break
	od
}

/* lock_own(): ok. */
inline lock_own()
{
	atomic {
		ok = !klock[me];
		if
		:: ok -> klock[me] = true; IRQ_OFF
		:: else
		fi
	};
	if
	:: ok ->
#ifndef BREAK_BOUND
		if
		:: !bound[me] && !shut ->
			d_step {
				if
				:: !shut -> bound[me] = true
				:: else
				fi
			}
		:: else
		fi;
		ok = bound[me] && !shut;
#else
		ok = !shut;
#endif
		if
		:: !ok -> cache_unlock()
		:: else
		fi
	:: else
	fi
}

inline cache_unlock()
{
	d_step { klock[me] = false; off[_pid] = false }
}

inline unlock_and_bind()
{
#ifdef BREAK_BOUND
	cache_unlock();
	bound[me] = true
#else
	cache_unlock()
#endif
}

/* mu_cache_take(): GREW or LOST. */
inline cache_take()
{
	ans = LOST;
	lock_own();
	if
	:: ok ->
		if
		:: !cache[me] ->
			/* refill(): parts of blocks */
			d_step {
				do
				:: !shut && j < N0 ->
					if
					:: fr[j] == 1 || fr[j] == 2 ->
						cache[me] = cache[me] |
							(fr[j] << (2 * j));
						fr[j] = 0
					:: else
					fi;
					j++
				:: else -> break
				od;
				j = 0
			}
		:: else
		fi;
		d_step {
			if
			:: cache[me] ->
				lowest(cache[me]);
				cache[me] = cache[me] & ~(1 << n);
				HAND_OUT(n / 2, 1 << (n % 2));
				page = n;
				ans = GREW;
				n = 0
			:: else
			fi
		};
		unlock_and_bind()
	:: else
	fi;
	ok = false
}

/* mu_free_pages() of one page. */
inline cache_give(p)
{
	/* take_back(): it is nobody's. */
	d_step {
		assert(al[(p) / 2] & (1 << (p) % 2));
		al[(p) / 2] = al[(p) / 2] & (3 - (1 << (p) % 2))
	};
	lock_own();
	if
	:: ok ->
		cache[me] = cache[me] | (1 << (p));
		unlock_and_bind()
	:: else ->
		fr[(p) / 2] = fr[(p) / 2] | (1 << (p) % 2)
	fi;
	ok = false
}

/* drain_some(): a page of the cache of CPU k. */
inline drain_some()
{
#ifdef BREAK_UNBIND
	bound[k] = false;
#endif
	atomic { !klock[k] -> klock[k] = true; IRQ_OFF };
	d_step {
		if
#ifndef BREAK_UNBIND
		:: bound[k] ->
#else
		:: true ->
#endif
			if
			:: cache[k] ->
				lowest(cache[k]);
				cache[k] = cache[k] & ~(1 << n);
				fr[n / 2] = fr[n / 2] | (1 << (n % 2));
				n = 0
			:: else
			fi;
			bound[k] = (cache[k] != 0)
		:: else
		fi
	};
	d_step { klock[k] = false; off[_pid] = false }
}

/* mu_buddy_shut() */
inline shut_caches()
{
	shut++;
	do
	:: d_step {
		k = (bound[1] -> 1 : (bound[2] -> 2 : (bound[3] -> 3 : 0)))
	   };
		if
		:: k == 0 -> break
		:: else
		fi;
		drain_some()
	od;
	k = 0
}

#endif

/* ---- src/deferred/claim.c ---- */

/* One load of the cursor of extent i of zone z. */
#define LOAD \
	e = z * NE + i; \
	h = head[e]; \
	t = tail[e]

/* mu_claim_peek(): e is NOWHERE when nothing is pristine. */
inline peek()
{
	i = first[z];
	d_step { k = i; n = nr[z]; e = NOWHERE }
	do
	:: atomic {
		i < n ->
		LOAD;
		if
		:: h < t ->
			nh = h + 1;
			nt = t;
			b = h;
			cnt = 1;
			break
		:: else -> e = NOWHERE; i++
		fi
	   }
	:: else -> break
	od;
	if
	:: e != NOWHERE && i != k -> d_step { first[z] = i; k = 0; n = 0; i = 0 }
	:: else -> d_step { k = 0; n = 0; i = 0 }
	fi
}

/* mu_claim_peek_gigantic() */
inline peek_gigantic()
{
	i = first[z];
	d_step { n = nr[z]; e = NOWHERE }
	do
	:: atomic {
		i < n ->
		LOAD;
		if
		:: t >= h + 2 && t % 2 == 0 ->
			nh = h;
			nt = t - 2;
			b = nt;
			cnt = 2;
			break
		:: else -> e = NOWHERE; i++
		fi
	   }
	:: else -> break
	od;
	atomic { n = 0; i = 0 }
}

/* mu_claim_peek_run(): cnt is 1 for a block in the way. */
inline peek_run()
{
	i = first[z];
	d_step { n = nr[z]; e = NOWHERE }
	do
	:: atomic {
		i < n ->
		LOAD;
		if
		:: h < t && h + h % 2 + 2 <= t ->
			cnt = 2 - h % 2;
			nh = h + cnt;
			nt = t;
			b = h;
			break
		:: else -> e = NOWHERE; i++
		fi
	   }
	:: else -> break
	od;
	atomic { n = 0; i = 0 }
}

/* mu_claim_peek_in() for one block: ok; else e is NOWHERE when no extent was
 * made of it. rest. */
inline peek_at(blk)
{
	d_step { n = nr[z]; e = NOWHERE; k = NOWHERE; ok = false }
	do
	:: atomic {
		i < n ->
		LOAD;
		if
		:: start[e] <= blk && blk < end[e] -> k = e
		:: else
		fi;
		if
		:: h <= blk && blk < t ->
			rest = (blk == h -> 0 : t - blk - 1);
			nh = (blk == h -> h + 1 : h);
			nt = (blk == h -> t : blk);
			b = blk;
			cnt = 1;
			ok = true;
			break
		:: else -> e = k; i++
		fi
	   }
	:: else -> break
	od;
	atomic { i = 0; k = 0 }
}

/* mu_claim(): the compare-and-exchange. */
inline claim()
{
	d_step {
#ifdef BREAK_WORDS
		ok = (nt == t -> head[e] == h : tail[e] == t);
		nh = (nt == t -> nh : head[e]);
		nt = (nt == t -> tail[e] : nt);
#else
		ok = (head[e] == h && tail[e] == t);
#endif
		if
		:: ok ->
			head[e] = nh;
			tail[e] = nt;
			do
			:: j < cnt ->
				/* Nobody else's, and counted. */
				assert(state[b + j] == PRISTINE);
				state[b + j] = CLAIMED;
				j++
			:: else -> break
			od;
			j = 0
		:: else
		fi;
		e = 0; h = 0; t = 0; nh = 0; nt = 0
	}
}

/* mu_extent_append() */
inline append(from, to)
{
	d_step {
		k = z * NE + nr[z];
		assert(nr[z] < NE);
		start[k] = from;
		end[k] = to;
		head[k] = from;
		tail[k] = to;
		k = 0
	}
#ifdef BREAK_LOCK
	k = nr[z];
	d_step { nr[z] = k + 1; k = 0 }
#else
	nr[z]++
#endif
}

/* ---- src/memmap ---- */

/* mu_memmap_back() of cnt blocks from b on; ok. */
inline back()
{
	d_step { ok = true; j = 0 }
	do
	:: atomic { j < cnt && backed[b + j] -> j++ }
	:: atomic { j < cnt && !backed[b + j] -> backed[b + j] = true; j++ }
	:: atomic {
		MAYFAIL && j < cnt && !backed[b + j] -> ok = false; break
	   }
	:: else -> break
	od;
	j = 0
}

/* mu_memmap_init_block() and mu_memmap_publish() */
inline init_block(blk)
{
#ifdef BREAK_PUBLISH
	online[blk] = true;
#endif
	d_step {
		assert(backed[blk] && !written[blk]);
		written[blk] = true
	}
#ifndef BREAK_PUBLISH
	online[blk] = true
#endif
}

/* ---- src/deferred/grow.c ---- */

inline claim_begin()
{
	/* irq_save() is seen by this CPU alone. */
	d_step {
#ifndef BREAK_IRQ
		off[_pid] = true;
#endif
		busy[z]++
	}
}

inline claim_end()
{
#ifndef BREAK_GROWTH
	d_step { growth[z]++; assert(growth[z] < 64) }
#endif
	d_step { busy[z]--; off[_pid] = false }
}

#ifdef BREAK_GROWTH
#define TELL_GROWTH ; growth[z]++
#else
#define TELL_GROWTH
#endif

/* mu_deferred_grow() */
inline grow()
{
	ans = LOST;
	do
	:: ans == LOST ->
#ifdef BREAK_PEEK
		claim_begin();
#endif
		peek();
		if
		:: e == NOWHERE -> d_step { ans = NO_MORE; e = 0 }
#ifdef BREAK_PEEK
			claim_end();
#endif
			break
		:: else
		fi;
#ifdef BREAK_BACK
		claim_begin();
		claim();
		if
		:: ok ->
			back();
			if
			:: !ok -> claim_end(); ans = NO_BACK; break
			:: else
			fi
		:: else
		fi;
#else
		back();
		if
		:: !ok -> d_step {
				ans = NO_BACK;
				b = 0; cnt = 0;
				e = 0; h = 0; t = 0; nh = 0; nt = 0
			};
#ifdef BREAK_PEEK
			claim_end();
#endif
			break
		:: else
		fi;
#ifdef BREAK_BUSY
		claim();
		claim_begin();
#else
#ifndef BREAK_PEEK
		claim_begin();
#endif
		claim();
#endif
#endif
		if
		:: ok ->
			init_block(b);
			add_block(b) TELL_GROWTH;
			ans = GREW
		:: else
		fi;
		d_step { b = 0; cnt = 0 }
		claim_end()
	:: else -> break
	od;
	if
	:: ans == GREW
#ifdef BREAK_FAILED
	:: ans == NO_BACK
#endif
#ifdef BREAK_GROWER
	:: order == NOBODY && ans != GREW
#endif
	:: else ->
#ifdef BREAK_PAST
		past = (growth[z] != seen);
		ok = (busy[z] > 0);
#else
		ok = (busy[z] > 0);
		past = (growth[z] != seen);
#endif
		d_step {
			ans = (past -> GROWN : (ok -> GROWS : ans));
			past = false;
			ok = false
		}
	fi
}

/* What a zone's last word means: at the look, nothing could serve. */
inline last_word()
{
	d_step {
		assert(ans != NO_MORE || !had);
		assert(ans != NO_BACK || !(had & 6));
		assert(ans != REFUSED || !(had & 4));
		had = 0
	}
}

/* mu_deferred_wait() */
inline wait()
{
	busy[z] == 0 || growth[z] != seen
}

/* ---- src/buddy/alloc.c ---- */

/* try_zone(): GREW, GROWS, or no. */
inline try_zone()
{
	do
	::
#ifdef BREAK_SEEN
		try_lists();
		seen = growth[z];
#else
		seen = growth[z];
		try_lists();
#endif
		if
		:: ans == LOST -> grow()
		:: else
		fi;
		if
		:: ans == GROWN
#if defined(CACHE) && !defined(BREAK_CACHED)
		:: ans != GROWN && ans != GREW && cached ->
			assert(!mine);
			mine = true;
			shut_caches()
		:: ans != GROWN && (ans == GREW || !cached) -> break
#else
		:: else -> break
#endif
		fi
	od;
#ifdef CACHE
	if
	:: mine -> d_step { shut--; mine = false; cached = false }
	:: else
	fi;
#endif
#ifdef BREAK_WAIT
	ans = (ans == GROWS -> NO_MORE : ans);
#endif
	last_word()
}

/* walk_zones(): ans is GREW or not. */
inline walk(nid)
{
	do
	::
		zi = 0;
		growing = NOWHERE;
		do
		:: zi < NZ ->
			z = (zi + nid) % NZ;
			try_zone();
			if
			:: ans == GREW -> break
			:: ans == GROWS && growing == NOWHERE ->
				d_step { growing = z; gseen = seen }
			:: else
			fi;
			zi++
		:: else -> break
		od;
		if
		:: ans == GREW || growing == NOWHERE -> break
		:: else -> d_step { z = growing; seen = gseen };
			wait()
		fi
	od;
	atomic { zi = 0; growing = 0; gseen = 0; seen = 0; z = 0 }
}

/* ---- src/deferred/grow.c, finish.c: mu_deferred_take() of everything ---- */

inline take_all()
{
	order = NOBODY;
	z = 0;
	do
	:: z < NZ ->
		do
		::
			/* Caches are nothing to who only grows. */
			d_step { look(); had = had & 3; seen = growth[z] };
			grow();
			if
			:: ans == NO_MORE || ans == NO_BACK -> break
			:: ans == GROWS -> wait()
			:: else
			fi
		od;
		last_word();
		z++
	:: else -> break
	od;
	atomic { z = 0; seen = 0 }
}

/* ---- src/deferred/huge.c, run.c: zone 0 ---- */

/* mu_buddy_take_pristine() */
inline take_pristine()
{
	d_step {
		do
		:: j < cnt ->
			assert(state[b + j] == CLAIMED);
			state[b + j] = OWNED;
			j++
		:: else -> break
		od;
		j = 0
	}
}

/* A block that somebody owns is his. */
inline own(blk)
{
	d_step {
		assert(state[blk] == OWNED && !fr[blk]);
		HAND_OUT(blk, 3);
		state[blk] = ONLINE
	}
}

inline alloc_huge()
{
	ok = false;
	do
	:: !ok ->
		d_step { count(); k = left; left = 0 };
		if
		:: k < (role == HUGE -> 1 : 4) -> break
		:: else -> k = 0
		fi;
		if
		:: role == HUGE -> peek()
		:: else -> peek_gigantic()
		fi;
		if
		:: e == NOWHERE -> break
		:: else
		fi;
		back();
		if
		:: !ok -> break
		:: else
		fi;
		claim_begin();
		claim();
		if
		:: ok ->
			init_block(b);
			if
			:: cnt == 2 -> init_block(b + 1)
			:: else
			fi;
			take_pristine();
			own(b);
			if
			:: cnt == 2 -> own(b + 1)
			:: else -> free_page(2 * b + 1)
			fi
		:: else
		fi;
		claim_end()
	:: else -> break
	od;
	atomic {
		b = 0; cnt = 0; ok = false; k = 0;
		e = 0; h = 0; t = 0; nh = 0; nt = 0
	}
}

inline alloc_run()
{
	ok = false;
	do
	:: !ok ->
		d_step { count(); k = left; left = 0 };
		if
		:: k < 4 -> break
		:: else -> k = 0
		fi;
		peek_run();
		if
		:: e == NOWHERE -> break
		:: else
		fi;
		back();
		if
		:: !ok -> break
		:: else
		fi;
		claim_begin();
		claim();
		if
		:: ok && cnt == 1 ->
			init_block(b);
			add_block(b) TELL_GROWTH;
			ok = false
		:: ok && cnt == 2 ->
			take_pristine()
		:: else
		fi;
		claim_end();
		/* init_run() */
		if
		:: ok && cnt == 2 ->
			off[_pid] = true;
			init_block(b);
			d_step { own(b); off[_pid] = false };
			off[_pid] = true;
			init_block(b + 1);
			d_step { own(b + 1); off[_pid] = false }
		:: else
		fi
	:: else -> break
	od;
	atomic {
		b = 0; cnt = 0; ok = false; k = 0;
		e = 0; h = 0; t = 0; nh = 0; nt = 0
	}
}

/* ---- src/deferred/late.c: zone 0 ---- */

#ifdef BREAK_LOCK
#define TAKE_LOCK off[_pid] = true
#else
#define TAKE_LOCK atomic { !lock[z] -> lock[z] = true; off[_pid] = true }
#endif

inline claim_at()
{
	claim_begin();
	if
	:: rest -> TAKE_LOCK
	:: else
	fi;
	if
	:: rest && nr[z] + promised[z] >= NE -> no_room = true; ok = false
	:: else -> claim()
	fi;
#ifndef BREAK_REST
	if
	:: ok && rest -> append(b + 1, b + 1 + rest)
	:: else
	fi;
#endif
	if
	:: rest -> lock[z] = false
	:: else
	fi;
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

/* mu_deferred_init_block(): no_room is MU_ERR_FULL; else the block is online,
 * or could not be backed. */
inline init_at(blk)
{
	order = NOBODY;
	do
	:: online[blk] -> assert(written[blk]); break
	:: else ->
		peek_at(blk);
		if
		:: e == NOWHERE -> break
		:: e != NOWHERE && !ok ->
			/* A spin: until looking again shows something else. */
			online[blk] || nr[z] != n
		:: else ->
			back();
			if
			:: ok -> claim_at()
			:: else -> break
			fi
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

/* mu_buddy_grow_pristine() */
inline grow_pristine()
{
	d_step {
		do
		:: j < NLATE -> state[b + j] = PRISTINE; j++
		:: else -> break
		od;
		j = 0
	}
}

/* mu_deferred_promise() and mu_deferred_add_late(); without room for an extent
 * free_part() of src/boot/late.c, block by block. */
inline add_late()
{
	d_step { order = NOBODY; b = N0 + N1; cnt = NLATE };
	atomic {
		!lock[z] ->
		ok = (nr[z] + promised[z] < NE);
		promised[z] = promised[z] + ok
	};
	if
	:: ok ->
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
		append(b, b + NLATE);
		lock[z] = false;
#ifdef BREAK_COUNT
		grow_pristine();
#endif
#ifdef BREAK_IDLE
		off[_pid] = false
#else
		claim_end()
#endif
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

/* ---- The CPUs. A handler has a victim, the CPU that it interrupts. ---- */

proctype cpu(byte role; byte victim) provided (!irq[_pid])
{
	byte order, z, zi, i, n, k, j;
	byte e, h, t, nh, nt, b, cnt, rest;
	byte seen, growing, gseen, ans, had, left, page, times;
	bool ok, past, no_room;
#ifdef CACHE
	bool cached, mine;
	byte me = WHO_I_AM;
#endif

	if
	:: victim -> atomic { !off[victim] && !irq[victim] -> irq[victim] = true }
	:: else
	fi;
	if
	:: role == ALLOC || role == ALLOC1 || role == BLOCK || role == FREE ->
		order = (role == BLOCK -> ALL : PAGE);
		do
		:: times < (role == FREE -> 1 : TIMES) ->
#ifdef CACHE
			if
			:: order == PAGE -> cache_take()
			:: else -> ans = LOST
			fi;
			if
			:: ans == GREW
			:: else -> walk(role == ALLOC1)
			fi;
#else
			walk(role == ALLOC1);
#endif
			times++
		:: else -> break
		od;
		if
#ifdef CACHE
		:: role == FREE && ans == GREW && page < 2 * N0 ->
			cache_give(page)
		:: role == FREE && ans == GREW && page >= 2 * N0 ->
			free_page(page)
#else
		:: role == FREE && ans == GREW -> free_page(page)
#endif
		:: else
		fi
	:: role == HELP -> take_all()
	:: role == HUGE || role == GIGANTIC -> alloc_huge()
	:: role == RUN -> alloc_run()
	:: role == CUT -> init_at(CUT_AT)
	:: role == CUT2 -> init_at((CUT_AT + 1))
	:: role == LATE -> add_late()
	fi;
	atomic {
		if
		:: victim -> irq[victim] = false
		:: else
		fi;
		ended++;
		order = 0; z = 0; zi = 0; i = 0; n = 0; k = 0; e = 0; h = 0;
		t = 0; nh = 0; nt = 0; b = 0; cnt = 0; rest = 0; seen = 0;
		growing = 0; gseen = 0; ans = 0; page = 0; times = 0;
		ok = false; past = false; no_room = false
#ifdef CACHE
		; me = 0
#endif
	}
}

init
{
	byte b, x, e;

	d_step {
		nr[0] = 1;
		end[0] = N0;
		tail[0] = N0;
#if N1
		nr[1] = 1;
		start[NE] = N0;
		head[NE] = N0;
		end[NE] = N0 + N1;
		tail[NE] = N0 + N1;
#endif
		do
		:: b < N0 + N1 -> state[b] = PRISTINE; b++
		:: else -> break
		od;
		b = 0
	}
	atomic {
		run cpu(CPU1, 0);
#if CPU2
		run cpu(CPU2, 0);
#endif
#if CPU3
		run cpu(CPU3, 0);
#endif
#if IRQ1
		run cpu(IRQ1, 1);
#endif
		skip
	}
	ended == CPUS;
	/* Conservation: every page once. */
	d_step {
		do
		:: b < NB ->
			x = 0;
			e = 0;
			do
			:: e < NZ * NE ->
				x = x + (head[e] <= b && b < tail[e]);
				e++
			:: else -> break
			od;
			if
			:: state[b] == RESERVED -> assert(x == 0 && !online[b])
			:: state[b] == PRISTINE ->
				assert(x == 1 && !online[b] && !fr[b] && !al[b])
			:: state[b] == ONLINE ->
				assert(x == 0 && online[b] && written[b]);
#ifdef CACHE
				e = cache[1] | cache[2] | cache[3];
				assert(cache[1] + cache[2] + cache[3] == e);
				e = (e >> (2 * b)) & 3;
#else
				e = 0;
#endif
				assert(fr[b] + al[b] + e == 3);
				assert((fr[b] | al[b] | e) == 3)
			:: else -> assert(false)
			fi;
			b++
		:: else -> break
		od;
		assert(!busy[0] && !lock[0] && !promised[0]);
#ifdef CACHE
		assert(!shut);
		assert(bound[1] || !cache[1]);
		assert(bound[2] || !cache[2]);
		assert(bound[3] || !cache[3]);
#endif
#if N1
		assert(!busy[1])
#endif
	}
}
