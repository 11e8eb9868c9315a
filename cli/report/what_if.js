/* what_if: the model of cli/plan_model.h, and what crashkernel= and hugepages=
 * leave of each node. */
const GIB4 = 2 ** 32, CRASH_ALIGN = 2 ** 24;

/* How many threads with a core each @threads are worth. */
function effective(node, threads, sibling) {
	const n = Math.min(threads, node.cpus);

	return n <= node.cores ? n : node.cores + sibling * (n - node.cores);
}
/* Nanoseconds for a node; no figures for chunks and start: they are 0. */
function nodeTime(model, node, threads) {
	const n = Math.min(threads, node.cpus);
	const tail = n > 1 ? Math.min(model.section, node.pages) / 2 : 0;

	return (node.pages / effective(node, n, model.sibling) + tail) *
		model.thread_ns + node.pages * model.node_ns;
}
const longestTime = (model, nodes, threads) =>
	Math.max(0, ...nodes.map((node) => nodeTime(model, node, threads)));

/* The fewest threads that save model.enough of what all save. */
function kneeOf(model, nodes, most) {
	const one = longestTime(model, nodes, 1);
	const saved = one - longestTime(model, nodes, most);

	if (saved < one / 100)
		return 1;
	for (let n = 1; n < most; n++)
		if (one - longestTime(model, nodes, n) >= model.enough * saved)
			return n;
	return most;
}

/* crashkernel=SIZE[,high] [@OFFSET], or RANGE:SIZE,...: bytes, and where. */
function parseCrash(text, ram) {
	if (!text.trim())
		return {bytes: 0};
	if (text.includes(":")) {
		for (const part of text.trim().replace(/@.*/, "").split(",")) {
			const match = /^(\w+)-(\w*):(\w+)$/.exec(part);
			const [from, to, bytes] = match ? [parseSize(match[1]),
				match[2] ? parseSize(match[2]) : Infinity,
				parseSize(match[3])] : [NaN, NaN, NaN];

			if (Number.isNaN(from + to + bytes))
				return null;
			if (ram >= from && ram < to)
				return {bytes};
		}
		return {bytes: 0};
	}
	const match = /^(\w+?)(?:@(\w+)|,(high|low))?$/.exec(text.trim());
	const bytes = match ? parseSize(match[1]) : NaN;
	const base = match && match[2] ? parseSize(match[2]) : null;

	if (Number.isNaN(bytes) || Number.isNaN(base || 0))
		return null;
	return {bytes, base, high: !!match && match[3] === "high"};
}

/* From the top down, below 4 GiB first, as Linux looks for it. */
function placeCrash(crash, ram, taken) {
	const free = (start) => !taken.some((t) =>
		t.start < start + crash.bytes && t.end > start);
	const search = (limit) => {
		for (const range of [...ram].reverse()) {
			let start = Math.floor((Math.min(range.end, limit) - crash.bytes) /
				CRASH_ALIGN) * CRASH_ALIGN;

			for (; start >= range.start; start -= CRASH_ALIGN)
				if (free(start))
					return start;
		}
		return null;
	};

	if (crash.base !== null && crash.base !== undefined)
		return ram.some((r) => r.start <= crash.base &&
			r.end >= crash.base + crash.bytes) && free(crash.base) ?
			crash.base : null;
	const low = crash.high ? null : search(GIB4);

	return low === null ? search(Infinity) : low;
}

class WhatIf {
	constructor(model, changed) {
		this.model = model;
		this.changed = changed;
		for (const entry of model.classes)
			$("what-class").append(tag("option", {value: entry.name},
				entry.name + ": " + entry.machine));
		$("what-form").addEventListener("input", () => this.compute());
		$("what-form").addEventListener("submit", (e) => e.preventDefault());
	}

	show(show) {
		this.data = show;
		this.page = show.machine.page_size;
		this.ram = show.ranges.filter((r) => r.type === "usable")
			.reduce((all, r) => {
				const last = all[all.length - 1];

				if (last && last.end === r.start && last.node === r.node)
					last.end = r.end;
				else
					all.push({start: r.start, end: r.end, node: r.node});
				return all;
			}, []);
		this.nodes = this.planNodes();
		this.most = Math.max(1, ...this.nodes.map((node) => node.cpus));
		$("what-threads").max = this.most;
		$("what-threads").value = this.most;
		$("what-crash").value = (/(?:^|\s)crashkernel=(\S+)/
			.exec(show.machine.booted_with) || ["", ""])[1];
		const pool = show.huge_pages[0];

		$("what-huge").value = pool ? pool.count : 0;
		$("what-size").value = pool && pool.page_size >= 2 ** 30 ?
			String(2 ** 30) : String(2 ** 21);
		this.compute();
	}
	/* Memory without CPUs counts at the nearest node that has some. */
	planNodes() {
		const nodes = this.data.nodes.map((n) => ({nid: n.node, cpus: n.cpus,
			cores: n.cpus, pages: 0, distances: n.distances}));
		const owners = nodes.filter((n) => n.cpus);

		if (!owners.length && nodes.length) {
			nodes[0].cpus = nodes[0].cores = 1;
			owners.push(nodes[0]);
		}
		for (const node of this.data.nodes) {
			const near = owners.reduce((best, to) =>
				node.distances[to.nid] < node.distances[best.nid] ? to : best,
			owners.find((o) => o.nid === node.node) || owners[0]);

			near.pages += node.bytes / this.page;
		}
		return owners.filter((node) => node.pages);
	}

