// In which language the page is, for screen readers, hyphens and spelling: the whole of it, or only
// what stands around it.
const AROUND = "[data-testid=stSidebarContent], .st-key-page-header";

export default function (component) {
  return live(component, (root, data) => {
    let now = data;
    const mark = () => {
      const html = document.documentElement;
      const whole = now.whole ? now.language : "en";
      if (html.lang !== whole) html.lang = whole;
      for (const one of document.querySelectorAll(AROUND)) {
        if (one.lang !== now.language) one.lang = now.language;
      }
    };
    const watch = new MutationObserver(mark);
    watch.observe(document.body, { childList: true, subtree: true });
    return {
      update: (fresh) => {
        now = fresh;
        mark();
      },
      stop: () => watch.disconnect(),
    };
  });
}
