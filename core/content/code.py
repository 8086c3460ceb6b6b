"""Source code."""

import re
from collections.abc import Sequence
from typing import Any

from core.content.base import Content, Segment, contents, storable
from core.content.reading import record, text
from core.ui import Ui
from core.units import Invalid

LANGUAGE = re.compile(r"[A-Za-z0-9+#._-]{0,30}")


@contents.register
class Code(Content):
    """Code; `data` is `{"text": ..., "language": ..., "title": ...}`, a bare string in files.

    `title` may be the file's name. Segments are the lines that hold something, keyed by number.
    """

    kind = "code"
    fixed = frozenset({"language"})

    @classmethod
    def parse(cls, raw: Any) -> "Code":
        if isinstance(raw, str):
            raw = {"text": raw}
        raw = record(raw, "code", "text and language")
        kept = {"text": storable(raw.get("text", raw.get("code")), "code, text")}
        return cls(kept | {n: v for n, v in _named(raw).items() if v})

    def show(self, ui: Ui) -> None:
        ui.code(
            self.data["text"], language=self.data.get("language", ""),
            title=self.data.get("title", ""),
        )  # fmt: skip

    def text(self) -> str:
        return f"{self._head()}{self.data['text']}"

    def _head(self) -> str:
        return f"[{self.data['title']}]\n" if self.data.get("title") else ""

    def segments(self) -> Sequence[Segment]:
        found, start = [], len(self._head())
        for number, line in enumerate(self.data["text"].split("\n"), 1):
            if line.strip():
                found.append(Segment(str(number), line, start, start + len(line)))
            start += len(line) + 1
        return found

    @classmethod
    def example(cls) -> "Code":
        lines = ["def mean(values):", "    total = sum(values)", "    return total / len(values)"]
        return cls({"text": "\n".join(lines), "language": "python", "title": "mean.py"})


def _named(raw: dict[str, Any]) -> dict[str, str]:
    return {
        "language": language(raw.get("language"), "code, language"),
        "title": text(raw.get("title", raw.get("name")), "code, title"),
    }


def language(raw: Any, where: str) -> str:
    """The name of a language, '' for none."""
    found = text(raw, where)
    if not LANGUAGE.fullmatch(found):
        raise Invalid(where, "expected the short name of a language, as in python or c++")
    return found.lower()
