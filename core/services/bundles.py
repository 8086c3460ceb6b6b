"""Which tasks share one request, for workers that judge several units at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from core.digest import digest
from core.services import handed, material
from core.services.studies import Study
from core.units import Unit
from core.workers.base import CannotAnswer, Worker

STRETCH = 500
Place = tuple[int, int]  # unit id and repeat


class Bundles:
    """The tasks of a run (or of a plan) in the requests that they share.

    Tasks are taken in stretches of 500 in the run's own order. Within one, those with the same
    company are put in an order by chance, drawn by worker and unit, and cut into requests. All this
    follows from the run's tasks alone, so that every runner, also after a crash, makes the same
    requests and finds replies that were paid. Tasks that the worker cannot answer share none.
    """

    def __init__(self, worker: Worker, places: Sequence[Place]) -> None:
        self.worker, self.places = worker, places
        self.at = {place: number for number, place in enumerate(places)}
        self.cut: dict[int, Mapping[Place, tuple[Place, ...]]] = {}

    def of(
        self, connection: Connection, study: Study, wanted: Iterable[Place]
    ) -> dict[Place, tuple[Place, ...]]:
        """For each of these tasks all that share its request, itself among them, in their order."""
        found = {}
        for place in wanted:
            stretch = self.at[place] // STRETCH
            if stretch not in self.cut:
                self.cut[stretch] = self._stretch(connection, study, stretch)
            found[place] = self.cut[stretch].get(place, (place,))
        return found

    def requests(self, connection: Connection, study: Study) -> int:
        """How many requests all the tasks make that can be answered."""
        for stretch in range(-(-len(self.places) // STRETCH)):
            if stretch not in self.cut:
                self.cut[stretch] = self._stretch(connection, study, stretch)
        return len({group for cut in self.cut.values() for group in cut.values()})

    def told(
        self, connection: Connection, study: Study, places: Sequence[Place],
        units: Mapping[int, Unit],
    ) -> dict[Place, Unit]:  # fmt: skip
        """The units of these tasks, each with those that are asked together with it."""
        groups = self.of(connection, study, places)
        more = {unit for group in groups.values() for unit, _ in group} - units.keys()
        every = {**units, **_read(connection, study, self.worker, more)}
        return {
            place: replace(every[place[0]], together=tuple(every[unit] for unit, _ in group))
            if len(group) > 1 else every[place[0]]
            for place, group in groups.items()
        }  # fmt: skip

    def _stretch(
        self, connection: Connection, study: Study, stretch: int
    ) -> dict[Place, tuple[Place, ...]]:
        own = self.places[stretch * STRETCH : (stretch + 1) * STRETCH]
        units = _read(connection, study, self.worker, {unit for unit, _ in own})
        companies: dict[tuple[str, int, int], list[Place]] = {}
        for place in own:
            unit = units[place[0]]
            try:
                if not unit.only(self.worker.only):
                    continue
                self.worker.asked(unit)
                company = self.worker.company(unit)
            except CannotAnswer:
                continue
            companies.setdefault((*company, place[1]), []).append(place)
        found: dict[Place, tuple[Place, ...]] = {}
        for (_, most, repeat), members in companies.items():
            keys = {p: digest([self.worker.digest, units[p[0]].key, repeat]) for p in members}
            members.sort(key=keys.__getitem__)
            for start in range(0, len(members), most):
                group = tuple(members[start : start + most])
                found |= dict.fromkeys(group, group)
        return found


def _read(connection: Connection, study: Study, worker: Worker, ids: set[int]) -> dict[int, Unit]:
    units = dict(material.some_units(connection, study, ids)) if ids else {}
    return handed.complete(connection, study, worker, units)
