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

    `arm`, `policy`, `propensity` and `design` are those of the assignment that it answers, if any.
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

    def outline(self) -> Unit:
        """The unit's keys without content: enough to name codes."""
        return Unit(self.unit, self.item, {}, (), tuple(self.outputs))


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
