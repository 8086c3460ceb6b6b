// What every part starts with. The default export of each runs again whenever its data change, so
// `live` keeps one instance per place on the page and hands it the new data.
const LIVE = new WeakMap();
let RUNS = 0;
const AFTER = 500; // milliseconds that a next run may take to begin

function live(component, make) {
  const host = component.parentElement;
  const number = ++RUNS;
  const key = component.data && component.data.key;
  let found = LIVE.get(host);
  if (found && found.key !== key) {
    found.stop();
    found.root.remove();
    found = null;
  }
  if (!found) {
    const root = el("div", { class: "concord" });
    host.append(root);
    const line = { send: component.setStateValue };
    found = make(root, component.data || {}, (name, value) => line.send(name, value));
    Object.assign(found, { root, key, line });
    LIVE.set(host, found);
  }
  found.run = number;
  found.line.send = component.setStateValue;
  found.update(component.data || {});
  // A run is cleaned up when the next one has begun, or just before it begins: what is still on the
  // page is ended only when no other run follows, so that nothing on its way to the server is lost.
  const end = () => {
    if (found.run !== number || LIVE.get(host) !== found) return;
    LIVE.delete(host);
    found.stop();
    found.root.remove();
  };
  return () => (host.isConnected ? setTimeout(end, AFTER) : end());
}

// An element. `text` becomes textContent, `on…` a listener; null and false leave an attribute out.
function el(tag, facts, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(facts || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") made.textContent = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...inside.flat().filter((one) => one !== null && one !== undefined));
  return made;
}

// A text of the catalogue with its facts filled in; its marks of bold are left out.
const fill = (text, facts = {}) =>
  (text || "").replaceAll("**", "").replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");

// The desk's own texts in the person's language: `tr("Remove {name}", { name })`, named by their
// English words, which stand where there is no other.
const worded = (words) => (text, facts) => fill((words || {})[text] ?? text, facts);

// Title, "(optional)" and help of a question.
function heading(data, id, optional = "(optional)") {
  const title = el("div", { class: "title", id }, el("strong", { text: data.title }));
  if (!data.required) title.append(` ${optional}`);
  return data.help ? [title, el("div", { class: "help", text: data.help })] : [title];
}

// A region that a screen reader reads out; the same words twice are read twice.
function teller() {
  const region = el("div", { class: "unseen", role: "status", "aria-live": "polite" });
  region.say = (words) => {
    region.textContent = region.textContent === words ? `${words}\u00a0` : words;
  };
  return region;
}

// Browser storage that may be full, forbidden or wiped: then a part goes on without it.
const STORE = {
  get(key) {
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(key, JSON.stringify(value));
      return true;
    } catch {
      return false;
    }
  },
  drop(key) {
    try {
      localStorage.removeItem(key);
    } catch {
      return;
    }
  },
};

const typing = (event) =>
  event.composedPath().some((one) => /^(INPUT|TEXTAREA|SELECT)$/.test(one.tagName || "") || one.isContentEditable);

// Text that any store accepts: no halves of surrogate pairs, no NUL.
const storable = (text) =>
  text
    .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd")
    .replaceAll("\0", "\ufffd");

// Length in code points, as the server counts.
const points = (text) => {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
};

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

// Streamlit's dialog about a lost connection takes the keyboard away from whoever is typing. A part
// that goes on working and says itself that it is offline closes it, and takes the focus back.
function undisturbed(root) {
  let focused = null;
  const held = () => {
    focused = root.getRootNode().activeElement;
    focused = root.contains(focused) ? focused : null;
  };
  const restore = (dialog, wanted, tries) => {
    if (dialog.isConnected && tries > 0) return void setTimeout(() => restore(dialog, wanted, tries - 1), 20);
    wanted?.focus({ preventScroll: true });
  };
  const watch = new MutationObserver(() => {
    const dialog = document.querySelector("[role=dialog]");
    if (!dialog || !dialog.textContent.startsWith("Connection error")) return held();
    const wanted = focused;
    dialog.querySelector("button[aria-label=Close]")?.click();
    restore(dialog, wanted, 50);
  });
  watch.observe(document.body, { childList: true, subtree: true });
  root.addEventListener("focusin", held);
  root.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !event.relatedTarget.closest?.("[role=dialog]")) focused = null;
  });
  return () => watch.disconnect();
}
