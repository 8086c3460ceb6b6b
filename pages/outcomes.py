"""Outcomes: what workers made, measured, with intervals."""

import streamlit as st

from core.charts.forest import Line, forest
from core.services.measures import Measure, measures
from pages.widgets import address, figures, identity, look, workspace
from pages.widgets.critiques_board import critiques_board
from pages.widgets.speech import speaking

who = identity.who()
study = workspace.study_picker(who)
said = speaking()
db = workspace.db()


def board(found: list[Measure]) -> None:
    """One measure as a chart, and all of them as a table."""
    names = {name: name for name in dict.fromkeys(one.name for one in found)}
    chosen = address.select("Measure", "measure", names, "outcomes", width=320)
    lines = [
        Line(f"{one.worker} / {one.maker or one.role}", "models", one.estimate)
        for one in found
        if one.name == chosen
    ]
    figures.chart(forest(lines, chosen, key="outcomes", agreement=False), "outcomes-chart")
    rows = [one.row() for one in found]
    figures.table(rows, "outcomes-table", "Every measure with interval, n and coverage")
    figures.download(rows, "outcomes", "outcomes-download")


look.header(said("page_outcomes"), study, who)
if study is None:
    look.no_study()
elif not who.may("see_results"):
    st.info(said("outcomes_are_for"))
else:
    st.caption(
        "The facts beside the outputs that workers made, as means over items: samples of one item "
        "count together. Results of tests give pass@k, trajectories the success after k turns."
    )
    if study.protocol.reveal.mode != "never" or study.protocol.experiment.arms:
        look.caption("What the verdict and the arms did to people's answers is on Agreement.")
        if st.button("See what they did", key="outcomes-effects", type="tertiary",
                     icon=":material/arrow_forward:"):  # fmt: skip
            st.switch_page("agreement.py")
    made = measures(db, who, study.key)
    if made:
        board(made)
    followed = critiques_board(db, who, study.key)
    if not made and not followed:
        look.empty_state(
            "Nothing measured yet",
            "Workers such as execute, act, match or probe leave facts beside what they write.",
            key="outcomes-empty",
        )  # fmt: skip
