// A new unit is read from its beginning; so is one of which the desk has just said what was right, or
// what the models say. Whoever is in the middle of a unit is never moved.
const TOLD = [".st-key-panel-feedback", ".st-key-panel-verdict"];

// A note that a key opens is written at once, without the way to its field by Tab.
function ready() {
  let last = "";
  return () => {
    const field = document.querySelector(".st-key-flag-note input");
    const name = field?.getAttribute("aria-label") || "";
    if (name !== last && field) field.focus({ preventScroll: true });
    last = name;
  };
}

function sighted() {
  let last = null;
  return () => {
    const material = document.querySelector("[class*=st-key-material-], .st-key-panel-covered, .st-key-empty-state-finished");
    if (!material) return; // between two units
    document.querySelector(".st-key-action-bar")?.toggleAttribute("data-end", material.matches(".st-key-empty-state-finished"));
    const unit = [...material.classList].find((one) => one.startsWith("st-key-"));
    const told = TOLD.filter((one) => document.querySelector(one));
    const fresh = last && (unit !== last.unit || told.some((one) => !last.told.includes(one)));
    last = { unit, told };
    if (fresh) document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
  };
}
