"""Agreement: how far people and models agree, live, with intervals, n and coverage."""

from typing import Any

import streamlit as st

from core.charts.forest import Line, forest
from core.charts.matrix import kappa_matrix
from core.charts.raters import rater_bars
from core.charts.style import MOST
from core.charts.words import agree_words
from core.services import analysis, participants, whole_answers
from core.services import result_rows as rows
from core.services.findings import PAIR_GROUPS, Agreement, Pair
from core.services.studies import Study
from core.statistics.base import Estimate
from pages.widgets import address, figures, identity, live, look, workspace
from pages.widgets.confusion_board import confusion_board
from pages.widgets.effects_board import effects_board
from pages.widgets.participants_board import participants_board
from pages.widgets.revisions_board import revisions_board
from pages.widgets.speech import speaking
from pages.widgets.values_board import values_board
from pages.widgets.weights_board import weights_board
from pages.widgets.whole_board import whole_board
from pages.widgets.words import plain

KINDS = {
    "human-human": "People with people",
    "human-model": "People with models",
    "model-model": "Models with models",
}
KAPPAS = ("gold_kappa", "order_kappa", "order_preference")
MEASURE_HELP = (
    "Percent agreement is always shown beside it. Weighted kappas count near misses as partial "
    "agreement and need an ordered scale."
)
INTERVAL_HELP = "By formula (delta method over units), or by drawing the units anew 1,000 times."
INTERVALS = {"analytic": "Formula", "bootstrap": "Resampled units"}

who = identity.who()
study = workspace.study_picker(who)
said = speaking()
db = workspace.db()


def chosen(study: Study) -> dict[str, Any]:
    """The filters: each is kept in the address, so that a link shows the same."""
    titles = [q.title for q in analysis.coded(study)]
    asked = {q.name: q.title if titles.count(q.title) == 1 else f"{q.title} ({q.name})"
             for q in analysis.coded(study)}  # fmt: skip
    with st.container(key="agreement-filters", horizontal=True, vertical_alignment="bottom"):
        question = address.select("Question", "question", asked, study.key, width=340)
        measures = analysis.measures(db, study.key, question or "")
        measure = address.select(
            "Measure of pairs", "measure", measures, f"{study.key}-{question}",
            width=280, help=MEASURE_HELP,
        )  # fmt: skip
        interval = address.select(
            "Intervals of alpha", "interval", INTERVALS, study.key, width=190, help=INTERVAL_HELP
        )
    return {
        "question": question, "measure": measure, "bootstrap": interval == "bootstrap",
        "where": slices(study),
    }  # fmt: skip


def slices(study: Study) -> dict[str, list[str]]:
    """The facts to filter by; empty means all units."""
    facts = analysis.facts(db, who, study.key)
    if not facts:
        return {}
    narrowed = any(st.query_params.get(f"fact_{name}") for name in facts)
    with st.expander("Only some items", key="agreement-slices", expanded=narrowed):
        found = {
            name: address.several(
                st.multiselect, plain(name), f"fact_{name}", {v: v for v in values},
                study.key, placeholder="all",
            )
            for name, values in facts.items()
        }  # fmt: skip
    return {name: values for name, values in found.items() if values}


def summary(found: Agreement) -> None:
    """Alpha of each group as tiles, and what people do in plain words."""
    with st.container(key="tiles-agreement"):
        for group, title in figures.GROUPS.items():
            for name, estimate in found.groups[group].items():
                look.estimate(
                    f"{rows.title(name)}: {title.lower()}", estimate, key=f"{name}-{group}"
                )
    human = found.among("human-human")
    if len(human) == 1:
        look.caption(plain(agree_words("The two people", human[0].percent, human[0].measure)))
    elif human:
        percent, _ = found.means["human-human"]
        look.caption(plain(agree_words("Two people, on average over the pairs,", percent)))
    look.caption(
        "Alpha of several raters at once: 1 is full agreement, 0 is what chance alone would give. "
        "Models and rules are never counted as people."
    )


