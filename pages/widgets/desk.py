"""The annotator's desk: what is in hand, and the moves. Every move is one service call.

A move that answers names the unit (`at`, its assignment) that its button belongs to. A press that
comes late, when another unit lies on the desk, does nothing, and the desk says that it was not
taken.
"""

import time
from collections import deque
from typing import Any

import streamlit as st

from core import answers
from core.services import answering, assignment, comments, history, preferences, studies
from core.services.access import Identity
from core.services.answering import Conflict
from core.services.assignment import Ticket
from core.services.consent import NoConsent
from core.services.store import Database, Unavailable
from core.services.studies import Study
from core.units import Invalid
from pages.widgets import digits, refusals
from pages.widgets.components.timer import idle
from pages.widgets.components.tools import Tray
from pages.widgets.texts import Words
from pages.widgets.typing import gather
from pages.widgets.words import sentence

__all__ = ["Ticket", "Words"]
State = dict[str, Any]
ROOMS = 64
PACE, FEW = 20, 3  # answers that the remaining time is reckoned from, and the fewest that will do


def state(study: Study, who: Identity) -> State:
    """The desk of this person in this study, kept for the browser session."""
    desks: dict[tuple[str, str], State] = st.session_state.setdefault("desks", {})
    fresh = {"held": None, "keys": True, "panel": "", "settings": None, "words": Words("en"),
             "tray": Tray()}  # fmt: skip
    return desks.setdefault((study.key, who.name), fresh)


def prepare(db: Database, who: Identity, study: Study) -> State:
    """The desk with the person's settings and the words of their language."""
    desk = state(study, who)
    if desk["settings"] is None:
        desk["settings"] = preferences.load(db, who, study.key)
    desk["words"] = Words(desk["settings"].language or study.protocol.language)
    return desk


def key(desk: State, move: str) -> str | None:
    """The key that makes a move; None while keys are off."""
    return desk["settings"].keys[move] if desk["keys"] else None


def hold(desk: State, held: Ticket | None) -> None:
    """Put a unit on the desk; unfinished answers come from the server's draft."""
    desk["held"] = held
    desk["answers"] = {**held.answers, **held.draft} if held else {}
    desk["texts"] = {}
    desk["tray"] = Tray()
    desk["begun"] = time.monotonic()
    desk["panel"] = desk["error"] = ""
    desk["missed"] = False
    desk["feedback"] = ()
    desk["more"] = ""
    desk["lacking"] = []
    digits.begin(held, desk)


def lay(db: Database, who: Identity, study: Study, place: int) -> None:
    """Put one of the person's own units on the desk, by its number."""
    desk = state(study, who)
    hold(desk, assignment.at(db, who, study.key, place))
    desk["behind"] = True


def fetch(db: Database, who: Identity, study: Study, desk: State) -> Ticket | None:
    """What is on the desk, from the database when nothing is."""
    if desk["held"] is None:
        hold(desk, assignment.current(db, who, study.key))
    return desk["held"]


def away(study: Study, who: Identity, seconds: float) -> None:
    """Take the time that nobody was there for off the time of the unit on the desk."""
    desk = state(study, who)
    if desk["held"] is not None:
        desk["begun"] = min(desk["begun"] + seconds, time.monotonic())


def minutes_left(desk: State) -> int:
    """About how many minutes the rest would take at the present pace; 0 while nobody can say."""
    pace, held = desk.get("pace", ()), desk["held"]
    if len(pace) < FEW or held is None:
        return 0
    return round(sum(pace) / len(pace) * max(held.most - held.place + 1, 0) / 60)


def late(desk: State, at: int, *, pressed: bool = True) -> bool:
    """Whether a move was meant for another unit than the one on the desk.

    The desk says of a press that it was not taken; what was being typed comes by itself.
    """
    wrong = at != (desk["held"].id if desk["held"] else None)
    desk["missed"] = wrong and pressed
    return wrong


def answered(
    db: Database, who: Identity, study: Study, at: int, name: str, value: Any
) -> None:  # fmt: skip
    """Take one answer: submit it where one key is the whole answer, else keep it as a draft."""
    desk = state(study, who)
    asked = {question.name: question for question in study.protocol.questions}
    if late(desk, at, pressed=name in asked and asked[name].entry() != "typing"):
        return
    held: Ticket = desk["held"]
    desk["answers"] = answers.put(desk["answers"], name, value)
    desk["more"] = name if callable(value) else ""
    refusals.mended(desk)
    if one_key(study, held):
        submit(db, who, study, at)
        return
    try:
        desk["held"] = assignment.save_draft(db, who, held, desk["answers"])
    except (studies.Refused, Unavailable) as error:
        desk["error"], desk["left"] = desk["words"].of(error), isinstance(error, NoConsent)
        return
    if held.state == "reserved" and desk["held"].state == "submitted":
        desk["error"] = desk["words"]("answered_elsewhere")


def one_key(study: Study, held: Ticket) -> bool:
    """Whether the choice itself submits: the unit asks one question, by options."""
    asked = digits.open_now(held)
    return study.protocol.assignment.one_key and len(asked) == 1 and asked[0].entry() == "press"


