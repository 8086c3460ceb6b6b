// Whatever overflows gets a stop for the Tab key and a name. What has the focus must keep a tabindex,
// or the focus is gone.
function reachable(one) {
  const style = getComputedStyle(one);
  const moves = (size, room, how) => size > room + 1 && (how === "auto" || how === "scroll");
  const scrolls = moves(one.scrollHeight, one.clientHeight, style.overflowY) || moves(one.scrollWidth, one.clientWidth, style.overflowX);
  if (scrolls === (one.getAttribute("tabindex") === "0")) return;
  if (!scrolls) {
    ["tabindex", "role", "aria-label"].forEach((name) => one.removeAttribute(name));
    if (one === document.activeElement) one.tabIndex = -1;
    return;
  }
  one.setAttribute("tabindex", "0");
  one.setAttribute("role", "region");
  one.setAttribute("aria-label", one.querySelector("strong")?.textContent || "Text");
}
