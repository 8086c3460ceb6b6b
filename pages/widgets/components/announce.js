// Reads out what changed on the page: the words of the elements that `data.watch` selects.
export default function (component) {
  return live(component, (root, data) => {
    const region = teller();
    root.append(region);
    let said = null;
    let timer = 0;
    let watch = data.watch;
    const words = () =>
      watch
        .flatMap(({ select, longest }) => {
          const text = document.querySelector(select)?.textContent.trim() || "";
          return text ? [text.length > longest ? `${text.slice(0, longest)}…` : text] : [];
        })
        .join(". ");
    const look = () => {
      timer = 0;
      restore();
      const found = words();
      if (found === said) return;
      if (said !== null) region.say(found);
      said = found;
    };
    // An answer draws its buttons anew, and the one that had the focus is gone: the keyboard goes on
    // from the button of the same key, or from the unit that came in its place.
    let held = null;
    const remember = (event) => {
      const seen = event.composedPath()[0].matches?.(":focus-visible"); // also inside a part of our own
      const inside = seen && event.target.closest("[class*=st-key-]");
      const key = inside && [...inside.classList].find((one) => one.startsWith("st-key-"));
      held = key || null;
    };
    const restore = () => {
      if (!held || document.activeElement !== document.body) return;
      const place = document.querySelector(`.${CSS.escape(held)}`);
      const same = place?.querySelector("button, input, textarea");
      const unit = place ? same : document.querySelector("[class*=st-key-field-], [class*=st-key-card-]");
      if (!unit) return;
      if (!same) unit.tabIndex = -1;
      unit.focus({ preventScroll: Boolean(same) });
    };
    const forget = () => {
      held = null;
    };
    document.addEventListener("focusin", remember);
    document.addEventListener("pointerdown", forget);
    // A quarter of a second after the page came to rest: one announcement for one change.
    const seen = new MutationObserver(() => {
      clearTimeout(timer);
      timer = setTimeout(look, 250);
    });
    seen.observe(document.body, { subtree: true, childList: true, characterData: true });
    timer = setTimeout(look, 250);
    return {
      update: (fresh) => {
        watch = fresh.watch;
      },
      stop: () => {
        clearTimeout(timer);
        seen.disconnect();
        document.removeEventListener("focusin", remember);
        document.removeEventListener("pointerdown", forget);
      },
    };
  });
}
