"""Messages that can be said in more languages than the one they were written in."""

from collections.abc import Mapping
from typing import Any


class Told(str):
    """A message in English that keeps what it was made of: its `text`, and the `facts` in it.

    `Told("at most {most} characters", most=5)` reads "at most 5 characters" wherever a text is
    wanted; a page looks its `text` up among the texts of the person's language. A fact that is a
    `Told` itself is said in that language too; others stay as they are.
    """

    text: str
    facts: Mapping[str, Any]

    def __new__(cls, text: str, /, **facts: Any) -> "Told":
        made = super().__new__(cls, text.format(**facts))
        made.text, made.facts = text, facts
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.text,), dict(self.facts)
