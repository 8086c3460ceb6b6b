"""What every kind of content is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from core.registry import Registry
from core.ui import Ui
from core.units import Invalid

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a content that can be judged by itself: key, words, and place in `text()`."""

    key: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Content:
    """Something to look at: `data` is plain JSON, checked when the content is made.

    Every text in it is untrusted. Subclasses set `kind`, check `data` in `parse`, draw in `show`.
    """

    data: Any
    kind: ClassVar[str]

    @classmethod
    def parse(cls, raw: Any) -> "Content":
        """Content from what a file holds; raises `Invalid` saying what was expected."""
        raise NotImplementedError

    def show(self, ui: Ui) -> None:
        """Draw the content for a person."""
        raise NotImplementedError

    def text(self) -> str:
        """The content as plain text, as a model reads it."""
        raise NotImplementedError

    def segments(self) -> Sequence[Segment]:
        """The parts that can be judged one by one, in order."""
        raise NotImplementedError

    def messages(self) -> list[dict[str, Any]]:
        """The content as parts of a chat message."""
        return [{"type": "text", "text": self.text()}]

    def stored(self) -> dict[str, Any]:
        """The JSON that the database keeps; `restore` reads it."""
        return {"kind": self.kind, "data": self.data}

    @classmethod
    def example(cls) -> "Content":
        """A content of this kind, for previews and contract tests."""
        raise NotImplementedError


contents: Registry[type[Content]] = Registry("core.content")


def restore(stored: dict[str, Any]) -> Content:
    """The content that `stored()` wrote; its data was checked when it was first parsed."""
    return contents[stored["kind"]](stored["data"])


def storable(text: Any, what: str = "text") -> str:
    """A text that every store accepts; `Invalid` for other types, NUL and lone surrogates."""
    if not isinstance(text, str):
        raise Invalid(what, f"expected a text, found {type(text).__name__}")
    if UNSTORABLE.search(text):
        raise Invalid(what, "the text holds a character that cannot be stored (NUL or half a pair)")
    return text
