"""A cost-aware router: which units go to people, a jury or a single judge; first planned."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import routing
from core.routing import Tier
from core.services import analysis, runs, studies
from core.services.access import Identity, require
from core.services.findings import NoAnswer
from core.services.studies import Refused, Study
from core.services.tables import follower
from core.statistics.table import Table, majority
from storage import items
from storage import studies as study_rows
from storage.database import Database

PEOPLE, JURY, JUDGE = "people", "jury", "judge"
WAYS = ("judge, jury and people", "judge and people", "people alone")


@dataclass(frozen=True, slots=True)
class Option:
    """One way to spend the money: what it costs, and half the width of the interval to expect."""

    name: str
    cost: float
    half_width: float


@dataclass(frozen=True, slots=True)
class Route:
    """Where a unit goes, and with what probability people and the jury were drawn."""

    unit: int
    to: str
    people: float
    jury: float


@dataclass(frozen=True, slots=True)
class Routing:
    """A plan for the share of units with the answer `label`; nothing is done yet.

    `options` are compared at the same budget, the narrowest first; `routes` follow the `way`.
    `known` counts units with people's answers, by which the spreads were set, `judged` those that
    the judge has answered. Costs are what to expect: units are drawn one by one.
    """

    study: str
    question: str
    label: str
    judge: str
    jury: Sequence[str]
    costs: Mapping[str, float]
    budget: float
    seed: int
    way: str
    known: int
    options: Sequence[Option]
    routes: Sequence[Route]
    judged: int = 0

    @property
    def unjudged(self) -> str:
        """A warning where the judge has not answered every unit yet; '' where it has."""
        if self.judged >= len(self.routes):
            return ""
        return (
            f"{self.judge} has answered {self.judged:,} of {len(self.routes):,} units: the others "
            "count one half until people correct them, so let it judge them all first"
        )

    def count(self, to: str) -> int:
        """How many units go there."""
        return sum(route.to == to for route in self.routes)


def plan(
    db: Database, who: Identity, study: str, *, judge: str, jury: Sequence[str], budget: float,
    costs: Mapping[str, float], question: str | None = None, label: str = "", seed: int = 0,
    way: str = "",
) -> Routing:  # fmt: skip
    """Where each unit should go for the narrowest interval that the budget buys.

    `judge` and `jury` name raters; `costs` holds what one more answer costs by `people`, and by
    `jury` for all its members together. `way` is one of `WAYS`, by default the
    narrowest. Raises `NoAnswer`, and `Refused` for a budget or a cost that is not above 0, or when
    the judge has answered nothing yet.
    """
    require(who, "run")
    if not all(0 < amount < math.inf for amount in (budget, costs[PEOPLE], costs[JURY])):
        raise Refused("the budget and what people and the jury cost are more than 0")
    with analysis.following(db, who, study, question) as (now, asked, sheet):
        table = sheet.table
        if label and label not in table.labels:
            known = ", ".join(table.labels)
            raise NoAnswer(f"{asked.name} has no answer {label!r}; there are: {known}")
        code = table.labels.index(label) if label else 0
        units = follower(db, now).units[:, 0][sheet.place >= 0]
        first, votes = worker_codes(table, judge, now), jury_codes(table, jury, now)
        if not (first >= 0).any():
            raise Refused(f"{judge} has answered nothing yet; let it judge every unit first")
        people = majority(table.patterns["people"].counts)
        facts = _facts(first, votes, people, code)
    base, share, truth = facts
    cast = (votes >= 0).sum(axis=1)
    alone, apart, doubt, spread = routing.spreads(base, share, truth, cast)
    paid = ~np.isnan(share)
    ways = {
        WAYS[0]: [
            Tier(JURY, costs[JURY], apart, paid), Tier(PEOPLE, costs[PEOPLE] + costs[JURY], doubt),
        ],
        WAYS[1]: [Tier(PEOPLE, costs[PEOPLE], alone)],
        WAYS[2]: [Tier(PEOPLE, costs[PEOPLE], spread)],
    }  # fmt: skip
    if not jury:
        del ways[WAYS[0]]
    if way and way not in ways:
        raise Refused(f"no such way to spend here: {way!r}; there are: {', '.join(ways)}")
    found = {name: routing.allocate(tiers, budget) for name, tiers in ways.items()}
    even = routing.allocate(ways[WAYS[1]], budget, even=True)
    options = [_option(name, ways[name], chances) for name, chances in found.items()]
    options.append(_option(f"{WAYS[1]}, drawn evenly", ways[WAYS[1]], even))
    options.sort(key=lambda option: option.half_width)
    best = way or next(option.name for option in options if option.name in found)
    routes = _routes(units, best, found[best], seed)
    return Routing(
        now.key, asked.name, table.labels[code], judge, tuple(jury), dict(costs), budget, seed,
        best, int((~np.isnan(truth)).sum()), options, routes, int((first >= 0).sum()),
    )  # fmt: skip


def _column(table: Table, name: str) -> NDArray[np.int8]:
    for index, rater in enumerate(table.raters):
        if name in {rater.name, rater.title}:
            return table.codes[:, table.columns[(index, 0)]]
    raise NoAnswer(f"no rater is called {name!r}; there are: {[r.title for r in table.raters]}")


def jury_codes(table: Table, names: Sequence[str], study: Study) -> NDArray[np.int8]:
    """The members' codes, units x members; a first column of -1 stands for nobody."""
    blank = np.full(table.possible, -1, np.int8)
    return np.stack([blank, *(worker_codes(table, name, study) for name in names)], axis=1)


