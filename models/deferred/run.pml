/* SPDX-License-Identifier: MIT */
/* src/deferred/huge.c, run.c: huge and gigantic pages, and runs, of zone 0. */

/* mu_buddy_take_held() */
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
