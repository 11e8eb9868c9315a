// SPDX-License-Identifier: MIT
#include "tests/machine_util.h"

#define UNITS 64 /* addresses of the model, UNIT bytes each */
#define UNIT  0x1000u
#define NODES 5

/* What covers each unit, looked up the slow way. */
struct model {
	struct mu_range ranges[32], affinities[32];
	unsigned nr_ranges, nr_affinities;
};

static bool covers(const struct mu_range *range, unsigned unit)
{
	return range->base <= (uint64_t)unit * UNIT &&
	       (uint64_t)unit * UNIT < range->base + range->size;
}

static const struct mu_range *model_range(const struct model *model,
					  unsigned unit)
{
	const struct mu_range *best = NULL;

	for (unsigned i = 0; i < model->nr_ranges; i++) {
		const struct mu_range *range = &model->ranges[i];

		if (covers(range, unit) &&
		    (!best || range->type > best->type ||
		     (range->type == best->type && range->flags > best->flags)))
			best = range;
	}
	return best;
}

static const struct mu_range *model_affinity(const struct model *model,
					     unsigned unit)
{
	const struct mu_range *best = NULL;

	for (unsigned i = 0; i < model->nr_affinities; i++) {
		const struct mu_range *range = &model->affinities[i];

		if (covers(range, unit) && (!best || range->size < best->size ||
					    (range->size == best->size &&
					     (range->nid < best->nid ||
					      (range->nid == best->nid &&
					       range->flags > best->flags)))))
			best = range;
	}
	return best;
}

/* The node of what no affinity covers at the very bottom. */
static int model_first_node(const struct model *model)
{
	for (unsigned unit = 0; unit < UNITS; unit++) {
		const struct mu_range *best = NULL;

		for (unsigned i = 0; i < model->nr_affinities; i++) {
			const struct mu_range *a = &model->affinities[i];

			if (a->size && a->base == (uint64_t)unit * UNIT &&
			    (!best || a->size < best->size ||
			     (a->size == best->size && a->nid < best->nid)))
				best = a;
		}
		if (best)
			return best->nid;
	}
	return 0;
}

static struct mu_range random_range(uint64_t *random)
{
	unsigned first = (unsigned)(next_random(random) % UNITS);
	unsigned units = (unsigned)(next_random(random) % (UNITS - first));

	return (struct mu_range){
		.base = (uint64_t)first * UNIT,
		.size = (uint64_t)units * UNIT,
		.type = (uint16_t)(1 + next_random(random) %
					       (MU_NR_RANGE_TYPES - 1)),
		.flags = (uint16_t)(next_random(random) % 3),
		.nid = (int32_t)(next_random(random) % NODES),
	};
}

static void build(struct mu_machine *machine, const struct model *model)
{
	for (unsigned i = 0; i < model->nr_ranges; i++) {
		const struct mu_range *range = &model->ranges[i];

		assert_int_equal(mu_machine_add(machine, range->base,
						range->size,
						(enum mu_range_type)range->type,
						range->flags, NULL),
				 MU_OK);
	}
	for (unsigned i = 0; i < model->nr_affinities; i++) {
		const struct mu_range *range = &model->affinities[i];

		assert_int_equal(mu_machine_add_affinity(
					 machine, range->base, range->size,
					 range->nid, range->flags, NULL),
				 MU_OK);
	}
}

/* Every unit is as the model says, and no more ranges than needed say so. */
static void check(const struct mu_machine *machine, const struct model *model)
{
	int nid = model_first_node(model);
	unsigned at = 0;

	for (unsigned unit = 0; unit < UNITS; unit++) {
		const struct mu_range *range = model_range(model, unit);
		const struct mu_range *affinity = model_affinity(model, unit);
		const struct mu_range *got = &machine->ranges[at];

		if (at < machine->nr_ranges &&
		    got->base + got->size == (uint64_t)unit * UNIT)
			got = &machine->ranges[++at];
		if (at == machine->nr_ranges || !covers(got, unit)) {
			assert_null(range);
			continue;
		}
		assert_non_null(range);
		if (affinity)
			nid = affinity->nid;
		assert_int_equal(got->type, range->type);
		assert_int_equal(got->nid, nid);
		assert_int_equal(got->flags,
				 range->flags |
					 (affinity ? affinity->flags : 0));
	}
	for (unsigned i = 1; i < machine->nr_ranges; i++) {
		const struct mu_range *a = &machine->ranges[i - 1];
		const struct mu_range *b = &machine->ranges[i];

		assert_true(a->base + a->size < b->base || a->type != b->type ||
			    a->flags != b->flags || a->nid != b->nid);
	}
}

