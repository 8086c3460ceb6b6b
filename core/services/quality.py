"""How well each person works: known answers, attention, answers to the same unit, speed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sqlalchemy import Connection

from core.questions.grades import Grade
from core.services import gold_grades, grading, rounds, studies
from core.services.access import Identity, require
from core.services.choosing import Setting
from core.services.grading import Graded
from core.services.studies import Study
from core.services.tables import Follower, follower
from core.statistics.base import Estimate
from core.statistics.shares import mean_share
from core.statistics.table import GOLD, MISSING
from storage import assignments, candidates, checked, judgments, team
from storage.database import Database

CHUNK = 200
Marks = dict[Any, dict[str, list[float]]]  # rater (and round) -> unit -> grades


@dataclass(frozen=True, slots=True)
class Work:
    """A person's part: how many units wait for an answer, are answered, late, skipped."""

    waiting: int = 0
    answered: int = 0
    late: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Quality:
    """One person: what is settled about them, their work, and how well it goes.

    `gold` is the mean grade of the units whose answers are known, over all questions; `attention`
    the share of attention items passed, wholly right; `retest` of answers that were the same when
    asked again. `rounds` says per round the mean grade of the newest attempt. Each counts units,
    whatever is asked of one. `seconds` is the mean time per answer; `hurried` how often an answer
    came in too fast and was not taken. `failed` says that a qualification round is over and not
    passed; `calibrations` how many calibration rounds came, the last at the agreement `drifted`
    (None where a researcher asked for it).
    """

    id: int
    name: str
    blocked: bool
    limit: int
    arm: str
    work: Work
    gold: Estimate
    attention: Estimate
    retest: Estimate
    rounds: Mapping[str, Estimate]
    seconds: float | None
    hurried: int
    calibrations: int
    failed: bool = False
    drifted: float | None = None


@dataclass
class Seen:
    """Checks read so far: rows of the log up to `upto` by place, and of each the newest."""

    upto: int = 0
    rows: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    version: int = 0
    grades: dict[int, Grade | None] = field(default_factory=dict)

    def follow(self, connection: Connection, study: Study) -> None:
        """Read what is new."""
        stages = ("attention", "retest", "training")
        for row in checked.of_stages(connection, study.id, stages, self.upto, study.revision):
            self.rows[row.unit, row.rater, row.question, row.stage, row.repeat] = row
        self.upto = study.revision

    def standing(self, stage: str) -> list[Any]:
        """The rows of a stage that count."""
        return [r for r in self.rows.values() if r.stage == stage and not r.withdrawn]

    def graded(self, connection: Connection, study: Study, stage: str) -> Graded:
        """Those with a known answer, each with its grade; each row is graded once."""
        if self.version != study.version:
            self.version, self.grades = study.version, {}
        rows = self.standing(stage)
        fresh = [row for row in rows if row.id not in self.grades]
        self.grades |= dict.fromkeys((row.id for row in fresh), None)
        self.grades |= {row.id: grade for row, grade in grading.graded(connection, study, fresh)}
        pairs = ((row, self.grades[row.id]) for row in rows)
        return [(row, grade) for row, grade in pairs if grade is not None]


def table(db: Database, who: Identity, key: str) -> list[Quality]:
    """Everybody who is or was asked in a study, in order of arrival. Raises `Denied`.

    For researchers alone: nobody is shown how they are rated.
    """
    require(who, "review")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        found: Seen = db.cache.setdefault(("quality", study.id), Seen())
        found.follow(connection, study)
        live = follower(db, study)
        with live.lock:
            live.follow(connection, study)
            gold, pace = _gold(db, connection, study, live), _pace(live)
        attended = found.graded(connection, study, "attention")
        attention = _passed(attended)
        retest = _retests(connection, study, found.standing("retest"))
        taken = _rounds(study, found.graded(connection, study, "training"))
        loads = assignments.workload(connection, study.id)
        events = team.counted(connection, study.id, ["hurried", "calibration"])
        last = team.last(connection, study.id, "calibration")
        failed = _failed(db, connection, study)
        people = [
            _person(study, row, loads.get(row.id, {}), (gold, attention, retest), taken, pace,
                    events)
            for row in team.people(connection, study.id)
        ]  # fmt: skip
    return [
        replace(one, failed=one.id in failed, drifted=last.get(one.id, {}).get("agreement"))
        for one in people
    ]


def _person(
    study: Study, row: Any, load: Mapping[str, int], shares: Sequence[Marks], taken: Marks,
    pace: Mapping[int, float], events: Mapping[tuple[int, str], int],
) -> Quality:  # fmt: skip
    gold, attention, retest = (found.get(row.id, {}) for found in shares)
    spec = row.spec or {}
    return Quality(
        row.id, row.name or row.key, bool(spec.get("blocked")), int(spec.get("limit") or 0),
        str(spec.get("arm") or ""),
        Work(load.get("reserved", 0), load.get("submitted", 0), load.get("late", 0),
             load.get("skipped", 0)),
        mean_share("gold", gold, note="no unit has both a known answer and this person's"),
        mean_share("attention", attention, note="no attention item was answered"),
        mean_share("retest", retest, note="no unit was asked again"),
        {
            one.name: mean_share(one.name, taken.get((row.id, one.name), {}),
                                 note="this round was not taken")
            for one in study.protocol.checks.rounds
        },
        pace.get(row.id), events.get((row.id, "hurried"), 0),
        events.get((row.id, "calibration"), 0),
    )  # fmt: skip


