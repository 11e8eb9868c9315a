// SPDX-License-Identifier: MIT
/* log_hmat: what the kernel says when it reads ACPI's HMAT. */
#include "base/bits.h"
#include "machine/hmat.h"
#include "machine/log.h"

/* "Flags:00 Type:Read Latency Initiator Domains:2 ..." */
unsigned mu_log_hmat_type(struct mu_text line)
{
	static const char *const names[] = {
		"Access Latency",   "Read Latency",   "Write Latency",
		"Access Bandwidth", "Read Bandwidth", "Write Bandwidth",
	};
	uint64_t flags;

	if (!mu_text_skip(&line, "Flags:") ||
	    mu_text_number(&line, 16, &flags) || flags & MU_HMAT_HIERARCHY ||
	    !mu_text_find(&line, "Type:"))
		return 0;
	for (unsigned i = 0; i < MU_ARRAY_SIZE(names); i++) {
		if (mu_text_skip(&line, names[i]))
			return mu_hmat_types(i);
	}
	return 0;
}

/* "0-1]:120 nsec" */
enum mu_status mu_log_add_hmat(struct mu_machine *machine, struct mu_text line,
			       unsigned types, struct mu_error *error)
{
	uint64_t from, to, value;
	enum mu_status status;

	if (mu_text_number(&line, 10, &from) || !mu_text_skip(&line, "-") ||
	    mu_text_number(&line, 10, &to) || !mu_text_skip(&line, "]:") ||
	    mu_text_number(&line, 10, &value) || value > UINT32_MAX)
		return MU_OK;
	status = mu_hmat_set(machine, (int)MU_MIN(from, INT32_MAX),
			     (int)MU_MIN(to, INT32_MAX), types, (uint32_t)value,
			     error);
	return mu_text_failed(error, status, &line);
}
