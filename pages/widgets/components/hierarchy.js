// A hierarchy that is put right. By keys: up and down walk it, Alt with left and right moves a node a
// level out or in, Enter picks it up and puts it below the node that is then chosen, Delete takes it
// out. By mouse: dragged, or by its buttons.
export default function (component) {
  return live(component, (root, first, send) => {
    let data = first;
    const said = (name, facts) => fill(data.words[name], facts);
    const { answer, body, tell } = begun(root, first, send);
    let at = data.nodes[0]?.id;
    let carried = null;
    const node = (id) => data.nodes.find((one) => one.id === id);
    const name = (id) => (id ? node(id)?.label ?? id : said("the_top"));
    const short = (text) => (points(text) > 160 ? `${[...text].slice(0, 159).join("")}…` : text);

    // Parents as they stand now; null for what is taken out.
    function parents() {
      const found = new Map(data.nodes.map((one) => [one.id, one.parent]));
      for (const one of Array.isArray(answer.get()?.changes) ? answer.get().changes : [])
        if (found.has(one.node)) found.set(one.node, one.parent);
      return found;
    }

    // Ids in the order drawn, each with its depth: branches together, what was moved
    // last in its branch, what is taken out where it was.
    function laidOut() {
      const now = parents();
      const shown = (id) => now.get(id) ?? node(id).parent;
      const below = new Map();
      const stays = (one) => shown(one.id) === one.parent;
      for (const { id } of [...data.nodes.filter(stays), ...data.nodes.filter((one) => !stays(one))])
        below.set(shown(id), [...(below.get(shown(id)) || []), id]);
      const rows = [];
      const waiting = (below.get("") || []).map((id) => [id, 0]).reverse();
      while (waiting.length && rows.length <= data.nodes.length) {
        const [id, depth] = waiting.pop();
        rows.push({ id, depth, out: now.get(id) === null, moved: now.get(id) !== null && now.get(id) !== node(id).parent });
        waiting.push(...(below.get(id) || []).map((one) => [one, depth + 1]).reverse());
      }
      return rows;
    }

    function branch(id, now) {
      const found = new Set([id]);
      for (let size = 0; size !== found.size; ) {
        size = found.size;
        for (const [one, parent] of now) if (found.has(parent)) found.add(one);
      }
      return found;
    }

    function keep(now, words) {
      const changes = data.nodes.filter((one) => now.get(one.id) !== one.parent).map((one) => ({ node: one.id, parent: now.get(one.id) }));
      carried = null;
      answer.set({ changes });
      draw(true);
      tell.say(words);
    }

    function move(id, parent) {
      const now = parents();
      if (parent && (now.get(parent) === null || branch(id, now).has(parent))) return tell.say(said("not_below_itself"));
      now.set(id, parent);
      at = id;
      keep(now, said("moved_below", { name: name(id), parent: name(parent) }));
    }

    function toggleOut(id) {
      const now = parents();
      if (!data.removals) return;
      at = id;
      if (now.get(id) !== null) {
        for (const one of branch(id, now)) now.set(one, null);
        return keep(now, said("node_out", { name: name(id) }));
      }
      const back = new Set([id]);
      for (let up = node(id).parent; up && now.get(up) === null; up = node(up).parent) back.add(up);
      for (const one of back) now.set(one, node(one).parent);
      keep(now, said("node_back", { name: name(id) }));
    }

    // One level out (-1): beside its parent. One level in (1): below the one before it.
    function shift(id, step) {
      const now = parents();
      const parent = now.get(id);
      if (parent === null) return;
      if (step < 0) return parent ? move(id, now.get(parent) ?? "") : tell.say(said("already_top"));
      const level = laidOut().filter((row) => now.get(row.id) === parent);
      const before = level[level.findIndex((row) => row.id === id) - 1];
      return before ? move(id, before.id) : tell.say(said("nothing_before"));
    }

    function pick(id) {
      if (carried === null) {
        if (parents().get(id) === null) return;
        carried = id;
        tell.say(said("picked_up", { name: name(id) }));
        draw(true);
      } else if (carried === id) drop();
      else move(carried, id);
    }

    function drop() {
      carried = null;
      tell.say(said("put_down"));
      draw(true);
    }

    function go(id) {
      at = id;
      draw(true);
    }

    function keys(event) {
      if (event.target !== event.currentTarget && event.key === "Enter") return;
      const ids = laidOut().map((row) => row.id);
      const place = ids.indexOf(at);
      const forward = getComputedStyle(root).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
      if (event.ctrlKey || event.metaKey) return;
      if (event.altKey && (event.key === "ArrowLeft" || event.key === "ArrowRight")) shift(at, event.key === forward ? 1 : -1);
      else if (event.altKey) return;
      else if (event.key === "ArrowDown") go(ids[Math.min(place + 1, ids.length - 1)]);
      else if (event.key === "ArrowUp") go(ids[Math.max(place - 1, 0)]);
      else if (event.key === "Home") go(ids[0]);
      else if (event.key === "End") go(ids.at(-1));
      else if (event.key === "Enter") pick(at);
      else if (event.key === "Escape" && carried !== null) drop();
      else if (event.key === "Delete") toggleOut(at);
      else return;
      event.preventDefault();
      event.stopPropagation();
    }

    function state({ id, depth, out, moved }) {
      const level = said("node_level", { level: depth + 1 });
      const extra = out ? said("is_out") : moved ? said("is_moved", { parent: name(parents().get(id)) }) : "";
      return [name(id), level, extra].filter(Boolean).join(", ");
    }

    function row(facts) {
      const { id, depth, out, moved } = facts;
      const here = id === at;
      const small = (words, act, on) => el("button", { type: "button", class: "small", tabindex: here ? "0" : "-1", "aria-label": `${words}: ${name(id)}`, "aria-pressed": on === undefined ? null : String(on), text: words, onclick: (event) => { event.stopPropagation(); act(); } });
      const aside = carried !== null && carried !== id;
      const buttons = aside
        ? [out ? null : small(said("put_below"), () => move(carried, id))]
        : [out ? null : small(said("move_node"), () => { at = id; pick(id); }, carried === id), data.removals ? small(said(out ? "bring_back" : "take_node_out"), () => toggleOut(id)) : null];
      return el(
        "li",
        {
          tabindex: here ? "0" : "-1", draggable: "true", "data-key": id, "aria-label": state(facts),
          class: [out ? "out" : "", carried === id ? "carried" : ""].join(" ").trim() || null,
          style: `margin-inline-start: ${Math.min(depth, 12) * 1.25}rem`,
          onclick: () => go(id), onfocus: () => { at = id; }, onkeydown: keys,
          ondragstart: (event) => event.dataTransfer.setData("text/plain", id),
          ondragover: (event) => event.preventDefault(),
          ondrop: (event) => {
            event.preventDefault();
            event.stopPropagation();
            const given = event.dataTransfer.getData("text/plain");
            if (node(given) && given !== id) move(given, id);
          },
        },
        el("span", { class: "words" }, el("bdi", { text: node(id).label }), node(id).text ? el("span", { class: "note", dir: "auto", text: ` ${short(node(id).text)}` }) : null),
        moved ? el("span", { class: "tag", text: said("is_moved", { parent: short(name(parents().get(id))) }) }) : null,
        out ? el("span", { class: "tag", text: said("is_out") }) : null,
        el("span", { class: "row" }, buttons),
      );
    }

    function draw(focus) {
      const changes = answer.get()?.changes;
      const right = Array.isArray(changes) && !changes.length;
      const all = el("button", { type: "button", class: "small", "data-key": " right", "aria-pressed": String(right), text: said("all_links_right"), disabled: Boolean(changes?.length), onclick: () => { answer.set(right ? null : { changes: [] }); draw(); body.querySelector("[data-key=' right']").focus(); } });
      const top = carried === null ? null : el("button", { type: "button", class: "small", text: said("put_at_top"), onclick: () => move(carried, "") });
      const undo = changes?.length ? el("button", { type: "button", class: "small", text: said("undo_changes", { n: changes.length }), onclick: () => { carried = null; answer.set(null); draw(true); tell.say(said("node_back", { name: "" })); } }) : null;
      redrawn(
        body,
        focus && `li[data-key="${CSS.escape(at)}"]`,
        ...heading(data, `h-${data.key}`, said("optional")),
        el("div", { class: "hint", text: said(carried === null ? "hierarchy_hint" : "carrying_hint", { name: carried === null ? "" : name(carried) }) }),
        el("ul", { class: "hierarchy", "aria-label": said("hierarchy_list") }, laidOut().map(row)),
        el("div", { class: "row" }, all, top, undo),
      );
    }
    draw();

    return {
      update(fresh) {
        const changed = !same(fresh.nodes, data.nodes);
        data = fresh;
        if (changed) [at, carried] = [data.nodes[0]?.id, null];
        if (answer.heard(fresh) || changed) draw();
      },
      stop: answer.stop,
    };
  });
}
