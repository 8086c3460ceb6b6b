"""Units whose answers are to an older wording: who was given them, and how a place opens again."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from storage import assignments
from storage.assignments import GIVE_BACK
from storage.tables import Assignment, Unit

A: Any = Assignment.__table__  # type: ignore[attr-defined]
U: Any = Unit.__table__  # type: ignore[attr-defined]

GIVEN = (
    select(
        A.c.id, A.c.unit, A.c.rater, A.c.stage, A.c.repeat, A.c.state, A.c.closed_at, A.c.arm,
        A.c.propensity, A.c.design, U.c.position,
    )
    .join(U, U.c.id == A.c.unit)
    .where(A.c.unit.in_(bindparam("units", expanding=True)))
    .order_by(A.c.unit, A.c.rater, A.c.repeat, A.c.id)
)  # fmt: skip
HELD = select(A.c.id, A.c.stage, A.c.state).where(
    A.c.unit == bindparam("unit_id"), A.c.rater == bindparam("rater_id")
)


def given(connection: Connection, units: Sequence[int]) -> Sequence[Any]:
    """Every assignment of these units, with the unit's position; () for none."""
    return connection.execute(GIVEN, {"units": list(units)}).all()


def let_go(connection: Connection, unit: int, rater: int, overlap: int) -> bool:
    """Count a rater's answered unit as taken no more, so that somebody else may be asked.

    The assignment is marked late: its answer stays, and counts only where there is room. Where the
    rater was asked anew and has not answered, that ends too. False when nothing was held.
    """
    opened = False
    for row in connection.execute(HELD, {"unit_id": unit, "rater_id": rater}).all():
        if (row.stage, row.state) == ("first", "submitted"):
            assignments.set_state(connection, row.id, "late")
            connection.execute(GIVE_BACK, {"unit_id": unit, "overlap": overlap})
            opened = True
        elif (row.stage, row.state) == ("reworded", "reserved"):
            assignments.set_state(connection, row.id, "released")
            opened = True
    return opened
