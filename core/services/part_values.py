"""What raters put at each part of a content that they may change: agreement, and who differs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from core.questions.changes import Changes
from core.services import material, studies
from core.services.access import Identity, require
from core.services.answer_log import followed, inside, meant
from core.services.findings import PAIR_GROUPS, PairGroup
from core.services.slots import Row
from core.services.studies import Study
from core.services.tables import Follower, follower, slice_of
from core.statistics import parts as statistics
from core.statistics.base import Estimate
from core.statistics.groups import GROUPS, Group, belongs
from core.statistics.means import over_items
from core.statistics.parts import Compared, Put
from core.statistics.table import Rater
from core.units import Invalid
from storage import judgments
from storage.database import Database

Answers = Mapping[int, Mapping[int, Put]]  # unit -> rater -> what was put
Parts = Mapping[int, Mapping[str, str]]  # unit -> part -> what it is called


@dataclass(frozen=True, slots=True)
class PartRow:
    """One part over all units that have it: its key and name, and how far each group agrees.

    `changed` is how many of all `answers` to these units change it.
    """

    key: str
    name: str
    answers: int
    changed: int
    groups: Mapping[Group, Estimate]


@dataclass(frozen=True, slots=True)
class PairRow:
    """Two raters: how many of the parts that both saw they left alike, and of the changed ones."""

    first: str
    second: str
    group: PairGroup
    estimates: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class ValueAgreement:
    """Agreement on what was put at the parts of one question's content.

    `groups` and `pairs` hold the estimates of `core.statistics.parts` by name; `parts` each part in
    the order in which units have them.
    """

    question: str
    title: str
    revision: int
    units: int
    groups: Mapping[Group, Mapping[str, Estimate]]
    pairs: Sequence[PairRow]
    parts: Sequence[PartRow]


def agreement(
    db: Database, who: Identity, key: str, where: Mapping[str, Sequence[str]] | None = None,
    question: str | None = None,
) -> list[ValueAgreement]:  # fmt: skip
    """Each question that asks for changes, or the named one (a slot stands for its question).

    `where` keeps units whose item facts have one of the listed values. Ordinary first answers
    count, those in the other order do not. Empty where no such question is asked. Raises `Denied`
    and `NoStudy`.
    """
    require(who, "see_results")
    study = studies.load(db, key)
    asked = [q for q in study.protocol.questions if isinstance(q, Changes)]
    return [_of(db, study, one, where) for one in meant(asked, question)]


def _of(
    db: Database, study: Study, asked: Changes, where: Mapping[str, Sequence[str]] | None
) -> ValueAgreement:
    live = follower(db, study)
    with db.read() as connection, live.lock:
        live.follow(connection, study)
        within = inside(connection, study, live, asked, where)
        log = followed(db, connection, study, live, asked)
        place = ("part values", study.id, asked.digest, slice_of(where))
        state = (log.signature, log.seen, len(within))
        known = db.cache.get(place)
        if known is None or known[0] != state:
            answers: dict[int, dict[int, Put]] = {}
            for unit, rater, value in log.first():
                if unit in within:
                    answers.setdefault(unit, {})[rater] = asked.put(judgments.parse(value))
            raters = live.raters_of(connection, study, log.raters())
            parts = {u: p for u, p in _parts(db, connection, study, asked, within).items()
                     if u in within}  # fmt: skip
            known = db.cache[place] = (state, _found(study, asked, answers, parts, raters))
    found: ValueAgreement = known[1]
    return found


def _parts(
    db: Database, connection: Connection, study: Study, asked: Changes, units: set[int]
) -> Parts:
    """The parts of every unit by name; a unit never changes, so each is read once."""
    known: dict[int, Mapping[str, str]] = db.cache.setdefault(
        ("unit parts", study.id, asked.digest), {}
    )
    for place, unit in material.some_units(connection, study, units - known.keys()):
        try:
            known[place] = asked.parts(unit)
        except Invalid:  # nothing to change there
            known[place] = {}
    return known


def _found(
    study: Study, asked: Changes, answers: Answers, parts: Parts, raters: Mapping[int, Rater]
) -> ValueAgreement:
    possible = sum(map(len, parts.values()))

    def estimates(chosen: set[int]) -> Mapping[str, Estimate]:
        units = [
            Compared(len(parts[unit]), [put for rater, put in own.items() if rater in chosen])
            for unit, own in answers.items()
        ]
        return statistics.agreement(units, possible=possible)

    groups = {
        group: {r for r, one in raters.items() if belongs(one.person, group)} for group in GROUPS
    }
    pairs = []
    for a, b in combinations(sorted({rater for own in answers.values() for rater in own}), 2):
        first, second = raters[a], raters[b]
        kind = PAIR_GROUPS[2 - first.person - second.person]
        if second.person and not first.person:
            first, second = second, first
        pairs.append(PairRow(first.title, second.title, kind, estimates({a, b})))
    return ValueAgreement(
        asked.name, asked.title, study.revision, len(parts),
        {group: estimates(chosen) for group, chosen in groups.items()}, pairs,
        _rows(answers, parts, groups),
    )  # fmt: skip


def _rows(
    answers: Answers, parts: Parts, groups: Mapping[Group, set[int]]
) -> list[PartRow]:  # fmt: skip
    """Each part over the units that have it."""
    having: dict[str, list[int]] = {}
    names: dict[str, str] = {}
    for unit in sorted(parts):
        for part, name in parts[unit].items():
            having.setdefault(part, []).append(unit)
            names.setdefault(part, name)
    rows = []
    for part, units in having.items():
        said = {unit: {r: put.get(part) for r, put in answers.get(unit, {}).items()}
                for unit in units}  # fmt: skip
        rows.append(
            PartRow(
                part, names[part], sum(map(len, said.values())),
                sum(form is not None for own in said.values() for form in own.values()),
                {
                    group: over_items(
                        statistics.ALIKE,
                        {str(unit): _alike([f for r, f in own.items() if r in chosen])
                         for unit, own in said.items()},
                        of=len(units), bounds=(0, 1),
                    )
                    for group, chosen in groups.items()
                },
            )
        )  # fmt: skip
    return rows


def _alike(forms: Sequence[str | None]) -> list[float]:
    """The share of pairs that left one part alike, as a list of one; none without two raters."""
    pairs = [a == b for a, b in combinations(forms, 2)]
    return [sum(pairs) / len(pairs)] if pairs else []


def coded(
    db: Database, connection: Connection, study: Study, live: Follower, asked: Changes
) -> tuple[NDArray[np.int64], list[Row]]:
    """The answers that stand at every part that anybody changed, as `slots.answered` has codes.

    An (n, 4) integer array: index of the row (unit, part), rater, repeat, code. Codes have a
    meaning at their row alone: 0 is as it was, each other one something that was put there. `live`
    has followed the log and is locked.
    """
    log = followed(db, connection, study, live, asked)
    own: dict[int, list[tuple[int, int, Put]]] = {}
    for unit, answers in log.answers.items():
        own[unit] = [(rater, repeat, asked.put(judgments.parse(value)))
                     for (rater, repeat), value in answers.items()]  # fmt: skip
    rows: list[Row] = []
    codes: list[tuple[int, int, int, int]] = []
    for unit, given in own.items():
        for part in sorted({part for _, _, put in given for part in put}):
            forms = {form: n for n, form in enumerate(
                sorted({put[part] for _, _, put in given if part in put}), 1
            )}  # fmt: skip
            codes += [(len(rows), rater, repeat, forms[put[part]] if part in put else 0)
                      for rater, repeat, put in given]  # fmt: skip
            rows.append((unit, part))
    return np.array(codes, np.int64).reshape(len(codes), 4), rows
