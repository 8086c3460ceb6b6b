"""Before and after revising, as the Agreement page shows it."""

import streamlit as st

from core.services import revisions
from core.services.access import Identity
from core.services.revisions import RevisionRow
from core.services.store import Database
from core.services.studies import Study
from core.statistics.base import Estimate
from pages.widgets import figures, look
from pages.widgets.words import plain

MOVES = {
    "CC": "Correct, stays correct", "CI": "Correct, then not", "IC": "Not correct, then correct",
    "II": "Stays not correct",
}  # fmt: skip


def revisions_board(db: Database, who: Identity, study: Study, question: str) -> None:
    """Transitions of each rater; nothing where no unit goes back to another."""
    if not revisions.exist(db, study):
        return
    st.markdown("## Before and after revising", anchors=False)
    labels = revisions.before_after(db, who, study.key, question).labels
    usual = revisions.usual(labels)
    picked = st.multiselect(
        "Counts as correct", list(labels), usual, key=f"revisions-correct-{study.key}-{question}",
        format_func=plain, width=420,
    )  # fmt: skip
    found = revisions.before_after(db, who, study.key, question, correct=picked)
    look.caption(
        f"{found.linked:,} units show alone what goes back to an output that another unit shows "
        "alone. Each line is one rater's answers about both; what was judged on one side only is "
        "left out, and coverage shows it. Kept is of the correct ones, mended of the others."
    )
    if not found.rows:
        look.caption("Nobody has judged any of them yet.")
        return
    tiles(found.rows[0])
    figures.table([cells(row) for row in found.rows], "revisions-table", "Moves by rater")
    figures.download(revisions.flat(found), f"{study.key}-{question}-revisions", "csv-revisions")


def tiles(row: RevisionRow) -> None:
    """The moves by the first rater there is: known answers, else people, else a single rater."""
    look.caption(plain(f"By {row.name}:"))
    with st.container(key="tiles-revisions"):
        for move, title in MOVES.items():
            look.estimate(title, row.moves.ratios[move], key=f"move-{move}")
        look.estimate("Change in the share correct", row.moves.change, key="move-change")


def cells(row: RevisionRow) -> dict[str, str]:
    """One line of the table."""
    moves = row.moves
    counts = {
        title: f"{moves.counts[move]:,} ({share(moves.ratios[move])})"
        for move, title in MOVES.items()
    }
    return {
        "By": row.name, "Pairs": f"{moves.change.n:,}", **counts,
        "Change": share(moves.change), "Kept": share(moves.kept), "Mended": share(moves.mended),
    }  # fmt: skip


def share(estimate: Estimate) -> str:
    """A share in words; a dash where it is undefined."""
    return "–" if estimate.value is None else look.number(estimate.value)
