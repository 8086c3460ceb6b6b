"""A number: whole or decimal, typed or set by a slider."""

import math
from itertools import pairwise
from typing import Any

from pydantic import Field, model_validator

from core.questions.base import Entry, Question, Scale, questions
from core.questions.grades import Grade
from core.telling import Told
from core.ui import Ui
from core.units import Unit

FARTHEST = 1e15


@questions.register
class Number(Question):
    """A number from `low` to `high`, where they are given.

    The value is an integer with `whole`, else a decimal, kept as exact as it was given, so that a
    model's expectation fits too; `step` is how far one press of a person's arrow key goes. A
    `slider` needs both ends and is unset until it is touched. Between two ends the number is coded
    for agreement: a whole number with at most 21 values by itself, others by `bins` of equal width.
    """

    kind = "number"
    low: float | None = None
    high: float | None = None
    low_words: str = Field(default="", description="what the lowest number means")
    high_words: str = Field(default="", description="what the highest number means")
    whole: bool = Field(default=False, description="whole numbers only")
    step: float | None = Field(default=None, gt=0)
    unit: str = Field(default="", max_length=40, description="what is counted: %, years, km")
    slider: bool = False
    bins: int = Field(default=10, ge=2, le=21, description="ranges of equal width for agreement")

    @model_validator(mode="after")
    def _ends(self) -> "Number":
        ends = [end for end in (self.low, self.high) if end is not None]
        if any(not math.isfinite(end) or abs(end) > FARTHEST for end in ends):
            raise ValueError(f"low and high must lie within {FARTHEST:g}")
        if len(ends) == 2 and not ends[0] < ends[1]:
            raise ValueError("low must be less than high")
        if self.whole and any(end != int(end) for end in ends):
            raise ValueError("low and high must be whole numbers too")
        if self.slider and len(ends) < 2:
            raise ValueError("a slider needs both low and high")
        return self

    def _range(self) -> Told:
        what = Told("a whole number") if self.whole else Told("a number")
        if self.low is not None and self.high is not None:
            low, high = f"{self.low:g}", f"{self.high:g}"
            return Told("{what} from {low} to {high}", what=what, low=low, high=high)
        if self.low is not None:
            return Told("{what} of at least {low}", what=what, low=f"{self.low:g}")
        if self.high is not None:
            return Told("{what} of at most {high}", what=what, high=f"{self.high:g}")
        return what

    def ask(self, ui: Ui, unit: Unit, draft: Any = None) -> Any:
        return ui.number(
            name=self.name, title=self.title, value=draft, low=self.low, high=self.high,
            step=self.step, whole=self.whole, unit=self.unit, slider=self.slider, help=self.help,
            ends=(self.low_words, self.high_words), required=self.required,
        )  # fmt: skip

    def instruct(self, unit: Unit) -> str:
        lines = [self.heading(), f"Answer with {self._range()}{self.unit and f' ({self.unit})'}."]
        ends = ((self.low, self.low_words), (self.high, self.high_words))
        lines += [f"{end:g}: {words}" for end, words in ends if words and end is not None]
        return "\n".join(lines)

    def reply_schema(self, unit: Unit) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "integer" if self.whole else "number"}
        if self.low is not None:
            schema["minimum"] = self.low
        if self.high is not None:
            schema["maximum"] = self.high
        return schema

    def check(self, value: Any, unit: Unit) -> Any:
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if good and abs(value) > FARTHEST:  # before anything that a giant integer can't take
            words = "expected {range}, within {most} of zero"
            raise self.refuse(Told(words, range=self._range(), most=f"{FARTHEST:,.0f}"))
        if not good or not math.isfinite(value):
            raise self.refuse(Told("expected {range}", range=self._range()))
        if self.whole and value != int(value):
            raise self.refuse(Told("expected {range}", range=self._range()))
        if (self.low is not None and value < self.low) or (
            self.high is not None and value > self.high
        ):
            words = "expected {range}; found {value}"
            raise self.refuse(Told(words, range=self._range(), value=f"{value:g}"))
        return int(value) if self.whole else float(value) + 0.0  # no minus zero

    def cell(self, raw: Any, unit: Unit) -> Any:
        if isinstance(raw, str):
            text = raw.strip().removesuffix(self.unit).strip() if self.unit else raw.strip()
            try:
                raw = float(text)
            except ValueError:
                raise self.refuse(Told("expected {range}", range=self._range())) from None
        return self.check(raw, unit)

    def _bins(self) -> int:
        """How many codes there are; 0 without both ends."""
        if self.low is None or self.high is None:
            return 0
        points = self.high - self.low + 1
        return int(points) if self.whole and points <= 21 else self.bins

    def scale(self, unit: Unit | None = None) -> Scale:
        many = self._bins()
        if not many or self.low is None or self.high is None:
            return Scale(level="none")
        if self.whole and many == self.high - self.low + 1:
            points = range(int(self.low), int(self.high) + 1)
            return Scale(level="interval", labels=tuple(map(str, points)))
        width = (self.high - self.low) / many
        edges = [f"{self.low + n * width:.10g}" for n in range(many + 1)]
        labels = tuple(f"{a} to {b}" for a, b in pairwise(edges))
        return Scale(level="interval", labels=labels)

    def codes(self, value: Any, unit: Unit) -> dict[str, int]:
        many = self._bins()
        if not many or self.low is None or self.high is None:
            return {}
        if self.whole and many == self.high - self.low + 1:
            return {"": int(value - self.low)}
        share = (value - self.low) / (self.high - self.low)
        return {"": min(int(share * many), many - 1)}

    def distance(self, a: Any, b: Any) -> float:
        if self.low is None or self.high is None:
            return float(abs(a - b))
        return float(abs(a - b) / (self.high - self.low))

    def by_distance(self) -> bool:
        return False  # ranges of it have codes

    def grade(self, value: Any, known: Any, unit: Unit) -> Grade:
        """Right when equal; between two ends a decimal may be off by half of one of the `bins`.

        Nobody hits a point of a slider; whole numbers are counted, and count exactly.
        """
        if self.whole or self.low is None or self.high is None:
            return super().grade(value, known, unit)
        return Grade(float(self.distance(value, known) <= 0.5 / self.bins + 1e-9))

    def entry(self) -> Entry:
        return "typing"

    def waiting(self, unit: Unit, draft: Any) -> str:
        return self.name if draft is None and self.slider else ""

    def describe(self, value: Any, unit: Unit) -> str:
        return f"{value:.10g} {self.unit}".strip()

    def argilla(self) -> dict[str, Any]:
        return {"type": "text", "name": self.name}

    def example(self, unit: Unit) -> Any:
        found = next((end for end in (self.high, self.low) if end is not None), 3)
        return int(found) if self.whole else float(found)

    @classmethod
    def sample(cls) -> "Number":
        return cls(name="example", title="An example", low=0, high=1, slider=True)
