"""How far a run has come, as a page or the command line shows it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from sqlalchemy import Connection

from core.services.terms import account_at, of_run
from core.throttle import percentile
from storage import accounts, calls, runs
from storage.database import now

ALIVE = 10_000_000
WINDOW = 30_000_000
LATEST = 200


@dataclass(frozen=True, slots=True)
class Status:
    """How far a run has come. `rate` is calls a second lately; `eta` seconds to go, if known.

    `waiting` counts tasks that are not done, `under_way` those of them that a runner holds.
    `failures` lists (kind, how many, one message) with the most frequent first; `alive` tells
    whether a runner is at it. `budget` lists (name, spent or held, most) of each limit. `after` is
    the run before it in a chain, 0 without one. `latency` is mean, 95th percentile (both seconds)
    and number of the latest replies, of runs with a `target` only. `pace` is how many calls its
    runners now let under way at once, and for how many seconds an endpoint has asked to wait; None
    where no runner has told.
    """

    id: int
    study: str
    worker: str
    kind: str
    state: str
    total: int
    done: int
    failed: int
    skipped: int
    waiting: int
    under_way: int
    failures: Sequence[tuple[str, int, str]]
    skips: Sequence[tuple[str, int]]
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    rate: float | None
    eta: float | None
    message: str
    concurrency: int
    lane: str
    objective: str
    budget: Sequence[tuple[str, float, float]]
    alive: bool
    created_at: int
    finished_at: int | None
    after: int = 0
    target: float | None = None
    target_of: str = "p95"
    latency: tuple[float, float, int] | None = None
    pace: tuple[int, float] | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state not in {"ready", "running"} and not (self.alive and self.under_way)


def progress(connection: Connection, row: Any, study: str = "") -> Status:
    """The state of a run's row, counted from its tasks and calls."""
    moment = now()
    count = runs.counts(connection, row.id)
    spent = calls.totals(connection, row.id, moment - WINDOW)
    left = count.get("ready", 0) + count.get("leased", 0)
    rate = _rate(spent, moment) if row.state == "running" else None
    over = sum(count.get(state, 0) for state in ("done", "failed"))
    reasons = runs.errors(connection, row.id)
    account = account_at(connection, row)
    terms = of_run(row.worker, account)
    return Status(
        id=row.id, study=study or row.study_key, worker=row.worker["definition"]["name"],
        kind=row.worker["definition"]["kind"], state=row.state, total=row.total,
        done=count.get("done", 0), failed=count.get("failed", 0), skipped=count.get("skipped", 0),
        waiting=left, under_way=count.get("leased", 0),
        failures=_failures(r for r in reasons if r.state == "failed"),
        skips=[(r.error, r.n) for r in reasons if r.state == "skipped"],
        calls=spent.calls, prompt_tokens=spent.prompt_tokens,
        completion_tokens=spent.completion_tokens, cost=spent.cost, rate=rate,
        eta=left * spent.calls / over / rate if rate and over else None,
        message=row.message, concurrency=row.concurrency,
        lane=terms.lane, objective=terms.objective, budget=_budget(account),
        alive=moment - row.heartbeat < ALIVE, created_at=row.created_at,
        finished_at=row.finished_at, after=int(row.worker.get("after", 0)),
        target=terms.target, target_of=terms.target_of,
        latency=_latency(calls.seconds(connection, row.id, LATEST)) if terms.target else None,
        pace=_pace(row.account or {}, moment) if terms.lane == "live" else None,
    )  # fmt: skip


def _rate(spent: calls.Totals, moment: int) -> float | None:
    """Calls a second over the latest, from the moment at which the first of them began."""
    if not spent.recent:
        return None
    return spent.recent / max(1.0, min(WINDOW, moment - spent.begun) / 1e6)


def _pace(account: Mapping[str, Any], moment: int) -> tuple[int, float] | None:
    """What the runners that live have told of how it goes, put together."""
    told = [
        pace for runner in (account.get("runners") or {}).values()
        if moment - runner.get("seen", 0) < ALIVE for pace in runner.get("paces", {}).values()
    ]  # fmt: skip
    if not told:
        return None
    return sum(limit for limit, *_ in told), max(0.0, max(p[2] for p in told) - moment / 1e6)


def _latency(times: Sequence[float]) -> tuple[float, float, int] | None:
    return (fmean(times), percentile(times), len(times)) if times else None


def _budget(account: Mapping[str, Any]) -> list[tuple[str, float, float]]:
    taken = account.get("spent", {})
    for runner in account.get("runners", {}).values():
        taken = accounts.added(taken, runner.get("held", {}))
    return [(name, taken.get(name, 0), most) for name, most in account.get("budget", {}).items()]


def _failures(rows: Iterable[Any]) -> list[tuple[str, int, str]]:
    """Failures by kind, from errors written as `kind: message`."""
    found: dict[str, tuple[int, str]] = {}
    for row in rows:
        kind, _, message = row.error.partition(": ")
        if not re.fullmatch(r"[a-z_]+", kind):
            kind, message = "error", row.error
        n, first = found.get(kind, (0, message))
        found[kind] = (n + row.n, first)
    return sorted(((k, n, m) for k, (n, m) in found.items()), key=lambda f: -f[1])
