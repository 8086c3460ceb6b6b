"""What an import has read, held against what the study has, and written into it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from core.digest import canonical
from core.imports.base import (
    EventRow,
    Importer,
    ItemRow,
    JudgmentRow,
    OutputRow,
    Place,
    Problems,
    RaterRow,
    Reading,
)
from core.imports.cells import unit_of
from core.protocol import StudyProtocol
from core.services import material, people
from core.services.studies import Study
from core.units import Invalid, Unit
from storage import imported, items, judgments
from storage.judgments import NewJudgment, Stored


class Shelf:
    """Units by item and outputs: of items just read, and of those that the study has.

    `names` are the keys of units that the study has, by item and outputs: an item whose outputs
    grew has units under keys of their own.
    """

    def __init__(
        self, protocol: StudyProtocol, read: Iterable[ItemRow],
        fetch: Callable[[str], ItemRow | None],
        names: Mapping[tuple[str, tuple[str, ...]], str] | None = None,
    ) -> None:  # fmt: skip
        self.protocol = protocol
        self.names = names or {}
        self.items: dict[str, ItemRow | None] = {item.key: item for item in read}
        self._fetch = fetch
        self._units: dict[str, dict[tuple[str, ...], Unit]] = {}

    def unit(self, item: str, outputs: Sequence[str] | None) -> Unit | None:
        """The unit that shows these outputs; the only one of the item when none are named."""
        found = self.of(item)
        if outputs is not None:
            return found.get(tuple(outputs)) or self._earlier(item, tuple(outputs), found)
        return next(iter(found.values())) if len(found) == 1 else None

    def of(self, item: str) -> dict[tuple[str, ...], Unit]:
        """Every unit of an item by its outputs; none for an unknown item."""
        if item not in self._units:
            if item not in self.items:
                self.items[item] = self._fetch(item)
            row = self.items[item]
            self._units[item] = self._made(row) if row else {}
        return self._units[item]

    def _made(self, item: ItemRow) -> dict[tuple[str, ...], Unit]:
        made = [(o.key, o.role) for o in item.outputs]
        every = material.judged(self.protocol, made, item.meta)
        found: dict[tuple[str, ...], Unit] = {}
        for group in () if every is None else material.groups(self.protocol, every, item.meta):
            found[tuple(group)] = self._unit(item, group, every or ())
        return found

    def _unit(self, item: ItemRow, group: Sequence[str], every: Sequence[str]) -> Unit:
        key = self.names.get((item.key, tuple(group)))
        return unit_of(
            self.protocol, item, group, key or material.free_key(item.key, group, every, ())
        )

    def _earlier(
        self, item: str, group: tuple[str, ...], found: dict[tuple[str, ...], Unit]
    ) -> Unit | None:
        """A unit that the item had before workers wrote more outputs for it; None without one."""
        row = self.items.get(item)
        known = {o.key for o in row.outputs} if row else set()
        chooses = self.protocol.pairs.rule != "all" and len(group) == 2
        if row is None or not (self.protocol.writes() or chooses) or not set(group) <= known:
            return None
        found[group] = self._unit(row, group, [o.key for o in row.outputs])
        return found[group]


@dataclass
class Incoming:
    """Rows read and checked; `new_items` are those that the study does not have."""

    items: list[ItemRow]
    new_items: list[ItemRow]
    judgments: list[JudgmentRow]
    events: list[EventRow]
    shelf: Shelf
    problems: Problems = field(default_factory=Problems)

    def first_units(self, count: int) -> list[Unit]:
        """The first units, in the order of the files."""
        found: list[Unit] = []
        for item in self.items[:count]:
            found += self.shelf.of(item.key).values()
        return found[:count]

    def settled(self, connection: Connection, study: Study | None) -> int:
        """How many of the judgments the study has; raises `ImportFailed` on other answers."""
        if study is None:
            return 0
        rows = [row for row in self.judgments if row.replaces is None]
        keys = [new_row(row, 0, 0, 0).key for row in rows]
        known = judgments.lookup(connection, study.id, keys)
        for row, key in zip(rows, keys, strict=True):
            if key in known:
                _same(row, known[key], self.problems)
        self.problems.settle()
        return len(known)


def read(
    connection: Connection, study: Study | None, importer: Importer, reading: Reading
) -> Incoming:
    """Read the files wholly; raises `ImportFailed` when anything is wrong."""
    problems = reading.problems
    rows = list(importer.items(reading))
    known = imported.items(connection, study.id, [r.key for r in rows]) if study else {}
    fresh = [row for row in rows if row.key not in known]
    for row in rows:
        if row.key in known:
            _compare(row, _stored(*known[row.key]), problems)
    problems.settle()

    def fetch(key: str) -> ItemRow | None:
        found = imported.items(connection, study.id, [key]) if study else {}
        return _stored(*found[key]) if key in found else None

    shelf = Shelf(reading.study(), rows, fetch, _names(connection, study))
    names: dict[RaterRow, RaterRow | None] = {}
    seen: dict[tuple[Any, ...], Place] = {}
    found = [
        row for row in importer.judgments(reading, shelf.unit)
        if _named(row, names, problems) and _once(row, seen, problems)
    ]  # fmt: skip
    events = [
        row if row.rater is None else replace(row, rater=_person(row.rater, row.place, names,
                                                                 problems))
        for row in importer.events(reading, shelf.unit)
    ]  # fmt: skip
    problems.settle()
    if not rows and not found:
        what = "items or judgments (the mapping or its `where` matches no row)"
        problems.add(Place(reading.files[0].name), "", what, "none")
        problems.settle()
    return Incoming(rows, fresh, found, events, shelf, problems)


def _names(connection: Connection, study: Study | None) -> dict[tuple[str, tuple[str, ...]], str]:
    """The keys of a study's units by item and outputs; read where items may have grown."""
    if study is None or not study.protocol.writes():
        return {}
    keys = {row: key for key, row in items.item_ids(connection, study.id).items()}
    return {
        (keys[item], group): name
        for item, own in items.unit_outputs(connection, study.id).items()
        for group, name in own.items()
    }


