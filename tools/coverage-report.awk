# SPDX-License-Identifier: MIT
# What tools/coverage prints, from lines FILE NUMBER RUN BRANCHES TAKEN, one for
# each line of code. -v explained=FILE names the branches that nothing can reach;
# -v part=PART: only some tests were run.
function percent(some, all) {
	return all ? sprintf("%5.1f %%", 100 * some / all) : "      -"
}
function source(file, number,    key, text, n) {
	if (!(file in read_already)) {
		read_already[file] = 1
		while ((getline text < file) > 0) {
			gsub(/^[ \t]+|[ \t]+$/, "", text)
			gsub(/[ \t]+/, " ", text)
			line_of[file, ++n] = text
		}
		close(file)
	}
	return line_of[file, number]
}
BEGIN {
	least = 95 # percent
	while ((getline text < explained) > 0) {
		gsub(/^[ \t]+|[ \t]+$/, "", text)
		if (text == "" || text ~ /^#/)
			continue
		if (text ~ /^= /) {
			if (key != "")
				reason[key] = reason[key] substr(text, 3) " "
			continue
		}
		key = text
		reason[key] = ""
	}
}
{
	split($1, part_of, "/")
	floor = part_of[2]
	if (!(floor in lines))
		name[++floors] = floor
	lines[floor]++
	hit[floor] += $3
	branches[floor] += $4
	taken[floor] += $5
	file_branches[$1] += $4
	file_taken[$1] += $5
	if ($5 < $4) {
		key = $1 ": " source($1, $2)
		if (key in reason) {
			used[key] = 1
			excused[floor] += $4 - $5
		} else {
			missed[++nr_missed] = $1 ":" $2 ": " source($1, $2) \
				"  [" $4 - $5 " of " $4 "]"
		}
	}
}
END {
	printf "%-10s %7s %7s %8s  %8s %7s %8s  %9s\n", "floor", "lines",
		"run", "", "branches", "taken", "", "explained"
	for (i = 1; i <= floors; i++) {
		f = name[i]
		printf "%-10s %7d %7d %8s  %8d %7d %8s  %9d\n", f, lines[f],
			hit[f], percent(hit[f], lines[f]), branches[f],
			taken[f], percent(taken[f], branches[f]), excused[f]
		l += lines[f]
		h += hit[f]
		b += branches[f]
		t += taken[f]
		e += excused[f]
	}
	printf "%-10s %7d %7d %8s  %8d %7d %8s  %9d\n", "all", l, h,
		percent(h, l), b, t, percent(t, b), e
	if (part != "")
		exit 0
	for (key in reason)
		if (!(key in used)) {
			print "coverage: explained, and reached or gone: " key
			bad = 1
		}
	for (i = 1; i <= nr_missed; i++)
		print "coverage: not reached: " missed[i]
	if (!b || 100 * t < least * b) {
		print "coverage: less than " least " % of branches"
		bad = 1
	}
	exit bad
}
