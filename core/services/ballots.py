"""The stored votes that a panel reads."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from core.services.studies import Study
from core.units import Unit, Vote
from core.workers.base import Worker
from storage import studies as study_rows
from storage import votes as vote_rows


def with_votes(
    connection: Connection, study: Study, worker: Worker, units: dict[int, Unit]
) -> dict[int, Unit]:
    """The units (by row id) with the votes of the raters that the worker names.

    Of raters with the same name (older versions of a judge) the one that the study's protocol
    holds now votes; else the newest. A rater may be a worker or a person.
    """
    names = worker.voters()
    if not names or not units:
        return units
    raters = _raters(connection, study, names)
    wordings = {study.wording(q): q.name for q in study.protocol.questions}
    found: dict[int, list[Vote]] = {}
    for row in vote_rows.standing(connection, list(units), list(raters), list(wordings)):
        name, key = raters[row.rater]
        vote = Vote(
            name, key, wordings[row.question], json.loads(row.value), row.repeat, row.rationale
        )
        found.setdefault(row.unit, []).append(vote)
    return {
        place: replace(unit, votes=tuple(found.get(place, ()))) for place, unit in units.items()
    }


def _raters(
    connection: Connection, study: Study, names: Iterable[str]
) -> dict[int, tuple[str, str]]:
    """Row id -> (name, key) of one rater per name."""
    present = {w.name: w.digest for w in study.protocol.workers}
    found: dict[str, Any] = {}
    for row in study_rows.raters(connection, study.id):
        now = found.get(row.name)
        if row.name in set(names) and (now is None or now.key != present.get(row.name)):
            found[row.name] = row
    return {row.id: (name, row.key) for name, row in found.items()}
