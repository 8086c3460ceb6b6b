"""How far raters agree: estimates of every pair, group and rater, as fresh as the log."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import combinations
from typing import Any

import numpy as np

from core.services import slots, studies
from core.services.access import Identity, require
from core.services.findings import (
    KNOWN,
    MAJORITY,
    PAIR_GROUPS,
    Agreement,
    Confusion,
    NoAnswer,
    Pair,
    RaterRow,
)
from core.services.slots import Aspect, aspects
from core.services.studies import Study
from core.services.tables import Sheet, follower, slice_of
from core.statistics.accuracy import against
from core.statistics.base import Estimate, Statistic, statistics
from core.statistics.groups import GROUPS, Group
from core.statistics.table import Table
from storage import studies as study_rows
from storage.database import Database

FACT_VALUES = 50


def revision(db: Database, study: str) -> int:
    """How many rows the study's log holds: moves with every answer. Cheap enough to poll."""
    with db.read() as connection:
        row = study_rows.head(connection, study)
    if row is None:
        raise studies.NoStudy(f"no study is called {study!r}")
    return int(row.revision)


def coded(study: Study) -> list[Aspect]:
    """What statistics can read, in the study's order: questions, and the slots of their answers."""
    return aspects(study)


def of(about: str, level: str | None = None) -> dict[str, Statistic]:
    """Registered statistics about a pair, group, rater or study that accept the level."""
    found = {name: statistics[name] for name in statistics}
    return {
        n: s for n, s in found.items() if s.about == about and (level is None or level in s.levels)
    }


def measures(db: Database, study: str, question: str) -> dict[str, str]:
    """Pair statistics that fit a question's scale: name -> title."""
    level = _question(studies.load(db, study), question).scale().level
    return {name: s.title for name, s in of("pair", level).items() if name != "percent"}


def _question(study: Study, name: str | None) -> Aspect:
    found = coded(study)
    if not found:
        raise NoAnswer(f"study {study.key!r} asks only for free text, which has no statistics")
    if not name:
        return found[0]
    for question in found:
        if question.name == name:
            return question
    raise NoAnswer(f"no such question {name!r}; there are: {', '.join(q.name for q in found)}")


