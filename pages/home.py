"""Home: what there is to do and to see."""

import streamlit as st

from pages.widgets import identity, look, workspace

who = identity.who()
study = workspace.study_picker(who)
look.header("Home", study, who)
if study is None:
    look.empty_state("No study yet", "Create one, or bring data in.")
else:
    st.markdown(look.plain(study.protocol.description), anchors=False)
    if st.button("Start", type="primary", shortcut="s"):
        st.switch_page("pages/annotate.py")
