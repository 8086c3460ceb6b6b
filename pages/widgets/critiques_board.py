"""How revisions went by what people held of their critique, as the Outcomes page shows it."""

import streamlit as st

from core.charts.forest import Line, forest
from core.services import critique_effects
from core.services.access import Identity
from core.services.critique_effects import Followed
from core.services.store import Database
from core.statistics.base import Estimate
from pages.widgets import address, figures, look

MOVES = {"CC": "Stays correct", "CI": "Correct, then not", "IC": "Not correct, then correct",
         "II": "Stays not correct"}  # fmt: skip


def critiques_board(db: Database, who: Identity, study: str) -> bool:
    """The moves by the label of the critique; False where there are none to show."""
    found = critique_effects.followed(db, who, study)
    if not found:
        return False
    st.markdown("## What critiques did to the revision", anchors=False)
    look.caption(
        "Each revision by what the majority of people held of its critique. Where every claim is "
        "judged, a revision counts once under each label that a claim of its critique has, so "
        "these lines overlap. n counts revisions judged before and after; intervals are 95 %."
    )
    names = {f"{one.question}/{one.critique}": f"{one.question}, by {one.critique}"
             for one in found}  # fmt: skip
    picked = address.select("Question, and how critiques were judged", "critiques", names, study)
    own = [one for one in found if f"{one.question}/{one.critique}" == picked]
    lines = [Line(f"{one.label} ({one.by})", one.kind, one.moves.mended) for one in own]
    mended = forest(lines, "Mended: not correct, then correct", key="critiques", agreement=False)
    figures.chart(mended, "critiques-chart")
    figures.table([cells(one) for one in own], "critiques-table", "Moves by label and rater")
    figures.download(critique_effects.flat(own), f"{study}-critiques", "csv-critiques")
    return True


def cells(one: Followed) -> dict[str, str]:
    """One line of the table."""
    moves = one.moves
    counts = {
        title: f"{moves.counts[move]:,} of {moves.ratios[move].n:,}: {share(moves.ratios[move])}"
        for move, title in MOVES.items()
    }
    return {
        "Critique was": one.label, "By": one.by, "Revisions": f"{one.revisions:,}", **counts,
        "Mended": share(moves.mended), "Change in the share correct": share(moves.change),
    }  # fmt: skip


def share(estimate: Estimate) -> str:
    """A share with its interval, or why there is none."""
    if estimate.value is None:
        return estimate.note
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"
