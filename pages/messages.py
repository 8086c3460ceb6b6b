"""Messages: what annotators and researchers write to each other about units."""

from datetime import datetime

import streamlit as st

from core.services import comments
from core.services.comments import Thread
from core.services.studies import Refused, Study
from core.units import Invalid
from pages.widgets import desk, identity, look, workspace
from pages.widgets.inert import inert
from pages.widgets.ui import StreamlitUi, show_material
from pages.widgets.words import plain

who = identity.who()
study = workspace.study_picker(who)
db = workspace.db()


def thread(study: Study, found: Thread) -> None:
    """One thread: its messages, a reply, and the way to its unit."""
    mine = found.rater == who.name
    with st.container(key=f"panel-thread-{found.id}", border=True):
        state = " :gray-badge[closed]" if found.resolved else ""
        new = " :orange-badge[new]" if found.waits else ""
        by = "" if mine else f" by {plain(found.rater)}"
        st.markdown(
            f"**{found.kind.capitalize()}** on {plain(found.unit)}{by}{state}{new}", anchors=False
        )
        for message in found.messages:
            when = datetime.fromtimestamp(message.at / 1e6).strftime("%d %b, %H:%M")  # noqa: DTZ006
            st.caption(f"{'You' if message.own else plain(message.by)}, {when}")
            st.markdown(inert(message.text), anchors=False)
        with st.form(f"reply-{found.id}", border=False, clear_on_submit=True):
            text = st.text_input("Reply", max_chars=comments.LONGEST, key=f"reply-text-{found.id}")
            if st.form_submit_button("Send") and text.strip():
                act(comments.reply, study, found.id, text)
        with st.container(key=f"thread-bar-{found.id}", horizontal=True):
            if mine and found.place and st.button("Open the unit", key=f"jump-{found.id}"):
                desk.lay(db, who, study, found.place)
                look.go("annotate")
            elif not mine and who.may("review"):
                st.toggle("Show the unit", key=f"show-{found.id}")
            if not found.resolved and st.button("Close", key=f"close-{found.id}"):
                act(comments.resolve, study, found.id)
        if st.session_state.get(f"show-{found.id}"):
            unit = comments.about(db, who, study.key, found)
            show_material(StreamlitUi(f"thread-{found.id}"), unit)


def act(move, study: Study, *args) -> None:  # type: ignore[no-untyped-def]
    """Write, and draw the page anew; what cannot be written is said."""
    try:
        move(db, who, study.key, *args)
    except (Invalid, Refused) as error:
        st.error(plain(str(error)))
        return
    st.rerun()


look.header("Messages", study, who)
if study is None:
    look.empty_state("No study yet", "Create one on the Studies page, or bring data in.")
else:
    every = comments.threads(db, who, study.key)
    closed = st.toggle("Show closed ones", key="messages-closed")
    shown = [t for t in every if closed or not t.resolved]
    if not shown:
        look.empty_state(
            "No messages",
            "Comments and flags that are written on the Annotate page stand here, with the replies "
            "to them.",
            button="Go to Annotate", page="annotate", key="messages-none",
        )  # fmt: skip
    for found in shown[:50]:
        thread(study, found)
    if len(shown) > 50:
        look.caption(f"The newest 50 of {len(shown):,} are shown; close some to see older ones.")
