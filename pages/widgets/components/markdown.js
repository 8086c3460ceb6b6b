// Simple marks of a text as elements: paragraphs, headings, lists, quotes, code, bold, italics and
// links to http, https and mail addresses. Nothing is ever parsed as HTML, and nothing is loaded.
// What it leaves out (tables, formulas) is not given to it: such units are drawn by Streamlit.
const LINKS = /^(https?:\/\/|mailto:)/i;
const INLINE =
  /(`+)([^`]|[^`].*?[^`])\1(?!`)|\*\*(?=\S)(.+?)(?<=\S)\*\*|__(?=\S)(.+?)(?<=\S)__|\*(?=\S)(.+?)(?<=\S)\*|(?<!\w)_(?=\S)(.+?)(?<=\S)_(?!\w)|~~(?=\S)(.+?)(?<=\S)~~|(?<!!)\[([^\]\n]+)\]\(([^()\s]+)\)|\\([\\`*_{}[\]()#+.!~>|$:-])/gs;

function inline(text) {
  const made = [];
  let end = 0;
  for (const found of text.matchAll(INLINE)) {
    if (found.index > end) made.push(text.slice(end, found.index));
    end = found.index + found[0].length;
    const [all, , code, bold, bold2, slant, slant2, struck, label, target, plain] = found;
    if (code !== undefined) made.push(el("code", { text: code.trim() }));
    else if (bold ?? bold2) made.push(el("strong", {}, inline(bold ?? bold2)));
    else if (slant ?? slant2) made.push(el("em", {}, inline(slant ?? slant2)));
    else if (struck) made.push(el("s", {}, inline(struck)));
    else if (label && LINKS.test(target))
      made.push(el("a", { href: target, target: "_blank", rel: "noopener noreferrer" }, inline(label)));
    else made.push(plain ?? all);
  }
  if (end < text.length) made.push(text.slice(end));
  return made;
}

const FENCE = /^\s{0,3}(```+|~~~+)/;
const HEAD = /^\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const RULE = /^\s{0,3}([-*_])(\s*\1){2,}\s*$/;
const ITEM = /^(\s{0,6})([-*+]|\d{1,9}[.)])\s+(.*)$/;

function markdown(text) {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const made = [];
  let at = 0;
  const starts = (line) => FENCE.test(line) || HEAD.test(line) || RULE.test(line) || ITEM.test(line) || /^\s{0,3}>/.test(line);
  while (at < lines.length) {
    const line = lines[at];
    if (!line.trim()) {
      at += 1;
    } else if (FENCE.test(line)) {
      const fence = line.match(FENCE)[1];
      const inside = [];
      for (at += 1; at < lines.length && !lines[at].trim().startsWith(fence); at += 1) inside.push(lines[at]);
      at += 1;
      made.push(el("pre", { tabindex: "0" }, el("code", { text: inside.join("\n") })));
    } else if (HEAD.test(line)) {
      const [, marks, words] = line.match(HEAD);
      made.push(el("p", { class: `head${marks.length}` }, el("strong", {}, inline(words))));
      at += 1;
    } else if (RULE.test(line)) {
      made.push(el("hr"));
      at += 1;
    } else if (/^\s{0,3}>/.test(line)) {
      const inside = [];
      for (; at < lines.length && lines[at].trim(); at += 1) inside.push(lines[at].replace(/^\s{0,3}>\s?/, ""));
      made.push(el("blockquote", {}, markdown(inside.join("\n"))));
    } else if (ITEM.test(line)) {
      at = list(lines, at, made);
    } else {
      const inside = [];
      for (; at < lines.length && lines[at].trim() && (inside.length === 0 || !starts(lines[at])); at += 1) inside.push(lines[at]);
      made.push(el("p", {}, inside.flatMap((one, n) => [...(n ? [/( {2}|\\)$/.test(inside[n - 1]) ? el("br") : " "] : []), ...inline(one.replace(/( +|\\)$/, ""))])));
    }
  }
  return made;
}

// One list, with lists inside it by indentation; returns the line after it.
function list(lines, at, into) {
  const [, indent, mark] = lines[at].match(ITEM);
  const ordered = /\d/.test(mark);
  const made = el(ordered ? "ol" : "ul", ordered && parseInt(mark, 10) !== 1 ? { start: parseInt(mark, 10) } : {});
  while (at < lines.length) {
    const found = lines[at].match(ITEM);
    if (found && found[1].length > indent.length + 1 && made.lastChild) {
      const deeper = [];
      at = list(lines, at, deeper);
      made.lastChild.append(...deeper);
    } else if (found && found[1].length >= indent.length && /\d/.test(found[2]) === ordered) {
      made.append(el("li", {}, inline(found[3])));
      at += 1;
    } else if (!found && lines[at].trim() && /^\s{2,}/.test(lines[at])) {
      made.lastChild.append(" ", ...inline(lines[at].trim()));
      at += 1;
    } else if (!lines[at].trim() && at + 1 < lines.length && lines[at + 1].match(ITEM)?.[1].length >= indent.length) {
      at += 1;
    } else {
      break;
    }
  }
  into.push(made);
  return at;
}

// The blocks of a content, as core.ui.Recorder writes them down.
function drawn(blocks) {
  return blocks.flatMap((block) => {
    if (block.block === "prose") return markdown(block.text);
    if (block.block === "plain") return [el("div", { class: "plain", text: block.text })];
    if (block.block === "turn")
      return [el("div", { class: `turn ${block.role === "user" ? "user" : ""}` }, el("p", { class: "name" }, el("strong", { text: block.role.charAt(0).toUpperCase() + block.role.slice(1) })), markdown(block.text))];
    return [el("div", { class: "wrong", text: `This part cannot be shown here (${block.block}).` })];
  });
}
