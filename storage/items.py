"""Items, their outputs, and the units made of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from storage.database import now
from storage.tables import Item, Output, Unit

I: Any = Item.__table__  # type: ignore[attr-defined]  # noqa: E741
O: Any = Output.__table__  # type: ignore[attr-defined]  # noqa: E741
U: Any = Unit.__table__  # type: ignore[attr-defined]
CHUNK = 500

UNIT = (
    select(U.c.id, U.c.key, U.c.item, U.c.outputs, U.c.position, U.c.taken, U.c.closed,
           I.c.key.label("item_key"), I.c.content, I.c.meta, I.c.gold)
    .join(I, I.c.id == U.c.item)
    .where(U.c.id == bindparam("unit_id"))
)  # fmt: skip
HIDDEN = -(10**15)  # where units stand that only workers are given; far below every pool
SEEN = U.c.position > HIDDEN
OUTPUT = (O.c.id, O.c.key, O.c.role, O.c.parent, O.c.source, O.c.content)
OUTPUTS = select(*OUTPUT).where(O.c.item == bindparam("item_id"))
OUTPUTS_OF = select(O.c.item, *OUTPUT).where(O.c.item.in_(bindparam("item_ids", expanding=True)))
NEWEST = select(
    select(func.max(I.c.id)).scalar_subquery(), select(func.max(U.c.id)).scalar_subquery()
)
TOPS = select(
    *(
        select(func.max(U.c.position))
        .where(U.c.study == bindparam("study_id"), U.c.closed == closed)
        .scalar_subquery()
        for closed in (0, 1)
    )
)


def add_items(connection: Connection, study: int, rows: Iterable[Mapping[str, Any]]) -> int:
    """Insert items (key, content, meta, gold, run); returns how many."""
    moment, count = now(), 0
    for part in _chunks(rows):
        connection.execute(
            insert(I), [{"run": None, "gold": None, **r, "study": study, "created_at": moment}
                        for r in part]
        )  # fmt: skip
        count += len(part)
    return count


def item_ids(connection: Connection, study: int) -> dict[str, int]:
    """Ids of a study's items by key, in order of arrival."""
    rows = connection.execute(select(I.c.key, I.c.id).where(I.c.study == study).order_by(I.c.id))
    return {row.key: row.id for row in rows}


def facts(connection: Connection, study: int) -> dict[int, Any]:
    """The facts about a study's items, by item id."""
    rows = connection.execute(select(I.c.id, I.c.meta).where(I.c.study == study))
    return {row.id: row.meta for row in rows}


def item(connection: Connection, item_id: int) -> Any:
    """An item's row."""
    return connection.execute(select(I).where(I.c.id == item_id)).one()


def items(connection: Connection, study: int) -> Iterable[Any]:
    """Item rows in order of arrival."""
    return connection.execute(select(I).where(I.c.study == study).order_by(I.c.id))


def add_outputs(connection: Connection, study: int, rows: Iterable[Mapping[str, Any]]) -> int:
    """Insert outputs (item, key, content; role, source, parent, rater, condition, run)."""
    moment, count = now(), 0
    blank = {"role": "answer", "source": "", "parent": None, "rater": None, "condition": "",
             "run": None}  # fmt: skip
    for part in _chunks(rows):
        connection.execute(
            insert(O), [{**blank, **r, "study": study, "created_at": moment} for r in part]
        )
        count += len(part)
    return count


def add_units(connection: Connection, study: int, rows: Iterable[Mapping[str, Any]]) -> int:
    """Insert units (item, key, outputs, position)."""
    count = 0
    for part in _chunks(rows):
        connection.execute(
            insert(U), [{**r, "study": study, "taken": 0, "closed": 0} for r in part]
        )
        count += len(part)
    return count


def unit_ids(connection: Connection, study: int) -> dict[str, int]:
    """Ids of a study's units by key."""
    rows = connection.execute(select(U.c.key, U.c.id).where(U.c.study == study, SEEN))
    return {row.key: row.id for row in rows}


def unit_outputs(connection: Connection, study: int) -> dict[int, dict[tuple[str, ...], str]]:
    """What a study's units show: item id -> keys of outputs -> the unit's key."""
    found: dict[int, dict[tuple[str, ...], str]] = {}
    query = select(U.c.item, U.c.key, U.c.outputs).where(U.c.study == study, SEEN)
    for row in connection.execute(query):
        found.setdefault(row.item, {})[tuple(row.outputs)] = row.key
    return found


def unit(connection: Connection, unit_id: int) -> tuple[Any, dict[str, Any]]:
    """A unit's row with its item's columns, and the item's outputs by key.

    Without outputs in the unit none are read.
    """
    row = connection.execute(UNIT, {"unit_id": unit_id}).one()
    if not row.outputs:
        return row, {}
    return row, {o.key: o for o in connection.execute(OUTPUTS, {"item_id": row.item})}


