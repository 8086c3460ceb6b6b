"""What an import reads before it writes, and the answers of people that came from elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from storage.database import now
from storage.tables import Assignment, Event, Item, Output, Unit

A: Any = Assignment.__table__  # type: ignore[attr-defined]
E: Any = Event.__table__  # type: ignore[attr-defined]
I: Any = Item.__table__  # type: ignore[attr-defined]  # noqa: E741
O: Any = Output.__table__  # type: ignore[attr-defined]  # noqa: E741
U: Any = Unit.__table__  # type: ignore[attr-defined]
Place = tuple[int, int, str, int]
CHUNK = 400
TAKEN = (
    update(U)
    .where(U.c.id == bindparam("unit_id"))
    .values(
        taken=U.c.taken + bindparam("more"),
        closed=(U.c.taken + bindparam("more") >= bindparam("overlap")).cast(U.c.closed.type),
    )
)
SUBMITTED = (
    update(A)
    .where(A.c.id == bindparam("assignment_id"))
    .values(state="submitted", draft=None, closed_at=bindparam("moment"))
)


def items(
    connection: Connection, study: int, keys: Sequence[str]
) -> dict[str, tuple[Any, list[Any]]]:
    """Stored items under these keys, each with the rows of its outputs in order."""
    found: dict[str, tuple[Any, list[Any]]] = {}
    for start in range(0, len(keys), CHUNK):
        part = list(keys[start : start + CHUNK])
        rows = connection.execute(select(I).where(I.c.study == study, I.c.key.in_(part))).all()
        made: dict[int, list[Any]] = {row.id: [] for row in rows}
        for output in connection.execute(
            select(O.c.item, O.c.key, O.c.role, O.c.source, O.c.content)
            .where(O.c.item.in_(list(made)))
            .order_by(O.c.id)
        ):
            made[output.item].append(output)
        found.update({row.key: (row, made[row.id]) for row in rows})
    return found


def answered(
    connection: Connection, study: int, pairs: Iterable[tuple[int, int]], overlap: int
) -> int:
    """Note that people answered units elsewhere: pairs of (unit, rater); returns how many are new.

    They count towards the overlap like answers given here: the unit is not asked of them again,
    nor of others beyond the overlap.
    """
    wanted = list(dict.fromkeys(pairs))
    held = _held(connection, study, {rater for _, rater in wanted})
    places = _places(connection, {rater for _, rater in wanted})
    fresh, done, more = [], [], dict[int, int]()
    for unit, rater in wanted:
        row = held.get((unit, rater))
        if row is None:
            places[rater] = places.get(rater, 0) + 1
            fresh.append(_assignment(study, unit, rater, places[rater]))
        elif row.state != "submitted":
            done.append({"assignment_id": row.id, "moment": now()})
        if row is None or row.state in {"released", "skipped", "late"}:
            more[unit] = more.get(unit, 0) + 1
    if fresh:
        connection.execute(insert(A), fresh)
    if done:
        connection.execute(SUBMITTED, done)
    _take(connection, more, overlap)
    return len(fresh) + len(done)


def assigned(connection: Connection, study: int) -> dict[Place, int]:
    """Ids of a study's assignments by unit, rater, stage and repeat."""
    query = select(A.c.id, A.c.unit, A.c.rater, A.c.stage, A.c.repeat).where(A.c.study == study)
    return {
        (row.unit, row.rater, row.stage, row.repeat): row.id for row in connection.execute(query)
    }


def assign(connection: Connection, study: int, given: Mapping[Place, Mapping[str, Any]]) -> None:
    """Write assignments made elsewhere: place -> policy, propensity, design and arm.

    Those of ordinary work are released until `answered` counts them; all others are submitted.
    """
    places = _places(connection, {rater for _, rater, _, _ in given})
    rows = []
    for (unit, rater, stage, repeat), how in given.items():
        places[rater] = places.get(rater, 0) + 1
        named = {name: how[name] for name in ("policy", "propensity", "design", "arm")}
        state = "released" if stage == "first" else "submitted"
        rows.append({
            **_assignment(study, unit, rater, places[rater]), **named, "stage": stage,
            "repeat": repeat, "state": state,
        })  # fmt: skip
    connection.execute(insert(A), rows)


def _held(connection: Connection, study: int, raters: set[int]) -> dict[tuple[int, int], Any]:
    query = select(A.c.id, A.c.unit, A.c.rater, A.c.state).where(
        A.c.study == study, A.c.rater.in_(list(raters)), A.c.stage == "first", A.c.repeat == 0
    )
    return {(row.unit, row.rater): row for row in connection.execute(query)}


def _places(connection: Connection, raters: set[int]) -> dict[int, int]:
    query = (
        select(A.c.rater, func.max(A.c.place).label("place"))
        .where(A.c.rater.in_(list(raters)))
        .group_by(A.c.rater)
    )
    return {row.rater: row.place for row in connection.execute(query)}


def _assignment(study: int, unit: int, rater: int, place: int) -> dict[str, Any]:
    moment = now()
    return {
        "study": study, "unit": unit, "rater": rater, "place": place, "stage": "first",
        "repeat": 0, "policy": "import", "propensity": 1.0, "design": "inclusion", "arm": "",
        "seed": 0, "state": "submitted", "draft": None, "lease_until": moment,
        "created_at": moment, "closed_at": moment,
    }  # fmt: skip


def _take(connection: Connection, more: Mapping[int, int], overlap: int) -> None:
    rows = [{"unit_id": u, "more": n, "overlap": overlap} for u, n in more.items()]
    if rows:
        connection.execute(TAKEN, rows)


def events(connection: Connection, study: int, kinds: Iterable[str]) -> Sequence[Any]:
    """Events of these kinds: id, kind, unit, data, created_at."""
    query = select(E.c.id, E.c.kind, E.c.unit, E.c.data, E.c.created_at)
    return connection.execute(query.where(E.c.study == study, E.c.kind.in_(sorted(kinds)))).all()


def add_event(connection: Connection, row: Mapping[str, Any]) -> int:
    """Write an event as it was, its time too; returns its id."""
    return int(connection.execute(insert(E), dict(row)).inserted_primary_key[0])  # type: ignore[index]
