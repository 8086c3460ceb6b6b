"""What one runner claims of a run: tasks that nobody has begun, and those of runners that died."""

import time
from dataclasses import dataclass

from sqlalchemy import Connection

from core.services import material, studies
from core.services.bundles import Bundles, Place
from core.services.surveys import Survey
from core.units import Unit
from core.workers.base import Worker
from storage import runs
from storage.database import Database

LOOK = 1.0
OVERFULL = 4


@dataclass(frozen=True, slots=True)
class Claimed:
    """A task held under an owner token, with the unit that it is about.

    One that is `late` was begun by a runner that died, or shares its request with such a one.
    """

    id: int
    owner: str
    unit_id: int
    repeat: int
    unit: Unit
    late: bool = False


class Claims:
    """Takes tasks of a run for one runner.

    Every `LOOK` seconds tasks that a dead runner held come before others. A runner that has enough
    takes nothing but these, and holds at most `OVERFULL` times what it would take by itself: where
    replies are slow, they would else wait for as long as its own work lasts. For the same reason
    they are `late`: their calls go before those of what it holds already. Tasks that share a
    request are taken together, and runners take such tasks one after the other, so that one of them
    asks for all.
    """

    def __init__(self, db: Database, study_key: str, worker: Worker, run: int, fresh: bool) -> None:
        self.db, self.study_key, self.worker, self.run = db, study_key, worker, run
        self.survey = Survey(worker, run if fresh else None)
        self.looked = 0.0
        self.bundles: Bundles | None = None
        self.tasks: dict[Place, int] = {}

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
        if self.worker.gathers():
            runs.lock(connection, self.run)
        if room < 0:
            rows = runs.claim_expired(connection, self.run, -room)
        else:
            rows = runs.claim(connection, self.run, room, expired_first=look)
        if not rows:
            return []
        study = studies.load(self.db, self.study_key, connection)
        late: set[Place] = {(row.unit, row.repeat) for row in rows if row.late}
        if self.worker.gathers():
            places = [(row.unit, row.repeat) for row in rows]
            groups = self._bundles(connection).of(connection, study, places)
            others = {self.tasks[place] for group in groups.values() for place in group}
            rows += runs.claim_these(connection, self.run, others - {row.id for row in rows})
            late |= {p for group in groups.values() if late.intersection(group) for p in group}
        units = dict(material.some_units(connection, study, {row.unit for row in rows}))
        units = self.survey.told(connection, study, units)
        shown = {(row.unit, row.repeat): units[row.unit] for row in rows}
        if self.bundles is not None:
            shown = self.bundles.told(connection, study, list(shown), units)
        return [
            Claimed(r.id, r.owner, *place, shown[place], place in late)
            for r in rows for place in [(r.unit, r.repeat)]
        ]  # fmt: skip

    def _bundles(self, connection: Connection) -> Bundles:
        """The requests that the run's tasks share, by all its tasks in their order."""
        if self.bundles is None:
            every = runs.places(connection, self.run)
            self.tasks = {(row.unit, row.repeat): row.id for row in every}
            self.bundles = Bundles(self.worker, list(self.tasks))
        return self.bundles
