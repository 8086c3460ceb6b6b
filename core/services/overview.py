"""What a study has come to, and what a person still has to do in it."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from core.services import pools, studies
from core.services.access import Identity, require
from core.services.studies import ANSWERABLE, Study
from storage import items, progress
from storage import studies as study_rows
from storage.database import Database


@dataclass(frozen=True, slots=True)
class Overview:
    """A study in numbers: its items and ordinary units, those asked apart left out.

    `raters` counts raters by kind; `judgments` counts rows of the log.
    Of the person: `answered` and `skipped` units, `waiting` units in hand without an answer, and
    `open` units that they could still be given. `takes_answers` says whether the study's state
    allows answering now.
    """

    items: int
    units: int
    closed: int
    judgments: int
    raters: Mapping[str, int]
    answered: int
    skipped: int
    waiting: int
    open: int
    takes_answers: bool

    @property
    def left(self) -> int:
        """Units that this person can answer now."""
        return (self.waiting + self.open) if self.takes_answers else 0


def overview(db: Database, who: Identity, key: str) -> Overview:
    """The study in numbers, as this person sees it. Raises `NoStudy`."""
    require(who, "annotate")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        rater = study_rows.rater_key(connection, study.id, "person", who.name) or 0
        count, units = _material(db, connection, study)
        closed = progress.units(connection, study.id, closed=True)
        own = progress.own(connection, rater)
        return Overview(
            items=count, units=units, closed=closed, judgments=study.revision,
            raters=progress.raters(connection, study.id),
            answered=own.get("submitted", 0) + own.get("late", 0),
            skipped=own.get("skipped", 0), waiting=own.get("reserved", 0),
            open=units - closed - progress.holds_open(connection, rater),
            takes_answers=study.state in ANSWERABLE,
        )  # fmt: skip


def _material(db: Database, connection: Connection, study: Study) -> tuple[int, int]:
    """How many items and ordinary units there are: counted when any was added, or at an edit."""
    mark = (study.version, items.last_position(connection, study.id), *items.newest(connection))
    known = db.cache.get(("material", study.id))
    if known is None or known[0] != mark:
        known = db.cache["material", study.id] = (
            mark, progress.items(connection, study.id, pools.QUESTIONNAIRES),
            progress.units(connection, study.id),
        )  # fmt: skip
    return known[1], known[2]
