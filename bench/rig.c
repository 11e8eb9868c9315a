// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include "bench/rig.h"
#include "bench/stats.h"
#include "ports/hosted/machine.h"

void rig_create(struct rig *rig, const char *what, unsigned helpers,
		enum mu_hosted_backing backing)
{
	struct mu_hosted_config config = {
		.threads = helpers,
		.backing = backing,
	};
	struct mu_error error = {.text = "no reason given"};

	*rig = (struct rig){.machine = NULL};
	if (mu_machine_load(&rig->machine, what, &error) != MU_OK ||
	    mu_hosted_create(&rig->hosted, rig->machine, &config, &error) !=
		    MU_OK)
		die("%s: %s", what, error.text);
	rig->port = *mu_hosted_port(rig->hosted);
}

void rig_create_room(struct rig *rig, unsigned helpers,
		     enum mu_hosted_backing backing, mu_phys_t limit)
{
	const struct mu_hosted_config hosted = {
		.threads = helpers,
		.backing = backing,
		.limit = limit,
	};
	const struct mu_limits limits = {.end = limit, .ranges = 4};
	struct mu_config config = mu_config_default();
	struct mu_error error = {.text = "no reason given"};
	size_t bytes;

	*rig = (struct rig){.machine = NULL};
	if (mu_machine_load(&rig->machine, "1G/2", &error) != MU_OK ||
	    mu_hosted_create(&rig->hosted, rig->machine, &hosted, &error) !=
		    MU_OK)
		die("%s", error.text);
	rig->port = *mu_hosted_port(rig->hosted);
	config.batch = MU_SECTION_BLOCKS;
	config.measure = true;
	mu_mm_init(&rig->mm, &rig->port);
	if (mu_mm_add_machine(&rig->mm, rig->machine, &error) != MU_OK ||
	    mu_mm_set_limits(&rig->mm, &limits, &error) != MU_OK)
		die("%s", error.text);
	bytes = mu_mm_size(&rig->mm);
	rig->tables = aligned_alloc(64, bytes);
	if (!rig->tables)
		die("no memory for %zu bytes of tables", bytes);
	if (mu_mm_start(&rig->mm, &config, mu_hosted_memmap(rig->hosted),
			rig->tables, bytes, &error) != MU_OK)
		die("%s", error.text);
}

void rig_destroy(struct rig *rig)
{
	mu_hosted_destroy(rig->hosted);
	mu_machine_unload(rig->machine);
	free(rig->tables);
}

void rig_start(struct rig *rig, enum mu_policy policy)
{
	struct mu_config config = mu_config_default();
	struct mu_error error = {.text = "no reason given"};
	struct mu_mm *mm = &rig->mm;
	size_t bytes;

	config.policy = policy;
	config.batch = MU_SECTION_BLOCKS;
	config.cache_pages = rig->cache_pages;
	mu_mm_init(mm, &rig->port);
	if (mu_mm_add_machine(mm, rig->machine, &error) != MU_OK)
		die("%s", error.text);
	bytes = mu_mm_size(mm);
	if (!rig->tables)
		rig->tables = aligned_alloc(64, bytes);
	if (!rig->tables)
		die("no memory for %zu bytes of tables", bytes);
	if (mu_mm_start(mm, &config, mu_hosted_memmap(rig->hosted), rig->tables,
			bytes, &error) != MU_OK)
		die("%s", error.text);
}

void rig_touch(struct rig *rig)
{
	rig_start(rig, MU_POLICY_EAGER);
}

uint64_t rig_pristine(const struct rig *rig)
{
	return mu_deferred_stats(&rig->mm.deferred).pristine_pages;
}

mu_pfn_t rig_alloc(struct rig *rig, unsigned order)
{
	mu_pfn_t pfn;
	enum mu_status status =
		mu_alloc_pages(&rig->mm.buddy, 0, order, 0, &pfn);

	if (status != MU_OK)
		die("order %u: %s", order, mu_status_str(status));
	return pfn;
}
