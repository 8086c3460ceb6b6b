"""Who has been seen: the names of people in all studies."""

from typing import Any

from sqlalchemy import Connection, select, union

from storage.tables import Member, Rater

R: Any = Rater.__table__  # type: ignore[attr-defined]
M: Any = Member.__table__  # type: ignore[attr-defined]


def names(connection: Connection) -> list[str]:
    """Names of people who have judged or are members of a study, in alphabetical order."""
    judged = select(R.c.key.label("name")).where(R.c.kind == "person")
    found = connection.execute(union(judged, select(M.c.identity.label("name"))))
    return sorted(row.name for row in found)
