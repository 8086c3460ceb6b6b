"""Taking a person's answers: checked, stored in one transaction, never overwritten."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from core import turns
from core.services import assignment, consent, studies
from core.services.access import Identity, require
from core.services.answer_rows import Place, append, changed, emptied, row_of
from core.services.checking import Missing, Unready, checked
from core.services.grading import Feedback
from core.services.sequels import changeable, feedback, second_look
from core.services.studies import ANSWERABLE, Refused, Study
from core.services.tickets import REWORDED, Ticket
from core.telling import Told
from core.units import Invalid
from storage import assignments, rewordings
from storage import studies as study_rows
from storage.database import Database
from storage.judgments import Conflict

__all__ = [
    "Conflict", "Missing", "SKIP_REASONS", "Receipt", "Reworded", "Unready", "checked", "flag",
    "skip", "submit", "undo",
]  # fmt: skip
SKIP_REASONS = ("unclear", "too hard for me", "broken or empty", "offensive", "other")
UNCOUNTED = frozenset({"released", "skipped", "late"})


class Reworded(Refused):
    """The study was edited while the unit was open: it would be an answer to another question."""

    def __init__(self) -> None:
        super().__init__(
            Told(
                "the questions were changed while this unit was open, and nothing was stored; read "
                "them again, then answer"
            )
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the log holds now: the sequence number of the newest row, and how many rows are new.

    `next` is the person's next unit, reserved in the same transaction, when it was asked for; it is
    the same unit while it has a turn left.
    `feedback` is what a round says about the answers; there the next unit waits to be asked for.
    """

    sequence: int
    stored: int
    next: Ticket | None = None
    feedback: tuple[Feedback, ...] = ()


def submit(
    db: Database, who: Identity, held: Ticket, answers: Mapping[str, Any],
    seconds: float | None = None, *, follow: bool = False,
) -> Receipt:  # fmt: skip
    """Store a person's answers to a unit; they are on the disk when this returns.

    Submitting the same again stores nothing new. With `follow` the person's next unit is reserved
    in the same transaction. Raises `Invalid` for a wrong answer, `Unready` for several, `Conflict`
    when another window answered differently meanwhile, `Refused` when the study takes no answers,
    and `Reworded` when it asks something else by now.
    """
    require(who, "annotate")
    values = checked(held, answers)
    with db.write() as connection:
        study, row = _held(db, connection, who, held)
        _as_asked(connection, study, who, held, row)
        if _hurried(study, held, row, seconds):
            _told(connection, study, who, held, seconds)
        else:
            at = Place(db, connection, study, who, held, row)
            return _submit(at, values, seconds, follow=follow)
    least = study.protocol.checks.minimum_seconds
    words = Told("look at it for {least} seconds at least, then answer", least=f"{least:g}")
    raise Invalid("time", words)


def _submit(
    at: Place, values: Mapping[str, Any], seconds: float | None, *, follow: bool
) -> Receipt:  # fmt: skip
    rows = [*changed(at, values, seconds), *emptied(at, values, seconds)]
    stored = append(at, rows, values)
    fresh = [s for s in stored if not s.again]
    if fresh and at.row.state == "submitted":
        changeable(at)
    if not turns.whole(at.held.unit.questions, values):
        same = assignment.ticket(at.connection, at.study, at.who, at.row, at.held.total)
        return Receipt(stored[-1].sequence if stored else _newest(at.held), len(fresh), same)
    if at.row.state != "submitted":
        _finish(at)
    after, said = second_look(at), feedback(at, values)
    if follow and after is None and not said:
        after = assignment.following(at.db, at.connection, at.study, at.who, at.held.rater)
    newest = max((s.sequence for s in stored), default=0) or _newest(at.held)
    return Receipt(newest, len(fresh), after, said)


def _hurried(study: Study, held: Ticket, row: Any, seconds: float | None) -> bool:
    """Whether a first answer came in under the study's minimum time; no time counts as none."""
    least = study.protocol.checks.minimum_seconds
    first = row.state != "submitted" and row.stage not in {"revised", "participant"}
    return bool(least and first and (seconds or 0.0) < least)


