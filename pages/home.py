"""Home: the study in hand, what this person has to do in it, and how far raters agree."""

import streamlit as st

from core.services import overview
from core.services.overview import Overview
from core.services.studies import Study
from pages.widgets import glimpse, identity, live, look, workspace
from pages.widgets.inert import inert
from pages.widgets.speech import speaking
from pages.widgets.words import plain

person = identity.known()
who = person or identity.NOBODY
db = workspace.db()
study = workspace.study_picker(who)
said = speaking()


def welcome() -> None:
    """A workspace without a study: the two ways to get one."""
    look.header(said("welcome_title"), None, person)
    st.markdown(said("welcome"), anchors=False)
    if person is None:
        identity.ask()
        return
    if look.empty_state(
        said("no_study"), said("no_study_home"), button=said("create_study"), key="no-study"
    ):
        look.go("studies")
    if st.button(said("bring_data"), key="no-study-data"):
        look.go("data")


def lead(study: Study) -> None:
    """What the study is about."""
    about = study.protocol.description or said("no_description")
    with st.container(key="lead"):
        st.markdown(inert(about), anchors=False)


def your_part(study: Study, seen: Overview) -> None:
    """The person's progress and the one thing to press."""
    with st.container(key="your-part", border=True):
        st.markdown(f"#### {said('your_part')}", anchors=False)
        mine = seen.answered + seen.left
        if mine:
            count = said.told("{n} of {total}", n=seen.answered, total=mine)
            st.markdown(f"## {count}", anchors=False)
            st.progress(seen.answered / mine)
        st.markdown(situation(study, seen), anchors=False)
        if not seen.units and st.button(said("bring_data"), key="bring", type="primary"):
            look.go("data")
        elif seen.units and not seen.takes_answers and st.button(said("see_state"), key="state"):
            look.go("studies")
        if seen.left:
            begun = seen.answered or seen.skipped
            label = said("go_on_judging" if begun else "start_judging")
            if st.button(label, key="start", type="primary", shortcut="s"):
                look.go("annotate")
        asked(study)


def situation(study: Study, seen: Overview) -> str:
    """Where the person stands, in a sentence or two."""
    if not seen.units:
        return said("nothing_to_judge")
    if not seen.takes_answers:
        return said("takes_none_now", state=said.told(study.state))
    if not seen.left:
        return said("nothing_left")
    parts = [said("n_saved", n=seen.answered) if seen.answered else said("nothing_saved")]
    if seen.skipped:
        parts.append(said("n_skipped", n=seen.skipped))
    parts.append(said("n_left", n=seen.left))
    return said("comma").join(parts) + "."


def numbers(seen: Overview) -> None:
    """The study in four numbers."""
    people, others = seen.raters.get("person", 0), sum(seen.raters.values())
    look.stats(
        [
            {"label": said("items"), "value": f"{seen.items:,}"},
            {"label": said("units_to_judge"), "value": f"{seen.units:,}",
             "note": said("units_closed", n=f"{seen.closed:,}")},
            {"label": said("raters"), "value": f"{others:,}",
             "note": said("raters_note", people=f"{people:,}", others=f"{others - people:,}")},
            {"label": said("log_entries"), "value": f"{seen.judgments:,}",
             "note": said("log_note")},
        ],
        key="study-numbers",
    )  # fmt: skip


def asked(study: Study) -> None:
    """The questions, as a person will meet them."""
    with st.container(key="asked"):
        look.caption(said("what_is_asked"))
        lines = [
            f"{place}. {plain(q.title)}" + ("" if q.required else f" *{said('optional')}*")
            for place, q in enumerate(study.protocol.questions, 1)
        ]
        st.markdown("\n".join(lines), anchors=False)


if study is None:
    welcome()
else:
    seen = overview.overview(db, who, study.key)
    look.header(study.title, study, person)
    lead(study)
    with st.container(key="home-grid"):
        if person is None:
            identity.ask()
        else:
            your_part(study, seen)
        glimpse.agreement(db, who, study)
    numbers(seen)
    live.follow(study.key, seen.judgments)
