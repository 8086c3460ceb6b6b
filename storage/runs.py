"""Runs and their tasks: planned once, claimed by lease, finished by whoever holds the lease."""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, literal, select, text, update

from storage.database import now
from storage.tables import Judgment, Run, Study, Task

T: Any = Task.__table__  # type: ignore[attr-defined]
N: Any = Run.__table__  # type: ignore[attr-defined]
S: Any = Study.__table__  # type: ignore[attr-defined]
J: Any = Judgment.__table__  # type: ignore[attr-defined]

LEASE = 6_000_000
ACTIVE = ("ready", "running")
CHUNK = 500
COLUMNS = (T.c.id, T.c.unit, T.c.repeat, T.c.attempts, T.c.owner)
CLOCK = text("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)")

WISHES = select(N.c.state, N.c.concurrency).where(N.c.id == bindparam("run_id"))


def clock(connection: Connection) -> int:
    """The present in microseconds: the database's own where several machines share it."""
    if connection.dialect.name == "sqlite":
        return now()
    return int(connection.execute(CLOCK).scalar_one())


def add(
    connection: Connection, study: int, kind: str, worker: Mapping[str, Any], concurrency: int,
    total: int, account: Mapping[str, Any] | None = None,
) -> int:  # fmt: skip
    """A new run in state ready; returns its id."""
    row = {
        "study": study, "kind": kind, "worker": dict(worker), "state": "ready",
        "concurrency": concurrency, "total": total, "message": "", "heartbeat": 0,
        "created_at": now(), "finished_at": None,
        "account": None if account is None else dict(account),
    }  # fmt: skip
    return int(connection.execute(insert(N), row).inserted_primary_key[0])  # type: ignore[index]


def add_tasks(
    connection: Connection, run: int, worker: str, tasks: Iterable[tuple[int, int, str]]
) -> int:
    """Add tasks (unit, repeat, reason to pass it by or ''); returns how many.

    While a task is ready, `lease_until` is its place in the line.
    """
    rows = [
        {"run": run, "worker": worker, "unit": unit, "repeat": repeat, "owner": "", "attempts": 0,
         "state": "skipped" if reason else "ready", "lease_until": place, "error": reason}
        for place, (unit, repeat, reason) in enumerate(tasks, 1)
    ]  # fmt: skip
    for start in range(0, len(rows), CHUNK):
        connection.execute(insert(T), rows[start : start + CHUNK])
    return len(rows)


def by_id(connection: Connection, run: int) -> Any:
    """A run with its study's key, or None."""
    return connection.execute(
        select(N, S.c.key.label("study_key")).join(S, S.c.id == N.c.study).where(N.c.id == run)
    ).first()


def wishes(connection: Connection, run: int) -> Any:
    """What people want of a run now: state, concurrency."""
    return connection.execute(WISHES, {"run_id": run}).one()


def every(connection: Connection, study: int) -> Sequence[Any]:
    """The runs of a study, newest first."""
    return connection.execute(select(N).where(N.c.study == study).order_by(N.c.id.desc())).all()


def active(connection: Connection) -> Sequence[Any]:
    """Runs that have or may have work: id, state, heartbeat."""
    return connection.execute(
        select(N.c.id, N.c.state, N.c.heartbeat).where(N.c.state.in_(ACTIVE)).order_by(N.c.id)
    ).all()


def change(
    connection: Connection, run: int, *, only: Sequence[str] | None = None, **values: Any
) -> bool:
    """Set columns of a run if its state is one of `only`; False when it is not."""
    query = update(N).where(N.c.id == run)
    if only is not None:
        query = query.where(N.c.state.in_(list(only)))
    return connection.execute(query.values(**values)).rowcount == 1


def _claim(condition: Any, *, late: bool = False) -> Any:
    wanted = (
        select(T.c.id)
        .where(T.c.run == bindparam("run_id"), condition)
        .order_by(T.c.lease_until)
        .limit(bindparam("count"))
        .with_for_update(skip_locked=True)
    )
    return (
        update(T)
        .where(T.c.id.in_(wanted))
        .values(
            state="leased", owner=bindparam("token"), lease_until=bindparam("until"),
            attempts=T.c.attempts + 1,
        )
        .returning(*COLUMNS, literal(late).label("late"))
    )  # fmt: skip


READY = _claim(T.c.state == "ready")
EXPIRED = _claim((T.c.state == "leased") & (T.c.lease_until < bindparam("moment")), late=True)


def claim(
    connection: Connection, run: int, count: int, *, expired_first: bool = False
) -> list[Any]:
    """Take up to `count` tasks that are ready, or whose lease ran out, under a fresh owner token.

    Those whose lease ran out come last, unless they are to come first. Rows: id, unit, repeat,
    attempts, owner, and whether it is `late`: its lease ran out.
    """
    facts = _facts(connection, run)
    found: list[Any] = []
    for statement in (EXPIRED, READY) if expired_first else (READY, EXPIRED):
        if len(found) < count:
            found += connection.execute(statement, {**facts, "count": count - len(found)}).all()
    return found


def claim_expired(connection: Connection, run: int, count: int) -> list[Any]:
    """Take up to `count` tasks whose lease ran out, and no others; rows as of `claim`."""
    facts = _facts(connection, run)
    return list(connection.execute(EXPIRED, {**facts, "count": count}).all())


def _facts(connection: Connection, run: int) -> dict[str, Any]:
    moment = clock(connection)
    return {
        "run_id": run, "token": secrets.token_hex(12), "until": moment + LEASE, "moment": moment,
    }  # fmt: skip


THESE = _claim((T.c.state == "ready") & T.c.id.in_(bindparam("ids", expanding=True)))


