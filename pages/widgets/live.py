"""Pages that follow the log: they poll one number, the study's revision, and nothing else."""

import streamlit as st

from core.services import studies
from pages.widgets.database import db


def revision(study_key: str) -> int:
    """The number of rows in the study's log now."""
    return studies.load(db(), study_key).revision


@st.fragment(run_every=1.0)
def follow(study_key: str, drawn: int) -> None:
    """Run the whole page again within a second of a new answer; draws nothing.

    Call it once on a page that shows results; `drawn` is the revision of what the page shows.
    Between two changes a tick costs one short query.
    """
    if revision(study_key) != drawn:
        st.rerun()
