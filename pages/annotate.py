"""Annotate: one unit at a time, by keys or mouse."""

from contextlib import nullcontext

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.services import assignment, comments, consent, history
from core.services.studies import Refused
from pages.widgets import cover as covers
from pages.widgets import desk as moves
from pages.widgets import digits, identity, lane, look, refusals, workspace
from pages.widgets.components.announce import announce
from pages.widgets.components.reading import reading
from pages.widgets.components.timer import timer
from pages.widgets.inert import inert
from pages.widgets.notices import face, not_asked, notices, parts_of
from pages.widgets.panels import panel
from pages.widgets.speech import speaking
from pages.widgets.typing import writer
from pages.widgets.ui import StreamlitUi, ask, is_long, show_material
from pages.widgets.words import plain, sentence

who = identity.who()
study = workspace.study_picker(who)
db = workspace.db()


@st.fragment
def work(slot: DeltaGenerator) -> None:
    """The desk: what is judged and the questions; what submits them goes into the bar's slot.

    Something is always put there: the server breaks the page when a later answer is the first to.
    """
    slot.empty()
    desk = moves.state(study, who)
    if desk.pop("left", False):
        st.rerun()  # another window took the person's answers back: the page asks them first
    try:
        moves.fetch(db, who, study, desk)
        held = covers.pass_by(db, who, study, desk)
    except consent.NoConsent:
        st.rerun()
    except Refused as error:
        closed(desk, error)
        return
    if held is None:
        finished(desk)
        return
    status(desk, held)
    panel(db, who, study, desk)
    notices(desk, held)
    if covers.covered(study, desk):
        cover(desk, held)
        return
    scope, drawn = f"a{held.id}", desk["panel"]

    def heard(name: str, value: object) -> None:
        if not digits.meant_to_skip(desk, study, name, drawn):
            moves.answered(db, who, study, held.id, name, value)

    ui = StreamlitUi(
        scope,
        room=moves.room(held) + ("s" if drawn == "skip" else ""),
        active="" if drawn == "skip" else digits.active_question(held, desk),
        keys=desk["keys"],
        on_answer=heard,
        writer=writer(desk, scope, f"{study.key}:{who.name}", heard),
        words=desk["words"],
        tray=desk["tray"],
    )
    with st.container(key="unit-long") if is_long(held.unit) else nullcontext():
        show_material(ui, held.unit)
        fixed = held.stays and not desk["feedback"]
        ask(face(ui, held), held.unit, desk["answers"], held.answers, fixed=fixed)
        not_asked(desk, held)
    with slot:
        send(desk, held)


def closed(desk: moves.State, error: Refused) -> None:
    """The study takes no answers now: say why, and where that is changed."""
    said = desk["words"]
    words = f"{sentence(plain(said.of(error)))} {said('closed_more')}"
    if look.empty_state(said("closed_title"), words, button=said("closed_button"), key="closed"):
        st.switch_page("studies.py")


def status(desk: moves.State, held: moves.Ticket) -> None:
    """Where the person stands, and what is stored."""
    said = desk["words"]
    parts = [said("place", place=held.place, total=held.most)]
    part, of = parts_of(held)
    if of > 1:
        parts.append(said("part_of", n=part, of=of))
    if desk.get("undone") and not desk.get("saved"):
        parts.append(said("taken_back"))
    elif desk.get("saved"):
        parts.append(said("saved", number=desk["saved"]))
    if held.state == "submitted" and not desk["feedback"]:
        parts.append(said("answer_stays" if held.stays else "answered_before"))
    elif held.state == "skipped":
        parts.append(said("skipped_before"))
    elif held.draft and held.stage != "revised":
        parts.append(said("draft_kept"))
    if desk["missed"]:
        parts.append(said("not_taken"))
    minutes = moves.minutes_left(desk)
    if minutes:
        parts.append(said("left_minutes", minutes=minutes))
    st.progress(min(held.place / max(held.most, 1), 1.0), text=" · ".join(parts))
    wrong = st.empty()  # always there: what comes after it must not be drawn anew
    refusals.show(desk, wrong)


def cover(desk: moves.State, held: moves.Ticket) -> None:
    """A unit that may distress: covered until the person asks for it."""
    said = desk["words"]
    with st.container(key="panel-covered", border=True):
        st.markdown(f"#### {said('covered_title')}", anchors=False)
        st.markdown(said("covered"), anchors=False)
        st.button(
            said("show"), key=f"show-{moves.room(held)}", type="primary", on_click=covers.uncover,
            args=(study, who, held.id), shortcut=moves.key(desk, "show"),
        )  # fmt: skip


