"""The stored votes that a panel reads, and its decisions that are older than they are."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from core.digest import canonical
from core.services import details, material, studies
from core.services.access import Identity, require
from core.services.studies import Study
from core.units import Unit, Vote
from core.workers.base import Worker
from storage import runs
from storage import studies as study_rows
from storage import votes as vote_rows
from storage.database import Database

Place = tuple[int, int, int]
Standing = Mapping[Place, tuple[int, int, bool]]


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


def changed(connection: Connection, study: Study, worker: Worker, known: Standing) -> set[Place]:
    """The decisions of a panel, among those that stand, whose votes are others by now.

    `known` holds what the panel has said: (unit, wording, repeat) -> (id, sequence, withdrawn).
    """
    standing = {place: row for place, (row, _, withdrawn) in known.items() if not withdrawn}
    wanted = {unit for unit, _, _ in standing}
    units = {i: unit for i, unit in material.outlines(connection, study) if i in wanted}
    told = details.of_judgments(connection, list(standing.values()))
    found = set()
    for unit_id, unit in with_votes(connection, study, worker, units).items():
        for question in unit.questions:
            place = (unit_id, study.wording(question), 0)
            facts = told.get(standing.get(place, 0), {})
            if place in standing and not same(facts, worker.votes(question, unit)):
                found.add(place)
    return found


def same(facts: Mapping[str, Any], votes: Mapping[str, Any]) -> bool:
    """Whether the facts beside a decision name these votes."""
    return canonical(dict(facts.get("by", {}))) == canonical(dict(votes))


def outdated(db: Database, who: Identity, key: str) -> Mapping[str, int]:
    """Panels of a study by name, with how many of their decisions are older than their votes.

    Those without any are left out. Remembered until the study or its log changes.
    """
    require(who, "run")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        mark = (study.version, study.revision)
        known = db.cache.get(("ballots", study.id))
        if known is None or known[0] != mark:
            found = {}
            for worker in study.protocol.workers:
                rater = study_rows.rater_key(connection, study.id, worker.rater, worker.digest)
                if worker.voters() and rater is not None:
                    decided = runs.standing(connection, rater)
                    found[worker.name] = len(changed(connection, study, worker, decided))
            known = (mark, {name: count for name, count in found.items() if count})
            db.cache[("ballots", study.id)] = known
        late: Mapping[str, int] = known[1]
        return late


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
