"""People of a study: what is kept about each, their work in hand, and what they did."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from storage.tables import Assignment, Event, Item, Judgment, Rater, Unit

A: Any = Assignment.__table__  # type: ignore[attr-defined]
E: Any = Event.__table__  # type: ignore[attr-defined]
I: Any = Item.__table__  # type: ignore[attr-defined]  # noqa: E741
J: Any = Judgment.__table__  # type: ignore[attr-defined]
R: Any = Rater.__table__  # type: ignore[attr-defined]
U: Any = Unit.__table__  # type: ignore[attr-defined]


def people(connection: Connection, study: int) -> Sequence[Any]:
    """The people of a study: id, key, name, spec."""
    return connection.execute(
        select(R.c.id, R.c.key, R.c.name, R.c.spec)
        .where(R.c.study == study, R.c.kind == "person")
        .order_by(R.c.id)
    ).all()


def arms(connection: Connection, study: int) -> dict[str, int]:
    """How many people are in each arm."""
    found: dict[str, int] = {}
    for row in people(connection, study):
        arm = (row.spec or {}).get("arm")
        if arm:
            found[arm] = found.get(arm, 0) + 1
    return found


def spec(connection: Connection, rater: int) -> dict[str, Any]:
    """What is kept about a rater."""
    return dict(connection.execute(select(R.c.spec).where(R.c.id == rater)).scalar() or {})


def note(connection: Connection, rater: int, **facts: Any) -> None:
    """Keep facts about a rater; None takes one away."""
    kept = {**spec(connection, rater), **facts}
    kept = {name: value for name, value in kept.items() if value is not None}
    connection.execute(update(R).where(R.c.id == rater).values(spec=kept))


def waiting(connection: Connection, rater: int) -> Sequence[Any]:
    """Units of the ordinary work that wait for a rater's answer: id, unit, draft, lease_until."""
    return connection.execute(
        select(A.c.id, A.c.unit, A.c.draft, A.c.lease_until)
        .where(A.c.rater == rater, A.c.state == "reserved", A.c.stage == "first")
        .order_by(A.c.place)
    ).all()


def open_unit(connection: Connection, rater: int, unit: int) -> Any:
    """A unit that may be given to a rater: item, and `released`, their lapsed assignment of it.

    None where it has its overlap, stands apart from the ordinary work, or is theirs already.
    """
    own = (A.c.unit == U.c.id) & (A.c.rater == rater) & (A.c.stage == "first") & (A.c.repeat == 0)
    return connection.execute(
        select(U.c.item, A.c.id.label("released"))
        .outerjoin(A, own)
        .where(
            U.c.id == unit, U.c.closed == 0, U.c.position >= 0,
            A.c.id.is_(None) | (A.c.state == "released"),
        )
    ).first()  # fmt: skip
