// The responses as a list that is put in order: dragged, or moved by Alt and the arrow keys; "="
// ties one to the one above, "x" leaves it out where that is allowed.
export default function (component) {
  return live(component, (root, first, send) => {
    let data = first;
    const answer = made(first, send);
    const tell = teller();
    const body = el("div");
    root.append(body, tell);
    const name = (key) => `Response ${data.entries.find((one) => one.key === key).label}`;
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
        return put(tiers, key, `${name(key)}: rank ${tiers.length}`);
      }
      if (tiers[at].length > 1) {
        tiers[at] = tiers[at].filter((one) => one !== key);
        tiers.splice(step < 0 ? at : at + 1, 0, [key]);
      } else {
        const to = at + step;
        if (to < 0 || to >= tiers.length) return tell.say(step < 0 ? "already first" : "already last");
        [tiers[at], tiers[to]] = [tiers[to], tiers[at]];
      }
      at = tiers.findIndex((tier) => tier.includes(key));
      put(tiers, key, `${name(key)}: rank ${at + 1} of ${tiers.length}${rest.length ? `, ${rest.length} without a place` : ""}`);
    }

    function tie(key) {
      const { tiers } = state();
      const at = tiers.findIndex((tier) => tier.includes(key));
      if (!data.ties || at < 1) return;
      tiers[at - 1] = [...tiers[at - 1], key];
      tiers[at] = tiers[at].filter((one) => one !== key);
      put(tiers, key, `${name(key)}: tied at rank ${at}`);
    }

    function drop(key) {
      const { tiers } = state();
      put(tiers.map((tier) => tier.filter((one) => one !== key)), key, `${name(key)}: no place`);
    }

    function before(key, target) {
      if (key === target || !known(key)) return;
      const tiers = state().tiers.map((tier) => tier.filter((one) => one !== key)).filter((tier) => tier.length);
      const at = target === null ? tiers.length : tiers.findIndex((tier) => tier.includes(target));
      tiers.splice(at < 0 ? tiers.length : at, 0, [key]);
      put(tiers, key, `${name(key)}: rank ${tiers.findIndex((tier) => tier.includes(key)) + 1}`);
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
      const small = (words, label, act, off) => el("button", { type: "button", class: "small", "aria-label": `${label} ${name(key)}`, text: words, onclick: act, disabled: off });
      const buttons = rank
        ? [small("↑", "Move up", () => move(key, -1)), small("↓", "Move down", () => move(key, 1)), data.ties ? small("=", "Tie with the one above:", () => tie(key), rank === 1) : null, small("×", "Take out", () => drop(key))]
        : [small("Place", "Place", () => move(key, -1))];
      return el(
        "li",
        {
          tabindex: "0",
          draggable: "true",
          "data-key": key,
          "aria-label": `${name(key)}, ${rank ? `rank ${rank}` : "no place yet"}`,
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
      const hint = `Drag, or press Alt and an arrow key${data.ties ? "; = ties with the one above" : ""}; x takes out.${rest.length && !data.partial ? ` ${rest.length} without a place yet.` : ""}`;
      const all = rest.length
        ? el("button", { type: "button", class: "small", text: "Place all as shown", onclick: () => put([...tiers, ...rest.map((key) => [key])], rest[0], "all placed") })
        : null;
      return [
        el("ol", { class: "ranked", "aria-label": "Ranked, best first", ondragover: (event) => event.preventDefault(), ondrop: (event) => before(event.dataTransfer.getData("text/plain"), null) }, tiers.flatMap((tier, n) => tier.map((key) => row(key, n + 1)))),
        rest.length ? el("ul", { class: "ranked rest", "aria-label": "Without a place" }, rest.map((key) => row(key, 0))) : null,
        el("div", { class: "row" }, el("span", { class: "hint", text: hint }), all),
      ];
    }

    function extremes() {
      const value = answer.get() || {};
      return ["best", "worst"].map((end) =>
        el("div", { role: "group", "aria-label": end, class: "row ends" }, el("span", { class: "end", text: end === "best" ? "Best" : "Worst" }), data.entries.map((one) =>
          el("button", {
            type: "button", text: one.label, "data-key": `${end}-${one.key}`, "aria-label": `Response ${one.label} is ${end}`, "aria-pressed": String(value[end] === one.key),
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
      body.replaceChildren(...heading(data, `h-${data.key}`), ...inside.filter(Boolean));
      if (focus) body.querySelector(`[data-key="${CSS.escape(focus)}"]`)?.focus();
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
