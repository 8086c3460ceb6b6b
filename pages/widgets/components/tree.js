// A hierarchy that folds: native disclosure elements, so that keys and screen readers know them.
function drawTree(data) {
  const tr = worded(data.words);
  const below = new Map();
  for (const node of data.nodes) {
    const at = node.parent || "";
    if (!below.has(at)) below.set(at, []);
    below.get(at).push(node);
  }
  const named = new Map(data.nodes.map((node) => [node.id, node.label]));
  const words = (node) => [
    el("span", { class: "id", text: node.id === node.label ? "" : node.id }),
    el("bdi", { class: "name", text: node.label }),
    node.text ? el("span", { class: "text", dir: "auto", text: node.text }) : null,
  ].filter(Boolean);
  const branch = (nodes) => el("ul", {}, nodes.map((node) => {
    const inside = below.get(node.id);
    if (!inside) return el("li", { class: "leaf" }, words(node));
    const count = el("span", { class: "count", text: tr("{n} below", { n: inside.length }) });
    return el("li", {}, el("details", { open: true }, el("summary", {}, words(node).slice(0, 2), count, words(node).slice(2)), branch(inside)));
  }));
  const top = branch(below.get("") || []);
  const all = (open) => top.querySelectorAll("details").forEach((one) => { one.open = open; });
  const made = [];
  if (top.querySelector("details"))
    made.push(el("div", { class: "bar", role: "group", "aria-label": tr("Branches") },
      el("button", { class: "small", type: "button", text: tr("Open all"), onclick: () => all(true) }),
      el("button", { class: "small", type: "button", text: tr("Fold all"), onclick: () => all(false) })));
  made.push(el("div", { class: "tree scroll", tabindex: "0", role: "region", "aria-label": tr("Hierarchy") }, top));
  if (data.links.length) made.push(...relationList(data.links, named, tr("Links between nodes")));
  return made;
}

// Relations in words: from, to, what.
function relationList(relations, named, title) {
  const lines = relations.map((one) =>
    el("li", {}, el("bdi", { text: named.get(one.from) }), " → ", el("bdi", { text: named.get(one.to) }), one.label ? ": " : "", el("bdi", { text: one.label || "" })));
  return [el("p", { class: "small-print", text: title }), el("ul", { class: "problems" }, lines)];
}
