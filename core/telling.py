"""Messages that can be said in more languages than the one they were written in."""

from collections.abc import Mapping, Sequence
from typing import Any

BETWEEN = "; "


class Told(str):
    """A message in English that keeps what it was made of: its `text`, and the `facts` in it.

    `Told("at most {most} characters", most=5)` reads "at most 5 characters" wherever a text is
    wanted; a page looks its `text` up among the texts of the person's language. A fact that is a
    `Told` itself is said in that language too, a tuple one by one, with "; " between them; others
    stay as they are.
    """

    text: str
    facts: Mapping[str, Any]

    def __new__(cls, text: str, /, **facts: Any) -> "Told":
        told = {n: BETWEEN.join(f) if isinstance(f, tuple) else f for n, f in facts.items()}
        made = super().__new__(cls, text.format(**told))
        made.text, made.facts = text, facts
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.text,), dict(self.facts)


def several(parts: Sequence[str]) -> str:
    """Messages in one, with "; " between them; each is still said in its language."""
    return parts[0] if len(parts) == 1 else Told("{parts}", parts=tuple(parts))


def beside(parts: Sequence[str]) -> str:
    """Short messages in one, with commas between them."""
    said = parts[0] if parts else ""
    for part in parts[1:]:
        said = Told("{one}, {other}", one=said, other=part)
    return said
