"""What a worker is told of the whole study beside the unit that it works on."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from core.digest import digest
from core.services import handed, material
from core.services.studies import Study
from core.units import Unit
from core.workers.base import CannotAnswer, Worker
from storage import items, outputs
from storage import studies as study_rows


class Survey:
    """The items drawn for a worker, read once, and what it wrote first, once it has.

    Items are drawn by the digest of their keys with the worker's seed, so that they are the same
    for every task and every runner. Those that the worker's `only` leaves out are not drawn. With
    `run` only what was written in that run counts: it asks anew.
    """

    def __init__(self, worker: Worker, run: int | None = None) -> None:
        self.worker, self.run = worker, run
        self.drawn: tuple[str, ...] | None = None
        self.settled: Mapping[str, Any] = {}

    def told(self, connection: Connection, study: Study, units: dict[int, Unit]) -> dict[int, Unit]:
        """The units with what the worker is told beside them: votes, other outputs, a survey."""
        units = handed.complete(connection, study, self.worker, units)
        if not units or not self.worker.surveys():
            return units
        if not self.settled:
            self.settled = self._first(connection, study.id)
        if self.drawn is None and not self.settled:
            self.drawn = self._draw(connection, study.id)
        drawn = () if self.settled else self.drawn or ()
        return {
            place: replace(unit, drawn=drawn, settled=self.settled)
            for place, unit in units.items()
        }  # fmt: skip

    def _first(self, connection: Connection, study: int) -> Mapping[str, Any]:
        rater = study_rows.rater_key(connection, study, self.worker.rater, self.worker.digest)
        content = None if rater is None else outputs.first_by(connection, study, rater, self.run)
        return (content or {}).get("facts") or {}

    def _draw(self, connection: Connection, study: int) -> tuple[str, ...]:
        facts = items.facts(connection, study)
        seed = getattr(self.worker, "seed", 0)
        keys = sorted(
            (digest([seed, key]), item)
            for key, item in items.item_ids(connection, study).items()
            if material.applies(self.worker, facts[item])
        )
        found: list[str] = []
        for _, item in keys:
            if len(found) >= self.worker.surveys():
                break
            try:
                text = self.worker.excerpt(material.work_unit(connection, item, ()))
            except CannotAnswer:
                continue
            found += [text] if text else []
        return tuple(found)
