// Places of a text are marked with a type. The browser counts UTF-16 units, the server code points:
// every offset is converted here. By mouse: select, then press a type. By keys: the text takes the
// focus, arrows move the caret (with Ctrl by words), Shift extends, digits give the type.

// Code points before each UTF-16 offset that is asked for, and back.
const toPoints = (text, unit) => points(text.slice(0, unit));
const toUnits = (text, wanted) => {
  let unit = 0;
  let count = 0;
  for (const one of text) {
    if (count >= wanted) break;
    unit += one.length;
    count += 1;
  }
  return unit;
};
const clusters = (text, by) => {
  const edges = [...new Intl.Segmenter(undefined, { granularity: by }).segment(text)].map((one) => one.index);
  return [...edges, text.length];
};

export default function (component) {
  return live(component, (root, first, send) => {
    let data = first;
    const said = (name, facts) => fill(data.words[name], facts);
    const { answer, body, tell } = begun(root, first, send);
    const carets = new Map(); // by text: [anchor, focus], UTF-16
    let chosen = null; // {text index, start, end} in UTF-16, what a type would be given to
    let linking = null; // index of the span that takes the next selection as evidence
    const types = () => Object.keys(data.types);
    const hue = (type) => HUES[Math.max(types().indexOf(type), 0) % HUES.length];
    const value = () => {
      const held = answer.get();
      return { spans: Array.isArray(held?.spans) ? held.spans : [], missing: Array.isArray(held?.missing) ? held.missing : [] };
    };
    const at = (one) => data.texts.findIndex((text) => one[text.where] === text.key);
    const units = (one) => {
      const text = data.texts[at(one)]?.text ?? "";
      return [toUnits(text, one.start), toUnits(text, one.end)];
    };
    const place = (n, start, end) => {
      const text = data.texts[n];
      return { [text.where]: text.key, start: toPoints(text.text, start), end: toPoints(text.text, end), quote: text.text.slice(start, end) };
    };

    function keep(fresh, words) {
      answer.set(fresh);
      draw();
      if (words) tell.say(words);
    }

    function mark(type) {
      if (!chosen || chosen.start === chosen.end) return tell.say(said("select_first"));
      const held = value();
      const fresh = place(chosen.n, chosen.start, chosen.end);
      if (linking !== null) {
        const span = held.spans[linking];
        const spans = held.spans.with(linking, { ...span, evidence: [...(span.evidence || []), fresh] });
        linking = null;
        return keep({ ...held, spans }, said("evidence_added", { type: span.type }));
      }
      if (!data.texts[chosen.n].marked) return tell.say(said("only_evidence"));
      if (held.spans.some((one) => at(one) === chosen.n && one.start === fresh.start && one.end === fresh.end && one.type === type)) return tell.say(said("marked_already"));
      keep({ ...held, spans: [...held.spans, { ...fresh, type }] }, `${type}: ${fresh.quote}`);
    }

    function remove(n) {
      const held = value();
      linking = null;
      keep({ ...held, spans: held.spans.toSpliced(n, 1) }, said("removed"));
    }

    // ---- the text ----

    // The text in pieces, cut where a span, the selection or the caret begins or ends.
    function pieces(n) {
      const text = data.texts[n].text;
      const own = value().spans.map((one) => ({ one, units: units(one) })).filter(({ one }) => at(one) === n);
      const [anchor, focus] = carets.get(n) || [0, 0];
      const low = Math.min(anchor, focus);
      const high = Math.max(anchor, focus);
      const edges = [...new Set([0, text.length, low, high, ...own.flatMap((one) => one.units)])].filter((edge) => edge <= text.length).sort((a, b) => a - b);
      const out = [];
      const caret = () => el("i", { class: "caret", "aria-hidden": "true" });
      edges.forEach((edge, i) => {
        if (edge === focus) out.push(caret());
        const end = edges[i + 1];
        if (end === undefined || end === edge) return;
        const over = own.filter((one) => one.units[0] <= edge && end <= one.units[1]);
        const piece = el("span", { text: text.slice(edge, end), title: over.map(({ one }) => one.type).join(", ") || null });
        if (over.length) {
          piece.className = "marked";
          piece.style.setProperty("--hue", hue(over.at(-1).one.type));
          piece.style.setProperty("--depth", String(Math.min(over.length, 4)));
        }
        if (low < high && low <= edge && end <= high) piece.classList.add("picked");
        out.push(piece);
      });
      return out;
    }

    // UTF-16 offset of a point of the browser's selection within the element of a text.
    function offset(box, node, inside) {
      const range = document.createRange();
      range.setStart(box, 0);
      range.setEnd(node, inside);
      return range.toString().length;
    }

    function selected(box, n) {
      const found = document.getSelection();
      const ranges = found?.getComposedRanges?.({ shadowRoots: [root.getRootNode()] }) || [];
      const range = ranges[0];
      if (!range || !box.contains(range.startContainer) || !box.contains(range.endContainer)) return;
      const start = offset(box, range.startContainer, range.startOffset);
      const end = offset(box, range.endContainer, range.endOffset);
      carets.set(n, [start, end]);
      chosen = start < end ? { n, start, end } : null;
      // The marks stay as they are while the mouse is used: the browser shows its own selection.
      tools();
    }

    function walk(event, n) {
      const text = data.texts[n].text;
      const [anchor, focus] = carets.get(n) || [0, 0];
      const rtl = getComputedStyle(event.currentTarget).direction === "rtl";
      const forward = event.key === (rtl ? "ArrowLeft" : "ArrowRight");
      const back = event.key === (rtl ? "ArrowRight" : "ArrowLeft");
      let to = null;
      if (forward || back) {
        const edges = clusters(text, event.ctrlKey || event.altKey ? "word" : "grapheme");
        to = forward ? edges.find((edge) => edge > focus) : edges.findLast((edge) => edge < focus);
      } else if (event.key === "Home") to = 0;
      else if (event.key === "End") to = text.length;
      else if (event.key === "a" && event.ctrlKey) {
        carets.set(n, [0, text.length]);
        chosen = { n, start: 0, end: text.length };
        event.preventDefault();
        return redraw(n);
      } else {
        const digit = "123456789".indexOf(event.key);
        if (digit >= 0 && digit < types().length && !event.ctrlKey && !event.altKey && !event.metaKey) {
          event.preventDefault();
          event.stopPropagation();
          mark(types()[digit]);
          refocus(n);
        }
        return;
      }
      event.preventDefault();
      event.stopPropagation();
      if (to === undefined || to === null) return;
      const from = event.shiftKey ? anchor : to;
      carets.set(n, [from, to]);
      chosen = from === to ? null : { n, start: Math.min(from, to), end: Math.max(from, to) };
      redraw(n);
      tell.say(chosen ? said("selected", { quote: text.slice(chosen.start, chosen.end) }) : text.slice(to, to + 12));
    }

    const box = (n) => body.querySelector(`[data-text="${n}"]`);
    const refocus = (n) => box(n)?.focus();
    function redraw(n) {
      box(n).replaceChildren(...pieces(n));
      tools();
    }

    // ---- types, list, missing ----

    function tools() {
      const bar = body.querySelector(".types");
      if (!bar) return;
      const label = linking === null ? "" : said("select_evidence");
      bar.replaceChildren(
        ...(linking === null
          ? types().map((type, n) => {
              const button = el("button", { type: "button", class: "small type", title: data.types[type] || null, onmousedown: (event) => event.preventDefault(), onclick: () => mark(type) }, type, n < 9 ? el("kbd", { text: String(n + 1), "aria-hidden": "true" }) : null);
              button.style.setProperty("--hue", hue(type));
              return button;
            })
          : [label, el("button", { type: "button", class: "small", text: said("add_evidence"), onmousedown: (event) => event.preventDefault(), onclick: () => mark(null) }), el("button", { type: "button", class: "small", text: said("cancel"), onclick: () => ((linking = null), draw()) })]),
      );
    }

    function entry(span, n) {
      const held = value();
      const change = (facts) => keep({ ...held, spans: held.spans.with(n, { ...span, ...facts }) });
      const pick = el("select", { "aria-label": said("type_of", { quote: span.quote }), onchange: () => change({ type: pick.value }) }, types().map((type) => el("option", { value: type, text: type, selected: type === span.type })));
      const proof = (span.evidence || []).map((one, m) =>
        el("span", { class: "proof" }, `↳ “${one.quote}” `, el("button", { type: "button", class: "small", text: "×", "aria-label": said("remove_evidence", { quote: one.quote }), onclick: () => change({ evidence: span.evidence.toSpliced(m, 1) }) })),
      );
      const row = el("li", {}, el("q", { text: span.quote }), pick, data.evidence ? el("button", { type: "button", class: "small", text: said("evidence"), "aria-label": said("evidence_for", { quote: span.quote }), onclick: () => ((linking = n), draw(), tell.say(`${said("select_evidence")} ${said("add_evidence")}`)) }) : null, el("button", { type: "button", class: "small", text: said("remove"), "aria-label": said("remove_quote", { quote: span.quote }), onclick: () => remove(n) }), proof);
      row.style.setProperty("--hue", hue(span.type));
      return row;
    }

    function lacking() {
      const names = Object.keys(data.missing);
      if (!names.length) return null;
      const held = value();
      return el(
        "div",
        { class: "missing" },
        el("div", { class: "row" }, el("span", { text: said("missing") }), names.map((type) => el("button", { type: "button", class: "small", title: data.missing[type] || null, text: `+ ${type}`, onclick: () => keep({ ...held, missing: [...held.missing, { type }] }, said("added", { type })) }))),
        el("ul", {}, held.missing.map((one, n) => {
          const note = typedLine({ value: one.note || "", placeholder: said("what_missing"), "aria-label": said("missing_note", { type: one.type }) }, (text) => keep({ ...held, missing: held.missing.with(n, text ? { ...one, note: text } : { type: one.type }) }));
          return el("li", {}, el("strong", { text: one.type }), note, el("button", { type: "button", class: "small", text: said("remove"), "aria-label": said("remove_missing", { type: one.type }), onclick: () => keep({ ...held, missing: held.missing.toSpliced(n, 1) }, said("removed")) }));
        })),
      );
    }

    function draw() {
      const held = value();
      const none = answer.get() !== null && !held.spans.length && !held.missing.length;
      const overlaps = !data.overlap && held.spans.some((a, n) => held.spans.some((b, m) => m > n && at(a) === at(b) && a.start < b.end && b.start < a.end));
      redrawn(
        body,
        null,
        ...heading(data, `h-${data.key}`, said("optional")),
        el("div", { class: "row types", role: "group", "aria-label": said("types") }),
        ...data.texts.map((text, n) =>
          el("div", { class: "source" }, el("div", { class: "note", id: `n-${data.key}-${n}`, text: text.marked ? text.name : `${text.name} ${said("evidence_only")}` }), el("div", { class: "text", dir: "auto", tabindex: "0", role: "textbox", "aria-readonly": "true", "aria-multiline": "true", "aria-labelledby": `n-${data.key}-${n}`, "data-text": String(n), onkeydown: (event) => walk(event, n), onmouseup: (event) => selected(event.currentTarget, n) }, pieces(n))),
        ),
        el("div", { class: "hint", text: said("mark_hint") + (data.priority ? ` ${said("mark_priority")}` : "") }),
        ...(overlaps ? [el("div", { class: "wrong", role: "alert", text: said("no_overlap") })] : []),
        el("ul", { class: "spans", "aria-label": said("marked") }, held.spans.map(entry)),
        ...[lacking()].filter(Boolean),
        el("div", { class: "row" }, el("button", { type: "button", class: "small", "aria-pressed": String(none), text: said("nothing_to_mark"), onclick: () => keep(none ? null : { spans: [], missing: [] }, none ? "" : said("nothing_to_mark")), disabled: held.spans.length + held.missing.length > 0 })),
      );
      tools();
    }
    draw();

    return {
      update(fresh) {
        data = fresh;
        if (answer.heard(fresh)) draw();
      },
      stop: answer.stop,
    };
  });
}
