"""What people write to each other about units: comments, flags with a note, replies."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from storage.tables import Assignment, Event, Rater, Unit

A: Any = Assignment.__table__  # type: ignore[attr-defined]
E: Any = Event.__table__  # type: ignore[attr-defined]
R: Any = Rater.__table__  # type: ignore[attr-defined]
U: Any = Unit.__table__  # type: ignore[attr-defined]
OPENING, ANSWERING = ("comment", "flag"), ("reply", "resolved")

WRITTEN = (
    select(
        E.c.id, E.c.kind, E.c.actor, E.c.rater, E.c.unit, E.c.data, E.c.created_at,
        U.c.key.label("unit_key"),
    )
    .outerjoin(U, U.c.id == E.c.unit)
    .where(E.c.study == bindparam("study_id"), E.c.kind.in_([*OPENING, *ANSWERING]))
    .order_by(E.c.id)
)  # fmt: skip
PLACE = select(A.c.place).where(
    A.c.rater == bindparam("rater_id"), A.c.unit == bindparam("unit_id")
)


def written(connection: Connection, study: int, rater: int | None = None) -> Sequence[Any]:
    """Every message of a study, or those of one rater's threads, oldest first."""
    query = WRITTEN if rater is None else WRITTEN.where(E.c.rater == rater)
    return connection.execute(query, {"study_id": study}).all()


def place(connection: Connection, rater: int, unit: int) -> int | None:
    """The number of a rater's newest assignment of a unit; None without one."""
    facts = {"rater_id": rater, "unit_id": unit}
    found = connection.execute(PLACE.order_by(A.c.place.desc()), facts).scalar()
    return None if found is None else int(found)


def opened(connection: Connection, study: int, thread: int) -> Any:
    """The message that began a thread: actor, unit, rater; None when there is none."""
    return connection.execute(
        select(E.c.actor, E.c.unit, E.c.rater).where(
            E.c.id == thread, E.c.study == study, E.c.kind.in_(OPENING)
        )
    ).first()
