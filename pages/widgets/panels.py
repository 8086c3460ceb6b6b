"""What the desk's keys open: guidelines, reasons to skip, a note to the researcher."""

import re
from itertools import pairwise

import streamlit as st

from core.services import answering
from core.services.access import Identity
from core.services.store import Database
from core.services.studies import Study
from core.units import Unit
from pages.widgets import desk as moves
from pages.widgets.components.search import search
from pages.widgets.inert import inert
from pages.widgets.words import plain

HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)


def panel(db: Database, who: Identity, study: Study, desk: moves.State) -> None:
    """The panel that is open, if one is."""
    held, said = desk["held"], desk["words"]
    here = (db, who, study, held.id)
    if desk["panel"] == "guidelines":
        with st.container(key="guidelines", border=True):
            guidelines(study, held.unit, desk)
    elif desk["panel"] == "skip":
        with st.container(key="skip-reasons", border=True, horizontal=True):
            st.markdown(said("skip_because"), anchors=False)
            for place, reason in enumerate(answering.SKIP_REASONS, 1):
                st.button(
                    said(reason), key=f"skip-{moves.room(held)}-{place}", on_click=moves.skip,
                    args=(*here, reason), shortcut=str(place) if desk["keys"] else None,
                )  # fmt: skip
    elif desk["panel"] in {"flag", "comment"}:
        asked = {"flag": "flag_note", "comment": "comment_text"}[desk["panel"]]
        move = {"flag": moves.flag, "comment": moves.comment}[desk["panel"]]
        field = f"{desk['panel']}-text"
        with (
            st.container(key="flag-note", border=True),
            st.form(f"{desk['panel']}-form", border=False),  # Enter in the field sends, too
        ):
            st.text_input(said(asked), key=field, max_chars=2000)
            st.form_submit_button(said("send"), key="flag-send", on_click=move, args=(*here, field))
    elif desk["panel"] in {"flagged", "comment_sent"}:
        st.info(said(desk["panel"]))


def guidelines(study: Study, unit: Unit, desk: moves.State) -> None:
    """The study's guidelines, the unit's questions and worked examples, and a search in them."""
    said = desk["words"]
    parts = [
        *sections(desk["held"].guidelines or study.protocol.guidelines),
        *asked(unit, said),
        *examples(study, said),
    ]
    if not parts:
        st.markdown(said("no_guidelines"), anchors=False)
        return
    wanted = search(said("search_guidelines"), key="guidelines-search")
    found = [part for part in parts if wanted.strip().casefold() in part.casefold()]
    with st.container(key="guidelines-text", height=320 if len(parts) > 2 else "content"):
        for part in found:
            st.markdown(inert(part), anchors=False)
        if not found:
            st.caption(said("nothing_found"))


def sections(text: str) -> list[str]:
    """A markdown text in parts, each beginning with its heading."""
    starts = [match.start() for match in HEADING.finditer(text)]
    edges = [0, *starts, len(text)] if text.strip() else [0]
    parts = [text[a:b].strip() for a, b in pairwise(edges)]
    return [part for part in parts if part]


def asked(unit: Unit, said: moves.Words) -> list[str]:
    """What each question of the unit asks, with the help that was written for it."""
    helped = [q for q in unit.questions if q.help.strip()]
    if not helped:
        return []
    lines = [f"- **{plain(q.title)}** {q.help.strip()}" for q in helped]
    return [f"#### {said('questions')}\n\n" + "\n".join(lines)]


def examples(study: Study, said: moves.Words) -> list[str]:
    """The study's worked examples, one part each."""
    found = []
    for place, example in enumerate(study.protocol.examples, 1):
        title = example.title or said("example", n=place)
        quoted = "\n".join(f"> {line}" for line in example.shown.splitlines())
        answer = f"**{said('right_answer')}:** {example.answer}"
        found.append("\n\n".join([f"#### {title}", quoted, answer, example.why]).strip())
    return found