def send(desk: moves.State, held: moves.Ticket) -> None:
    """The buttons that belong to this unit alone: submit it, or go on from an earlier one."""
    said, room = desk["words"], moves.room(held)
    here = (db, who, study, held.id)
    if held.state == "submitted":
        st.button(
            said("next"), key=f"next-{room}", shortcut=moves.key(desk, "submit"),
            on_click=moves.forward, args=here,
        )  # fmt: skip
    if moves.one_key(study, held) or desk["feedback"] or held.stays or not held.unit.questions:
        return
    if digits.can_go_on(held, desk):
        st.button(
            said("next_question"), key=f"on-{room}", shortcut=moves.key(desk, "next_question"),
            on_click=digits.go_on, args=(desk,),
        )  # fmt: skip
    st.button(
        said("save_change" if held.state == "submitted" else "submit"), key=f"submit-{room}",
        shortcut=moves.submit_key(desk, held), type="primary", on_click=moves.submit, args=here,
    )  # fmt: skip


def tools(desk: moves.State) -> None:
    """The buttons that are the same for every unit; they are drawn once, not with each answer."""
    here = (db, who, study)

    def tool(name: str, move: object, *args: object) -> None:
        st.button(
            desk["words"](name), key=f"tool-{name}", shortcut=moves.key(desk, name), on_click=move,
            args=args,
        )  # fmt: skip

    tool("back", moves.back, *here)
    tool("undo", moves.undo, *here)
    tool("skip", moves.toggle, desk, "skip")
    tool("flag", moves.toggle, desk, "flag")
    tool("comment", moves.toggle, desk, "comment")
    tool("guidelines", moves.toggle, desk, "guidelines")


@st.fragment
def fast() -> None:
    """The fast lane: one component that shows units ahead of the server."""
    if lane.draw(db, who, study):
        with st.container(key="lane-end", horizontal=True):
            onward(moves.state(study, who)["words"], "agreement", "work")


def onward(said: moves.Words, *pages: str) -> None:
    """Buttons that lead to other pages, by their names."""
    for page in pages:
        if st.button(said(f"see_{page}"), key=f"finished-{page}"):
            look.go(page)


def lane_chosen(desk: moves.State) -> bool:
    """Whether the person takes the fast lane, where the study has one; `?lane=native` says no."""
    if not (study.protocol.assignment.fast_lane and lane.possible(study)):
        return False
    if desk["held"] is not None and desk.get("behind"):
        return False  # an earlier unit was laid on the desk by another page
    said, native = desk["words"], st.query_params.get("lane") == "native"
    return st.sidebar.toggle(
        said("fast_lane"), value=not native, key="lane-on", help=said("fast_lane_help")
    )


def finished(desk: moves.State) -> None:
    """The end of the queue: what was done, and what may be done now."""
    said, found = desk["words"], history.counts(db, who, study.key)
    kept = {name: found[name] for name in ("submitted", "skipped")}
    why = assignment.why_nothing(db, who, study.key)
    words = f"{said(why or 'finished')} {said('finished_counts', **kept)}"
    if look.empty_state(
        said("finished_title"), words, button=said("see_agreement"), key="finished"
    ):
        st.switch_page("agreement.py")
    if desk["error"]:
        st.error(plain(desk["error"]))
    with st.container(key="finished-more", horizontal=True):
        onward(said, "work")
        if found["skipped"]:
            st.button(
                said("answer_skipped"), key="finished-skipped", on_click=moves.skipped_one,
                args=(db, who, study),
            )  # fmt: skip
        st.button(said("look_again"), key="again-end", on_click=lambda: desk.update(held=None))


def agreed(desk: moves.State) -> bool:
    """Whether the person takes part; asks for consent first where that is needed."""
    if not consent.asks(db, who, study.key):
        return True
    said, text = desk["words"], study.protocol.consent.strip()
    with st.container(key="panel-consent", border=True):
        st.markdown(f"#### {said('consent_title' if text else 'left_title')}", anchors=False)
        st.markdown(inert(text) or said("left"), anchors=False)
        if st.button(said("agree" if text else "come_back"), key="consent-yes", type="primary"):
            consent.give(db, who, study.key)
            st.rerun()
    return False


look.header(speaking()("page_annotate"), study, who, desk=True)
if study is None:
    look.no_study()
else:
    settings = moves.prepare(db, who, study)
    settings["keys"] = st.sidebar.toggle(
        settings["words"]("answer_by_keys"), value=settings["settings"].single_keys, key="keys-on",
        help=settings["words"]("answer_by_keys_help"),
    )  # fmt: skip
    with st.sidebar:
        timer(settings["words"]("active"), lambda seconds: moves.away(study, who, seconds))
    news = comments.waiting(comments.threads(db, who, study.key, own_only=True))
    if news and st.sidebar.button(settings["words"]("message_waits", n=news), key="news"):
        st.switch_page("messages.py")
    if not agreed(settings):
        st.stop()
    if lane_chosen(settings) and lane.ready(db, who, study):
        fast()
    else:
        announce()
        body = st.container(key="desk")
        with st.container(key="action-bar", horizontal=True):
            tools(settings)
            reading(settings["words"])
            slot = st.container(key="action-send", horizontal=True, width="content")
        with body:
            work(slot)
