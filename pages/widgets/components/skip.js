// The first stop of the Tab key where something is answered or decided: a link that is seen while it
// has the focus, past the sidebar and the material to the first control of the questions.
const GOALS = "[class*=st-key-questions-], .st-key-review-verdict";
const STOPS = "button:not(:disabled), input:not(:disabled), textarea, select, [tabindex='0']";

// The first control at a place, also inside a part of our own; a help sign is none.
function firstStop(place) {
  for (const one of place.querySelectorAll("*")) {
    if (!one.checkVisibility() || one.closest("[data-testid=stTooltipIcon]")) continue;
    const found = one.matches(STOPS) ? one : one.shadowRoot && firstStop(one.shadowRoot);
    if (found) return found;
  }
  return null;
}

function skipping(tr) {
  const goal = () => document.querySelector(GOALS);
  const go = (event) => {
    event.preventDefault();
    firstStop(goal())?.focus();
  };
  const link = el("a", { class: "concord-skip", href: "#", text: tr("Go to the questions"), onclick: go });
  document.body.prepend(link);
  return {
    look: () => {
      if (link.hidden === Boolean(goal())) link.hidden = !goal();
    },
    stop: () => link.remove(),
  };
}
