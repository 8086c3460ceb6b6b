"""What was changed, from a patch or from two texts."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

from core.content.base import Change, Content, Segment, contents, storable
from core.content.hunks import MOST_LINES, Hunk, compared, read_patch
from core.content.reading import number, record
from core.ui import Ui
from core.units import Invalid

NOTHING = "(no difference)"


@contents.register
class Diff(Content):
    """A change; `data` is `{"patch": ...}` or `{"old": ..., "new": ...}`, and how it is shown.

    `view` is unified (the default) or split; `context` is how many unchanged lines stand around a
    change of two texts (3). A bare string in a file is a patch. Segments are hunks, keyed from 1.
    """

    kind = "diff"
    fixed = frozenset({"view"})

    @classmethod
    def parse(cls, raw: Any) -> "Diff":
        if isinstance(raw, str):
            raw = {"patch": raw}
        raw = record(raw, "diff", "patch, or old and new")
        kept: dict[str, Any] = {}
        if raw.get("patch") is not None:
            kept["patch"] = _limited(raw["patch"], "patch")
            read_patch(kept["patch"])
        else:
            kept |= {side: _limited(raw.get(side), side) for side in ("old", "new")}
            context = raw.get("context", 3)
            if context != 3:
                kept["context"] = int(number(context, "diff, context", 0, 1000))
        if raw.get("view") not in (None, "", "unified", "split"):
            raise Invalid("diff, view", "expected unified or split")
        return cls(kept | ({"view": "split"} if raw.get("view") == "split" else {}))

    def hunks(self) -> tuple[Hunk, ...]:
        """The changes in order; none where the two texts are the same."""
        if "patch" in self.data:
            return read_patch(self.data["patch"])
        return compared(self.data["old"], self.data["new"], self.data.get("context", 3))

    def show(self, ui: Ui) -> None:
        blocks = [hunk.block(str(place)) for place, hunk in enumerate(self.hunks(), 1)]
        if blocks:
            ui.diff(blocks, view=self.data.get("view", "unified"))
        else:
            ui.plain(NOTHING)

    def text(self) -> str:
        return self._laid_out()[0]

    def segments(self) -> Sequence[Segment]:
        return self._laid_out()[1]

    def _laid_out(self) -> tuple[str, list[Segment]]:
        """The patch as text, and where its hunks stand in it."""
        parts: list[str] = []
        found: list[Segment] = []
        start, file = 0, ""
        for place, hunk in enumerate(self.hunks(), 1):
            if hunk.file and hunk.file != file:
                file = hunk.file
                parts.append(f"[{file}]")
                start += len(parts[-1]) + 1
            words = hunk.text()
            parts.append(words)
            found.append(Segment(str(place), words, start, start + len(words)))
            start += len(words) + 1
        return "\n".join(parts) or NOTHING, found

    def mapped(self, change: Change) -> Self:
        if "patch" not in self.data:
            return super().mapped(change)
        lines = self.data["patch"].replace("\r\n", "\n").split("\n")
        kept = "\n".join(_changed(line, change) for line in lines)
        return replace(self, data=self.data | {"patch": kept})

    @classmethod
    def example(cls) -> "Diff":
        return cls(
            {
                "old": "Rice keeps for weeks.\nKeep it cool.\n",
                "new": "Cooked rice keeps for three days.\nKeep it cool.\n",
            }
        )


def _changed(line: str, change: Change) -> str:
    """A patch line with its words changed; its marks stay, and it stays one line."""
    head = "@@" if line.startswith("@@") else line[:4] if line[:4] in ("+++ ", "--- ") else line[:1]
    if head == "@@":
        end = line.find("@@", 2)
        head = line[: end + 2] if end > 0 else line
    return head + change(line[len(head) :]).replace("\n", " ") if line[len(head) :] else line


def _limited(raw: Any, side: str) -> str:
    found = storable(raw, f"diff, {side}")
    if found.count("\n") >= MOST_LINES:
        raise Invalid(f"diff, {side}", f"at most {MOST_LINES:,} lines; split the change")
    return found
