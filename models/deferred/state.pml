/* SPDX-License-Identifier: MIT */
/* What a search chooses, the state that CPUs share, and what is asked of all of
 * it at one moment. */

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