def worker_codes(table: Table, name: str, study: Study) -> NDArray[np.int8]:
    """A rater's codes, -1 without one; a worker that has judged nothing yet has none."""
    silent = {w.name for w in study.protocol.workers} - {r.name for r in table.raters}
    return np.full(table.possible, -1, np.int8) if name in silent else _column(table, name)


def _facts(
    first: NDArray[np.int8], votes: NDArray[np.int8], people: NDArray[np.int64], code: int
) -> tuple[routing.Floats, routing.Floats, routing.Floats]:
    """Whether the judge says the code, the jury's share of votes for it, and what people say."""
    base = np.where(first >= 0, (first == code).astype(np.float64), np.nan)
    cast = (votes >= 0).sum(axis=1)
    share = np.where(cast > 0, (votes == code).sum(axis=1) / np.maximum(cast, 1), np.nan)
    truth = np.where(people >= 0, (people == code).astype(np.float64), np.nan)
    return base, share, truth


def _option(name: str, tiers: Sequence[Tier], chances: Sequence[routing.Floats]) -> Option:
    return Option(name, routing.cost(tiers, chances), routing.half_width(tiers, chances))


def _routes(
    units: NDArray[np.int64], best: str, chances: Sequence[routing.Floats], seed: int
) -> list[Route]:
    chance = random.Random(seed)  # noqa: S311
    jury = chances[0] if len(chances) == 2 else np.zeros(len(units))
    found = []
    for unit, p, q in zip(units.tolist(), chances[-1].tolist(), jury.tolist(), strict=True):
        asked, voted = chance.random() < p, chance.random() < q
        to = PEOPLE if asked else JURY if voted else JUDGE
        found.append(Route(unit, to, p, q))
    return found


def by_key(db: Database, who: Identity, routed: Routing) -> list[dict[str, Any]]:
    """Where each unit goes, by its key, with the probabilities of its draw."""
    require(who, "run")
    with db.read() as connection:
        study = studies.load(db, routed.study, connection)
        keys = {number: key for key, number in items.unit_ids(connection, study.id).items()}
    return [{**asdict(route), "unit": keys[route.unit]} for route in routed.routes]


def apply(db: Database, who: Identity, routed: Routing, *, concurrency: int = 16) -> list[int]:
    """Do what a plan says; returns the runs of the jury's members, for a runner to work on.

    The plan with its probabilities becomes an event of the study. People are given the units that
    were drawn for them and no others, apart from those that somebody has begun; the jury judges
    its own and people's units. Raises `Refused` when a member is no worker of the study.
    """
    require(who, "run")
    require(who, "edit")
    study = studies.load(db, routed.study)
    members = [runs.worker_of(study, name) for name in routed.jury]
    voted = {route.unit for route in routed.routes if route.to in {PEOPLE, JURY} and route.jury}
    with db.write() as connection:
        study = studies.load(db, routed.study, connection, lock=True)
        data = {**asdict(routed), "routes": [list(asdict(r).values()) for r in routed.routes]}
        study_rows.record(connection, study.id, "route", who.name, data)
        items.close(connection, [route.unit for route in routed.routes if route.to != PEOPLE])
    started = []
    for member in members if voted else []:
        try:
            started.append(
                runs.start(db, who, routed.study, member, concurrency=concurrency, among=voted)
            )
        except runs.NothingToDo:
            continue
    return started
