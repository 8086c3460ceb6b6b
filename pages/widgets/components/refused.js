// A press that was refused leads to the first question that is to be answered or mended: it is marked,
// brought into view, and gets the focus. Which one it is, the name of the box says that says why.
const REFUSED = /^st-key-refused-(\d+)-(.+)$/;
const QUESTION = /^st-key-question-[^-]+-(.+)$/;

// Whether a place lies in part behind what stays at the top and at the bottom of the window.
function hidden(place) {
  const { top, bottom } = place.getBoundingClientRect();
  const above = document.querySelector("[class*=st-key-refused-]")?.getBoundingClientRect().bottom ?? 0;
  const below = document.querySelector(".st-key-action-bar")?.getBoundingClientRect().top ?? window.innerHeight;
  return top < above || bottom > below;
}

function leading() {
  let last = null; // the number of the refusal that was followed
  let marked = null;
  const named = (element, form) => {
    for (const one of element?.classList || []) {
      const found = form.exec(one);
      if (found) return found;
    }
    return null;
  };
  const question = (name) =>
    [...document.querySelectorAll("[class*=st-key-question-]")].find((one) => named(one, QUESTION)?.[1] === name);
  return () => {
    const found = named(document.querySelector("[class*=st-key-refused-]"), REFUSED);
    const place = found ? question(found[2]) : null;
    if (marked !== place) {
      marked?.removeAttribute("data-open");
      place?.setAttribute("data-open", "");
      marked = place;
    }
    if (!place || last === found[1]) return;
    last = found[1];
    place.setAttribute("role", "group");
    place.setAttribute("aria-label", place.querySelector("strong")?.textContent || "");
    if (hidden(place)) place.scrollIntoView({ block: "center" });
    firstStop(place)?.focus({ preventScroll: true });
  };
}
