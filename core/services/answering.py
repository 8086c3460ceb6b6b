"""Taking a person's answers: checked, stored in one transaction, never overwritten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from core.questions.base import Question
from core.services import assignment, consent, studies
from core.services.access import Identity, require
from core.services.assignment import Ticket
from core.services.studies import ANSWERABLE, Refused, Study
from core.units import Invalid
from storage import assignments, judgments
from storage import studies as study_rows
from storage.database import Database
from storage.judgments import Conflict, NewJudgment, Stored

__all__ = [
    "Conflict", "SKIP_REASONS", "Receipt", "Reworded", "checked", "flag", "skip", "submit", "undo",
]  # fmt: skip
SKIP_REASONS = ("unclear", "too hard for me", "broken or empty", "offensive", "other")
UNCOUNTED = frozenset({"released", "skipped", "late"})


class Reworded(Refused):
    """The study was edited while the unit was open: it would be an answer to another question."""

    def __init__(self) -> None:
        super().__init__(
            "the questions were changed while this unit was open, and nothing was stored; read "
            "them again, then answer"
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the log holds now: the sequence number of the newest row, and how many rows are new.

    `next` is the person's next unit, reserved in the same transaction, when it was asked for.
    """

    sequence: int
    stored: int
    next: Ticket | None = None


