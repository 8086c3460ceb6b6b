"""Several units in a person's hands at once, for a desk that works ahead of the server."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from core.digest import canonical
from core.services import answering, assignment, consent, studies
from core.services.access import Identity, require
from core.services.answer_rows import Place, row_of
from core.services.answering import Conflict, Receipt
from core.services.assignment import Ticket
from core.services.studies import Study
from storage import judgments, reservations
from storage.database import Database

SEEN, SHARE = 400, 2  # units counted at most; what each holder may take of the rest


def reserve_ahead(
    db: Database, who: Identity, key: str, count: int, known: Mapping[int, Ticket] | None = None
) -> list[Ticket]:
    """The person's open reservations in their order, topped up to `count`, all leases made new.

    Where few units are left, fewer are taken ahead, so that nobody goes empty while others hoard;
    the first is given even so. `known` are tickets by id that need not be read again. Empty when
    nothing is left or the person is paused; raises `Refused` when the study takes no answers.
    """
    require(who, "annotate")
    study = studies.load(db, key)
    rater = assignment.rater_id(db, study, who)
    with db.write() as connection:
        study = studies.load(db, key, connection, lock=True)
        assignment.answerable(study)
        consent.demand(connection, study, who.name)
        if assignment.paused(connection, rater):
            return []
        found = _held(connection, study, who, rater, count, known or {})
        while len(found) < min(count, 1 + (_share(connection, study) if found else 0)):
            fresh = assignment.reserve(db, connection, study, who, rater)
            if fresh is None:
                break
            found.append(fresh)
    return found


def _held(
    connection: Connection, study: Study, who: Identity, rater: int, count: int,
    known: Mapping[int, Ticket],
) -> list[Ticket]:  # fmt: skip
    rows = reservations.every_open(connection, rater, count)
    if rows:
        reservations.renew(connection, rater, assignment.lease(study))
    same = {i: held for i, held in known.items() if held.state == "reserved"}
    return [same.get(row.id) or assignment.ticket(connection, study, who, row) for row in rows]


def _share(connection: Connection, study: Study) -> int:
    """How many of the open units one person may hold ahead of need."""
    left = reservations.unclosed(connection, study.id, SEEN)
    return left // (SHARE * max(reservations.holders(connection, study.id), 2))


def submit_once(
    db: Database, who: Identity, held: Ticket, answers: Mapping[str, Any],
    seconds: float | None = None, *, fresh: bool = True,
) -> Receipt:  # fmt: skip
    """Store answers that may be in the log already, because word of it never arrived.

    `fresh` says that the person had seen no stored answer of their own to this unit. What was
    stored before is not stored again, even where it was corrected since. Raises what
    `answering.submit` raises; `Conflict` only where another window answered differently.
    """
    bare = replace(held, given={}) if fresh else held
    try:
        return answering.submit(db, who, bare, answers, seconds)
    except Conflict:
        number = _stored_before(db, who, bare, answering.checked(bare, answers)) if fresh else 0
        if not number:
            raise
        return Receipt(number, 0)


def _stored_before(db: Database, who: Identity, held: Ticket, values: Mapping[str, Any]) -> int:
    """The number of the newest row when the log holds these very answers; else 0."""
    with db.read() as connection:
        study = studies.load(db, held.study, connection)
        row = assignment.own_row(db, connection, study, who, held)
        at = Place(db, connection, study, who, held, row)
        keys = {
            row_of(at, study.protocol.question(name), value, None, None).key: canonical(value)
            for name, value in values.items()
        }
        found = judgments.lookup(connection, study.id, list(keys))
    same = len(found) == len(keys) and all(row.value == keys[key] for key, row in found.items())
    return max((row.sequence for row in found.values()), default=0) if same else 0
