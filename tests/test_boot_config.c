// SPDX-License-Identifier: MIT
/* The parameters that a configuration is made of; memory that is kept. */
#include "tests/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum mu_status apply(struct mu_config *config, const char *text,
			    struct mu_error *error)
{
	struct mu_machine *machine = world_machine("1G", 12);
	enum mu_status status;

	*config = mu_config_default();
	status = mu_config_apply_cmdline(config, machine, text, strlen(text),
					 error);
	free(machine);
	return status;
}

static void amounts(void **state)
{
	struct mu_config config;

	(void)state;
	assert_int_equal(apply(&config, "ro kernelcore=512M quiet", NULL),
			 MU_OK);
	assert_int_equal(config.kernelcore, 512 * MU_MIB);
	assert_int_equal(config.movablecore, 0);
	assert_false(config.movable_node);
	/* The last counts; hexadecimal; percent in whole pages. */
	assert_int_equal(apply(&config,
			       "movablecore=1G movablecore=0x1000 "
			       "kernelcore=33% movable_node",
			       NULL),
			 MU_OK);
	assert_int_equal(config.movablecore, 4096);
	assert_int_equal(config.kernelcore, 262144 * 33 / 100 * 4096);
	assert_true(config.movable_node);
	assert_false(config.kernelcore_mirror);
	assert_int_equal(apply(&config, "kernelcore=mirror", NULL), MU_OK);
	assert_true(config.kernelcore_mirror);
	assert_int_equal(config.kernelcore, 0);
	/* Other words, and what is not for the kernel. */
	assert_int_equal(apply(&config,
			       "xkernelcore=1G movable_nodes -- "
			       "movablecore=1G",
			       NULL),
			 MU_OK);
	assert_int_equal(config.kernelcore, 0);
	assert_int_equal(config.movablecore, 0);
	assert_false(config.movable_node);
}

/* What becomes of memory that is added: two words make one answer, in either
 * order. */
static void added_memory(void **state)
{
	static const struct {
		const char *text;
		enum mu_online online;
		unsigned ratio;
	} cases[] = {
		{"", MU_ONLINE_NO, 0},
		{"memhp_default_state=offline", MU_ONLINE_NO, 0},
		{"memhp_default_state=online", MU_ONLINE_KERNEL, 0},
		{"memhp_default_state=online_kernel", MU_ONLINE_KERNEL, 0},
		{"memhp_default_state=online_movable", MU_ONLINE_MOVABLE, 0},
		{"memhp_default_state=online "
		 "memory_hotplug.online_policy=auto-movable",
		 MU_ONLINE_RATIO, 0},
		{"memory_hotplug.online_policy=auto-movable "
		 "memory_hotplug.auto_movable_ratio=150 "
		 "memhp_default_state=online",
		 MU_ONLINE_RATIO, 150},
		/* It is about "online" alone; and the last of each counts. */
		{"memory_hotplug.online_policy=auto-movable "
		 "memhp_default_state=online_kernel",
		 MU_ONLINE_KERNEL, 0},
		{"memory_hotplug.online_policy=auto-movable", MU_ONLINE_NO, 0},
		{"memhp_default_state=online "
		 "memory_hotplug.online_policy=auto-movable "
		 "memory_hotplug.online_policy=contig-zones",
		 MU_ONLINE_KERNEL, 0},
		{"memhp_default_state=online memhp_default_state=offline",
		 MU_ONLINE_NO, 0},
	};
	static const char own[] =
		"memhp_default_state=online_movable "
		"memory_hotplug.auto_movable_ratio=0 memhp_default_state=maybe";
	struct mu_machine *machine = world_machine("1G", 12);
	struct mu_config config;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(apply(&config, cases[i].text, NULL), MU_OK);
		assert_int_equal(config.auto_online, cases[i].online);
		assert_int_equal(config.movable_ratio, cases[i].ratio);
	}
	mu_machine_set_cmdline(machine, own, strlen(own));
	config = mu_config_for(machine);
	assert_int_equal(config.auto_online, MU_ONLINE_MOVABLE);
	assert_int_equal(config.movable_ratio, 0);
	free(machine);
}

/* A machine's own kernel passes over what makes no sense; so does this. */
static void of_a_machine(void **state)
{
	static const char words[] =
		"movablecore=64M kernelcore=much kernelcore=1G movablecore=x "
		"movable_node=1 kernelcore=mirror";
	struct mu_machine *machine = world_machine("4G", 12);
	struct mu_config config;

	(void)state;
	config = mu_config_for(machine);
	assert_int_equal(config.dma32_limit, 4 * MU_GIB);
	assert_int_equal(config.movablecore, 0);
	mu_machine_set_cmdline(machine, words, strlen(words));
	machine->arch = MU_ARCH_S390;
	config = mu_config_for(machine);
	assert_int_equal(config.dma_limit, 2 * MU_GIB);
	assert_int_equal(config.dma32_limit, 0);
	assert_int_equal(config.kernelcore, MU_GIB);
	assert_int_equal(config.movablecore, 64 * MU_MIB);
	assert_true(config.kernelcore_mirror);
	assert_false(config.movable_node);
	machine->zones_told = true;
	machine->dma32_limit = MU_GIB;
	config = mu_config_for(machine);
	assert_int_equal(config.dma_limit, 0);
	assert_int_equal(config.dma32_limit, MU_GIB);
	free(machine);
}

