"""Results weighted by how units were chosen, as the Agreement page shows them."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.services import weighting
from core.services.access import Identity
from core.services.store import Database
from core.services.weighting import Weighted, WeightedRow
from core.statistics.base import Estimate
from pages.widgets import figures, look
from pages.widgets.words import plain


def weights_board(
    db: Database, who: Identity, study: str, question: str, where: Mapping[str, Sequence[str]]
) -> None:
    """The numbers without and with weights; nothing where all units were equally likely."""
    found = weighting.weights(db, who, study, question, where=where)
    if found is None:
        return
    with st.expander("Weighted by how units were chosen", key="agreement-weights"):
        look.caption(plain(said(found)))
        lines = [cells(row) for row in found.rows]
        figures.table(lines, "weights-table", "Plain and weighted numbers")
        figures.download(weighting.flat(found), f"{study}-{question}-weighted", "csv-weights")


def said(found: Weighted) -> str:
    """What the weights are for, and what they rest on."""
    text = (
        "People were given some units more often than others, so plain numbers lean to those. Here "
        "each answer weighs 1 / its probability, which speaks for all units of the study; the "
        "interval is about which of them were chosen. "
        f"{found.drawn:,} units were drawn with a known probability"
    )
    left = "; ".join(f"{n:,} answers {why}" for why, n in found.unknown.items())
    return (
        f"{text}. Not weighted, as their probability is not known: {left}."
        if left
        else (f"{text}.")
    )


def cells(row: WeightedRow) -> dict[str, str]:
    """One line of the table."""
    detail = row.hajek.detail
    return {
        "": f"{row.what}: {row.of}" if row.of else row.what,
        "Plain": number(row.plain),
        "Weighted (Hajek)": number(row.hajek),
        "Horvitz-Thompson": number(row.ht),
        "n": f"{row.hajek.n:,}",
        "Effective n": f"{detail['effective_n']:.0f}" if detail else "–",
        "Largest weight": f"{detail['max_weight']:.1f}" if detail else "–",
        "Note": row.hajek.note,
    }


def number(estimate: Estimate) -> str:
    """A value with its interval, or why there is none."""
    if estimate.value is None:
        return estimate.note
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"
