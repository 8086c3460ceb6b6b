"""Judges: what juries of them would have said, and aligning one with what people decided."""

import streamlit as st

from core.services import analysis
from core.services.studies import Study
from pages.widgets import identity, look, workspace
from pages.widgets.align_desk import align
from pages.widgets.checklist_board import checklist_board
from pages.widgets.jury_board import jury_board

who = identity.who()
study = workspace.study_picker(who)


def page(study: Study) -> None:
    """One question at a time: its juries, and its judges beside people."""
    asked = {q.name: q.title for q in analysis.coded(study)}
    if not asked:
        look.empty_state("Nothing to compare", "This study asks for free text only.", key="judges")
        return
    question = st.selectbox("Question", list(asked), key="judges-question", format_func=asked.get)
    juries, aligned, checked = st.tabs(["Juries", "Align a judge", "Checklists"])
    with juries:
        jury_board(who, study, question)
    with checked:
        checklist_board(who, study)
    with aligned:
        if who.may("review") and who.may("run"):
            align(who, study, question)
        else:
            look.empty_state(
                "For researchers", "Ask the owner of the study for the role researcher.",
                key="align-role",
            )  # fmt: skip


look.header("Judges", study, who)
if study is None:
    look.empty_state("No study yet", "Create one on the Studies page, or bring data in.")
elif not who.may("see_results"):
    look.empty_state("For researchers", "Ask the owner of the study for the role researcher.")
else:
    page(study)
