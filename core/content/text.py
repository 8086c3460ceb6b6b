"""Plain or markdown text."""

import re
from collections.abc import Sequence
from typing import Any

from core.content.base import Content, Segment, contents, storable
from core.ui import Ui

SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?]+(?=\s|$)|\n|$)|[.!?]+")


@contents.register
class TextContent(Content):
    """A text; `data` is a string. Numbers and truth values in a file are read as their text."""

    kind = "text"

    @classmethod
    def parse(cls, raw: Any) -> "TextContent":
        if isinstance(raw, bool | int | float):
            raw = str(raw)
        return cls(storable(raw))

    def show(self, ui: Ui) -> None:
        ui.prose(self.data)

    def text(self) -> str:
        return str(self.data)

    def segments(self) -> Sequence[Segment]:
        found = [m for m in SENTENCE.finditer(self.data) if m.group().strip()]
        return [Segment(str(n), m.group(), m.start(), m.end()) for n, m in enumerate(found)]

    @classmethod
    def example(cls) -> "TextContent":
        return cls("Water boils at a lower temperature on a mountain. The air presses less there.")
