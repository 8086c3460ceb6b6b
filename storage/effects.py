"""Answers given in arms, as results read them: of all units, or of some."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Text, bindparam, cast, select

from storage.tables import Assignment, Judgment

A: Any = Assignment.__table__  # type: ignore[attr-defined]
J: Any = Judgment.__table__  # type: ignore[attr-defined]

SEEN = cast(J.c.revealed, Text).not_in(["null", "[]"]).label("seen")  # rows of a verdict
GIVEN = (
    select(
        J.c.sequence, J.c.unit, J.c.rater, J.c.stage, J.c.code, J.c.withdrawn, SEEN,
        J.c.seconds, A.c.arm,
    )
    .join(A, A.c.id == J.c.assignment)
    .where(
        J.c.question == bindparam("wording"),
        J.c.sequence <= bindparam("until"),
        J.c.stage.in_(["first", "revised", "participant"]),
        J.c.repeat == 0,
        J.c.condition == "",
        A.c.arm != "",
    )
    .order_by(J.c.sequence)
)  # fmt: skip
ALL = GIVEN.where(J.c.study == bindparam("study_id"))
THESE = GIVEN.where(J.c.unit.in_(bindparam("units", expanding=True)))


def given(
    connection: Connection, study: int, wording: int, until: int,
    units: Collection[int] | None = None,
) -> Sequence[Any]:  # fmt: skip
    """People's answers in arms to one wording with `sequence <= until`, in order of the log.

    Those about these units of the study, or about all.
    """
    facts = {"wording": wording, "until": until}
    if units is None:
        return connection.execute(ALL, {**facts, "study_id": study}).all()
    return connection.execute(THESE, {**facts, "units": list(units)}).all()
