"""A list of questions to be answered with yes or no."""

from collections.abc import Sequence
from typing import Any

from core.content.base import Content, Segment, contents, storable
from core.ui import Ui
from core.units import Invalid

MOST = 200


@contents.register
class ChecklistContent(Content):
    """Items in order; `data` is a list of `{"text": ..., "required": true | false}`.

    Files may also hold a list of texts, or one text with an item per line. `required` is left out
    where nothing is said; yes always means that the item is met.
    """

    kind = "checklist"

    @classmethod
    def parse(cls, raw: Any) -> "ChecklistContent":
        if isinstance(raw, str):
            raw = [line.strip() for line in storable(raw).splitlines() if line.strip()]
        if not isinstance(raw, list) or not raw:
            raise Invalid("checklist", "expected a list of items, each a text or {text, required}")
        if len(raw) > MOST:
            raise Invalid("checklist", f"expected at most {MOST} items, found {len(raw)}")
        return cls([_item(item, place) for place, item in enumerate(raw, 1)])

    def show(self, ui: Ui) -> None:
        ui.prose(self.text())

    def lines(self) -> list[str]:
        """The items' texts."""
        return [str(item["text"]) for item in self.data]

    def text(self) -> str:
        return "\n".join(f"{n}. {line}" for n, line in enumerate(self.lines(), 1))

    def segments(self) -> Sequence[Segment]:
        found, start = [], 0
        for n, line in enumerate(self.lines(), 1):
            begin = start + len(f"{n}. ")
            found.append(Segment(str(n - 1), line, begin, begin + len(line)))
            start = begin + len(line) + 1
        return found

    @classmethod
    def example(cls) -> "ChecklistContent":
        return cls(
            [
                {"text": "Does the answer say how many days rice keeps?", "required": True},
                {"text": "Does the answer say that it must be cooled quickly?"},
            ]
        )


def _item(raw: Any, place: int) -> dict[str, Any]:
    where = f"item {place}"
    if isinstance(raw, str):
        raw = {"text": raw}
    if not isinstance(raw, dict) or set(raw) - {"text", "required"}:
        raise Invalid(where, "expected a text, or an object with text and required")
    text = " ".join(storable(raw.get("text"), where).split())
    if not text:
        raise Invalid(where, "the text is empty")
    required = raw.get("required")
    if required is None:
        return {"text": text}
    if not isinstance(required, bool):
        raise Invalid(f"{where}, required", "expected true or false")
    return {"text": text, "required": required}