def _stored(row: Any, outputs: Iterable[Any]) -> ItemRow:
    made = [OutputRow(o.key, o.content, o.source, o.role) for o in outputs]
    return ItemRow(row.key, row.content, made, row.meta, row.gold or {}, Place("the study"))


def _compare(row: ItemRow, old: ItemRow, problems: Problems) -> None:
    """An item of a known key must be the same; outputs made since then do not matter."""
    mine, theirs = row.facts(), old.facts()
    added = {k: v for k, v in theirs["outputs"].items() if k in mine["outputs"]}
    theirs["outputs"] = added
    for part in mine:
        if canonical(mine[part]) != canonical(theirs[part]):
            expected = f"the same {part} as item {row.key!r} of the study has, or another key"
            problems.add(row.place, part, expected, canonical(mine[part]))
            return


def _named(
    row: JudgmentRow, names: dict[RaterRow, RaterRow | None], problems: Problems
) -> bool:  # fmt: skip
    """Give people the one form of their name; False after noting a problem."""
    found = _person(row.rater, row.place, names, problems)
    row.rater = found or row.rater
    return found is not None


def _person(
    rater: RaterRow, place: Place, names: dict[RaterRow, RaterRow | None], problems: Problems
) -> RaterRow | None:
    """A rater, people in the one form of their name; None after noting a problem."""
    if rater not in names:
        names[rater] = rater
        if rater.kind == "person":
            try:
                name = people.name(rater.key)
                names[rater] = RaterRow("person", name, rater.name or name, rater.spec)
            except Invalid as error:
                problems.add(place, "rater", f"a person's name ({error.message})", rater.key)
                names[rater] = None
    return names[rater]


def _once(row: JudgmentRow, seen: dict[tuple[Any, ...], Place], problems: Problems) -> bool:
    """Whether this is the first answer of the rater there; a correction may follow it."""
    where = (
        row.unit.key, row.question.digest, row.rater.kind, row.rater.key, row.stage, row.repeat,
        row.condition, row.replaces,
    )  # fmt: skip
    if where in seen:
        expected = f"one answer per rater and unit ({seen[where]} has one; number them by `repeat`)"
        problems.add(row.place, row.question.name, expected, f"{row.rater.key} on {row.unit.key}")
        return False
    seen[where] = row.place
    return True


def new_row(
    row: JudgmentRow, unit: int, question: int, rater: int, old: Stored | None = None
) -> NewJudgment:
    """The row as the log takes it; `old` is where the row that it corrects landed."""
    return NewJudgment(
        unit=unit, unit_key=row.unit.key, question=question, question_digest=row.question.digest,
        rater=rater, rater_key=f"{row.rater.kind}:{row.rater.key}", value=row.value,
        code=row.code, stage=row.stage, repeat=row.repeat, condition=row.condition,
        rationale=row.rationale, confidence=row.confidence, shown=row.shown,
        revealed=row.revealed, withdrawn=row.withdrawn, seconds=row.seconds,
        created_at=row.created_at, replaces=(old.id, old.sequence) if old else None,
    )  # fmt: skip


def _same(row: JudgmentRow, old: Any, problems: Problems) -> None:
    if old.value == canonical(row.value) and bool(old.withdrawn) == row.withdrawn:
        return
    expected = f"the answer that {row.rater.key} gave before (#{old.sequence}: {old.value})"
    problems.add(row.place, row.question.name, expected, canonical(row.value))