static void random_machines(void **state)
{
	(void)state;
	for (machine_seed = 1; machine_seed <= 3000; machine_seed++) {
		struct mu_machine *machine = machine_new(128, NODES);
		struct model model = {.nr_ranges = 0};
		uint64_t random = machine_seed;
		struct mu_error error;

		model.nr_ranges = 1 + (unsigned)(next_random(&random) % 32);
		model.nr_affinities = (unsigned)(next_random(&random) % 12);
		for (unsigned i = 0; i < 32; i++) {
			model.ranges[i] = random_range(&random);
			model.affinities[i] = random_range(&random);
		}
		build(machine, &model);
		for (unsigned unit = 0, ram = 0; unit < UNITS; unit++) {
			const struct mu_range *range =
				model_range(&model, unit);

			ram += range && range->type == MU_RANGE_RAM;
			if (unit < UNITS - 1)
				continue;
			assert_int_equal(mu_machine_finish(machine, &error),
					 ram ? MU_OK : MU_ERR_NOT_FOUND);
			if (ram)
				assert_int_equal(mu_machine_ram(machine),
						 (uint64_t)ram * UNIT);
		}
		if (machine->finished)
			check(machine, &model);
		free(machine);
	}
	machine_seed = 0;
}

/* Adding the same in another order gives the same machine. */
static void order_does_not_matter(void **state)
{
	(void)state;
	for (machine_seed = 1; machine_seed <= 500; machine_seed++) {
		struct mu_machine *a = machine_new(128, NODES);
		struct mu_machine *b = machine_new(128, NODES);
		struct model model = {.nr_ranges = 24, .nr_affinities = 8};
		uint64_t random = machine_seed;

		for (unsigned i = 0; i < 24; i++) {
			model.ranges[i] = random_range(&random);
			model.affinities[i] = random_range(&random);
		}
		build(a, &model);
		for (unsigned i = 0; i < 24; i++) {
			unsigned j = (unsigned)(next_random(&random) % 24);
			unsigned k = j % 8, l = i % 8;
			struct mu_range old = model.ranges[i];

			model.ranges[i] = model.ranges[j];
			model.ranges[j] = old;
			old = model.affinities[l];
			model.affinities[l] = model.affinities[k];
			model.affinities[k] = old;
		}
		build(b, &model);
		assert_int_equal(mu_machine_finish(a, NULL),
				 mu_machine_finish(b, NULL));
		if (a->finished) {
			assert_int_equal(a->nr_ranges, b->nr_ranges);
			assert_memory_equal(a->ranges, b->ranges,
					    a->nr_ranges * sizeof(*a->ranges));
		}
		free(a);
		free(b);
	}
	machine_seed = 0;
}

/* Units of the model change type one by one, in the machine by range. */
static void random_updates(void **state)
{
	(void)state;
	for (machine_seed = 1; machine_seed <= 1000; machine_seed++) {
		struct mu_machine *machine = machine_new(256, 1);
		unsigned types[UNITS] = {0};
		uint64_t random = machine_seed;

		/* Disjoint to begin with, so that the model stays trivial. */
		for (unsigned unit = 0; unit < UNITS; unit++) {
			types[unit] = (unsigned)(next_random(&random) % 3);
			if (types[unit])
				assert_int_equal(
					mu_machine_add(
						machine, (uint64_t)unit * UNIT,
						UNIT,
						(enum mu_range_type)types[unit],
						0, NULL),
					MU_OK);
		}
		for (unsigned i = 0; i < 6; i++) {
			struct mu_range range = random_range(&random);
			unsigned from = (unsigned)(next_random(&random) % 4);
			unsigned to = (unsigned)(next_random(&random) % 4);

			assert_int_equal(
				mu_machine_update(machine, range.base,
						  range.size,
						  (enum mu_range_type)from,
						  (enum mu_range_type)to, NULL),
				MU_OK);
			for (unsigned unit = 0; unit < UNITS; unit++) {
				if (covers(&range, unit) && types[unit] &&
				    (!from || types[unit] == from))
					types[unit] = to;
			}
		}
		(void)!mu_machine_add(machine, (uint64_t)UNITS * UNIT, UNIT,
				      MU_RANGE_RAM, 0, NULL);
		assert_int_equal(mu_machine_finish(machine, NULL), MU_OK);
		for (unsigned unit = 0; unit < UNITS; unit++) {
			unsigned got = 0;

			for (unsigned i = 0; i < machine->nr_ranges; i++) {
				if (covers(&machine->ranges[i], unit))
					got = machine->ranges[i].type;
			}
			assert_int_equal(got, types[unit]);
		}
		free(machine);
	}
	machine_seed = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(random_machines, machine_print_seed),
		cmocka_unit_test_teardown(order_does_not_matter,
					  machine_print_seed),
		cmocka_unit_test_teardown(random_updates, machine_print_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
