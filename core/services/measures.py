"""What workers made, measured: the facts beside outputs as means, and what follows from them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from core.services import studies
from core.services.access import Identity, require
from core.services.studies import Study
from core.statistics.base import Estimate
from core.statistics.means import over_items
from core.statistics.multiturn import feedback_gain, slope, success_rate
from core.statistics.overlap import shuffled, word_hits
from core.statistics.passes import pass_rate
from storage import items, outputs, progress
from storage import studies as study_rows
from storage.database import Database

KS = (1, 2, 3, 5, 10, 25, 50, 100)
PLACES = frozenset(
    {
        "start",
        "after",
        "visits",
        "end",
        "attempt",
        "sample",
        "call",
        "k",
        "first_wrong",
        "solved_at",
        "least",
        "rollouts",
    }
)
ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Measure:
    """A number about what a worker made. `maker` is who made what it is about, '' for nobody."""

    worker: str
    role: str
    maker: str
    name: str
    estimate: Estimate

    def row(self) -> dict[str, Any]:
        """The measure as a flat row."""
        found = self.estimate
        return {
            "worker": self.worker, "role": self.role, "about": self.maker, "measure": self.name,
            "value": found.value, "low": found.low, "high": found.high, "n": found.n,
            "coverage": found.coverage, "method": found.method, "note": found.note,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """One output with its facts, and the worker that made it."""

    item: str
    role: str
    worker: str
    spec: Mapping[str, Any]
    maker: str
    facts: Mapping[str, Any]
    lists: tuple[Sequence[str], Sequence[str]] | None = None


def measures(db: Database, who: Identity, key: str) -> list[Measure]:
    """Every measure of a study's outputs, by worker, role and whose work it is about.

    Facts that are numbers or yes and no are averaged over items, those of the same item together.
    Results of tests give pass@k, trajectories SR_k with its slope and what feedback adds. Counted
    anew when there are more outputs or items.
    """
    require(who, "see_results")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        mark = (outputs.many(connection, study.id), items.newest(connection))
        known = db.cache.get(("measures", study.id))
        if known is None or known[0] != mark:
            known = db.cache["measures", study.id] = (mark, _found(connection, study))
    found: list[Measure] = known[1]
    return found


def _found(connection: Connection, study: Study) -> list[Measure]:
    raters = {row.id: row for row in study_rows.raters(connection, study.id)}
    sources = outputs.makers(connection, study.id)
    rows = outputs.measured(connection, study.id)
    count = progress.items(connection, study.id) if rows else 0
    texts = {(row.item_key, row.key): row.content.get("data") for row in rows}
    made = [
        Made(row.item_key, row.role, raters[row.rater].name, raters[row.rater].spec or {},
             sources.get(row.parent, ""), row.content.get("facts") or {},
             _lists(row, texts))
        for row in rows
    ]  # fmt: skip
    grouped: dict[tuple[str, str, str], list[Made]] = defaultdict(list)
    for one in made:
        grouped[one.worker, one.role, one.maker].append(one)
    found = [m for place, own in grouped.items() for m in _measured(place, own, count)]
    return found + list(_gains(made))


def _lists(
    row: Any, texts: Mapping[tuple[str, str], Any]
) -> tuple[Sequence[str], Sequence[str]] | None:
    """The two lists of points that an output compares, when both are outputs of workers."""
    facts = row.content.get("facts") or {}
    found = [texts.get((row.item_key, str(facts.get(end)))) for end in ("first", "second")]
    if not all(isinstance(text, str) for text in found):
        return None
    first, second = (str(text).splitlines() for text in found)
    return first, second


def _measured(
    place: tuple[str, str, str], made: Sequence[Made], count: int
) -> Iterator[Measure]:  # fmt: skip
    kind = made[0].spec.get("kind")
    if kind == "execute":
        yield from _passes(place, made)
    if kind == "act":
        yield from _successes(place, made)
    if kind == "match":
        yield from _overlaps(place, made, count)
    by_name: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for one in made:
        for name, value in one.facts.items():
            if isinstance(value, bool | int | float) and name not in PLACES:
                by_name[name][one.item].append(float(value))
    for name, values in by_name.items():
        yield Measure(*place, name, over_items(name, values, of=count))


def _passes(place: tuple[str, str, str], made: Sequence[Made]) -> Iterator[Measure]:
    counts: dict[str, tuple[int, int]] = {}
    for one in made:
        samples, right = counts.get(one.item, (0, 0))
        counts[one.item] = (samples + 1, right + bool(one.facts.get("passed")))
    most = max(samples for samples, _ in counts.values())
    for k in (k for k in KS if k <= most):
        yield Measure(*place, f"pass@{k}", pass_rate(counts, k))


def _successes(place: tuple[str, str, str], made: Sequence[Made]) -> Iterator[Measure]:
    """Success within k turns of trajectories that had more, and what one more turn adds."""
    most = max(int(one.facts.get("k") or 1) for one in made)
    rates: dict[int, float] = {}
    for k in range(1, most + 1):
        found = success_rate((0 < (one.facts.get("solved_at") or 0) <= k for one in made), k)
        rates[k] = found.value or 0.0
        yield Measure(*place, f"SR_{k}", found)
    rise = slope(rates)
    note = "" if rise is not None else "undefined: it takes two turns"
    yield Measure(*place, "slope", Estimate(
        "slope", rise, n=len(made), method="least squares of SR_k over k", note=note
    ))  # fmt: skip


def _overlaps(
    place: tuple[str, str, str], made: Sequence[Made], count: int
) -> Iterator[Measure]:  # fmt: skip
    """Hits by shared words, a cheap stand-in for the model's, and the same with others' lists."""
    whole = [(one.item, one.lists) for one in made if one.lists is not None]
    values: dict[str, list[float]] = defaultdict(list)
    for item, (first, second) in whole:
        hits = word_hits(first, second)
        if hits is not None:
            values[item].append(hits)
    if not values:
        return
    name = "hit rate by words"
    yield Measure(*place, name, over_items(name, values, of=count))
    lists = [lists for _, lists in whole]
    means = shuffled(lists, [""] * len(whole), word_hits, rounds=ROUNDS)
    note = "" if means else "undefined: one pair of lists alone cannot be shuffled"
    mean = sum(means) / len(means) if means else None
    yield Measure(*place, f"{name}, shuffled", Estimate(
        f"{name}, shuffled", mean, n=len(whole), note=note,
        method=f"each list with another item's, mean of {ROUNDS} rounds",
        detail={"rounds": means},
    ))  # fmt: skip


def _gains(made: Sequence[Made]) -> Iterator[Measure]:
    """What feedback adds: each actor that has it beside the one without that is else the same."""
    actors: dict[str, list[Made]] = defaultdict(list)
    for one in made:
        if one.spec.get("kind") == "act":
            actors[one.worker].append(one)
    for fed, own in actors.items():
        if own[0].facts.get("feedback") == "none":
            continue
        for bare, others in actors.items():
            bare_one = others[0].facts.get("feedback") == "none"
            if bare_one and _alike(own[0].spec) == _alike(others[0].spec):
                gain = feedback_gain(_solved(others), _solved(own))
                yield Measure(fed, own[0].role, "", f"delta feedback over {bare}", gain)


def _alike(spec: Mapping[str, Any]) -> dict[str, Any]:
    apart = {"name", "title", "feedback", "gold", "teacher"}
    return {name: value for name, value in spec.items() if name not in apart}


def _solved(made: Sequence[Made]) -> dict[str, bool]:
    """Whether the first trajectory of each item was solved."""
    found: dict[str, bool] = {}
    for one in made:
        found.setdefault(one.item, bool(one.facts.get("success")))
    return found
