"""Answers to an older wording: how many there are by question, and the press that asks anew."""

from collections.abc import Callable

import streamlit as st

from core.services import rewording
from core.services.access import Identity
from core.services.rewording import Outdated
from core.services.store import Database
from core.services.studies import Refused, Study
from pages.widgets.words import plain


def rewordings(db: Database, who: Identity, study: Study, say: Callable[..., None]) -> None:
    """What the answers to older wordings come to; nothing where all answers count."""
    if not who.may("review"):
        return
    found = rewording.outdated(db, who, study.key)
    if not found.questions:
        return
    over = study.state in {"closed", "archived"}
    with st.container(key="study-reworded", border=True):
        st.markdown("\n".join(f"- {line(one)}" for one in found.questions))
        st.button(
            f"Ask again ({found.units:,} units)", key="study-ask-anew",
            disabled=over or not found.units, on_click=ask, args=(db, who, study.key, say),
            help="Reopen it to ask people again." if over else
            "Everybody whose answers are to an older wording gets the unit once more. Both answers "
            "are kept. The places of people who cannot be asked are opened to others.",
        )  # fmt: skip


def line(one: Outdated) -> str:
    """One reworded question: how many units, and what is being done about them."""
    parts = [
        f"{one.ask:,} can be asked again" if one.ask else "",
        f"{one.waiting:,} wait for people who were asked again" if one.waiting else "",
        f"{one.others:,} are for other people" if one.others else "",
    ]
    units = "1 unit has" if one.units == 1 else f"{one.units:,} units have"
    answers = "1 answer" if one.answers == 1 else f"{one.answers:,} answers"
    said = "; ".join(part for part in parts if part)
    return f"**{plain(one.question)}**: {units} {answers} to an older wording only: {said}."


def ask(db: Database, who: Identity, key: str, say: Callable[..., None]) -> None:
    """Ask everybody anew, and say what came of it."""
    try:
        done = rewording.ask_anew(db, who, key)
    except Refused as error:
        say(str(error), wrong=True)
        return
    opened = f" {done.opened:,} places were opened to other people." if done.opened else ""
    say(f"{done.units:,} units are asked again, {done.given:,} times in all.{opened}")
