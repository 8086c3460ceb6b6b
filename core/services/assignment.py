"""Which unit a person is asked next, and the way back to earlier ones."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from core.services import arms, choosing, consent, questionnaire, rounds, studies
from core.services.access import Identity, require
from core.services.choosing import Choice, Setting, draw
from core.services.studies import ANSWERABLE, Refused, Study
from core.services.tickets import Given, Ticket, answers_given, ticket
from core.telling import Told
from storage import assignments, items, team
from storage import studies as study_rows
from storage.assignments import New
from storage.database import Database, now

__all__ = [
    "Given", "Ticket", "answerable", "answers_given", "at", "current", "draw", "following",
    "keep_draft", "lease", "own_row", "place_new", "progress", "rater_id", "reserve",
    "save_draft", "ticket", "why_nothing",
]  # fmt: skip
MINUTE = 60_000_000
UNENDING = 10 * 365 * 24 * 60 * MINUTE


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
        raise Refused(Told("this unit was given to somebody else; nothing was stored"))
    return row


def current(db: Database, who: Identity, key: str) -> Ticket | None:
    """The unit that this person should answer now; None when nothing is left for them.

    An unanswered reservation comes first, else a unit is reserved by the study's policy. Raises
    `Refused` when the study takes no answers.
    """
    require(who, "annotate")
    study = studies.load(db, key)
    answerable(study)
    rater = rater_id(db, study, who)
    with db.read() as connection:
        consent.demand(connection, study, who.name)
        row = assignments.open_for(connection, rater)
        if row is not None and row.lease_until > now() and not paused(connection, rater):
            return ticket(connection, study, who, row)
    with db.write() as connection:
        study = studies.load(db, key, connection, lock=True)
        answerable(study)
        return following(db, connection, study, who, rater)


def following(
    db: Database, connection: Connection, study: Study, who: Identity, rater: int
) -> Ticket | None:
    """The next unit inside the caller's transaction: the open reservation, else a new one."""
    row = _hold(connection, study, rater)
    if row is not None:
        return ticket(connection, study, who, row)
    return reserve(db, connection, study, who, rater)


def answerable(study: Study) -> None:
    """Raise `Refused` unless the study takes answers now."""
    if study.state not in ANSWERABLE:
        words = "this study is {state} and takes no answers now"
        raise Refused(Told(words, state=Told(study.state)))


def lease(study: Study) -> int:
    """When a reservation made now runs out."""
    return now() + study.protocol.assignment.lease_minutes * MINUTE


def _hold(connection: Connection, study: Study, rater: int) -> Any:
    """The person's open reservation, its lease made new; None for somebody who is paused."""
    row = assignments.open_for(connection, rater)
    if row is not None and paused(connection, rater):
        return None
    if row is not None:
        assignments.save_draft(connection, row.id, row.draft, lease(study))
    return row


def paused(connection: Connection, rater: int) -> bool:
    """Whether a researcher has paused the person: what is asked again of them waits meanwhile."""
    return bool(team.spec(connection, rater).get("blocked"))


def keep_draft(
    connection: Connection, study: Study, held: Ticket, answers: Mapping[str, Any]
) -> None:
    """Keep answers under the wordings that they were given to, and the reservation with them."""
    asked = {q.name: q.digest for q in held.unit.questions}
    kept = {asked[name]: value for name, value in answers.items() if name in asked}
    assignments.save_draft(connection, held.id, kept, lease(study))


def reserve(
    db: Database, connection: Connection, study: Study, who: Identity, rater: int
) -> Ticket | None:
    """Reserve one more unit for a person, inside the caller's transaction, which holds the study.

    The one way in which units are given out by themselves: rounds and checks that are due, then
    the study's order. None when nothing is left, or when the person is not to be given more.
    """
    standing = assignments.standing(connection, rater)
    total = items.last_position(connection, study.id) + 1
    at = Setting(db, connection, study, who, rater, standing, total)
    if standing.place % 8 == 0:
        choosing.release(at)
    if not _may(at):
        return None
    choice = _choice(at)
    return None if choice is None else place_new(at, choice)


