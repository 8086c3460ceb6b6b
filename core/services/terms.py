"""The terms of a run: what it may take, by which lane its calls travel, and what they are for."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, get_args

from sqlalchemy import Connection

from core.batches import BatchLane
from core.calls import Endpoint, Lane
from core.services import presence, prices
from core.services.batch_memory import BatchMemory
from core.services.budget import Budget, Guarded, Purse
from core.services.group_commit import GroupCommit
from core.services.studies import Refused
from core.throttle import Measure, Objective, Throttle
from core.wire import Wire
from core.workers.base import Worker
from storage import accounts

LANES = ("live", "batch")
PARKED = 4000
NO_BUDGET = Budget()
OBJECTIVES: tuple[str, ...] = get_args(Objective)
MEASURES: tuple[str, ...] = get_args(Measure)
KEPT = ("lane", "objective", "target", "target_of")


@dataclass(frozen=True, slots=True)
class Terms:
    """How a run is to be done. `lane` is live or batch, `objective` throughput or latency.

    `target` is how many seconds replies may take for the objective latency, by their 95th
    percentile or their mean (`target_of`); None: not much longer than at their best.
    """

    lane: str = "live"
    objective: str = "throughput"
    target: float | None = None
    target_of: str = "p95"
    budget: Budget = NO_BUDGET

    def spec(self) -> dict[str, Any]:
        """What the run keeps of it, beside the budget in its account."""
        plain = {name: getattr(self, name) for name in KEPT}
        return {name: value for name, value in plain.items() if value != getattr(Terms(), name)}

    def fitting(self, worker: Worker) -> "Terms":
        """The terms for one worker of several: one that works offline has no lane to choose."""
        return self if worker.needs_model() else Terms(budget=self.budget)

    def unpaid(self) -> "Terms":
        """The same without a budget of its own."""
        return replace(self, budget=NO_BUDGET)

    def check(self, worker: Worker) -> None:
        """Raise `Refused` when the worker cannot work on these terms."""
        if self.lane not in LANES or self.objective not in OBJECTIVES:
            raise Refused(
                f"a run's lane is {' or '.join(LANES)}, its objective {' or '.join(OBJECTIVES)}"
            )
        if self.target is not None and (self.objective != "latency" or not self.target > 0):
            raise Refused("a target is more than 0 seconds, and belongs to the objective latency")
        if self.target_of not in MEASURES:
            raise Refused(f"a target is of {' or '.join(MEASURES)}")
        if self.lane == "batch" and not worker.needs_model():
            raise Refused(f"{worker.name} works offline: the batch lane is for models")
        if any(most <= 0 for most in self.budget.limits().values()):
            raise Refused("a budget is more than 0")
        if self.budget.money is not None and worker.models():
            unknown = worker.models().keys() - prices.of_worker(worker, self.lane).keys()
            if unknown:
                names = ", ".join(sorted({worker.models()[name].model for name in unknown}))
                raise Refused(
                    f"a budget in money needs prices; there is none of {names}, or not of both "
                    "prompts and replies"
                )


@dataclass(frozen=True, slots=True)
class Carrier:
    """Makes throttles and lanes for one runner's share of a run; `purse` is None without budget."""

    commits: GroupCommit
    run: int
    terms: Terms
    purse: Purse | None

    def throttle(self, most: int) -> Throttle:
        """How many calls may be under way: found by trying, or as many as a batch takes."""
        if self.terms.lane == "batch":
            return Throttle(PARKED, PARKED)
        objective: Any = self.terms.objective
        of: Any = self.terms.target_of
        return Throttle(most, objective=objective, target=self.terms.target, of=of)

    def lane(self, endpoint: Endpoint, throttle: Throttle) -> Callable[[Wire], Lane]:
        """What carries the requests to an endpoint."""

        def made(wire: Wire) -> Lane:
            lane: Lane = wire
            if self.terms.lane == "batch":
                place = presence.place(endpoint.base_url, f"{endpoint.key_name} {endpoint.model}")
                lane = BatchLane(wire, BatchMemory(self.commits, self.run, place, endpoint.model))
            if self.purse is not None:
                lane = Guarded(lane, self.purse, endpoint, lambda: throttle.closed)
            return lane

        return made


def of_run(spec: Mapping[str, Any], account: Mapping[str, Any] | None) -> Terms:
    """The terms that a run's row holds."""
    limits = (account or {}).get("budget") or {}
    kept = {name: spec[name] for name in KEPT if name in spec}
    return Terms(**kept, budget=Budget(**limits))


def account_of(terms: Terms) -> dict[str, Any] | None:
    """The account of a new run on these terms; None without a budget."""
    limits = {name: most for name, most in asdict(terms.budget).items() if most is not None}
    return {"budget": limits, "spent": {}, "runners": {}} if limits else None


def purse_of(row: Any) -> int:
    """The run whose account a run draws on: itself, or the first of its chain."""
    return int(row.worker.get("purse") or row.id)


def account_at(connection: Connection, row: Any) -> Mapping[str, Any]:
    """The account that a run's row draws on, as it stands; {} without one."""
    purse = purse_of(row)
    return (row.account or {}) if purse == row.id else accounts.peek(connection, purse)
