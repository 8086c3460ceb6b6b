"""Agreeing to take part, and leaving with one's answers."""

from typing import Any

from sqlalchemy import Connection

from core.digest import digest
from core.services import studies
from core.services.access import Identity, require
from core.services.studies import Refused, Study
from core.telling import Told
from storage import assignments, history, judgments, people
from storage import studies as study_rows
from storage.database import Database
from storage.judgments import NewJudgment

GIVEN, TAKEN_BACK = "consent", "withdrawal"


class NoConsent(Refused):
    """The person has not agreed to the study's present text, or has withdrawn."""

    def __init__(self, *, left: bool = False) -> None:
        super().__init__(
            Told("you have left this study, and nothing was stored; you may take part again")
            if left else Told("this study asks for your consent first; nothing was stored")
        )  # fmt: skip


def missing(connection: Connection, study: Study, name: str) -> bool:
    """Whether a person must agree before they are asked anything.

    A study without a text asks nobody, unless the person has withdrawn; a changed text is agreed to
    anew.
    """
    row = people.newest(connection, study.id, name, [GIVEN, TAKEN_BACK])
    if row is not None and row.kind == TAKEN_BACK:
        return True
    wanted = study.protocol.consent.strip()
    return bool(wanted) and (row is None or row.data.get("text") != digest(wanted))


def demand(connection: Connection, study: Study, name: str) -> None:
    """Raise `NoConsent` where this person has left, or has not agreed to what the study asks."""
    if missing(connection, study, name):
        raise NoConsent(left=not study.protocol.consent.strip())


def asks(db: Database, who: Identity, key: str) -> bool:
    """Whether the page has to ask this person for consent now."""
    require(who, "annotate")
    with db.read() as connection:
        return missing(connection, studies.load(db, key, connection), who.name)


def give(db: Database, who: Identity, key: str) -> None:
    """Agree to the study's present text."""
    require(who, "annotate")
    with db.write() as connection:
        study = studies.load(db, key, connection)
        if missing(connection, study, who.name):
            facts = {"text": digest(study.protocol.consent.strip())}
            study_rows.record(connection, study.id, GIVEN, who.name, facts)


def withdraw(db: Database, who: Identity, key: str) -> int:
    """Leave a study: every answer of the person is withdrawn; returns how many were.

    Each withdrawal is a row of the log; what was written before stays in the log and counts no
    more. Units that the person held are asked of others. Adjudications stay: they are decisions
    about the study, not the person's part in it.
    """
    require(who, "annotate")
    with db.write() as connection:
        study = studies.load(db, key, connection, lock=True)
        rater = study_rows.rater_key(connection, study.id, "person", who.name)
        rows = []
        if rater is not None:
            rows = [
                _withdrawal(row, rater, who.name)
                for row in history.standing(connection, rater)
                if row.stage != "adjudicated"
            ]
            judgments.append(connection, study.id, rows)
            assignments.release_all(connection, rater, study.protocol.assignment.overlap)
        study_rows.record(connection, study.id, TAKEN_BACK, who.name, {"answers": len(rows)})
    return len(rows)


def _withdrawal(row: Any, rater: int, name: str) -> NewJudgment:
    return NewJudgment(
        unit=row.unit, unit_key=row.unit_key, question=row.question, question_digest=row.digest,
        rater=rater, rater_key=f"person:{name}", value=None, stage=row.stage, repeat=row.repeat,
        condition=row.condition, shown=row.shown or (), replaces=(row.id, row.sequence),
        withdrawn=True, assignment=row.assignment,
    )  # fmt: skip
