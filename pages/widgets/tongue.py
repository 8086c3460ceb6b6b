"""In which language the pages speak, from their frame on: sidebar, titles, whatever is said.

The frame finds it out at the start of each run and keeps it for everything that is drawn after.
"""

import streamlit as st

from core.services import studies
from core.services.access import Denied
from core.services.store import Behind, Unavailable
from pages.widgets import desk, identity, workspace
from pages.widgets.speech import keep, speaking
from pages.widgets.texts import Words


def settle() -> Words:
    """The words of whoever is here: their own language, else the study's, else the browser's.

    Where the database cannot be used the last ones stay, and the page says what is wrong.
    """
    person = identity.known()
    try:
        key = workspace.in_hand(person or identity.NOBODY)
        if key is None:
            keep(st.context.locale or "en")
        elif person is None:
            keep(studies.load(workspace.db(), key).protocol.language)
        else:
            study = studies.load(workspace.db(), key)
            keep(desk.prepare(workspace.db(), person, study)["words"].code)
    except (Unavailable, Behind, Denied, studies.NoStudy):
        return speaking()
    return speaking()
