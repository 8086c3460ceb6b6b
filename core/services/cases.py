"""Which units raters differ on, sorted by how much it matters."""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from core.questions.base import Question
from core.questions.changes import Changes
from core.services import part_values, studies, whole_cases
from core.services.access import Identity, require
from core.services.by_unit import ByUnit
from core.services.happened import Happened
from core.services.slots import Aspect, Row, answered, aspects
from core.services.studies import Study
from core.services.tables import Follower, follower
from core.services.weighing import Case, Kind, local, one_each, standing, weighed
from storage import frames, reviews
from storage import studies as study_rows
from storage.database import Database

QUEUES = 12  # so many of a study are followed; of others the one that was not asked for longest


@dataclass(frozen=True, slots=True)
class Queue:
    """The cases of one question or one slot of it, undecided ones first, each part by weight.

    Where people are set against models, contested units come after those with a majority.
    `raters` names the models and rules that answered the question, by id; `decided` is how many
    cases are decided.
    """

    question: Question
    cases: Sequence[Case] = ()
    raters: Mapping[int, str] = field(default_factory=dict)
    decided: int = 0


Part = tuple[Case | None, tuple[int, ...]]  # the case of a unit, if it is one, and who answered it


class Cases(ByUnit[Part]):
    """The cases of one queue in their order, and how many units each rater answered."""

    def __init__(self, apart: bool) -> None:
        """Where people are set against models (`apart`), contested units come last."""
        super().__init__()
        self.apart = apart

    def begin(self) -> None:
        super().begin()
        self.cases: list[Case] = []
        self.raters: Counter[int] = Counter()
        self.heard = 0

    def place(self, case: Case) -> tuple[Any, ...]:
        """What cases are sorted by."""
        contested = self.apart and case.contested
        return case.decided, contested, -case.weight, -case.places, case.unit_id

    def change(self, old: Part | None, new: Part | None) -> None:
        for case, raters in (old,) if old else ():
            self.raters.subtract(raters)
            if case:
                del self.cases[bisect_left(self.cases, self.place(case), key=self.place)]
        for case, raters in (new,) if new else ():
            self.raters.update(raters)
            if case:
                insort(self.cases, case, key=self.place)

    @property
    def decided(self) -> int:
        """How many cases are decided."""
        return len(self.cases) - bisect_left(self.cases, True, key=lambda case: case.decided)


class Causes:
    """The causes given in a study: the latest of each (unit, question name), and how many."""

    def __init__(self, study: int) -> None:
        self.events = Happened(study, ["cause"])
        self.latest: dict[tuple[int, str], tuple[int, str]] = {}
        self.given: Counter[tuple[str, str]] = Counter()
        self.units: list[int] = []

    def follow(self, connection: Connection) -> None:
        """Read what is new; `units` tells what each event was about, in the order of reading."""
        for row in self.events.fresh(connection):
            name, cause = row.data["question"], row.data["cause"]
            number, old = self.latest.get((row.unit, name), (0, ""))
            if row.id > number:
                self.latest[row.unit, name] = row.id, cause
                self.given[name, old] -= 1
                self.given[name, cause] += 1
                self.units.append(row.unit)

    def of(self, question: str) -> dict[int, str]:
        """The causes of one question that were not taken back, by unit."""
        found = {unit: cause for (unit, name), (_, cause) in self.latest.items()
                 if name == question}  # fmt: skip
        return {unit: cause for unit, cause in found.items() if cause}


