/* SPDX-License-Identifier: MIT */
/*
 * Deferred initialisation: claims, growth, waiting, the walk over zones, blocks
 * taken out of the middle of extents, memory that comes late, memory that goes
 * offline and may come back; several CPUs, and an interrupt handler on the first
 * of them.
 *
 * Modelled, in models/deferred/ in files as the code has them, one step where
 * the code has one atomic access or one critical section of a leaf lock:
 *   src/buddy/alloc.c      walk_zones() walk, try_zone(), try_lists()
 *   src/buddy/cache.c      mu_cache_take(), mu_cache_give(), refill(), bind(),
 *                          with CACHE; a batch is a page, refills take all
 *   src/buddy/drain.c      mu_buddy_shut(), mu_buddy_open(), drain_some()
 *   src/buddy/zone.c       mu_buddy_add_block(), _grow_pristine(),
 *                          _take_held()
 *   src/deferred/claim.c   mu_claim_peek(), _gigantic(), _run(), _in(), the
 *                          cursor, the hint first, mu_extent_append(): extents
 *                          that are used up are filled again, or made longer
 *   src/deferred/grow.c    mu_look_begin(), _end(), mu_deferred_settle() with one
 *                          count, which is waited for until it is 0 (the second
 *                          count for newcomers only saves time);
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
 *                          come(), of blocks that went. FREE is a client that
 *                          gives pages back; one that does not is patience
 *                          that may end at any time
 *   src/memmap/backing.c   mu_memmap_back() (may fail, with MAYFAIL)
 *   src/memmap/memmap.c    mu_memmap_init_block(), mu_memmap_publish()
 *
 * Not modelled: orders other than a page, a block (two pages) and a gigantic
 * page (two blocks); merging (free pages are bits); the watermarks, which are
 * all zero; the fast path, which is try_lists() once more; padata and the
 * background finisher around mu_deferred_take(); the look of mu_deferred_grow()
 * before it is counted, which changes nothing. Nor memory order: every access
 * is sequentially consistent here, so that a missing acquire or release, such
 * as that of the hint first, cannot be found.
 *
 * To be true in every run:
 *   - Conservation: at the end each page is free, allocated, pristine in exactly
 *     one extent, still reserved, or offline; no page is handed out twice, no
 *     block is claimed twice or before it is counted; what is put back finds room
 *     for its extents.
 *   - Nothing is read before it is written, or written before it is backed.
 *   - No zone gives up too early. When its last answer is MU_EXHAUSTED, then at
 *     the moment when the lists were searched, under zone->lock, no block of the
 *     zone was pristine (counted in pristine_pages and not claimed) or in flight
 *     (claimed, and neither in the lists nor counted as a client's). When it is
 *     MU_GROW_FAILED, none was in flight. And in neither case, nor when a mark
 *     refuses, was there a page in a cache. That moment is where the failure
 *     takes effect, for each zone separately. For a CPU that only grows a zone it
 *     is the moment when it read growth.
 *   - Progress: no deadlock (spin's check for invalid end states); so no
 *     handler waits for the CPU that it interrupted. Where the code spins the
 *     model blocks until looking again would show something else. Under
 *     "cycle:" there is no cycle in the graph of all states: every loop is
 *     bounded and every CPU comes to its end, whatever the scheduler does.
 *
 * Bounds: up to three CPUs and one handler, one operation each (allocations
 * TIMES; one or two blocks go offline, once: GO_NR from GO_AT on); N0 blocks in
 * zone 0, N1 in zone 1, NLATE that come late; one extent per zone at first
 * (with SPLIT N0 extents of WIDE blocks), and room for SPARE more. A handler
 * begins at any time when its CPU has interrupts on; the CPU stands still until
 * it is done.
 *
 * That the model can fail: each "broken:" search must find an error. BREAK_x is
 *   BUSY		busy is counted after the claim
 *   SEEN		growth is read after the lists
 *   PAST		growth is looked at before busy
 *   PEEK		a CPU is busy before it knows of a block: CPUs that find
 *		nothing keep each other waiting
 *   BACK		what is claimed is backed afterwards, which may fail
 *   IRQ		interrupts are on while busy
 *   WAIT		nobody is waited for
 *   PUBLISH	online before it is written
 *   WORDS	head and tail of a cursor are separate words
 *   REST		what is cut off gets its extent after the CPU was busy
 *   LOCK		extents are appended without the lock
 *   COUNT	late memory is counted after it can be claimed
 *   IDLE		late memory is added without being busy
 *   GROWTH	growth moves when memory comes to the lists or is counted, not
 *		when a claim ends (memup did so once)
 *   FAILED	a CPU that cannot back a block looks no further (memup did so once)
 *   GROWER	a CPU that only grows a zone stops when it finds nothing (memup
 *		did so once)
 *   FIRST	an extent is refilled, and the hint stays where it is
 *   COUNTER	the hint goes back, but a CPU that looked before may move it on
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
 *   BATCH	of several blocks only the first is backed
 *   LOOKS	a CPU that claims several blocks is not counted while it looks
 *		for them
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

/* In the order in which they use each other. */
#include "deferred/state.pml"
#include "deferred/zone.pml"
#include "deferred/cache.pml"
#include "deferred/claim.pml"
#include "deferred/grow.pml"
#include "deferred/alloc.pml"
#include "deferred/finish.pml"
#include "deferred/run.pml"
#include "deferred/late.pml"
#include "deferred/offline.pml"
#include "deferred/cpus.pml"
