"""How right people are, unit by unit: known answers, attention, units asked again, rounds."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection

from core.services import gold_grades, grading
from core.services.by_unit import Tally
from core.services.grading import Graded
from core.services.studies import Study
from core.services.tables import Follower
from core.statistics.table import GOLD, MISSING
from storage import candidates, checked, judgments
from storage.database import Database

CHUNK = 200
STAGES = ("attention", "retest", "training")
Own = dict[int, dict[Any, list[float]]]  # unit -> what was marked of whom -> grades
Patterns = Mapping[tuple[float, ...], int]  # grades of a unit -> of how many units


def patterns(
    db: Database, connection: Connection, study: Study, live: Follower
) -> dict[Any, Patterns]:  # fmt: skip
    """How many units have which grades, of ("gold" | "attention" | "retest", rater).

    And of ("round", rater, name), in the newest attempt. Kept up from the tail of the log; `live`
    has followed it and is locked.
    """
    tally: Tally = db.cache.setdefault(("marks", study.id), Tally())

    def work(units: Collection[int] | None) -> dict[int, Mapping[Any, int]]:
        own: Own = {}
        _gold(own, db, connection, study, live, units)
        checks = checked.of_stages(connection, study.id, STAGES, study.revision, units)
        of = {stage: [row for row in checks if row.stage == stage] for stage in STAGES}
        _attention(own, grading.graded(connection, study, of["attention"]))
        _retests(own, connection, study, of["retest"])
        for row, grade in grading.graded(connection, study, of["training"]):
            name = str(row.meta.get(study.protocol.checks.by))
            _put(own, row.unit, ("round", row.rater, name, row.repeat), grade.credit)
        return {
            unit: Counter((place, tuple(sorted(grades))) for place, grades in marks.items())
            for unit, marks in own.items()
        }

    tally.follow(connection, study, live.signature, work)
    return _newest(tally.total)


def _newest(total: Mapping[Any, int]) -> dict[Any, Patterns]:
    """The counts by what they are of; of the attempts at a round only the last one."""
    found: dict[Any, dict[tuple[float, ...], int]] = {}
    for (place, grades), many in total.items():
        found.setdefault(place, {})[grades] = many
    for what, rater, *attempt in sorted(place for place in found if place[0] == "round"):
        found[what, rater, attempt[0]] = found[what, rater, *attempt]
    return {**found}


def _put(own: Own, unit: int, place: Any, grade: float) -> None:
    own.setdefault(unit, {}).setdefault(place, []).append(float(grade))


def _gold(
    own: Own, db: Database, connection: Connection, study: Study, live: Follower,
    units: Collection[int] | None,
) -> None:  # fmt: skip
    """The grades of people's answers where one is known, over all questions.

    A question that is right or wrong as a whole is graded by its code in the table.
    """
    whole = [q for q in study.protocol.questions if q.partly()]
    every = live.units[:, 0]
    at = np.arange(len(every)) if units is None else np.searchsorted(every, sorted(units))
    at = at[at < len(every)]
    ids = every[at]
    for (name, where), sheet in live.sheets.items():
        if where or any(name == question.name for question in whole):
            continue
        codes, rows = sheet.table.codes, sheet.place[at]
        known = rows != MISSING
        known[known] = codes[rows[known], GOLD] != MISSING
        for index, rater in enumerate(sheet.table.raters):
            column = sheet.table.column(index)
            if rater.kind != "person" or column is None:
                continue
            given = codes[rows[known], column]
            right = given == codes[rows[known], GOLD]
            for unit, code, grade in zip(
                ids[known].tolist(), given.tolist(), right.tolist(), strict=True
            ):
                if code != MISSING:
                    _put(own, unit, ("gold", rater.id), grade)
    for question in whole:
        by_rater = gold_grades.credits(db, connection, study, live, question, units)
        raters = live.raters_of(connection, study, by_rater)
        for id_, credits in by_rater.items():
            for unit, credit in credits.items() if raters[id_].kind == "person" else ():
                _put(own, unit, ("gold", id_), credit)


def _attention(own: Own, attended: Graded) -> None:
    """Whether each attention item was passed: everything that is known of it was right."""
    passed: dict[tuple[int, int], bool] = {}
    for row, grade in attended:
        passed[row.unit, row.rater] = passed.get((row.unit, row.rater), True) and grade.right
    for (unit, rater), right in passed.items():
        _put(own, unit, ("attention", rater), right)


def _retests(own: Own, connection: Connection, study: Study, rows: Sequence[Any]) -> None:
    """Which answers of each person were the same when the unit came again."""
    asked = {study.wording(q): q for q in study.protocol.questions if q.scale().level != "none"}
    first = {}
    units = sorted({row.unit for row in rows})
    for start in range(0, len(units), CHUNK):
        for row in candidates.answers(connection, units[start : start + CHUNK], list(asked)):
            if row.repeat == 0:
                first[row.unit, row.rater, row.question] = judgments.parse(row.value)
    for row in rows:
        old = first.get((row.unit, row.rater, row.question))
        if row.question in asked and old is not None:
            same = asked[row.question].distance(old, judgments.parse(row.value)) == 0
            _put(own, row.unit, ("retest", row.rater), same)
