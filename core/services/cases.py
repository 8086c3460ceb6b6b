"""Which units raters differ on, sorted by how much it matters."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from core.questions.base import Question, Scale
from core.questions.changes import Changes
from core.services import part_values, studies, whole_cases
from core.services.access import Identity, require
from core.services.slots import Aspect, Row, answered, aspects
from core.services.studies import Study
from core.services.tables import follower
from core.statistics import disagreement
from storage import frames, judgments, reviews
from storage import studies as study_rows
from storage.database import Database, now

Kind = Literal["people-models", "people", "all"]
MINUTE = 60_000_000


@dataclass(frozen=True, slots=True)
class Case:
    """A unit on which raters differ about a question.

    `weight` sorts the queue; `gap` is the divergence or spread, 0 to 1; `people` and `models` say
    how many answered. `contested` marks units on which people have no majority.
    """

    unit_id: int
    weight: float
    gap: float
    people: int
    models: int
    contested: bool
    cause: str = ""
    adjudicated: bool = False
    place: str = ""
    places: int = 1

    @property
    def decided(self) -> bool:
        """Whether somebody gave a cause or an answer that holds."""
        return self.adjudicated or bool(self.cause)


@dataclass(frozen=True, slots=True)
class Queue:
    """The cases of one question or one slot of it, undecided ones first, each part by weight.

    Where people are set against models, contested units come after those with a majority.
    `raters` names the models and rules that answered the question, by id.
    """

    question: Question
    cases: Sequence[Case] = ()
    raters: Mapping[int, str] = field(default_factory=dict)

    @property
    def decided(self) -> int:
        """How many cases are decided."""
        return sum(case.decided for case in self.cases)


@dataclass(frozen=True, slots=True)
class Log:
    """What has been read of a study: first-stage rows, decisions per rater, the latest causes.

    Keys are (unit, wording, rater) and (unit, question name).
    """

    revision: int
    rows: NDArray[np.int64]
    decided: Mapping[tuple[int, int, int], bool]
    event: int
    causes: Mapping[tuple[int, str], str]


def questions(study: Study) -> list[Aspect]:
    """What can be compared, all but free text: questions with codes, else the slots of one."""
    return [
        aspect for aspect in aspects(study)
        if not aspect.slot or aspect.question.scale().level == "none"
    ]  # fmt: skip


def queue(
    db: Database, who: Identity, key: str, question: str, kind: Kind = "people-models",
    rater: int | None = None, *, audit: bool = False,
) -> Queue:  # fmt: skip
    """The cases of a question, or of a slot (`faults.unclear`); `rater` narrows the models to one.

    Of a question that asks for changes, what was put at each part is compared, not how many; other
    answers of several parts are compared by the question's own distance.
    `audit` keeps the units that were drawn from the pairs which the study's rule left out.
    What is decided is the whole answer, so that a decision settles the unit in every slot. People
    are raters of kind person; models, panels and rules are the other side. Repeats of one rater
    count as one. Raises `Denied` and `KeyError` for an unknown question.
    """
    require(who, "review")
    study = studies.load(db, key)
    aspect = _aspect(study, question)
    asked = aspect.question
    with db.read() as connection:
        log = read_log(db, connection, study)
        raters = study_rows.raters(connection, study.id)
        place = ("review cases", study.id, asked.digest, aspect.slot, kind, rater)
        known = db.cache.get(place)
        if known is None or known[0] != len(log.rows):
            people = {row.id for row in raters if row.kind == "person"}
            found, seen = _found(db, connection, study, aspect, log, (kind, people, rater))
            apart = kind == "people-models"
            found.sort(key=lambda c: (apart and c.contested, -c.weight, -c.places, c.unit_id))
            known = db.cache[place] = (len(log.rows), found, seen)
        drawn = _audited(db, connection, study) if audit else set()
    _, found, seen = known
    if audit:
        found = [case for case in found if case.unit_id in drawn]
    others = {row.id: row.name for row in raters if row.kind != "person" and row.id in seen}
    return Queue(asked, _with_outcomes(found, log, study.wording(asked), asked.name), others)


def has_audit(db: Database, who: Identity, key: str) -> bool:
    """Whether units of the study were drawn from the pairs that its rule left out."""
    require(who, "review")
    with db.read() as connection:
        return bool(_audited(db, connection, studies.load(db, key, connection)))


def _audited(db: Database, connection: Connection, study: Study) -> set[int]:
    live = follower(db, study)
    with live.lock:
        live.follow(connection, study)
        return {unit for unit, drawn in live.audited(connection, study).items() if drawn}


def _aspect(study: Study, name: str) -> Aspect:
    """The question or slot of that name; raises KeyError."""
    slots = {aspect.name: aspect for aspect in aspects(study)}
    return slots[name] if name in slots else Aspect(study.protocol.question(name))


def _found(
    db: Database, connection: Connection, study: Study, aspect: Aspect, log: Log,
    sides: tuple[Kind, set[int], int | None],
) -> tuple[list[Case], set[int]]:  # fmt: skip
    """The cases, and everybody who answered; `sides` are the kind, the people and one rater."""
    if not aspect.slot and aspect.question.by_distance() and not _by_parts(aspect):
        live = follower(db, study)
        with live.lock:
            live.follow(connection, study)
            apart, seen = whole_cases.found(db, connection, study, live, aspect.question, *sides)
        return [
            Case(one.unit, one.weight, one.gap, one.people, one.models, one.contested)
            for one in apart
        ], seen
    rows, parts = _rows(db, connection, study, aspect, log)
    scale = _local(rows) if _by_parts(aspect) else aspect.scale()
    found = _one_each(_cases(rows, scale, *sides), parts)
    return found, set(np.unique(rows[:, 3]).tolist())


def _rows(
    db: Database, connection: Connection, study: Study, aspect: Aspect, log: Log
) -> tuple[NDArray[np.int64], Sequence[Row]]:
    """The codes that stand as `COLUMNS`; of places the unit is an index of what comes second."""
    asked, by_parts = aspect.question, _by_parts(aspect)
    if not aspect.slot and not by_parts:
        return standing(log.rows[log.rows[:, 2] == study.wording(asked)]), ()
    live = follower(db, study)
    with live.lock:
        live.follow(connection, study)
        if by_parts and isinstance(asked, Changes):
            codes, places = part_values.coded(db, connection, study, live, asked)
        else:
            codes, places = answered(db, connection, study, live, aspect)
    rows = np.zeros((len(codes), len(frames.COLUMNS)), np.int64)
    rows[:, [1, 3, 4, 5]] = codes
    return rows, places


def _by_parts(aspect: Aspect) -> bool:
    """Whether what was put at each part is compared, and no code of the whole answer."""
    return not aspect.slot and isinstance(aspect.question, Changes)


def _local(rows: NDArray[np.int64]) -> Scale:
    """A scale for codes that mean something only within their row."""
    most = int(rows[:, 5].max()) if len(rows) else 0
    return Scale(level="nominal", labels=tuple(map(str, range(most + 1))))


def _one_each(found: list[Case], places: Sequence[Row]) -> list[Case]:
    """One case per unit: of a unit with several places, that of the greatest weight."""
    if not places:
        return found
    best: dict[int, Case] = {}
    many = Counter(places[case.unit_id][0] for case in found)
    for case in found:
        unit, place = places[case.unit_id]
        if unit not in best or case.weight > best[unit].weight:
            best[unit] = replace(case, unit_id=unit, place=place, places=many[unit])
    return list(best.values())


def _with_outcomes(found: Sequence[Case], log: Log, wording: int, question: str) -> Sequence[Case]:
    """The cases with what has been decided about them; decided ones last."""
    held = {u for (u, w, _), stands in log.decided.items() if stands and w == wording}
    causes = {u: cause for (u, name), cause in log.causes.items() if cause and name == question}
    over = held | set(causes)
    done = [
        replace(case, cause=causes.get(case.unit_id, ""), adjudicated=case.unit_id in held)
        for case in found
        if case.unit_id in over
    ]
    return [case for case in found if case.unit_id not in over] + done


def read_log(db: Database, connection: Connection, study: Study) -> Log:
    """The study's log as far as it goes; only what is new since the last look is read."""
    place = ("review log", study.id)
    nothing = np.zeros((0, len(frames.COLUMNS)), dtype=np.int64)
    log: Log = db.cache.get(place) or Log(0, nothing, {}, 0, {})
    rows, decided, causes, event = log.rows, log.decided, log.causes, log.event
    revision = judgments.revision(connection, study.id)
    if revision > log.revision:
        rows = np.concatenate([rows, frames.tail(connection, study.id, log.revision)])
        later = reviews.decisions(connection, study.id, log.revision)
        decided = {**decided, **{(r.unit, r.question, r.rater): not r.withdrawn for r in later}}
    for row in reviews.causes(connection, study.id, event):
        causes = {**causes, (row.unit, row.data["question"]): row.data["cause"]}
        if row.created_at < now() - MINUTE:  # a younger id may yet be followed by a lower one
            event = row.id
    db.cache[place] = log = Log(revision, rows, decided, event, causes)
    return log


