# SPDX-License-Identifier: MIT
# What the log of one machine says, for tools/bench-linux: a line for each fact,
# which begins with a word of `modes`, the first for the first boot and so on, and
# with `words`. Status 1 when there are fewer boots that came to their end. Times
# in ms since the kernel's clock began, memory in KiB.

function fact(key, value) {
	printf "%s %s %s %.6f\n", mode[boot], words, key, value
}

BEGIN { boots = split(modes, mode, " ") }

# Linux puts <level> before the time.
{
	sub(/^<[0-9]+>/, "")
	if (match($0, /^\[ *[0-9]+\.[0-9]+\] /)) {
		now = substr($0, 2, RLENGTH - 3) * 1000
		$0 = substr($0, RLENGTH + 1)
	}
}

# ---- Linux ----

/^tsc: Detected .* MHz/ && !mhz { mhz = $3 }
# The last node's: the direct map is there, the memmap is not.
/^NODE_DATA\(/ { known = now }
/^Memory: [0-9]+K\/[0-9]+K available/ {
	split($2, part, /K\/?/)
	handed = now
	usable = part[1]
	present = part[2]
}
# What was taken of it while memblock was the allocator (memblock=debug).
/^memblock_alloc.* (sparse|vmemmap|section)_[a-z_]+[.+]/ { memmap += $2 / 1024 }
/^smpboot: Total of / { cpus_up = now }
/^node [0-9]+ deferred pages initialised in [0-9]+ms/ {
	phase = $NF + 0 > phase ? $NF + 0 : phase
	all = now
}
/^bench-linux: tsc / { mark_ms = now; mark_ticks = $3 }
/^MemTotal:/ { total = $2 }
/^bench-linux: end/ { boot++; linux() }

# ---- memup: lines "stat: name=value name=value ..." ----

/^stat: / {
	for (i = 2; i <= NF; i++) {
		split($i, part, "=")
		stat[part[1]] = part[2]
	}
	if ("pages_initialised" in stat) {
		boot++
		memup()
	}
}
function memup() {
	fact("mhz", stat["tsc_hz"] / 1e6)
	fact("entry_ms", stat["entry_tsc"] / stat["tsc_hz"] * 1000)
	fact("known_ms", stat["mapped_ns"] / 1e6)
	fact("usable_ms", stat["first_alloc_ns"] / 1e6)
	fact("usable_kib", stat["usable_bytes"] / 1024)
	fact("memmap_kib", stat["memmap_reserved_bytes"] / 1024)
	fact("touched_kib", stat["memmap_backed_bytes"] / 1024)
	if (stat["policy"] == "eager") {
		fact("phase_ms", (stat["usable_ns"] - stat["mapped_ns"]) / 1e6)
		fact("pages", stat["start_pages"])
	} else if (stat["policy"] == "deferred") {
		fact("all_ms", stat["finish_to_ns"] / 1e6)
		fact("phase_ms", stat["finish_ns"] / 1e6)
		fact("pages", stat["finish_pages"])
	}
	delete stat
}

function linux() {
	fact("mhz", mhz)
	# The TSC stands still while a counted CPU waits, the log's time does not.
	if (mode[boot] != "count")
		fact("zero_ms", mark_ticks / mhz / 1000 - mark_ms)
	fact("known_ms", known)
	fact("handed_ms", handed)
	fact("usable_kib", usable)
	fact("all_kib", present)
	if (memmap)
		fact("memmap_kib", memmap)
	if (all) {
		fact("all_ms", all)
		fact("phase_ms", phase)
		fact("gap_ms", all - cpus_up)
		fact("pages", (total - usable) / 4)
	}
	mhz = memmap = all = phase = 0
}

END { exit boot < boots }
