// Material that Streamlit has no element for. Each block has a drawing of its own; all words go in
// by textContent, and nothing is loaded.
export default function (component) {
  return live(component, (root, first) => {
    let shown = null;
    const draw = { diff: drawDiff, heat: drawHeat, canvas: drawCanvas, tree: drawTree };
    return {
      update: (data) => {
        if (same(shown, data)) return;
        shown = data;
        root.replaceChildren(...draw[data.block || first.block](data));
      },
      stop: () => {},
    };
  });
}
