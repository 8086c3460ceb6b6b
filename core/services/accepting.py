"""Accepting what everybody says, wherever they agree."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from core.questions.base import Question
from core.services import studies
from core.services.access import Identity, require
from core.services.assignment import rater_id
from core.services.cases import read_rows
from core.services.review import STAGE
from core.services.studies import Study
from core.services.weighing import standing
from storage import candidates, judgments, reviews
from storage import studies as study_rows
from storage.database import Database
from storage.judgments import NewJudgment

PIECE = 200
AGREED = "accepted: everybody who answered says so"
Ints = NDArray[np.int64]


def agreed(
    db: Database, who: Identity, key: str, question: str, *, least: int = 2, models: bool = True
) -> list[int]:  # fmt: skip
    """Units that nobody has decided and on which all say the same: `least` people or more.

    With `models`, every model and rule that answered as well. Of a question that takes more than
    one press the whole answers are the same, at a distance of 0, and not their codes alone.
    """
    require(who, "review")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        every = read_rows(db, connection, study)
        asked = study.protocol.question(question)
        wording = study.wording(asked)
        place = ("agreed", study.id, wording, least, models)
        known = db.cache.get(place)
        if known is None or known[0] != len(every):
            raters = study_rows.raters(connection, study.id)
            people = [r.id for r in raters if r.kind == "person"]
            rows = standing(every[every[:, 2] == wording])
            units = _unanimous(rows, people, least, models)
            if asked.entry() != "press":
                units = _same(connection, asked, wording, units, models)
            known = db.cache[place] = (len(every), units)
        decided = reviews.decisions(connection, study.id, wording, study.revision)
    over = {unit for unit, _ in decided}
    return [unit for unit in known[1] if unit not in over]


def _unanimous(rows: Ints, people: Sequence[int], least: int, models: bool) -> list[int]:
    """Units with one answer of all: `least` people or more, and of everybody else with `models`."""
    if not len(rows):
        return []
    ours = np.isin(rows[:, 3], people)
    counted = rows if models else rows[ours]
    units, place = np.unique(counted[:, 1], return_inverse=True)
    low, high = np.full(len(units), 2**31), np.full(len(units), -1)
    np.minimum.at(low, place, counted[:, 5])
    np.maximum.at(high, place, counted[:, 5])
    voices = np.unique(rows[ours][:, [1, 3]], axis=0)[:, 0]
    asked, many = np.unique(voices, return_counts=True)
    enough = set(asked[many >= least].tolist())
    return [int(u) for u in units[low == high] if int(u) in enough]


def _same(
    connection: Connection, asked: Question, wording: int, units: Sequence[int], models: bool
) -> list[int]:  # fmt: skip
    """Those units to which all whole answers are the same."""
    found: list[int] = []
    for start in range(0, len(units), PIECE):
        part = units[start : start + PIECE]
        by_unit: dict[int, list[Any]] = {unit: [] for unit in part}
        for row in candidates.answers(connection, part, [wording]):
            if row.code is not None and (models or row.kind == "person"):
                by_unit[row.unit].append(row)
        found += [unit for unit, rows in by_unit.items() if _one_answer(asked, rows)]
    return found


def _one_answer(asked: Question, rows: Sequence[Any]) -> bool:
    """Whether there are rows, and all say the same as the first."""
    said = [judgments.parse(text) for text in dict.fromkeys(row.value for row in rows)]
    return bool(said) and all(asked.distance(said[0], other) == 0 for other in said[1:])


def accept_agreed(
    db: Database, who: Identity, key: str, question: str, *, least: int = 2, models: bool = True
) -> int:  # fmt: skip
    """Take what everybody says as the answer that holds, wherever they agree; returns how often.

    In short transactions; what was decided meanwhile is left alone, and doing it again adds
    nothing.
    """
    units = agreed(db, who, key, question, least=least, models=models)
    rater = rater_id(db, studies.load(db, key), who)
    done = 0
    for start in range(0, len(units), PIECE):
        with db.write() as connection:
            study = studies.load(db, key, connection, lock=True)
            asked = study.protocol.question(question)
            part = units[start : start + PIECE]
            open_still = set(part) - reviews.decided_units(connection, part, study.wording(asked))
            rows = [
                row for row in candidates.answers(connection, part, [study.wording(asked)])
                if models or row.kind == "person"
            ]  # fmt: skip
            fresh = _decisions(study, asked, (rater, who.name), rows, open_still)
            done += len(judgments.append(connection, study.id, fresh, check=False))
    return done


def _decisions(
    study: Study, asked: Question, rater: tuple[int, str], rows: Sequence[Any], units: set[int]
) -> list[NewJudgment]:
    """One decision for each unit about which all these rows still say the same."""
    said: dict[int, dict[int, list[Any]]] = {}
    for row in rows:
        if row.unit in units and row.code is not None:
            said.setdefault(row.unit, {}).setdefault(row.code, []).append(row)
    return [
        NewJudgment(
            unit=unit, unit_key=row.unit_key, question=study.wording(asked),
            question_digest=asked.digest, rater=rater[0], rater_key=f"person:{rater[1]}",
            value=judgments.parse(row.value), code=row.code, stage=STAGE, rationale=AGREED,
        )
        for unit, codes in said.items() if len(codes) == 1
        for same in codes.values() if asked.entry() == "press" or _one_answer(asked, same)
        for row in same[:1]
    ]  # fmt: skip
