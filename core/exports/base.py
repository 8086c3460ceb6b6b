"""What every export is: lines of a file, made from a study that is read piece by piece."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from core.protocol import StudyProtocol
from core.questions.base import Question
from core.registry import Registry
from core.units import Unit


@dataclass(frozen=True, slots=True)
class Judge:
    """A rater as an export names it; people are numbered unless names were asked for."""

    kind: str
    key: str
    name: str
    simulated: bool
    spec: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the log. `status` is current, replaced or withdrawn; times are microseconds.

    `arm`, `policy`, `propensity`, `design`, `given_stage` and `given_repeat` are those of the
    assignment that it answers, if any. `audit` says whether the unit was drawn from the pairs that
    the study's rule left out; None where no rule chose it.
    """

    sequence: int
    item: str
    unit: str
    outputs: Sequence[str]
    question: Question
    rater: Judge
    stage: str
    repeat: int
    condition: str
    value: Any
    code: int | None
    rationale: str
    confidence: float | None
    seconds: float | None
    shown: Sequence[str]
    revealed: Sequence[str]
    replaces: int | None
    status: str
    withdrawn: bool
    created_at: int
    arm: str = ""
    policy: str = ""
    propensity: float | None = None
    design: str = ""
    given_stage: str = ""
    given_repeat: int = 0
    audit: bool | None = None

    def outline(self) -> Unit:
        """The unit's keys without content: enough to name codes."""
        return Unit(self.unit, self.item, {}, (), tuple(self.outputs))


@dataclass(frozen=True, slots=True)
class Happening:
    """An event: a skip, a flag, a comment, a cause, what else is known of a unit or a judgment.

    `by` is who did it, `rater` whom it is about; `judgment` is a row's sequence.
    """

    number: int
    kind: str
    by: str
    rater: Judge | None
    item: str | None
    unit: str | None
    outputs: Sequence[str] | None
    judgment: int | None
    data: Mapping[str, Any]
    created_at: int


@dataclass(frozen=True, slots=True)
class Item:
    """An item with its outputs, contents as stored."""

    key: str
    fields: Mapping[str, Any]
    meta: Mapping[str, Any]
    gold: Mapping[str, Any]
    outputs: Sequence[Mapping[str, Any]]


@dataclass
class Material:
    """A study to export; each call reads it anew from its start.

    `rater` names a rater whose answers decide, where a format needs one; `question` the question
    that it is about. `counts` is filled with what was written and what was left out.
    """

    protocol: StudyProtocol
    state: str
    wordings: Sequence[Question]
    items: Callable[[], Iterator[Item]]
    entries: Callable[[], Iterator[Entry]]
    cases: Callable[[], Iterator[tuple[Unit, Sequence[Entry]]]]
    events: Callable[[], Iterator[Happening]]
    question: str = ""
    rater: str = ""
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, what: str) -> None:
        """Count one more."""
        self.counts[what] = self.counts.get(what, 0) + 1


class Exporter:
    """A format: `suffix` ends its file names, `mime` is its media type."""

    kind: ClassVar[str]
    title: ClassVar[str]
    suffix: ClassVar[str]
    mime: ClassVar[str]

    def lines(self, material: Material) -> Generator[str, None, None]:
        """The text of the file, piece by piece."""
        raise NotImplementedError


exports: Registry[Exporter] = Registry("core.exports")
