"""Runners at the same endpoints, on whatever runs and machines, keep pace with each other."""

from collections.abc import Mapping

from sqlalchemy import Connection

from core.digest import digest
from core.throttle import Pace
from storage import accounts
from storage.runs import clock


def place(base_url: str, key: str) -> str:
    """What stands for an endpoint and the key that it is used with."""
    return digest([base_url.rstrip("/"), key])[:16]


def share(
    connection: Connection, run: int, runner: str, paces: Mapping[str, Pace]
) -> dict[str, list[Pace]]:
    """Tell the others how it goes at each place; returns what they tell. Every two seconds."""
    account = accounts.load(connection, run)
    own = account["runners"].setdefault(runner, {"held": {}})
    own["seen"] = clock(connection)
    own["paces"] = {name: [p.limit, p.steady, p.resume] for name, p in paces.items()}
    accounts.store(connection, run, account)
    others: dict[str, list[Pace]] = {name: [] for name in paces}
    for _, token, told in accounts.runners(connection):
        for name, pace in told.get("paces", {}).items():
            if token != runner and name in others:
                others[name].append(Pace(*pace))
    return others


def leave(connection: Connection, run: int, runner: str) -> None:
    """Take a runner off a run's account; what it still held counts as spent."""
    account = accounts.load(connection, run)
    gone = account["runners"].pop(runner, {})
    account["spent"] = accounts.added(account["spent"], gone.get("held", {}))
    accounts.store(connection, run, account)
