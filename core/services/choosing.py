"""Choosing a unit by the study's policy: a walk, or a draw with a known probability."""

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection

from core import selection
from core.policies import WALKS
from core.selection import BLOCK, Permutation
from core.services import duels
from core.services.access import Identity
from core.services.reading import asked
from core.services.studies import Study
from storage import assignments, candidates
from storage.assignments import Standing
from storage.database import Database

BATCHES = (8, 64, 256)
REACH = 4


@dataclass(frozen=True, slots=True)
class Choice:
    """A unit chosen, and how: what an assignment keeps of it.

    An `arm` is given where the unit continues an earlier assignment; else it is drawn.
    `design` is `inclusion` where every unit gets its turn, `draw:n` where it was drawn out of n
    candidates; the propensity of a draw is its probability among these.
    """

    unit: int
    item: int
    policy: str
    propensity: float = 1.0
    design: str = "inclusion"
    stage: str = "first"
    repeat: int = 0
    released: int | None = None
    arm: str | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """Who is asked, where they stand, and what is known of the study at this moment."""

    db: Database
    connection: Connection
    study: Study
    who: Identity
    rater: int
    standing: Standing
    total: int

    def chance(self, what: str) -> random.Random:
        """The chance of this person at this step: the same whenever it is asked for."""
        seed = draw(self.study.seed, self.who.name, self.standing.place, what)
        return random.Random(seed)  # noqa: S311


