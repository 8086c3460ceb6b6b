"""A conversation of several turns."""

from collections.abc import Sequence
from typing import Any

from core.content.base import Content, Segment, contents, storable
from core.ui import Ui
from core.units import Invalid

ROLES = {"human": "user", "gpt": "assistant", "model": "assistant", "bot": "assistant"}


@contents.register
class Chat(Content):
    """Turns in order; `data` is a list of `{"role": ..., "content": ...}`.

    Files may also write `from`/`value`; the roles human, gpt, model and bot become user and
    assistant.
    """

    kind = "chat"

    @classmethod
    def parse(cls, raw: Any) -> "Chat":
        if not isinstance(raw, list) or not raw:
            raise Invalid("chat", "expected a list of turns, each with role and content")
        return cls([_turn(turn, place) for place, turn in enumerate(raw, 1)])

    def show(self, ui: Ui) -> None:
        for turn in self.data:
            ui.turn(turn["role"], turn["content"])

    def text(self) -> str:
        return "\n\n".join(f"[{t['role']}]\n{t['content']}" for t in self.data)

    def segments(self) -> Sequence[Segment]:
        found, start = [], 0
        for place, turn in enumerate(self.data):
            head = len(f"[{turn['role']}]\n")
            end = start + head + len(turn["content"])
            found.append(Segment(str(place), turn["content"], start + head, end))
            start = end + 2
        return found

    @classmethod
    def example(cls) -> "Chat":
        return cls(
            [
                {"role": "user", "content": "How long does rice keep in the fridge?"},
                {"role": "assistant", "content": "Three to four days, if it was cooled quickly."},
            ]
        )


def _turn(turn: Any, place: int) -> dict[str, str]:
    where = f"turn {place}"
    if not isinstance(turn, dict):
        raise Invalid(where, "expected an object with role and content")
    role = storable(turn.get("role", turn.get("from")), f"{where}, role")
    content = turn.get("content", turn.get("value"))
    return {"role": ROLES.get(role, role), "content": storable(content, f"{where}, content")}
