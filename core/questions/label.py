"""One label out of a list."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, field_validator

from core.questions.base import Question, Scale, questions
from core.ui import Option, Ui
from core.units import Unit


@questions.register
class Label(Question):
    """One of `labels` (name -> meaning). The value is the label's name, a text.

    With `ordered` the labels form an order from first to last, and weighted statistics apply.
    """

    kind = "label"
    labels: Mapping[str, str] = Field(description="name of each label and what it means")
    ordered: bool = False

    @field_validator("labels", mode="before")
    @classmethod
    def _named(cls, labels: Any) -> Any:
        if isinstance(labels, list | tuple):
            labels = {str(name): "" for name in labels}
        if not isinstance(labels, Mapping) or len(labels) < 2:
            raise ValueError("give at least two labels, as a list or as name: meaning")
        return {str(name): str(meaning or "") for name, meaning in labels.items()}

    def ask(self, ui: Ui, unit: Unit, draft: Any = None) -> Any:
        options = [Option(name, name, meaning) for name, meaning in self.labels.items()]
        return ui.choose(
            name=self.name, title=self.title, options=options, value=draft, help=self.help,
            required=self.required, fixed=self.ordered,
        )  # fmt: skip

    def instruct(self, unit: Unit) -> str:
        lines = [self.heading(), "Answer with exactly one of these labels:"]
        lines += [f"{n}: {meaning}" if meaning else n for n, meaning in self.labels.items()]
        return "\n".join(lines)

    def reply_schema(self, unit: Unit) -> dict[str, Any]:
        return {"enum": list(self.labels)}

    def check(self, value: Any, unit: Unit) -> Any:
        if not isinstance(value, str) or value not in self.labels:
            raise self.refuse(f"expected one of: {', '.join(self.labels)}")
        return value

    def cell(self, raw: Any, unit: Unit) -> Any:
        if isinstance(raw, bool | int | float):
            raw = str(raw).lower() if str(raw).lower() in self.labels else str(raw)
        return self.check(raw.strip() if isinstance(raw, str) else raw, unit)

    def scale(self, unit: Unit | None = None) -> Scale:
        return Scale(level="ordinal" if self.ordered else "nominal", labels=tuple(self.labels))

    def codes(self, value: Any, unit: Unit) -> dict[str, int]:
        return {"": list(self.labels).index(value)}

    @classmethod
    def sample(cls) -> "Label":
        return cls(name="example", title="An example", labels={"yes": "it does", "no": ""})

    def distance(self, a: Any, b: Any) -> float:
        if not self.ordered:
            return float(a != b)
        names = list(self.labels)
        return float(abs(names.index(a) - names.index(b)) / (len(names) - 1))

    def describe(self, value: Any, unit: Unit) -> str:
        return str(value)

    def argilla(self) -> dict[str, Any]:
        return {"type": "label_selection", "name": self.name, "labels": list(self.labels)}

    def example(self, unit: Unit) -> Any:
        return next(iter(self.labels))