	compute() {
		const entry = this.model.classes.find((c) =>
			c.name === $("what-class").value);
		const model = {thread_ns: entry.thread_ns, node_ns: entry.node_ns,
			sibling: this.model.sibling, section: this.model.section_pages,
			enough: this.model.enough};
		const threads = Math.min(this.most, Math.max(1,
			Math.floor(Number($("what-threads").value)) || 1));
		const policy = $("what-policy").value;
		const total = this.data.machine.bytes;
		const crash = parseCrash($("what-crash").value, total);
		const errors = [];
		let placed = null;

		if (!crash)
			errors.push("crashkernel=" + $("what-crash").value +
				" is no size: 512M, 1G,high, 256M@16M or 1G-4G:192M,4G-:256M");
		else if (crash.bytes) {
			/* What the log itself reserves for it goes with this. */
			placed = placeCrash(crash, this.ram, this.data.reservations
				.filter((r) => r.for !== "crash kernel"));
			if (placed === null)
				errors.push("No " + size(crash.bytes) +
					" in one piece for the crash kernel");
		}
		const rows = this.memoryByNode(crash, placed, errors);
		const pages = total / this.page;
		const all = longestTime(model, this.nodes, threads);
		const serial = this.nodes.reduce((sum, node) =>
			sum + nodeTime(model, node, 1), 0);
		const block = 1024 * (model.thread_ns + model.node_ns);
		const knee = kneeOf(model, this.nodes, this.most);
		const first = policy === "eager" ? serial : block;

		$("what-error").textContent = errors.join(". ");
		facts($("what-facts"), [
			["Descriptors", count(pages)],
			["Memory for them", size(pages * this.model.descriptor)],
			["First page after", time(first)],
			["All initialised after", policy === "eager" ? time(serial) :
				policy === "deferred" ? time(block + all) : "as they are used"],
			["Knee", knee + (knee === 1 ? " thread" : " threads") + " a node"],
			["Limit that binds", this.limit(model, threads)],
			["Left to use", size(rows.reduce((sum, row) => sum + row.left, 0))],
		]);
		this.drawNodes(rows);
		this.drawCurve(model, threads, knee);
		$("what-tables").replaceChildren(
			table("Memory by node", [">node", ">memory", ">descriptors",
				">crash kernel", ">huge pages", ">left"],
			rows.map((row) => [row.nid, size(row.bytes), size(row.memmap),
				size(row.crash), size(row.huge), size(row.left)])),
			table("Time by threads", [">threads a node", ">time", ">speedup"],
				this.counts().map((n) => [n,
					time(longestTime(model, this.nodes, n)),
					(longestTime(model, this.nodes, 1) /
						longestTime(model, this.nodes, n)).toFixed(2)])));
		$("what-note").textContent = "Rates of " + entry.machine + ": " +
			(this.model.descriptor / (model.thread_ns + model.node_ns))
				.toFixed(2) + " GB/s a thread, " + (model.node_ns > 0 ?
				(this.model.descriptor / model.node_ns).toFixed(2) +
				" GB/s a node" : "no limit of the node that could be seen") +
			". Source: " + this.model.source + ". Eager: one thread writes " +
			"every descriptor before the first page is there. Deferred: on " +
			"demand, and the rest by threads on all nodes. Lazy: only on demand.";
		this.changed(placed === null ? [] : [{start: placed,
			end: placed + crash.bytes, label: "crash kernel",
			note: "what if", colour: "--what"}]);
	}
	limit(model, threads) {
		const worth = Math.min(...this.nodes.map((node) =>
			effective(node, threads, model.sibling)));

		return model.thread_ns / worth > model.node_ns ? "threads' stores" :
			"the node's memory";
	}
	memoryByNode(crash, placed, errors) {
		const bytes = Number($("what-size").value);
		let wanted = Math.max(0, Math.floor(Number($("what-huge").value)) || 0);
		const rows = this.data.nodes.filter((n) => n.bytes).map((n) => {
			const memmap = n.bytes / this.page * this.model.descriptor;
			const spans = placed === null ? 0 : this.ram
				.filter((r) => r.node === n.node || r.node === null)
				.reduce((sum, r) => sum + Math.max(0, Math.min(r.end,
					placed + crash.bytes) - Math.max(r.start, placed)), 0);

			return {nid: n.node, bytes: n.bytes, memmap, crash: spans,
				huge: 0, left: Math.max(0, n.bytes - memmap - spans)};
		});

		/* In turns over the nodes, as the kernel does, but in one step: each
		 * gets its share, and what does not fit goes to the others. */
		for (let open = rows; wanted && open.length;) {
			const share = Math.max(1, Math.floor(wanted / open.length));

			for (const row of open) {
				const nr = Math.min(share, wanted, Math.floor(row.left / bytes));

				row.huge += nr * bytes;
				row.left -= nr * bytes;
				wanted -= nr;
			}
			open = open.filter((row) => row.left >= bytes);
		}
		if (wanted)
			errors.push(count(wanted) + " huge pages find no room");
		return rows;
	}
	counts() {
		const found = [];

		for (let n = 1; n < this.most; n *= 2)
			found.push(n);
		return [...found, this.most];
	}

