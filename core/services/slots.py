"""The parts of a question's answers as statistics read them: one table per slot."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from core.questions.base import Question, Scale
from core.services import known_answers, material
from core.services.known_answers import outline
from core.services.studies import Study
from core.services.tables import Follower, Sheet, Where, places
from core.statistics.table import MISSING, Rater, Table
from core.units import Unit
from storage import frames, judgments
from storage.database import Database

Row = tuple[int, str]
MANY = 2000  # so many new answers are taken in all at once


@dataclass(frozen=True, slots=True)
class Aspect:
    """What statistics are about: a question's whole answer, or one slot of it."""

    question: Question
    slot: str = ""

    @property
    def name(self) -> str:
        """The question's name, with the slot behind a dot."""
        return f"{self.question.name}.{self.slot}" if self.slot else self.question.name

    @property
    def title(self) -> str:
        """The question's title, with the slot behind a colon."""
        return f"{self.question.title}: {self.slot}" if self.slot else self.question.title

    def scale(self) -> Scale:
        """Level and labels of the codes."""
        return self.question.slots()[self.slot] if self.slot else self.question.scale()


def aspects(study: Study) -> list[Aspect]:
    """Everything that has codes, in the study's order: each question, then its slots."""
    found = []
    for question in study.protocol.questions:
        if question.scale().level != "none":
            found.append(Aspect(question))
        found += [Aspect(question, slot) for slot in question.slots()]
    return found


@dataclass
class Parts:
    """The codes of all slots of one question, as far as the log was read.

    `answers` holds what stands, by unit, then by rater and repeat; `gold` the known answers by
    unit. A table is built from them when it is asked for, and follows them from then on.
    """

    signature: tuple[int, int] | None
    seen: int = 0
    answers: dict[int, dict[tuple[int, int], Mapping[str, int]]] = field(default_factory=dict)
    gold: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    refused: int = 0
    pace: dict[int, tuple[int, float]] = field(default_factory=dict)
    sheets: dict[tuple[str, Where], Sheet] = field(default_factory=dict)


def sheet(
    db: Database, connection: Connection, study: Study, live: Follower, aspect: Aspect,
    where: Where = (),
) -> Sheet:  # fmt: skip
    """The sheet of a slot over the units that match; `live` has followed the log and is locked.

    Where a unit has the slot several times, each place (segment) that anybody answered or that has
    a known answer is a unit of its own.
    """
    parts = _parts(db, connection, study, live, aspect.question)
    if (aspect.slot, where) not in parts.sheets:
        keep = live.asking(connection, study, aspect.question)
        keep &= live.matching(connection, study, where)
        who = {rater for own in parts.answers.values() for rater, _ in own}
        raters = live.raters_of(connection, study, who)
        made = _built(parts, aspect, live.units[:, 0], keep, raters)
        parts.sheets[(aspect.slot, where)] = made
    return parts.sheets[(aspect.slot, where)]


def answered(
    db: Database, connection: Connection, study: Study, live: Follower, aspect: Aspect,
    units: Collection[int] | None = None,
) -> tuple[NDArray[np.int64], list[Row]]:  # fmt: skip
    """The codes of a slot that stand, and the row (unit, place) that each is about.

    Those of these units, or of all. An (n, 4) integer array: index of the row, rater, repeat, code.
    `live` has followed the log and is locked.
    """
    parts = _parts(db, connection, study, live, aspect.question)
    found = [
        ((unit, place), rater, repeat, code)
        for unit in (parts.answers if units is None else units)
        for (rater, repeat), codes in parts.answers.get(unit, {}).items()
        for place, code in _at(aspect, codes)
    ]
    rows = sorted({row for row, _, _, _ in found})
    number = {row: n for n, row in enumerate(rows)}
    plain = [(number[row], rater, repeat, code) for row, rater, repeat, code in found]
    return np.array(plain, np.int64).reshape(len(plain), 4), rows


def _parts(
    db: Database, connection: Connection, study: Study, live: Follower, question: Question
) -> Parts:
    """The codes of a question's slots up to the end of the log."""
    key = ("slots", study.id, question.digest)
    parts: Parts = db.cache.get(key) or Parts(None)
    if parts.signature != live.signature:
        parts = db.cache[key] = Parts(live.signature)
        known = live.known(connection, study)
        parts.gold, parts.refused = known_answers.codes(connection, study, question, known)
    _follow(parts, connection, study, live, question)
    return parts


