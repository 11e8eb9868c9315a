/* timeline: when the boot worked on memory, from the stamps of its lines. */
const KIND_COLOUR = {
	firmware: "--reserved", nodes: "--n0", memblock: "--ram",
	zones: "--normal", reserved: "--keep", memmap: "--special",
	allocator: "--movable", deferred: "--what", cpus: "--acpi",
	kaslr: "--unusable", initrd: "--pmem", free: "--good",
	"huge pages": "--dma", hotplug: "--highmem",
};

class Timeline {
	constructor(element) {
		this.element = element;
		this.scale = "linear";
		$("time-scale").addEventListener("change", (event) => {
			this.scale = event.target.value;
			this.draw();
		});
	}

	show(lines) {
		this.lines = lines;
		this.timed = lines.filter((line) => line.time !== null);
		this.phases = this.findPhases();
		this.end = Math.max(0, ...this.timed.map((line) => line.time));
		this.gaps = this.findGaps();
		this.tell();
		this.draw();
		$("time-tables").replaceChildren(
			table("Lines that tell of memory", [">line", ">time, s", "what",
				"~text"], lines.map((line) => [line.line,
				line.time === null ? "–" : line.time.toFixed(6), line.kind,
				line.text])),
			table("Phases", ["what", ">from, s", ">to, s", ">took"],
				this.phases.map((p) => [p.label, p.from.toFixed(3),
					p.to.toFixed(3), time((p.to - p.from) * 1e9)])),
			table("Gaps: no line tells of memory", [">from, s", ">to, s",
				">long"], this.gaps.map((g) => [g.from.toFixed(3),
				g.to.toFixed(3), time((g.to - g.from) * 1e9)])));
	}

	/* What has a beginning and an end: a node's deferred pages, whose line
	 * comes at their end and says how long they took; and CPUs. */
	findPhases() {
		const phases = [];
		let begun = null;

		for (const line of this.timed) {
			const took = /node (\d+) deferred pages initiali[sz]ed in (\d+)\s*ms/i
				.exec(line.text);

			if (took)
				phases.push({kind: "deferred", label: "deferred pages of node " +
					took[1], from: Math.max(0, line.time - took[2] / 1e3),
				to: line.time});
			if (/bringing up secondary/i.test(line.text))
				begun = line.time;
			if (/brought up/i.test(line.text) && begun !== null) {
				phases.push({kind: "cpus", label: "CPUs come up",
					from: begun, to: line.time});
				begun = null;
			}
		}
		return phases;
	}
	/* Longer than a twentieth of it all. */
	findGaps() {
		const busy = [...this.timed.map((l) => ({from: l.time, to: l.time})),
			...this.phases].sort((a, b) => a.from - b.from);
		const gaps = [];
		let until = 0;

		for (const span of busy) {
			if (span.from - until > this.end / 20)
				gaps.push({from: until, to: span.from});
			until = Math.max(until, span.to);
		}
		return gaps;
	}
	tell() {
		const zero = this.timed.filter((line) => line.time === 0).length;

		$("time-tools").hidden = !(this.end > 0);
		$("time-lead").textContent = !this.lines.length ?
			"This source has no boot log, so there is no time in it." :
			!this.timed.length ? "The lines of this log have no times." :
				count(this.lines.length) + " lines tell of memory" +
				(this.end > 0 ? ", the last at " + this.end.toFixed(3) + " s. " :
					". ") +
				(zero ? count(zero) + " of them were printed before the clock " +
					"ran, at 0. " : "") +
				(this.gaps.length ? "Shaded: no line tells of memory work." : "");
		$("time-detail").textContent = this.timed.length ?
			"Point at a mark to read its lines." : "";
	}

	at(seconds) {
		if (this.scale === "linear")
			return seconds / (this.end || 1);
		return Math.log1p(seconds * 1e3) / Math.log1p((this.end || 1) * 1e3);
	}
	draw() {
		const kinds = Object.keys(KIND_COLOUR).filter((kind) =>
			this.timed.some((line) => line.kind === kind));
		const width = widthOf(this.element), left = 84, inner = width - left - 10;
		const height = 26 * kinds.length + 44;
		const x = (seconds) => left + this.at(seconds) * inner;
		const picture = svg("svg", {viewBox: `0 0 ${width} ${height}`, width,
			height, role: "img", "aria-label": $("time-lead").textContent});

		if (!kinds.length) {
			this.element.replaceChildren();
			return;
		}
		for (const gap of this.gaps) {
			const w = x(gap.to) - x(gap.from);

			picture.append(svg("rect", {x: x(gap.from), y: 20, width: w,
				height: height - 40, style: "fill:var(--gap)"}));
			if (w > 44)
				picture.append(svg("text", {x: x(gap.from) + w / 2, y: 14,
					class: "soft", "text-anchor": "middle"},
					time((gap.to - gap.from) * 1e9)));
		}
		kinds.forEach((kind, i) => {
			const y = 32 + 26 * i;

			picture.append(svg("line", {x1: left, x2: width - 10, y1: y, y2: y,
				class: "axis"}));
			picture.append(svg("text", {x: 0, y: y + 4, class: "soft"}, kind));
			this.drawKind(picture, kind, y, x);
		});
		const marks = this.scale === "log" ?
			[0, 1e-3, 1e-2, 0.1, 1, 10, 100, 1e3].filter((t) => t <= this.end) :
			this.end > 0 ? ticks(0, this.end, inner / 90, 10) : [0];

		for (const at of marks)
			picture.append(svg("text", {x: x(at), y: height - 6, class: "soft",
				"text-anchor": x(at) > width - 30 ? "end" : "middle"},
				Number(at.toPrecision(6)) + " s"));
		this.element.replaceChildren(picture);
	}
	drawKind(picture, kind, y, x) {
		const fillStyle = "fill:" + colour(KIND_COLOUR[kind]);
		const groups = [];

		for (const phase of this.phases.filter((p) => p.kind === kind)) {
			const bar = svg("rect", {x: x(phase.from), y: y - 8, rx: 3,
				width: Math.max(2, x(phase.to) - x(phase.from)), height: 16,
				class: "box", style: fillStyle + ";opacity:.55"});
			const say = phase.label + ": " + phase.from.toFixed(3) + " s to " +
				phase.to.toFixed(3) + " s, " + time((phase.to - phase.from) * 1e9);

			bar.append(svg("title", {}, say));
			bar.addEventListener("pointerenter", () => {
				$("time-detail").textContent = say;
			});
			picture.append(bar);
		}
		/* Marks that would touch become one, larger with more lines. */
		for (const line of this.timed.filter((l) => l.kind === kind)) {
			const last = groups[groups.length - 1];

			if (last && x(line.time) - last.x < 9)
				last.lines.push(line);
			else
				groups.push({x: x(line.time), lines: [line]});
		}
		for (const group of groups) {
			const nr = group.lines.length;
			const dot = svg("circle", {cx: group.x, cy: y,
				r: Math.min(11, 3.5 + Math.sqrt(nr)), class: "box",
				style: fillStyle});
			const say = group.lines.slice(0, 4).map((line) =>
				line.time.toFixed(6) + " " + line.text.trim()).join(" · ") +
				(nr > 4 ? ` · and ${nr - 4} more lines` : "");

			dot.append(svg("title", {}, say));
			dot.addEventListener("pointerenter", () => {
				$("time-detail").textContent = say;
			});
			picture.append(dot);
			if (nr > 9)
				picture.append(svg("text", {x: group.x, y: y + 4, class: "on",
					"text-anchor": "middle", "font-size": 9.5}, String(nr)));
		}
	}
}
