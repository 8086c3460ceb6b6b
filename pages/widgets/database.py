"""The one open database of this process."""

import streamlit as st

from core.services.store import Database, open_store
from core.settings import settings


@st.cache_resource(show_spinner="Opening the database")
def opened(url: str) -> Database:
    """The database at that address, its tables up to date."""
    return open_store(url)


def db() -> Database:
    """The database of this installation."""
    return opened(settings().database_url)
