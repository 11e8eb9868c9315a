// SPDX-License-Identifier: MIT
/*
 * Who took memory out of the extents waits for those who may have seen it
 * there, and for nobody else.
 */
#include "deferred/memory.h"
#include "tests/world.h"

#include <pthread.h>

#include "deferred/grow.h"

/* Looks at no time fewer than one: the oldest ends when the next one has begun.
 */
static struct {
	struct mu_pristine *pristine;
	unsigned turn; /* of the last one */
	unsigned turns, most;
} lookers;

static void next_looker(void)
{
	unsigned turn = mu_look_begin(lookers.pristine);

	mu_look_end(lookers.pristine, lookers.turn);
	lookers.turn = turn;
	lookers.turns++;
}

static void begin(struct world *world)
{
	struct mu_deferred *deferred = &world->mm.deferred;

	lookers.pristine = mu_pristine_of(deferred, &world->mm.buddy.zones[0]);
	lookers.turns = 0;
	lookers.turn = mu_look_begin(lookers.pristine);
}

static void end(void)
{
	mu_look_end(lookers.pristine, lookers.turn);
	assert_int_equal(lookers.pristine->looking[0], 0);
	assert_int_equal(lookers.pristine->looking[1], 0);
}

static void pass_on(void *arg, unsigned spins)
{
	(void)arg, (void)spins;
	if (lookers.turns == lookers.most)
		fail_msg("%u that came later were waited for", lookers.turns);
	next_looker();
}

static void never(void *arg, unsigned spins)
{
	(void)arg, (void)spins;
	fail_msg("waits for nobody");
}

/* The one that was there is waited for, those who come after it are not,
 * though somebody is there all the time. */
static void newcomers(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, "64M", MU_POLICY_LAZY);
	world_one_zone(&world);
	world.port.pause = pass_on;
	world_start(&world);
	lookers.most = 10;
	for (unsigned i = 0; i < 5; i++) {
		begin(&world);
		mu_deferred_settle(&world.mm.deferred, lookers.pristine->zone);
		/* One in each count: the first, and who came then. */
		assert_in_range(lookers.turns, 1, 2);
		world.port.pause = never;
		end();
		mu_deferred_settle(&world.mm.deferred, lookers.pristine->zone);
		world.port.pause = pass_on;
	}
	world_destroy(&world);
}

/* Those who look in another zone cannot have seen it. */
static void other_zone(void **state)
{
	struct world world;
	struct mu_pristine *other;
	unsigned turn;

	(void)state;
	world_init(&world, "2x64M/2", MU_POLICY_LAZY);
	world_one_zone(&world);
	world.port.pause = never;
	world_start(&world);
	other = mu_pristine_of(&world.mm.deferred, &world.mm.buddy.zones[1]);
	turn = mu_look_begin(other);
	mu_deferred_settle(&world.mm.deferred, &world.mm.buddy.zones[0]);
	mu_look_end(other, turn);
	world_destroy(&world);
}

/* ---- Two at once ---- */

/* Two threads that run by turns: whose, and how many are not done. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned whose, left;
} baton;
static _Thread_local unsigned self;
static _Thread_local bool runs; /* by turns, at this moment */

static void wait_for_turn(void)
{
	while (baton.whose != self && baton.left > 1)
		pthread_cond_wait(&baton.changed, &baton.lock);
}

/* Each time that one waits a looker comes and another goes; then it is the
 * other's turn. */
static void by_turns(void *arg, unsigned spins)
{
	(void)arg, (void)spins;
	if (!runs)
		return;
	pthread_mutex_lock(&baton.lock);
	if (lookers.turns < lookers.most) {
		next_looker();
	} else if (lookers.turns == lookers.most) {
		/* So that it ends. */
		mu_look_end(lookers.pristine, lookers.turn);
		lookers.turns++;
	}
	baton.whose = !self;
	pthread_cond_broadcast(&baton.changed);
	wait_for_turn();
	pthread_mutex_unlock(&baton.lock);
}

static bool one_of_two(struct world *world, unsigned index, void *arg)
{
	(void)arg;
	self = index;
	pthread_mutex_lock(&baton.lock);
	wait_for_turn();
	pthread_mutex_unlock(&baton.lock);
	runs = true;
	mu_deferred_settle(&world->mm.deferred, lookers.pristine->zone);
	runs = false;
	pthread_mutex_lock(&baton.lock);
	baton.left--;
	baton.whose = !self;
	pthread_cond_broadcast(&baton.changed);
	pthread_mutex_unlock(&baton.lock);
	return true;
}

/* Two ranges go at once: neither sends newcomers to where the other waits. */
static void two_at_once(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, "64M/2", MU_POLICY_LAZY);
	world_one_zone(&world);
	world.port.pause = by_turns;
	world_start(&world);
	lookers.most = 100;
	for (unsigned first = 0; first < 2; first++) {
		pthread_mutex_init(&baton.lock, NULL);
		pthread_cond_init(&baton.changed, NULL);
		baton.whose = first;
		baton.left = 2;
		begin(&world);
		world_run(&world, 2, one_of_two, NULL);
		assert_in_range(lookers.turns, 1, 10);
		end();
	}
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(newcomers),
		cmocka_unit_test(other_zone),
		cmocka_unit_test(two_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