def pairs(found: Agreement) -> None:
    """Every two raters: the chart, the matrix and the table."""
    st.markdown("## Pairs of raters", anchors=False)
    kinds = [kind for kind in PAIR_GROUPS if found.among(kind)]
    if not kinds:
        look.caption("One more rater is needed: agreement is between two.")
        return
    picked = address.several(
        st.pills, "Pairs", "pairs", {kind: KINDS[kind] for kind in kinds}, found.study,
        selection_mode="multi", label_visibility="collapsed",
    )  # fmt: skip
    drawn = [pair for pair in found.pairs if pair.group in (picked or kinds)]
    title = rows.title(found.measure)
    lines = [Line(f"{p.first} / {p.second}", p.group, p.measure) for p in drawn]
    figures.chart(forest(lines, title, f"forest-{found.question}"), "chart-pairs")
    means(found, kinds)
    if 3 <= len(found.raters) <= MOST:
        cells = {(p.first, p.second): p.measure for p in found.pairs}
        with st.expander("As a matrix", key="agreement-matrix"):
            figures.chart(
                kappa_matrix([r.name for r in found.raters], cells, title), "chart-matrix"
            )
    figures.table([pair_cells(p, title) for p in drawn], "pairs-table", "Agreement of every pair")
    figures.download(rows.pair_rows(found), f"{found.study}-{found.question}-pairs", "csv-pairs")


def means(found: Agreement, kinds: list[Any]) -> None:
    """The means of the pairwise values, named as such."""
    said = []
    for kind in kinds:
        percent, measure = found.means[kind]
        value = "undefined" if measure.value is None else f"{measure.value:.2f}"
        many = measure.detail.get("pairs", 0)
        pairs_word = "pair" if many == 1 else "pairs"
        said.append(
            f"{KINDS[kind].lower()} {value} ({many} {pairs_word}, {share(percent)} agreement)"
        )
    look.caption(f"Mean of the pairwise values of {rows.title(found.measure)}: {'; '.join(said)}.")


def pair_cells(pair: Pair, title: str) -> dict[str, str]:
    """One line of the table of pairs."""
    return {
        "Raters": f"{pair.first} / {pair.second}",
        "Kind": KINDS[pair.group],
        "Percent agreement": cell(pair.percent, percent=True),
        title: cell(pair.measure),
        "n": f"{pair.percent.n:,}",
        "Coverage": share_of(pair.percent.coverage),
    }


def cell(estimate: Estimate, percent: bool = False) -> str:
    """An estimate as text: value and interval, or why there is none."""
    if estimate.value is None:
        return estimate.note
    scale, unit, digits = (100, " %", 2) if percent else (1, "", 4)
    text = f"{estimate.value * scale:.{digits}f}{unit}"
    if estimate.low is None or estimate.high is None:
        return f"{text} ({estimate.note})" if estimate.note else text
    short = 1 if percent else 2
    return f"{text} [{estimate.low * scale:.{short}f}, {estimate.high * scale:.{short}f}]"


def share(estimate: Estimate) -> str:
    """A share as percent text."""
    return "undefined" if estimate.value is None else f"{estimate.value:.0%}"


def share_of(value: float | None) -> str:
    """A coverage as text."""
    return "–" if value is None else f"{value:.1%}"


