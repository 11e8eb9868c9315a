/* draw: elements, numbers for people, tables. Texts only ever become text
 * nodes and attributes, never markup: a log may say anything. */
const SVG = "http://www.w3.org/2000/svg";
const $ = (id) => document.getElementById(id);

function fill(element, attributes, children) {
	for (const key in attributes || {})
		element.setAttribute(key, attributes[key]);
	for (const child of children || [])
		element.append(child);
	return element;
}
const tag = (name, attributes, ...children) =>
	fill(document.createElement(name), attributes, children);
const svg = (name, attributes, ...children) =>
	fill(document.createElementNS(SVG, name), attributes, children);

function size(bytes) {
	const units = ["B", "K", "M", "G", "T", "P"];
	let unit = 0, value = bytes;

	for (; value >= 1024 && unit < 5; unit++)
		value /= 1024;
	return value.toFixed(1).replace(/\.0$/, "") + units[unit];
}
const hex = (value) => "0x" + value.toString(16);
const count = (value) => Math.round(value).toString()
	.replace(/\B(?=(\d{3})+$)/g, "\u202f");

function time(ns) {
	if (ns < 1e3)
		return ns.toFixed(0) + " ns";
	if (ns < 1e6)
		return (ns / 1e3).toFixed(1) + " µs";
	if (ns < 1e9)
		return (ns / 1e6).toFixed(1) + " ms";
	return (ns / 1e9).toFixed(2) + " s";
}

/* K, M, G, T after a number, as kernel parameters have them; NaN if it is
 * something else. */
function parseSize(text) {
	const match = /^(0x[0-9a-f]+|\d+)([kmgtp]?)$/i.exec(text.trim());

	if (!match)
		return NaN;
	return Number(match[1]) * 1024 ** " kmgtp".indexOf(
		match[2].toLowerCase() || " ");
}

/* Names that begin with ">" are of numbers, those with "~" of long text. */
function table(title, names, rows, mark) {
	const kind = names.map((name) => name[0] === ">" ? "num" :
		name[0] === "~" ? "long" : "");
	const head = tag("tr");
	const body = tag("tbody");

	names.forEach((name, i) => head.append(tag("th",
		{scope: "col", class: kind[i] === "num" ? "num" : ""},
		name.replace(/^[>~]/, ""))));
	rows.forEach((row, i) => {
		const line = tag("tr", {class: mark ? mark(i) : ""});

		row.forEach((cell, j) =>
			line.append(tag("td", {class: kind[j]}, String(cell))));
		body.append(line);
	});
	return tag("div", {class: "scroll", tabindex: "0", role: "region",
		"aria-label": title}, tag("table", {},
		tag("caption", {}, title), tag("thead", {}, head), body));
}

function facts(list, pairs) {
	list.replaceChildren(...pairs.map(([name, value, kind]) =>
		tag("div", {}, tag("dt", {}, name),
			tag("dd", {class: kind || ""}, value))));
}

const widthOf = (element) => Math.max(280, element.clientWidth || 280);

/* About @nr round numbers in [from, to], for an axis in base 10 or 2. */
function ticks(from, to, nr, base) {
	const step = niceStep((to - from) / nr, base);
	const found = [];

	for (let at = Math.ceil(from / step) * step; at <= to; at += step)
		found.push(at);
	return found;
}
function niceStep(rough, base) {
	const power = base ** Math.floor(Math.log(rough) / Math.log(base));

	if (base === 2)
		return power < rough ? power * 2 : power;
	return [1, 2, 5, 10].find((n) => n * power >= rough) * power;
}
