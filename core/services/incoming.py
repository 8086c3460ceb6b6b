"""What an import has read, held against what the study has, and written into it."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from core.digest import canonical
from core.imports.base import (
    Importer,
    ImportFailed,
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
from core.services import people, studies
from core.services.studies import Study
from core.units import Invalid, Unit
from storage import imported, items, judgments
from storage import studies as study_rows
from storage.judgments import Conflict, NewJudgment, Stored

BATCH = 4000


class Shelf:
    """Units by item and outputs: of items just read, and of those that the study has."""

    def __init__(
        self, protocol: StudyProtocol, read: Iterable[ItemRow],
        fetch: Callable[[str], ItemRow | None],
    ) -> None:  # fmt: skip
        self.protocol = protocol
        self.items: dict[str, ItemRow | None] = {item.key: item for item in read}
        self._fetch = fetch
        self._units: dict[str, dict[tuple[str, ...], Unit]] = {}

    def unit(self, item: str, outputs: Sequence[str] | None) -> Unit | None:
        """The unit that shows these outputs; the only one of the item when none are named."""
        found = self.of(item)
        if outputs is not None:
            return found.get(tuple(outputs))
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
        every = [o.key for o in item.outputs]
        return {
            tuple(group): unit_of(
                self.protocol, item, group, studies.unit_key(item.key, group, every)
            )
            for group in studies.groups(self.protocol, every, item.meta)
        }


@dataclass
class Incoming:
    """Rows read and checked; `new_items` are those that the study does not have."""

    items: list[ItemRow]
    new_items: list[ItemRow]
    judgments: list[JudgmentRow]
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
        keys = [_new(row, 0, 0, 0).key for row in rows]
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

    shelf = Shelf(reading.study(), rows, fetch)
    names: dict[RaterRow, RaterRow | None] = {}
    seen: dict[tuple[Any, ...], Place] = {}
    found = [
        row for row in importer.judgments(reading, shelf.unit)
        if _named(row, names, problems) and _once(row, seen, problems)
    ]  # fmt: skip
    problems.settle()
    if not rows and not found:
        what = "items or judgments (the mapping or its `where` matches no row)"
        problems.add(Place(reading.files[0].name), "", what, "none")
        problems.settle()
    return Incoming(rows, fresh, found, shelf, problems)


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
    if row.rater not in names:
        names[row.rater] = row.rater
        if row.rater.kind == "person":
            try:
                name = people.name(row.rater.key)
                names[row.rater] = RaterRow("person", name, row.rater.name or name, row.rater.spec)
            except Invalid as error:
                problems.add(
                    row.place, "rater", f"a person's name ({error.message})", row.rater.key
                )
                names[row.rater] = None
    found = names[row.rater]
    row.rater = found or row.rater
    return found is not None


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


def bring(
    connection: Connection, study: Study, found: Incoming, tell: Callable[[int, int], None] | None
) -> tuple[int, int]:
    """Write what is new; returns how many units and judgments were added."""
    units = 0
    if found.new_items:
        items.add_items(connection, study.id, (_item(row) for row in found.new_items))
        ids = items.item_ids(connection, study.id)
        items.add_outputs(
            connection, study.id,
            ({"item": ids[row.key], "key": o.key, "content": o.content, "source": o.source,
              "role": o.role} for row in found.new_items for o in row.outputs),
        )  # fmt: skip
        units = studies.add_missing_units(connection, study)
    found.settled(connection, study)
    return units, _append(connection, study, found, tell)


def _item(row: ItemRow) -> dict[str, Any]:
    return {"key": row.key, "content": row.content, "meta": row.meta, "gold": dict(row.gold)}


def _append(
    connection: Connection, study: Study, found: Incoming, tell: Callable[[int, int], None] | None
) -> int:
    """Append the judgments in their order; returns how many are new."""
    writer = _Writer(connection, study, found.problems)
    total = len(found.judgments)
    for count, row in enumerate(found.judgments, 1):
        writer.add(row)
        if tell and count % BATCH == 0:
            tell(count, total)
    writer.flush()
    writer.note_people()
    if tell:
        tell(total, total)
    return writer.fresh


class _Writer:
    """Appends judgments in batches; a correction waits until what it corrects is stored.

    `landed` is where the rows of the file went by their own numbers; `answered` holds, per unit
    and person, the questions that have a standing answer.
    """

    def __init__(self, connection: Connection, study: Study, problems: Problems) -> None:
        self.connection, self.study, self.problems = connection, study, problems
        self.units = items.unit_ids(connection, study.id)
        self.raters, self.wordings = _Raters(connection, study.id), _Wordings(connection)
        self.landed: dict[int, Stored] = {}
        self.answered: dict[tuple[int, int], set[int]] = {}
        self.waiting: list[tuple[JudgmentRow, NewJudgment]] = []
        self.fresh = 0

    def add(self, row: JudgmentRow) -> None:
        """Take one row; rows are written when there are many, or when one corrects another."""
        if len(self.waiting) >= BATCH or not (row.replaces is None or row.replaces in self.landed):
            self.flush()
        old = None if row.replaces is None else self.landed.get(row.replaces)
        if row.replaces is not None and old is None:
            self.problems.add(row.place, "replaces", "an earlier row's sequence", row.replaces)
            self.problems.settle()
        rater = self.raters.of(row.rater)
        new = _new(row, self.units[row.unit.key], self.wordings.of(row), rater, old)
        self.waiting.append((row, new))
        if row.rater.kind == "person" and row.stage == "first" and row.repeat == 0:
            standing = self.answered.setdefault((new.unit, rater), set())
            (standing.discard if row.withdrawn else standing.add)(new.question)

    def flush(self) -> None:
        """Write what waits."""
        if not self.waiting:
            return
        try:
            rows = [new for _, new in self.waiting]
            stored = judgments.append(self.connection, self.study.id, rows)
        except Conflict as error:
            place = self.waiting[0][0].place
            self.problems.add(place, "", "corrections that the study does not have", str(error))
            raise ImportFailed(self.problems.found) from None
        for (row, _), landed in zip(self.waiting, stored, strict=True):
            if row.number is not None:
                self.landed[row.number] = landed
        self.fresh += sum(not landed.again for landed in stored)
        self.waiting.clear()

    def note_people(self) -> None:
        """Count people's answers towards the overlap of their units."""
        pairs = [pair for pair, standing in self.answered.items() if standing]
        overlap = self.study.protocol.assignment.overlap
        imported.answered(self.connection, self.study.id, pairs, overlap)


class _Raters:
    """Row ids of raters, written at their first appearance."""

    def __init__(self, connection: Connection, study: int) -> None:
        self.connection, self.study = connection, study
        self.ids: dict[RaterRow, int] = {}

    def of(self, row: RaterRow) -> int:
        if row not in self.ids:
            self.ids[row] = study_rows.rater(
                self.connection, self.study, row.kind, row.key, name=row.name,
                spec=json.loads(row.spec),
            )  # fmt: skip
        return self.ids[row]


class _Wordings:
    """Row ids of wordings, written at their first use."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.ids: dict[str, int] = {}

    def of(self, row: JudgmentRow) -> int:
        asked = row.question
        if asked.digest not in self.ids:
            self.ids[asked.digest] = study_rows.wording(
                self.connection, asked.digest, asked.name, asked.kind, asked.definition()
            )
        return self.ids[asked.digest]


def _new(
    row: JudgmentRow, unit: int, question: int, rater: int, old: Stored | None = None
) -> NewJudgment:
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
