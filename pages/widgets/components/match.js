// Two lists whose entries are paired: choose one of each, then press a strength. By keys: up and down
// walk a list, left and right change it, Enter chooses, a digit pairs (0 is ten).
export default function (component) {
  return live(component, (root, first, send) => {
    let data = first;
    const tr = (text, facts) => worded(data.words)(text, facts);
    const { answer, body, tell } = begun(root, first, send);
    const chosen = { left: null, right: null };
    const pairs = () => (Array.isArray(answer.get()?.pairs) ? answer.get().pairs : []);
    const column = (side) => data.columns.find((one) => one.side === side);
    const words = (side, key) => column(side).entries.find((one) => one.key === key)?.text ?? key;
    const short = (text) => (points(text) > 80 ? `${[...text].slice(0, 79).join("")}…` : text);
    const strengths = () => Array.from({ length: data.high - data.low + 1 }, (_, n) => data.low + n);

    function keep(fresh, said, focus) {
      answer.set(fresh);
      draw(focus);
      if (said) tell.say(said);
    }

    function pair(strength) {
      const { left, right } = chosen;
      if (left === null || right === null) return tell.say(tr("Choose one of each list first"));
      const held = pairs();
      const at = held.findIndex((one) => one.left === left && one.right === right);
      if (at < 0 && held.length >= data.most) return tell.say(tr("at most {n} pairs", { n: data.most }));
      if (at < 0 && !data.several && held.some((one) => one.left === left || one.right === right)) return tell.say(tr("one of them has a partner already"));
      const fresh = at < 0 ? { left, right, strength } : { ...held[at], strength };
      const focus = `${data.columns[0].side}-${chosen[data.columns[0].side]}`;
      chosen.left = chosen.right = null;
      keep({ pairs: at < 0 ? [...held, fresh] : held.with(at, fresh) }, tr("paired, strength {n}", { n: strength }), focus);
    }

    const change = (n, facts) => keep({ pairs: pairs().with(n, facts) });
    function remove(n) {
      const rest = pairs().toSpliced(n, 1);
      keep(rest.length ? { pairs: rest } : null, tr("pair removed"), rest.length ? `remove-${Math.min(n, rest.length - 1)}` : `${data.columns[0].side}-${data.columns[0].entries[0]?.key}`);
    }

    function choose(side, key) {
      chosen[side] = chosen[side] === key ? null : key;
      draw(`${side}-${key}`);
      const open = data.columns.find((one) => chosen[one.side] === null);
      tell.say(open ? tr("choose one of {list}", { list: open.name }) : tr("press a strength"));
    }

    function keys(event) {
      if (typing(event) || event.ctrlKey || event.altKey || event.metaKey) return;
      const strength = event.key === "0" ? 10 : "123456789".indexOf(event.key) + 1;
      if (event.key.length === 1 && strength >= data.low && strength <= data.high && "0123456789".includes(event.key)) pair(strength);
      else if (event.key.startsWith("Arrow") && event.target.dataset.key) walk(event);
      else return;
      event.preventDefault();
      event.stopPropagation();
    }

    function walk(event) {
      const lists = [...body.querySelectorAll(".column")].map((one) => [...one.querySelectorAll("button")]);
      const at = lists.findIndex((one) => one.includes(event.target));
      if (at < 0) return;
      const row = lists[at].indexOf(event.target);
      const aside = { ArrowLeft: 0, ArrowRight: 1 }[event.key];
      const to = aside === undefined ? lists[at][row + (event.key === "ArrowDown" ? 1 : -1)] : lists[aside][Math.min(row, lists[aside].length - 1)];
      to?.focus();
    }

    function list(one) {
      const partners = new Map();
      pairs().forEach((pair, n) => partners.set(pair[one.side], [...(partners.get(pair[one.side]) || []), n + 1]));
      const entries = one.entries.map(({ key, text }) =>
        el("li", {}, el("button", { type: "button", "data-key": `${one.side}-${key}`, "aria-pressed": String(chosen[one.side] === key), onclick: () => choose(one.side, key) }, el("bdi", { text: text.trim() }), (partners.get(key) || []).map((n) => el("span", { class: "tag", text: String(n), title: tr("pair {n}", { n }) })))),
      );
      return el("div", { class: "column" }, el("div", { class: "note", id: `c-${data.key}-${one.side}`, text: one.name }), entries.length ? el("ul", { "aria-labelledby": `c-${data.key}-${one.side}` }, entries) : el("div", { class: "hint", text: tr("This list is empty.") }));
    }

    function entry(one, n) {
      const pick = el("select", { "aria-label": tr("Strength of pair {n}", { n: n + 1 }), onchange: () => change(n, { ...one, strength: Number(pick.value) }) }, strengths().map((s) => el("option", { value: String(s), text: String(s), selected: s === one.strength })));
      const note = typedLine({ maxlength: "2000", value: one.note || "", placeholder: tr("note"), "aria-label": tr("Note on pair {n}", { n: n + 1 }) }, (text) => {
        const { left, right, strength } = one;
        change(n, text.trim() ? { left, note: text, right, strength } : { left, right, strength });
      });
      const [a, b] = data.columns.map(({ side }) => words(side, one[side]));
      return el("li", {}, el("span", { class: "tag", text: String(n + 1) }), el("span", { class: "ends" }, el("bdi", { text: short(a) }), " ~ ", el("bdi", { text: short(b) })), pick, data.notes ? note : null, el("button", { type: "button", class: "small", "data-key": `remove-${n}`, text: tr("Remove"), "aria-label": tr("Remove pair {n}", { n: n + 1 }), onclick: () => remove(n) }));
    }

    function draw(focus) {
      const held = pairs();
      const ready = chosen.left !== null && chosen.right !== null;
      const none = answer.get() !== null && !held.length;
      const [weak, strong] = data.ends;
      const scale = el("div", { class: "row", role: "group", "aria-label": tr("Strength") }, weak ? el("span", { class: "hint", text: weak }) : null, strengths().map((s) => el("button", { type: "button", class: "small", disabled: !ready, "aria-label": tr("Pair with strength {n}", { n: s }), onclick: () => pair(s) }, s === 10 ? "10" : "", s === 10 ? el("kbd", { text: "0", "aria-hidden": "true" }) : String(s))), strong ? el("span", { class: "hint", text: strong }) : null);
      const inside = el("div", { onkeydown: keys }, el("div", { class: "columns" }, data.columns.map(list)), el("div", { class: "hint", text: tr("Choose one of each list, then press a strength. Arrows walk the lists, Enter chooses.") }), scale, held.length ? el("ul", { class: "pairs", "aria-label": tr("Pairs") }, held.map(entry)) : null);
      redrawn(body, focus && `[data-key="${CSS.escape(focus)}"]`, ...heading(data, `h-${data.key}`, tr("(optional)")), inside, ...(held.length ? [] : [el("div", { class: "row" }, el("button", { type: "button", class: "small", "aria-pressed": String(none), text: tr("Nothing matches"), onclick: () => keep(none ? null : { pairs: [] }, none ? "" : tr("Nothing matches")) }))]));
    }
    draw();

    return {
      update(fresh) {
        const changed = !same(fresh.columns, data.columns);
        data = fresh;
        if (answer.heard(fresh) || changed) draw();
      },
      stop: answer.stop,
    };
  });
}
