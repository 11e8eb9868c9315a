// SPDX-License-Identifier: MIT
/* The parameters that a configuration is made of. */
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
	(void)state;
	refused("kernelcore=", MU_ERR_SYNTAX);
	refused("kernelcore=much", MU_ERR_SYNTAX);
	refused("movablecore=1Gx", MU_ERR_SYNTAX);
	refused("movablecore=50%%", MU_ERR_SYNTAX);
	refused("kernelcore=101%", MU_ERR_RANGE);
	refused("kernelcore=99999999999999999999", MU_ERR_RANGE);
	refused("kernelcore=mirror", MU_ERR_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amounts),
		cmocka_unit_test(bad_amounts),
	};

	return cmocka_run_group_tests_name("boot_config", tests, NULL, NULL);
}
