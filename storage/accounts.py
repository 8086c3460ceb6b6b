"""A run's account: what it may spend and has spent, and what its runners tell each other.

    {"budget": {name: most}, "spent": {name: amount},
     "runners": {token: {"seen": microseconds, "held": {name: amount}, "paces": {place: [...]}}}}

`held` is reserved for calls that are under way. A runner that has not been seen for ten seconds is
dead: what it held counts as spent, as its calls may have been paid.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from storage.runs import ACTIVE, N, clock

ALIVE = 10_000_000
ONE = select(N.c.account).where(N.c.id == bindparam("run_id")).with_for_update()
ACTIVE_ONES = select(N.c.id, N.c.account).where(N.c.state.in_(ACTIVE))
WRITE = update(N).where(N.c.id == bindparam("run_id")).values(account=bindparam("the_account"))


def load(connection: Connection, run: int) -> dict[str, Any]:
    """A run's account, locked until the transaction ends; without the runners that are dead."""
    found = connection.execute(ONE, {"run_id": run}).scalar_one() or {}
    account = {"budget": {}, "spent": {}, "runners": {}, **found}
    oldest = clock(connection) - ALIVE
    alive = {}
    for token, runner in account["runners"].items():
        if runner["seen"] >= oldest:
            alive[token] = runner
        else:
            account["spent"] = added(account["spent"], runner.get("held", {}))
    return {**account, "runners": alive}


def peek(connection: Connection, run: int) -> dict[str, Any]:
    """A run's account as it stands, for looking at; {} without one."""
    found = connection.execute(select(N.c.account).where(N.c.id == run)).scalar()
    return dict(found or {})


def store(connection: Connection, run: int, account: Mapping[str, Any]) -> None:
    """Write a run's account that the same transaction has loaded."""
    connection.execute(WRITE, {"run_id": run, "the_account": dict(account)})


def runners(connection: Connection) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    """The living runners of all active runs: run, token, and what each tells."""
    oldest = clock(connection) - ALIVE
    for row in connection.execute(ACTIVE_ONES):
        for token, runner in ((row.account or {}).get("runners") or {}).items():
            if runner["seen"] >= oldest:
                yield row.id, token, runner


def added(one: Mapping[str, float], more: Mapping[str, float], sign: int = 1) -> dict[str, float]:
    """Amounts by name, added up (or taken off, with a sign of -1)."""
    return {
        name: one.get(name, 0) + sign * more.get(name, 0) for name in dict.fromkeys([*one, *more])
    }
