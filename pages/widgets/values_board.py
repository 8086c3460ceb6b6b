"""Agreement on what was put at each part of a content, as the Agreement page shows it."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.services import part_values, result_rows
from core.services.access import Identity
from core.services.part_values import PairRow, PartRow, ValueAgreement
from core.services.store import Database
from core.services.studies import Study
from core.statistics.parts import ALIKE, ALPHA, CHANGED, TITLES
from pages.widgets import figures, look
from pages.widgets.words import plain

EXPLAINED = (
    "Here two raters agree on a part only if both left it as it was, or both put the same there: "
    "numbers by their value, texts without regard to blanks and capital letters. “Changes alike” "
    "looks only at parts that at least one of the two changed; the many that nobody touches do not "
    "enter it. The numbers below, under pairs and raters, compare only how many parts were "
    "changed, or which."
)


def values_board(
    db: Database, who: Identity, study: Study, where: Mapping[str, Sequence[str]],
    question: str | None = None,
) -> None:  # fmt: skip
    """What was put at the parts, for questions that ask for changes; nothing for others."""
    for found in part_values.agreement(db, who, study.key, where, question):
        st.markdown("## What was put at each part", anchors=False)
        look.caption(plain(found.title))
        _tiles(found)
        look.caption(EXPLAINED)
        changed = sorted(
            (part for part in found.parts if part.changed), key=lambda part: _first(part)
        )
        if changed:
            figures.table(
                [_part(part) for part in changed], f"values-{found.question}",
                "Agreement on each part that anybody changed",
            )  # fmt: skip
            left = len(found.parts) - len(changed)
            if left:
                look.caption(f"Left as they were by everybody: {left:,} more.")
        if found.pairs:
            figures.table(
                [_pair(pair) for pair in found.pairs], f"value-pairs-{found.question}",
                "Every two raters on what was put",
            )  # fmt: skip
        figures.download(
            result_rows.value_rows(found), f"{study.key}-{found.question}-parts",
            f"csv-parts-{found.question}",
        )  # fmt: skip


def _tiles(found: ValueAgreement) -> None:
    """The groups that have two raters on a unit, or all raters where none has."""
    some = [g for g in figures.GROUPS if found.groups[g][ALIKE].defined] or ["all"]
    for group in some:
        with st.container(key=f"tiles-values-{found.question}-{group}"):
            for name in (ALIKE, CHANGED, ALPHA):
                look.estimate(
                    f"{TITLES[name]}: {figures.GROUPS[group].lower()}", found.groups[group][name],
                    key=f"values-{found.question}-{group}-{name}",
                )  # fmt: skip


def _first(part: PartRow) -> tuple[float, int]:
    """The parts on which raters agree least come first, those never compared last."""
    value = part.groups["all"].value
    return (2.0 if value is None else value), -part.changed


def _part(part: PartRow) -> dict[str, str]:
    """One line of the table of parts."""
    line = {"Part": part.name, "Changed by": f"{part.changed:,} of {part.answers:,} answers"}
    for group, title in figures.GROUPS.items():
        line[f"{title} alike"] = figures.cell(part.groups[group], percent=True)
    return line


def _pair(pair: PairRow) -> dict[str, str]:
    """One line of the table of pairs."""
    line = {"Raters": f"{pair.first} / {pair.second}"}
    return line | {
        TITLES[name]: figures.cell(pair.estimates[name], percent=name != ALPHA)
        for name in (ALIKE, CHANGED, ALPHA)
    }
