// Boxes on a canvas of 100 by 100, and the same in words below: the drawing is never the only way.
function svg(tag, facts, ...inside) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(facts)) made.setAttribute(name, value);
  made.append(...inside);
  return made;
}

function drawCanvas(data) {
  const tr = worded(data.words);
  const named = new Map(data.entities.map((one) => [one.id, one.label]));
  const places = new Map(data.entities.map((one) => [one.id, one.box]));
  const xs = data.entities.flatMap(({ box: [x, , w] }) => [x, x + w]);
  const ys = data.entities.flatMap(({ box: [, y, , h] }) => [y, y + h]);
  const left = Math.max(-1000, Math.min(0, ...xs)) - 2;
  const top = Math.max(-1000, Math.min(0, ...ys)) - 2;
  const wide = Math.min(2000, Math.max(100, ...xs)) + 2 - left;
  const high = Math.min(2000, Math.max(100, ...ys)) + 2 - top;
  const size = Math.max(wide, high);
  const drawing = svg("svg", { viewBox: `${left} ${top} ${wide} ${high}`, role: "img", "aria-label": tr("A plan of {n} boxes; they are listed below", { n: data.entities.length }) });
  const tip = svg("marker", { id: "tip", viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 5, markerHeight: 5, orient: "auto-start-reverse" }, svg("path", { d: "M0 0 10 5 0 10z", class: "tip" }));
  drawing.append(svg("defs", {}, tip), svg("rect", { x: 0, y: 0, width: 100, height: 100, class: "sheet" }));
  for (const one of data.entities) {
    const [x, y, w, h] = one.box;
    const out = x < 0 || y < 0 || x + w > 100 || y + h > 100;
    drawing.append(svg("rect", { x, y, width: w, height: h, class: out ? "box out" : "box" }));
  }
  for (const one of data.relations) {
    const [a, b] = [places.get(one.from), places.get(one.to)];
    const middle = ([x, y, w, h]) => [x + w / 2, y + h / 2];
    const [from, to] = [rim(a, middle(b)), rim(b, middle(a))];
    drawing.append(svg("line", { x1: from[0], y1: from[1], x2: to[0], y2: to[1], class: "edge", "marker-end": "url(#tip)" }));
    if (one.label) drawing.append(label(one.label, (from[0] + to[0]) / 2, (from[1] + to[1]) / 2 - size / 120, size, "edge-words"));
  }
  for (const one of data.entities) {
    const [x, y, w, h] = one.box;
    drawing.append(label(one.label, x + w / 2, y + h / 2 + size / 100, size, "words"));
  }
  const frame = el("div", { class: "canvas" }, drawing);
  return [frame, ...lint(data.problems, tr), boxList(data, tr), ...(data.relations.length ? relationList(data.relations, named, tr("Relations")) : [])];
}

// Where the line from the middle of a box towards a point leaves the box.
function rim([x, y, w, h], [px, py]) {
  const [cx, cy] = [x + w / 2, y + h / 2];
  const [dx, dy] = [px - cx, py - cy];
  if (!dx && !dy) return [cx, cy];
  const share = Math.min(dx ? w / 2 / Math.abs(dx) : Infinity, dy ? h / 2 / Math.abs(dy) : Infinity);
  return [cx + dx * Math.min(share, 1), cy + dy * Math.min(share, 1)];
}

function label(text, x, y, size, name) {
  const made = svg("text", { x, y, class: name, "font-size": size / 32 });
  made.textContent = text.length > 24 ? `${text.slice(0, 23)}…` : text;
  return made;
}

function lint(problems, tr) {
  if (!problems.length) return [el("p", { class: "small-print", text: tr("No box overlaps another or leaves the canvas.") })];
  const many = tr("Problems of the layout: {n}", { n: problems.length });
  const shown = problems.slice(0, 50).map((text) => el("li", { text }));
  if (problems.length > 50) shown.push(el("li", { text: tr("and {n} more", { n: problems.length - 50 }) }));
  return [el("p", { class: "small-print", text: many }), el("ul", { class: "problems" }, shown)];
}

function boxList(data, tr) {
  const head = el("tr", {}, [tr("box"), "x", "y", tr("width"), tr("height")].map((text) => el("th", { scope: "col", text })));
  const rows = data.entities.map((one) => el("tr", {}, el("td", {}, el("bdi", { text: one.label })), one.box.map((text) => el("td", { text }))));
  return el("details", {}, el("summary", { text: tr("The {n} boxes in numbers", { n: data.entities.length }) }), el("table", {}, el("thead", {}, head), el("tbody", {}, rows)));
}
