"""Agreement at a glance, for the first screen."""

import streamlit as st

from core.services import analysis
from core.services.access import Identity
from core.services.findings import Agreement
from core.services.store import Database
from core.services.studies import Study
from core.statistics.base import Estimate
from pages.widgets import look

SHOWN = 5
GROUPS = {"people": "people", "models": "models and rules", "all": "all raters"}


def agreement(db: Database, who: Identity, study: Study) -> None:
    """Krippendorff's alpha of the first questions, as fresh as the log."""
    with st.container(key="glimpse", border=True):
        st.markdown("#### Do raters agree?", anchors=False)
        asked = [q.name for q in analysis.coded(study)[:SHOWN]]
        found = [analysis.agreement(db, who, study.key, name) for name in asked]
        if not found:
            look.caption("This study asks for free text only, which has no agreement statistic.")
            return
        if not any(best(one)[1].defined for one in found):
            look.caption("Not known yet: agreement needs a unit that two raters have judged.")
            return
        for one in found:
            _row(one)
        said = "Krippendorff's alpha: 1 is perfect agreement, 0 is what chance alone would give."
        if any(rater.simulated for one in found for rater in one.raters):
            said += " Simulated raters are programs; they are never counted as people."
        look.caption(said)
        if st.button("See agreement", key="to-agreement", shortcut="a"):
            look.go("agreement")


def _row(found: Agreement) -> None:
    group, estimate = best(found)
    look.estimate(f"{found.title} ({GROUPS[group]})", estimate, key=f"glimpse-{found.question}")


def best(found: Agreement) -> tuple[str, Estimate]:
    """The most telling group that has a number: people, else models, else everybody."""
    groups = {name: found.groups[name]["alpha"] for name in GROUPS}
    name = next((n for n, e in groups.items() if e.defined), "all")
    return name, groups[name]
