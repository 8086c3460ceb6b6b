"""What else happened in a study, brought back from a file: skips, flags, comments, causes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from core.digest import canonical
from core.imports.base import EventRow, RaterRow
from core.services.studies import Study
from storage import imported, items
from storage.judgments import Stored

PAIR = "pair"


def bring(
    connection: Connection, study: Study, rows: Sequence[EventRow],
    rater: Callable[[RaterRow], int], landed: Mapping[int, Stored],
) -> int:  # fmt: skip
    """Write the events that the study does not have; returns how many.

    `rater` gives the row of a rater, `landed` where the judgments of the file went by their
    numbers. An answer in a thread whose beginning is nowhere, and what is said of a judgment that
    the file does not hold, are left out. What is known of a pair that the study's own rule chose
    again stays as the rule said it.
    """
    if not rows:
        return 0
    units = items.unit_ids(connection, study.id)
    old = imported.events(connection, study.id, {row.kind for row in rows})
    known = {_mark(r.kind, r.unit, r.created_at, r.data): r.id for r in old}
    paired = {r.unit for r in old if r.kind == PAIR}
    threads: dict[int, int] = {}
    count = 0
    for row in rows:
        unit = units.get(row.unit.key) if row.unit else None
        data = _data(row, threads)
        about = landed.get(row.judgment) if row.judgment is not None else None
        lost = row.judgment is not None and about is None
        if data is None or lost or (row.kind == PAIR and (unit in paired or unit is None)):
            continue
        mark = _mark(row.kind, unit, row.created_at, data)
        if mark not in known:
            known[mark] = imported.add_event(
                connection,
                {"study": study.id, "kind": row.kind, "actor": row.by, "unit": unit,
                 "rater": None if row.rater is None else rater(row.rater),
                 "judgment": None if about is None else about.id, "data": data,
                 "created_at": row.created_at},
            )  # fmt: skip
            count += 1
        threads[row.number] = known[mark]
    return count


def _data(row: EventRow, threads: Mapping[int, int]) -> dict[str, Any] | None:
    """The event's data with numbers of this database; None for an answer to nothing."""
    data = dict(row.data)
    if row.kind in {"reply", "resolved"}:
        opened = threads.get(int(data["of"])) if isinstance(data.get("of"), int) else None
        return None if opened is None else {**data, "of": opened}
    if "run" in data:
        data["run"] = None
    data.pop("batch", None)
    return data


def _mark(kind: str, unit: int | None, moment: int, data: Mapping[str, Any]) -> tuple[Any, ...]:
    """What makes an event the same when it is brought again."""
    said = {name: value for name, value in data.items() if name != "run"}
    return (kind, unit, moment, canonical(said))
