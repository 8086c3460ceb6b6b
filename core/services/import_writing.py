"""Writing what an import has read: items, units, judgments in their order, people's answers."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection

from core.imports.base import Assigned, ImportFailed, ItemRow, JudgmentRow, Problems, RaterRow
from core.services import import_events, material
from core.services.import_reading import Incoming, new_row
from core.services.studies import Study
from storage import imported, items, judgments, outputs
from storage import studies as study_rows
from storage.judgments import Conflict, NewJudgment, Stored

BATCH = 4000


def bring(
    connection: Connection, study: Study, found: Incoming, tell: Callable[[int, int], None] | None
) -> tuple[int, int]:
    """Write what is new; returns how many units and judgments were added."""
    units = 0
    if found.new_items:
        items.add_items(connection, study.id, (_item(row) for row in found.new_items))
        ids = items.item_ids(connection, study.id)
        outputs.add_tree(
            connection, study.id,
            [(o.parent, {"item": ids[row.key], "key": o.key, "content": o.content,
                         "source": o.source, "role": o.role})
             for row in found.new_items for o in row.outputs],
        )  # fmt: skip
        units = material.add_missing_units(connection, study)
    units += _earlier(connection, study, found)
    known = found.settled(connection, study)
    fresh = _append(connection, study, found, tell, check=known > 0)
    return units, fresh


def _item(row: ItemRow) -> dict[str, Any]:
    return {"key": row.key, "content": row.content, "meta": row.meta, "gold": dict(row.gold)}


def _earlier(connection: Connection, study: Study, found: Incoming) -> int:
    """Make the units that answers name and that are not there.

    Those that an item had before its outputs grew, and pairs that the study's rule left out.
    """
    if not study.protocol.writes() and study.protocol.pairs.rule == "all":
        return 0
    known = items.unit_outputs(connection, study.id)
    ids = items.item_ids(connection, study.id)
    wanted = {
        (row.unit.item, row.unit.order): row.unit.key
        for row in found.judgments
        if row.unit.order not in known.get(ids[row.unit.item], {})
    }
    start = items.last_position(connection, study.id) + 1
    return items.add_units(
        connection, study.id,
        ({"item": ids[item], "key": key, "outputs": list(order), "position": start + place}
         for place, ((item, order), key) in enumerate(wanted.items())),
    )  # fmt: skip


def _append(
    connection: Connection, study: Study, found: Incoming,
    tell: Callable[[int, int], None] | None, *, check: bool,
) -> int:  # fmt: skip
    """Append the judgments in their order; returns how many are new."""
    writer = _Writer(connection, study, found.problems, check=check)
    total = len(found.judgments)
    for count, row in enumerate(found.judgments, 1):
        writer.add(row)
        if tell and count % BATCH == 0:
            tell(count, total)
    writer.flush()
    writer.note_people()
    import_events.bring(connection, study, found.events, writer.raters.of, writer.landed)
    if tell:
        tell(total, total)
    return writer.fresh


class _Writer:
    """Appends judgments in batches; a correction waits until what it corrects is stored.

    `landed` is where the rows of the file went by their own numbers; `answered` holds, per unit
    and person, the questions that have a standing answer, and `touched` the units and raters with
    new rows. Without `check` the log is known to hold none of the rows.
    """

    def __init__(
        self, connection: Connection, study: Study, problems: Problems, *, check: bool
    ) -> None:
        self.check = check
        self.connection, self.study, self.problems = connection, study, problems
        self.units = items.unit_ids(connection, study.id)
        self.raters, self.wordings = _Raters(connection, study.id), _Wordings(connection)
        self.landed: dict[int, Stored] = {}
        self.answered: dict[tuple[int, int], set[int]] = {}
        self.waiting: list[tuple[JudgmentRow, NewJudgment]] = []
        self.given = _Given(connection, study.id)
        self.touched: set[tuple[int, int]] = set()
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
        new = new_row(row, self.units[row.unit.key], self.wordings.of(row), rater, old)
        self.waiting.append((row, new))
        mixed_in = row.assigned is not None and row.assigned.stage != "first"
        if (
            row.rater.kind == "person" and row.stage == "first" and row.repeat == 0 and not mixed_in
        ):  # fmt: skip
            standing = self.answered.setdefault((new.unit, rater), set())
            (standing.discard if row.withdrawn else standing.add)(new.question)

    def flush(self) -> None:
        """Write what waits."""
        if not self.waiting:
            return
        try:
            rows = self.given.linked(self.waiting)
            stored = judgments.append(self.connection, self.study.id, rows, check=self.check)
        except Conflict as error:
            place = self.waiting[0][0].place
            self.problems.add(place, "", "corrections that the study does not have", str(error))
            raise ImportFailed(self.problems.found) from None
        for (row, new), landed in zip(self.waiting, stored, strict=True):
            if row.number is not None:
                self.landed[row.number] = landed
            if not landed.again:
                self.touched.add((new.unit, new.rater))
        self.fresh += sum(not landed.again for landed in stored)
        self.waiting.clear()

    def note_people(self) -> None:
        """Count people's new answers towards the overlap of their units."""
        pairs = [p for p, standing in self.answered.items() if standing and p in self.touched]
        overlap = self.study.protocol.assignment.overlap
        imported.answered(self.connection, self.study.id, pairs, overlap)


class _Given:
    """Assignments that the file tells of: written so that policy and chance come back too."""

    def __init__(self, connection: Connection, study: int) -> None:
        self.connection, self.study = connection, study
        self.ids: dict[imported.Place, int] | None = None

    def linked(self, rows: Sequence[tuple[JudgmentRow, NewJudgment]]) -> list[NewJudgment]:
        """The rows with the assignments that they answer."""
        wanted: dict[imported.Place, Assigned] = {}
        for row, new in rows:
            if row.assigned is not None and row.rater.kind == "person":
                wanted[_place(row.assigned, new)] = row.assigned
        if not wanted:
            return [new for _, new in rows]
        if self.ids is None:
            self.ids = imported.assigned(self.connection, self.study)
        missing = {p: asdict(given) for p, given in wanted.items() if p not in self.ids}
        if missing:
            imported.assign(self.connection, self.study, missing)
            self.ids = imported.assigned(self.connection, self.study)
        ids = self.ids
        return [
            new if row.assigned is None or row.rater.kind != "person"
            else replace(new, assignment=ids[_place(row.assigned, new)])
            for row, new in rows
        ]  # fmt: skip


def _place(given: Assigned, new: NewJudgment) -> imported.Place:
    return (new.unit, new.rater, given.stage, given.repeat)


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
