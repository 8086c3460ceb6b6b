// Tables and texts that scroll, wherever on the page: each gets a stop for the Tab key. It watches the
// page by itself.
const INSIDE = ":is([data-testid=stTable], [data-testid=stTable] > div, [data-testid=stCode] pre, [data-testid=stVerticalBlock])";

export default function (component) {
  return live(component, (root, data) => {
    let timer = 0;
    const skip = skipping(worded(data.words));
    const look = () => {
      document.querySelectorAll(INSIDE).forEach(reachable);
      skip.look();
    };
    const later = () => {
      clearTimeout(timer);
      timer = setTimeout(look, 200);
    };
    const watch = new MutationObserver(later);
    watch.observe(document.body, { childList: true, subtree: true });
    window.addEventListener("resize", later);
    later();
    return {
      update() {},
      stop() {
        watch.disconnect();
        skip.stop();
        window.removeEventListener("resize", later);
        clearTimeout(timer);
      },
    };
  });
}