def _cases(
    rows: NDArray[np.int64], scale: Scale, kind: Kind, people: set[int], rater: int | None
) -> list[Case]:
    ordered = scale.level in {"ordinal", "interval"}
    if not len(rows):
        return []
    human = np.isin(rows[:, 3], list(people))
    units, place = np.unique(rows[:, 1], return_inverse=True)
    ours = _counts(rows, place, human, (len(units), len(scale.labels)))
    other = ~human if rater is None else rows[:, 3] == rater
    theirs = _counts(rows, place, other, ours.shape)
    if kind == "people-models":
        gap = disagreement.divergence(ours, theirs, ordered=ordered)
        weight = disagreement.priority(ours, theirs, ordered=ordered)
    else:
        both = ours if kind == "people" else ours + theirs
        gap = disagreement.spread(both, ordered=ordered)
        weight = gap * np.sqrt(both.sum(axis=1))
    contested = disagreement.contested(ours)
    return [
        Case(
            int(units[n]), float(weight[n]), float(gap[n]), round(float(ours[n].sum())),
            round(float(theirs[n].sum())), bool(contested[n]),
        )
        for n in np.flatnonzero(weight > 1e-12)
    ]  # fmt: skip


def standing(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The newest row per unit, rater and repeat, without withdrawn and uncoded ones."""
    if not len(rows):
        return rows
    raters, repeats = rows[:, 3].max() + 1, rows[:, 4].max() + 1
    place = (rows[:, 1] * raters + rows[:, 3]) * repeats + rows[:, 4]
    _, newest = np.unique(place[::-1], return_index=True)
    rows = np.asarray(rows[len(rows) - 1 - newest])
    return np.asarray(rows[(rows[:, 6] == 0) & (rows[:, 5] != frames.MISSING)])


def _counts(
    rows: NDArray[np.int64], place: NDArray[np.intp], chosen: NDArray[np.bool_],
    shape: tuple[int, ...],
) -> NDArray[np.float64]:  # fmt: skip
    """Answers per unit and code of the chosen rows; a rater's repeats share one vote."""
    counts = np.zeros(shape)
    rows, place = rows[chosen], place[chosen]
    if len(rows):
        pair = place * (rows[:, 3].max() + 1) + rows[:, 3]
        _, which, often = np.unique(pair, return_inverse=True, return_counts=True)
        np.add.at(counts, (place, rows[:, 5]), 1 / often[which])
    return counts
