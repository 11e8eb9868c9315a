/* SPDX-License-Identifier: MIT */
/* src/deferred/claim.c: extents and their cursors. */

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
