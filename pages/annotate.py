"""Annotate: one unit at a time, by keys or mouse."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.services import answering
from core.services.studies import Refused
from pages.widgets import desk as moves
from pages.widgets import identity, look, workspace
from pages.widgets.inert import inert
from pages.widgets.ui import StreamlitUi, ask, show_material
from pages.widgets.words import plain

who = identity.who()
study = workspace.study_picker(who)
db = workspace.db()


@st.fragment
def work(slot: DeltaGenerator) -> None:
    """The desk: what is judged and the questions; what submits them goes into the bar's slot."""
    desk = moves.state(study, who)
    try:
        held = moves.fetch(db, who, study, desk)
    except Refused as error:
        words = f"{plain(str(error)).capitalize()}. Its state is changed on the Studies page."
        if look.empty_state("No answers now", words, button="Go to Studies", key="closed"):
            st.switch_page("studies.py")
        return
    if held is None:
        finished(desk)
        return
    status(desk, held)
    panel(desk, held.id)
    ui = StreamlitUi(
        f"a{held.id}",
        room=moves.room(held),
        active="" if desk["panel"] == "skip" else moves.active_question(held, desk["answers"]),
        keys=desk["keys"],
        on_answer=lambda name, value: moves.answered(db, who, study, held.id, name, value),
    )
    show_material(ui, held.unit)
    ask(ui, held.unit, desk["answers"])
    with slot:
        send(desk, held)


def status(desk: moves.State, held: moves.Ticket) -> None:
    """Where the person stands, and what is stored."""
    parts = [f"**{held.place}** of up to {held.total}"]
    if desk.get("undone") and not desk.get("saved"):
        parts.append("answer taken back; change it and submit")
    elif desk.get("saved"):
        parts.append(f"saved #{desk['saved']}")
    if held.state == "submitted":
        parts.append("answered before; you may change it")
    elif held.state == "skipped":
        parts.append("skipped before; you may answer it now")
    elif held.draft:
        parts.append("draft kept")
    st.progress(min(held.place / max(held.total, 1), 1.0), text=" · ".join(parts))
    if desk["error"]:
        st.error(plain(desk["error"]))


def panel(desk: moves.State, at: int) -> None:
    """What a key of the bar has opened: guidelines, reasons to skip, or a note."""
    if desk["panel"] == "guidelines":
        with st.container(key="guidelines", border=True):
            st.markdown(inert(study.protocol.guidelines or "No guidelines yet."), anchors=False)
    elif desk["panel"] == "skip":
        with st.container(key="skip-reasons", border=True, horizontal=True):
            st.markdown("**Skip because it is**", anchors=False)
            for place, reason in enumerate(answering.SKIP_REASONS, 1):
                st.button(
                    reason, key=f"skip-{moves.room(desk['held'])}-{place}", on_click=moves.skip,
                    args=(db, who, study, at, reason),
                    shortcut=str(place) if desk["keys"] else None,
                )  # fmt: skip
    elif desk["panel"] == "flag":
        with st.container(key="flag-note", border=True):
            note = st.text_input("What should the researcher look at?", key="flag-text")
            st.button("Send", key="flag-send", on_click=moves.flag, args=(db, who, study, at, note))
    elif desk["panel"] == "flagged":
        st.info("Flagged for the researcher.")


def send(desk: moves.State, held: moves.Ticket) -> None:
    """The buttons that belong to this unit alone: submit it, or go on from an earlier one."""
    keys, room = desk["keys"], moves.room(held)
    here = (db, who, study, held.id)
    if held.state == "submitted":
        st.button(
            "Next", key=f"next-{room}", shortcut="n" if keys else None, on_click=moves.forward,
            args=here,
        )  # fmt: skip
    if moves.one_key(study, held):
        return
    st.button(
        "Save change" if held.state == "submitted" else "Submit", key=f"submit-{room}",
        shortcut=moves.submit_key(held) if keys else None, type="primary",
        on_click=moves.submit, args=here,
    )  # fmt: skip


def tools(desk: moves.State) -> None:
    """The buttons that are the same for every unit; they are drawn once, not with each answer."""
    here = (db, who, study)

    def tool(label: str, move: object, *args: object) -> None:
        key = label[0].lower()
        st.button(
            label, key=f"tool-{key}", shortcut=key if desk["keys"] else None, on_click=move,
            args=args,
        )  # fmt: skip

    tool("Back", moves.back, *here)
    tool("Undo", moves.undo, *here)
    tool("Skip", moves.toggle, desk, "skip")
    tool("Flag", moves.toggle, desk, "flag")
    tool("Guidelines", moves.toggle, desk, "guidelines")


def finished(desk: moves.State) -> None:
    """The end of the queue."""
    if look.empty_state(
        "Nothing left for you here",
        "Every unit that you may answer is answered or reserved by others. Thank you.",
        button="See agreement", key="finished",
    ):  # fmt: skip
        st.switch_page("agreement.py")
    if desk["error"]:
        st.error(plain(desk["error"]))
    st.button("Look again", key="again-end", on_click=lambda: desk.update(held=None))


look.header("Annotate", study, who)
if study is None:
    look.empty_state("No study yet", "Create one on the Studies page, or bring data in.")
else:
    settings = moves.state(study, who)
    settings["keys"] = st.sidebar.toggle(
        "Answer by keys", value=True, key="keys-on",
        help="Single keys answer and move. Turn them off if they get in the way.",
    )  # fmt: skip
    body = st.container()
    with st.container(key="action-bar", horizontal=True):
        tools(settings)
        slot = st.container(key="action-send", horizontal=True, width="content")
    with body:
        work(slot)
