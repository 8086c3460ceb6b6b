"""A chain of steps: reasoning, a plan, a recipe."""

from collections.abc import Sequence
from typing import Any

from core.content.base import Content, Segment, contents
from core.content.reading import apart, first, key, listed, record, text, without_empty, words
from core.showing import Passage
from core.ui import Ui


def blocks(parts: Sequence[tuple[str, str]], heads: Sequence[str]) -> tuple[str, list[Segment]]:
    """Named parts as one text, a head line above each, and where each part stands in it."""
    found: list[Segment] = []
    laid: list[str] = []
    start = 0
    for (name, body), head in zip(parts, heads, strict=True):
        start += len(head) + 1
        found.append(Segment(name, body, start, start + len(body)))
        laid.append(f"{head}\n{body}")
        start += len(body) + 2
    return "\n\n".join(laid), found


@contents.register
class Steps(Content):
    """Steps in order; `data` is a list of `{"key": ..., "title": ..., "text": ...}`.

    In files a step may be a bare text; without a key it is numbered from 1. Segments are steps.
    """

    kind = "steps"
    fixed = frozenset({"key"})

    @classmethod
    def parse(cls, raw: Any) -> "Steps":
        if isinstance(raw, dict):
            raw = raw.get("steps")
        steps = [_step(s, n) for n, s in enumerate(listed(raw, "steps", "steps"), 1)]
        apart([step["key"] for step in steps], "steps")
        return cls(steps)

    def show(self, ui: Ui) -> None:
        for step in self.data:
            ui.step(step["key"], step.get("title", ""), [Passage("", step["text"])])

    def text(self) -> str:
        return self._laid_out()[0]

    def segments(self) -> Sequence[Segment]:
        return self._laid_out()[1]

    def _laid_out(self) -> tuple[str, list[Segment]]:
        heads = [f"[step {s['key']}] {s.get('title', '')}".rstrip() for s in self.data]
        return blocks([(s["key"], s["text"]) for s in self.data], heads)

    @classmethod
    def example(cls) -> "Steps":
        return cls.parse(
            ["Three bags hold 4 apples each.", {"title": "Add up", "text": "$3 \\cdot 4 = 12$."}]
        )


def _step(raw: Any, place: int) -> dict[str, Any]:
    where = f"step {place}"
    if isinstance(raw, str):
        raw = {"text": raw}
    raw = record(raw, where, "text")
    return without_empty(
        {
            "key": key(first(raw, "key", "id") or place, f"{where}, key"),
            "title": text(raw.get("title"), f"{where}, title"),
        }
    ) | {"text": words(first(raw, "text", "content"), f"{where}, text")}
