// A field that finds while it is typed.
const PAUSE = 200;

export default function (component) {
  return live(component, (root, first, send) => {
    let timer = 0;
    const field = el("input", { type: "search", autocomplete: "off", spellcheck: "false" });
    field.value = first.value || "";
    const tell = () => send("text", storable(field.value));
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(tell, PAUSE);
    });
    root.append(field);
    return {
      update(data) {
        field.setAttribute("aria-label", data.label);
        field.placeholder = data.label;
      },
      stop() {
        clearTimeout(timer);
      },
    };
  });
}
