"""The rows of the log that an answer becomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from core.questions.base import Question
from core.services.access import Identity
from core.services.studies import Study
from core.services.tickets import Ticket, logged_repeat, logged_stage
from core.telling import Told
from core.ui import option_order
from storage import judgments
from storage.database import Database
from storage.judgments import Conflict, NewJudgment, Stored


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer lands: the transaction, the study as it is now, the ticket and its row."""

    db: Database
    connection: Connection
    study: Study
    who: Identity
    held: Ticket
    row: Any


def append(
    at: Place, rows: Sequence[NewJudgment], values: Mapping[str, Any]
) -> list[Stored]:  # fmt: skip
    """Append the rows; raises `Conflict` unless `values` are what stands in the log after that.

    Another window may have gone further meanwhile: then a repeated row, or one that needs no
    change, is not what counts any more.
    """
    held = at.held
    stored = judgments.append(at.connection, at.study.id, rows) if rows else []
    if not held.given and not any(s.again for s in stored):
        return stored
    newest = judgments.latest(
        at.connection, held.unit_id, held.rater, logged_stage(at.row.stage), logged_repeat(at.row)
    )
    for question in held.unit.questions:
        row = newest.get(at.study.wording(question))
        standing = None if row is None or row.withdrawn else row.value
        value = values.get(question.name)
        if standing != (None if value is None else judgments.canonical(value)):
            raise Conflict(
                Told("this unit was answered in another window meanwhile; reload to see it")
            )
    return stored


def changed(at: Place, values: Mapping[str, Any], seconds: float | None) -> list[NewJudgment]:
    """Rows for the answers that differ from what stands in the log."""
    rows = []
    for name, value in values.items():
        old = at.held.given.get(name)
        if old is None or old.withdrawn or old.value != value:
            question = at.study.protocol.question(name)
            code = question.codes(value, at.held.unit).get("")
            rows.append(row_of(at, question, value, code, seconds))
    return rows


def emptied(at: Place, values: Mapping[str, Any], seconds: float | None) -> list[NewJudgment]:
    """Withdrawing rows for optional answers that the person has emptied."""
    gone = [n for n, g in at.held.given.items() if n not in values and not g.withdrawn]
    return [
        row_of(at, at.study.protocol.question(n), None, None, seconds, withdrawn=True) for n in gone
    ]


def row_of(
    at: Place, question: Question, value: Any, code: int | None, seconds: float | None, *,
    withdrawn: bool = False,
) -> NewJudgment:  # fmt: skip
    """The row of one answer, or one that withdraws it; what was shown and revealed goes with it."""
    held, row = at.held, at.row
    old = held.given.get(question.name)
    order = option_order(question, held.unit, held.options)
    return NewJudgment(
        unit=held.unit_id, unit_key=held.unit.key, question=at.study.wording(question),
        question_digest=question.digest, rater=held.rater, rater_key=held.rater_key, value=value,
        code=code, stage=logged_stage(row.stage), repeat=logged_repeat(row),
        condition=held.unit.condition, shown=(*held.unit.shown, *order),
        revealed=[place for verdict in held.verdicts for place in verdict.rows],
        replaces=old.row if old else None, withdrawn=withdrawn, assignment=held.id,
        seconds=seconds,
    )  # fmt: skip
