"""Juries on the page: every one that could be formed, from stored votes."""

import streamlit as st

from core.charts.juries import by_size
from core.services import ballots, juries
from core.services.access import Identity
from core.services.findings import NoAnswer
from core.services.juries import Juries
from core.services.studies import Study
from pages.widgets import figures, look
from pages.widgets.database import db
from pages.widgets.words import plain

POOLS = {"majority": "Most frequent answer", "median": "Median", "mean": "Mean"}
REFERENCES = {"majority": "Majority of people", "gold": "Known answers"}


def jury_board(who: Identity, study: Study, question: str) -> None:
    """Choose jurors, see every jury of them; nothing is asked of a model."""
    if who.may("run"):
        outdated(who, study)
    able = juries.candidates(db(), who, study.key, question)
    if len(able) < 2:
        look.empty_state(
            "A jury needs two raters",
            "Let at least two models or rules judge this question on the Model runs page: then "
            "every jury of them is measured here, from the votes that are stored.",
            key="juries-none",
        )  # fmt: skip
        return
    scope = f"{study.key}-{question}"
    left, middle, right = st.columns([2, 1, 1])
    members = left.multiselect(
        "Jurors", able, default=able[: juries.WANTED], key=f"jurors-{scope}", max_selections=10
    )
    pool = middle.selectbox(
        "Put together by", list(POOLS), key=f"pool-{scope}", format_func=POOLS.get
    )
    against = right.selectbox(
        "Held against", [None, *REFERENCES], key=f"against-{scope}",
        format_func=lambda r: REFERENCES.get(r, "People, else known answers"),
    )  # fmt: skip
    if len(members) < 2:
        look.caption("Choose at least two.")
        return
    try:
        found = juries.juries(
            db(), who, study.key, question, members=members, reference=against, pool=pool
        )
    except NoAnswer as reason:
        st.info(plain(str(reason)))
        return
    _shown(found)


def outdated(who: Identity, study: Study) -> None:
    """Say which panels of the study decided on votes that have changed since."""
    for name, count in ballots.outdated(db(), who, study.key).items():
        which = "decision is" if count == 1 else "decisions are"
        st.warning(plain(
            f"{name}: {count:,} {which} older than the votes, which were revised, added or "
            "withdrawn since. Run it again on the Model runs page: it decides anew there, and "
            "leaves all others alone."
        ))  # fmt: skip


def _shown(found: Juries) -> None:
    for names in found.relatives:
        who = f"{', '.join(names[:-1])} and {names[-1]}"
        st.warning(
            plain(f"{who} are models of one family: they share mistakes, and a ")
            + "jury of relatives is less than it seems."
        )
    if found.estimate.value is None:
        st.info(plain(found.estimate.note))
        return
    _tiles(found)
    alone = {m: e.value for m, e in found.alone.items() if e.value is not None}
    best = found.estimate.detail["best"].members
    chart = by_size(found.found, found.names, alone, best, f"juries-{found.question}")
    figures.chart(chart, "chart-juries")
    figures.table([_line(row) for row in juries.rows(found)], "juries-table", "Every jury")
    look.caption(
        "A juror who judged in both orders has one vote: what both say, a tie where they differ. "
        "Each number is given under both rules: a tie of votes left without an answer, and counted "
        "as a tie. A jury counts only where all its members have voted."
    )
    figures.download(juries.rows(found), f"{found.study}-{found.question}-juries", "csv-juries")


def _tiles(found: Juries) -> None:
    best = found.estimate.detail["best"]
    held = found.estimate.detail["held_out"]
    other = "undefined" if not held else " and ".join(f"{value:.3f}" for value in held)
    tops = [(e.value, found.names[m]) for m, e in found.alone.items() if e.value is not None]
    tiles = [
        {"label": "Best jury", "value": f"{best.missing.value:.3f}", "n": best.missing.n,
         "coverage": best.missing.coverage, "note": plain(found.said(best))},
        {"label": "The best of one half, on the other half", "value": other,
         "note": "chosen without the units that it is measured on"},
    ]  # fmt: skip
    if tops:
        value, name = max(tops)
        tiles.append({"label": "Best single rater", "value": f"{value:.3f}", "note": plain(name)})
    look.stats(tiles, key="juries")
    st.warning(f"This is {plain(found.estimate.note)}.", icon=":material/info:")


def _line(row: dict) -> dict[str, str]:  # type: ignore[type-arg]
    line = {
        "Jury": row["jury"], "Jurors": str(row["jurors"]),
        "Kappa, ties missing": _number(row["kappa_ties_missing"]),
        "Interval": f"{_number(row['low'])} to {_number(row['high'])}",
        "Agreement": _number(row["agreement_ties_missing"]), "n": f"{row['n_ties_missing']:,}",
    }  # fmt: skip
    if "kappa_ties_as_tie" in row:
        line |= {"Kappa, ties as tie": _number(row["kappa_ties_as_tie"]),
                 "n, ties as tie": f"{row['n_ties_as_tie']:,}"}  # fmt: skip
    return line | {"Ties": f"{row['ties']:,} of {row['voted']:,}"}


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