def _choice(at: Setting) -> Choice | None:
    """What comes next: questions about the person, rounds, checks, ordinary work."""
    plan = at.study.protocol
    found = questionnaire.due(at, "before") if plan.questionnaire.before else None
    if found is None and (plan.checks.rounds or plan.checks.mixes):
        found = rounds.due(at)
    if found is None and rounds.admitted(at):
        found = choosing.ordinary(at)
    if found is None and plan.questionnaire.after:
        found = questionnaire.due(at, "after")
    return found


def _may(at: Setting) -> bool:
    """Whether the person is to be given more."""
    limit = at.standing.spec.get("limit") or at.study.protocol.assignment.limit
    return not at.standing.spec.get("blocked") and not (limit and at.standing.place >= limit)


def place_new(
    at: Setting, choice: Choice, *, seed: int | None = None, until: int | None = None
) -> Ticket | None:
    """Write a chosen unit down as the person's next assignment.

    `seed` is drawn unless it continues an earlier assignment. Only ordinary work has a lease that
    runs out soon, unless `until` says when: nobody waits for the rest.
    """
    first = choice.stage == "first"
    if until is None:
        until = lease(at.study) if first else now() + UNENDING
    if seed is None:
        again = () if first else (choice.stage, choice.repeat)
        seed = draw(at.study.seed, at.who.name, choice.unit, *again)
    row = assignments.reserve(
        at.connection,
        New(
            study=at.study.id, unit=choice.unit, rater=at.rater, place=at.standing.place + 1,
            until=until, seed=seed, policy=choice.policy,
            propensity=choice.propensity, design=choice.design, stage=choice.stage,
            repeat=choice.repeat, released=choice.released,
            arm=arms.of(at, choice) if choice.arm is None else choice.arm,
        ),
        overlap=at.study.protocol.assignment.overlap,
    )  # fmt: skip
    if row is None:
        return None
    hidden: dict[str, Any] = {}
    found = ticket(
        at.connection, at.study, at.who, row, at.total, fresh=choice.released is None, hidden=hidden
    )
    if hidden:
        study_rows.record(
            at.connection, at.study.id, "mask", at.who.name,
            {"assignment": row.id, "hidden": hidden}, unit=choice.unit, rater=at.rater,
        )  # fmt: skip
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
    """Keep unfinished answers on the server; returns the ticket with them.

    Only a reservation keeps a draft: the ticket says in which state the assignment is now.
    """
    require(who, "annotate")
    if held.state == "reserved":
        with db.write() as connection:
            study = studies.load(db, held.study, connection, lock=True)
            state = own_row(db, connection, study, who, held).state
            if state == "reserved":
                keep_draft(connection, study, held, draft)
            held = replace(held, state=state)
    return replace(held, draft=dict(draft))


def progress(db: Database, who: Identity, key: str) -> tuple[int, int]:
    """How many units the person has been given so far, and how many the study has."""
    require(who, "annotate")
    study = studies.load(db, key)
    with db.read() as connection:
        found = study_rows.rater_key(connection, study.id, "person", who.name)
        place = assignments.standing(connection, found).place if found else 0
        return place, items.last_position(connection, study.id) + 1


def why_nothing(db: Database, who: Identity, key: str) -> str:
    """Why a person is given nothing more: blocked, limit or not_admitted; '' when all is done."""
    require(who, "annotate")
    study = studies.load(db, key)
    rater = rater_id(db, study, who)
    with db.read() as connection:
        standing = assignments.standing(connection, rater)
        at = Setting(db, connection, study, who, rater, standing, 0)
        if standing.spec.get("blocked"):
            return "blocked"
        if not _may(at):
            return "limit"
        if not rounds.admitted(at):
            return "not_admitted"
    return ""
