// A text area that sends its draft while it is typed, and keeps a copy in the browser until the
// server shows that it holds the same text.
const WAIT = 800; // after the last key
const LONGEST_WAIT = 3000; // while typing goes on
const AGAIN = 2000; // until the server has it
const LATE = 4000; // after this a text that is not stored is said to wait here
const OLD = 14 * 24 * 3600 * 1000;
const PREFIX = "concord-text:";

// A short mark of a text (FNV-1a), to know it again by.
function mark(text) {
  let sum = 2166136261;
  for (let n = 0; n < text.length; n += 1) sum = Math.imul(sum ^ text.charCodeAt(n), 16777619) >>> 0;
  return `${text.length}-${sum}`;
}

function tidy() {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(PREFIX) && Date.now() - (STORE.get(key)?.at || 0) > OLD) STORE.drop(key);
    }
  } catch {
    return;
  }
}

export default function (component) {
  return live(component, (root, first, send) => {
    let data = first;
    let timer = 0;
    let since = 0; // when the oldest unsent key was pressed
    let turn = 0;
    let unsent = 0; // since when the server lacks what stands here
    let server = first.value || ""; // what the desk last showed
    const place = PREFIX + first.store;
    const known = new Set([mark(first.kept ?? ""), ...(STORE.get(PREFIX + first.store)?.known || [])]);
    const id = `t-${first.key}`;
    const area = el("textarea", { id, "aria-describedby": `${id}-state`, rows: 3 });
    const state = el("span", { id: `${id}-state`, class: "note" });
    const count = el("span", { class: "note" });
    const offer = el("div", { class: "row" });
    const label = el("label", { class: "title", for: id });
    const help = el("div", { class: "help" });
    root.append(label, help, area, el("div", { class: "foot" }, state, count), offer);

    const said = (name, facts) => fill(data.words[name], facts);
    const stored = () => (data.kept ?? "") === area.value;
    const shown = () => (data.value ?? "") === area.value;

    function say() {
      const over = data.longest ? points(area.value) - data.longest : 0;
      count.textContent = over > 0 ? said("draft_over", { n: over.toLocaleString() }) : "";
      count.className = over > 0 ? "wrong" : "note";
      if (stored()) state.textContent = area.value ? said("draft_saved") : "";
      else if (!data.drafts && shown()) state.textContent = said("draft_changed");
      else if (unsent && Date.now() - unsent > LATE) state.textContent = said("draft_here");
      else state.textContent = said("draft_saving");
    }

    // While another text is offered, the browser's copy is that one, and stays until it is decided.
    function keep() {
      if (offer.firstChild) return;
      if (stored()) STORE.drop(place);
      else STORE.set(place, { text: area.value, known: [...known], at: Date.now() });
    }

    // The server may come to hold any text that was sent from here: that is no other hand at work.
    const note = (text) => {
      known.delete(mark(text));
      known.add(mark(text));
      if (known.size > 50) known.delete(known.values().next().value);
    };

    function push() {
      clearTimeout(timer);
      timer = 0;
      since = 0;
      if (stored() || (!data.drafts && shown())) return say();
      turn += 1;
      note(area.value);
      keep();
      send("draft", { text: storable(area.value), turn });
      timer = setTimeout(push, AGAIN);
      say();
    }

    function typed() {
      keep();
      unsent = unsent || Date.now();
      since = since || Date.now();
      clearTimeout(timer);
      timer = setTimeout(push, Math.max(0, Math.min(WAIT, since + LONGEST_WAIT - Date.now())));
      grow();
      say();
    }

    function grow() {
      area.style.height = "auto";
      area.style.height = `${Math.min(area.scrollHeight + 2, window.innerHeight * 0.6)}px`;
    }

    function restore() {
      tidy();
      const local = STORE.get(place);
      area.value = data.value ?? "";
      if (!local || typeof local.text !== "string" || local.text === area.value) return STORE.drop(place);
      if (local.known?.includes(mark(data.kept ?? ""))) {
        area.value = local.text;
        timer = setTimeout(push, 50);
        return;
      }
      const take = el("button", {
        type: "button",
        class: "small",
        text: said("use_it"),
        onclick: () => {
          area.value = local.text;
          offer.replaceChildren();
          typed();
          area.focus();
        },
      });
      const leave = el("button", {
        type: "button",
        class: "small",
        text: said("drop_it"),
        onclick: () => {
          STORE.drop(place);
          offer.replaceChildren();
          area.focus();
        },
      });
      const words = said("draft_other", { n: points(local.text).toLocaleString() });
      offer.append(el("span", { class: "note", text: words }), take, leave);
    }

    area.addEventListener("input", typed);
    area.addEventListener("blur", push);
    area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) push();
      if (event.key === "Escape") area.blur();
    });
    const hide = () => {
      keep();
      push();
    };
    window.addEventListener("pagehide", hide);
    const calm = undisturbed(root);
    restore();
    requestAnimationFrame(grow);

    return {
      update(fresh) {
        data = fresh;
        label.replaceChildren(el("strong", { text: data.title }), data.required ? "" : ` ${said("optional")}`);
        help.textContent = data.help || "";
        area.placeholder = data.placeholder || "";
        note(data.kept ?? "");
        const changed = (data.value ?? "") !== server;
        // The server's text changed by other means (undo, another window) and nothing is unsent here.
        if (changed && !timer && area.value === server) area.value = data.value ?? "";
        server = data.value ?? "";
        if (stored()) {
          clearTimeout(timer);
          timer = 0;
          unsent = 0;
          keep();
        }
        say();
      },
      stop() {
        if (timer) push();
        clearTimeout(timer);
        calm();
        window.removeEventListener("pagehide", hide);
      },
    };
  });
}
