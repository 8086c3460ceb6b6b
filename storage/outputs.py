"""What workers make: the outputs that they write, and the units that only they are given."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select

from storage.database import now
from storage.items import HIDDEN, SEEN
from storage.studies import INSERT
from storage.tables import Item, Output, Run, Task, Unit

I: Any = Item.__table__  # type: ignore[attr-defined]  # noqa: E741
O: Any = Output.__table__  # type: ignore[attr-defined]  # noqa: E741
U: Any = Unit.__table__  # type: ignore[attr-defined]
T: Any = Task.__table__  # type: ignore[attr-defined]
N: Any = Run.__table__  # type: ignore[attr-defined]
CHUNK = 500
BLANK = {"role": "answer", "source": "", "parent": None, "rater": None, "condition": "",
         "run": None}  # fmt: skip


def trees(connection: Connection, study: int) -> dict[int, list[Any]]:
    """Every item's outputs without their content, in order of arrival: item id -> rows.

    Columns: item, id, key, role, parent.
    """
    found: dict[int, list[Any]] = {}
    query = select(O.c.item, O.c.id, O.c.key, O.c.role, O.c.parent).where(O.c.study == study)
    for row in connection.execute(query.order_by(O.c.id)):
        found.setdefault(row.item, []).append(row)
    return found


def last(connection: Connection, study: int) -> int:
    """The id of a study's newest output; 0 without any."""
    return int(connection.execute(select(func.max(O.c.id)).where(O.c.study == study)).scalar() or 0)


def many(connection: Connection, study: int) -> int:
    """How many outputs a study has: outputs are only ever added."""
    query = select(func.count()).select_from(O).where(O.c.study == study)
    return int(connection.execute(query).scalar_one())


def ids(connection: Connection, items: Iterable[int]) -> dict[tuple[int, str], int]:
    """Row ids of these items' outputs: (item, key) -> id."""
    wanted, found = list(dict.fromkeys(items)), dict[tuple[int, str], int]()
    for start in range(0, len(wanted), CHUNK):
        query = select(O.c.item, O.c.key, O.c.id).where(O.c.item.in_(wanted[start : start + CHUNK]))
        found |= {(row.item, row.key): row.id for row in connection.execute(query)}
    return found