def units(connection: Connection, study: int, ids: Sequence[int] | None = None) -> Iterable[Any]:
    """Unit rows with item columns in order of position; `outputs` holds keys only.

    Those of these ids, else all that people see.
    """
    query = (
        select(U.c.id, U.c.key, U.c.item, U.c.outputs, U.c.position, U.c.taken, U.c.closed,
               I.c.key.label("item_key"), I.c.content, I.c.meta, I.c.gold)
        .join(I, I.c.id == U.c.item)
        .order_by(U.c.position, U.c.id)
    )  # fmt: skip
    if ids is not None:  # a study in the condition would have SQLite look through all of its units
        return connection.execute(query.where(U.c.id.in_(list(ids))))
    return connection.execute(query.where(U.c.study == study, SEEN))


def unit_order(
    connection: Connection, study: int, start: int = 0, count: int | None = None
) -> list[int]:  # fmt: skip
    """Ids of a study's units in order of position: so many from the one at `start`, or all."""
    query = select(U.c.id).where(U.c.study == study, SEEN).order_by(U.c.position, U.c.id)
    return list(connection.execute(query.offset(start).limit(count)).scalars())


def placing(connection: Connection, study: int) -> Sequence[Any]:
    """Units in order of position, the ordinary ones first: id, item, position."""
    query = select(U.c.id, U.c.item, U.c.position).where(U.c.study == study)
    return connection.execute(query.order_by(U.c.position < 0, U.c.position, U.c.id)).all()


def outputs(connection: Connection, study: int) -> dict[int, dict[str, Any]]:
    """Every output of a study: item id -> key -> row."""
    found: dict[int, dict[str, Any]] = {}
    for row in connection.execute(
        select(O.c.item, *OUTPUT).where(O.c.study == study).order_by(O.c.id)
    ):
        found.setdefault(row.item, {})[row.key] = row
    return found


def outputs_of(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The outputs of these items: item id -> key -> row."""
    found: dict[int, dict[str, Any]] = {}
    for part in _chunks(dict.fromkeys(ids)):
        for row in connection.execute(OUTPUTS_OF, {"item_ids": part}):
            found.setdefault(row.item, {})[row.key] = row
    return found


def counts(connection: Connection, study: int) -> tuple[int, int, int]:
    """How many items, units, and closed units a study has."""
    items = connection.execute(select(func.count()).where(I.c.study == study)).scalar_one()
    total, closed = connection.execute(
        select(func.count(), func.coalesce(func.sum(U.c.closed), 0)).where(U.c.study == study, SEEN)
    ).one()
    return int(items), int(total), int(closed)


def newest(connection: Connection) -> tuple[int, int]:
    """The ids of the newest item and unit of all studies: they tell whether any was added."""
    row = connection.execute(NEWEST).one()
    return row[0] or 0, row[1] or 0


def last_position(connection: Connection, study: int) -> int:
    """The highest position of a study's units; -1 without units."""
    tops = connection.execute(TOPS, {"study_id": study}).one()
    return max(-1, max((int(top) for top in tops if top is not None), default=-1))


def apart(connection: Connection, study: int) -> int:
    """How many units are asked apart from the ordinary work: those at positions below 0."""
    counts = [
        select(func.count())
        .where(U.c.study == study, U.c.closed == closed, U.c.position < 0)
        .scalar_subquery()
        for closed in (0, 1)
    ]
    return sum(connection.execute(select(*counts)).one())


def last_within(connection: Connection, study: int, bounds: tuple[int, int]) -> int:
    """The highest position low < p < high of a study's units; low where there are none."""
    found = connection.execute(
        select(func.max(U.c.position)).where(
            U.c.study == study, U.c.position > bounds[0], U.c.position < bounds[1]
        )
    ).scalar()
    return bounds[0] if found is None else int(found)


def place(connection: Connection, positions: Mapping[int, int]) -> None:
    """Move units to new positions."""
    if positions:
        connection.execute(
            update(U).where(U.c.id == bindparam("unit_id")).values(position=bindparam("place")),
            [{"unit_id": u, "place": p} for u, p in positions.items()],
        )


def close(connection: Connection, units: Sequence[int]) -> None:
    """Ask people no more about these units, apart from those that somebody has begun."""
    for part in _chunks([(unit,) for unit in units]):
        ids = [unit for (unit,) in part]
        connection.execute(update(U).where(U.c.id.in_(ids), U.c.taken == 0).values(closed=1))


def reopen(connection: Connection, study: int, overlap: int) -> None:
    """Close units that have their overlap and open the others, after the overlap changed."""
    connection.execute(
        update(U)
        .where(U.c.study == study, U.c.taken >= overlap, U.c.closed == 0, U.c.position >= 0)
        .values(closed=1)
    )
    connection.execute(
        update(U)
        .where(U.c.study == study, U.c.taken < overlap, U.c.closed == 1, SEEN)
        .values(closed=0)
    )


def _chunks(rows: Iterable[Any]) -> Iterable[list[Any]]:
    part: list[Any] = []
    for row in rows:
        part.append(row)
        if len(part) == CHUNK:
            yield part
            part = []
    if part:
        yield part


def lacks(connection: Connection, study: int, fact: str) -> bool:
    """Whether a study has items, and none of them has this fact."""
    any_item = select(I.c.id).where(I.c.study == study).limit(1)
    with_fact = any_item.where(I.c.meta[fact].as_string().is_not(None))
    found = [connection.execute(query).first() is not None for query in (any_item, with_fact)]
    return found == [True, False]
