/* map: addresses from left to right, one lane each for what the firmware says,
 * nodes, zones, and what is reserved; from all of them to one page. */
const TYPE_COLOUR = {
	usable: "--ram", reserved: "--reserved", hole: "--hole",
};
const ZONE_COLOUR = {
	DMA: "--dma", DMA32: "--dma32", Normal: "--normal",
	HighMem: "--highmem", Movable: "--movable", Device: "--device",
};
const colour = (name) => "var(" + name + ")";

function typeColour(type) {
	if (TYPE_COLOUR[type])
		return TYPE_COLOUR[type];
	if (/NVS/i.test(type))
		return "--nvs";
	if (/ACPI/i.test(type))
		return "--acpi";
	if (/unusable/i.test(type))
		return "--unusable";
	if (/soft|special/i.test(type))
		return "--special";
	if (/persist|pmem/i.test(type))
		return "--pmem";
	return "--reserved";
}
const nodeColour = (nid) => "--n" + nid % 8;
const zoneColour = (zone) => ZONE_COLOUR[zone] || "--device";

class MemoryMap {
	constructor(element) {
		this.element = element;
		this.scale = "linear";
		this.extra = []; /* of what-if */
		this.chosen = -1;
		this.listen();
	}

	show(show) {
		this.data = show;
		this.page = show.machine.page_size;
		this.top = Math.max(this.page, ...show.ranges.map((r) => r.end));
		this.lanes = this.makeLanes();
		this.chosen = -1;
		$("map-detail").textContent = "Point at a box, or step with , and . " +
			"to read what it is.";
		this.whole();
	}

	makeLanes() {
		const {ranges, zones, reservations} = this.data;
		const ram = ranges.filter((r) => r.type === "usable");
		const inside = (range, zone) => ({
			start: Math.max(range.start, zone.start),
			end: Math.min(range.end, zone.end)});
		const nodes = [];

		for (const range of ram) {
			const last = nodes[nodes.length - 1];

			/* Holes below a page are no holes to see. */
			if (last && last.nid === range.node && last.end === range.start)
				last.end = range.end;
			else
				nodes.push({start: range.start, end: range.end,
					nid: range.node});
		}
		return [
			{name: "Firmware", boxes: ranges.map((r) => ({
				start: r.start, end: r.end, label: r.type,
				colour: typeColour(r.type), note: r.flags,
				plain: r.type === "hole"}))},
			{name: "Nodes", boxes: nodes.map((n) => ({
				start: n.start, end: n.end,
				label: n.nid === null ? "no node" : "node " + n.nid,
				colour: nodeColour(n.nid || 0)}))},
			{name: "Zones", boxes: zones.flatMap((z) => ram
				.filter((r) => r.node === z.node || r.node === null)
				.map((r) => inside(r, z)).filter((r) => r.end > r.start)
				.map((r) => ({start: r.start, end: r.end,
					label: z.zone, note: "of node " + z.node,
					colour: zoneColour(z.zone)})))
				.sort((a, b) => a.start - b.start)},
			{name: "Reserved by", boxes: [
				...reservations.map((r) => ({
					start: r.start, end: r.end,
					label: r.for + (r.name ? " " + r.name : ""),
					note: r.shared ? "shared until it is needed" : "",
					colour: "--keep"})),
				...ranges.filter((r) => / ?kept/.test(r.flags || ""))
					.map((r) => ({start: r.start, end: r.end,
						label: "kept", note: "by the firmware or the kernel",
						colour: "--keep"}))]},
		];
	}

	/* 0 to 1 over the view; log1p() stays exact down to a page. */
	at(address) {
		const [from, to] = this.view;

		if (this.scale === "linear")
			return (address - from) / (to - from);
		const unit = from + this.page;

		return address <= from - unit ? -1 :
			Math.log1p((address - from) / unit) /
			Math.log1p((to - from) / unit);
	}
	address(part) {
		const [from, to] = this.view;

		if (this.scale === "linear")
			return from + part * (to - from);
		const unit = from + this.page;

		return from + unit *
			Math.expm1(part * Math.log1p((to - from) / unit));
	}

