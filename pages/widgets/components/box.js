// Boxes on a picture or a canvas, in per cent of its sides. By mouse: draw on the ground, drag a box,
// pull its corner. By keys: each box takes the focus; arrows move it, with Shift they size it, with
// Alt by tenths; digits give the label, Delete removes.
const RIM = 100;
const STEP = 1;
const exact = (value) => Math.round(value * 100) / 100 + 0;
const within = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));
const beyond = (box) => box.x < 0 || box.y < 0 || exact(box.x + box.w) > RIM || exact(box.y + box.h) > RIM;

// The part of the smaller box that two share, as the server counts it.
function shared(a, b) {
  const wide = Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x);
  const high = Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y);
  const smaller = Math.min(a.w * a.h, b.w * b.h);
  return smaller > 0 ? (Math.max(wide, 0) * Math.max(high, 0)) / smaller : 0;
}

function line(a, b) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "line");
  const ends = { x1: a.x + a.w / 2, y1: a.y + a.h / 2, x2: b.x + b.w / 2, y2: b.y + b.h / 2 };
  for (const [name, value] of Object.entries(ends)) made.setAttribute(name, `${value}%`);
  return made;
}

export default function (component) {
  return live(component, (root, first, send) => {
    let data = first;
    const tr = (text, facts) => worded(data.words)(text, facts);
    const answer = made(first, send);
    const here = () => root.getRootNode().activeElement?.dataset.id;
    const picture = pictured(first.ground.picture, () => draw(here()));
    const tell = teller();
    const body = el("div");
    root.append(body, tell);
    const labels = () => Object.keys(data.labels);
    let current = labels()[0] ?? "";
    let ground = null;
    const hue = (label) => {
      const at = labels().indexOf(label);
      return HUES[(at < 0 ? 4 : at) % HUES.length];
    };
    const listed = (held) => ({ boxes: Array.isArray(held?.boxes) ? held.boxes : [], relations: Array.isArray(held?.relations) ? held.relations : [] });
    const value = () => listed(answer.get() ?? data.proposed);
    const named = (box) => box.label || box.id;
    const told = (box) => tr("{name}: x {x}, y {y}, {w} by {h}", { ...box, name: named(box) });

    function keep(fresh, words, focus) {
      answer.set(fresh);
      draw(focus);
      if (words) tell.say(words);
    }

    // The keys of a box stand in the order of the alphabet, as the server gives them back.
    const boxed = ({ h, id, label, w, x, y }) => ({ h: exact(h), id, label, w: exact(w), x: exact(x), y: exact(y) });

    function put(box, words = told(box), focus = box.id) {
      const held = value();
      const at = held.boxes.findIndex((one) => one.id === box.id);
      const boxes = at < 0 ? [...held.boxes, boxed(box)] : held.boxes.with(at, boxed(box));
      keep({ ...held, boxes }, words, focus);
    }

    function remove(box) {
      const held = value();
      const at = held.boxes.findIndex((one) => one.id === box.id);
      const boxes = held.boxes.toSpliced(at, 1);
      const relations = held.relations.filter((one) => one.from !== box.id && one.to !== box.id);
      keep({ ...held, boxes, relations }, tr("{name} removed", { name: named(box) }), (boxes[at] || boxes[at - 1])?.id ?? "");
    }

    function add(x, y, w, h) {
      const held = value();
      if (held.boxes.length >= data.most) return tell.say(tr("at most {n} boxes", { n: data.most }));
      let n = held.boxes.length + 1;
      while (held.boxes.some((one) => one.id === `b${n}`)) n += 1;
      put({ h, id: `b${n}`, label: current, w, x, y });
    }

    const inside = (box) => {
      const [w, h] = [within(box.w, data.least, RIM), within(box.h, data.least, RIM)];
      return { ...box, w, h, x: within(box.x, 0, RIM - w), y: within(box.y, 0, RIM - h) };
    };
    const sized = (box, w, h) => {
      const from = inside(box);
      return { ...from, w: within(w, data.least, RIM - from.x), h: within(h, data.least, RIM - from.y) };
    };

    function keys(event, box) {
      const step = event.altKey ? STEP / 10 : STEP;
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      const digit = "123456789".indexOf(event.key);
      if (event.ctrlKey || event.metaKey) return;
      if (way && event.shiftKey) put(sized(box, box.w + way[0] * step, box.h + way[1] * step));
      else if (way) put(inside({ ...box, x: box.x + way[0] * step, y: box.y + way[1] * step }));
      else if (event.key === "Delete" || event.key === "Backspace") remove(box);
      else if (event.key.length === 1 && digit >= 0 && digit < labels().length) put({ ...box, label: labels()[digit] });
      else return;
      event.preventDefault();
      event.stopPropagation();
    }

    // ---- pointer ----

    const at = (event) => {
      const frame = ground.getBoundingClientRect();
      return [((event.clientX - frame.left) / frame.width) * RIM, ((event.clientY - frame.top) / frame.height) * RIM];
    };
    const set = (shape, box) => {
      for (const [name, side] of [["left", "x"], ["top", "y"], ["width", "w"], ["height", "h"]]) shape.style[name] = `${box[side]}%`;
    };

    // Follows the pointer until it is let go; `shape(x, y)` is the box as it would be now.
    function follow(event, element, shape, done) {
      if (event.button !== 0) return;
      event.preventDefault();
      event.stopPropagation();
      let last = null;
      const move = (now) => {
        last = shape(...at(now));
        set(element, last);
      };
      const end = (now) => {
        ground.removeEventListener("pointermove", move);
        ground.removeEventListener("pointerup", end);
        ground.removeEventListener("pointercancel", end);
        done(now.type === "pointerup" ? last : null);
      };
      ground.setPointerCapture(event.pointerId);
      ground.addEventListener("pointermove", move);
      ground.addEventListener("pointerup", end);
      ground.addEventListener("pointercancel", end);
    }

    function begin(event) {
      const [x, y] = at(event).map((one) => within(one, 0, RIM));
      const ghost = el("div", { class: "drawn" });
      ground.append(ghost);
      const shape = (px, py) => {
        const [qx, qy] = [within(px, 0, RIM), within(py, 0, RIM)];
        return { x: Math.min(x, qx), y: Math.min(y, qy), w: Math.abs(qx - x), h: Math.abs(qy - y) };
      };
      follow(event, ghost, shape, (box) => {
        ghost.remove();
        if (box && box.w >= 1 && box.h >= 1) add(box.x, box.y, box.w, box.h);
      });
    }

    function drag(event, box, corner) {
      const [x, y] = at(event);
      const element = event.currentTarget.closest(".box");
      const shape = (px, py) => (corner ? sized(box, box.w + px - x, box.h + py - y) : inside({ ...box, x: box.x + px - x, y: box.y + py - y }));
      follow(event, element, shape, (moved) => (moved ? put({ ...box, ...moved }) : draw(box.id)));
    }

    // ---- what is drawn ----

    function shape(box) {
      const made = el(
        "div",
        { class: beyond(box) ? "box out" : "box", tabindex: "0", role: "button", "data-id": box.id, "aria-roledescription": "box", "aria-label": told(box), onkeydown: (event) => keys(event, box), onpointerdown: (event) => drag(event, box, false) },
        el("span", { class: "name", "aria-hidden": "true", text: named(box) }),
        el("span", { class: "corner", "aria-hidden": "true", onpointerdown: (event) => drag(event, box, true) }),
      );
      made.style.setProperty("--hue", hue(box.label));
      set(made, box);
      return made;
    }

    function surface(held) {
      const { ground: under } = data;
      const lines = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      lines.setAttribute("aria-hidden", "true");
      const known = new Map(held.boxes.map((box) => [box.id, box]));
      for (const one of held.relations) if (known.has(one.from) && known.has(one.to)) lines.append(line(known.get(one.from), known.get(one.to)));
      const shown = under.kind === "image" && picture.url().startsWith("data:image/") ? el("img", { src: picture.url(), alt: under.alt || tr("The picture that boxes are drawn on"), draggable: "false" }) : null;
      const given = (under.boxes || []).map((box) => {
        const made = el("div", { class: "given" }, el("span", { class: "name", text: named(box) }));
        set(made, box);
        return made;
      });
      ground = el("div", { class: shown ? "ground pictured" : "ground", onpointerdown: begin }, shown, given, lines);
      // The smaller ones on top, so that each can be reached.
      ground.append(...held.boxes.toSorted((a, b) => b.w * b.h - a.w * a.h).map(shape));
      if (shown) ground.style.setProperty("--form", String(under.width / under.height));
      return ground;
    }

    function chooser(words, options, chosen, heard) {
      if (!options.length) return typedLine({ maxlength: "200", value: chosen, placeholder: words === tr("Relation") ? tr("relation") : tr("label"), "aria-label": words }, heard);
      const pick = el("select", { "aria-label": words, onchange: () => heard(pick.value) }, options.includes(chosen) ? null : el("option", { value: "", text: chosen ? `${chosen} (${tr("choose")})` : tr("choose"), selected: true, disabled: true }), options.map((one) => el("option", { value: one, text: one, selected: one === chosen })));
      return pick;
    }

    function entry(box) {
      const off = beyond(box);
      const row = el(
        "li", {},
        chooser(tr("Label of {name}", { name: told(box) }), labels(), box.label, (label) => put({ ...box, label }, `${box.id}: ${label}`, null)),
        el("span", { class: "note", text: `x ${box.x}, y ${box.y}, ${box.w} × ${box.h}` }),
        off ? el("button", { type: "button", class: "small", text: tr("Bring inside"), "aria-label": tr("Bring {name} inside", { name: named(box) }), onclick: () => put(inside(box)) }) : null,
        el("button", { type: "button", class: "small", text: tr("Remove"), "aria-label": tr("Remove {name}", { name: told(box) }), onclick: () => remove(box) }),
      );
      row.style.setProperty("--hue", hue(box.label));
      return row;
    }

    function lint(held) {
      const wrong = held.boxes.filter(beyond).map((box) => tr("{name} reaches beyond the edge: move it or bring it inside.", { name: named(box) }));
      if (labels().length) wrong.push(...held.boxes.filter((box) => !labels().includes(box.label)).map((box) => tr("{name} needs a label.", { name: named(box) })));
      const over = [];
      if (data.overlap !== "allow")
        held.boxes.forEach((a, n) => held.boxes.slice(n + 1).forEach((b) => {
          const share = shared(a, b);
          if (share > 0.1 && share < 1) over.push(tr("{one} and {other} overlap by {n} %", { one: named(a), other: named(b), n: Math.round(share * 100) }));
        }));
      const all = [...wrong, ...(data.overlap === "refuse" ? over : [])].map((text) => el("li", { class: "wrong", text }));
      if (data.overlap === "warn") all.push(...over.map((text) => el("li", { class: "note", text: tr("Note: {text}", { text }) })));
      return all.length ? el("ul", { class: "lint", "aria-label": tr("What to look at") }, all.slice(0, 12), all.length > 12 ? el("li", { class: "note", text: tr("and {n} more", { n: all.length - 12 }) }) : null) : null;
    }

    function relations(held) {
      if (!data.related || held.boxes.length < 2) return null;
      const say = (id) => {
        const box = held.boxes.find((one) => one.id === id);
        const twins = held.boxes.filter((one) => box && named(one) === named(box)).length;
        return box ? (twins > 1 ? `${named(box)} (${id})` : named(box)) : id;
      };
      const ends = (words, n) => el("select", { "aria-label": words }, held.boxes.map((box, i) => el("option", { value: box.id, text: say(box.id), selected: i === n })));
      const [from, to] = [ends(tr("From"), 0), ends(tr("To"), 1)];
      let words = data.relation_labels[0] ?? "";
      const label = chooser(tr("Relation"), data.relation_labels, words, (text) => (words = text));
      const relate = () => {
        if (!data.relation_labels.length) words = storable(label.value);
        const fresh = { from: from.value, label: words, to: to.value };
        if (held.relations.some((one) => one.from === fresh.from && one.to === fresh.to && (one.label || "") === words)) return tell.say(tr("related already"));
        keep({ ...held, relations: [...held.relations, fresh] }, `${say(fresh.from)} → ${say(fresh.to)}: ${words}`);
      };
      const rows = held.relations.map((one, n) => {
        const said = `${say(one.from)} → ${say(one.to)}${one.label ? `: ${one.label}` : ""}`;
        return el("li", {}, el("span", { text: said }), el("button", { type: "button", class: "small", text: tr("Remove"), "aria-label": tr("Remove {name}", { name: said }), onclick: () => keep({ ...held, relations: held.relations.toSpliced(n, 1) }, tr("relation removed")) }));
      });
      return el("div", { class: "related" }, el("div", { class: "row", role: "group", "aria-label": tr("New relation") }, from, el("span", { "aria-hidden": "true", text: "→" }), to, label, el("button", { type: "button", class: "small", text: tr("Relate"), onclick: relate })), rows.length ? el("ul", { class: "boxes", "aria-label": tr("Relations") }, rows) : null);
    }

    function bar(held) {
      const pick = labels().map((label, n) => {
        const button = el("button", { type: "button", class: "small type", "aria-pressed": String(label === current), title: data.labels[label] || null, onclick: () => ((current = label), draw()) }, label, n < 9 ? el("kbd", { text: String(n + 1), "aria-hidden": "true" }) : null);
        button.style.setProperty("--hue", hue(label));
        return button;
      });
      const untouched = answer.get() === null;
      const proposal = data.proposed.boxes.length > 0;
      return el(
        "div", { class: "row" },
        pick.length ? el("div", { class: "row", role: "group", "aria-label": tr("Label of new boxes") }, pick) : null,
        el("button", { type: "button", class: "small", text: tr("New box"), onclick: () => add(40, 40, 20, 20) }),
        untouched && proposal ? el("button", { type: "button", class: "small", text: tr("As proposed"), onclick: () => keep({ boxes: held.boxes.map(boxed), relations: held.relations }, tr("kept as proposed")) }) : null,
        held.boxes.length ? null : el("button", { type: "button", class: "small", "aria-pressed": String(!untouched), text: tr("Nothing to draw"), onclick: () => keep(untouched ? { boxes: [], relations: [] } : null, untouched ? tr("Nothing to draw") : "") }),
      );
    }

    function draw(focus) {
      const held = value();
      const hint = [tr("Draw by mouse, or press New box. Arrows move a box, Shift and arrows size it, Alt makes small steps, Delete removes."), labels().length ? tr("Digits give the label.") : ""].join(" ");
      redrawn(
        body,
        focus === "" ? "button" : focus && `.box[data-id="${CSS.escape(focus)}"]`,
        ...heading(data, `h-${data.key}`, tr("(optional)")),
        bar(held),
        surface(held),
        el("div", { class: "hint", text: hint }),
        ...[lint(held)].filter(Boolean),
        el("ul", { class: "boxes", "aria-label": tr("Boxes") }, held.boxes.map(entry)),
        ...[relations(held)].filter(Boolean),
      );
    }
    draw();

    return {
      update(fresh) {
        const changed = !same(fresh.ground, data.ground) || !same(fresh.labels, data.labels);
        data = fresh;
        if (answer.heard(fresh) || changed) draw(here());
      },
      stop() {
        answer.stop();
        picture.stop();
      },
    };
  });
}
