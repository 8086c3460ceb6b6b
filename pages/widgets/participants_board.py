"""What people said of themselves, as the Agreement page shows it."""

import streamlit as st

from core.services import effects, participants
from core.services.access import Identity
from core.services.store import Database
from core.services.studies import Study
from pages.widgets import effects_board, figures, look
from pages.widgets.words import plain


def participants_board(db: Database, who: Identity, study: Study, question: str) -> None:
    """How often each answer was given to a question about the person, and by arm."""
    found = participants.answers(db, who, study.key, question)
    st.markdown(f"## {plain(found.title)}", anchors=False)
    look.caption(
        "Asked once of each person, about themselves: there is nothing to agree on. Intervals are "
        "over people."
    )
    if found.mean is not None:
        look.estimate("Mean", found.mean, key=f"mean-{question}")
    rows = [
        {"Answer": label, "People": figures.cell(estimate, percent=True).removesuffix(" (–)")}
        for label, estimate in found.shares.items()
    ]
    figures.table(rows, "participants-table", "How often each answer was given")
    plan = study.protocol.experiment
    if plan.arms and plan.design == "between" and "." not in question:
        by_arm = effects.of_arms(db, who, study.key, question)
        st.markdown("## By arm", anchors=False)
        lines = [
            {"Arm": row.arm, "People": f"{row.people:,}", "Said": effects_board.told(row)}
            for row in by_arm
        ]
        figures.table(lines, "participants-arms", "Answers by arm")
