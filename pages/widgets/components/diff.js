// Changes as a table, unified or side by side. Signs and words say what changed; colour only helps.
function drawDiff(data) {
  const tr = worded(data.words);
  const table = el("table", { class: "diff" });
  const names = [["unified", tr("One column")], ["split", tr("Side by side")]];
  const buttons = names.map(([view, text]) => el("button", { class: "small", type: "button", text, onclick: () => show(view) }));
  const show = (view) => {
    names.forEach(([name], at) => buttons[at].setAttribute("aria-pressed", String(name === view)));
    table.className = `diff ${view}`;
    const columns = view === "split" ? ["number", "side", "number", "side"] : ["number", "number", "side"];
    table.replaceChildren(
      el("colgroup", {}, columns.map((name) => el("col", { class: name }))), // the first row spans them all
      ...data.hunks.map((hunk) => (view === "split" ? splitHunk(hunk) : unifiedHunk(hunk))),
    );
  };
  show(data.view === "split" ? "split" : "unified");
  const frame = el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": tr("Changes") }, table);
  return [el("div", { class: "bar", role: "group", "aria-label": tr("How changes are shown") }, buttons), frame];
}

const MARKS = { "+": ["added", "+"], "-": ["gone", "−"], " ": ["same", ""] };

function hunkHead(hunk, wide) {
  const words = [hunk.file, hunk.title].filter(Boolean).join("  ");
  return el("tr", { class: "hunk" }, el("th", { colspan: wide, scope: "colgroup", text: words }));
}

function words(line) {
  const made = [];
  const letters = Array.from(line.text); // spans count characters as the server does
  let end = 0;
  for (const [a, b] of line.spans || []) {
    made.push(letters.slice(end, a).join(""), el(line.mark === "+" ? "ins" : "del", { text: letters.slice(a, b).join("") }));
    end = b;
  }
  return [...made, letters.slice(end).join("")];
}

function side(line, number) {
  if (!line) return [el("td", { class: "number" }), el("td", { class: "none" })];
  const [name, sign] = MARKS[line.mark];
  return [
    el("td", { class: "number", text: number }),
    el("td", { class: name, dir: "auto" }, el("span", { class: "sign", "aria-label": name === "same" ? null : name, role: name === "same" ? null : "img", text: sign }), words(line)),
  ];
}

function unifiedHunk(hunk) {
  const rows = hunk.lines.map((line) =>
    el("tr", {}, el("td", { class: "number", text: line.old ?? "" }), side(line, line.new ?? "")));
  return el("tbody", {}, hunkHead(hunk, 3), rows);
}

function splitHunk(hunk) {
  const rows = [];
  let at = 0;
  while (at < hunk.lines.length) {
    if (hunk.lines[at].mark === " ") {
      const line = hunk.lines[at++];
      rows.push(el("tr", {}, side(line, line.old), side(line, line.new)));
      continue;
    }
    const gone = [];
    const come = [];
    while (at < hunk.lines.length && hunk.lines[at].mark === "-") gone.push(hunk.lines[at++]);
    while (at < hunk.lines.length && hunk.lines[at].mark === "+") come.push(hunk.lines[at++]);
    for (let n = 0; n < Math.max(gone.length, come.length); n += 1)
      rows.push(el("tr", {}, side(gone[n], gone[n]?.old), side(come[n], come[n]?.new)));
  }
  return el("tbody", {}, hunkHead(hunk, 4), rows);
}