@contextmanager
def following(
    db: Database, who: Identity, study: str, question: str | None,
    where: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[tuple[Study, Aspect, Sheet]]:  # fmt: skip
    """A question's sheet, brought up to date and held still while the block runs."""
    require(who, "see_results")
    with db.read() as connection:
        now = studies.load(db, study, connection)
        asked = _question(now, question)
        live = follower(db, now)
        with live.lock:
            live.follow(connection, now)
            chosen = slice_of(where)
            if asked.slot:
                yield now, asked, slots.sheet(db, connection, now, live, asked, chosen)
            else:
                yield now, asked, live.sheet(connection, now, asked.name, chosen)


def agreement(
    db: Database, who: Identity, study: str, question: str | None = None, *,
    measure: str | None = None, where: Mapping[str, Sequence[str]] | None = None,
    bootstrap: bool = False,
) -> Agreement:  # fmt: skip
    """Every estimate of one question (the first coded one, unless named).

    `measure` is the pair statistic beside percent agreement; `where` keeps units whose item facts
    have one of the listed values; `bootstrap` gives group statistics item-bootstrap intervals.
    Raises `Denied`, `NoStudy`, `NoAnswer`.
    """
    with following(db, who, study, question, where) as (now, asked, sheet):
        table = sheet.table
        chosen = _measure(measure, table.level)
        pairs = _pairs(sheet, chosen)
        paced = sheet if asked.slot else follower(db, now).sheets[(asked.name, ())]
        return Agreement(
            study=now.key, question=asked.name, title=asked.title, revision=now.revision,
            level=table.level, labels=table.labels, where=dict(where or {}), units=table.possible,
            measure=chosen, groups=_groups(sheet, bootstrap), means=_means(pairs), pairs=pairs,
            raters=_raters(sheet, paced), study_wide=_study_wide(sheet),
            gold_refused=sheet.gold_refused,
        )  # fmt: skip


def _measure(name: str | None, level: str) -> str:
    fitting = [n for n in of("pair", level) if n != "percent"]
    if not name:
        return "cohen"
    if name not in fitting:
        raise NoAnswer(f"{name!r} does not fit this scale; choose one of: {', '.join(fitting)}")
    return name


def _remembered(sheet: Sheet, key: Any, state: Any, function: Any) -> Estimate:
    """An estimate computed before, unless the counts that it reads have moved."""
    known = sheet.estimates.get(key)
    if known is None or known[0] != state:
        known = sheet.estimates[key] = (state, function())
    found: Estimate = known[1]
    return found


def _pairs(sheet: Sheet, measure: str) -> list[Pair]:
    table, found = sheet.table, []
    percent, chosen = statistics["percent"], statistics[measure]
    moved = [int(table.touched[table.columns[(i, 0)]]) for i in range(len(table.raters))]
    for a, b in combinations(range(len(table.raters)), 2):
        state = (moved[a], moved[b])
        both = [
            _remembered(sheet, (s.name, a, b), state, lambda s=s, a=a, b=b: s(table, a, b))
            for s in (percent, chosen)
        ]
        first, second = table.raters[a], table.raters[b]
        group = PAIR_GROUPS[2 - first.person - second.person]
        if second.person and not first.person:
            first, second = second, first
        found.append(Pair(first.title, second.title, group, both[0], both[1]))
    return found


def _groups(sheet: Sheet, bootstrap: bool) -> dict[str, dict[str, Estimate]]:
    asked, table = of("group"), sheet.table
    return {
        group: {
            name: _remembered(
                sheet, (name, group, bootstrap), _moves(table, group),
                lambda s=s, group=group: s(table, group, bootstrap=bootstrap),
            )
            for name, s in asked.items()
        }
        for group in GROUPS
    }  # fmt: skip


def _moves(table: Table, group: Group) -> Any:
    """What changes whenever an answer of the group does."""
    return [(i, int(table.touched[table.columns[(i, 0)]])) for i in table.members(group)]


def _study_wide(sheet: Sheet) -> dict[str, Estimate]:
    state = _moves(sheet.table, "all")
    return {
        name: _remembered(sheet, name, state, lambda s=s: s(sheet.table))
        for name, s in of("study").items()
    }


def _means(pairs: Sequence[Pair]) -> dict[str, tuple[Estimate, Estimate]]:
    """Per group of pairs, the plain means of the pairwise percent agreement and measure."""
    return {
        group: (
            _mean([p.percent for p in pairs if p.group == group]),
            _mean([p.measure for p in pairs if p.group == group]),
        )
        for group in PAIR_GROUPS
    }


def _mean(estimates: Sequence[Estimate]) -> Estimate:
    values = [e.value for e in estimates if e.value is not None]
    method = "mean of the pairwise values, each pair counting once"
    if not values:
        return Estimate("mean_pairwise", None, method=method, note="undefined: no such pair yet")
    smallest = min(e.n for e in estimates if e.value is not None)
    note = f"mean of {len(values)} of {len(estimates)} pairs; no interval"
    return Estimate(
        "mean_pairwise", float(np.mean(values)), n=smallest, method=method, note=note,
        detail={"pairs": len(values), "all_pairs": len(estimates)},
    )  # fmt: skip


def _raters(sheet: Sheet, paced: Sheet) -> list[RaterRow]:
    table, rows, asked = sheet.table, [], of("rater")
    for index, rater in enumerate(table.raters):
        n = table.answered(index)
        times, seconds = paced.pace.get(rater.id, (0, 0.0))
        rows.append(
            RaterRow(
                rater.title, rater.kind, rater.simulated, n,
                n / table.possible if table.possible else None,
                seconds / times if times else None, _of_rater(sheet, index, asked),
            )
        )  # fmt: skip
    return rows


def _of_rater(sheet: Sheet, index: int, asked: Mapping[str, Statistic]) -> dict[str, Estimate]:
    table = sheet.table
    columns = [table.column(index, repeat) for repeat in (0, 1)]
    state = [(int(table.touched[c]), int(table.weighed[c])) for c in columns if c is not None]
    return {
        name: _remembered(sheet, (name, index), state, lambda s=s: s(table, index))
        for name, s in asked.items()
    }


def confusion(
    db: Database, who: Identity, study: str, question: str | None, first: str, second: str,
    where: Mapping[str, Sequence[str]] | None = None,
) -> Confusion:  # fmt: skip
    """Joint counts of two raters by title; `first` may be `MAJORITY` or `KNOWN`."""
    with following(db, who, study, question, where) as (_, _, sheet):
        table = sheet.table
        b = _index(table, second)
        if first == MAJORITY:
            counts = against(table, b, "majority")
        elif first == KNOWN:
            counts = against(table, b, "gold")
        else:
            counts = table.pair(_index(table, first), b)
        plain = np.asarray(counts).tolist()
        return Confusion(first, second, table.labels, plain, int(np.sum(counts)))


def _index(table: Table, title: str) -> int:
    for index, rater in enumerate(table.raters):
        if title in {rater.title, rater.name}:
            return index
    raise NoAnswer(f"no rater is called {title!r}; there are: {[r.title for r in table.raters]}")


def references(table_gold: bool, people: bool) -> list[str]:
    """What a rater can be held against besides another rater."""
    return [MAJORITY] * people + [KNOWN] * table_gold


def facts(db: Database, who: Identity, study: str) -> dict[str, list[str]]:
    """Item facts to filter by: name -> values. Only plain facts with few different values."""
    require(who, "see_results")
    with db.read() as connection:
        now = studies.load(db, study, connection)
        live = follower(db, now)
        with live.lock:
            live.follow(connection, now)
            found = live.values(connection, now)
            few = sorted((n, v) for n, v in found.items() if 2 <= len(v) <= FACT_VALUES)
            return {name: sorted(values) for name, values in few}
