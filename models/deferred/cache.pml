/* SPDX-License-Identifier: MIT */
/* src/buddy/cache.c, drain.c: zone 0. */

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
