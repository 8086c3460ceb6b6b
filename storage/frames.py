"""The log as statistics read it: small integers, from the tail."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Text, bindparam, cast, func, select

from storage.items import SEEN
from storage.tables import Item, Judgment, Output, Unit

J: Any = Judgment.__table__  # type: ignore[attr-defined]
I: Any = Item.__table__  # type: ignore[attr-defined]  # noqa: E741
O: Any = Output.__table__  # type: ignore[attr-defined]  # noqa: E741
U: Any = Unit.__table__  # type: ignore[attr-defined]
COLUMNS = ("sequence", "unit", "question", "rater", "repeat", "code", "withdrawn")
MISSING = -1

ROWS = (
    select(J.c.sequence, J.c.unit, J.c.question, J.c.rater, J.c.repeat, J.c.code, J.c.withdrawn)
    .where(J.c.stage == "first", J.c.condition == "")
    .order_by(J.c.sequence)
)
TAIL = ROWS.where(J.c.study == bindparam("study_id"), J.c.sequence > bindparam("after"))
ANSWERS = ROWS.where(J.c.question == bindparam("wording"), J.c.sequence <= bindparam("until"))


def tail(connection: Connection, study: int, after: int = 0) -> NDArray[np.int64]:
    """Ordinary first-stage judgments with `sequence > after`, in order of the sequence.

    An (n, 7) integer array with columns `COLUMNS`; unit, question and rater are row ids, code is
    -1 where there is none (free text, "n/a", a withdrawal). A later row about the same unit,
    question, rater and repeat supersedes an earlier one; a withdrawn one leaves nothing.
    """
    return _array(connection, TAIL, {"study_id": study, "after": after})


def answers(
    connection: Connection, study: int, wording: int, until: int,
    units: Collection[int] | None = None,
) -> NDArray[np.int64]:  # fmt: skip
    """The rows of one wording that `tail` reads with `sequence <= until`, in the same form.

    Those about these units of the study, or about all.
    """
    some = J.c.study == study if units is None else J.c.unit.in_(list(units))
    return _array(connection, ANSWERS.where(some), {"wording": wording, "until": until})


def _array(connection: Connection, query: Any, facts: Mapping[str, int]) -> NDArray[np.int64]:
    rows = [
        (r[0], r[1], r[2], r[3], r[4], MISSING if r[5] is None else r[5], int(r[6]))
        for r in connection.execute(query, facts)
    ]
    return np.array(rows, dtype=np.int64).reshape(len(rows), len(COLUMNS))


def moved(connection: Connection, study: int, after: int, until: int) -> set[int]:
    """Units with a row of any stage with `after < sequence <= until`."""
    facts = {"study_id": study, "after": after, "until": until}
    return set(connection.execute(MOVED, facts).scalars())


def unit_places(connection: Connection, study: int) -> NDArray[np.int64]:
    """Unit ids, their item ids and positions, ascending by unit: an (n, 3) integer array."""
    rows = [tuple(row) for row in connection.execute(PLACES, {"study_id": study})]
    return np.array(rows, dtype=np.int64).reshape(len(rows), 3)


def units_of(connection: Connection, study: int, roles: Sequence[str]) -> NDArray[np.int64]:
    """Ids of the units that show an output of one of these roles."""
    rows = connection.execute(
        select(O.c.item, O.c.key).where(O.c.study == study, O.c.role.in_(list(roles)))
    )
    wanted = {(row.item, row.key) for row in rows}
    units = connection.execute(
        select(U.c.id, U.c.item, U.c.outputs).where(U.c.study == study, SEEN)
    )
    found = [u.id for u in units if any((u.item, key) in wanted for key in u.outputs)]
    return np.array(found, dtype=np.int64)


def item_facts(connection: Connection, study: int) -> dict[int, Any]:
    """The facts (`meta`) about each item, by item id."""
    rows = connection.execute(select(I.c.id, I.c.meta).where(I.c.study == study))
    return {row.id: row.meta for row in rows}


def known_answers(connection: Connection, study: int) -> list[Any]:
    """Units whose item has known answers: id, key, item_key, outputs, meta, gold."""
    return list(connection.execute(KNOWN, {"study_id": study}))


def pace(connection: Connection, study: int, after: int, until: int) -> list[Any]:
    """Per question and rater: how many answers with a time, and seconds in all.

    Over the rows that `tail` reads with `after < sequence <= until`, corrections included.
    """
    return list(connection.execute(PACE, {"study_id": study, "after": after, "until": until}))


def values(connection: Connection, study: int, question: int, after: int) -> list[Any]:
    """The rows of one wording that `tail` reads, with their values.

    Each has sequence, unit, rater, repeat, value (JSON text), withdrawn, seconds; by sequence.
    """
    given = {"study_id": study, "wording": question, "after": after}
    return list(connection.execute(VALUES, given))


def outlines(connection: Connection, units: Iterable[int]) -> list[Any]:
    """Units without their contents: id, key, item_key, outputs, meta."""
    ids = sorted(units)
    found: list[Any] = []
    for start in range(0, len(ids), 500):
        found += connection.execute(OUTLINES, {"unit_ids": ids[start : start + 500]}).all()
    return found


MOVED = (
    select(J.c.unit)
    .where(
        J.c.study == bindparam("study_id"),
        J.c.sequence > bindparam("after"),
        J.c.sequence <= bindparam("until"),
    )
    .distinct()
)
VALUES = (
    select(J.c.sequence, J.c.unit, J.c.rater, J.c.repeat, J.c.value, J.c.withdrawn, J.c.seconds)
    .where(
        J.c.study == bindparam("study_id"),
        J.c.question == bindparam("wording"),
        J.c.sequence > bindparam("after"),
        J.c.stage == "first",
        J.c.condition == "",
    )
    .order_by(J.c.sequence)
)
OUTLINES = (
    select(U.c.id, U.c.key, I.c.key.label("item_key"), U.c.outputs, I.c.meta)
    .join(I, I.c.id == U.c.item)
    .where(U.c.id.in_(bindparam("unit_ids", expanding=True)))
)
PLACES = (
    select(U.c.id, U.c.item, U.c.position)
    .where(U.c.study == bindparam("study_id"), SEEN)
    .order_by(U.c.id)
)
KNOWN = (
    select(U.c.id, U.c.key, I.c.key.label("item_key"), U.c.outputs, I.c.meta, I.c.gold)
    .join(I, I.c.id == U.c.item)
    .where(
        U.c.study == bindparam("study_id"),
        SEEN,
        I.c.gold.is_not(None),
        cast(I.c.gold, Text).not_in(["null", "{}"]),
    )
)
PACE = (
    select(J.c.question, J.c.rater, func.count(J.c.seconds), func.sum(J.c.seconds))
    .where(
        J.c.study == bindparam("study_id"),
        J.c.sequence > bindparam("after"),
        J.c.sequence <= bindparam("until"),
        J.c.stage == "first",
        J.c.condition == "",
        J.c.seconds.is_not(None),
    )
    .group_by(J.c.question, J.c.rater)
)
