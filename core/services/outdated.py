"""Whose answers are to an older wording of a question, and what can be done about each."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from core.services import material
from core.services.cases import read_rows
from core.services.studies import Study
from core.services.tickets import REWORDED, logged_stage
from storage import candidates, rewordings, team
from storage import studies as study_rows
from storage.database import Database

PIECE = 100
ANSWERED = frozenset({"submitted", "late"})
State = Literal["ask", "open", "waits", "others"]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Due:
    """A person whose answers about a unit are to older wordings, and what can be done.

    `state`: `ask` them; `open` the place that they hold and cannot be asked to fill; they were
    asked and that `waits`; or it is left to `others`. `first` is the assignment to go on from.
    """

    unit: int
    rater: int
    questions: frozenset[str]
    state: State
    turn: int
    first: Any


@dataclass(frozen=True, slots=True)
class Whose:
    """What an outdated answer is known by.

    `older`: ids of earlier wordings by question; `people` of the study by id; `since`: when each
    question was reworded last, as far as the record says.
    """

    older: Mapping[str, Sequence[int]]
    people: Mapping[int, Any]
    since: Mapping[str, int]


def whose(connection: Connection, study: Study) -> Whose | None:
    """What an outdated answer is known by; None where no question was ever worded otherwise."""
    older = {}
    for question in study.protocol.questions:
        now = study.wording(question)
        others = [i for i in study_rows.wordings_of(connection, question.name) if i != now]
        if others:
            older[question.name] = others
    if not older:
        return None
    since = {
        name: row.created_at
        for row in study_rows.events(connection, study.id, ["edited"])
        for name in row.data.get("reworded", ())
    }
    return Whose(older, {row.id: row for row in team.people(connection, study.id)}, since)


def all_due(db: Database, connection: Connection, study: Study) -> list[Due]:
    """Everybody whose answers about a unit are outdated, by unit and person; [] for nobody."""
    known = whose(connection, study)
    if known is None:
        return []
    units = _affected(db, connection, study, known)
    return [
        due
        for start in range(0, len(units), PIECE)
        for due in due_about(connection, study, known, units[start : start + PIECE])
    ]


def _affected(db: Database, connection: Connection, study: Study, known: Whose) -> list[int]:
    """Units with an answer of somebody to an older wording and none of theirs to the present one.

    Read from the log as this process holds it: only what is new is fetched.
    """
    rows = read_rows(db, connection, study)
    place, mark = ("reworded", study.id), (len(rows), study.version)
    kept = db.cache.get(place)
    if kept is not None and kept[0] == mark:
        return list(kept[1])
    ours = rows[np.isin(rows[:, 3], list(known.people))]
    found: set[int] = set()
    for name, ids in known.older.items():
        now = _standing(ours, [study.wording(study.protocol.question(name))])
        left = np.setdiff1d(_standing(ours, ids), now)
        found |= set((left // _width(ours)).tolist())
    db.cache[place] = (mark, sorted(found))
    return sorted(found)


def _width(rows: Ints) -> int:
    return int(rows[:, 3].max()) + 1 if len(rows) else 1


def _standing(rows: Ints, wordings: Sequence[int]) -> Ints:
    """Whose answers to these wordings stand, as unit x `_width` + rater; the newest row decides."""
    chosen = rows[np.isin(rows[:, 2], wordings)]
    if not len(chosen):
        return np.zeros(0, np.int64)
    pair = chosen[:, 1] * _width(rows) + chosen[:, 3]
    key = pair * (chosen[:, 2].max() + 1) + chosen[:, 2]
    key = key * (chosen[:, 4].max() + 1) + chosen[:, 4]
    _, newest = np.unique(key[::-1], return_index=True)
    last = len(chosen) - 1 - newest
    return np.unique(pair[last[chosen[last, 6] == 0]])


def due_about(
    connection: Connection, study: Study, known: Whose, units: Sequence[int]
) -> Iterator[Due]:
    """What is due about these units, as the database holds it now: by unit and person."""
    now = {study.wording(study.protocol.question(name)): name for name in known.older}
    before = {i: name for name, ids in known.older.items() for i in ids}
    rows = candidates.answers(connection, units, [*now, *before])
    mine = [row for row in rows if row.rater in known.people]
    fresh = {(r.unit, r.rater, now[r.question]) for r in mine if r.question in now}
    stale = {(r.unit, r.rater, before[r.question]) for r in mine if r.question in before} - fresh
    looks: dict[tuple[int, int], list[Any]] = {}
    for row in rewordings.given(connection, units):
        looks.setdefault((row.unit, row.rater), []).append(row)
    apart = {unit for (unit, _), own in looks.items() if own[0].position < 0}
    full = _full(fresh, study.protocol.assignment.overlap, apart)
    asked = _asked(connection, study, known.older, units)
    names: dict[tuple[int, int], set[str]] = {}
    for unit, rater, name in stale:
        if (unit, name) not in full and (asked is None or name in asked[unit]):
            names.setdefault((unit, rater), set()).add(name)
    for (unit, rater), own in sorted(names.items()):
        had = looks.get((unit, rater), [])
        left = frozenset(n for n in own if not _answered_since(had, known.since.get(n, 0)))
        if left:
            turn = 1 + max((row.repeat for row in had if row.stage == REWORDED), default=0)
            first = next((row for row in reversed(had) if logged_stage(row.stage) == "first"), None)
            yield Due(unit, rater, left, _state(had, known.people[rater]), turn, first)


def _full(
    fresh: Collection[tuple[int, int, str]], overlap: int, apart: Collection[int]
) -> set[tuple[int, str]]:
    """Where a question has its overlap of answers that count; what is asked of all has none."""
    many: dict[tuple[int, str], int] = {}
    for unit, _, name in fresh:
        many[unit, name] = many.get((unit, name), 0) + 1
    return {place for place, n in many.items() if n >= overlap and place[0] not in apart}


def _asked(
    connection: Connection, study: Study, names: Collection[str], units: Sequence[int]
) -> dict[int, set[str]] | None:
    """Which questions each unit asks now; None where all ask them, which spares reading units."""
    plan = study.protocol
    if not any(q.only or q.roles for q in plan.questions if q.name in names):
        return None
    found = material.some_units(connection, study, units)
    return {number: {q.name for q in unit.questions} for number, unit in found}


def _answered_since(had: Sequence[Any], moment: int) -> bool:
    """Whether the person was asked anew after that moment, and answered.

    A question that they left empty then is no more due than one that they answered.
    """
    return any(
        row.stage == REWORDED and row.state in ANSWERED and (row.closed_at or 0) > moment
        for row in had
    )


def _state(had: Sequence[Any], person: Any) -> State:
    """What can be done about a person whose answers are outdated."""
    waits = any(row.state == "reserved" and logged_stage(row.stage) == "first" for row in had)
    gone = (person.spec or {}).get("blocked") or any(
        (row.stage == REWORDED and row.state == "skipped")
        or (row.stage == "revised" and row.repeat == 0)
        for row in had
    )
    holds = any(
        (row.stage, row.state) in {("first", "submitted"), (REWORDED, "reserved")} for row in had
    )
    if gone and holds:
        return "open"
    if waits:
        return "waits"
    return "others" if gone else "ask"
