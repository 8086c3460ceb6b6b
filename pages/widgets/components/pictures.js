// The pictures of this page, by the key of the part that holds each.
const PICTURES = (window.concordPictures ??= new Map());

// The picture of that key; `come()` is called when it arrives later.
function pictured(key, come) {
  const heard = (event) => event.detail === key && come();
  window.addEventListener("concord-picture", heard);
  return { url: () => PICTURES.get(key) || "", stop: () => window.removeEventListener("concord-picture", heard) };
}
