// A table or a record that is corrected field by field: what was there stays in sight beside what is
// changed. By keys: Tab walks the fields, up and down go to the next row where the text has no more
// lines, Escape puts back what was there.
export default function (component) {
  return live(component, (root, first, send) => {
    let data = first;
    const said = (name, facts) => fill(data.words[name], facts);
    const { answer, body, tell } = begun(root, first, send);
    let timer = 0;
    let drawn = [];

    const clean = (text) => storable(text).trim();
    const named = (row, place) => [row.key, data.columns[place]].filter(Boolean).join(", ");
    const given = () => (Array.isArray(answer.get()?.cells) ? answer.get().cells : null);
    const shown = (one, found) => (found ? found.value ?? "" : one.text);

    // What differs now from what was there.
    function changes() {
      return drawn.filter(({ one, field }) => clean(field.value) !== one.text.trim())
        .map(({ one, field }) => ({ cell: one.id, value: clean(field.value) || null }));
    }

    function keep() {
      clearTimeout(timer);
      timer = 0;
      const found = changes();
      if (!found.length && !given()?.length) return foot();
      answer.set(found.length ? { cells: found } : null);
      foot();
    }

    function soon() {
      clearTimeout(timer);
      timer = setTimeout(keep, 250);
    }

    function put(entry, text) {
      entry.field.value = text;
      mark(entry);
      keep();
    }

    function back(entry) {
      put(entry, entry.one.text);
      entry.field.focus();
      tell.say(said("field_restored", { name: entry.name }));
    }

    function step(entry, by) {
      const rows = drawn.filter((other) => other.column === entry.column);
      rows[rows.indexOf(entry) + by]?.field.focus();
    }

    function keys(event, entry) {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return timer && keep();
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      const { value, selectionStart, selectionEnd } = entry.field;
      if (event.key === "Escape" && clean(value) !== entry.one.text.trim()) back(entry);
      else if (event.key === "ArrowDown" && !value.slice(selectionEnd).includes("\n") && selectionEnd === value.length) step(entry, 1);
      else if (event.key === "ArrowUp" && selectionStart === 0) step(entry, -1);
      else return;
      event.preventDefault();
      event.stopPropagation();
    }

    function mark(entry) {
      const changed = clean(entry.field.value) !== entry.one.text.trim();
      entry.place.classList.toggle("changed", changed);
      entry.old.replaceChildren(
        ...(changed
          ? [el("del", { class: "note", dir: "auto", text: said("field_was", { old: entry.one.text || "–" }) }), " ",
             el("button", { type: "button", class: "small", text: "↺", "aria-label": said("field_back", { name: entry.name }), title: said("field_back", { name: entry.name }), onclick: () => back(entry) })]
          : []),
      );
    }

    function field(row, one, place, found) {
      if (one.fixed) return el("td", {}, el("bdi", { text: one.text }));
      const id = `${data.key}-${drawn.length}`;
      const old = el("div", { class: "row", id: `${id}-was` });
      const name = named(row, place);
      const input = el("textarea", { rows: "1", dir: "auto", "aria-label": name, "aria-describedby": `${id}-was`, maxlength: data.longest });
      input.value = shown(one, found.get(one.id));
      const entry = { one, field: input, place: el("td", {}, input, old), old, name, column: place };
      input.addEventListener("input", () => { mark(entry); soon(); });
      input.addEventListener("focusout", () => timer && keep());
      input.addEventListener("keydown", (event) => keys(event, entry));
      drawn.push(entry);
      mark(entry);
      return entry.place;
    }

    const right = el("button", { type: "button", class: "small", onclick: () => { answer.set(given() ? null : { cells: [] }); foot(); } });
    const undo = el("button", { type: "button", class: "small", onclick: () => { answer.set(null); draw(); right.focus(); } });

    function foot() {
      const found = given();
      right.textContent = said("all_fields_right");
      right.disabled = Boolean(found?.length);
      right.setAttribute("aria-pressed", String(Boolean(found && !found.length)));
      undo.textContent = said("undo_corrections", { n: found?.length || 0 });
      undo.hidden = !found?.length;
    }

    function draw() {
      const found = new Map((given() || []).map((one) => [one.cell, one]));
      drawn = [];
      const head = data.columns.some(Boolean)
        ? el("thead", {}, el("tr", {}, el("th", { scope: "col" }, el("span", { class: "unseen", text: said("row_name") })), data.columns.map((title) => el("th", { scope: "col" }, el("bdi", { text: title })))))
        : null;
      const rows = data.rows.map((row) =>
        el("tr", {}, el("th", { scope: "row" }, el("bdi", { text: row.key })), row.cells.map((one, place) => field(row, one, place, found))));
      body.replaceChildren(
        ...heading(data, `h-${data.key}`, said("optional")),
        el("div", { class: "hint", text: said("correction_hint") }),
        el("div", { class: "fields", role: "region", tabindex: "0", "aria-label": said("correction_table") }, el("table", {}, head, el("tbody", {}, rows))),
        el("div", { class: "row" }, right, undo),
      );
      foot();
    }
    draw();

    return {
      update(fresh) {
        const changed = !same([fresh.rows, fresh.columns], [data.rows, data.columns]);
        data = fresh;
        if (answer.heard(fresh) || changed) draw();
        else foot();
      },
      stop() {
        if (timer) keep();
        answer.stop();
      },
    };
  });
}