	/* Never less than a page, never out of the machine. */
	look(from, to) {
		if (!(to - from >= this.page)) {
			const middle = (from + to) / 2;

			from = Math.floor(middle / this.page) * this.page;
			to = from + this.page;
		}
		if (from < 0)
			[from, to] = [0, to - from];
		if (to > this.top)
			[from, to] = [Math.max(0, from - (to - this.top)), this.top];
		this.view = [from, to];
		this.draw();
	}
	whole() { this.look(0, this.top); }
	onePage() {
		const middle = this.address(0.5);
		const from = Math.min(this.top - this.page,
			Math.floor(middle / this.page) * this.page);

		this.look(from, from + this.page);
	}
	/* Both scales continue beyond the view: parts may be below 0 and above 1. */
	lookAt(first, last) {
		const [from, to] = [this.address(first), this.address(last)];

		if (this.scale === "linear")
			this.look(from, to);
		else
			this.look(Math.max(0, from), Math.min(this.top, to));
	}
	zoom(factor, part = 0.5) {
		this.lookAt(part - part * factor, part + (1 - part) * factor);
	}
	move(part) {
		if (part < 0 ? this.view[0] > 0 : this.view[1] < this.top)
			this.lookAt(part, 1 + part);
	}

	allBoxes() {
		return [...this.lanes.map((lane) => lane.boxes), this.extra].flat()
			.filter((box) => box.end > this.view[0] &&
				box.start < this.view[1] && !box.plain);
	}
	step(by) {
		const boxes = this.allBoxes();

		if (!boxes.length)
			return;
		this.chosen = (this.chosen + by + boxes.length) % boxes.length;
		this.tell(boxes[this.chosen]);
		this.draw(boxes[this.chosen]);
	}
	tell(box) {
		$("map-detail").textContent = box.label +
			(box.note ? ", " + box.note : "") + ": " + hex(box.start) +
			" – " + hex(box.end - 1) + ", " + size(box.end - box.start) +
			", pages " + count(Math.floor(box.start / this.page)) + " to " +
			count(Math.ceil(box.end / this.page) - 1);
	}

	draw(chosen) {
		const width = widthOf(this.element);
		const lanes = this.extra.length ? [...this.lanes,
			{name: "What if", boxes: this.extra}] : this.lanes;
		const shown = lanes.filter((lane) => lane.boxes.length);
		const pages = (this.view[1] - this.view[0]) / this.page;
		const grid = pages <= 256;
		const height = 30 + 54 * (shown.length + (grid ? 1 : 0)) + 26;
		const picture = svg("svg", {viewBox: `0 0 ${width} ${height}`,
			width, height, role: "img", "aria-label": this.summary()});
		let y = 30;

		this.drawAxis(picture, width, height);
		for (const lane of shown) {
			picture.append(svg("text", {x: 0, y: y + 10, class: "soft"},
				lane.name));
			this.drawLane(picture, lane, y + 15, width, chosen);
			y += 54;
		}
		if (grid)
			this.drawPages(picture, y, width, pages);
		this.drawOverview(picture, height - 14, width);
		this.element.replaceChildren(picture);
		$("map-view").textContent = this.summary();
	}
	summary() {
		const [from, to] = this.view;
		const pages = Math.round((to - from) / this.page);

		return (from <= 0 && to >= this.top ? "The whole machine: " : "") +
			hex(Math.floor(from)) + " – " + hex(Math.ceil(to) - 1) + ", " +
			size(Math.round(to - from)) + ", " +
			(pages === 1 ? "one page" : count(pages) + " pages") + ", " +
			(this.scale === "log" ? "logarithmic" : "linear");
	}
	drawAxis(picture, width, height) {
		let last = -100;

		for (let i = 0; i <= 64; i++) {
			const nr = Math.max(2, Math.floor(width / 130));
			let address;

			if (this.scale === "log") {
				address = this.page * 2 ** (i * 60 / 64);
				address = 2 ** Math.round(Math.log2(address));
			} else {
				const step = Math.max(this.page, niceStep(
					(this.view[1] - this.view[0]) / nr, 2));

				address = (Math.ceil(this.view[0] / step) + i) * step;
			}
			const part = this.at(address);
			const x = part * width;

			if (!(part >= 0) || x < last + 92 || part > 1)
				continue;
			last = x;
			picture.append(svg("line", {x1: x, x2: x, y1: 18,
				y2: height - 22, class: "axis"}));
			picture.append(svg("text", {x: Math.min(x, width - 2), y: 12,
				class: "soft", "text-anchor": x < 30 ? "start" :
					x > width - 40 ? "end" : "middle"},
				address % 1048576 || !address ? hex(address) : size(address)));
		}
	}
	drawLane(picture, lane, y, width, chosen) {
		let drawnTo = -1;

		for (const box of lane.boxes) {
			if (box.end <= this.view[0] || box.start >= this.view[1])
				continue;
			const x = Math.max(0, this.at(box.start) * width);
			const right = Math.min(width, this.at(box.end) * width);
			const w = Math.max(1.5, right - x);

			/* Of boxes on the same pixel one is enough. */
			if (right - x < 0.5 && x < drawnTo + 0.5 && box !== chosen)
				continue;
			drawnTo = right;
			const rect = svg("rect", {x, y, width: w, height: 30,
				rx: Math.min(3, w / 4), class: "box" +
					(box === chosen ? " chosen" : ""),
				style: "fill:" + colour(box.colour)});

			rect.append(svg("title", {}, box.label));
			rect.addEventListener("pointerenter", () => this.tell(box));
			picture.append(rect);
			if (w > box.label.length * 7 + 10)
				picture.append(svg("text", {x: x + w / 2, y: y + 19,
					class: box.plain ? "soft ink" : "on",
					"text-anchor": "middle"}, box.label));
		}
	}
	drawPages(picture, y, width, pages) {
		const first = Math.floor(this.view[0] / this.page);

		picture.append(svg("text", {x: 0, y: y + 10, class: "soft"},
			"Page frames"));
		for (let i = 0; i <= Math.ceil(pages); i++) {
			const from = (first + i) * this.page;

			if (from >= this.view[1])
				break;
			const x = Math.max(0, this.at(from) * width);
			const w = Math.min(width, this.at(from + this.page) * width) - x;
			const box = {start: from, end: from + this.page,
				label: "page frame " + count(first + i)};
			const rect = svg("rect", {x, y: y + 15, width: Math.max(0, w),
				height: 30, class: "box", style: "fill:var(--wash)"});

			rect.addEventListener("pointerenter", () => this.tell(box));
			picture.append(rect);
			if (w > 70)
				picture.append(svg("text", {x: x + w / 2, y: y + 34,
					"text-anchor": "middle", class: "ink"},
					hex(first + i)));
		}
	}
	/* Where the view is in the machine, always linear. */
	drawOverview(picture, y, width) {
		const part = (address) => address / this.top * width;

		picture.append(svg("rect", {x: 0, y, width, height: 8, rx: 4,
			style: "fill:var(--hole)"}));
		for (const box of this.lanes[1].boxes)
			picture.append(svg("rect", {x: part(box.start), y,
				width: Math.max(1, part(box.end) - part(box.start)),
				height: 8, style: "opacity:.55;fill:" + colour(box.colour)}));
		picture.append(svg("rect", {x: Math.min(width - 4, part(this.view[0])),
			y: y - 3, width: Math.max(4, part(this.view[1] - this.view[0])),
			height: 14, rx: 3,
			style: "fill:none;stroke:var(--accent);stroke-width:2"}));
	}