def submit(db: Database, who: Identity, study: Study, at: int) -> None:
    """Store the answers; only then put the next unit on the desk."""
    desk = state(study, who)
    if late(desk, at):
        return
    held: Ticket = desk["held"]
    gather(desk)
    away(study, who, idle())
    seconds = round(time.monotonic() - desk["begun"], 2)
    try:
        receipt = answering.submit(
            db, who, held, desk["answers"], seconds, follow=not desk.get("behind")
        )
    except Invalid as error:
        refusals.refuse(desk, error)
        return
    except answering.Reworded as error:
        hold(desk, assignment.at(db, who, study.key, held.place))
        desk["error"] = sentence(desk["words"].of(error))
        return
    except Unavailable as error:
        desk["error"] = f"{desk['words'].of(error)} {desk['words']('not_kept')}"
        return
    except (Conflict, studies.Refused) as error:
        desk["error"], desk["left"] = desk["words"].of(error), isinstance(error, NoConsent)
        return
    desk["saved"] = receipt.sequence
    desk.setdefault("pace", deque(maxlen=PACE)).append(seconds)
    if receipt.feedback:
        hold(desk, assignment.at(db, who, study.key, held.place))
        desk["feedback"], desk["behind"] = receipt.feedback, True
    elif desk.get("behind") and receipt.next is None:
        forward(db, who, study, at)
    else:
        hold(desk, receipt.next)


def forward(db: Database, who: Identity, study: Study, at: int) -> None:
    """The person's next unit: the following one they had before, else a fresh one."""
    desk = state(study, who)
    if late(desk, at):
        return
    held: Ticket = desk["held"]
    later = assignment.at(db, who, study.key, held.place + 1) if desk.get("behind") else None
    desk["behind"] = later is not None and later.state != "reserved"
    hold(desk, later)


def back(db: Database, who: Identity, study: Study) -> None:
    """The person's unit before this one, with its answers."""
    desk = state(study, who)
    desk["tray"].gather()
    held: Ticket | None = desk["held"]
    place = held.place - 1 if held else assignment.progress(db, who, study.key)[0]
    earlier = assignment.at(db, who, study.key, place)
    if earlier is None:
        desk["error"] = desk["words"]("first_one")
        return
    hold(desk, earlier)
    desk["behind"] = True


def undo(db: Database, who: Identity, study: Study) -> None:
    """Take back the newest stored answer: the one on the desk, else the one before it."""
    desk = state(study, who)
    desk["tray"].gather()
    held: Ticket | None = desk["held"]
    if held is None or not held.answers:
        place = held.place - 1 if held else assignment.progress(db, who, study.key)[0]
        held = assignment.at(db, who, study.key, place)
    if held is None or not held.answers:
        desk["error"] = desk["words"]("nothing_to_undo")
        return
    try:
        hold(desk, answering.undo(db, who, study.key, held))
    except (Conflict, studies.Refused) as error:
        desk["error"] = desk["words"].of(error)
        return
    desk["behind"] = False
    desk["saved"] = None
    desk["undone"] = True


def skip(db: Database, who: Identity, study: Study, at: int, reason: str) -> None:
    """Pass the unit by, with a reason."""
    desk = state(study, who)
    if late(desk, at) or desk["panel"] != "skip":
        return
    try:
        answering.skip(db, who, desk["held"], reason)
    except (Invalid, studies.Refused) as error:
        desk["error"] = desk["words"].of(error)
        return
    forward(db, who, study, at)


def written(field: str) -> str:
    """What stands in a text field at this moment, not when its button was drawn."""
    return str(st.session_state.get(field) or "")


def flag(db: Database, who: Identity, study: Study, at: int, field: str = "") -> None:
    """Mark the unit for the researcher, with the note in that field."""
    desk = state(study, who)
    if late(desk, at):
        return
    try:
        answering.flag(db, who, desk["held"], written(field))
    except studies.Refused as error:
        desk["error"] = desk["words"].of(error)
        return
    desk["panel"], desk["error"] = "flagged", ""


def comment(db: Database, who: Identity, study: Study, at: int, field: str) -> None:
    """Write to the researcher about the unit what stands in that field."""
    desk = state(study, who)
    if late(desk, at):
        return
    try:
        comments.comment(db, who, desk["held"], written(field))
    except Invalid as error:
        desk["error"] = desk["words"].of(error)
        return
    except studies.Refused as error:
        desk["error"] = desk["words"].of(error)
        return
    desk["panel"], desk["error"] = "comment_sent", ""


def skipped_one(db: Database, who: Identity, study: Study) -> None:
    """Put the newest unit on the desk that the person has skipped."""
    found = history.mine(db, who, study.key, status="skipped", count=1).entries
    if found:
        lay(db, who, study, found[0].place)


def toggle(desk: State, panel: str) -> None:
    """Open a panel of the desk (guidelines, skip reasons, flag), or close it."""
    desk["error"], desk["lacking"] = "", []
    desk["panel"] = "" if desk["panel"] == panel else panel


def room(held: Ticket) -> str:
    """What the keys of a unit's buttons start with: another for each of 64 units in a row."""
    return f"r{held.rater}-{held.place % ROOMS}"


def submit_key(desk: State, held: Ticket) -> str | None:
    """The key that submits: one that also works inside a text, where the unit asks for one.

    Not Enter: it has to press whatever button a keyboard user has moved to.
    """
    writes = any(q.entry() == "typing" for q in digits.open_now(held))
    if desk["keys"] and (writes or held.state == "submitted"):
        return "Ctrl+Enter"
    return key(desk, "submit")
