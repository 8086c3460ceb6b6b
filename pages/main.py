"""The frame around every page: page setup, language and navigation."""

from pathlib import Path

import streamlit as st

from core.garbage import keep_loaded
from pages.widgets import look, tongue

HERE = Path(__file__).parent
PAGES = {
    "home": "home", "annotate": "edit_note", "work": "history", "messages": "forum",
    "agreement": "query_stats", "review": "rule", "people": "group", "outcomes": "monitoring",
    "ask": "search_insights", "runs": "smart_toy", "judges": "gavel", "data": "database",
    "studies": "folder_open",
}  # fmt: skip
WHOLE = frozenset({"home", "annotate", "work", "messages"})  # all their words are in the catalogue

look.page()
try:
    said = tongue.settle()
    found = {
        name: st.Page(
            HERE / f"{name}.py", title=said(f"page_{name}"), icon=f":material/{icon}:",
            default=name == "home",
        )
        for name, icon in PAGES.items()
        if (HERE / f"{name}.py").is_file()
    }  # fmt: skip
    chosen = st.navigation(list(found.values()), expanded=True)
    look.direction(said.code, whole=any(found[name] is chosen for name in WHOLE))
    chosen.run()
finally:
    keep_loaded()
