// Time at work: what passes while nobody is there is told to the server, and not shown as active.
const AWAY = 90 * 1000; // without a sign of life, at a page that is in view
const HIDDEN = 5 * 1000; // behind another window

export default function (component) {
  return live(component, (root, first, send) => {
    let label = first.label;
    let last = Date.now(); // the newest sign of life
    let active = 0;
    let idle = 0; // told so far
    const shown = el("p", { class: "timer note", "aria-live": "off" });
    root.append(shown);

    const clock = (ms) => {
      const seconds = Math.floor(ms / 1000);
      const two = (n) => String(n).padStart(2, "0");
      const hours = Math.floor(seconds / 3600);
      return `${hours ? `${hours}:` : ""}${hours ? two(Math.floor(seconds / 60) % 60) : Math.floor(seconds / 60)}:${two(seconds % 60)}`;
    };
    const allowed = () => (document.hidden ? HIDDEN : AWAY);
    const here = () => {
      const now = Date.now();
      const gap = now - last;
      last = now;
      if (gap > away) {
        idle += gap;
        send("idle", { total: Math.round(idle / 1000) });
      } else active += gap;
      away = allowed();
      draw();
    };
    let away = allowed();
    const gone = () => {
      here();
      away = allowed();
    };
    const draw = () => {
      const gap = Date.now() - last;
      shown.textContent = `${label} ${clock(active + (gap > away ? 0 : gap))}`;
    };
    const signs = ["keydown", "pointerdown", "pointermove", "wheel", "touchstart"];
    const sign = () => Date.now() - last > 1000 && here();
    for (const name of signs) window.addEventListener(name, sign, { capture: true, passive: true });
    document.addEventListener("visibilitychange", gone);
    const tick = setInterval(draw, 1000);
    draw();
    return {
      update(data) {
        label = data.label;
        draw();
      },
      stop() {
        clearInterval(tick);
        for (const name of signs) window.removeEventListener(name, sign, { capture: true });
        document.removeEventListener("visibilitychange", gone);
      },
    };
  });
}
