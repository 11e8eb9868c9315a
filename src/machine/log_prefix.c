// SPDX-License-Identifier: MIT
/* log_prefix: what logs have before every line: times, levels, hosts. */
#include "machine/log.h"

bool mu_log_is_prefix(struct mu_text line, const char *at)
{
	while (at > line.at && (at[-1] == ' ' || at[-1] == '\t'))
		at--;
	return at == line.at || at[-1] == ']' || at[-1] == '>' || at[-1] == ':';
}
