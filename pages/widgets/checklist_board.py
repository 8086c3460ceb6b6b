"""Checklists on the page: how far they are met, and what fails most."""

import streamlit as st

from core.services import checklist_scores
from core.services.access import Identity
from core.services.studies import Study
from pages.widgets import figures, look
from pages.widgets.database import db
from pages.widgets.words import plain


def checklist_board(who: Identity, study: Study) -> None:
    """Each rater that answers checklists, over every question of the study."""
    found = checklist_scores.scores(db(), who, study.key)
    if not found:
        look.empty_state(
            "No checklist has been answered",
            "Add a worker of the kind `checklist_judge` to the study and run it: then the share of "
            "items that responses meet shows here.", key="checklists-none",
        )  # fmt: skip
    for place, one in enumerate(found):
        st.markdown(f"#### {plain(one.rater)}", anchors=False)
        with st.container(key=f"tiles-checklist-{place}"):
            look.estimate("Items met", one.items, key=f"items-{place}")
            look.estimate("Responses that meet all", one.whole, key=f"whole-{place}")
        rate = one.items.detail.get("mean_pass_rate")
        if rate is not None:
            look.caption(f"{one.items.detail['met']:,} of {one.items.detail['items']:,} items; the "
                         f"mean of the responses' pass rates is {rate:.1%}.")  # fmt: skip
        if one.failed:
            rows = [{"Item": text, "Failed": str(n)} for text, n in one.failed]
            figures.table(rows, f"failed-{place}", "Items that fail most")
