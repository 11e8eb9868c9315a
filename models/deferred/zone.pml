/* SPDX-License-Identifier: MIT */
/* src/buddy/zone.c: each of these is one critical section of zone->lock. */

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
