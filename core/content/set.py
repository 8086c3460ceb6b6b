"""Several contents looked at as one: a set of comments, a slate, a picture with its caption."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

from core.content.base import Change, Content, ReadFile, Segment, contents, restore
from core.content.reading import apart, first, key, listed, record, text
from core.content.steps import blocks
from core.ui import Ui
from core.units import Invalid

DEEPEST = 3
MOST_PARTS = 200
BARE = {"key", "title", "kind", "text"}


@contents.register
class ContentSet(Content):
    """Parts in order; `data` is `{"parts": [{"key", "title", "kind", "data"}]}`.

    In files: a list of parts, or `{"kind": ..., "parts": [...]}` where all are of one kind and each
    part is what that kind reads. A bare text is a part of kind text. Sets may nest three deep.
    Segments are the parts, keyed by their key, else by number from 1.
    """

    kind = "set"

    @classmethod
    def parse(cls, raw: Any) -> "ContentSet":
        return cls({"parts": _parts(raw, 1)})

    @classmethod
    def attach(cls, raw: Any, read: ReadFile) -> Any:
        if isinstance(raw, list):
            return [_attached(part, "text", read) for part in raw]
        if isinstance(raw, dict) and isinstance(raw.get("parts"), list):
            kind = str(raw.get("kind", "text"))
            return raw | {"parts": [_attached(part, kind, read) for part in raw["parts"]]}
        return raw

    def inside(self) -> list[tuple[str, str, Content]]:
        """Key, title and content of every part."""
        return [(p["key"], p.get("title", ""), restore(p)) for p in self.data["parts"]]

    def show(self, ui: Ui) -> None:
        for name, title, content in self.inside():
            with ui.part(name, title):
                content.show(ui)

    def text(self) -> str:
        return self._laid_out()[0]

    def segments(self) -> Sequence[Segment]:
        return self._laid_out()[1]

    def _laid_out(self) -> tuple[str, list[Segment]]:
        inside = self.inside()
        heads = [f"[part {name}] {title}".rstrip() for name, title, _ in inside]
        return blocks([(name, content.text()) for name, _, content in inside], heads)

    def messages(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for name, title, content in self.inside():
            head = f"\n[part {name}] {title}".rstrip()
            found += [{"type": "text", "text": f"{head}\n"}, *content.messages()]
        return found

    def mapped(self, change: Change) -> Self:
        parts = [
            part | {"data": content.mapped(change).data}
            | ({"title": change(title)} if title else {})
            for part, (_, title, content) in zip(self.data["parts"], self.inside(), strict=True)
        ]  # fmt: skip
        return replace(self, data={"parts": parts})

    @classmethod
    def example(cls) -> "ContentSet":
        return cls.parse(
            [
                {"key": "first", "title": "Comment 1", "kind": "text", "data": "Say for how long."},
                {"key": "second", "title": "Comment 2", "kind": "steps", "data": ["Cool", "Cover"]},
            ]
        )


def _parts(raw: Any, depth: int) -> list[dict[str, Any]]:
    if depth > DEEPEST:
        raise Invalid("set", f"at most {DEEPEST} sets inside each other")
    kind = "text"
    if isinstance(raw, dict):
        kind = text(raw.get("kind", kind), "set, kind")
        raw = raw.get("parts")
    given = listed(raw, "set", "parts")
    if len(given) > MOST_PARTS:
        raise Invalid("set", f"at most {MOST_PARTS} parts, found {len(given)}")
    found = [_part(part, place, kind, depth) for place, part in enumerate(given, 1)]
    apart([part["key"] for part in found], "set, keys")
    return found


def _part(raw: Any, place: int, kind: str, depth: int) -> dict[str, Any]:
    where = f"part {place}"
    if not _whole(raw):
        raw = {"data": raw}
    raw = record(raw, where, "kind and data")
    kind = text(raw.get("kind", kind), f"{where}, kind")
    if kind not in contents:
        raise Invalid(f"{where}, kind", f"no content kind is called {kind!r}")
    given = first(raw, "data", "content", "text")
    try:
        data = (
            {"parts": _parts(given, depth + 1)}
            if kind == "set"
            else contents[kind].parse(given).data
        )
    except Invalid as error:
        raise Invalid(f"{where}, {error.field}", error.message) from None
    title = text(raw.get("title"), f"{where}, title")
    name = key(place if raw.get("key") is None else raw["key"], f"{where}, key")
    return {"key": name, "kind": kind, "data": data} | ({"title": title} if title else {})


def _whole(raw: Any) -> bool:
    """Whether a raw part says itself what it is: an object with data, content, or only a text."""
    if not isinstance(raw, Mapping):
        return False
    return "data" in raw or "content" in raw or ("text" in raw and set(raw) <= BARE)


def _attached(part: Any, kind: str, read: ReadFile) -> Any:
    if _whole(part):
        kind = str(part.get("kind", kind))
        name = next(n for n in ("data", "content", "text") if n in part)
        return part | {name: contents[kind].attach(part[name], read)} if kind in contents else part
    return contents[kind].attach(part, read) if kind in contents else part
