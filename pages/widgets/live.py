"""Pages that follow the log: they poll one number, the study's revision, and nothing else."""

import streamlit as st

from core.services import studies
from pages.widgets.database import db


def revision(study_key: str) -> int:
    """The number of rows in the study's log now."""
    return studies.load(db(), study_key).revision


def moved(study_key: str, place: str = "page") -> bool:
    """Whether the study's revision is another than at the last call from this place.

    False at the first call. `place` names the caller, so that two parts of a page can both hear.
    """
    slot = f"concord_seen_{place}_{study_key}"
    now, before = revision(study_key), st.session_state.get(slot)
    st.session_state[slot] = now
    return before is not None and before != now


@st.fragment(run_every=1.0)
def follow(study_key: str, place: str = "page") -> None:
    """Run the whole page again within a second of a new answer; draws nothing.

    Call it once on a page that shows results. Between two changes a tick costs one short query.
    """
    if moved(study_key, place):
        st.rerun()
