// What the tools share: the answer in the making, sent until the server shows that it has it.
function made(first, send) {
  let value = first.value ?? null;
  let shown = value;
  let turn = 0;
  let timer = 0;
  const push = () => {
    clearTimeout(timer);
    turn += 1;
    send("made", { turn, value });
    timer = setTimeout(push, 2000);
  };
  return {
    get: () => value,
    set(fresh) {
      value = fresh;
      push();
    },
    // True when the server's value changed by other means and is to be shown.
    heard(data) {
      const now = data.value ?? null;
      const changed = !same(now, shown);
      shown = now;
      if (same(now, value)) {
        clearTimeout(timer);
        timer = 0;
        return false;
      }
      if (timer || !changed) return false;
      value = now;
      return true;
    },
    stop: () => clearTimeout(timer),
  };
}

// Edges and marks of types, in their order; the name always stands beside the colour.
const HUES = ["#b3541e", "#0b5f66", "#7a3e9d", "#8a6d00", "#2f5fa8", "#a4262c", "#3d7a37", "#5b5b5b"];

// What a tool begins with: its answer, the place that it draws in, and what a screen reader hears.
function begun(root, first, send) {
  const [body, tell] = [el("div"), teller()];
  root.append(body, tell);
  return { answer: made(first, send), body, tell };
}

// Draws anew what stands in `body`. The focus goes to what is `wanted`; else the control that had it
// keeps it: known by its name, or by its place among the stops.
function redrawn(body, wanted, ...nodes) {
  const stops = () => [...body.querySelectorAll("button, input, select, textarea, [tabindex]")].filter((one) => !one.disabled);
  const name = (one) => `${one.tagName} ${one.dataset.key ?? ""} ${one.getAttribute("aria-label") ?? one.textContent}`;
  const held = body.getRootNode().activeElement;
  const had = held && held !== body && body.contains(held) ? [name(held), stops().indexOf(held)] : null;
  body.replaceChildren(...nodes);
  if (wanted) return body.querySelector(wanted)?.focus({ preventScroll: wanted.startsWith(".box") });
  if (!had) return;
  const now = stops();
  (now.find((one) => name(one) === had[0]) ?? now[Math.min(had[1], now.length - 1)])?.focus({ preventScroll: true });
}

// A line of text. It is taken once the focus has moved on, which a new drawing may not disturb, or
// at once by the key that submits the unit.
function typedLine(facts, heard) {
  const field = el("input", { type: "text", ...facts });
  const take = () => heard(storable(field.value));
  field.addEventListener("change", () => setTimeout(take));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) take();
  });
  return field;
}