	drawNodes(rows) {
		const width = widthOf($("what-nodes"));
		const step = Math.max(14, Math.min(34, 300 / rows.length));
		const height = step * rows.length + 46;
		const most = Math.max(1, ...rows.map((row) => row.bytes));
		const picture = svg("svg", {viewBox: `0 0 ${width} ${height}`, width,
			height, role: "img", "aria-label":
			"Memory of each node: descriptors, crash kernel, huge pages, left"});
		const parts = [["memmap", "--special"], ["crash", "--what"],
			["huge", "--dma32"], ["left", "--ram"]];
		const names = ["descriptors", "crash kernel", "huge pages", "left"];

		rows.forEach((row, i) => {
			let x = 62;

			picture.append(svg("text", {x: 0, y: i * step + step / 2 + 4,
				class: "soft"}, "node " + row.nid));
			for (const [key, fillName] of parts) {
				const w = row[key] / most * (width - 130);

				if (w > 0)
					picture.append(svg("rect", {x, y: i * step + 2,
						width: Math.max(1, w), height: step - 5, class: "box",
						style: "fill:" + colour(fillName)},
					svg("title", {}, size(row[key]))));
				x += w;
			}
			picture.append(svg("text", {x: x + 6, y: i * step + step / 2 + 4},
				size(row.bytes)));
		});
		names.forEach((name, i) => {
			const x = i % 4 * (width / 4);

			picture.append(svg("rect", {x, y: height - 22, width: 10, height: 10,
				rx: 2, style: "fill:" + colour(parts[i][1])}));
			picture.append(svg("text", {x: x + 14, y: height - 13, class: "soft",
				"font-size": 11}, name));
		});
		$("what-nodes").replaceChildren(picture);
	}
	drawCurve(model, threads, knee) {
		const width = widthOf($("what-curve")), height = 230;
		const most = longestTime(model, this.nodes, 1);
		const x = (n) => 64 + (this.most > 1 ? (n - 1) / (this.most - 1) : 0.5) *
			(width - 84);
		const y = (ns) => 16 + (1 - ns / (most || 1)) * (height - 56);
		const picture = svg("svg", {viewBox: `0 0 ${width} ${height}`, width,
			height, role: "img", "aria-label":
			"Time to initialise all descriptors, by threads a node"});
		const points = [];

		for (let n = 1; n <= this.most; n++)
			points.push(x(n).toFixed(1) + "," +
				y(longestTime(model, this.nodes, n)).toFixed(1));
		for (const part of [0, 0.5, 1]) {
			picture.append(svg("line", {x1: 60, x2: width - 10, y1: y(part * most),
				y2: y(part * most), class: "axis"}));
			picture.append(svg("text", {x: 56, y: y(part * most) + 4,
				"text-anchor": "end", class: "soft"},
			part ? time(part * most) : "0"));
		}
		picture.append(svg("polyline", {points: points.join(" "), fill: "none",
			stroke: "var(--accent)", "stroke-width": 2.5}));
		if (knee > 1)
			picture.append(svg("text", {x: Math.min(x(knee) + 8, width - 40),
				y: y(longestTime(model, this.nodes, knee)) - 10, class: "soft"},
			"knee: " + knee));
		for (const [n, name] of [[knee, "--soft"], [threads, "--what"]])
			picture.append(svg("circle", {cx: x(n), r: 5,
				cy: y(longestTime(model, this.nodes, n)),
				style: "fill:" + colour(name)}));
		for (const n of this.most > 1 ? [1, threads, this.most] : [1])
			picture.append(svg("text", {x: x(n), y: height - 24, class: "soft",
				"text-anchor": "middle"}, n === threads && n > 1 &&
				n < this.most && (x(n) < x(1) + 24 || x(n) > x(this.most) - 24) ?
				"" : String(n)));
		picture.append(svg("text", {x: width / 2, y: height - 6, class: "soft",
			"text-anchor": "middle"}, "threads a node"));
		$("what-curve").replaceChildren(picture);
	}
}
