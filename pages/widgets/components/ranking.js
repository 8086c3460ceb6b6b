// The responses as a list that is put in order: dragged, or moved by Alt and the arrow keys; "="
// ties one to the one above, "x" leaves it out where that is allowed.
export default function (component) {
  return live(component, (root, first, send) => {
    let data = first;
    const said = (name, facts) => fill(data.words[name], facts);
    const { answer, body, tell } = begun(root, first, send);
    const name = (key) => said("response", { letter: data.entries.find((one) => one.key === key).label });
    const known = (key) => data.entries.some((one) => one.key === key);

    // Tiers of the answer, and what has no place yet.
    function state() {
      const value = answer.get();
      const tiers = (Array.isArray(value?.order) ? value.order : []).map((tier) => tier.filter(known)).filter((tier) => tier.length);
      const named = new Set(tiers.flat());
      return { tiers, rest: data.entries.map((one) => one.key).filter((key) => !named.has(key)), begun: value !== null };
    }

    function put(tiers, focus, words) {
      const kept = tiers.filter((tier) => tier.length);
      answer.set(kept.length ? { order: kept } : null);
      draw(focus);
      tell.say(words);
    }

    // One place up (-1) or down (1): out of a tie first, then past the next tier.
    function move(key, step) {
      const { tiers, rest } = state();
      let at = tiers.findIndex((tier) => tier.includes(key));
      if (at < 0) {
        tiers.push([key]);
        return put(tiers, key, said("ranked_at", { name: name(key), rank: tiers.length }));
      }
      if (tiers[at].length > 1) {
        tiers[at] = tiers[at].filter((one) => one !== key);
        tiers.splice(step < 0 ? at : at + 1, 0, [key]);
      } else {
        const to = at + step;
        if (to < 0 || to >= tiers.length) return tell.say(said(step < 0 ? "already_first" : "already_last"));
        [tiers[at], tiers[to]] = [tiers[to], tiers[at]];
      }
      at = tiers.findIndex((tier) => tier.includes(key));
      put(tiers, key, said("ranked_of", { name: name(key), rank: at + 1, of: tiers.length }) + (rest.length ? ` · ${said("unplaced", { n: rest.length })}` : ""));
    }

    function tie(key) {
      const { tiers } = state();
      const at = tiers.findIndex((tier) => tier.includes(key));
      if (!data.ties || at < 1) return;
      tiers[at - 1] = [...tiers[at - 1], key];
      tiers[at] = tiers[at].filter((one) => one !== key);
      put(tiers, key, said("tied_at", { name: name(key), rank: at }));
    }

    function drop(key) {
      const { tiers } = state();
      put(tiers.map((tier) => tier.filter((one) => one !== key)), key, said("not_ranked", { name: name(key) }));
    }

    function before(key, target) {
      if (key === target || !known(key)) return;
      const tiers = state().tiers.map((tier) => tier.filter((one) => one !== key)).filter((tier) => tier.length);
      const at = target === null ? tiers.length : tiers.findIndex((tier) => tier.includes(target));
      tiers.splice(at < 0 ? tiers.length : at, 0, [key]);
      put(tiers, key, said("ranked_at", { name: name(key), rank: tiers.findIndex((tier) => tier.includes(key)) + 1 }));
    }

    function row(key, rank) {
      const entry = data.entries.find((one) => one.key === key);
      const keys = (event) => {
        if (event.altKey && event.key === "ArrowUp") move(key, -1);
        else if (event.altKey && event.key === "ArrowDown") move(key, 1);
        else if (event.key === "=" && rank) tie(key);
        else if ((event.key === "x" || event.key === "Delete") && rank) drop(key);
        else if (event.key === "Enter" && event.target === event.currentTarget && !rank) move(key, -1);
        else return;
        event.preventDefault();
        event.stopPropagation();
      };
      const small = (words, label, act, off) => el("button", { type: "button", class: "small", "aria-label": said(label, { name: name(key) }), text: words, onclick: act, disabled: off });
      const buttons = rank
        ? [small("↑", "move_up", () => move(key, -1)), small("↓", "move_down", () => move(key, 1)), data.ties ? small("=", "tie_above", () => tie(key), rank === 1) : null, small("×", "take_out", () => drop(key))]
        : [small(said("place_it"), "place_this", () => move(key, -1))];
      return el(
        "li",
        {
          tabindex: "0",
          draggable: "true",
          "data-key": key,
          "aria-label": said(rank ? "ranked_at" : "not_ranked", { name: name(key), rank }),
          onkeydown: keys,
          ondragstart: (event) => event.dataTransfer.setData("text/plain", key),
          ondragover: (event) => event.preventDefault(),
          ondrop: (event) => {
            event.preventDefault();
            event.stopPropagation();
            before(event.dataTransfer.getData("text/plain"), rank ? key : null);
          },
        },
        el("span", { class: "rank", text: rank ? `${rank}.` : "–" }),
        el("span", { class: "words" }, el("strong", { text: `${entry.label} ` }), el("span", { class: "note", text: entry.text })),
        el("span", { class: "row" }, buttons),
      );
    }

    function order() {
      const { tiers, rest } = state();
      const hint = [said(data.ties ? "rank_hint_ties" : "rank_hint"), rest.length && !data.partial ? said("unplaced", { n: rest.length }) : ""].filter(Boolean).join(" ");
      const all = rest.length
        ? el("button", { type: "button", class: "small", text: said("place_all"), onclick: () => put([...tiers, ...rest.map((key) => [key])], rest[0], said("all_placed")) })
        : null;
      return [
        el("ol", { class: "ranked", "aria-label": said("ranked_list"), ondragover: (event) => event.preventDefault(), ondrop: (event) => before(event.dataTransfer.getData("text/plain"), null) }, tiers.flatMap((tier, n) => tier.map((key) => row(key, n + 1)))),
        rest.length ? el("ul", { class: "ranked rest", "aria-label": said("unplaced_list") }, rest.map((key) => row(key, 0))) : null,
        el("div", { class: "row" }, el("span", { class: "hint", text: hint }), all),
      ];
    }

    function extremes() {
      const value = answer.get() || {};
      return ["best", "worst"].map((end) =>
        el("div", { role: "group", "aria-label": said(end), class: "row ends" }, el("span", { class: "end", text: said(end) }), data.entries.map((one) =>
          el("button", {
            type: "button", text: one.label, "data-key": `${end}-${one.key}`, "aria-label": said(`is_${end}`, { name: name(one.key) }), "aria-pressed": String(value[end] === one.key),
            onclick: () => {
              const other = end === "best" ? "worst" : "best";
              const fresh = { ...value, [end]: one.key };
              if (fresh[other] === one.key) delete fresh[other];
              answer.set(fresh);
              draw(`${end}-${one.key}`);
            },
          }))),
      );
    }

    function draw(focus) {
      const inside = data.mode === "best_worst" ? extremes() : order();
      redrawn(body, focus && `[data-key="${CSS.escape(focus)}"]`, ...heading(data, `h-${data.key}`, said("optional")), ...inside.filter(Boolean));
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