def questions(study: Study) -> list[Aspect]:
    """What can be compared: questions with codes, else the slots of one.

    Free text cannot, and what people say of themselves is nothing to agree on.
    """
    of_people = study.protocol.questionnaire.names
    return [
        aspect for aspect in aspects(study)
        if aspect.question.name not in of_people
        and (not aspect.slot or aspect.question.scale().level == "none")
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
    with db.read() as connection:
        study = studies.load(db, key, connection)
        aspect = _aspect(study, question)
        asked = aspect.question
        raters = study_rows.raters(connection, study.id)
        live = follower(db, study)
        with live.lock:
            live.follow(connection, study)
            held: dict[Any, Cases] = db.cache.setdefault(("cases", study.id), {})
            place = (asked.digest, aspect.slot, kind, rater)
            found = held[place] = held.pop(place, Cases(kind == "people-models"))
            if len(held) > QUEUES:
                del held[next(iter(held))]
            reading = _Reading(db, connection, study, live, aspect, kind, rater)
            reading.bring_up(found, {row.id for row in raters if row.kind == "person"})
            names = {row.id: row.name for row in raters
                     if row.kind != "person" and found.raters[row.id]}  # fmt: skip
            if not audit:
                return Queue(asked, found.cases.copy(), names, found.decided)
            drawn = live.drawn_apart(connection, study)
            kept = [case for case in found.cases if case.unit_id in drawn]
            return Queue(asked, kept, names, sum(case.decided for case in kept))


def has_audit(db: Database, who: Identity, key: str) -> bool:
    """Whether units of the study were drawn from the pairs that its rule left out."""
    require(who, "review")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        live = follower(db, study)
        with live.lock:
            live.follow(connection, study)
            return bool(live.drawn_apart(connection, study))


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the cases of one queue are read from; `live` has followed the log and is locked."""

    db: Database
    connection: Connection
    study: Study
    live: Follower
    aspect: Aspect
    kind: Kind
    rater: int | None

    def bring_up(self, found: Cases, people: set[int]) -> None:
        """Work out anew what the log and the causes have moved since the last look."""
        causes = causes_of(self.db, self.connection, self.study)
        asked, wording = self.aspect.question, self.study.wording(self.aspect.question)
        rest: dict[tuple[int, ...], Part] = {}

        def work(units: Collection[int] | None) -> dict[int, Part]:
            cases, raters = self._found(units, people)
            decided = reviews.decisions(
                self.connection, self.study.id, wording, self.study.revision, units
            )
            held = {unit for (unit, _), stands in decided.items() if stands}
            made = {
                case.unit_id: replace(
                    case,
                    cause=causes.latest.get((case.unit_id, asked.name), (0, ""))[1],
                    adjudicated=case.unit_id in held,
                )
                for case in cases
            }
            return {
                unit: (made[unit], own) if unit in made else rest.setdefault(own, (None, own))
                for unit, own in raters.items()
            }

        signature: tuple[int, ...] | None = self.live.signature
        if _by_parts(self.aspect):  # how cases weigh there hangs on all of them
            signature = (*(signature or ()), self.study.revision, len(causes.units))
        heard = len(causes.units)
        if found.follow(self.connection, self.study, signature, work, causes.units[found.heard :]):
            found.heard = heard

    def _found(
        self, units: Collection[int] | None, people: set[int]
    ) -> tuple[list[Case], dict[int, tuple[int, ...]]]:
        """The cases among these units, or all, and who answered each unit."""
        asked, args = self.aspect.question, (self.db, self.connection, self.study, self.live)
        places: Sequence[Row] = ()
        scale = self.aspect.scale()
        if self.aspect.slot:
            rows, places = _placed(*answered(*args, self.aspect, units))
        elif isinstance(asked, Changes):
            rows, places = _placed(*part_values.coded(*args, asked))
            scale = local(rows)
        elif asked.by_distance():
            return whole_cases.found(*args, asked, self.kind, people, self.rater, units)
        else:
            wording, until = self.study.wording(asked), self.study.revision
            rows = standing(frames.answers(self.connection, self.study.id, wording, until, units))
        own: dict[int, set[int]] = {}
        for place, who in rows[:, [1, 3]].tolist():
            own.setdefault(places[place][0] if places else place, set()).add(who)
        raters = {unit: tuple(sorted(these)) for unit, these in own.items()}
        return one_each(weighed(rows, scale, self.kind, people, self.rater), places), raters


def _placed(
    codes: NDArray[np.int64], places: Sequence[Row]
) -> tuple[NDArray[np.int64], Sequence[Row]]:
    """Codes of places (place, rater, repeat, code) as `COLUMNS`."""
    rows = np.zeros((len(codes), len(frames.COLUMNS)), np.int64)
    rows[:, [1, 3, 4, 5]] = codes
    return rows, places


def _aspect(study: Study, name: str) -> Aspect:
    """The question or slot of that name; raises KeyError."""
    slots = {aspect.name: aspect for aspect in aspects(study)}
    return slots[name] if name in slots else Aspect(study.protocol.question(name))


def _by_parts(aspect: Aspect) -> bool:
    """Whether what was put at each part is compared, and no code of the whole answer."""
    return not aspect.slot and isinstance(aspect.question, Changes)


def causes_of(db: Database, connection: Connection, study: Study) -> Causes:
    """The causes given in a study so far; only what is new since the last look is read."""
    found: Causes = db.cache.setdefault(("causes", study.id), Causes(study.id))
    found.follow(connection)
    return found


def read_rows(db: Database, connection: Connection, study: Study) -> NDArray[np.int64]:
    """The first-stage rows of a study as `COLUMNS`; only what is new since the last look is read.

    It holds the whole log: for what is not asked with every click.
    """
    nothing = np.zeros((0, len(frames.COLUMNS)), dtype=np.int64)
    rows: NDArray[np.int64] = db.cache.get(("first rows", study.id), nothing)
    fresh = frames.tail(connection, study.id, int(rows[-1, 0]) if len(rows) else 0)
    if len(fresh):
        rows = db.cache["first rows", study.id] = np.concatenate([rows, fresh])
    return rows
