/* SPDX-License-Identifier: MIT */
/*
 * Deferred initialisation: claims, growth, waiting, the walk over zones, blocks
 * taken out of the middle of extents, memory that comes late, memory that goes
 * offline and may come back; several CPUs, and an interrupt handler on the first
 * of them.
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
 *                          cursor, the hint first, mu_extent_append(): extents
 *                          that are used up are filled again, or made longer
 *   src/deferred/grow.c    mu_look_begin(), _end(), mu_deferred_settle() with one
 *                          count, which is waited for until it is 0 (that two
 *                          counts keep newcomers apart is for time alone);
 *                          take_batch(), with BATCH, all blocks in one section;
 *                          mu_claim_begin(), mu_claim_end(), mu_online_block(),
 *                          mu_deferred_grow(), _wait(), _take_zone()
 *   src/deferred/finish.c  mu_deferred_take(): what each helper of a job does
 *   src/deferred/huge.c    take_some(): a gigantic page; one huge page, whose
 *                          other half goes to the lists
 *   src/deferred/run.c     take_run(), claim_run(), init_run()
 *   src/deferred/late.c    cut(), claim_at(), mu_deferred_init_block(),
 *                          _promise(), _add_late(), _withdraw(): what hot-added
 *                          memory and a late free have in common with claims;
 *                          without room src/boot/late.c: free_part()
 *   src/boot/reserved.c    wait_and_init()
 *   src/buddy/isolate.c    mu_buddy_move(), mu_buddy_extract(); caches are shut for
 *                          all blocks together, as mu_isolated_gather() does
 *   src/hotplug            offline.c: gather(), put_back(), take_away(); online.c:
 *                          come(), of blocks that went. That a client gives
 *                          pages back is FREE; that he does not, patience that
 *                          ends at any time
 *   src/memmap/backing.c   mu_memmap_back() (may fail, with MAYFAIL)
 *   src/memmap/memmap.c    mu_memmap_init_block(), mu_memmap_publish()
 *
 * Not modelled: orders but a page, a block (two pages) and a gigantic page (two
 * blocks), merging (free pages are bits); the watermarks, which are all zero;
 * the fast path, which is try_lists() once more; padata and the background
 * finisher around mu_deferred_take(); the look of mu_deferred_grow() before it is
 * counted, which changes nothing. Nor memory order: every access is
 * sequentially consistent here, so that a missing acquire or release, as that
 * of the hint first, cannot be shown.
 *
 * To be true in every run:
 *   - Conservation: at the end each page is free, allocated or pristine in just
 *     one extent, or is reserved still, or offline; no page is handed out twice,
 *     no block claimed twice or before it is counted; what is put back finds room
 *     for its extents.
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
 * TIMES; one or two blocks go offline, once: GO_NR from GO_AT on); N0 blocks in
 * zone 0, N1 in zone 1, NLATE that come late; an extent a zone at first (with
 * SPLIT N0 extents of WIDE blocks), and room for SPARE more. A handler begins at any
 * time when its CPU has interrupts on; the CPU stands still until it is done.
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
 *   FIRST	an extent is filled again, and the hint stays where it is
 *   COUNTER	the hint goes back, but who looked before may move it on
 *   RELATIVE	cursors count from where the extent begins: a claim can succeed
 *		on other blocks than those that were looked at
 *   ISOLATED	isolated pages are found by allocations
 *   PROMISE	no room is kept for the way back
 *   SETTLE	backing goes while somebody who saw the block pristine may claim it
 *		when it is back (memup did so once)
 *   FLIGHT	what is neither pristine nor online is not waited for
 *   CACHED	caches are not emptied
 *   BOUND	a cache holds a page before it is in the zone's list
 *   UNBIND	a cache leaves the list before it is empty
 *   OFF		interrupts are on in a cache: a handler waits for its own CPU
 *   MOVE	blocks are isolated while caches are in use
 *   ZONE	a page goes to a cache though its block has changed its zone
 *   BATCH	of several blocks the first alone is backed
 *   LOOKS	who claims several blocks is not counted while he looks for them
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
 * spin: -DCPU1=GO -DCPU2=ALLOC -DIRQ1=ALLOC -DN0=2 -DSPARE=3
 * spin: -DCPU1=GO -DCPU2=FREE -DCPU3=HELP -DN0=1 -DGO_NR=1
 * spin: -DCPU1=COME -DCPU2=BLOCK -DTIMES=2 -DIRQ1=ALLOC -DN0=2 -DSPLIT -DGO_AT=2 -DGO_NR=1 -DSPARE=2
 * spin: -DCPU1=GO -DCPU2=CUT -DIRQ1=ALLOC -DN0=3 -DSPARE=3
 * spin: -DCPU1=GO -DCPU2=GIGANTIC -DCPU3=ALLOC -DN0=2 -DSPARE=2
 * spin: -DCPU1=GO -DCPU2=HELP -DIRQ1=ALLOC -DN0=3 -DGO_NR=1 -DSPARE=2
 * spin: -DCPU1=COME -DCPU2=BLOCK -DIRQ1=ALLOC -DN0=2 -DSPARE=3
 * spin: -DCPU1=COME -DCPU2=HELP -DCPU3=CUT -DN0=2 -DSPARE=3
 * spin: -DCPU1=COME -DCPU2=LATE -DCPU3=BLOCK -DN0=2 -DNLATE=1 -DSPARE=3
 * spin: -DCPU1=COME -DCPU2=HELP -DCPU3=BLOCK -DN0=3 -DSPLIT -DGO_AT=2 -DGO_NR=1 -DSPARE=2
 * spin: -DCPU1=COME -DCPU2=HELP -DCPU3=BLOCK -DN0=2 -DSPLIT -DGO_NR=1 -DSPARE=2
 * spin: -DCACHE -DCPU1=FREE -DCPU2=BLOCK -DIRQ1=ALLOC -DN0=1
 * spin: -DCACHE -DCPU1=FREE -DCPU2=FREE -DIRQ1=ALLOC -DN0=1
 * spin: -DCACHE -DCPU1=FREE -DCPU2=ALLOC -DIRQ1=BLOCK -DN0=1 -DN1=1
 * spin: -DCACHE -DCPU1=FREE -DCPU2=HELP -DIRQ1=ALLOC -DN0=1
 * spin: -DCACHE -DCPU1=FREE -DCPU2=ALLOC -DN0=2 -DMAYFAIL=1
 * spin: -DCACHE -DONE_CPU -DCPU1=FREE -DCPU2=FREE -DIRQ1=BLOCK -DN0=1
 * spin: -DCACHE -DCPU1=GO -DCPU2=FREE -DIRQ1=ALLOC -DN0=1 -DGO_NR=1
 * spin: -DCACHE -DCPU1=FREE -DCPU2=GO -DIRQ1=ALLOC -DN0=1 -DGO_NR=1
 * spin: -DCACHE -DCPU1=COME -DCPU2=FREE -DIRQ1=ALLOC -DN0=1 -DGO_NR=1
 * spin: -DBATCH=2 -DCPU1=HELP -DCPU2=BLOCK -DIRQ1=ALLOC -DN0=3
 * spin: -DBATCH=2 -DCPU1=HELP -DCPU2=HELP -DIRQ1=ALLOC -DN0=3
 * spin: -DBATCH=2 -DCPU1=HELP -DCPU2=CUT -DIRQ1=ALLOC -DN0=3
 * spin: -DBATCH=2 -DCPU1=HELP -DCPU2=ALLOC -DN0=2 -DMAYFAIL=1
 * spin: -DBATCH=2 -DCPU1=GO -DCPU2=HELP -DIRQ1=ALLOC -DN0=3 -DGO_NR=1 -DSPARE=2
 * spin: -DBATCH=2 -DCPU1=COME -DCPU2=HELP -DN0=2 -DSPLIT -DWIDE=2 -DGO_AT=3 -DSPARE=2
 * cycle: -DCACHE -DCPU1=FREE -DCPU2=BLOCK -DIRQ1=ALLOC -DN0=1
 * cycle: -DCACHE -DCPU1=FREE -DCPU2=BLOCK -DIRQ1=BLOCK -DN0=1
 * cycle: -DCACHE -DCPU1=GO -DCPU2=FREE -DN0=1 -DGO_NR=1
 * cycle: -DBATCH=2 -DCPU1=HELP -DCPU2=BLOCK -DIRQ1=ALLOC -DN0=2
 * cycle: -DCPU1=ALLOC -DCPU2=ALLOC -DIRQ1=ALLOC -DN0=1
 * cycle: -DCPU1=BLOCK -DCPU2=BLOCK -DCPU3=BLOCK -DN0=1
 * cycle: -DCPU1=ALLOC -DCPU2=HELP -DN0=1 -DN1=1
 * cycle: -DCPU1=ALLOC -DCPU2=ALLOC -DN0=2 -DMAYFAIL=1
 * cycle: -DCPU1=HELP -DCPU2=CUT -DIRQ1=ALLOC -DN0=3
 * cycle: -DCPU1=BLOCK -DCPU2=HUGE -DCPU3=GIGANTIC -DN0=2
 * cycle: -DCPU1=LATE -DCPU2=HELP -DIRQ1=ALLOC -DN0=1 -DNLATE=2
 * cycle: -DCPU1=GO -DCPU2=FREE -DIRQ1=ALLOC -DN0=2 -DSPARE=3
 * cycle: -DCPU1=COME -DCPU2=HELP -DCPU3=CUT -DN0=2 -DSPARE=3
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
 * broken: -DBREAK_FIRST -DCPU1=COME -DCPU2=HELP -DN0=3 -DSPLIT -DGO_AT=2 -DGO_NR=1 -DSPARE=2
 * broken: -DBREAK_COUNTER -DCPU1=COME -DCPU2=HELP -DN0=3 -DSPLIT -DGO_AT=2 -DGO_NR=1 -DSPARE=2
 * broken: -DBREAK_RELATIVE -DCPU1=COME -DCPU2=HELP -DCPU3=BLOCK -DN0=2 -DSPLIT -DGO_NR=1 -DSPARE=2
 * broken: -DBREAK_SETTLE -DCPU1=COME -DCPU2=BLOCK -DTIMES=2 -DN0=2 -DSPLIT -DGO_AT=2 -DGO_NR=1 -DSPARE=2
 * broken: -DBREAK_ISOLATED -DCPU1=GO -DCPU2=HELP -DCPU3=ALLOC -DN0=1 -DGO_NR=1
 * broken: -DBREAK_PROMISE -DCPU1=GO -DCPU2=BLOCK -DTIMES=2 -DN0=4 -DGO_AT=1 -DGO_NR=1
 * broken: -DBREAK_FLIGHT -DCPU1=GO -DCPU2=HELP -DN0=2 -DSPARE=3
 * broken: -DBREAK_CACHED -DCACHE -DCPU1=FREE -DCPU2=BLOCK -DN0=1
 * broken: -DBREAK_BOUND -DCACHE -DCPU1=FREE -DCPU2=BLOCK -DN0=1
 * broken: -DBREAK_UNBIND -DCACHE -DCPU1=FREE -DCPU2=BLOCK -DIRQ1=BLOCK -DN0=1
 * broken: -DBREAK_OFF -DCACHE -DCPU1=FREE -DIRQ1=BLOCK -DN0=1
 * broken: -DBREAK_MOVE -DCACHE -DCPU1=GO -DCPU2=FREE -DN0=1 -DGO_NR=1
 * broken: -DBREAK_ZONE -DCACHE -DCPU1=FREE -DCPU2=GO -DIRQ1=ALLOC -DN0=1 -DGO_NR=1
 * broken: -DBREAK_BATCH -DBATCH=2 -DCPU1=HELP -DN0=2
 * broken: -DBREAK_LOOKS -DBATCH=2 -DCPU1=COME -DCPU2=HELP -DN0=2 -DSPLIT -DWIDE=2 -DGO_AT=3 -DSPARE=2
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
#ifndef GO_AT
#define GO_AT 0
#endif
#ifndef GO_NR
#define GO_NR 2
#endif
#ifndef TIMES
#define TIMES 1
#endif
#ifndef MAYFAIL
#define MAYFAIL 0
#endif
#ifndef BATCH
#define BATCH 1
#endif

#ifndef WIDE
#define WIDE 1
#endif
#ifdef SPLIT
/* A hole after each N0 times WIDE of them. */
#define NB	((WIDE + 1) * N0)
#else
#define NB	(N0 + N1 + NLATE)
#endif
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
#define GO	 12 /* GO_NR blocks from GO_AT on go offline */
#define COME	 13 /* the same, and come back */

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
byte head[NZ * NE], tail[NZ * NE];
#ifdef BREAK_RELATIVE
byte start[NZ * NE];
#endif
/* struct mu_pristine. The first extent is the sorted one of each zone. */
byte nr[NZ], first[NZ], moved[NZ], busy[NZ], looking[NZ];
byte promised[NZ];
bool lock[NZ];
/* struct mu_zone: growth. The other fields follow from the blocks below. */
byte growth[NZ];

