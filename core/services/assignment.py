"""Which unit a person is asked next, and the way back to earlier ones."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from core.services import consent, material, studies
from core.services.access import Identity, require
from core.services.studies import ANSWERABLE, Refused, Study
from core.units import Unit
from storage import assignments, items, judgments
from storage import studies as study_rows
from storage.database import Database, now

MINUTE = 60_000_000


@dataclass(frozen=True, slots=True)
class Given:
    """An answer in the log: its value, and the row (id, sequence) that a correction replaces."""

    value: Any
    row: tuple[int, int]
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Ticket:
    """A unit in a person's hands: what to show, in which order, and what was answered before.

    `unit` shows the outputs in the order drawn for this assignment, without their sources and
    without known answers; `given` holds the answers in
    the log by question name; `draft` what was entered and not submitted; `place` is the number of
    the assignment among the person's own, `total` the number of units in the study.
    """

    id: int
    study: str
    unit_id: int
    unit: Unit
    rater: int
    rater_key: str
    place: int
    total: int
    stage: str
    repeat: int
    state: str
    given: Mapping[str, Given] = field(default_factory=dict)
    draft: Mapping[str, Any] = field(default_factory=dict)

    @property
    def answers(self) -> dict[str, Any]:
        """The answers that stand now, by question name."""
        return {name: g.value for name, g in self.given.items() if not g.withdrawn}


def rater_id(db: Database, study: Study, who: Identity) -> int:
    """The row of a person as a rater of a study; written at the first visit."""
    key = ("person", study.id, who.name)
    known = db.cache.get(key)
    if known is None:
        with db.write() as connection:
            known = study_rows.rater(connection, study.id, "person", who.name)
        db.cache[key] = known
    return int(known)


def own_row(
    db: Database, connection: Connection, study: Study, who: Identity, held: Ticket
) -> Any:  # fmt: skip
    """The row of the ticket's assignment; raises `Refused` when it is not this person's."""
    rater = db.cache.get(("person", study.id, who.name))
    if rater is None:
        rater = study_rows.rater_key(connection, study.id, "person", who.name)
    row = assignments.by_id(connection, held.id)
    mine = held.rater_key == f"person:{who.name}" and held.rater == rater
    if row is None or not mine or (row.rater, row.unit) != (rater, held.unit_id):
        raise Refused("this unit was given to somebody else; nothing was stored")
    return row


def current(db: Database, who: Identity, key: str) -> Ticket | None:
    """The unit that this person should answer now; None when nothing is left for them.

    An unanswered reservation comes first, else a unit is reserved by the study's policy. Raises
    `Refused` when the study takes no answers.
    """
    require(who, "annotate")
    study = studies.load(db, key)
    _answerable(study)
    rater = rater_id(db, study, who)
    with db.read() as connection:
        consent.demand(connection, study, who.name)
        row = assignments.open_for(connection, rater)
        if row is not None and row.lease_until > now():
            return ticket(connection, study, who, row)
    with db.write() as connection:
        study = studies.load(db, key, connection, lock=True)
        _answerable(study)
        return following(connection, study, who, rater)


def following(connection: Connection, study: Study, who: Identity, rater: int) -> Ticket | None:
    """The next unit inside the caller's transaction: the open reservation, else a new one."""
    row = _hold(connection, study, rater)
    if row is not None:
        return ticket(connection, study, who, row)
    return _reserve(connection, study, who, rater)


def _answerable(study: Study) -> None:
    if study.state not in ANSWERABLE:
        raise Refused(f"this study is {study.state} and takes no answers now")


def lease(study: Study) -> int:
    """When a reservation made now runs out."""
    return now() + study.protocol.assignment.lease_minutes * MINUTE


def _hold(connection: Connection, study: Study, rater: int) -> Any:
    """The person's open reservation, its lease made new."""
    row = assignments.open_for(connection, rater)
    if row is not None:
        assignments.save_draft(connection, row.id, row.draft, lease(study))
    return row


def keep_draft(
    connection: Connection, study: Study, held: Ticket, answers: Mapping[str, Any]
) -> None:
    """Keep answers under the wordings that they were given to, and the reservation with them."""
    asked = {q.name: q.digest for q in held.unit.questions}
    kept = {asked[name]: value for name, value in answers.items() if name in asked}
    assignments.save_draft(connection, held.id, kept, lease(study))


