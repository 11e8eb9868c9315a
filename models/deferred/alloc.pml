/* SPDX-License-Identifier: MIT */
/* src/buddy/alloc.c: the walk over zones. */

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
