"""The joint counts of two raters, as the Agreement page shows them."""

import streamlit as st

from core.charts.matrix import confusion_matrix
from core.services import analysis
from core.services import result_rows as rows
from core.services.access import Identity
from core.services.findings import Agreement
from core.services.store import Database
from pages.widgets import address, figures, look
from pages.widgets.words import plain


def confusion_board(db: Database, who: Identity, found: Agreement) -> None:
    """Which answers are mistaken for which."""
    st.markdown("## Who says what where", anchors=False)
    names = [r.name for r in found.raters]
    alone = len(names) < 2
    people = not alone and any(r.kind == "person" and not r.simulated for r in found.raters)
    gold = any(r.statistics["gold_accuracy"].defined for r in found.raters)
    firsts = [*analysis.references(gold, people), *names]
    if alone and not gold:
        look.caption("One more rater is needed: two are held against each other here.")
        return
    with st.container(horizontal=True, key="confusion-choice"):
        first = address.select("Rows", "rows", {n: n for n in firsts}, found.study)
        rest = {n: n for n in names if n != first}
        second = address.select(
            "Columns", "columns", rest, found.study, first=max(0, len(rest) - 1)
        )
    if first is None or second is None:
        look.caption("Choose two who are held against each other.")
        return
    counts = analysis.confusion(db, who, found.study, found.question, first, second, found.where)
    if not counts.n:
        others = " For a person it is the majority of the others." * (first == analysis.MAJORITY)
        look.caption(plain(f"No unit has an answer of both {first} and {second}.{others}"))
        return
    picture = confusion_matrix(
        counts.counts, counts.labels, first, second, f"confusion-{first}-{second}"
    )
    figures.chart(picture, "chart-confusion")
    figures.download(rows.confusion_rows(counts), f"{found.study}-confusion", "csv-confusion")
