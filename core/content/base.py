"""What every kind of content is."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from core.registry import Registry
from core.ui import Ui
from core.units import Invalid

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
LONGEST = 2_000_000
Change = Callable[[str], str]
ReadFile = Callable[[str], str]


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
    `fixed` are the names in `data` whose values are no words of the material: keys, roles, kinds.
    """

    data: Any
    kind: ClassVar[str]
    fixed: ClassVar[frozenset[str]] = frozenset()

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

    def mapped(self, change: Change) -> Self:
        """A copy whose every text went through `change`; keys, roles and pictures stay.

        The one place where words are altered before they are shown or sent: what holds for a mask
        holds for every kind.
        """
        return replace(self, data=changed(self.data, change, self.fixed))

    def texts(self) -> list[str]:
        """Every text of the material, in order: what `mapped` hands to its function."""
        found: list[str] = []

        def note(text: str) -> str:
            found.append(text)
            return text

        self.mapped(note)
        return found

    @classmethod
    def attach(cls, raw: Any, read: ReadFile) -> Any:
        """The raw value with the files it names put in: `read(name)` is a file as a data URL.

        Kinds that hold pictures refine it; `read` raises `Invalid` for a file that is not there.
        """
        return raw

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


def changed(data: Any, change: Change, fixed: frozenset[str]) -> Any:
    """Plain JSON with every text changed, but for the values under a name of `fixed`."""
    if isinstance(data, str):
        return change(data)
    if isinstance(data, list):
        return [changed(part, change, fixed) for part in data]
    if isinstance(data, dict):
        return {k: v if k in fixed else changed(v, change, fixed) for k, v in data.items()}
    return data


def storable(text: Any, what: str = "text") -> str:
    """A text that every store accepts; `Invalid` for other types, NUL and lone surrogates.

    A text of more than two million characters is refused too.
    """
    if not isinstance(text, str):
        raise Invalid(what, f"expected a text, found {type(text).__name__}")
    if len(text) > LONGEST:
        raise Invalid(what, f"at most {LONGEST:,} characters, found {len(text):,}; split the text")
    if UNSTORABLE.search(text):
        raise Invalid(what, "the text holds a character that cannot be stored (NUL or half a pair)")
    return text
