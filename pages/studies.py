"""Studies: the list, what state each is in, and the way to write, copy and change them."""

from typing import Any

import streamlit as st

from core.protocol import ProtocolError
from core.services import admission, drafts, studies
from core.services.studies import MOVES, Refused, Study
from pages.widgets import identity, look, workspace
from pages.widgets.draft import STUDY
from pages.widgets.rewordings import rewordings
from pages.widgets.speech import speaking
from pages.widgets.study_editor import editor
from pages.widgets.words import plain

MEANING = {
    "draft": "being written; nobody is asked yet",
    "pilot": "a trial: people answer while the wording may still change",
    "open": "people are asked, and answers count",
    "paused": "nobody is asked for now; it goes on where it stopped",
    "closed": "answering is over; results stay",
    "archived": "out of the way; nothing is lost",
}
VERBS = {
    "draft": "Back to draft", "pilot": "Start a pilot", "open": "Open", "paused": "Pause",
    "closed": "Close", "archived": "Archive",
}  # fmt: skip

who = identity.who()
db = workspace.db()


def new() -> None:
    """Start a new study from a short example."""
    STUDY.begin(drafts.BLANK)


def change(key: str) -> None:
    """Start a new version of a study."""
    study = studies.load(db, key)
    STUDY.begin(drafts.write(study.protocol.data()), key, study.version)


def say(text: str, *, wrong: bool = False) -> None:
    """Keep a message for the next run of the page."""
    st.session_state["studies-wrong" if wrong else "studies-said"] = text


def move(key: str, state: str) -> None:
    """Move a study to another state."""
    try:
        studies.set_state(db, who, key, state)
    except Refused as error:
        say(str(error), wrong=True)
    else:
        say(f"The study is now {state}: {MEANING[state]}.")


def copy(key: str) -> None:
    """Clone a study under the name that was entered, and take the copy in hand."""
    try:
        made = studies.clone(db, who, key, st.session_state["clone-name"].strip())
    except (Refused, ProtocolError) as error:
        say(str(error), wrong=True)
        return
    workspace.choose(made.key)
    st.session_state["clone-name"] = next_name(made.key)
    say(f"Copied as {made.title}: the same material and questions, no answers.")


def next_name(key: str) -> str:
    """The name that a copy of a study begins with."""
    return f"{key[:55]}-copy"


def said() -> None:
    """Show what the last press did."""
    done = st.session_state.pop("studies-said", "")
    wrong = st.session_state.pop("studies-wrong", "")
    if wrong:
        st.error(plain(wrong))
    elif done:
        st.success(plain(done))


def in_hand(study: Study) -> None:
    """The study in hand: its state, what may be done with it."""
    with st.container(key="panel-study", border=True):
        st.markdown(f"#### {plain(study.title)} {look.chip(study.state)}", anchors=False)
        facts = f"{study.state}: {MEANING[study.state]} · version {study.version} · {study.key}"
        look.caption(plain(facts))
        for warning in admission.warnings(db, who, study.key):
            st.warning(plain(warning), icon=":material/warning:")
        rewordings(db, who, study, say)
        with st.container(horizontal=True, key="study-does"):
            closed = study.state in {"closed", "archived"}
            st.button(
                "Edit", key="study-edit", type="primary", on_click=change, args=(study.key,),
                disabled=closed, help="Reopen it, or clone it, to change it." if closed else None,
            )  # fmt: skip
            with st.popover("Clone", key=f"clone-{study.key}"):  # closed once the copy is in hand
                st.text_input("Name of the copy", next_name(study.key), key="clone-name",
                              help="Small letters, digits and hyphens")  # fmt: skip
                st.button("Make the copy", key="clone-go", on_click=copy, args=(study.key,))
            for state in sorted(MOVES[study.state], key=list(MEANING).index):
                st.button(
                    VERBS[state], key=f"move-{state}", on_click=move, args=(study.key, state),
                    help=f"{state.capitalize()}: {MEANING[state]}",
                )  # fmt: skip


def others(rows: list[Any]) -> None:
    """The other studies, newest first."""
    if rows:
        st.markdown("#### Other studies", anchors=False)
    for row in rows:
        with st.container(key=f"row-{row.key}", horizontal=True, vertical_alignment="center"):
            held = f"{row.items:,} items · {row.units:,} units · {row.revision:,} log entries"
            counts = f"{row.key} · {held}"
            st.markdown(f"**{plain(row.title)}** {look.chip(row.state)}  \n{counts}", anchors=False)
            st.button("Take in hand", key=f"take-{row.key}", on_click=workspace.choose,
                      args=(row.key,))  # fmt: skip


study = workspace.study_picker(who)
now = STUDY.now()
if now is not None:
    look.header(speaking()("new_study" if now["key"] is None else "edit_study"), None, who)
    editor(db, who, now)
else:
    look.header(speaking()("page_studies"), None, who)
    said()
    if study is None:
        look.no_study("no_study_studies", key="studies")
    else:
        in_hand(study)
    st.button("New study", key="study-new", on_click=new, icon=":material/add:",
              type="secondary" if study else "primary")  # fmt: skip
    others([r for r in studies.listing(db, who) if study is None or r.key != study.key])
