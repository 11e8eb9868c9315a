/* SPDX-License-Identifier: MIT */
/* src/memmap: backing, descriptors. src/deferred/grow.c: a zone grows. */

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
