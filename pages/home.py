"""Home: the study in hand, what this person has to do in it, and how far raters agree."""

import streamlit as st

from core.services import overview
from core.services.overview import Overview
from core.services.studies import Study
from pages.widgets import glimpse, identity, live, look, workspace
from pages.widgets.inert import inert
from pages.widgets.words import plain

person = identity.known()
who = person or identity.NOBODY
db = workspace.db()
study = workspace.study_picker(who)


def welcome() -> None:
    """A workspace without a study: the two ways to get one."""
    look.header("Welcome to Concord", None, person)
    st.markdown(
        "People and language models judge the same things here, and you watch how far they agree.",
        anchors=False,
    )
    if person is None:
        identity.ask()
        return
    if look.empty_state(
        "No study yet",
        "Write one from scratch, or bring data that you have: prompts, responses, and the "
        "judgments that people or models have given already.",
        button="Create a study",
        key="no-study",
    ):
        look.go("studies")
    if st.button("Bring data", key="no-study-data"):
        look.go("data")


def lead(study: Study) -> None:
    """What the study is about."""
    about = study.protocol.description or "This study has no description yet."
    with st.container(key="lead"):
        st.markdown(inert(about), anchors=False)


def your_part(study: Study, seen: Overview) -> None:
    """The person's progress and the one thing to press."""
    with st.container(key="your-part", border=True):
        st.markdown("#### Your part", anchors=False)
        mine = seen.answered + seen.left
        if mine:
            st.markdown(f"## {seen.answered} of {mine}", anchors=False)
            st.progress(seen.answered / mine)
        st.markdown(situation(study, seen), anchors=False)
        if not seen.units and st.button("Bring data", key="bring", type="primary"):
            look.go("data")
        elif seen.units and not seen.takes_answers and st.button("See its state", key="state"):
            look.go("studies")
        if seen.left:
            label = "Continue judging" if seen.answered or seen.skipped else "Start judging"
            if st.button(label, key="start", type="primary", shortcut="s"):
                look.go("annotate")
        asked(study)


def situation(study: Study, seen: Overview) -> str:
    """Where the person stands, in a sentence or two."""
    if not seen.units:
        return "There is nothing to judge yet: bring data in first."
    if not seen.takes_answers:
        return f"This study is {study.state} and takes no answers now; open it on the Studies page."
    if not seen.left:
        return "Nothing is left for you. Thank you."
    parts = [f"{seen.answered} saved"] if seen.answered else ["Nothing saved yet"]
    if seen.skipped:
        parts.append(f"{seen.skipped} skipped")
    parts.append(f"{seen.left} left for you")
    return ", ".join(parts) + "."


def numbers(seen: Overview) -> None:
    """The study in four numbers."""
    people, others = seen.raters.get("person", 0), sum(seen.raters.values())
    look.stats(
        [
            {"label": "Items", "value": f"{seen.items:,}"},
            {"label": "Units to judge", "value": f"{seen.units:,}",
             "note": f"{seen.closed:,} have all the answers asked for"},
            {"label": "Raters", "value": f"{others:,}",
             "note": f"{people:,} {'person' if people == 1 else 'people'}, "
             f"{others - people:,} models and rules"},
            {"label": "Entries in the log", "value": f"{seen.judgments:,}",
             "note": "answers and corrections; none is ever overwritten"},
        ],
        key="study-numbers",
    )  # fmt: skip


def asked(study: Study) -> None:
    """The questions, as a person will meet them."""
    with st.container(key="asked"):
        look.caption("What is asked")
        lines = [
            f"{place}. {plain(q.title)}" + ("" if q.required else " *(optional)*")
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