def draw(*parts: Any) -> int:
    """A number of 48 bits that depends on the parts and on nothing else."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


def ordinary(at: Setting) -> Choice | None:
    """The next unit of the ordinary work; None when none is open to the person."""
    policy = at.study.protocol.assignment
    if policy.order not in WALKS:
        return _drawn(at)
    row = _own_order(at) if policy.order == "per_rater" else _walk(at, at.standing.position)
    if row is None:
        return None
    return Choice(row.id, row.item, policy.version, released=row.released)


def _walk(at: Setting, after: int) -> Any:
    """The next open unit beyond a position, else the first one before it, else None."""
    found = assignments.free_units(at.connection, at.study.id, at.rater, after)
    if not found:
        release(at)
        found = assignments.free_units(at.connection, at.study.id, at.rater, -1)
    return found[0] if found else None


def release(at: Setting) -> None:
    """Free some reservations of others that have run out."""
    overlap = at.study.protocol.assignment.overlap
    assignments.release_expired(at.connection, at.study.id, at.rater, overlap)


def _own_order(at: Setting) -> Any:
    """The next open unit in the person's own order, or None.

    Where open units are so rare that a few hundred steps meet none, it is the next open one after
    a random place.
    """
    seed = draw(at.study.seed, at.who.name, "order")
    block = BLOCK if at.study.protocol.assignment.strata else 1
    order = Permutation(seed, max(at.total, 1), block)
    known = 0 <= at.standing.position < at.total
    step = order.index(at.standing.position) + 1 if known else 0
    last = step + order.steps
    for many in BATCHES:
        steps = range(step, min(step + many, last))
        places = [p for p in (order[n % order.steps] for n in steps) if p < at.total]
        found = {
            row.position: row
            for row in assignments.free_at(at.connection, at.study.id, at.rater, places)
        }
        hit = next((found[p] for p in places if p in found), None)
        if hit is not None:
            return hit
        step += many
    return _walk(at, at.chance("walk").randrange(-1, max(at.total - 1, 0)))


def _drawn(at: Setting) -> Choice | None:
    policy = at.study.protocol.assignment
    chance = at.chance("draw")
    rows = _candidates(at, chance)
    if not rows:
        return None
    chances = selection.mixed(SCORES[policy.order](at, rows), policy.epsilon)
    if policy.strata:
        facts = candidates.facts(at.connection, [row.item for row in rows])
        strata = [str(facts[row.item].get(policy.strata)) for row in rows]
        chances = selection.stratified(chances, strata)
    n = selection.pick(chances, chance.random())
    return Choice(
        rows[n].id, rows[n].item, policy.version, chances[n], f"draw:{len(rows)}",
        released=rows[n].released,
    )  # fmt: skip


def _candidates(at: Setting, chance: random.Random) -> Sequence[Any]:
    """Open units at random places; where those are rare, the open ones after a random place."""
    most = at.study.protocol.assignment.candidates
    places = chance.sample(range(at.total), min(at.total, most * REACH))
    if not places:
        return []
    found = {
        row.position: row
        for row in assignments.free_at(at.connection, at.study.id, at.rater, places)
    }
    rows = [found[place] for place in places if place in found][:most]
    if rows:
        return rows
    start = chance.randrange(-1, at.total - 1) if at.total > 1 else -1
    for attempt in (0, 1):
        after = assignments.free_units(at.connection, at.study.id, at.rater, start, most)
        first = assignments.free_units(at.connection, at.study.id, at.rater, -1, most)
        rows = [*after, *(row for row in first if row.position <= start)][:most]
        if rows or attempt:
            return rows
        release(at)
    return rows


def _votes(at: Setting, rows: Sequence[Any]) -> tuple[np.ndarray, np.ndarray, bool]:
    """Answers of people and of models per candidate and code; whether the codes have an order.

    A rater's repeats share one vote.
    """
    question = asked(at.study.protocol)
    if question is None:
        return np.zeros((len(rows), 1)), np.zeros((len(rows), 1)), False
    scale = question.scale()
    place = {row.id: n for n, row in enumerate(rows)}
    people, models = (np.zeros((len(rows), max(1, len(scale.labels)))) for _ in range(2))
    found = candidates.answers(at.connection, list(place), [at.study.wording(question)])
    often: dict[tuple[int, int], int] = {}
    coded = [row for row in found if row.code is not None]
    for row in coded:
        often[row.unit, row.rater] = often.get((row.unit, row.rater), 0) + 1
    for row in coded:
        side = people if row.kind == "person" else models
        side[place[row.unit], row.code] += 1 / often[row.unit, row.rater]
    return people, models, scale.level in {"ordinal", "interval"}


def _uncertain(at: Setting, rows: Sequence[Any]) -> list[float]:
    people, models, _ = _votes(at, rows)
    return selection.uncertain(people + models)


def _jury(at: Setting, rows: Sequence[Any]) -> list[float]:
    return selection.jury(_votes(at, rows)[1])


def _divergent(at: Setting, rows: Sequence[Any]) -> list[float]:
    people, models, ordered = _votes(at, rows)
    return selection.divergent(people, models, ordered=ordered)


def _ucb(at: Setting, rows: Sequence[Any]) -> list[float]:
    return selection.duel_ucb(*_duels(at, rows))


def _thompson(at: Setting, rows: Sequence[Any]) -> list[float]:
    seed = draw(at.study.seed, at.who.name, at.standing.place, "posterior")
    return selection.duel_thompson(*_duels(at, rows), seed)


def _duels(at: Setting, rows: Sequence[Any]) -> tuple[selection.Wins, list[selection.Pair]]:
    """Duels won so far, and the pair of sources that each candidate shows."""
    question = asked(at.study.protocol)
    if question is None:
        return {}, [("", "")] * len(rows)
    wins = duels.wins(at.db, at.connection, at.study, question)
    shown = candidates.outputs(at.connection, [row.id for row in rows])
    made = candidates.sources(at.connection, [item for item, _ in shown.values()])
    pairs = [_pair(made, *shown[row.id]) for row in rows]
    return wins, pairs


def _pair(made: Mapping[tuple[int, str], str], item: int, keys: Sequence[str]) -> selection.Pair:
    """The two sources of a unit; the same name twice for a unit that is no duel."""
    if len(keys) != 2:
        return ("", "")
    return made[item, keys[0]], made[item, keys[1]]


SCORES: Mapping[str, Callable[[Setting, Sequence[Any]], list[float]]] = {
    "random": lambda _, rows: [1.0] * len(rows),
    "least_covered": lambda _, rows: selection.least_covered([row.taken for row in rows]),
    "uncertain": _uncertain, "jury": _jury, "divergent": _divergent, "duel_ucb": _ucb,
    "duel_thompson": _thompson,
}  # fmt: skip