def _draft(unit: Unit, kept: Mapping[str, Any] | None) -> dict[str, Any]:
    """A stored draft by question name, without answers to other wordings."""
    return {q.name: kept[q.digest] for q in unit.questions if kept and q.digest in kept}


def _reserve(connection: Connection, study: Study, who: Identity, rater: int) -> Ticket | None:
    place, position = assignments.newest(connection, rater)
    policy = study.protocol.assignment
    if place % 8 == 0:
        assignments.release_expired(connection, study.id, rater, policy.overlap)
    total = items.last_position(connection, study.id) + 1
    if place == 0 and policy.order == "per_rater" and total:
        position = draw(study.seed, who.name, "start") % total - 1
    for _ in range(20):
        found = _free(connection, study, rater, position)
        if found is None:
            return None
        row = assignments.reserve(
            connection, study=study.id, unit=found.id, rater=rater, place=place + 1,
            overlap=policy.overlap, until=lease(study), released=found.released,
            seed=draw(study.seed, who.name, str(found.id)),
            policy=f"{policy.order}/1", propensity=1.0, design="inclusion",
        )  # fmt: skip
        if row is not None:
            return ticket(connection, study, who, row, total, fresh=found.released is None)
        position = found.position
    return None


def _free(connection: Connection, study: Study, rater: int, after: int) -> Any:
    """The next open unit beyond a position, else the first one before it, else None."""
    found = assignments.free_unit(connection, study.id, rater, after)
    if found is None:
        overlap = study.protocol.assignment.overlap
        assignments.release_expired(connection, study.id, rater, overlap)
        found = assignments.free_unit(connection, study.id, rater, -1)
    return found


def draw(*parts: Any) -> int:
    """A number of 48 bits that depends on the parts and on nothing else."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


def ticket(
    connection: Connection, study: Study, who: Identity, row: Any, total: int | None = None, *,
    fresh: bool = False,
) -> Ticket:  # fmt: skip
    """The ticket of an assignment row; `total` is the number of units, when it is known.

    A `fresh` assignment has no earlier answers to look for.
    """
    unit = material.read_unit(connection, study, row.unit)
    given = {} if fresh else answers_given(connection, study, unit, row.unit, row.rater)
    if total is None:
        total = items.last_position(connection, study.id) + 1
    return Ticket(
        id=row.id, study=study.key, unit_id=row.unit, unit=unit.shuffled(row.seed).blind(),
        rater=row.rater, rater_key=f"person:{who.name}", place=row.place, total=total,
        stage=row.stage, repeat=row.repeat, state=row.state, given=given,
        draft=_draft(unit, row.draft),
    )  # fmt: skip


def answers_given(
    connection: Connection, study: Study, unit: Unit, unit_id: int, rater: int
) -> dict[str, Given]:
    """A person's newest answers to the present wordings of a unit's questions, by name."""
    latest = judgments.latest(connection, unit_id, rater)
    found = {}
    for question in unit.questions:
        row = latest.get(study.wording(question))
        if row is not None:
            value = judgments.parse(row.value)
            found[question.name] = Given(value, (row.id, row.sequence), bool(row.withdrawn))
    return found


def at(db: Database, who: Identity, key: str, place: int) -> Ticket | None:
    """The person's own assignment with that number; None when there is none."""
    require(who, "annotate")
    study = studies.load(db, key)
    rater = rater_id(db, study, who)
    with db.read() as connection:
        row = assignments.at(connection, rater, place)
        return ticket(connection, study, who, row) if row else None


def save_draft(db: Database, who: Identity, held: Ticket, draft: Mapping[str, Any]) -> Ticket:
    """Keep unfinished answers on the server; returns the ticket with them."""
    require(who, "annotate")
    if held.state == "reserved":
        with db.write() as connection:
            study = studies.load(db, held.study, connection, lock=True)
            if own_row(db, connection, study, who, held).state == "reserved":
                keep_draft(connection, study, held, draft)
    return replace(held, draft=dict(draft))


def progress(db: Database, who: Identity, key: str) -> tuple[int, int]:
    """How many units the person has been given so far, and how many the study has."""
    require(who, "annotate")
    study = studies.load(db, key)
    with db.read() as connection:
        found = study_rows.rater_key(connection, study.id, "person", who.name)
        place = assignments.newest(connection, found)[0] if found else 0
        return place, items.last_position(connection, study.id) + 1
