"""What is known of a few units: answers so far, facts and sources, and duels of a whole log."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from storage.tables import Item, Judgment, Output, Rater, Unit

J: Any = Judgment.__table__  # type: ignore[attr-defined]
R: Any = Rater.__table__  # type: ignore[attr-defined]
I: Any = Item.__table__  # type: ignore[attr-defined]  # noqa: E741
O: Any = Output.__table__  # type: ignore[attr-defined]  # noqa: E741
U: Any = Unit.__table__  # type: ignore[attr-defined]

ANSWERS = (
    select(
        J.c.id,
        J.c.sequence,
        J.c.unit,
        J.c.question,
        J.c.rater,
        J.c.repeat,
        J.c.code,
        J.c.value,
        J.c.withdrawn,
        R.c.kind,
        R.c.name,
        R.c.spec,
        U.c.key.label("unit_key"),
    )
    .join(R, R.c.id == J.c.rater)
    .join(U, U.c.id == J.c.unit)
    .where(
        J.c.unit.in_(bindparam("units", expanding=True)),
        J.c.question.in_(bindparam("questions", expanding=True)),
        J.c.stage == "first",
        J.c.condition == "",
    )
    .order_by(J.c.sequence)
)
DUELS = (
    select(J.c.unit, J.c.rater, J.c.code, J.c.withdrawn, U.c.item, U.c.outputs)
    .join(R, R.c.id == J.c.rater)
    .join(U, U.c.id == J.c.unit)
    .where(
        J.c.study == bindparam("study_id"),
        J.c.sequence > bindparam("after"),
        J.c.sequence <= bindparam("until"),
        J.c.question == bindparam("question_id"),
        J.c.stage == "first",
        J.c.condition == "",
        R.c.kind == "person",
    )
    .order_by(J.c.sequence)
)
FACTS = select(I.c.id, I.c.meta).where(I.c.id.in_(bindparam("items", expanding=True)))
SOURCES = select(O.c.item, O.c.key, O.c.source).where(
    O.c.item.in_(bindparam("items", expanding=True))
)
OUTPUTS = select(U.c.id, U.c.item, U.c.outputs).where(
    U.c.id.in_(bindparam("units", expanding=True))
)
CHUNK = 400


def answers(connection: Connection, units: Sequence[int], questions: Sequence[int]) -> list[Any]:
    """The ordinary answers that count to wordings about units, in order, with their raters."""
    newest = {
        (row.unit, row.question, row.rater, row.repeat): row
        for row in connection.execute(ANSWERS, {"units": units, "questions": questions})
    }
    return sorted((r for r in newest.values() if not r.withdrawn), key=lambda r: int(r.sequence))


def facts(connection: Connection, items: Sequence[int]) -> dict[int, Any]:
    """The facts of items, by id."""
    rows = connection.execute(FACTS, {"items": list(set(items))})
    return {row.id: row.meta or {} for row in rows}


def outputs(connection: Connection, units: Sequence[int]) -> dict[int, tuple[int, list[str]]]:
    """Item and output keys of units, by unit."""
    rows = connection.execute(OUTPUTS, {"units": list(units)})
    return {row.id: (row.item, list(row.outputs)) for row in rows}


def sources(connection: Connection, items: Sequence[int]) -> dict[tuple[int, str], str]:
    """Who made each output of the items: (item, key) -> source, or the key where none is known."""
    found, wanted = {}, sorted(set(items))
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        for row in connection.execute(SOURCES, {"items": part}):
            found[row.item, row.key] = row.source or row.key
    return found


def duels(
    connection: Connection, study: int, question: int, after: int, until: int
) -> Sequence[Any]:
    """People's rows about pairs with `after < sequence <= until`: unit, rater, code, outputs."""
    facts = {"study_id": study, "question_id": question, "after": after, "until": until}
    return connection.execute(DUELS, facts).all()
