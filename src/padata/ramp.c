// SPDX-License-Identifier: MIT
#include "base/bits.h"
#include "padata/progress.h"
#include "padata/ramp.h"

void mu_ramp_init(struct mu_padata_ramp *ramp, unsigned most, bool measure)
{
	*ramp = (struct mu_padata_ramp){.most = most};
	ramp->threads =
		measure ? MU_MIN(most, MU_MAX(2u, (most + 3) / 4)) : most;
	ramp->settled = ramp->threads == most;
}

void mu_ramp_open(struct mu_padata_ramp *ramp, uint64_t now, uint64_t done,
		  uint64_t chunk)
{
	ramp->since = now;
	ramp->done = done;
	ramp->quota = MU_MAX(2 * ramp->threads, 8u) * chunk;
}

bool mu_ramp_step(struct mu_padata_ramp *ramp, uint64_t now, uint64_t done)
{
	uint64_t units = done - ramp->done;
	uint64_t rate;

	if (units < ramp->quota || now <= ramp->since)
		return false;
	rate = mu_mul_div(units, (uint64_t)1 << 40, now - ramp->since);
	if (ramp->before && rate < ramp->rate_before) {
		ramp->threads = ramp->before;
		ramp->settled = true;
	} else if (ramp->threads == ramp->most ||
		   (ramp->before &&
		    rate - ramp->rate_before < ramp->rate_before / 8)) {
		ramp->settled = true;
	} else {
		ramp->before = ramp->threads;
		ramp->rate_before = rate;
		ramp->threads = ramp->threads < (ramp->most + 1) / 2
					? (ramp->most + 1) / 2
					: ramp->most;
	}
	return true;
}
