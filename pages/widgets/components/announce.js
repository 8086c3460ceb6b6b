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
      const found = words();
      if (found === said) return;
      if (said !== null) region.say(found);
      said = found;
    };
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
      },
    };
  });
}
