"""Messages: what annotators and researchers write to each other about units."""

import streamlit as st

from core.services import comments
from core.services.comments import Thread
from core.services.studies import Refused, Study
from core.units import Invalid
from pages.widgets import desk, identity, look, workspace
from pages.widgets.inert import inert
from pages.widgets.speech import speaking
from pages.widgets.ui import StreamlitUi, show_material
from pages.widgets.words import plain, sentence

who = identity.who()
study = workspace.study_picker(who)
said = speaking()
db = workspace.db()


def thread(study: Study, found: Thread) -> None:
    """One thread: its messages, a reply, and the way to its unit."""
    mine = found.rater == who.name
    with st.container(key=f"panel-thread-{found.id}", border=True):
        state = f" :gray-badge[{said('closed_badge')}]" if found.resolved else ""
        new = f" :orange-badge[{said('new_badge')}]" if found.waits else ""
        about = said(
            "thread_own" if mine else "thread_by", kind=said(f"thread_{found.kind}"),
            unit=plain(found.unit), name=plain(found.rater),
        )  # fmt: skip
        st.markdown(f"{about}{state}{new}", anchors=False)
        for message in found.messages:
            by = said("you") if message.own else plain(message.by)
            st.caption(said("comma").join([by, said.moment(message.at)]))
            st.markdown(inert(message.text), anchors=False)
        with st.form(f"reply-{found.id}", border=False, clear_on_submit=True):
            text = st.text_input(
                said("reply"), max_chars=comments.LONGEST, key=f"reply-text-{found.id}"
            )
            if st.form_submit_button(said("send")) and text.strip():
                act(comments.reply, study, found.id, text)
        with st.container(key=f"thread-bar-{found.id}", horizontal=True):
            if mine and found.place and st.button(said("open_unit"), key=f"jump-{found.id}"):
                desk.lay(db, who, study, found.place)
                look.go("annotate")
            elif not mine and who.may("review"):
                st.toggle(said("show_unit"), key=f"show-{found.id}")
            if not found.resolved and st.button(said("close"), key=f"close-{found.id}"):
                act(comments.resolve, study, found.id)
        if st.session_state.get(f"show-{found.id}"):
            unit = comments.about(db, who, study.key, found)
            show_material(StreamlitUi(f"thread-{found.id}", words=said), unit)


def act(move, study: Study, *args) -> None:  # type: ignore[no-untyped-def]
    """Write, and draw the page anew; what cannot be written is said."""
    try:
        move(db, who, study.key, *args)
    except (Invalid, Refused) as error:
        st.error(sentence(plain(said.of(error))))
        return
    st.rerun()


look.header(said("page_messages"), study, who)
if study is None:
    look.no_study()
else:
    every = comments.threads(db, who, study.key)
    closed = st.toggle(said("show_closed"), key="messages-closed")
    shown = [t for t in every if closed or not t.resolved]
    if not shown:
        look.empty_state(
            said("messages_none"), said("messages_none_more"),
            button=said("go_annotate"), page="annotate", key="messages-none",
        )  # fmt: skip
    for found in shown[:50]:
        thread(study, found)
    if len(shown) > 50:
        look.caption(said("newest_shown", shown=50, total=f"{len(shown):,}"))
