/* SPDX-License-Identifier: MIT */
/* The CPUs, and what must be true when all have ended. A handler has a victim,
 * the CPU that it interrupts. */

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
