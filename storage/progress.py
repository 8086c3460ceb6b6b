"""How far a study and a person have come: counts by index, by index."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, func, select

from storage.tables import Assignment, Item, Rater, Unit

A: Any = Assignment.__table__  # type: ignore[attr-defined]
I: Any = Item.__table__  # type: ignore[attr-defined]  # noqa: E741
R: Any = Rater.__table__  # type: ignore[attr-defined]
U: Any = Unit.__table__  # type: ignore[attr-defined]


def units(connection: Connection, study: int, *, closed: bool = False) -> int:
    """How many ordinary units a study has, or of these how many are `closed`: asked enough."""
    query = select(func.count()).where(U.c.study == study, U.c.position >= 0)
    query = query.where(U.c.closed == 1) if closed else query
    return int(connection.execute(query).scalar_one())


def items(connection: Connection, study: int, apart: Collection[str] = ()) -> int:
    """How many items a study has; what holds its questionnaires is none."""
    query = select(func.count()).where(I.c.study == study, I.c.key.not_in(list(apart)))
    return int(connection.execute(query).scalar_one())


def raters(connection: Connection, study: int) -> dict[str, int]:
    """How many raters of each kind have judged."""
    rows = connection.execute(
        select(R.c.kind, func.count()).where(R.c.study == study).group_by(R.c.kind)
    )
    return {kind: int(n) for kind, n in rows}


def own(connection: Connection, rater: int) -> dict[str, int]:
    """How many of a rater's assignments are in each state."""
    rows = connection.execute(
        select(A.c.state, func.count()).where(A.c.rater == rater).group_by(A.c.state)
    )
    return {state: int(n) for state, n in rows}


def holds_open(connection: Connection, rater: int) -> int:
    """How many units that are open still a rater has been given."""
    query = (
        select(func.count(A.c.unit.distinct()))
        .join(U, U.c.id == A.c.unit)
        .where(
            A.c.rater == rater, A.c.state != "released", U.c.closed == 0, U.c.position >= 0
        )
    )  # fmt: skip
    return int(connection.execute(query).scalar_one())


def nth_unit(connection: Connection, study: int, place: int) -> int | None:
    """The id of a study's unit at a position, or of the first one after it; None without."""
    found = connection.execute(
        select(U.c.id)
        .where(U.c.study == study, U.c.position >= place)
        .order_by(U.c.position)
        .limit(1)
    ).scalar()
    return None if found is None else int(found)
