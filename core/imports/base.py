"""What every import is: rows out of files, checked, each with the place it came from."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from core.imports.mapping import Mapped
from core.protocol import StudyProtocol
from core.questions.base import Question
from core.registry import Registry
from core.units import Unit

MOST_PROBLEMS = 20
SHORT = 80


@dataclass(frozen=True, slots=True)
class File:
    """A file to read: its name, and where its bytes are (a path, or the bytes themselves)."""

    name: str
    data: Path | bytes

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data) if isinstance(self.data, bytes) else self.data.stat().st_size

    def digest(self) -> str:
        """SHA-256 of the bytes, as 64 hexadecimal digits."""
        if isinstance(self.data, bytes):
            return hashlib.sha256(self.data).hexdigest()
        with self.data.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: the file, and the number of the line (in Parquet: of the row)."""

    file: str
    line: int = 0
    counted: str = "line"

    def __str__(self) -> str:
        return f"{self.file}, {self.counted} {self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong and where: `expected` says what should stand there, `found` what does."""

    place: Place
    column: str
    expected: str
    found: str = ""

    def __str__(self) -> str:
        where = f"{self.place}, {self.column}" if self.column else str(self.place)
        return f"{where}: expected {self.expected}" + (f"; found {self.found}" * bool(self.found))

    def data(self) -> dict[str, Any]:
        """The problem as plain data."""
        return {
            "file": self.place.file, self.place.counted: self.place.line or None,
            "column": self.column, "expected": self.expected, "found": self.found,
        }  # fmt: skip


class ImportFailed(ValueError):
    """Files that cannot be imported; nothing was written. `problems` says why."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        lines = "\n".join(str(problem) for problem in problems)
        more = f" (the first {MOST_PROBLEMS})" if len(problems) >= MOST_PROBLEMS else ""
        many = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"nothing was imported; {many}{more}:\n{lines}")
        self.problems = list(problems)


class Problems:
    """Collects problems and stops the reading at the twentieth with `ImportFailed`."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, place: Place, column: str, expected: str, found: Any = "") -> None:
        """Note a problem; `found` is shortened."""
        text = found if isinstance(found, str) else repr(found)
        text = text if len(text) <= SHORT else text[: SHORT - 1] + "…"
        self.found.append(Problem(place, column, expected, text))
        if len(self.found) >= MOST_PROBLEMS:
            raise ImportFailed(self.found)

    def settle(self) -> None:
        """Raise `ImportFailed` when there are problems."""
        if self.found:
            raise ImportFailed(self.found)


@dataclass(frozen=True, slots=True)
class OutputRow:
    """An output of an item, its content as stored; `parent` is the key of what it hangs on."""

    key: str
    content: Mapping[str, Any]
    source: str = ""
    role: str = "answer"
    parent: str = ""


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item as it will be stored, with its outputs."""

    key: str
    content: Mapping[str, Any]
    outputs: Sequence[OutputRow]
    meta: Mapping[str, Any]
    gold: Mapping[str, Any]
    place: Place

    def facts(self) -> dict[str, Any]:
        """What must be the same when the item is imported again."""
        return {
            "content": self.content, "meta": self.meta, "gold": self.gold,
            "outputs": {o.key: [o.role, o.source, o.content] for o in self.outputs},
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class RaterRow:
    """Who judged: kind (person, model, rule, panel), key, name; `spec` is a JSON text of facts."""

    kind: str
    key: str
    name: str = ""
    spec: str = "{}"


@dataclass(frozen=True, slots=True)
class Assigned:
    """How a unit was given to the person who judged it: what an assignment keeps."""

    policy: str
    propensity: float
    design: str
    arm: str
    stage: str
    repeat: int


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something else that happened: `by` did it, `rater` is whom it is about.

    `number` is the event's own in its file, `judgment` that of the row that it is about.
    """

    kind: str
    by: str
    rater: RaterRow | None
    unit: Unit | None
    judgment: int | None
    data: Mapping[str, Any]
    created_at: int
    number: int
    place: Place


@dataclass(slots=True)
class JudgmentRow:
    """A judgment on a unit, its value checked by the question.

    `assigned` is how the unit was given out, None where that is not known. `number` and `replaces`
    are the row's own number in its file and that of the row it corrects.
    """

    unit: Unit
    question: Question
    rater: RaterRow
    value: Any
    code: int | None
    place: Place
    stage: str = "first"
    repeat: int = 0
    condition: str = ""
    rationale: str = ""
    confidence: float | None = None
    seconds: float | None = None
    shown: Sequence[str] = ()
    revealed: Sequence[str] = ()
    withdrawn: bool = False
    created_at: int | None = None
    number: int | None = None
    replaces: int | None = None
    assigned: Assigned | None = None


Units = Callable[[str, Sequence[str] | None], Unit | None]


@dataclass
class Reading:
    """One import under way: what is read, how, and what was noticed.

    `missing` counts empty cells per column that could have held a judgment.
    """

    files: Sequence[File]
    problems: Problems = field(default_factory=Problems)
    mapping: Mapped | None = None
    protocol: StudyProtocol | None = None
    limit: int = 200_000_000
    missing: dict[str, int] = field(default_factory=dict)

    def study(self) -> StudyProtocol:
        """The protocol that rows are checked against."""
        if self.protocol is None:
            raise LookupError("name a study, or give a mapping with a `study:` part")
        return self.protocol


class Importer:
    """A way to read files: items first, then judgments on units that exist by then."""

    kind: ClassVar[str]
    title: ClassVar[str]

    def knows(self, files: Sequence[File]) -> bool:
        """Whether the files are of this kind by themselves, without a mapping."""
        return False

    def protocol(self, reading: Reading) -> StudyProtocol | None:
        """The study that the files or the mapping describe, if they do."""
        raise NotImplementedError

    def items(self, reading: Reading) -> Iterator[ItemRow]:
        """The items; what is wrong goes to `reading.problems`."""
        raise NotImplementedError

    def judgments(self, reading: Reading, units: Units) -> Iterator[JudgmentRow]:
        """The judgments; `units(item, outputs)` gives the unit, None where there is none."""
        raise NotImplementedError

    def events(self, reading: Reading, units: Units) -> Iterator[EventRow]:
        """What else happened; nothing, unless the kind of file holds it."""
        return iter(())


imports: Registry[Importer] = Registry("core.imports")