def checked(held: Ticket, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers in canonical form; raises `Invalid` naming the first question that is wrong."""
    unknown = set(answers) - {q.name for q in held.unit.questions}
    if unknown:
        raise Invalid(sorted(unknown)[0], "this unit does not ask that")
    found = {}
    for question in held.unit.questions:
        value = answers.get(question.name)
        if value is None or value == "":
            if question.required:
                raise Invalid(question.name, f"“{question.title}” needs an answer")
            continue
        found[question.name] = question.check(value, held.unit)
    return found


def submit(
    db: Database, who: Identity, held: Ticket, answers: Mapping[str, Any],
    seconds: float | None = None, *, follow: bool = False,
) -> Receipt:  # fmt: skip
    """Store a person's answers to a unit; they are on the disk when this returns.

    Submitting the same again stores nothing new. With `follow` the person's next unit is reserved
    in the same transaction. Raises `Invalid` for a wrong answer, `Conflict`
    when another window answered differently meanwhile, `Refused` when the study takes no answers,
    and `Reworded` when it asks something else by now.
    """
    require(who, "annotate")
    values = checked(held, answers)
    with db.write() as connection:
        study, row = _held(db, connection, who, held)
        _as_asked(study, held)
        rows = [
            *_changed(study, held, values, seconds),
            *_emptied(study, held, values, seconds),
        ]
        stored = _append(connection, study, held, rows, values)
        if row.state != "submitted":
            _finish(connection, study, held, row.state)
        after = assignment.following(connection, study, who, held.rater) if follow else None
    fresh = [s for s in stored if not s.again]
    newest = max((s.sequence for s in stored), default=0) or _newest(held)
    return Receipt(newest, len(fresh), after)


def _newest(held: Ticket) -> int:
    return max((g.row[1] for g in held.given.values()), default=0)


def _held(db: Database, connection: Connection, who: Identity, held: Ticket) -> tuple[Study, Any]:
    study = studies.load(db, held.study, connection, lock=True)
    if study.state not in ANSWERABLE:
        raise Refused(f"this study is {study.state} and takes no answers now; nothing was stored")
    consent.demand(connection, study, who.name)
    return study, assignment.own_row(db, connection, study, who, held)


def _as_asked(study: Study, held: Ticket) -> None:
    """Raise `Reworded` unless the study asks of the unit what the person was shown."""
    now = {q.digest for q in study.protocol.questions if q.applies(held.unit)}
    if now != {q.digest for q in held.unit.questions}:
        raise Reworded


def _append(
    connection: Connection, study: Study, held: Ticket, rows: Sequence[NewJudgment],
    values: Mapping[str, Any],
) -> list[Stored]:  # fmt: skip
    """Append the rows; raises `Conflict` unless `values` are what stands in the log after that.

    Another window may have gone further meanwhile: then a repeated row, or one that needs no
    change, is not what counts any more.
    """
    stored = judgments.append(connection, study.id, rows) if rows else []
    if not held.given and not any(s.again for s in stored):
        return stored
    newest = judgments.latest(connection, held.unit_id, held.rater)
    for question in held.unit.questions:
        row = newest.get(study.wording(question))
        standing = None if row is None or row.withdrawn else row.value
        value = values.get(question.name)
        if standing != (None if value is None else judgments.canonical(value)):
            raise Conflict("this unit was answered in another window meanwhile; reload to see it")
    return stored


def _finish(connection: Connection, study: Study, held: Ticket, state: str) -> None:
    """Mark an assignment as answered; one that is not counted is so only where there is room."""
    counted = _counted(connection, study, held, state)
    assignments.set_state(connection, held.id, "submitted" if counted else "late")


def _counted(connection: Connection, study: Study, held: Ticket, state: str) -> bool:
    """Whether the unit counts the assignment as taken; it is counted again where there is room."""
    overlap = study.protocol.assignment.overlap
    return state not in UNCOUNTED or assignments.retake(connection, held.unit_id, overlap)


def _changed(
    study: Study, held: Ticket, values: Mapping[str, Any], seconds: float | None
) -> list[NewJudgment]:
    rows = []
    for name, value in values.items():
        old = held.given.get(name)
        if old is None or old.withdrawn or old.value != value:
            question = study.protocol.question(name)
            code = question.codes(value, held.unit).get("")
            rows.append(_row(study, held, question, value, code, seconds))
    return rows


def _emptied(
    study: Study, held: Ticket, values: Mapping[str, Any], seconds: float | None
) -> list[NewJudgment]:
    """Withdrawing rows for optional answers that the person has emptied."""
    gone = [n for n, g in held.given.items() if n not in values and not g.withdrawn]
    return [
        _row(study, held, study.protocol.question(n), None, None, seconds, withdrawn=True)
        for n in gone
    ]


def _row(
    study: Study, held: Ticket, question: Question, value: Any, code: int | None,
    seconds: float | None, *, withdrawn: bool = False,
) -> NewJudgment:  # fmt: skip
    old = held.given.get(question.name)
    return NewJudgment(
        unit=held.unit_id, unit_key=held.unit.key, question=study.wording(question),
        question_digest=question.digest, rater=held.rater, rater_key=held.rater_key, value=value,
        code=code, stage=held.stage, repeat=held.repeat, condition=held.unit.condition,
        shown=held.unit.shown, replaces=old.row if old else None, withdrawn=withdrawn,
        assignment=held.id, seconds=seconds,
    )  # fmt: skip


def undo(db: Database, who: Identity, key: str, held: Ticket) -> Ticket:
    """Withdraw the answers of a submitted unit and open it again, its answers kept as a draft.

    Every withdrawal is a row of its own. Where others have filled the place of a late answer, the
    unit is released instead. Raises `Refused` when there is nothing to undo, `Reworded` when the
    study asks something else by now, and `Conflict` when another window went further.
    """
    require(who, "annotate")
    answers = held.answers
    if not answers:
        raise Refused("there is no stored answer here to undo")
    with db.write() as connection:
        study, row = _held(db, connection, who, held)
        _as_asked(study, held)
        rows = [
            _row(study, held, study.protocol.question(name), None, None, None, withdrawn=True)
            for name in answers
        ]
        _append(connection, study, held, rows, {})
        counted = _counted(connection, study, held, row.state)
        assignments.set_state(connection, held.id, "reserved" if counted else "released")
        assignment.keep_draft(connection, study, held, answers)
        fresh = assignments.by_id(connection, held.id)
        return assignment.ticket(connection, study, who, fresh)


def skip(db: Database, who: Identity, held: Ticket, reason: str) -> None:
    """Pass a unit by, with a reason; it may be asked of somebody else."""
    require(who, "annotate")
    if not reason.strip():
        raise Invalid("reason", "say why, so that the researcher can mend it")
    with db.write() as connection:
        study, row = _held(db, connection, who, held)
        if row.state in {"submitted", "late"}:
            raise Refused("this unit has an answer; undo it first")
        if row.state == "reserved":
            overlap = study.protocol.assignment.overlap
            assignments.skip(connection, held.id, held.unit_id, overlap)
        assignments.set_state(connection, held.id, "skipped")
        study_rows.record(
            connection, study.id, "skip", who.name, {"reason": reason.strip()[:500]},
            unit=held.unit_id, rater=held.rater,
        )  # fmt: skip


def flag(db: Database, who: Identity, held: Ticket, note: str = "") -> None:
    """Mark a unit for the researcher's eye, with an optional note."""
    require(who, "annotate")
    with db.write() as connection:
        study, _ = _held(db, connection, who, held)
        study_rows.record(
            connection, study.id, "flag", who.name, {"note": note.strip()[:2000]},
            unit=held.unit_id, rater=held.rater,
        )  # fmt: skip
