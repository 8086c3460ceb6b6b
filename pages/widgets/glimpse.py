"""Agreement at a glance, for the first screen."""

import streamlit as st

from core.services import analysis
from core.services.access import Identity
from core.services.findings import Agreement
from core.services.store import Database
from core.services.studies import Study
from core.statistics.base import Estimate
from pages.widgets import look
from pages.widgets.speech import speaking

SHOWN = 5
GROUPS = ("people", "models", "all")


def agreement(db: Database, who: Identity, study: Study) -> None:
    """Krippendorff's alpha of the first questions, as fresh as the log."""
    words = speaking()
    with st.container(key="glimpse", border=True):
        st.markdown(f"#### {words('do_raters_agree')}", anchors=False)
        asked = [q.name for q in analysis.coded(study)[:SHOWN]]
        found = [analysis.agreement(db, who, study.key, name) for name in asked]
        if not found:
            look.caption(words("no_statistic"))
            return
        if not any(best(one)[1].defined for one in found):
            look.caption(words("not_known_yet"))
            return
        for one in found:
            _row(one)
        said = words("alpha_means")
        if any(rater.simulated for one in found for rater in one.raters):
            said += f" {words('simulated_means')}"
        look.caption(said)
        if st.button(words("see_agreement"), key="to-agreement", shortcut="a"):
            look.go("agreement")


def _row(found: Agreement) -> None:
    group, estimate = best(found)
    of = speaking()(f"group_{group}")
    look.estimate(f"{found.title} ({of})", estimate, key=f"glimpse-{found.question}")


def best(found: Agreement) -> tuple[str, Estimate]:
    """The most telling group that has a number: people, else models, else everybody."""
    groups = {name: found.groups[name]["alpha"] for name in GROUPS}
    name = next((n for n, e in groups.items() if e.defined), "all")
    return name, groups[name]