def _failed(db: Database, connection: Connection, study: Study) -> set[int]:
    """Row ids of the people for whom a qualification round is over without being passed."""
    if all(one.kind != "qualification" for one in study.protocol.checks.rounds):
        return set()
    found = set()
    for row in team.people(connection, study.id):
        standing = assignments.standing(connection, row.id)
        if rounds.failed(Setting(db, connection, study, Identity(row.key), row.id, standing, 0)):
            found.add(row.id)
    return found


def _gold(db: Database, connection: Connection, study: Study, live: Follower) -> Marks:
    """The grades of each person's answers where one is known, over all questions.

    A question that is right or wrong as a whole is graded by its code in the table.
    """
    found: Marks = {}
    whole = [q for q in study.protocol.questions if q.partly()]
    for (name, where), sheet in live.sheets.items():
        if where or any(name == question.name for question in whole):
            continue
        codes = sheet.table.codes
        known = np.flatnonzero(codes[:, GOLD] != MISSING)
        units = live.units[sheet.place != MISSING, 0]
        for index, rater in enumerate(sheet.table.raters):
            column = sheet.table.column(index)
            if rater.kind != "person" or column is None:
                continue
            given = known[codes[known, column] != MISSING]
            for unit, right in zip(units[given].tolist(),
                                   (codes[given, column] == codes[given, GOLD]).tolist(),
                                   strict=True):  # fmt: skip
                _put(found, rater.id, unit, float(right))
    for question in whole:
        by_rater = gold_grades.credits(db, connection, study, live, question)
        for id_, rater in live.raters_of(connection, study, by_rater).items():
            if rater.kind == "person":
                for unit, credit in by_rater.get(id_, {}).items():
                    _put(found, id_, unit, credit)
    return found


def _put(found: Marks, place: Any, unit: int, credit: float) -> None:
    found.setdefault(place, {}).setdefault(str(unit), []).append(credit)


def _pace(live: Follower) -> dict[int, float]:
    """Mean seconds per answer of each rater, over all coded questions."""
    total: dict[int, tuple[int, float]] = {}
    for (_, where), sheet in live.sheets.items():
        for rater, (n, seconds) in ({} if where else sheet.pace).items():
            known = total.get(rater, (0, 0.0))
            total[rater] = known[0] + n, known[1] + seconds
    return {rater: seconds / n for rater, (n, seconds) in total.items() if n}


def _passed(attended: Graded) -> Marks:
    """Whether each attention item was passed: everything that is known of it was right."""
    by_unit: dict[tuple[int, int], bool] = {}
    for row, grade in attended:
        by_unit[row.rater, row.unit] = by_unit.get((row.rater, row.unit), True) and grade.right
    found: Marks = {}
    for (rater, unit), passed in by_unit.items():
        _put(found, rater, unit, float(passed))
    return found


def _retests(connection: Connection, study: Study, rows: Sequence[Any]) -> Marks:
    """Which answers of each person were the same when the unit came again."""
    asked = {study.wording(q): q for q in study.protocol.questions if q.scale().level != "none"}
    first = {}
    units = sorted({row.unit for row in rows})
    for start in range(0, len(units), CHUNK):
        for row in candidates.answers(connection, units[start : start + CHUNK], list(asked)):
            if row.repeat == 0:
                first[row.unit, row.rater, row.question] = judgments.parse(row.value)
    found: Marks = {}
    for row in rows:
        old = first.get((row.unit, row.rater, row.question))
        if row.question in asked and old is not None:
            same = asked[row.question].distance(old, judgments.parse(row.value)) == 0
            _put(found, row.rater, row.unit, float(same))
    return found


def _rounds(study: Study, rows: Graded) -> Marks:
    """The grades of each (person, round) in the newest attempt."""
    by = study.protocol.checks.by
    newest: dict[tuple[int, str], int] = {}
    for row, _ in rows:
        place = (row.rater, str(row.meta.get(by)))
        newest[place] = max(newest.get(place, 0), row.repeat)
    found: Marks = {}
    for row, grade in rows:
        place = (row.rater, str(row.meta.get(by)))
        if row.repeat == newest[place]:
            _put(found, place, row.unit, grade.credit)
    return found


def rows(found: Sequence[Quality]) -> Iterator[dict[str, Any]]:
    """The people as flat rows for a table or a file."""
    for one in found:
        row: dict[str, Any] = {
            "person": one.name, "blocked": one.blocked, "limit": one.limit, "arm": one.arm,
            "waiting": one.work.waiting, "answered": one.work.answered, "late": one.work.late,
            "skipped": one.work.skipped, "mean_seconds": one.seconds, "hurried": one.hurried,
            "calibrations": one.calibrations, "drifted_to": one.drifted, "failed": one.failed,
        }  # fmt: skip
        named = {"gold": one.gold, "attention": one.attention, "retest": one.retest, **one.rounds}
        for name, e in named.items():
            row |= {name: e.value, f"{name}_low": e.low, f"{name}_high": e.high, f"{name}_n": e.n}
        yield row
