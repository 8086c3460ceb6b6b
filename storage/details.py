"""Events that belong to judgments or units: what else is known of each."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from storage.database import now
from storage.tables import Event, Judgment, Unit

E: Any = Event.__table__  # type: ignore[attr-defined]
J: Any = Judgment.__table__  # type: ignore[attr-defined]
U: Any = Unit.__table__  # type: ignore[attr-defined]
CHUNK = 400


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append events about judgments, all at once."""
    if rows:
        connection.execute(insert(E), list(rows))


def about_units(
    connection: Connection, study: int, kind: str, rows: Sequence[tuple[int, Mapping[str, Any]]]
) -> None:
    """Append one event of a kind about each unit (id, data)."""
    fixed = {"study": study, "kind": kind, "actor": "", "created_at": now()}
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        connection.execute(
            insert(E), [{**fixed, "unit": unit, "data": dict(data)} for unit, data in part]
        )


def of(connection: Connection, judgments: Sequence[int], kinds: Sequence[str]) -> list[Any]:
    """The events of these kinds about these judgments, oldest first: judgment, kind, data.

    Found by the judgments' units, which are indexed.
    """
    found: list[Any] = []
    for start in range(0, len(judgments), CHUNK):
        part = list(judgments[start : start + CHUNK])
        units = select(J.c.study, J.c.unit).where(J.c.id.in_(part)).distinct().subquery()
        query = (
            select(E.c.judgment, E.c.kind, E.c.data)
            .join(units, (units.c.study == E.c.study) & (units.c.unit == E.c.unit))
            .where(E.c.kind.in_(list(kinds)), E.c.judgment.in_(part))
            .order_by(E.c.id)
        )
        found += connection.execute(query)
    return found


def of_kind(connection: Connection, study: int, kind: str) -> list[Any]:
    """Every event of a kind about a judgment of a study, oldest first, with its unit's key."""
    query = (
        select(E.c.actor, E.c.rater, E.c.unit, E.c.judgment, E.c.data, U.c.key.label("unit_key"))
        .join(U, U.c.id == E.c.unit)
        .where(E.c.study == study, E.c.kind == kind, E.c.judgment.is_not(None))
        .order_by(E.c.id)
    )
    return list(connection.execute(query))
