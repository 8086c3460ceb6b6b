"""The frame around every page: page setup and navigation."""

from pathlib import Path

import streamlit as st

from core.garbage import keep_loaded
from pages.widgets import look

HERE = Path(__file__).parent
PAGES = (
    ("home", "Home", "home"),
    ("annotate", "Annotate", "edit_note"),
    ("work", "My work", "history"),
    ("messages", "Messages", "forum"),
    ("agreement", "Agreement", "query_stats"),
    ("review", "Review", "rule"),
    ("people", "People", "group"),
    ("outcomes", "Outcomes", "monitoring"),
    ("ask", "Ask", "search_insights"),
    ("runs", "Model runs", "smart_toy"),
    ("judges", "Judges", "gavel"),
    ("data", "Data", "database"),
    ("studies", "Studies", "folder_open"),
)

look.page()
found = [
    st.Page(HERE / f"{name}.py", title=title, icon=f":material/{icon}:", default=name == "home")
    for name, title, icon in PAGES
    if (HERE / f"{name}.py").is_file()
]
try:
    st.navigation(found).run()
finally:
    keep_loaded()
