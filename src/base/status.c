// SPDX-License-Identifier: MIT
/*
 * Statuses by name, for a person.
 */
#include "memup/base.h"

static const char *const names[MU_NR_STATUS] = {
	[MU_OK] = "ok",
	[MU_ERR_INVALID] = "invalid argument",
	[MU_ERR_RANGE] = "out of range",
	[MU_ERR_SYNTAX] = "cannot be read",
	[MU_ERR_FULL] = "table full",
	[MU_ERR_NOMEM] = "no memory",
	[MU_ERR_BUSY] = "busy",
	[MU_ERR_OVERLAP] = "overlaps",
	[MU_ERR_NOT_FOUND] = "not found",
	[MU_ERR_HOLE] = "a hole",
	[MU_ERR_RESERVED] = "reserved",
	[MU_ERR_PRISTINE] = "pristine",
	[MU_ERR_NOT_ALLOCATED] = "not allocated",
	[MU_ERR_ORDER] = "wrong order",
	[MU_ERR_CORRUPT] = "corrupt",
	[MU_ERR_UNSUPPORTED] = "not supported by the port",
	[MU_ERR_CANCELLED] = "cancelled",
	[MU_ERR_OFFLINE] = "offline",
};

const char *mu_status_str(enum mu_status status)
{
	if ((unsigned)status >= MU_NR_STATUS)
		return "unknown status";
	return names[status];
}