#ifdef CACHE
/* struct mu_cache of zone 0, by the pid of the CPU: a bit for each page. With
 * ONE_CPU all threads say that they are one CPU. */
byte cache[5];
bool bound[5], klock[5];
byte shut;
#ifdef ONE_CPU
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
#define AWAY	 5 /* offline, or on the way: in nobody's book */
bool backed[NB], written[NB], online[NB];
bool iso[NB];	/* in the isolated zone */
bool offl[NB];	/* memblock: MU_MEMBLOCK_OFFLINE */
byte fr[NB], al[NB]; /* free and allocated pages: bits 1 and 2 */

/* The CPUs, by pid. */
bool off[5];	/* interrupts are off */
bool irq[5];	/* a handler runs there */
byte ended;

#define ZONE_OF(b) (N1 && (b) >= N0 && (b) < N0 + N1)

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

/* Is block j where allocations from zone z look? */
#ifdef BREAK_ISOLATED
#define LISTED(j) (ZONE_OF(j) == z)
#else
#define LISTED(j) (ZONE_OF(j) == z && !iso[j])
#endif

/* left: pages of zone z, free or pristine. */
inline count()
{
	left = 0;
	j = 0;
	do
	:: j < NB ->
		if
		:: !LISTED(j)
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
				:: LISTED(j) && fr[j] == 3 &&
				   b == NOWHERE -> b = j
				:: LISTED(j) && order == PAGE &&
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
				:: !shut && j < N0 && iso[j] -> j++
				:: !shut && j < N0 && !iso[j] ->
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
				assert(!iso[n / 2]);
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
		d_step {
#ifdef BREAK_ZONE
			if
#else
			/* Its block may have changed its zone. */
			ok = !iso[(p) / 2];
			if
#endif
			:: ok -> cache[me] = cache[me] | (1 << (p))
			:: else
			fi
		};
		unlock_and_bind()
	:: else
	fi;
	if
	:: ok
	:: else -> fr[(p) / 2] = fr[(p) / 2] | (1 << (p) % 2)
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
	LOAD_START; \
	h = head[e]; \
	t = tail[e]
#ifdef BREAK_RELATIVE
#define LOAD_START st = start[e]
#define UNCHANGED (head[e] - start[e] == h - st && tail[e] - start[e] == t - st)
#else
#define LOAD_START skip
#define UNCHANGED (head[e] == h && tail[e] == t)
#endif

/* mu_claim_peek(): e is NOWHERE when nothing is pristine. */
inline peek()
{
	d_step { i = first[z]; fb = moved[z] };
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
	:: e != NOWHERE && i != k ->
		d_step {
			if
			:: first[z] == k && moved[z] == fb -> first[z] = i
			:: else
			fi;
			k = 0; n = 0; i = 0; fb = 0
		}
	:: else -> d_step { k = 0; n = 0; i = 0; fb = 0 }
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

/* mu_claim_peek_in() of [lo, hi): ok, and rest; else e is NOWHERE. */
inline peek_in(lo, hi)
{
	d_step { n = nr[z]; e = NOWHERE; ok = false }
	do
	:: atomic {
		i < n ->
		LOAD;
		b = (h > lo -> h : lo);
		cnt = (t < hi -> t : hi);
		if
		:: b < cnt ->
			cnt = cnt - b;
			rest = (b == h -> 0 : t - b - cnt);
			nh = (b == h -> b + cnt : h);
			nt = (b == h -> t : b);
			ok = true;
			break
		:: else -> e = NOWHERE; i++
		fi
	   }
	:: else -> break
	od;
	atomic {
		i = 0;
		n = 0;
		if
		:: !ok -> b = 0; cnt = 0; h = 0; t = 0
		:: else
		fi
	}
}

/* Is blk in an extent of zone 0 that is counted, so that peek_in() finds it? */
#define IN_EXTENT(blk) \
	(IN(0, blk) || (NE > 1 && IN(1 % NE, blk)) || \
	 (NE > 2 && IN(2 % NE, blk)) || (NE > 3 && IN(3 % NE, blk)))
#define IN(i, blk) ((i) < nr[0] && head[i] <= (blk) && (blk) < tail[i])

/* mu_claim(): the compare-and-exchange. */
inline claim()
{
	d_step {
#ifdef BREAK_WORDS
		ok = (nt == t -> head[e] == h : tail[e] == t);
		nh = (nt == t -> nh : head[e]);
		nt = (nt == t -> tail[e] : nt);
#else
		ok = UNCHANGED;
#endif
		if
		:: ok ->
#ifdef BREAK_RELATIVE
			head[e] = nh - st + start[e];
			tail[e] = nt - st + start[e];
#else
			head[e] = nh;
			tail[e] = nt;
#endif
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

/* mu_extent_append(): choose() and put() are one step, since what was chosen is
 * verified by compare-and-exchange; others than the first, which is sorted. */
#define JOIN 128
inline append(from, to)
{
	d_step {
		k = nr[z];
		i = 1;
		do
		:: i < nr[z] ->
			e = z * NE + i;
			if
			:: head[e] == tail[e] && k == nr[z] -> k = i
			:: head[e] < tail[e] && (tail[e] == from ||
						 head[e] == to) ->
				k = i + JOIN;
				break
			:: else
			fi;
			i++
		:: else -> break
		od;
		e = z * NE + (k >= JOIN -> k - JOIN : k);
		if
		:: k >= JOIN && tail[e] == from -> tail[e] = to
		:: k >= JOIN && tail[e] != from -> head[e] = from
		:: else ->
			assert(k < NE);
			head[e] = from;
			tail[e] = to;
#ifdef BREAK_RELATIVE
			start[e] = from
#endif
		fi;
		k = (k >= JOIN -> k - JOIN : k);
		e = 0;
		i = 0
	}
#ifdef BREAK_LOCK
	if
	:: k == nr[z] -> j = nr[z]; d_step { nr[z] = j + 1; j = 0 }
#else
	if
	:: k == nr[z] -> nr[z]++
#endif
#ifndef BREAK_FIRST
	:: else -> d_step {
			first[z] = (k < first[z] -> k : first[z]);
#ifndef BREAK_COUNTER
			moved[z]++
#endif
		}
#else
	:: else
#endif
	fi;
	k = 0
}

/* mu_extent_room(): k */
inline room()
{
	d_step {
		k = NE - nr[z];
		i = 1;
		do
		:: i < nr[z] -> k = k + (head[z * NE + i] == tail[z * NE + i]);
			i++
		:: else -> break
		od;
		i = 0;
		k = (k > promised[z] -> k - promised[z] : 0)
	}
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

#define LOOK_BEGIN looking[z]++
#define LOOK_END looking[z]--

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
	atomic { ans = LOST; LOOK_BEGIN };
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
	LOOK_END;
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

#if BATCH > 1
/* take_batch() of grow.c, all of one section: ok. */
inline take_batch()
{
#ifdef BREAK_LOOKS
	ok = false;
#else
	atomic { ok = false; LOOK_BEGIN };
#endif
	peek();
	if
	:: e == NOWHERE
	:: else ->
#ifdef BREAK_BATCH
		back();
		cnt = (t - h > BATCH -> BATCH : t - h);
#else
		cnt = (t - h > BATCH -> BATCH : t - h);
		back();
#endif
		if
		:: ok && cnt > 1 ->
			nh = h + cnt;
			claim_begin();
			claim();
			if
			:: ok ->
				/* mu_memmap_init_chain() */
				i = 0;
				do
				:: i < cnt -> d_step {
						assert(backed[b + i] &&
						       !written[b + i]);
						written[b + i] = true;
						i++
					}
				:: else -> break
				od;
				i = 0;
				/* mu_buddy_add_chain() */
				d_step {
					do
					:: i < cnt ->
						assert(state[b + i] == CLAIMED);
						assert(!fr[b + i] &&
						       !al[b + i]);
						state[b + i] = ONLINE;
						fr[b + i] = 3;
						online[b + i] = true;
						i++
					:: else -> break
					od;
					i = 0;
					growth[z]++
				}
			:: else
			fi;
			claim_end()
		:: else -> ok = false
		fi
	fi;
	atomic {
#ifndef BREAK_LOOKS
		LOOK_END;
#endif
		b = 0; cnt = 0; e = 0; h = 0; t = 0; nh = 0; nt = 0
	}
}
#endif

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
#if BATCH > 1
			take_batch();
#endif
			if
			:: BATCH > 1 && ok -> d_step { ok = false; had = 0 }
			:: else ->
				grow();
				if
				:: ans == NO_MORE || ans == NO_BACK -> break
				:: ans == GROWS -> wait()
				:: else
				fi
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
	atomic { ok = false; LOOK_BEGIN };
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
		LOOK_END;
		b = 0; cnt = 0; ok = false; k = 0;
		e = 0; h = 0; t = 0; nh = 0; nt = 0
	}
}

inline alloc_run()
{
	atomic { ok = false; LOOK_BEGIN };
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
		LOOK_END;
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

/* ---- src/hotplug/offline.c: zone 0 ---- */

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

/* ---- The CPUs. A handler has a victim, the CPU that it interrupts. ---- */

proctype cpu(byte role; byte victim) provided (!irq[_pid])
{
	byte order, z, zi, i, n, k, j;
	byte e, h, t, nh, nt, b, cnt, rest, fb, pieces;
#ifdef BREAK_RELATIVE
	byte st;
#endif
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
	:: role == GO -> go(false)
	:: role == COME -> go(true)
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
		ok = false; past = false; no_room = false; fb = 0; pieces = 0
#ifdef BREAK_RELATIVE
		; st = 0
#endif
#ifdef CACHE
		; me = 0
#endif
	}
}

init
{
	byte b, x, e;

	d_step {
#ifdef SPLIT
		nr[0] = N0;
		do
		:: b < N0 ->
			head[b] = (WIDE + 1) * b;
			tail[b] = head[b] + WIDE;
#ifdef BREAK_RELATIVE
			start[b] = head[b];
#endif
			x = 0;
			do
			:: x < WIDE -> state[head[b] + x] = PRISTINE; x++
			:: else -> break
			od;
			b++
		:: else -> break
		od;
		x = 0;
#else
		nr[0] = 1;
		tail[0] = N0;
#if N1
		nr[1] = 1;
		head[NE] = N0;
#ifdef BREAK_RELATIVE
		start[NE] = N0;
#endif
		tail[NE] = N0 + N1;
#endif
		do
		:: b < N0 + N1 -> state[b] = PRISTINE; b++
		:: else -> break
		od;
#endif
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
			:: state[b] == AWAY ->
				assert(x == 0 && !online[b] && offl[b]);
				assert(!fr[b] && !al[b] && !iso[b])
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
		assert(!busy[0] && !lock[0] && !promised[0] && !looking[0]);
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
