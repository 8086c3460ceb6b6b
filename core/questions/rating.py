"""A point on a scale of whole numbers."""

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from core.questions.base import Question, Scale, questions
from core.ui import Option, Ui
from core.units import Unit

NOT_APPLICABLE = "n/a"
WHOLE = re.compile(r"-?[0-9]{1,9}")


@questions.register
class Rating(Question):
    """A rating from `low` to `high`, with words for some points and an optional "n/a".

    The value is an integer, or the text "n/a", which counts as no answer in statistics.
    """

    kind = "rating"
    low: int = 1
    high: int = 5
    anchors: Mapping[int, str] = Field(
        default_factory=dict, description="points and what each means"
    )
    na: bool = Field(default=False, description="offer 'n/a' for units that cannot be rated")
    level: Literal["ordinal", "interval", "nominal"] = Field(
        default="ordinal", description="how far apart points are taken to be in statistics"
    )

    @model_validator(mode="after")
    def _points(self) -> "Rating":
        if not 2 <= self.high - self.low + 1 <= 11:
            raise ValueError("a rating needs 2 to 11 points: set low and high")
        outside = [point for point in self.anchors if not self.low <= point <= self.high]
        if outside:
            raise ValueError(f"anchors outside {self.low} to {self.high}: {outside}")
        return self

    @property
    def points(self) -> range:
        """The points of the scale, low to high."""
        return range(self.low, self.high + 1)

    def ask(self, ui: Ui, unit: Unit, draft: Any = None) -> Any:
        options = [Option(p, str(p), self.anchors.get(p, "")) for p in self.points]
        if self.na:
            options.append(Option(NOT_APPLICABLE, ui.word("n/a"), ui.word("cannot be rated")))
        return ui.choose(
            name=self.name, title=self.title, options=options, value=draft, help=self.help,
            required=self.required, scale=True,
            low=self.anchors.get(self.low, ""), high=self.anchors.get(self.high, ""),
        )  # fmt: skip

    def instruct(self, unit: Unit) -> str:
        lines = [self.heading(), f"Answer with a whole number from {self.low} to {self.high}."]
        lines += [f"{point}: {words}" for point, words in sorted(self.anchors.items())]
        if self.na:
            lines.append('Answer "n/a" only when the material cannot be rated at all.')
        return "\n".join(lines)

    def reply_schema(self, unit: Unit) -> dict[str, Any]:
        allowed: list[Any] = list(self.points)
        return {"enum": [*allowed, NOT_APPLICABLE] if self.na else allowed}

    def check(self, value: Any, unit: Unit) -> Any:
        if self.na and value == NOT_APPLICABLE:
            return value
        if isinstance(value, bool) or not isinstance(value, int) or value not in self.points:
            raise self.refuse(f"expected a whole number from {self.low} to {self.high}")
        return value

    def cell(self, raw: Any, unit: Unit) -> Any:
        text = str(raw).strip()
        whole = text.removesuffix(".0")
        if not isinstance(raw, bool) and WHOLE.fullmatch(whole):
            return self.check(int(whole), unit)
        return self.check(text, unit)

    def scale(self, unit: Unit | None = None) -> Scale:
        return Scale(level=self.level, labels=tuple(str(p) for p in self.points))

    def codes(self, value: Any, unit: Unit) -> dict[str, int]:
        return {} if value == NOT_APPLICABLE else {"": int(value) - self.low}

    def distance(self, a: Any, b: Any) -> float:
        if NOT_APPLICABLE in (a, b):
            return float(a != b)
        return float(abs(a - b) / (self.high - self.low))

    def describe(self, value: Any, unit: Unit) -> str:
        words = self.anchors.get(value, "") if isinstance(value, int) else ""
        return f"{value} ({words})" if words else str(value)

    def argilla(self) -> dict[str, Any]:
        return {"type": "rating", "name": self.name, "values": list(self.points)}

    def example(self, unit: Unit) -> Any:
        return self.high
