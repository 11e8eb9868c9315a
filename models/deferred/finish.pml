/* SPDX-License-Identifier: MIT */
/* src/deferred/grow.c, finish.c: mu_deferred_take() of everything. */

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
