"""What an applied plan has come to: the share that it was made for, with its interval."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import routing
from core.routing import Floats
from core.services import analysis
from core.services import routing as planned
from core.services.access import Identity, require
from core.services.tables import follower
from core.statistics.table import MISSING
from storage import studies as study_rows
from storage.database import Database

FEW = 20
Drawn = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The share of units with the answer `label`, by an applied plan.

    `value`, `low` and `high` are None while an answer that was drawn is missing; the note says
    which. `promised` is half the width that the plan expected, `spent` what the units drawn cost.
    `people` and `jury` hold how many units were drawn, and how many of these are answered.
    """

    question: str
    label: str
    way: str
    judge: str
    by: str
    at: int
    value: float | None
    low: float | None
    high: float | None
    promised: float
    budget: float
    spent: float
    people: tuple[int, int]
    jury: tuple[int, int]
    note: str


def draws(seed: int, people: Sequence[float], jury: Sequence[float]) -> tuple[Drawn, Drawn]:
    """Which units a plan drew for people, and which for the jury: its seed says it again."""
    chance = random.Random(seed)  # noqa: S311
    found = [(chance.random() < p, chance.random() < q) for p, q in zip(people, jury, strict=True)]
    asked = np.array([one for one, _ in found], bool)
    return asked, np.array([one for _, one in found], bool)


def estimate(
    way: str, seed: int, people: Sequence[float], jury: Sequence[float], judge: Floats,
    votes: Floats, truth: Floats,
) -> tuple[float, float, float]:  # fmt: skip
    """The share with its interval (value, low, high), as the way of a plan corrects it.

    `judge`, `votes` and `truth` say per unit whether it has the answer, 0 to 1; what was not drawn
    is not read. Of people alone it is their weighted mean (Hajek).
    """
    asked, voted = draws(seed, people, jury)
    p, q = np.asarray(people, np.float64), np.asarray(jury, np.float64)
    if way == planned.WAYS[2]:
        weight = np.where(asked, 1 / p, 0.0)
        middle = float((np.nan_to_num(truth) * weight).sum() / max(weight.sum(), 1e-12))
        return routing.corrected(np.full(len(p), middle), [(truth - middle, asked, p)])
    if way == planned.WAYS[1]:
        return routing.corrected(judge, [(truth - judge, asked, p)])
    return routing.corrected(judge, [(votes - judge, voted, q), (truth - votes, asked, p)])


def outcome(db: Database, who: Identity, study: str, question: str | None = None) -> Outcome | None:
    """What the newest plan applied to a question has come to; None when there was none.

    People's answer is that of most of them; where several answers lead, each counts its part. A
    unit without an answer of the judge counts one half before it is corrected.
    """
    require(who, "see_results")
    with analysis.following(db, who, study, question) as (now, asked, sheet):
        with db.read() as connection:
            rows = study_rows.events(connection, now.id, ["route"])
        own = [row for row in rows if row.data["question"] == asked.name]
        if not own:
            return None
        event, table = own[-1], sheet.table
        plan = event.data
        places = {unit: n for n, unit in enumerate(
            follower(db, now).units[:, 0][sheet.place >= 0].tolist())}  # fmt: skip
        routes = [route for route in plan["routes"] if route[0] in places]
        rows_of = np.array([places[route[0]] for route in routes], np.intp)
        code = table.labels.index(plan["label"])
        first = planned.worker_codes(table, plan["judge"], now)[rows_of]
        votes = planned.jury_codes(table, plan["jury"], now)[rows_of]
        counts = table.patterns["people"].counts[rows_of]
    judge = np.where(first == MISSING, 0.5, (first == code).astype(np.float64))
    share = _shares((votes >= 0).sum(axis=1), (votes == code).sum(axis=1))
    truth = _decided(counts, code)
    return _outcome(plan, event, routes, judge, share, truth)


def _outcome(
    plan: Mapping[str, Any], event: Any, routes: Sequence[Sequence[Any]], judge: Floats,
    share: Floats, truth: Floats,
) -> Outcome:  # fmt: skip
    people, jury = [route[2] for route in routes], [route[3] for route in routes]
    asked, voted = draws(plan["seed"], people, jury)
    telescoped = plan["way"] == planned.WAYS[0]
    wanted = (asked | voted) if telescoped else np.zeros(len(asked), bool)
    answered = int((asked & ~np.isnan(truth)).sum()), int((wanted & ~np.isnan(share)).sum())
    drawn = int(asked.sum()), int(wanted.sum())
    value: float | None = None
    low: float | None = None
    high: float | None = None
    if answered != drawn:
        note = f"undefined until all that was drawn is answered: {_of(answered[0], drawn[0])} units"
        note += " by people" + (f", {_of(answered[1], drawn[1])} by the jury" if telescoped else "")
    elif not drawn[0]:
        note = "undefined: no unit was drawn for people, so that nothing corrects the judge"
    else:
        value, low, high = estimate(
            plan["way"], plan["seed"], people, jury, judge, share, truth
        )  # fmt: skip
        few = f"only {drawn[0]} units were drawn for people: the interval may be too narrow"
        note = few if drawn[0] < FEW else ""
    costs, paid = plan["costs"], np.asarray(jury) >= 1
    spent = drawn[0] * costs[planned.PEOPLE] + int((wanted & ~paid).sum()) * costs[planned.JURY]
    promised = next(o["half_width"] for o in plan["options"] if o["name"] == plan["way"])
    return Outcome(
        plan["question"], plan["label"], plan["way"], plan["judge"], event.actor, event.created_at,
        value, low, high, promised, plan["budget"], spent, (drawn[0], answered[0]),
        (drawn[1], answered[1]), note,
    )  # fmt: skip


def _of(some: int, whole: int) -> str:
    return f"{some:,} of {whole:,}"


def _shares(cast: NDArray[np.int64], for_it: NDArray[np.int64]) -> Floats:
    """The share of votes for an answer; nan without votes."""
    return np.where(cast > 0, for_it / np.maximum(cast, 1), np.nan)


def _decided(counts: NDArray[Any], code: int) -> Floats:
    """What people say of each unit: 1 or 0 by most of them, a part of 1 where several lead."""
    most = counts.max(axis=1)
    best = (counts == most[:, None]).sum(axis=1)
    leading = np.where(counts[:, code] == most, 1 / np.maximum(best, 1), 0.0)
    return np.where(counts.sum(axis=1) > 0, leading, np.nan)
