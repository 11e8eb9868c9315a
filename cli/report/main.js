/* main: one boot of the page's data at a time, in all its pictures. */
const report = JSON.parse($("data").textContent);
const map = new MemoryMap($("map"));
const timeline = new Timeline($("time"));
const whatIf = new WhatIf(report, (boxes) => {
	map.extra = boxes;
	if (map.view)
		map.draw();
});

function showHead(machine, nodes, check) {
	const name = machine.source.replace(/^.*\//, "");

	document.title = name + " – memup report";
	$("name").textContent = name;
	$("cmdline").textContent = machine.booted_with;
	facts($("facts"), [
		["Memory", size(machine.bytes)],
		["Architecture", machine.arch],
		["Nodes", String(nodes.length)],
		["CPUs", count(machine.cpus)],
		["Page", size(machine.page_size)],
		check ? ["Linux", check.differ ? check.differ + " differ" :
			check.agree + " agree", check.differ ? "bad" : "good"] :
			["Linux", "not compared"],
	]);
}

function showMapTables(show) {
	const legend = new Map();

	$("map-tables").replaceChildren(
		table("Nodes", [">node", ">CPUs", ">memory", ">from", ">to"],
			show.nodes.map((n) => [n.node, n.cpus, size(n.bytes),
				n.bytes ? hex(n.start) : "–", n.bytes ? hex(n.end - 1) : "–"])),
		table("Zones", [">node", "zone", ">from", ">to", ">present",
			">managed"], show.zones.map((z) => [z.node, z.zone, hex(z.start),
			hex(z.end - 1), size(z.present), size(z.managed)])),
		table("Ranges", [">from", ">to", ">size", "type", ">node", "flags"],
			show.ranges.map((r) => [hex(r.start), hex(r.end - 1),
				size(r.end - r.start), r.type, r.node === null ? "–" : r.node,
				r.flags])),
		table("Reserved by parameters", ["for", "name", ">from", ">to",
			">size"], show.reservations.map((r) => [r.for, r.name,
			hex(r.start), hex(r.end - 1), size(r.end - r.start)])));
	for (const lane of map.lanes)
		for (const box of lane.boxes)
			if (lane.name !== "Nodes" && lane.name !== "Reserved by")
				legend.set(box.label, box.colour);
	$("map-legend").replaceChildren(...[...legend].map(([label, name]) =>
		tag("li", {}, tag("i", {style: "background:" + colour(name)}), label)));
}

function showGoto(show) {
	const places = [["the whole", 0, map.top],
		...show.nodes.filter((n) => n.bytes).map((n) =>
			["node " + n.node, n.start, n.end]),
		...show.zones.map((z) =>
			["zone " + z.zone + " of node " + z.node, z.start, z.end]),
		...show.reservations.map((r) => [r.for + " " + r.name, r.start, r.end])];

	$("map-goto").replaceChildren(...places.map(([label], i) =>
		tag("option", {value: String(i)}, label)));
	$("map-goto").onchange = (event) =>
		map.look(...places[Number(event.target.value)].slice(1));
}

function showCheck(check) {
	const element = $("check"), width = widthOf(element);
	const parts = check ? [["agree", "--ram"], ["differ", "--unusable"],
		["absent", "--hole"], ["taken", "--acpi"]] : [];
	const differs = check ? check.rows.filter((r) => r.verdict === "differs") :
		[];
	const cells = (row) => [row.what, row.verdict, row.memup || "–",
		row.linux || "–"];
	let x = 0;

	$("check-lead").textContent = !check ?
		"Nothing in this source that could be compared." :
		`${check.agree} rows agree, ${check.differ} differ, ${check.absent} ` +
		`are not in this log, ${check.taken} were taken from it and compare ` +
		"nothing.";
	element.replaceChildren();
	$("check-differs").replaceChildren();
	$("check-tables").replaceChildren();
	if (!check)
		return;
	const picture = svg("svg", {viewBox: `0 0 ${width} 30`, width, height: 30,
		role: "img", "aria-label": $("check-lead").textContent});

	for (const [key, name] of parts) {
		const w = check[key] / check.rows.length * width;

		if (w)
			picture.append(svg("rect", {x, y: 2, width: w, height: 22, rx: 3,
				class: "box", style: "fill:" + colour(name)},
			svg("title", {}, check[key] + " " + key)));
		if (w > 70)
			picture.append(svg("text", {x: x + w / 2, y: 17,
				class: key === "absent" ? "soft" : "on",
				"text-anchor": "middle"}, check[key] + " " +
				{agree: "agree", differ: "differ", absent: "not in log",
					taken: "taken"}[key]));
		x += w;
	}
	element.append(picture);
	if (differs.length)
		$("check-differs").append(table("What differs", ["what", "verdict",
			"memup", "Linux"], differs.map(cells), () => "differs"));
	$("check-tables").append(table("All rows", ["what", "verdict", "memup",
		"Linux"], check.rows.map(cells), (i) =>
		check.rows[i].verdict === "differs" ? "differs" : ""));
}

function showLog(index) {
	const {show, timeline: lines, check} = report.logs[index];

	showHead(show.machine, show.nodes, check);
	map.extra = [];
	map.show(show);
	showMapTables(show);
	showGoto(show);
	timeline.show(lines);
	whatIf.show(show);
	showCheck(check);
}

$("pick").hidden = report.logs.length < 2;
report.logs.forEach((log, i) => $("log").append(tag("option",
	{value: String(i)}, log.show.machine.source.replace(/^.*\//, ""))));
$("log").addEventListener("change", (event) =>
	showLog(Number(event.target.value)));
$("theme").addEventListener("change", (event) => {
	document.documentElement.dataset.theme = event.target.value;
});

function redraw() {
	map.draw();
	timeline.draw();
	whatIf.compute();
	showCheck(report.logs[Number($("log").value) || 0].check);
}
let redrawing = 0;

addEventListener("resize", () => {
	cancelAnimationFrame(redrawing);
	redrawing = requestAnimationFrame(redraw);
});
/* Paper has no buttons: every table is open on it. */
let closed = [];

addEventListener("beforeprint", () => {
	closed = [...document.querySelectorAll("details:not([open])")];
	for (const details of closed)
		details.open = true;
});
addEventListener("afterprint", () => {
	for (const details of closed)
		details.open = false;
});
showLog(0);
