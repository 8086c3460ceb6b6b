"""How units were given out, as weights read it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from storage.tables import Assignment

A: Any = Assignment.__table__  # type: ignore[attr-defined]


def drawn(connection: Connection, study: int) -> bool:
    """Whether any ordinary assignment of a study was drawn."""
    query = select(A.c.id).where(
        A.c.study == study, A.c.stage == "first", A.c.design.like("draw:%")
    )  # fmt: skip
    return connection.execute(query.limit(1)).first() is not None


def given(connection: Connection, study: int) -> Sequence[Any]:
    """The ordinary assignments of a study, in the order in which they were made.

    Columns: unit, rater, state, policy, propensity, design; without those that were let go of.
    """
    return connection.execute(
        select(A.c.unit, A.c.rater, A.c.state, A.c.policy, A.c.propensity, A.c.design)
        .where(A.c.study == study, A.c.stage == "first", A.c.repeat == 0, A.c.state != "released")
        .order_by(A.c.id)
    ).all()
