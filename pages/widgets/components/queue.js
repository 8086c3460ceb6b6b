// The fast lane of the desk. Units come ahead of need; a press shows the next one at once and puts
// the answer into the outbox; the page says at all times what is stored and what is waiting.
const DIGITS = "1234567890";
const KEPT = 60; // answered units within reach of "Back" without asking the server

export default function (component) {
  return live(component, (root, first, send) => {
    let data = first;
    const box = outbox(`concord-queue:${first.store}`, send);
    const behind = new Map(); // answered units by place
    const taken = new Map(); // units taken back and not answered again, by assignment
    let now = null; // the unit on the desk
    let looking = false; // whether it is one answered before
    let answers = {};
    let begun = 0;
    let panel = "";
    let saved = first.saved || 0;
    let note = "";
    let errors = []; // answers that were not stored
    let hint = ""; // why the newest move could not be made; gone with the next one
    let offline = 0; // since when an entry waits
    const tell = teller();
    const alert = el("div", { class: "alert", role: "alert" });
    const bar = el("div", { class: "bar", role: "progressbar", "aria-label": "Progress" }, el("i"));
    const status = el("div", { class: "status" });
    const side = el("div", { class: "panel" });
    const item = el("div", { class: "item", tabindex: "-1" });
    const asked = el("div", { class: "asked" });
    const tools = el("div", { class: "tools" });
    root.classList.add("queue");
    root.append(bar, status, alert, side, item, asked, tools, tell);

    const said = (name, facts) => fill(data.words[name], facts);

    // ---- what is on the desk ----

    const settled = (at) => {
      let done = false;
      for (const entry of box.entries()) {
        if (entry.at !== at) continue;
        if (entry.kind === "submit" || entry.kind === "skip") done = true;
        if (entry.kind === "undo") done = false;
      }
      return done;
    };
    const ahead = () => {
      const known = new Map([...(data.units || []).map((one) => [one.at, one]), ...taken]);
      return [...known.values()].filter((one) => !settled(one.at)).sort((a, b) => a.place - b.place);
    };

    // Seconds at work on the unit: a hidden page or a minute and a half without a sign is no work.
    let sign = performance.now();
    const alive = () => {
      const gap = performance.now() - sign;
      if (gap > (document.hidden ? 5_000 : 90_000)) begun += gap;
      sign = performance.now();
    };
    const SIGNS = ["keydown", "pointerdown", "pointermove", "wheel"];
    for (const name of SIGNS) window.addEventListener(name, alive, { capture: true, passive: true });
    document.addEventListener("visibilitychange", alive);

    function place(unit, back = false) {
      hint = "";
      now = unit;
      looking = back;
      answers = unit ? { ...unit.answers, ...unit.draft } : {};
      begun = performance.now();
      panel = "";
      draw();
    }

    function next() {
      const later = looking && now ? behind.get(now.place + 1) : null;
      if (later) place(later, true);
      else place(ahead()[0] || null);
    }

    // ---- the moves ----

    function cannot(name, facts) {
      hint = said(name, facts);
      drawAlert();
    }

    const single = (unit) => data.one_key && unit.questions.length === 1;

    function active(unit) {
      const names = unit.questions.map((question) => question.name);
      return names.find((name) => answers[name] === undefined || answers[name] === null) ?? names.at(-1);
    }

    function choose(question, option) {
      if (!now) return;
      errors = [];
      hint = "";
      answers = { ...answers, [question.name]: option.value };
      if (single(now)) return submit();
      if (!looking) box.push({ kind: "draft", at: now.at, place: now.place, asked: now.asked, answers });
      drawAsked();
      drawAlert();
      drawStatus();
    }

    function submit() {
      if (!now) return;
      const open = now.questions.filter((one) => one.required && (answers[one.name] === undefined || answers[one.name] === null));
      if (open.length) {
        const titles = open.map((one) => said("quoted", { text: one.title })).join(said("comma"));
        cannot(open.length > 1 ? "need_answers" : "needs_answer", { n: open.length, titles, title: open[0].title });
        return asked.querySelector(`[data-option="${CSS.escape(`${open[0].name}/0`)}"]`)?.focus();
      }
      const unit = { ...now, answers: { ...answers }, draft: {}, state: "submitted" };
      const seconds = Math.min(Math.round((performance.now() - begun) / 10) / 100, 86_400);
      taken.delete(now.at);
      remember(unit);
      note = "";
      const fresh = !now.seen && !looking;
      box.push({ kind: "submit", at: now.at, place: now.place, asked: now.asked, answers: unit.answers, seconds, fresh });
      next();
    }

    function remember(unit) {
      behind.set(unit.place, { ...unit, seen: true });
      if (behind.size > KEPT) behind.delete([...behind.keys()].sort((a, b) => a - b)[0]);
    }

    function back() {
      const from = now ? now.place : data.place + 1;
      const known = [...behind.keys()].filter((one) => one < from).sort((a, b) => b - a)[0];
      if (from <= 1) return cannot("first_one");
      if (known === from - 1) return place(behind.get(known), true);
      note = said("fetching_back");
      drawStatus();
      box.want(from - 1);
    }

    function undo() {
      let unit = looking ? now : null;
      const from = now ? now.place : data.place + 1;
      if (!unit) unit = behind.get([...behind.keys()].filter((one) => one < from).sort((a, b) => b - a)[0]);
      if (unit && Object.keys(unit.answers).length) {
        behind.delete(unit.place);
        const open = { ...unit, draft: unit.answers, answers: {}, state: "reserved", seen: true };
        taken.set(unit.at, open);
        box.push({ kind: "undo", at: unit.at, place: unit.place });
        note = said("taken_back");
        return place(open);
      }
      if (from <= 1) return cannot("nothing_to_undo");
      note = said("taking_back");
      drawStatus();
      box.push({ kind: "undo", at: null, place: from - 1 });
    }

    function skip(reason) {
      if (!now || looking) return;
      taken.delete(now.at);
      box.push({ kind: "skip", at: now.at, place: now.place, reason });
      note = said("item_skipped", { place: now.place });
      next();
    }

    // A flag or a comment, for the researcher.
    function note_(kind, words) {
      if (!now || (kind === "comment" && !words.trim())) return;
      box.push({ kind, at: now.at, place: now.place, note: words });
      panel = hint = "";
      note = said(kind === "flag" ? "flagged" : "comment_sent").replace(/\.$/, "");
      drawPanel();
      drawAlert();
      drawStatus();
    }

    function toggle(name) {
      panel = panel === name ? "" : name;
      hint = "";
      drawAlert();
      drawPanel();
      drawAsked();
      side.querySelector("input, button")?.focus();
    }

    // ---- drawing ----

    function draw() {
      if (!now) {
        const words = data.closed || (box.entries().length ? said("sending") : data.empty ? said("finished_title") : said("fetching"));
        item.replaceChildren(el("div", { class: "card empty" }, el("strong", { text: words }), data.empty && !data.closed ? el("p", { text: said("finished") }) : null));
        item.setAttribute("aria-label", words);
        asked.replaceChildren();
      } else {
        const cards = (list, row) =>
          list.length ? [el("div", { class: row }, list.map((one) => el("section", { class: "card", "aria-label": one.name }, el("p", { class: "name" }, el("strong", { text: one.name })), drawn(one.blocks))))] : [];
        item.replaceChildren(...noticed(now), ...cards(now.fields, "fields"), ...cards(now.outputs, "responses"));
        item.setAttribute("aria-label", said("item", now));
        const inside = asked.contains(root.getRootNode().activeElement);
        drawAsked();
        if (inside) item.focus({ preventScroll: true });
      }
      drawAlert();
      drawPanel();
      drawStatus();
      drawTools();
      announce();
    }

    // Why a unit comes once more, and what was answered then: a part of the unit, so that nothing
    // moves after it shows.
    const lines = (unit) => unit.notice || [];
    const noticed = (unit) =>
      lines(unit).length ? [el("div", { class: "notice", role: "note" }, lines(unit).flatMap(markdown))] : [];

    function announce() {
      if (!now) return tell.say(item.textContent);
      const notice = item.querySelector(".notice")?.textContent || "";
      const words = (now.fields[0] || now.outputs[0])?.blocks.map((one) => one.text || "").join(" ").slice(0, 140);
      tell.say(`${said("item", now)}. ${notice} ${words || ""}`);
    }

    function drawAsked() {
      if (!now) return;
      const live = data.keys && panel !== "skip" ? active(now) : "";
      const focused = root.getRootNode().activeElement?.dataset?.option;
      asked.replaceChildren(
        ...now.questions.map((question) => {
          const id = `q-${now.at}-${question.name}`;
          const hints = question.scale ? question.options.filter((one) => one.hint) : [];
          const buttons = question.options.map((option, n) =>
            el(
              "button",
              {
                type: "button",
                title: question.scale ? null : option.hint || null,
                "aria-pressed": String(same(answers[question.name], option.value)),
                "data-option": `${question.name}/${n}`,
                onclick: () => choose(question, option),
              },
              option.label,
              question.name === live && n < 10 ? el("kbd", { text: DIGITS[n], "aria-hidden": "true" }) : null,
            ),
          );
          return el(
            "div",
            { role: "group", "aria-labelledby": id, class: "question" },
            ...heading(question, id, said("optional")),
            el("div", { class: "row" }, buttons),
            hints.length ? el("div", { class: "hint", text: hints.map((one) => `${one.label} ${one.hint}`).join(" · ") }) : null,
          );
        }),
      );
      if (focused) asked.querySelector(`[data-option="${CSS.escape(focused)}"]`)?.focus();
    }

    function drawStatus() {
      const waiting = box.entries().filter((one) => one.kind !== "draft").length;
      const parts = [];
      if (now) parts.push(said("place", now));
      if (note) parts.push(note);
      else if (now && looking) parts.push(said(now.state === "skipped" ? "skipped_before" : "answered_before"));
      const late = waiting && offline && Date.now() - offline > 2500;
      if (late) parts.push(said(box.safe() ? "waiting" : "waiting_unkept", { n: waiting }));
      else if (waiting) parts.push(said("saving", { n: waiting }));
      else if (saved) parts.push(said("saved", { number: saved }));
      const words = parts.join(" · ");
      if (status.textContent !== words) status.textContent = words;
      status.classList.toggle("late", Boolean(late));
      const share = now ? Math.min(now.place / Math.max(now.total, 1), 1) : 1;
      bar.firstChild.style.width = `${share * 100}%`;
      bar.setAttribute("aria-valuenow", String(Math.round(share * 100)));
    }

    function drawAlert() {
      alert.replaceChildren(...[...errors, data.trouble || (now && data.closed), hint].filter(Boolean).map((words) => el("div", { text: words })));
    }

    function drawPanel() {
      const made = [];
      if (panel === "guidelines") made.push(guidelines());
      if (panel === "skip") {
        const reasons = data.reasons.map((reason, n) =>
          el("button", { type: "button", onclick: () => skip(reason) }, said(reason), kbd(DIGITS[n])),
        );
        const words = said("skip_because");
        made.push(el("div", { class: "card row", role: "group", "aria-label": words }, el("strong", { text: words }), reasons));
      }
      if (panel === "flag" || panel === "comment") {
        const kind = panel;
        const words = el("input", { type: "text", id: "note", maxlength: 2000, onkeydown: (event) => event.key === "Enter" && note_(kind, words.value) });
        const label = el("label", { for: "note", text: said(kind === "flag" ? "flag_note" : "comment_text") });
        made.push(el("div", { class: "card row" }, label, words, el("button", { type: "button", text: said("send"), onclick: () => note_(kind, words.value) })));
      }
      side.replaceChildren(...made);
    }

    // The guidelines in parts, and a search in them.
    function guidelines() {
      const list = el("div", { class: "guide" });
      const show = (wanted) => {
        const found = data.guidelines.filter((one) => one.toLowerCase().includes(wanted));
        const none = data.guidelines.length ? said("nothing_found") : said("no_guidelines");
        list.replaceChildren(...(found.length ? found.flatMap(markdown) : [none]));
      };
      show("");
      const label = said("search_guidelines");
      const search = el("input", { type: "search", "aria-label": label, placeholder: label, oninput: () => show(search.value.trim().toLowerCase()) });
      return el("div", { class: "card" }, data.guidelines.length ? search : null, list);
    }

    const kbd = (key) => (data.keys ? el("kbd", { text: key, "aria-hidden": "true" }) : null);

    function drawTools() {
      const tool = (name, move, off, key = data.moves[name]) =>
        el("button", { type: "button", onclick: move, disabled: off, "aria-keyshortcuts": data.keys ? key : null }, said(name), kbd(key.length === 1 ? key.toUpperCase() : key));
      const made = [
        tool("back", back),
        tool("undo", undo),
        tool("skip", () => toggle("skip"), !now || looking),
        tool("flag", () => toggle("flag"), !now),
        tool("comment", () => toggle("comment"), !now),
        tool("guidelines", () => toggle("guidelines")),
        el("span", { class: "gap" }),
      ];
      if (now && looking) made.push(tool("next", next, false, data.moves.submit));
      if (now && !single(now)) {
        const button = tool(looking ? "save_change" : "submit", submit, false, looking ? "Ctrl+Enter" : data.moves.submit);
        button.classList.add("chosen");
        made.push(button);
      }
      tools.replaceChildren(...made);
    }

    // ---- keys ----

    function pressed(event) {
      if (!data.keys || event.defaultPrevented || event.repeat || !root.isConnected) return;
      if (typing(event)) {
        if (event.key === "Escape") toggle("");
        return;
      }
      if (event.ctrlKey && event.key === "Enter" && now && looking) return void (event.preventDefault(), submit());
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const key = event.key.toLowerCase();
      const digit = DIGITS.indexOf(key);
      if (digit >= 0 && key.length === 1) {
        if (panel === "skip") {
          if (data.reasons[digit]) skip(data.reasons[digit]);
        } else if (now) {
          const question = now.questions.find((one) => one.name === active(now));
          if (question.options[digit]) choose(question, question.options[digit]);
        } else return;
      } else if (key === "escape" && panel) toggle("");
      else {
        const move = Object.keys(data.moves).find((name) => data.moves[name] === key);
        if (move === "back") back();
        else if (move === "undo") undo();
        else if (move === "skip" && now && !looking) toggle("skip");
        else if ((move === "flag" || move === "comment") && now) toggle(move);
        else if (move === "guidelines") toggle("guidelines");
        else if (move === "submit" && now && looking) next();
        else if (move === "submit" && now && !single(now)) submit();
        else return;
      }
      event.preventDefault();
    }
    document.addEventListener("keydown", pressed);

    // ---- what comes back ----

    function settle(gone) {
      for (const { entry, ack } of gone) {
        if (ack.sequence) saved = Math.max(saved, ack.sequence);
        if (ack.error) {
          const words = said("not_stored", { place: entry.place, why: ack.error });
          errors = [...errors.filter((one) => one !== words), words].slice(-3);
          behind.delete(entry.place);
          taken.delete(entry.at);
        }
        if (entry.kind === "undo") {
          taken.delete(entry.at);
          saved = 0;
          if (entry.at === null && !ack.error) note = said("taken_back");
        }
      }
    }

    // Whether the unit on the desk may stay there: it must not jump under somebody's fingers.
    const stays = () => now && (looking || ahead().some((one) => one.at === now.at));

    function look() {
      const waiting = box.entries().length;
      offline = waiting ? offline || Date.now() : 0;
      drawStatus();
    }
    const clock = setInterval(look, 700);
    const calm = undisturbed(root);
    box.adopt();
    if (box.entries().length) box.flush();

    return {
      update(fresh) {
        const before = data;
        data = fresh;
        if (fresh.saved > saved && !before.saved) saved = fresh.saved;
        const gone = box.acknowledge(fresh.acks || {});
        if (gone.length) offline = box.entries().length ? Date.now() : 0;
        settle(gone);
        if (fresh.behind) {
          if (box.wanted() === fresh.behind.place) {
            note = "";
            box.arrived();
            remember(fresh.behind);
            place(fresh.behind, true);
          }
        } else if (fresh.missing && box.wanted() === fresh.missing) {
          box.arrived();
          note = "";
          hint = said("first_one");
        }
        if (gone.some(({ entry }) => entry.kind === "undo" && entry.at === null)) return place(ahead()[0] || null);
        const renewed = now && !looking && (fresh.units || []).find((one) => one.at === now.at);
        if (renewed && renewed.asked !== now.asked) {
          behind.clear(); // the study was edited: what stands there asks in older words
          place(renewed);
        } else if (!stays()) {
          const head = ahead()[0] || null;
          if (head || now || !item.firstChild || !same(before.closed, fresh.closed) || before.empty !== fresh.empty || gone.length) place(head);
        } else if (before.keys !== fresh.keys) draw();
        drawAlert();
        look();
        if (gone.length && !box.entries().length && saved && !document.hidden) tell.say(`${said("saved", { number: saved })}. ${now ? said("item", now) : ""}`);
      },
      stop() {
        clearInterval(clock);
        calm();
        box.stop();
        document.removeEventListener("keydown", pressed);
        document.removeEventListener("visibilitychange", alive);
        for (const name of SIGNS) window.removeEventListener(name, alive, { capture: true });
      },
    };
  });
}
