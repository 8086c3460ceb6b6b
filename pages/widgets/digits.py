"""Which block of a unit the digits press, and the way on to the next."""

from contextlib import suppress
from typing import Any

from core import turns
from core.questions.base import Question
from core.services.studies import Study
from core.services.tickets import Ticket
from core.units import Invalid

State = dict[str, Any]


def active_question(held: Ticket, desk: State) -> str:
    """The block that the digits press: the first that waits for an answer, else the last choice.

    A block that takes several presses (`more`) keeps them until the person goes on. Where none
    waits, they may be on another one (`turned`), so that any answer can be changed by keys.
    """
    return desk.get("more") or _waiting(held, desk) or _turned(held, desk) or _last(held)


def open_now(held: Ticket) -> tuple[Question, ...]:
    """The questions that may be answered now."""
    return turns.open_questions(held.unit.questions, held.answers)


def _waiting(held: Ticket, desk: State) -> str:
    return _block(held, [(q, desk["answers"].get(q.name)) for q in open_now(held)])


def _turned(held: Ticket, desk: State) -> str:
    chosen = [(q, None) for q in open_now(held) if q.name == desk.get("turned")]
    return _block(held, chosen)


def pressed(held: Ticket) -> list[str]:
    """The names of the open questions that digits can answer, in order."""
    return [q.name for q in open_now(held) if _block(held, [(q, None)])]


def begin(held: Ticket | None, desk: State) -> None:
    """Where every question has an answer already, the digits begin with the first one."""
    answered = held is not None and not _waiting(held, desk)
    desk["turned"] = next(iter(pressed(held)), "") if held is not None and answered else ""


def _last(held: Ticket) -> str:
    return _block(held, [(q, None) for q in reversed(open_now(held))])


def _block(held: Ticket, asked: list[tuple[Question, Any]]) -> str:
    """The first block that waits; a question that this unit can't be asked has none."""
    for question, draft in asked:
        with suppress(Invalid):
            name = question.waiting(held.unit, draft)
            if name:
                return name
    return ""


def can_go_on(held: Ticket, desk: State) -> bool:
    """Whether the digits would go on to another question."""
    if _waiting(held, desk):
        return bool(desk.get("more"))
    return len(pressed(held)) > 1


def go_on(desk: State) -> None:
    """Let the digits go on to the next question that waits, else to the next of all."""
    held, now = desk["held"], active_question(desk["held"], desk).split("/")[0]
    desk["more"] = ""
    if held is not None and not _waiting(held, desk):
        names = pressed(held)
        desk["turned"] = names[(names.index(now) + 1) % len(names)] if now in names else ""


def meant_to_skip(desk: State, study: Study, name: str, drawn: str) -> bool:
    """Whether a digit was pressed for a reason to skip that was not drawn yet.

    After the key that skips, the digits are for the reasons; until these are on the page, they
    still press the buttons of the question. `drawn` is the panel that these were drawn with. The
    desk says that the press was not taken.
    """
    if desk["panel"] != "skip" or drawn == "skip":
        return False
    kinds = {question.name: question.entry() for question in study.protocol.questions}
    if kinds.get(name.split("/")[0]) == "typing":
        return False
    desk["missed"] = True
    return True
