"""How units were given out, as weights read it: all of it once, then what has moved since."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, literal_column, select

from storage.tables import Assignment, Event, Judgment

A: Any = Assignment.__table__  # type: ignore[attr-defined]
E: Any = Event.__table__  # type: ignore[attr-defined]
J: Any = Judgment.__table__  # type: ignore[attr-defined]
PIECE = 500

COLUMNS = (
    A.c.id, A.c.unit, A.c.rater, A.c.stage, A.c.repeat, A.c.state, A.c.policy, A.c.propensity,
    A.c.design,
)  # fmt: skip
EVERY = select(*COLUMNS).where(A.c.study == bindparam("study_id"))
OWN = EVERY.where(A.c.stage == "first", A.c.repeat == 0)
STATES = select(A.c.id, A.c.rater, A.c.state).where(A.c.study == bindparam("study_id"))
RESERVED: Any = literal_column("'reserved'")  # said out, so that the index of these is used
OPEN = select(A.c.id).where(A.c.study == bindparam("study_id"), A.c.state == RESERVED)
THESE = select(*COLUMNS).where(A.c.id.in_(bindparam("ids", expanding=True)))
ANSWERED = (
    select(*COLUMNS)
    .join(J, (J.c.unit == A.c.unit) & (J.c.rater == A.c.rater))
    .where(J.c.study == bindparam("study_id"), J.c.sequence > bindparam("after"))
)
SINCE = (
    select(E.c.id, E.c.study, E.c.kind, E.c.unit, E.c.rater, E.c.data)
    .where(E.c.id > bindparam("after"), E.c.kind.in_(bindparam("kinds", expanding=True)))
    .order_by(E.c.id)
)  # by its number alone: the numbers since are few, whatever a study has
NEWEST = select(func.coalesce(func.max(E.c.id), 0))
MADE = select(*COLUMNS, A.c.study).where(A.c.id > bindparam("after"))
LAST = select(func.coalesce(func.max(A.c.id), 0))
AT = EVERY.where(A.c.unit == bindparam("unit_id"), A.c.rater == bindparam("rater_id"))


def drawn(connection: Connection, study: int) -> bool:
    """Whether any ordinary assignment of a study was drawn and not let go of."""
    query = OWN.where(A.c.design.like("draw:%"), A.c.state != "released").limit(1)
    return connection.execute(query, {"study_id": study}).first() is not None


def given(connection: Connection, study: int) -> Sequence[Any]:
    """The ordinary assignments of a study, in the order in which they were made.

    Columns: id, unit, rater, stage, repeat, state, policy, propensity, design; without those that
    were let go of.
    """
    query = OWN.where(A.c.state != "released").order_by(A.c.id)
    return connection.execute(query, {"study_id": study}).all()


def states(connection: Connection, study: int) -> Sequence[Any]:
    """Every assignment of a study, of whatever stage: id, rater, state."""
    return connection.execute(STATES, {"study_id": study}).all()


def waiting(connection: Connection, study: int) -> set[int]:
    """Ids of the assignments that wait for an answer."""
    return set(connection.execute(OPEN, {"study_id": study}).scalars())


def answered(connection: Connection, study: int, after: int) -> Sequence[Any]:
    """The assignments, released ones too, whose rater judged their unit with `sequence > after`."""
    return connection.execute(ANSWERED, {"study_id": study, "after": after}).all()


def made(connection: Connection, study: int, after: int) -> list[Any]:
    """The assignments of a study that were made since the one with that id."""
    rows = connection.execute(MADE, {"after": after})  # by it alone: few, whatever a study has
    return [row for row in rows if row.study == study]


def last(connection: Connection) -> int:
    """The id of the newest assignment of all studies; 0 without any."""
    return int(connection.execute(LAST).scalar_one())


def at(connection: Connection, study: int, unit: int, rater: int) -> Sequence[Any]:
    """The assignments of a unit to a rater, released ones too."""
    facts = {"study_id": study, "unit_id": unit, "rater_id": rater}
    return connection.execute(AT, facts).all()


def these(connection: Connection, ids: Sequence[int]) -> list[Any]:
    """Assignments by id; the same columns."""
    found: list[Any] = []
    for start in range(0, len(ids), PIECE):
        found += connection.execute(THESE, {"ids": list(ids[start : start + PIECE])})
    return found


def newest_event(connection: Connection) -> int:
    """The number of the newest event of all studies; 0 without any."""
    return int(connection.execute(NEWEST).scalar_one())


def events(connection: Connection, study: int, kinds: Sequence[str], after: int) -> list[Any]:
    """A study's events of these kinds with `id > after`: id, kind, unit, rater, data."""
    rows = connection.execute(SINCE, {"after": after, "kinds": list(kinds)})
    return [row for row in rows if row.study == study]
