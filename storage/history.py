"""A person's own assignments, newest first, with what was shown and answered."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Text, bindparam, cast, func, select

from storage.tables import Assignment, Item, Judgment, Question, Unit

A: Any = Assignment.__table__  # type: ignore[attr-defined]
I: Any = Item.__table__  # type: ignore[attr-defined]  # noqa: E741
J: Any = Judgment.__table__  # type: ignore[attr-defined]
Q: Any = Question.__table__  # type: ignore[attr-defined]
U: Any = Unit.__table__  # type: ignore[attr-defined]

DRAFTED = cast(A.c.draft, Text).not_in(["null", "{}"]) & A.c.draft.is_not(None)
OWN = (
    select(
        A.c.id, A.c.place, A.c.unit, A.c.state, A.c.draft, A.c.seed, A.c.arm, A.c.created_at,
        A.c.stage, A.c.closed_at, U.c.key, I.c.content, I.c.meta,
    )
    .join(U, U.c.id == A.c.unit)
    .join(I, I.c.id == U.c.item)
    .where(
        A.c.rater == bindparam("rater_id"),
        A.c.place < bindparam("before"),
        A.c.state != "released",
    )
    .order_by(A.c.place.desc())
    .limit(bindparam("count"))
)  # fmt: skip
ANSWERS = (
    select(
        J.c.assignment, J.c.question, J.c.value, J.c.withdrawn, J.c.sequence, J.c.rationale,
    )
    .where(J.c.rater == bindparam("rater_id"), J.c.unit.in_(bindparam("units", expanding=True)))
    .order_by(J.c.sequence)
)  # fmt: skip
STANDING = (
    select(
        J.c.id, J.c.sequence, J.c.unit, J.c.question, J.c.stage, J.c.repeat, J.c.condition,
        J.c.shown, J.c.assignment, J.c.withdrawn, J.c.replaces, U.c.key.label("unit_key"),
        Q.c.digest,
    )
    .join(U, U.c.id == J.c.unit)
    .join(Q, Q.c.id == J.c.question)
    .where(J.c.rater == bindparam("rater_id"))
    .order_by(J.c.sequence)
)  # fmt: skip


STATES = (
    select(A.c.state, DRAFTED.label("drafted"), func.count().label("n"))
    .where(A.c.rater == bindparam("rater_id"), A.c.state != "released")
    .group_by(A.c.state, DRAFTED)
)


def states(connection: Connection, rater: int) -> Sequence[Any]:
    """How many assignments of a rater are in each state: state, drafted, n."""
    return connection.execute(STATES, {"rater_id": rater}).all()


def own(connection: Connection, rater: int, before: int, count: int) -> Sequence[Any]:
    """Up to `count` assignments of a rater with a place below `before`, newest first."""
    facts = {"rater_id": rater, "before": before, "count": count}
    return connection.execute(OWN, facts).all()


def answers(
    connection: Connection, rater: int, units: Sequence[int]
) -> dict[tuple[int | None, int], Any]:
    """The newest row per assignment and wording that a rater wrote about these units."""
    rows = connection.execute(ANSWERS, {"rater_id": rater, "units": list(units)})
    return {(row.assignment, row.question): row for row in rows}


def standing(connection: Connection, rater: int) -> list[Any]:
    """Every row of a rater that counts: neither replaced nor withdrawn, in order of the log."""
    rows = connection.execute(STANDING, {"rater_id": rater}).all()
    replaced = {row.replaces for row in rows if row.replaces is not None}
    return [row for row in rows if row.id not in replaced and not row.withdrawn]
