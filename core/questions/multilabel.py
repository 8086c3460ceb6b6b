"""Several labels out of a list, flat or as paths of a hierarchy."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from core.questions.base import Entry, Question, Scale, questions
from core.questions.grades import Grade, f1, of_sets
from core.telling import Told
from core.ui import Option, Ui
from core.units import Unit

BETWEEN = " > "
ABSENT_PRESENT = ("no", "yes")
NONE = "none of these"


def above(label: str) -> list[str]:
    """The labels that a path lies under, the outermost first.

    >>> above("fluency > grammar > tense")
    ['fluency', 'fluency > grammar']
    """
    parts = label.split(BETWEEN)
    return [BETWEEN.join(parts[:n]) for n in range(1, len(parts))]


def set_distance(a: frozenset[str], b: frozenset[str], measure: str = "masi") -> float:
    """How far two sets are apart, 0 to 1: Jaccard's distance, or MASI (Passonneau 2006).

    MASI weighs the Jaccard index by 1 for equal sets, 2/3 where one holds the other, 1/3 where
    they overlap, and 0 where they do not. Two empty sets are equal.

    >>> round(set_distance(frozenset("ab"), frozenset("a")), 4)
    0.6667
    """
    if a == b:
        return 0.0
    common = len(a & b)
    jaccard = common / len(a | b)
    if measure == "jaccard":
        return 1 - jaccard
    weight = 2 / 3 if a <= b or b <= a else 1 / 3
    return 1 - jaccard * weight


@questions.register
class Multilabel(Question):
    """Any of `labels` (name -> meaning), at least `least` and at most `most`.

    A label may be a path, `fluency > grammar`: who gives it has given `fluency` too, whether or
    not that is a label of its own. The value is a list in the order of `labels`, without labels
    that another one of the list implies. With `none` "none of these" is an answer, the empty list.
    Each label, and each one above it, is a slot coded no or yes; the answer as a whole has no code.
    """

    kind = "multilabel"
    labels: Mapping[str, str] = Field(description="name of each label and what it means")
    least: int = Field(default=1, ge=0, description="how many must be given")
    most: int | None = Field(default=None, ge=1, description="how many may be given")
    none: bool = Field(default=False, description="offer 'none of these'")
    ordered: bool = Field(
        default=False, description="the labels have an order of their own and are never shuffled"
    )
    measure: Literal["masi", "jaccard"] = Field(
        default="masi", description="how the distance of two answers is measured"
    )

    @field_validator("labels", mode="before")
    @classmethod
    def _named(cls, labels: Any) -> Any:
        if isinstance(labels, list | tuple):
            labels = {str(name): "" for name in labels}
        if not isinstance(labels, Mapping) or not labels:
            raise ValueError("give labels, as a list or as name: meaning")
        found = {_tidy(str(name)): str(meaning or "") for name, meaning in labels.items()}
        if len(found) < len(labels) or "" in found or NONE in found:
            raise ValueError(f"labels need names of their own, other than {NONE!r}")
        return found

    @model_validator(mode="after")
    def _bounds(self) -> "Multilabel":
        top = len(self.labels) if self.most is None else self.most
        if not self.least <= top <= len(self.labels):
            raise ValueError("least and most must fit each other and the number of labels")
        return self

    def nodes(self) -> list[str]:
        """Every label with those above it, in the order of `labels`."""
        every = (node for label in self.labels for node in [*above(label), label])
        return list(dict.fromkeys(every))

    def ask(self, ui: Ui, unit: Unit, draft: Any = None) -> Any:
        options = []
        for label, meaning in self.labels.items():
            group, _, last = label.rpartition(BETWEEN)
            options.append(Option(label, last, meaning, group))
        return ui.toggle(
            name=self.name, title=self.title, options=options, value=draft, help=self.help,
            required=self.required, none=ui.word(NONE) if self.none else "", fixed=self.ordered,
        )  # fmt: skip

    def _many(self) -> Told:
        if self.most is None and not self.least:
            return Told("as many as apply")
        if self.most is None:
            return Told("at least {n}", n=self.least)
        if self.least == self.most:
            return Told("exactly {n}", n=self.most)
        return Told("{low} to {high}", low=self.least, high=self.most)

    def instruct(self, unit: Unit) -> str:
        lines = [self.heading(), f"Answer with a list of these labels ({self._many()}):"]
        lines += [f"{n}: {meaning}" if meaning else n for n, meaning in self.labels.items()]
        if any(BETWEEN in label for label in self.labels):
            lines.append("Give the most exact label: it includes those to its left.")
        if self.none:
            lines.append("Answer with an empty list when none of them applies.")
        return "\n".join(lines)

    def reply_schema(self, unit: Unit) -> dict[str, Any]:
        return {"type": "array", "items": {"enum": list(self.labels)}}

    def check(self, value: Any, unit: Unit) -> Any:
        if not isinstance(value, list | tuple):
            raise self.refuse("expected a list of labels")
        wrong = [v for v in value if not isinstance(v, str) or v not in self.labels]
        if wrong:
            raise self.refuse(f"{str(wrong[0])[:80]!r} is no label; there are: {self._names()}")
        implied = {node for label in value for node in above(label)}
        found = [label for label in self.labels if label in value and label not in implied]
        if not found and self.none:
            return found
        if len(found) < self.least or (self.most is not None and len(found) > self.most):
            words = "expected {many} of the labels; found {n}"
            raise self.refuse(Told(words, many=self._many(), n=len(found)))
        return found

    def _names(self) -> str:
        return ", ".join(self.labels)

    def cell(self, raw: Any, unit: Unit) -> Any:
        if isinstance(raw, str):
            raw = [] if raw.strip() == NONE else [p.strip() for p in raw.split(";") if p.strip()]
            raw = [_tidy(part) for part in raw]
        return self.check(raw, unit)

    def plain(self, value: Any) -> Any:
        return "; ".join(value) or NONE

    def scale(self, unit: Unit | None = None) -> Scale:
        return Scale(level="none")

    def slots(self) -> Mapping[str, Scale]:
        return dict.fromkeys(self.nodes(), Scale(level="nominal", labels=ABSENT_PRESENT))

    def codes(self, value: Any, unit: Unit) -> dict[str, int]:
        given = self._whole(value)
        return {node: int(node in given) for node in self.nodes()}

    def _whole(self, value: Any) -> frozenset[str]:
        return frozenset(node for label in value for node in [*above(label), label])

    def distance(self, a: Any, b: Any) -> float:
        return set_distance(self._whole(a), self._whole(b), self.measure)

    def grade(self, value: Any, known: Any, unit: Unit) -> Grade:
        """F1 over the labels and those above them (Kiritchenko and others 2006)."""
        wanted, given = self._whole(known), self._whole(value)
        differs = of_sets({n: n for n in known}, {n: n for n in value}).differs
        return Grade(f1(len(wanted & given), len(wanted), len(given)), differs)

    def entry(self) -> Entry:
        return "presses"

    def describe(self, value: Any, unit: Unit) -> str:
        return ", ".join(value) or Told("none of these")

    def argilla(self) -> dict[str, Any]:
        return {"type": "multi_label_selection", "name": self.name, "labels": list(self.labels)}

    def example(self, unit: Unit) -> Any:
        return list(self._sound())[: max(self.least, 1)]

    def _sound(self) -> list[str]:
        """Labels that no other label implies."""
        inner = {node for label in self.labels for node in above(label)}
        return [label for label in self.labels if label not in inner]

    @classmethod
    def sample(cls) -> "Multilabel":
        labels = ["unclear", "fluency > grammar", "fluency > spelling"]
        return cls(name="example", title="An example", labels=labels, none=True)


def _tidy(label: str) -> str:
    """A label with the same blanks around every `>`."""
    return BETWEEN.join(part.strip() for part in label.split(">"))
