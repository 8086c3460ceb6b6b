"""Answers given in arms, as results read them: from the tail of the log."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from storage.tables import Assignment, Judgment, Rater

A: Any = Assignment.__table__  # type: ignore[attr-defined]
J: Any = Judgment.__table__  # type: ignore[attr-defined]
R: Any = Rater.__table__  # type: ignore[attr-defined]

TAIL = (
    select(
        J.c.sequence, J.c.unit, J.c.rater, J.c.question, J.c.stage, J.c.code, J.c.withdrawn,
        J.c.revealed, J.c.seconds, A.c.arm,
    )
    .join(A, A.c.id == J.c.assignment)
    .where(
        J.c.study == bindparam("study_id"),
        J.c.sequence > bindparam("after"),
        J.c.stage.in_(["first", "revised", "participant"]),
        J.c.repeat == 0,
        J.c.condition == "",
        A.c.arm != "",
    )
    .order_by(J.c.sequence)
)  # fmt: skip


def tail(connection: Connection, study: int, after: int) -> Sequence[Any]:
    """People's answers in arms with `sequence > after`, in order."""
    return connection.execute(TAIL, {"study_id": study, "after": after}).all()