def add(connection: Connection, study: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert outputs (item, key, content and what else there is); those of a known key stay."""
    moment = now()
    query = INSERT[connection.dialect.name](O).on_conflict_do_nothing(
        index_elements=["item", "key"]
    )
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        connection.execute(
            query, [{**BLANK, **row, "study": study, "created_at": moment} for row in part]
        )


class NoParent(ValueError):
    """An output hangs on one that its item does not have."""


def add_tree(
    connection: Connection, study: int, rows: Sequence[tuple[str, Mapping[str, Any]]]
) -> None:
    """Insert outputs, each with the key of the one that it hangs on ('' for none), level by level.

    Those of a known key stay. Raises `NoParent`.
    """
    items = [row["item"] for _, row in rows]
    waiting, known = list(rows), ids(connection, items) if any(up for up, _ in rows) else {}
    while waiting:
        ready, later = [], []
        for up, row in waiting:
            parent = known.get((row["item"], up))
            if up and parent is None:
                later.append((up, row))
            else:
                ready.append({**row, "parent": parent})
        if not ready:
            raise NoParent(f"an output hangs on {later[0][0]!r}, which its item does not have")
        add(connection, study, ready)
        waiting, known = later, ids(connection, items) if later else {}


def hidden(connection: Connection, study: int) -> dict[str, int]:
    """Ids of the units that only workers are given, by key."""
    query = select(U.c.key, U.c.id).where(
        U.c.study == study, U.c.closed == 1, U.c.position == HIDDEN
    )
    return {row.key: row.id for row in connection.execute(query)}


def hide(connection: Connection, study: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add units that only workers are given: item, key, outputs."""
    fixed = {"study": study, "position": HIDDEN, "taken": 0, "closed": 1}
    for start in range(0, len(rows), CHUNK):
        part = [{**row, **fixed} for row in rows[start : start + CHUNK]]
        connection.execute(insert(U), part)


def items_of(connection: Connection, units: Iterable[int]) -> dict[int, int]:
    """The items of units, by unit id."""
    wanted = list(dict.fromkeys(units))
    rows = connection.execute(select(U.c.id, U.c.item).where(U.c.id.in_(wanted)))
    return {row.id: row.item for row in rows}


def alone(connection: Connection, study: int) -> dict[tuple[int, str], int]:
    """Units that show a single output: (item id, key of the output) -> unit id."""
    query = select(U.c.id, U.c.item, U.c.outputs).where(U.c.study == study, SEEN)
    return {
        (row.item, row.outputs[0]): row.id
        for row in connection.execute(query)
        if len(row.outputs) == 1
    }


def items_within(connection: Connection, study: int, bounds: tuple[int, int]) -> set[int]:
    """The items that have a unit at a position low < p < high."""
    query = select(U.c.item).where(
        U.c.study == study, U.c.position > bounds[0], U.c.position < bounds[1]
    )
    return set(connection.execute(query).scalars())


def finished(connection: Connection, study: int, digest: str) -> set[tuple[int, int]]:
    """The tasks (unit, repeat) that a worker has done in any run of a study."""
    runs = connection.execute(select(N.c.id, N.c.worker).where(N.c.study == study)).all()
    own = [row.id for row in runs if row.worker.get("digest") == digest]
    query = select(T.c.unit, T.c.repeat).where(T.c.run.in_(own), T.c.state == "done")
    return {(row.unit, row.repeat) for row in connection.execute(query)}


def measured(connection: Connection, study: int) -> list[Any]:
    """The outputs that workers made, in order: item key, id, key, role, parent, rater, content."""
    query = (
        select(I.c.key.label("item_key"), O.c.id, O.c.key, O.c.role, O.c.parent, O.c.rater,
               O.c.content)
        .join(I, I.c.id == O.c.item)
        .where(O.c.study == study, O.c.rater.is_not(None))
        .order_by(O.c.id)
    )  # fmt: skip
    return list(connection.execute(query).all())


def first_by(connection: Connection, study: int, rater: int, run: int | None = None) -> Any:
    """The content of the first output of a rater in a study, or in a run; None without any."""
    query = select(O.c.content).where(O.c.study == study, O.c.rater == rater)
    query = query if run is None else query.where(O.c.run == run)
    return connection.execute(query.order_by(O.c.id).limit(1)).scalar()


def makers(connection: Connection, study: int) -> dict[int, str]:
    """Who made each output of a study: id -> source."""
    query = select(O.c.id, O.c.source).where(O.c.study == study)
    return {row.id: row.source for row in connection.execute(query)}


def of_roles(
    connection: Connection, study: int, items: Sequence[str], roles: Sequence[str]
) -> list[Any]:
    """Outputs of these roles of items (keys), the newest first.

    Columns: item_key, id, key, role, source, content.
    """
    found: list[Any] = []
    for start in range(0, len(items), CHUNK):
        query = (
            select(I.c.key.label("item_key"), O.c.id, O.c.key, O.c.role, O.c.source, O.c.content)
            .join(I, I.c.id == O.c.item)
            .where(I.c.study == study, I.c.key.in_(items[start : start + CHUNK]))
            .where(O.c.role.in_(list(roles)))
            .order_by(O.c.id.desc())
        )
        found += connection.execute(query)
    return found


def having(connection: Connection, study: int, role: str) -> set[str]:
    """The keys of the items that have an output of a role."""
    query = select(I.c.key).join(O, O.c.item == I.c.id).where(O.c.study == study, O.c.role == role)
    return set(connection.execute(query).scalars())
