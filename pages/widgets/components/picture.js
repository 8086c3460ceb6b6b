// A picture, told to the parts of this page that draw on it. Its data never change, so that the
// browser keeps them and the server sends them once; see `pictured` for the other side.
export default function (component) {
  return live(component, (root, first) => {
    PICTURES.set(first.key, first.url);
    window.dispatchEvent(new CustomEvent("concord-picture", { detail: first.key }));
    return { update() {}, stop: () => PICTURES.delete(first.key) };
  });
}
