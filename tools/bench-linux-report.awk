# SPDX-License-Identifier: MIT
# Tables and goals of tools/bench-linux from its facts (a line each: MODE GIB
# NODES CPUS SYSTEM TURN KEY VALUE), and the same as JSON in the file `json`:
# the tables as `make bench` has them, and `facts`, every number of every boot.
# `about` is the first line.

{
	machine = $2 " " $3 " " $4
	if (!($1 SUBSEP machine in seen)) {
		seen[$1, machine] = 1
		machines[$1, ++nr_machines[$1]] = machine
	}
	id = $1 SUBSEP machine SUBSEP $5 SUBSEP $7
	values[id, ++nr_values[id]] = $8 + 0
	facts = facts (facts ? ",\n" : "") \
		"  {\"mode\": \"" $1 "\", \"gib\": " $2 ", \"nodes\": " $3 \
		", \"cpus\": " $4 ", \"system\": \"" $5 "\", \"turn\": " $6 \
		", \"" $7 "\": " $8 "}"
}

# Medians, and the least of all turns. "": there is none.
function fastest(mode, machine, who, key,    id, i, v) {
	id = mode SUBSEP machine SUBSEP who SUBSEP key
	for (i = 1; i <= nr_values[id]; i++)
		v = least(v, values[id, i])
	return v
}
function median(mode, machine, who, key,    id, n, i, j, v, sorted) {
	id = mode SUBSEP machine SUBSEP who SUBSEP key
	n = nr_values[id]
	for (i = 1; i <= n; i++) {
		v = values[id, i]
		for (j = i; j > 1 && sorted[j - 1] > v; j--)
			sorted[j] = sorted[j - 1]
		sorted[j] = v
	}
	if (!n)
		return ""
	return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

function over(a, b) { return a == "" || b == "" || b == 0 ? "" : a / b }
function times(a, b) { return a == "" ? "" : a * b }

function name(machine,    part) {
	split(machine, part, " ")
	return part[1] " GiB, " part[2] (part[2] == 1 ? " node, " : " nodes, ") \
		part[3] (part[3] == 1 ? " CPU" : " CPUs")
}

# ---- Printing: as bench/report.c ----

# Three digits that mean something, or the whole part.
function digits(v) {
	v = v < 0 ? -v : v
	return v >= 100 ? 0 : v >= 10 ? 1 : v >= 1 ? 2 : 3
}
function number(v) { return v == "" ? "-" : sprintf("%.*f", digits(v), v) }
function json_number(v) { return v == "" ? "null" : sprintf("%.6g", v) }

function table(id, title, columns,    i) {
	end_table()
	nr_columns = split(columns, column, "|")
	if (nr_tables++) {
		print ""
		out(",")
	}
	printf "%s\n%-25s", title, ""
	for (i = 1; i <= nr_columns; i++)
		printf "%11s", column[i]
	print ""
	out("\n{\"id\": \"" id "\", \"title\": \"" title "\", \"columns\": [")
	for (i = 1; i <= nr_columns; i++)
		out((i > 1 ? ", " : "") "\"" column[i] "\"")
	out("], \"rows\": [")
	nr_rows = nr_goals = 0
	open = 1
}
# A table without goals has an empty list of them.
function end_table() {
	if (open)
		out(nr_goals ? "]}" : "], \"goals\": []}")
	open = 0
}
function row(title, cells,    i, cell) {
	printf "  %-23s", title
	out((nr_rows++ ? "," : "") "\n  {\"name\": \"" title "\", \"values\": [")
	split(cells, cell, "|")
	for (i = 1; i <= nr_columns; i++) {
		printf "%11s", number(cell[i])
		out((i > 1 ? ", " : "") json_number(cell[i]))
	}
	print ""
	out("]}")
}
function at_least(what, goal, measured,    met) {
	if (measured == "") {
		print "  goal: " what ": not measured"
		return
	}
	met = measured + 0 >= goal
	printf "  goal: %s: at least %s, measured %s: %s\n", what, number(goal),
		number(measured), met ? "met" : "NOT MET"
	out((nr_goals++ ? ",\n" : "], \"goals\": [\n") "  {\"what\": \"" what \
		"\", \"sense\": \"at least\", \"goal\": " json_number(goal) \
		", \"measured\": " json_number(measured) ", \"met\": " \
		(met ? "true" : "false") "}")
	met ? all_met++ : all_missed++
}
function least(a, b) { return b == "" ? a : a == "" || b + 0 < a + 0 ? b : a }
function out(text) { printf "%s", text >json }

# ---- The tables ----

function get(who, key) { return median(mode, m, who, key) }
function per_page(who) {
	return over(times(get(who, "phase_ms"), 1e6), get(who, "pages"))
}

function usable(    i, part, worst, sizes, size, handed, lazy) {
	mode = "warm"
	table("usable", "ms from the start of each kernel's clock until " \
		"memory can be allocated", "Linux some|% of all|Linux all|" \
		"lazy all|some/lazy|deferred|all online|Linux/this")
	for (i = 1; i <= nr_machines[mode]; i++) {
		m = machines[mode, i]
		split(m, part, " ")
		handed = get("linux", "handed_ms")
		lazy = get("lazy", "usable_ms")
		row(name(m), handed "|" over(times(get("linux", "usable_kib"), \
				100), get("linux", "all_kib")) \
			"|" get("linux", "all_ms") \
			"|" lazy "|" over(handed, lazy) \
			"|" get("deferred", "usable_ms") \
			"|" get("deferred", "all_ms") \
			"|" over(get("linux", "all_ms"), get("deferred", "all_ms")))
		if (!(part[1] in worst))
			size[++sizes] = part[1]
		worst[part[1]] = least(worst[part[1]], over(handed, lazy))
	}
	for (i = 1; i <= sizes; i++)
		at_least("Linux some / lazy all, the worst of " size[i] " GiB", \
			1, worst[size[i]])
}

function minus(a, b) { return a == "" || b == "" ? "" : a - b }

# Where the time until then goes.
function parts(    i) {
	mode = "warm"
	table("parts", "of that, ms: until the machine is known and mapped, " \
		"and from there", "Linux known|Linux some|lazy known|lazy all|" \
		"some/lazy")
	for (i = 1; i <= nr_machines[mode]; i++) {
		m = machines[mode, i]
		row(name(m), get("linux", "known_ms") \
			"|" since("linux", "handed_ms") \
			"|" get("lazy", "known_ms") "|" since("lazy", "usable_ms") \
			"|" over(since("linux", "handed_ms"), \
				since("lazy", "usable_ms")))
	}
}
function since(who, key) {
	return minus(get(who, key), get(who, "known_ms"))
}

function best(who) {
	return over(times(fastest(mode, m, who, "phase_ms"), 1e6), \
		get(who, "pages"))
}

function phase_row(title,    linux, deferred, eager) {
	linux = per_page("linux")
	deferred = per_page("deferred")
	eager = per_page("eager")
	row(title, get("linux", "phase_ms") "|" linux \
		"|" get("deferred", "phase_ms") "|" deferred \
		"|" over(linux, deferred) "|" over(best("linux"), best("deferred")) \
		"|" get("eager", "phase_ms") "|" eager "|" over(linux, eager) \
		"|" over(best("linux"), best("eager")))
}

function phase_table(which, id, title,    i) {
	mode = which
	table(id, title, "Linux, ms|ns/page|deferred|ns/page|Linux/this|" \
		"of best|eager|ns/page|Linux/this|of best")
	for (i = 1; i <= nr_machines[mode]; i++) {
		m = machines[mode, i]
		phase_row(name(m))
	}
}

function phase(    i, part, linux, worst, size, sizes, one_cpu) {
	phase_table("warm", "phase", \
		"initialisation of what is left: ms, and ns a page")
	for (i = 1; i <= nr_machines[mode]; i++) {
		m = machines[mode, i]
		split(m, part, " ")
		if (!(part[1] in worst))
			size[++sizes] = part[1]
		linux = per_page("linux")
		worst[part[1]] = least(worst[part[1]], \
			over(linux, per_page("deferred")))
		if (part[3] == 1)
			one_cpu = least(one_cpu, over(linux, per_page("eager")))
	}
	for (i = 1; i <= sizes; i++)
		at_least("Linux / deferred, ns a page, the worst of " size[i] \
			" GiB", 5, worst[size[i]])
	at_least("Linux / eager, ns a page, the worst with one CPU", 5, one_cpu)
	phase_table("cold", "cold", \
		"the same where the host has yet to find the memmap's memory")
}

# What more pages cost more, so that what does not depend on them falls out.
function slope(who, key,    small, large) {
	small = machines["count", 1]
	large = machines["count", 2]
	return over(times(median("count", large, who, key) - \
			median("count", small, who, key), 1e6), \
		median("count", large, who, "pages") - \
			median("count", small, who, "pages"))
}
function instructions(    linux, deferred, eager, small, large) {
	if (nr_machines["count"] < 2)
		return
	small = machines["count", 1]
	large = machines["count", 2]
	linux = slope("linux", "gap_ms")
	deferred = slope("deferred", "phase_ms")
	eager = slope("eager", "phase_ms")
	table("instructions", "instructions a page, one CPU, from " \
		name(small) " to " name(large), "a page|Linux/this")
	row("Linux, deferred phase", linux "|")
	row("memup, deferred", deferred "|" over(linux, deferred))
	row("memup, eager", eager "|" over(linux, eager))
	at_least("Linux / deferred, instructions a page", 10, over(linux, deferred))
	at_least("Linux / eager, instructions a page", 10, over(linux, eager))
}

function memmap(    i, nr, linux, taken, all, title) {
	mode = "map"
	nr = nr_machines[mode]
	table("memmap", "memory that descriptors and their tables take: MiB", \
		"Linux|% of all|memup|% of all|Linux/this|lazy uses")
	for (i = 1; i <= nr; i++) {
		m = machines[mode, i]
		linux = get("linux", "memmap_kib")
		all = get("linux", "all_kib")
		taken = get("lazy", "memmap_kib")
		title = name(m)
		sub(/, [0-9]+ CPUs?$/, "", title)
		row(title, over(linux, 1024) "|" over(times(linux, 100), all) \
			"|" over(taken, 1024) "|" over(times(taken, 100), all) \
			"|" over(linux, taken) \
			"|" over(get("lazy", "touched_kib"), 1024))
	}
}

# When each kernel's clock begins, after the machine does: of the first machine.
function clocks() {
	mode = "cold"
	m = machines[mode, 1]
	return name(m) ": memup's clock begins " \
		number(get("lazy", "entry_ms")) " ms after the machine, Linux's " \
		number(get("linux", "zero_ms")) " ms"
}

END {
	print about "\n" clocks() "\n"
	out("{\"about\": \"" about "\", \"clocks\": \"" clocks() \
		"\", \"tables\": [")
	usable()
	parts()
	phase()
	instructions()
	memmap()
	end_table()
	printf "\ngoals: %d met, %d not met\n", all_met, all_missed
	out("\n], \"met\": " all_met + 0 ", \"missed\": " all_missed + 0 \
		", \"facts\": [\n" facts "\n]}\n")
}
