"""Ordinary answers held against known ones, by each question's own measure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from core.questions.base import Question
from core.services import material
from core.services.answer_log import followed, inside
from core.services.grading import enough, grade, known_answer, outlined
from core.services.studies import Study
from core.services.tables import Follower
from core.units import Unit
from storage import judgments
from storage.database import Database

Credits = Mapping[int, Mapping[int, float]]  # rater -> unit -> how much was right, 0 to 1


@dataclass
class _Known:
    """The units with a known answer to a question, and the grades of answers seen so far."""

    signature: tuple[int, int] | None
    units: Mapping[int, Unit]
    grades: dict[tuple[int, str], float | None] = field(default_factory=dict)


def known_units(
    db: Database, connection: Connection, study: Study, live: Follower, asked: Question
) -> _Known:
    """The units with a known answer that fits the question. `live` has followed and is locked."""
    place = ("gold grades", study.id, asked.digest)
    known: _Known | None = db.cache.get(place)
    if known is None or known.signature != live.signature:
        units = _units(connection, study, live, asked)
        known = db.cache[place] = _Known(live.signature, units)
    return known


def credits(
    db: Database, connection: Connection, study: Study, live: Follower, asked: Question,
    units: Collection[int] | None = None,
) -> Credits:  # fmt: skip
    """The grades of every rater's first answers to units with a known answer.

    Of these units, or of all. Each different answer to a unit is graded once in a process. `live`
    has followed the log and is locked.
    """
    known = known_units(db, connection, study, live, asked)
    log = followed(db, connection, study, live, asked)
    found: dict[int, dict[int, float]] = {}
    graded = known.units.keys() if units is None else known.units.keys() & set(units)
    for unit, rater, value in log.first(graded):
        if (unit, value) not in known.grades:
            one = grade(asked, judgments.parse(value), known.units[unit])
            known.grades[unit, value] = None if one is None else one.credit
        credit = known.grades[unit, value]
        if credit is not None:
            found.setdefault(rater, {})[unit] = credit
    return found


def _units(
    connection: Connection, study: Study, live: Follower, asked: Question
) -> dict[int, Unit]:
    """The units that are asked and have a known answer; whole where it needs their contents."""
    within = inside(connection, study, live, asked)
    found = {}
    for row in live.known(connection, study):
        unit = outlined(row)
        if row.id in within and asked.name in unit.own_gold():
            found[row.id] = unit
    open_ = [place for place, unit in found.items() if not enough(asked, unit)]
    found |= dict(material.some_units(connection, study, open_)) if open_ else {}
    return {place: unit for place, unit in found.items() if known_answer(asked, unit) is not None}
