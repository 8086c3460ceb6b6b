"""What showing verdicts did, and results by arm, as the Agreement page shows them."""

import streamlit as st

from core.services import effects
from core.services.access import Identity
from core.services.effects import ArmRow, RevealEffects
from core.services.store import Database
from core.services.studies import Study
from core.statistics.base import Estimate
from pages.widgets import figures, look
from pages.widgets.words import plain

FLIPS = {
    "righted": "Wrong, then right", "wronged": "Right, then wrong",
    "towards": "Went over to the verdict", "changed": "Changed their answer",
}  # fmt: skip


def effects_board(db: Database, who: Identity, study: Study, question: str) -> None:
    """The effects of the study's reveal and the results of its arms; nothing without either.

    They are of whole answers, so a part of one has none.
    """
    if "." in question:
        return
    if study.protocol.reveal.mode != "never":
        reveal(effects.of_reveal(db, who, study.key, question))
    if study.protocol.experiment.arms:
        arms(effects.of_arms(db, who, study.key, question), study.key, question)


def reveal(found: RevealEffects) -> None:
    """Anchoring and flips as tiles."""
    st.markdown("## What seeing the verdict does", anchors=False)
    with st.container(key="tiles-reveal"):
        look.estimate("Anchoring: more often the verdict", found.anchoring, key="anchoring")
        for name, title in FLIPS.items():
            look.estimate(title, getattr(found, name), key=f"flip-{name}")
    said = ", ".join(f"{arm} {n:,}" for arm, n in sorted(found.arms.items())) or "none yet"
    look.caption(
        "Anchoring is the share of answers equal to the models' verdict among those who saw it "
        "before answering, minus that share among those who had not seen it. The other numbers are "
        "of people who looked twice; right is the known answer, else what most other people said "
        f"at first. First answers in each arm: {said}."
    )


def arms(found: list[ArmRow], study: str, question: str) -> None:
    """One line per arm of the experiment."""
    st.markdown("## Arms of the experiment", anchors=False)
    first = plain(found[0].arm)
    figures.table([cells(row, first) for row in found], "arms-table", "Results by arm")
    effect = next((row.effect for row in found if row.effect is not None), None)
    if effect is not None:
        look.caption(
            f"Right, against {first}: how much larger the share of right answers is than in the "
            f"arm {first}, as a mean over people ({effect.method}): answers of one person are not "
            "independent of each other. The other intervals are over answers, and over units for "
            "alpha."
        )
    figures.download(list(effects.arm_rows(found)), f"{study}-{question}-arms", "csv-arms")


def cells(row: ArmRow, first: str) -> dict[str, str]:
    """One line of the table of arms."""
    said = told(row)
    return {
        "Arm": row.arm, "People": f"{row.people:,}", "Answers": f"{row.answers:,}",
        "Mean seconds": "–" if row.seconds is None else f"{row.seconds:.1f}",
        "Right": words(row.accuracy), f"Right, against {first}": against(row),
        "Alpha within the arm": words(row.alpha), "Said": said,
    }  # fmt: skip


def words(estimate: Estimate) -> str:
    """An estimate with its interval and n, or why there is none."""
    if estimate.value is None:
        return estimate.note
    between = f" [{estimate.low:.2f}, {estimate.high:.2f}]" if estimate.low is not None else ""
    return f"{estimate.value:.2f}{between}, n = {estimate.n:,}"


def against(row: ArmRow) -> str:
    """How an arm differs from the first, with its interval, and over how many people."""
    if row.effect is None:
        return "–"
    if row.effect.value is None:
        return row.effect.note
    low, high = row.effect.low, row.effect.high
    between = f" [{low:+.2f}, {high:+.2f}]" if low is not None and high is not None else ""
    note = f" ({row.effect.note})" if row.effect.note else ""
    return f"{row.effect.value:+.2f}{between}, {row.effect.n:,} people{note}"


def told(row: ArmRow) -> str:
    """How often each answer was given in an arm."""
    return ", ".join(f"{label}: {n:,}" for label, n in row.counts.items()) or "–"
