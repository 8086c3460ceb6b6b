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