def _follow(
    parts: Parts, connection: Connection, study: Study, live: Follower, question: Question
) -> None:
    """Read what is new; a later row about the same unit, rater and repeat takes its place."""
    wording = study.wording(question)
    rows = frames.values(connection, study.id, wording, parts.seen)
    if not rows:
        return
    units = _units(connection, study, question, {row.unit for row in rows})
    for row in rows:
        held = {} if row.withdrawn else question.codes(judgments.parse(row.value), units[row.unit])
        parts.answers.setdefault(row.unit, {})[row.rater, row.repeat] = held
        if row.seconds is not None:
            many, total = parts.pace.get(row.rater, (0, 0.0))
            parts.pace[row.rater] = (many + 1, total + row.seconds)
    parts.seen = rows[-1].sequence
    if len(rows) > MANY:
        parts.sheets.clear()
        return
    fresh = [(row.unit, row.rater, row.repeat) for row in rows]
    raters = live.raters_of(connection, study, {rater for _, rater, _ in fresh})
    parts.sheets = {
        (slot, where): sheet for (slot, where), sheet in parts.sheets.items()
        if _put(sheet, parts, Aspect(question, slot), live.units[:, 0], fresh, raters)
    }  # fmt: skip


def _put(
    sheet: Sheet, parts: Parts, aspect: Aspect, units: NDArray[np.int64],
    fresh: Sequence[tuple[int, int, int]], raters: Mapping[int, Rater],
) -> bool:  # fmt: skip
    """Bring a sheet up to what stands at these places (unit, rater, repeat).

    False where it must be built anew: segments are its units, or raters would come in another order
    or have no answer left.
    """
    table, moved = sheet.table, set()
    if table.possible and not (sheet.place != MISSING).any():
        return False
    sheet.pace = dict(parts.pace)
    for unit, rater, repeat in fresh:
        codes = dict(_at(aspect, parts.answers[unit][rater, repeat]))
        row, code = int(sheet.place[np.searchsorted(units, unit)]), codes.pop("", MISSING)
        if codes:
            return False
        known = [one.id for one in table.raters]
        if row == MISSING or (rater not in known and code == MISSING):
            continue
        if rater not in known and rater < max(known, default=0):
            return False
        moved.add(index := table.rater(raters[rater]))
        table.put(row, index, code, repeat)
    return all(table.answered(index) for index in moved)


def _units(
    connection: Connection, study: Study, question: Question, ids: set[int]
) -> dict[int, Unit]:  # fmt: skip
    """The units by row id, with their contents where the question's codes need those."""
    if question.reads_contents():
        return dict(material.some_units(connection, study, ids))
    return {row.id: outline(row) for row in frames.outlines(connection, ids)}


def _built(
    parts: Parts, aspect: Aspect, every_unit: NDArray[np.int64], keep: NDArray[np.bool_],
    raters: Mapping[int, Rater],
) -> Sheet:  # fmt: skip
    """One slot's table over the units that are kept.

    Where segments are the units, no unit of the study has one place in the table.
    """
    units = every_unit[keep]
    inside = set(units.tolist())
    found: dict[tuple[Row, int, int], int] = {}
    for unit, own in parts.answers.items():
        for (rater, repeat), codes in own.items() if unit in inside else ():
            found |= {((unit, p), rater, repeat): c for p, c in _at(aspect, codes)}
    known = {
        (unit, place): code for unit, codes in parts.gold.items() if unit in inside
        for place, code in _at(aspect, codes)
    }  # fmt: skip
    placed = any(place for (_, place), _, _ in found) or any(place for _, place in known)
    every = {row for row, _, _ in found} | set(known)
    rows = sorted(every) if placed else [(int(unit), "") for unit in units]
    number = {row: n for n, row in enumerate(rows)}
    gold = np.full(len(rows), MISSING, np.int64)
    for row, code in known.items():
        gold[number[row]] = code
    scale = aspect.scale()
    table = Table(scale.labels, scale.level, units=len(rows), gold=gold)
    ids = sorted({rater for _, rater, _ in found})
    place = {rater: n for n, rater in enumerate(ids)}
    if found:
        table.load(
            [raters[rater] for rater in ids], [number[row] for row, _, _ in found],
            [place[rater] for _, rater, _ in found], list(found.values()),
            [repeat for _, _, repeat in found],
        )  # fmt: skip
    stands = np.full(len(keep), MISSING, np.int64) if placed else places(keep)
    return Sheet(table, stands, parts.refused, pace=dict(parts.pace))


def _at(aspect: Aspect, codes: Mapping[str, int]) -> list[tuple[str, int]]:
    """The codes that belong to the slot, each with its place."""
    placed = ((aspect.question.slot_of(name), code) for name, code in codes.items() if name)
    return [(place, code) for (slot, place), code in placed if slot == aspect.slot]
