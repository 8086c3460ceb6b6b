// The reader's part of the desk: side-by-side responses get the room that the window leaves, what
// scrolls can be reached by keys, and long material can be searched. It watches the page by itself,
// so a new unit costs the server nothing.
const LONG = 6000;
const MOST = 1000;
const INSIDE = "[class*=st-key-material-] [data-testid=stCode] pre, [class*=st-key-material-] :is([data-testid=stTable], [data-testid=stTable] > div)";

export default function (component) {
  return live(component, (root, data) => {
    const tr = worded(data.words);
    const box = el("input", { type: "search", "aria-label": tr("Find in the text"), placeholder: tr("Find in the text"), autocomplete: "off", maxlength: "200" });
    const count = teller();
    count.className = "count";
    const before = el("button", { class: "small", type: "button", "aria-label": tr("Previous place"), text: "↑" });
    const after = el("button", { class: "small", type: "button", "aria-label": tr("Next place"), text: "↓" });
    const bar = el("div", { class: "row", role: "search" }, box, before, after, count);
    bar.hidden = true;
    root.append(bar);
    let found = [];
    let place = -1;
    let shown = null;
    const skip = skipping(tr);
    const sight = sighted();
    const lead = leading();
    const note = ready();

    const mark = () => {
      if (typeof Highlight === "undefined") return;
      CSS.highlights.set("found", new Highlight(...found));
      CSS.highlights.set("found-here", new Highlight(...(place < 0 ? [] : [found[place]])));
    };
    const search = () => {
      const words = box.value.trim();
      found = words ? places(material(), words) : [];
      place = -1;
      if (words && found.length) go(1);
      else count.say(words ? tr("nothing found") : "");
      mark();
    };
    const go = (step) => {
      if (!found.length) return;
      place = (place + step + found.length) % found.length;
      const facts = { n: place + 1, total: found.length };
      count.say(found.length === MOST ? tr("{n} of {total} or more", facts) : tr("{n} of {total}", facts));
      found[place].startContainer.parentElement?.scrollIntoView({ block: "center" });
      mark();
    };
    box.addEventListener("input", search);
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
      if (event.key === "Escape") box.value = "";
      if (event.key === "Escape") search();
      event.stopPropagation();
    });
    before.addEventListener("click", () => go(-1));
    after.addEventListener("click", () => go(1));

    // What grows without a change in the page's own tree (a part that draws itself, a late style).
    const grown = new ResizeObserver(() => fit());
    let whole = null;
    const watch = () => {
      const now = document.querySelector("[data-testid=stMainBlockContainer]")?.firstElementChild;
      if (now === whole) return;
      grown.disconnect();
      whole = now;
      if (whole) grown.observe(whole);
    };

    const look = () => {
      const here = material();
      watch();
      fit();
      skip.look();
      sight();
      lead();
      note();
      [...here, ...document.querySelectorAll(INSIDE)].forEach(reachable);
      const length = here.reduce((sum, one) => sum + one.textContent.length, 0);
      const long = length > LONG;
      if (bar.hidden === long) bar.hidden = !long;
      if (shown !== here[0]) {
        shown = here[0];
        box.value = "";
        search();
      }
    };
    const seen = new MutationObserver(look);
    const app = document.querySelector("[data-testid=stMain]") || document.body;
    seen.observe(app, { subtree: true, childList: true });
    window.addEventListener("resize", look);
    document.fonts.addEventListener("loadingdone", look); // other letters, other heights
    look();
    return {
      update: look,
      stop: () => {
        seen.disconnect();
        grown.disconnect();
        skip.stop();
        window.removeEventListener("resize", look);
        document.fonts.removeEventListener("loadingdone", look);
        if (typeof Highlight !== "undefined") ["found", "found-here"].forEach((name) => CSS.highlights.delete(name));
      },
    };
  });
}

// What scrolls by itself on the desk: cards of responses, fields, and a long document.
function material() {
  return [...document.querySelectorAll("[class*=st-key-card-], [class*=st-key-field-], [class*=st-key-material-long-]")];
}

// The height that is left for responses when everything else stands on the page.
function fit() {
  const responses = document.querySelector("[class*=st-key-responses-]");
  const block = document.querySelector("[data-testid=stMainBlockContainer]");
  if (!responses || !block) return;
  const style = getComputedStyle(block);
  const inner = block.firstElementChild.getBoundingClientRect().height;
  const around = parseFloat(style.paddingTop) + parseFloat(style.paddingBottom);
  const room = Math.floor(window.innerHeight - (inner + around - responses.getBoundingClientRect().height));
  const old = parseFloat(document.documentElement.style.getPropertyValue("--room"));
  if (!(Math.abs(old - room) < 2)) document.documentElement.style.setProperty("--room", `${room}px`);
}

// Where words stand, as ranges; a place may reach over several elements, as in coloured code.
function places(containers, words) {
  const wanted = words.toLocaleLowerCase();
  const made = [];
  for (const container of containers) {
    if (containers.some((other) => other !== container && other.contains(container))) continue;
    const nodes = [];
    const walker = document.createTreeWalker(container, NodeFilter.SHOW_TEXT);
    let text = "";
    while (walker.nextNode()) {
      nodes.push([text.length, walker.currentNode]);
      text += walker.currentNode.data;
    }
    const lower = text.toLowerCase().length === text.length ? text.toLowerCase() : text;
    const at = (offset) => {
      let [low, high] = [0, nodes.length - 1];
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (nodes[middle][0] <= offset) low = middle;
        else high = middle - 1;
      }
      return [nodes[low][1], offset - nodes[low][0]];
    };
    for (let from = lower.indexOf(wanted); from >= 0 && made.length < MOST; from = lower.indexOf(wanted, from + wanted.length)) {
      const range = new Range();
      range.setStart(...at(from));
      const [last, offset] = at(from + wanted.length - 1);
      range.setEnd(last, offset + 1);
      made.push(range);
    }
  }
  return made;
}
