// A number by a slider that stands nowhere until it is moved, or confirmed where it begins: by a
// press on it, Enter or Space.
export default function (component) {
  return live(component, (root, first, send) => {
    let data = first;
    const said = (name, facts) => fill(data.words[name], facts);
    const answer = made(first, send);
    const range = el("input", { type: "range", min: first.low, max: first.high, step: first.step, "aria-label": first.title });
    const ends = el("div", { class: "ends", "aria-hidden": "true" }, el("span", { text: first.low }), el("span", { text: first.high }));
    const note = el("div", { class: "note" });
    root.classList.add("slider");
    root.append(range, ends, note);

    function draw(number = answer.get()) {
      const unset = number === null;
      root.classList.toggle("unset", unset);
      if (unset) range.value = (data.low + data.high) / 2;
      else if (Number(range.value) !== number) range.value = number;
      note.textContent = unset ? said("slider_unset") : said("slider_set", { number });
      range.setAttribute("aria-valuetext", unset ? said("slider_unset") : String(number));
    }

    const take = () => {
      answer.set(Number(range.value));
      draw();
    };
    const confirm = () => answer.get() === null && take();
    range.addEventListener("input", () => draw(Number(range.value)));
    range.addEventListener("change", take);
    range.addEventListener("click", confirm);
    range.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      confirm();
    });
    draw();

    return {
      update(fresh) {
        data = fresh;
        if (answer.heard(fresh)) draw();
      },
      stop: answer.stop,
    };
  });
}
