"""What a review reads: every answer to one question about one unit, decisions and causes."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from storage.tables import Assignment, Event, Judgment, Rater

A: Any = Assignment.__table__  # type: ignore[attr-defined]
J: Any = Judgment.__table__  # type: ignore[attr-defined]
R: Any = Rater.__table__  # type: ignore[attr-defined]
E: Any = Event.__table__  # type: ignore[attr-defined]

ANSWERS = (
    select(
        J.c.id, J.c.sequence, J.c.rater, J.c.stage, J.c.repeat, J.c.value, J.c.code,
        J.c.rationale, J.c.confidence, J.c.shown, J.c.revealed, J.c.withdrawn, J.c.seconds,
        J.c.created_at, R.c.kind, R.c.name, R.c.spec,
    )
    .join(R, R.c.id == J.c.rater)
    .where(
        J.c.unit == bindparam("unit_id"),
        J.c.question == bindparam("question_id"),
        J.c.condition == "",
    )
    .order_by(J.c.sequence)
)  # fmt: skip

DECISIONS = (
    select(J.c.unit, J.c.rater, J.c.withdrawn)
    .where(
        J.c.question == bindparam("wording"),
        J.c.sequence <= bindparam("until"),
        J.c.stage == "adjudicated",
    )
    .order_by(J.c.sequence)
)


def answers(connection: Connection, unit: int, question: int) -> list[Any]:
    """The rows that count about a unit and a wording, in order of the log, with their raters.

    Corrected and withdrawn rows and probed ones are left out.
    """
    newest = {
        (row.rater, row.stage, row.repeat): row
        for row in connection.execute(ANSWERS, {"unit_id": unit, "question_id": question})
    }
    return sorted(
        (row for row in newest.values() if not row.withdrawn), key=lambda row: int(row.sequence)
    )


def decided(connection: Connection, unit: int, question: int, rater: int) -> Any:
    """A person's newest adjudicating row, a withdrawn one too; None when there is none."""
    rows = connection.execute(ANSWERS, {"unit_id": unit, "question_id": question})
    own = [row for row in rows if row.rater == rater and row.stage == "adjudicated"]
    return own[-1] if own else None


def decisions(
    connection: Connection, study: int, wording: int, until: int,
    units: Collection[int] | None = None,
) -> dict[tuple[int, int], bool]:  # fmt: skip
    """Whether the decision of each (unit, rater) on a wording stands, by `sequence <= until`.

    Those about these units of the study, or about all.
    """
    some = J.c.study == study if units is None else J.c.unit.in_(list(units))
    rows = connection.execute(DECISIONS.where(some), {"wording": wording, "until": until})
    return {(row.unit, row.rater): not row.withdrawn for row in rows}


def causes_of(connection: Connection, study: int, unit: int) -> Sequence[Any]:
    """Cause codes given to one unit, oldest first."""
    return connection.execute(
        select(E.c.actor, E.c.data, E.c.created_at)
        .where(E.c.study == study, E.c.unit == unit, E.c.kind == "cause")
        .order_by(E.c.id)
    ).all()


def looks(connection: Connection, unit: int) -> Sequence[Any]:
    """Assignments by which people were asked about a unit again: rater, repeat, state."""
    return connection.execute(
        select(A.c.rater, A.c.repeat, A.c.state).where(
            A.c.unit == unit, A.c.stage == "revised", A.c.repeat > 0
        )
    ).all()


def waiting(connection: Connection, study: int) -> int:
    """How many units wait for somebody who was asked again."""
    return int(
        connection.execute(
            select(func.count()).where(
                A.c.study == study, A.c.stage == "revised", A.c.repeat > 0, A.c.state == "reserved"
            )
        ).scalar_one()
    )


def again(
    connection: Connection, study: int, questions: Sequence[int], after: int = 0
) -> Sequence[Any]:  # fmt: skip
    """What people gave when asked again, beyond a place in the log and in its order.

    Columns: unit, rater, repeat, code and withdrawn.
    """
    return connection.execute(
        select(J.c.unit, J.c.rater, J.c.repeat, J.c.code, J.c.withdrawn)
        .where(
            J.c.study == study, J.c.sequence > after, J.c.question.in_(list(questions)),
            J.c.stage == "revised", J.c.repeat > 0, J.c.condition == "",
        )
        .order_by(J.c.sequence)
    ).all()  # fmt: skip


def decided_units(connection: Connection, units: Sequence[int], question: int) -> set[int]:
    """Which of the units somebody has decided before, decisions taken back included."""
    return set(
        connection.execute(
            select(J.c.unit).where(
                J.c.unit.in_(list(units)), J.c.question == question, J.c.stage == "adjudicated"
            )
        ).scalars()
    )
