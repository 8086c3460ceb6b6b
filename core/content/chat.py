"""A conversation of several turns."""

from collections.abc import Sequence
from typing import Any

from core.content.base import Content, ReadFile, Segment, contents, storable
from core.content.image import Image, checked
from core.content.reading import first, listed, record, text, whole_json
from core.showing import Call
from core.ui import Ui
from core.units import Invalid

ROLES = {
    "human": "user", "gpt": "assistant", "model": "assistant", "bot": "assistant",
    "function": "tool", "observation": "tool",
}  # fmt: skip
REMOTE = "[picture, not loaded]"


@contents.register
class Chat(Content):
    """Turns in order; `data` is a list of `{"role": ..., "content": ...}` as chat APIs take them.

    `content` is a text or a list of parts (`text`, `image_url` with a data URL). A turn may have a
    `name`, `tool_calls` and a `tool_call_id`. Files may also write `from`/`value`, or one object
    with `messages`; the roles human, gpt, model and bot become user and assistant, function becomes
    tool. A picture at an address is kept but never loaded. Segments are turns, keyed from 0.
    """

    kind = "chat"
    fixed = frozenset({"role", "id", "tool_call_id", "type", "url", "detail"})

    @classmethod
    def parse(cls, raw: Any) -> "Chat":
        if isinstance(raw, dict):
            raw = first(raw, "messages", "conversations", "conversation")
        turns = listed(raw, "chat", "turns, each with role and content")
        return cls([_turn(turn, place) for place, turn in enumerate(turns, 1)])

    @classmethod
    def attach(cls, raw: Any, read: ReadFile) -> Any:
        if isinstance(raw, dict):
            return {name: cls.attach(part, read) for name, part in raw.items()}
        if isinstance(raw, list):
            return [_attached(turn, read) for turn in raw]
        return raw

    def show(self, ui: Ui) -> None:
        for turn in self.data:
            ui.turn(turn["role"], _words(turn), name=turn.get("name", ""), calls=_calls(turn))
            for url in _pictures(turn):
                ui.picture(url)

    def text(self) -> str:
        return "\n\n".join(f"{_head(turn)}\n{_body(turn)}" for turn in self.data)

    def segments(self) -> Sequence[Segment]:
        found, start = [], 0
        for place, turn in enumerate(self.data):
            start += len(_head(turn)) + 1
            body = _body(turn)
            found.append(Segment(str(place), body, start, start + len(body)))
            start += len(body) + 2
        return found

    def messages(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = [{"type": "text", "text": self.text()}]
        for place, turn in enumerate(self.data, 1):
            for url in _pictures(turn):
                found += [
                    {"type": "text", "text": f"\n[picture of turn {place}]\n"},
                    {"type": "image_url", "image_url": {"url": url}},
                ]
        return found

    @classmethod
    def example(cls) -> "Chat":
        return cls(
            [
                {"role": "user", "content": "How long does rice keep in the fridge?"},
                {"role": "assistant", "content": "Three to four days, if it was cooled quickly."},
            ]
        )


def _head(turn: dict[str, Any]) -> str:
    return f"[{turn['role']}{' ' if turn.get('name') else ''}{turn.get('name', '')}]"


def _words(turn: dict[str, Any]) -> str:
    """What is said in a turn, pictures that are not loaded named in their place."""
    if isinstance(turn["content"], str):
        return turn["content"]
    said = [
        p["text"] if p["type"] == "text" else f"{REMOTE} {p['image_url']['url']}"
        for p in turn["content"]
        if p["type"] == "text" or not p["image_url"]["url"].startswith("data:")
    ]
    return "\n\n".join(said)


def _body(turn: dict[str, Any]) -> str:
    calls = [f"-> {call.name}({call.arguments})" for call in _calls(turn)]
    words = _words(turn)
    return "\n".join([words, *calls] if words else calls)


def _calls(turn: dict[str, Any]) -> list[Call]:
    return [
        Call(c["function"]["name"], c["function"]["arguments"], c.get("id", ""))
        for c in turn.get("tool_calls", [])
    ]


def _pictures(turn: dict[str, Any]) -> list[str]:
    parts = turn["content"] if isinstance(turn["content"], list) else []
    urls = [p["image_url"]["url"] for p in parts if p["type"] == "image_url"]
    return [url for url in urls if url.startswith("data:")]


def _turn(turn: Any, place: int) -> dict[str, Any]:
    where = f"turn {place}"
    turn = record(turn, where, "role and content")
    role = storable(turn.get("role", turn.get("from")), f"{where}, role")
    content = turn.get("content", turn.get("value"))
    calls = turn.get("tool_calls") or (
        [_old(turn["function_call"])] if turn.get("function_call") else []
    )
    if content is None and calls:
        content = ""
    if isinstance(content, list):
        content = [_part(p, f"{where}, part {n}") for n, p in enumerate(content, 1)]
    else:
        content = storable(content, f"{where}, content")
    kept: dict[str, Any] = {"role": ROLES.get(role, role), "content": content}
    if calls:
        given = listed(calls, f"{where}, tool_calls", "tool calls")
        kept["tool_calls"] = [_call(c, f"{where}, tool call {n}") for n, c in enumerate(given, 1)]
    for name in ("name", "tool_call_id"):
        if found := text(turn.get(name), f"{where}, {name}"):
            kept[name] = found
    return kept


def _part(raw: Any, where: str) -> dict[str, Any]:
    if isinstance(raw, str):
        raw = {"type": "text", "text": raw}
    raw = record(raw, where, "type, and text or image_url")
    if raw.get("type") in ("text", "input_text", "output_text"):
        return {"type": "text", "text": storable(raw.get("text"), f"{where}, text")}
    if raw.get("type") in ("image_url", "input_image"):
        given = raw.get("image_url")
        given = given.get("url") if isinstance(given, dict) else given
        url = storable(given, f"{where}, image_url") if len(str(given)) < 10**7 else ""
        if not url.lower().startswith(("http://", "https://")):
            url = checked(url, where)[0]
        return {"type": "image_url", "image_url": {"url": url}}
    raise Invalid(where, "expected a part of type text or image_url")


def _call(raw: Any, where: str) -> dict[str, Any]:
    raw = record(raw, where, "a function with name and arguments")
    inner = record(raw.get("function", raw), where, "a function with name and arguments")
    name = storable(inner.get("name"), f"{where}, name")
    arguments = whole_json(first(inner, "arguments", "args", "input"), f"{where}, arguments")
    kept: dict[str, Any] = {"id": text(raw["id"], f"{where}, id")} if raw.get("id") else {}
    function = {"name": name, "arguments": arguments}
    return kept | {"type": "function", "function": function}


def _old(call: Any) -> dict[str, Any]:
    """A `function_call` of the older form as one tool call."""
    return {"function": call}


def _attached(turn: Any, read: ReadFile) -> Any:
    """A turn whose pictures that name a file hold it as a data URL."""
    if not isinstance(turn, dict) or not isinstance(turn.get("content"), list):
        return turn
    parts = []
    for part in turn["content"]:
        given = part.get("image_url") if isinstance(part, dict) else None
        url = given.get("url") if isinstance(given, dict) else given
        if isinstance(url, str) and not url.lower().startswith(("http://", "https://")):
            part = part | {"image_url": Image.attach(url, read)}
        parts.append(part)
    return turn | {"content": parts}
