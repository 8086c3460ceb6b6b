"""The answers that count of some raters to some units."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from storage.tables import Item, Judgment, Rater, Unit

I: Any = Item.__table__  # type: ignore[attr-defined]  # noqa: E741
J: Any = Judgment.__table__  # type: ignore[attr-defined]
R: Any = Rater.__table__  # type: ignore[attr-defined]
U: Any = Unit.__table__  # type: ignore[attr-defined]
CHUNK = 400
VOTES = (
    select(
        J.c.id, J.c.unit, J.c.rater, J.c.question, J.c.repeat, J.c.value, J.c.code, J.c.rationale,
        J.c.withdrawn, J.c.sequence,
    )
    .where(
        J.c.unit.in_(bindparam("units", expanding=True)),
        J.c.rater.in_(bindparam("raters", expanding=True)),
        J.c.question.in_(bindparam("questions", expanding=True)),
        J.c.stage == "first",
        J.c.condition == "",
    )
    .order_by(J.c.sequence)
)  # fmt: skip


def standing(
    connection: Connection, units: Sequence[int], raters: Sequence[int], questions: Sequence[int]
) -> list[Any]:
    """The newest ordinary answer per unit, rater, question and repeat, without withdrawn ones."""
    found: dict[Any, Any] = {}
    for start in range(0, len(units), CHUNK):
        part = {"units": units[start : start + CHUNK], "raters": raters, "questions": questions}
        for row in connection.execute(VOTES, part):
            found[(row.unit, row.rater, row.question, row.repeat)] = row
    return [row for row in found.values() if not row.withdrawn]


DECIDED = (
    select(J.c.unit, J.c.value, J.c.code, J.c.rationale, J.c.withdrawn, J.c.rater, J.c.sequence)
    .where(
        J.c.study == bindparam("study_id"),
        J.c.question == bindparam("question_id"),
        J.c.stage == "adjudicated",
        J.c.condition == "",
    )
    .order_by(J.c.sequence)
)


def adjudicated(connection: Connection, study: int, question: int) -> dict[int, Any]:
    """The answer that holds per unit, of those that somebody decided: the newest that stands."""
    rows = connection.execute(DECIDED, {"study_id": study, "question_id": question})
    newest = {(row.unit, row.rater): row for row in rows}
    standing = sorted((r for r in newest.values() if not r.withdrawn), key=lambda r: r.sequence)
    return {row.unit: row for row in standing}


BY_PEOPLE = (
    select(
        J.c.unit, J.c.rater, J.c.question, J.c.stage, J.c.value, J.c.withdrawn, J.c.sequence,
        U.c.outputs, I.c.key.label("item_key"),
    )
    .join(U, U.c.id == J.c.unit)
    .join(I, I.c.id == U.c.item)
    .join(R, R.c.id == J.c.rater)
    .where(
        J.c.study == bindparam("study_id"),
        I.c.key.in_(bindparam("items", expanding=True)),
        J.c.question.in_(bindparam("questions", expanding=True)),
        (R.c.kind == "person") | (J.c.stage == "adjudicated"),
        J.c.stage.in_(("first", "revised", "adjudicated")),
        J.c.condition == "",
    )
    .order_by(J.c.sequence)
)  # fmt: skip


def by_people(
    connection: Connection, study: int, items: Sequence[str], questions: Sequence[int]
) -> list[Any]:
    """What people answered to these questions about items (keys): decisions first, then the newest.

    The newest row per unit, rater, question and stage, without withdrawn ones; `outputs` are the
    keys that the unit shows.
    """
    found: dict[Any, Any] = {}
    for start in range(0, len(items), CHUNK):
        part = {"study_id": study, "items": items[start : start + CHUNK], "questions": questions}
        for row in connection.execute(BY_PEOPLE, part):
            found[(row.unit, row.rater, row.question, row.stage)] = row
    rows = [row for row in found.values() if not row.withdrawn]
    return sorted(rows, key=lambda row: (row.stage == "adjudicated", row.sequence), reverse=True)
