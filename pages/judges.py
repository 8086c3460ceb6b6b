"""Judges: what juries of them would have said, and aligning one with what people decided."""

import streamlit as st

from core.services import analysis
from core.services.studies import Study
from pages.widgets import identity, look, workspace
from pages.widgets.align_desk import align
from pages.widgets.checklist_board import checklist_board
from pages.widgets.jury_board import jury_board
from pages.widgets.speech import speaking

who = identity.who()
study = workspace.study_picker(who)
said = speaking()


def page(study: Study) -> None:
    """One question at a time: its juries, and its judges beside people."""
    asked = {q.name: q.title for q in analysis.coded(study)}
    if not asked:
        look.empty_state(said("nothing_to_compare"), said("free_text_only"), key="judges")
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
                said("for_researchers"), said("for_researchers_more"), key="align-role"
            )


look.header(said("page_judges"), study, who)
if study is None:
    look.no_study()
elif not who.may("see_results"):
    look.empty_state(said("for_researchers"), said("for_researchers_more"))
else:
    page(study)
