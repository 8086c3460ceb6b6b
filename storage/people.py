"""Who has been seen: the names of people in all studies."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, exists, select, union

from storage.history import DRAFTED
from storage.tables import Assignment, Event, Judgment, Member, Rater

A: Any = Assignment.__table__  # type: ignore[attr-defined]
J: Any = Judgment.__table__  # type: ignore[attr-defined]
R: Any = Rater.__table__  # type: ignore[attr-defined]
M: Any = Member.__table__  # type: ignore[attr-defined]
E: Any = Event.__table__  # type: ignore[attr-defined]

OWN_DEEDS = ("comment", "reply", "consent", "flag", "preference", "skip", "withdrawal")
NEWEST = (
    select(E.c.kind, E.c.data)
    .where(
        E.c.study == bindparam("study_id"),
        E.c.unit.is_(None),
        E.c.kind.in_(bindparam("kinds", expanding=True)),
        E.c.actor == bindparam("name"),
    )
    .order_by(E.c.id.desc())
    .limit(1)
)


def newest(connection: Connection, study: int, name: str, kinds: Sequence[str]) -> Any:
    """A person's newest event of these kinds that is about no unit: kind, data; or None."""
    facts = {"study_id": study, "name": name, "kinds": list(kinds)}
    return connection.execute(NEWEST, facts).first()


def preferences(connection: Connection, study: int, name: str) -> Any:
    """The settings that a person saved last in a study, or None."""
    row = newest(connection, study, name, ["preference"])
    return row.data if row else None


def names(connection: Connection) -> list[str]:
    """Names of people of whom something is stored, in alphabetical order.

    An answer, a draft, a comment, a flag, a skip, consent, settings, or membership of a study: who
    was only given a unit to look at is not among them.
    """
    worked = exists().where(J.c.rater == R.c.id) | exists().where(A.c.rater == R.c.id, DRAFTED)
    judged = select(R.c.key.label("name")).where(R.c.kind == "person", worked)
    did = select(E.c.actor.label("name")).where(E.c.kind.in_(OWN_DEEDS), E.c.actor != "")
    found = connection.execute(union(judged, did, select(M.c.identity.label("name"))))
    return sorted(row.name for row in found)
