// A text with a value under every token: a bar and the number, so that colour is not the only sign.
function drawHeat(data) {
  const span = data.high - data.low || 1;
  const share = (value) => Math.max(0, Math.min(1, (value - data.low) / span));
  const tr = worded(data.words);
  const name = data.measure || tr("value");
  const digits = (value) => String(Number(value.toPrecision(3)));
  const line = el("div", { class: "heat", dir: "auto" });
  for (const [text, value] of data.tokens) {
    if (value === null || value === undefined) {
      line.append(text);
      continue;
    }
    const [, before, word, after] = text.match(/^(\s*)([\s\S]*?)(\s*)$/);
    const bar = el("span", { class: "bar-of" });
    bar.style.setProperty("--share", `${Math.round(share(value) * 100)}%`);
    const token = el("span", { class: "token" }, el("span", { class: "word", text: word || "␣" }), bar, el("span", { class: "value", text: digits(value) }));
    token.style.setProperty("--heat", String(share(value)));
    line.append(before, token, after);
  }
  const scale = el("p", { class: "small-print", text: tr("{name}: {low} (empty bar) to {high} (full bar)", { name, low: digits(data.low), high: digits(data.high) }) });
  return [el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": tr("Text with {name} per token", { name }) }, line), scale];
}