def raters(found: Agreement) -> None:
    """Each rater: how much it did, and how it stands against people and known answers."""
    st.markdown("## Each rater", anchors=False)
    names = [n for n in found.raters[0].statistics
             if any(r.statistics[n].defined for r in found.raters)]  # fmt: skip
    shares = {n: rows.title(n) for n in names if n not in KAPPAS}
    if shares:
        name = address.select("Statistic to draw", "drawn", shares, found.study, width=340)
        lines = [Line(r.name, "people" if r.kind == "person" else "models", r.statistics[name])
                 for r in found.raters]  # fmt: skip
        figures.chart(rater_bars(lines, shares[name], f"raters-{name}"), "chart-raters")
    table = [rater_cells(r, names) for r in found.raters]
    figures.table(table, "raters-table", "Statistics of each rater")
    look.caption(
        "Accuracy, precision, recall and F1 are against the majority of people; for a person, of "
        "the other people. A tie is no majority. A failed model reply is missing, never wrong: "
        "read each number with its n and coverage. “Of all” counts what is missing as wrong."
    )
    figures.download(rows.rater_rows(found), f"{found.study}-{found.question}-raters", "csv-raters")


def rater_cells(rater: Any, names: list[str]) -> dict[str, str]:
    """One line of the table of raters."""
    line = {
        "Rater": rater.name, "Answered": f"{rater.n:,}", "Coverage": share_of(rater.coverage),
        "Mean seconds": "–" if rater.seconds is None else f"{rater.seconds:.1f}",
    }  # fmt: skip
    for name in names:
        line[rows.title(name)] = rater_cell(rater.statistics[name], name not in KAPPAS)
    return line


def rater_cell(estimate: Estimate, percent: bool) -> str:
    """A rater's statistic with its n and coverage; a dash where it does not apply."""
    if estimate.value is None:
        return "–"
    text = (
        f"{cell(estimate, percent)}, n\u00a0=\u00a0{estimate.n:,} ({share_of(estimate.coverage)})"
    )
    whole = estimate.detail.get("of_possible")
    if whole is not None and abs(whole - estimate.value) > 5e-5:
        text += f"; {whole:.2%} of all"
    neither = estimate.detail.get("neither")
    if neither:
        text += f", {neither:,} without any answer"
    return text


def labels(found: Agreement) -> None:
    """How often each label is the majority of people."""
    estimate = found.study_wide["majority"]
    if not estimate.defined:
        return
    said = ", ".join(f"{name} {many:,}" for name, many in estimate.detail["counts"].items())
    ties = estimate.detail["ties"]
    look.caption(plain(f"Majority of people: {said}; no majority on {ties:,} of the units."))


def no_answers(found: Agreement) -> None:
    """What to do when nobody judged yet."""
    where = " that match the filter" if found.where else ""
    if look.empty_state(
        "Nobody has judged yet",
        f"None of the {found.units:,} units{where} has an answer to this question. Judge some "
        "units yourself, or run a model over them: numbers appear here within a second.",
        button="Judge units", key="agreement-empty",
    ):  # fmt: skip
        st.switch_page("annotate.py")


def page(study: Study) -> None:
    """The whole page of one study."""
    if not analysis.coded(study):
        if whole_answers.compared(study):
            whole_board(db, who, study, slices(study))
            live.follow(study.key, analysis.revision(db, study.key))
            return
        look.empty_state(
            "Nothing to compare",
            "This study asks for free text only. Add a rating, a label or a comparison to see "
            "agreement.", key="agreement-text",
        )  # fmt: skip
        return
    filters = chosen(study)
    if participants.about_people(study, filters["question"]):
        participants_board(db, who, study, filters["question"])
        live.follow(study.key, analysis.revision(db, study.key))
        return
    found = analysis.agreement(db, who, study.key, **filters)
    if any(rater.n for rater in found.raters):
        summary(found)
        labels(found)
        weights_board(db, who, study.key, found.question, found.where)
        whole_board(db, who, study, found.where, found.question)
        values_board(db, who, study, found.where, found.question)
        pairs(found)
        raters(found)
        confusion_board(db, who, found)
        revisions_board(db, who, study, found.question)
    else:
        no_answers(found)
    effects_board(db, who, study, found.question)
    live.follow(study.key, found.revision)


look.header(said("page_agreement"), study, who)
if study is None:
    look.no_study("no_study_agreement", key="agreement-none")
else:
    page(study)
