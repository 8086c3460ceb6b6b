"""What the desk says of answers that are missing or wrong, until each of them is mended."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.services.answering import Missing, Unready, checked
from core.services.tickets import Ticket
from core.units import Invalid
from pages.widgets.texts import Words
from pages.widgets.typing import Desk
from pages.widgets.words import plain, sentence, short

LONGEST = 90  # letters of a title where several are named


def refuse(desk: Desk, error: Invalid) -> None:
    """Keep what a refused press lacks. The digits go to the first of these questions."""
    every = _every(error)
    asked = [question.name for question in desk["held"].unit.questions]
    desk["error"] = said_of(every, desk["words"])
    desk["lacking"] = [one.field for one in every if one.field in asked]
    desk["refused"] = desk.get("refused", 0) + 1
    desk["more"] = ""


def mended(desk: Desk) -> None:
    """After an answer: say what is left of what the last refused press named."""
    held: Ticket = desk["held"]
    left: list[Invalid] = []
    if desk["lacking"]:
        try:
            checked(held, desk["answers"])
        except Invalid as error:
            left = [one for one in _every(error) if one.field in desk["lacking"]]
    desk["lacking"] = [one.field for one in left]
    desk["error"] = said_of(left, desk["words"])


def said_of(every: list[Invalid], said: Words) -> str:
    """All of it, a line each: what has no answer in one, then what is wrong. '' for nothing."""
    missing = [one for one in every if isinstance(one, Missing)]
    lines = [said.of(one) for one in every if len(missing) < 2 or one not in missing]
    if len(missing) > 1:
        titles = said("comma").join(
            said("quoted", text=short(one.title, LONGEST)) for one in missing
        )
        lines.insert(0, said("need_answers", n=len(missing), titles=titles))
    return "\n".join(lines)


def show(desk: Desk, place: DeltaGenerator) -> None:
    """Draw what is wrong, if anything is; `place` is drawn with every unit.

    The name of the box tells the browser which question a refused press has to lead to.
    """
    if not desk["error"]:
        return
    words = "\n\n".join(sentence(plain(line)) for line in desk["error"].split("\n"))
    if not desk["lacking"]:
        place.error(words)
        return
    with place.container(key=f"refused-{desk['refused']}-{desk['lacking'][0]}"):
        st.error(words)


def _every(error: Invalid) -> list[Invalid]:
    return list(error.every) if isinstance(error, Unready) else [error]
