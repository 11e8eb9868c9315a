// SPDX-License-Identifier: MIT
/* log_frames: maps that count in page frames. */
#include "base/bits.h"
#include "base/fmt.h"
#include "machine/log.h"

#define CLUSTER_SHIFT 13

/* "0x00000000 -> 0x0000009f" and no more. */
static bool read_pair(struct mu_text *line, uint64_t *first, uint64_t *end)
{
	if (!mu_text_skip(line, "0x") || mu_text_number(line, 16, first) ||
	    !mu_text_skip(line, " -> 0x") || mu_text_number(line, 16, end))
		return false;
	mu_text_blanks(line);
	return mu_text_empty(line);
}

/*
 * " 0: 0x00000000 -> 0x0000009f": Linux 2.6.19 to 3.4. The node is preceded by
 * whatever the log has before every line.
 */
static bool read_line(struct mu_text line, int *nid, uint64_t *first,
		      uint64_t *end)
{
	struct mu_text rest = line, node = line;

	while (mu_text_find(&rest, ": ")) {
		struct mu_text pair = rest;
		const char *colon = rest.at - 2;

		if (!read_pair(&pair, first, end))
			continue;
		node.at = colon;
		while (node.at > line.at && node.at[-1] >= '0' &&
		       node.at[-1] <= '9')
			node.at--;
		node.end = colon;
		return mu_log_is_prefix(line, node.at) &&
		       mu_log_node(&node, nid);
	}
	return false;
}

bool mu_log_is_frames(struct mu_text line)
{
	uint64_t first, end;
	int nid;

	return read_line(line, &nid, &first, &end);
}

static enum mu_status bad_frames(uint64_t first, uint64_t end,
				 struct mu_error *error)
{
	return mu_fail(error, MU_ERR_RANGE, 0,
		       "page frames 0x%llx to 0x%llx: not upwards, or past the "
		       "limit of %d address bits",
		       (unsigned long long)first, (unsigned long long)end,
		       MU_PHYS_BITS);
}

enum mu_status mu_log_add_frames(struct mu_machine *machine,
				 struct mu_text line, unsigned shift, bool ram,
				 bool nodes, struct mu_error *error)
{
	enum mu_status status = MU_OK;
	uint64_t first = 0, end = 0;
	int nid = 0;

	(void)read_line(line, &nid, &first, &end);
	if (end < first || end > MU_PHYS_MAX >> shift)
		status = bad_frames(first, end, error);
	if (!status && ram)
		status = mu_machine_add(machine, first << shift,
					(end - first) << shift, MU_RANGE_RAM, 0,
					error);
	if (!status && nodes)
		status = mu_machine_add_affinity(machine, first << shift,
						 (end - first) << shift, nid, 0,
						 error);
	return mu_text_failed(error, status, &line);
}

/*
 * "1, usage 0, start     1984, end  1048576", of Alpha's console firmware,
 * whose frames have 8 KiB; a cluster with a usage other than 0 is not the
 * kernel's.
 */
enum mu_status mu_log_add_cluster(struct mu_machine *machine,
				  struct mu_text line, struct mu_error *error)
{
	uint64_t usage, first, end;
	struct mu_text rest = line;
	struct mu_quote quote;
	enum mu_status status;

	if (!mu_text_find(&rest, "usage ") ||
	    mu_text_number(&rest, 10, &usage) ||
	    !mu_text_find(&rest, "start ") ||
	    (mu_text_blanks(&rest), mu_text_number(&rest, 10, &first)) ||
	    !mu_text_find(&rest, "end ") ||
	    (mu_text_blanks(&rest), mu_text_number(&rest, 10, &end)))
		status = mu_fail(error, MU_ERR_SYNTAX, 0,
				 "no usage, start and end in memcluster \"%s\"",
				 mu_text_quote(&quote, line));
	else if (end < first || end > MU_PHYS_MAX >> CLUSTER_SHIFT)
		status = bad_frames(first, end, error);
	else
		status = mu_machine_add(
			machine, first << CLUSTER_SHIFT,
			(end - first) << CLUSTER_SHIFT,
			usage & 3 ? MU_RANGE_RESERVED : MU_RANGE_RAM, 0, error);
	return mu_text_failed(error, status, &line);
}