	listen() {
		const keys = {
			"+": () => this.zoom(0.5), "=": () => this.zoom(0.5),
			"-": () => this.zoom(2), "−": () => this.zoom(2),
			ArrowLeft: () => this.move(-0.25),
			ArrowRight: () => this.move(0.25),
			Home: () => this.whole(), End: () => this.onePage(),
			".": () => this.step(1), ",": () => this.step(-1),
		};
		const partOf = (event) => {
			const box = this.element.getBoundingClientRect();

			return (event.clientX - box.left) / box.width;
		};
		let drag = null;

		this.element.addEventListener("keydown", (event) => {
			if (!keys[event.key] || event.ctrlKey || event.metaKey)
				return;
			event.preventDefault();
			keys[event.key]();
		});
		this.element.addEventListener("wheel", (event) => {
			if (!event.ctrlKey && !event.metaKey)
				return;
			event.preventDefault();
			this.zoom(event.deltaY < 0 ? 0.8 : 1.25, partOf(event));
		}, {passive: false});
		this.element.addEventListener("dblclick", (event) =>
			this.zoom(0.25, partOf(event)));
		this.element.addEventListener("pointerdown", (event) => {
			drag = partOf(event);
		});
		addEventListener("pointerup", () => { drag = null; });
		this.element.addEventListener("pointermove", (event) => {
			const part = partOf(event);

			if (drag === null || Math.abs(part - drag) < 0.01)
				return;
			this.move(drag - part);
			drag = part;
		});
		const on = (id, act) => $(id).addEventListener("click", act);

		on("map-in", () => this.zoom(0.5));
		on("map-out", () => this.zoom(2));
		on("map-left", () => this.move(-0.5));
		on("map-right", () => this.move(0.5));
		on("map-whole", () => this.whole());
		on("map-page", () => this.onePage());
		$("map-scale").addEventListener("change", (event) => {
			this.scale = event.target.value;
			this.draw();
		});
		$("map-form").addEventListener("submit", (event) => {
			const address = parseSize($("map-address").value);

			event.preventDefault();
			if (!(address < this.top)) {
				$("map-detail").textContent = "No address below " +
					hex(this.top) + ": " + $("map-address").value;
				return;
			}
			this.look(address - 8 * this.page, address + 8 * this.page);
		});
	}
}
