"""What one runner claims of a run: tasks that nobody has begun, and those of runners that died."""

import time
from dataclasses import dataclass

from sqlalchemy import Connection

from core.services import material, studies
from core.services.surveys import Survey
from core.units import Unit
from storage import runs
from storage.database import Database

LOOK = 1.0
OVERFULL = 4


@dataclass(frozen=True, slots=True)
class Claimed:
    """A task held under an owner token, with the unit that it is about."""

    id: int
    owner: str
    unit_id: int
    repeat: int
    unit: Unit


class Claims:
    """Takes tasks of a run for one runner.

    Every `LOOK` seconds tasks that a dead runner held come before others. A runner that has enough
    takes nothing but these, and holds at most `OVERFULL` times what it would take by itself: where
    replies are slow, they would else wait for as long as its own work lasts.
    """

    def __init__(self, db: Database, study_key: str, run: int, survey: Survey) -> None:
        self.db, self.study_key, self.run, self.survey = db, study_key, run, survey
        self.looked = 0.0

    def room(self, held: int, capacity: int) -> int:
        """How many tasks may be taken by one that holds so many; minus a number: of dead runners.

        0 for none now.
        """
        if held <= capacity * 3 // 4:
            return capacity - held
        return -max(0, OVERFULL * capacity - held) if self._due() else 0

    def _due(self) -> bool:
        return time.monotonic() - self.looked >= LOOK

    def take(self, connection: Connection, room: int) -> list[Claimed]:
        """Claim as many tasks as `room` says."""
        look = self._due()
        self.looked = time.monotonic() if look else self.looked
        if room < 0:
            rows = runs.claim_expired(connection, self.run, -room)
        else:
            rows = runs.claim(connection, self.run, room, expired_first=look)
        if not rows:
            return []
        study = studies.load(self.db, self.study_key, connection)
        units = dict(material.some_units(connection, study, {row.unit for row in rows}))
        units = self.survey.told(connection, study, units)
        return [Claimed(r.id, r.owner, r.unit, r.repeat, units[r.unit]) for r in rows]