static void refused(const char *text, enum mu_status status)
{
	struct mu_error error = {.text = ""};
	struct mu_config config;
	char before[64];

	snprintf(before, sizeof(before), "movable_node %s", text);
	assert_int_equal(apply(&config, before, &error), status);
	assert_int_equal(error.status, status);
	assert_non_null(strstr(error.text, text));
	/* Nothing of it was taken. */
	assert_false(config.movable_node);
	assert_int_equal(apply(&config, before, NULL), status);
}

static void bad_amounts(void **state)
{
	struct mu_config config;

	(void)state;
	refused("kernelcore=", MU_ERR_SYNTAX);
	refused("kernelcore=much", MU_ERR_SYNTAX);
	refused("movablecore=1Gx", MU_ERR_SYNTAX);
	refused("movablecore=50%%", MU_ERR_SYNTAX);
	refused("kernelcore=101%", MU_ERR_RANGE);
	refused("kernelcore=99999999999999999999", MU_ERR_RANGE);
	refused("kernelcore=mirrors", MU_ERR_SYNTAX);
	refused("memhp_default_state=on", MU_ERR_SYNTAX);
	refused("memory_hotplug.online_policy=auto", MU_ERR_SYNTAX);
	refused("memory_hotplug.auto_movable_ratio=much", MU_ERR_SYNTAX);
	refused("memory_hotplug.auto_movable_ratio=50%", MU_ERR_SYNTAX);
	refused("memory_hotplug.auto_movable_ratio=0", MU_ERR_RANGE);
	refused("memory_hotplug.auto_movable_ratio=1000001", MU_ERR_RANGE);
	assert_int_equal(apply(&config,
			       "memory_hotplug.auto_movable_ratio="
			       "99999999999999999999",
			       NULL),
			 MU_ERR_RANGE);
}

/* 64 MiB, of which @nr pages, every other one, are kept. */
static struct mu_machine *with_kept(unsigned nr)
{
	struct mu_machine *machine = world_empty_machine(4096, 1);

	assert_int_equal(
		mu_machine_add(machine, 0, 64 * MU_MIB, MU_RANGE_RAM, 0, NULL),
		MU_OK);
	for (unsigned i = 0; i < nr; i++)
		assert_int_equal(mu_machine_set_flags(
					 machine, MU_MIB + 8192 * (mu_phys_t)i,
					 4096, MU_RANGE_KEPT, NULL),
				 MU_OK);
	/* What is no memory does not become any. */
	assert_int_equal(mu_machine_set_flags(machine, 128 * MU_MIB, MU_MIB,
					      MU_RANGE_KEPT, NULL),
			 MU_OK);
	world_finish_machine(machine);
	assert_int_equal(mu_machine_ram(machine), 64 * MU_MIB);
	return machine;
}

static void kept_memory(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct world world;

		world_init_machine(&world, with_kept(100), world_policies[i],
				   world_backing());
		world_start(&world);
		/* Page 0 is nobody's either. */
		assert_int_equal(world_managed(&world), 16384 - 100 - 1);
		assert_int_equal(world.mm.buddy.nodes[0].present_pages, 16384);
		assert_int_equal(mu_page_state(&world.mm, 256),
				 MU_STATE_RESERVED);
		assert_int_not_equal(mu_page_state(&world.mm, 257),
				     MU_STATE_RESERVED);
		world_destroy(&world);
	}
}

/* The table grows, and never into what is kept. */
static void many_kept(void **state)
{
	const unsigned nr = 1000;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		const struct mu_memblock *memblock;
		struct world world;

		world_init_machine(&world, with_kept(nr), world_policies[i],
				   world_backing());
		memblock = &world.mm.memblock;
		assert_true(memblock->reserved.array_size > 0);
		/* Kept pages, page 0, and the table itself. */
		assert_int_equal(mu_memblock_reserved_size(memblock),
				 (mu_phys_t)4096 * (nr + 1) +
					 memblock->reserved.array_size +
					 memblock->memory.array_size);
		world_start(&world);
		world_destroy(&world);
	}
}

static void no_room_for_kept(void **state)
{
	struct mu_machine *machine = with_kept(MU_MEMBLOCK_REGIONS + 1);
	struct mu_error error = {.text = ""};
	struct mu_port port = {0};
	struct mu_mm *mm = malloc(sizeof(*mm));

	(void)state;
	assert_non_null(mm);
	mu_mm_init(mm, &port);
	/* No hook by which a table could move. */
	assert_int_equal(mu_mm_add_machine(mm, machine, &error),
			 MU_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.text, "0x1000 bytes, range "));
	free(mm);
	free(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amounts),
		cmocka_unit_test(added_memory),
		cmocka_unit_test(of_a_machine),
		cmocka_unit_test(bad_amounts),
		cmocka_unit_test(kept_memory),
		cmocka_unit_test(many_kept),
		cmocka_unit_test(no_room_for_kept),
	};

	return cmocka_run_group_tests_name("boot_config", tests, NULL, NULL);
}
