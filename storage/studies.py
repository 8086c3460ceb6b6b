"""Studies, the wordings of their questions, their raters, and what else happened in them."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import now
from storage.tables import Event, Item, Question, Rater, Study, Unit

S: Any = Study.__table__  # type: ignore[attr-defined]
Q: Any = Question.__table__  # type: ignore[attr-defined]
R: Any = Rater.__table__  # type: ignore[attr-defined]
E: Any = Event.__table__  # type: ignore[attr-defined]

HEAD = select(S.c.id, S.c.key, S.c.title, S.c.state, S.c.version, S.c.revision, S.c.seed).where(
    S.c.key == bindparam("study_key")
)
NAMES = select(S.c.key, S.c.title, S.c.state).order_by(S.c.id.desc())
LOCKED = HEAD.with_for_update(key_share=True)  # leaves references to the study free
INSERT: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def create(connection: Connection, key: str, title: str, protocol: Any) -> int:
    """A new study in state draft; returns its id. A taken key raises IntegrityError."""
    row = {
        "key": key, "title": title, "state": "draft", "version": 1, "protocol": protocol,
        "seed": secrets.randbits(48), "revision": 0, "head": "", "created_at": now(),
    }  # fmt: skip
    return int(connection.execute(insert(S), row).inserted_primary_key[0])  # type: ignore[index]


def head(connection: Connection, key: str, *, lock: bool = False) -> Any:
    """The study's short row (no protocol), or None.

    With `lock` whoever else locks it waits until the transaction ends; on SQLite a transaction that
    writes is alone anyway.
    """
    return connection.execute(LOCKED if lock else HEAD, {"study_key": key}).first()


def protocol(connection: Connection, study: int) -> Any:
    """The study's protocol as plain data."""
    return connection.execute(select(S.c.protocol).where(S.c.id == study)).scalar_one()


def names(connection: Connection) -> Sequence[Any]:
    """All studies, newest first: key, title, state."""
    return connection.execute(NAMES).all()


def every(connection: Connection) -> Sequence[Any]:
    """All studies, newest first: the short rows with counts of items and units."""
    item, unit = Item.__table__, Unit.__table__  # type: ignore[attr-defined]
    items = select(func.count()).where(item.c.study == S.c.id).scalar_subquery()
    units = (
        select(func.count()).where(unit.c.study == S.c.id, unit.c.position >= 0).scalar_subquery()
    )
    return connection.execute(
        select(
            S.c.id, S.c.key, S.c.title, S.c.state, S.c.version, S.c.revision, S.c.created_at,
            items.label("items"), units.label("units"),
        ).order_by(S.c.id.desc())
    ).all()  # fmt: skip


def change(connection: Connection, study: int, **values: Any) -> None:
    """Set columns of a study row (state, title, protocol, version)."""
    connection.execute(update(S).where(S.c.id == study).values(**values))


def wording(connection: Connection, digest: str, name: str, kind: str, definition: Any) -> int:
    """The id of a question's wording; written at its first use."""
    row = {"digest": digest, "name": name, "kind": kind, "definition": definition}
    return _once(connection, Q, row, ("digest",))


def wordings(connection: Connection, digests: Sequence[str]) -> dict[str, int]:
    """Ids of the wordings that have been used, by digest."""
    rows = connection.execute(select(Q.c.digest, Q.c.id).where(Q.c.digest.in_(list(digests))))
    return {row.digest: row.id for row in rows}


def wordings_of(connection: Connection, name: str) -> list[int]:
    """Ids of all wordings of the questions of that name."""
    return list(connection.execute(select(Q.c.id).where(Q.c.name == name)).scalars())


def definitions(connection: Connection, ids: Sequence[int]) -> dict[int, Any]:
    """Wordings by id, each with `name` and `definition`; {} for none."""
    if not ids:
        return {}
    rows = connection.execute(select(Q.c.id, Q.c.name, Q.c.definition).where(Q.c.id.in_(list(ids))))
    return {row.id: row for row in rows}


def rater(
    connection: Connection, study: int, kind: str, key: str, *, name: str = "",
    spec: Mapping[str, Any] | None = None,
) -> int:  # fmt: skip
    """The id of a rater; written at its first appearance."""
    row = {"study": study, "kind": kind, "key": key, "name": name or key, "spec": spec or {}}
    return _once(connection, R, row, ("study", "kind", "key"))


def _once(
    connection: Connection, table: Any, row: Mapping[str, Any], natural: Sequence[str]
) -> int:
    """The id of the row with that natural key; written if it is new, whoever else writes it now."""
    wanted = select(table.c.id).where(*(table.c[name] == row[name] for name in natural))
    found = connection.execute(wanted).scalar()
    if found is None:
        add = INSERT[connection.dialect.name](table).values(dict(row))
        connection.execute(add.on_conflict_do_nothing(index_elements=list(natural)))
        found = connection.execute(wanted).scalar_one()
    return int(found)


def rater_key(connection: Connection, study: int, kind: str, key: str) -> int | None:
    """The id of a rater, or None when it has not appeared yet."""
    where = (R.c.study == study) & (R.c.kind == kind) & (R.c.key == key)
    found = connection.execute(select(R.c.id).where(where)).scalar()
    return None if found is None else int(found)


def raters(connection: Connection, study: int) -> Sequence[Any]:
    """Every rater of a study: id, kind, key, name, spec."""
    return connection.execute(
        select(R.c.id, R.c.kind, R.c.key, R.c.name, R.c.spec)
        .where(R.c.study == study)
        .order_by(R.c.id)
    ).all()


def record(
    connection: Connection, study: int, kind: str, actor: str, data: Mapping[str, Any], *,
    unit: int | None = None, rater: int | None = None, judgment: int | None = None,
) -> int:  # fmt: skip
    """Append an event; returns its id."""
    row = {
        "study": study, "kind": kind, "actor": actor, "data": dict(data), "unit": unit,
        "rater": rater, "judgment": judgment, "created_at": now(),
    }  # fmt: skip
    return int(connection.execute(insert(E), row).inserted_primary_key[0])  # type: ignore[index]


def newest_event(connection: Connection, study: int) -> int:
    """The id of the study's newest event; 0 without any."""
    newest = select(func.coalesce(func.max(E.c.id), 0)).where(E.c.study == study)
    return int(connection.execute(newest).scalar_one())


def events(connection: Connection, study: int, kinds: Sequence[str]) -> Sequence[Any]:
    """Events of these kinds, oldest first."""
    return connection.execute(
        select(E).where(E.c.study == study, E.c.kind.in_(list(kinds))).order_by(E.c.id)
    ).all()