def lock(connection: Connection, run: int) -> None:
    """Wait until no other runner takes tasks of a run; the lock goes with the transaction."""
    connection.execute(select(N.c.id).where(N.c.id == run).with_for_update(key_share=True))


def claim_these(connection: Connection, run: int, ids: Collection[int]) -> list[Any]:
    """Take those of these tasks that are ready and that nobody is taking; rows as of `claim`."""
    if not ids:
        return []
    facts = _facts(connection, run)
    return list(connection.execute(THESE, {**facts, "count": len(ids), "ids": sorted(ids)}).all())


def places(connection: Connection, run: int) -> Sequence[Any]:
    """All tasks of a run in the order of its plan: id, unit, repeat."""
    query = select(T.c.id, T.c.unit, T.c.repeat).where(T.c.run == run).order_by(T.c.id)
    return connection.execute(query).all()


RENEW = (
    update(T)
    .where(
        T.c.id.in_(bindparam("ids", expanding=True)),
        T.c.owner.in_(bindparam("owners", expanding=True)),
        T.c.state == "leased",
    )
    .values(lease_until=bindparam("until"))
)
HELD = (
    select(T.c.id, T.c.owner)
    .where(T.c.id.in_(bindparam("ids", expanding=True)), T.c.state == "leased")
    .with_for_update()
)
FINISH = (
    update(T)
    .where(T.c.id == bindparam("task_id"), T.c.owner == bindparam("token"))
    .values(state=bindparam("new_state"), error=bindparam("why"), owner="")
)
DONE = (
    update(T)
    .where(
        T.c.id.in_(bindparam("ids", expanding=True)),
        T.c.owner.in_(bindparam("owners", expanding=True)),
        T.c.state == "leased",
    )
    .values(state="done", error="", owner="")
)


def renew(connection: Connection, held: Mapping[int, str]) -> None:
    """Lengthen the leases of the tasks held: id -> owner token."""
    if held:
        connection.execute(
            RENEW,
            {"ids": list(held), "owners": list(set(held.values())),
             "until": clock(connection) + LEASE},
        )  # fmt: skip


def held(connection: Connection, tasks: Mapping[int, str]) -> set[int]:
    """Which of these tasks are still leased under their owner token; locks them."""
    rows = connection.execute(HELD, {"ids": list(tasks)})
    return {row.id for row in rows if row.owner == tasks[row.id]}


class LostLease(Exception):
    """A task was taken over by another runner; nothing of it was stored."""


def done(connection: Connection, tasks: Mapping[int, str]) -> None:
    """Mark held tasks as done; raises `LostLease` when one is no longer held."""
    facts = {"ids": list(tasks), "owners": list(set(tasks.values()))}
    if tasks and connection.execute(DONE, facts).rowcount != len(tasks):
        raise LostLease


def close(connection: Connection, outcomes: Sequence[tuple[int, str, str, str]]) -> None:
    """Set tasks to failed, skipped or ready: (id, owner token, state, error)."""
    rows = [
        {"task_id": t, "token": owner, "new_state": state, "why": error[:1000]}
        for t, owner, state, error in outcomes
    ]
    if rows:
        connection.execute(FINISH, rows)


def put_back(connection: Connection, run: int, ids: Sequence[int] | None = None) -> int:
    """Make failed tasks ready again, all of a run or those given; returns how many."""
    query = update(T).where(T.c.run == run, T.c.state == "failed")
    if ids is not None:
        query = query.where(T.c.id.in_(list(ids)))
    return connection.execute(query.values(state="ready", error="", lease_until=T.c.id)).rowcount


def counts(connection: Connection, run: int) -> dict[str, int]:
    """Tasks of a run per state."""
    rows = connection.execute(
        select(T.c.state, func.count().label("n")).where(T.c.run == run).group_by(T.c.state)
    )
    return {row.state: row.n for row in rows}


def errors(connection: Connection, run: int) -> Sequence[Any]:
    """Why tasks failed or were passed by: state, error, n; the most frequent first."""
    return connection.execute(
        select(T.c.state, T.c.error, func.count().label("n"))
        .where(T.c.run == run, T.c.state.in_(("failed", "skipped")))
        .group_by(T.c.state, T.c.error)
        .order_by(func.count().desc())
        .limit(200)
    ).all()


STANDING = (
    select(J.c.unit, J.c.question, J.c.repeat, J.c.id, J.c.sequence, J.c.withdrawn)
    .where(
        J.c.rater == bindparam("rater_id"),
        J.c.stage == "first",
        J.c.condition == "",
    )
    .order_by(J.c.sequence)
)
NEWEST = select(func.coalesce(func.max(J.c.sequence), 0)).where(J.c.rater == bindparam("rater_id"))
STANDING_OF = STANDING.where(J.c.unit.in_(bindparam("units", expanding=True)))


def newest(connection: Connection, rater: int) -> int:
    """The number of a rater's newest judgment in the log; 0 without any."""
    return int(connection.execute(NEWEST, {"rater_id": rater}).scalar_one())


def standing(
    connection: Connection, rater: int, units: Sequence[int] | None = None
) -> dict[tuple[int, int, int], tuple[int, int, bool]]:
    """A rater's newest ordinary judgments: (unit, question, repeat) -> (id, sequence, withdrawn).

    Of the units given, or of all.
    """
    facts = {"rater_id": rater}
    if units is None:
        rows = connection.execute(STANDING, facts)
    else:
        rows = connection.execute(STANDING_OF, {**facts, "units": list(units)})
    return {
        (row.unit, row.question, row.repeat): (row.id, row.sequence, bool(row.withdrawn))
        for row in rows
    }