def _told(
    connection: Connection, study: Study, who: Identity, held: Ticket, seconds: float | None
) -> None:
    """Keep that an answer came too soon; the answer itself is not taken."""
    study_rows.record(
        connection, study.id, "hurried", who.name, {"seconds": seconds},
        unit=held.unit_id, rater=held.rater,
    )  # fmt: skip


def _newest(held: Ticket) -> int:
    return max((g.row[1] for g in held.given.values()), default=0)


def _held(db: Database, connection: Connection, who: Identity, held: Ticket) -> tuple[Study, Any]:
    study = studies.load(db, held.study, connection, lock=True)
    if study.state not in ANSWERABLE:
        words = "this study is {state} and takes no answers now; nothing was stored"
        raise Refused(Told(words, state=Told(study.state)))
    consent.demand(connection, study, who.name)
    return study, assignment.own_row(db, connection, study, who, held)


def _as_asked(connection: Connection, study: Study, who: Identity, held: Ticket, row: Any) -> None:
    """Raise `Reworded` unless the study asks of the unit what the person was shown."""
    if study.version == held.version:
        return
    now = assignment.ticket(connection, study, who, row, held.total).unit
    if {q.digest for q in now.questions} != {q.digest for q in held.unit.questions}:
        raise Reworded


def _finish(at: Place) -> None:
    """Mark an assignment as answered; one that is not counted is so only where there is room."""
    state = "submitted" if _counted(at) else "late"
    assignments.set_state(at.connection, at.held.id, state)


def _counted(at: Place) -> bool:
    """Whether the unit counts the assignment as taken; it is counted again where there is room."""
    if at.row.stage != "first" or at.row.state not in UNCOUNTED:
        return True
    overlap = at.study.protocol.assignment.overlap
    return assignments.retake(at.connection, at.held.unit_id, overlap)


def undo(db: Database, who: Identity, key: str, held: Ticket) -> Ticket:
    """Withdraw the answers of a submitted unit and open it again, its answers kept as a draft.

    Every withdrawal is a row of its own. Where others have filled the place of a late answer, the
    unit is released instead. Raises `Refused` when there is nothing to undo, `Reworded` when the
    study asks something else by now, and `Conflict` when another window went further.
    """
    require(who, "annotate")
    answers = held.answers
    if not answers:
        raise Refused(Told("there is no stored answer here to undo"))
    if turns.open_turn(held.unit.questions, answers):
        raise Refused(Told("these answers were given one after the other, and stay as they are"))
    with db.write() as connection:
        study, row = _held(db, connection, who, held)
        _as_asked(connection, study, who, held, row)
        here = Place(db, connection, study, who, held, row)
        changeable(here)
        rows = [
            row_of(here, study.protocol.question(name), None, None, None, withdrawn=True)
            for name in answers
        ]
        append(here, rows, {})
        counted = _counted(here)
        assignments.set_state(connection, held.id, "reserved" if counted else "released")
        assignment.keep_draft(connection, study, held, answers)
        fresh = assignments.by_id(connection, held.id)
        return assignment.ticket(connection, study, who, fresh)


def skip(db: Database, who: Identity, held: Ticket, reason: str) -> None:
    """Pass a unit by, with a reason; it may be asked of somebody else."""
    require(who, "annotate")
    if not reason.strip():
        raise Invalid("reason", Told("say why, so that the researcher can mend it"))
    with db.write() as connection:
        study, row = _held(db, connection, who, held)
        if row.state in {"submitted", "late"}:
            raise Refused(Told("this unit has an answer; undo it first"))
        if row.stage == "training" and held.unit.questions:
            raise Refused(Told("a round asks every unit: answer as well as you can"))
        if row.state == "reserved" and row.stage == "first":
            overlap = study.protocol.assignment.overlap
            assignments.skip(connection, held.id, held.unit_id, overlap)
        if row.stage == REWORDED:
            overlap = study.protocol.assignment.overlap
            rewordings.let_go(connection, held.unit_id, held.rater, overlap)
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
