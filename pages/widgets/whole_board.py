"""Agreement of whole answers by their question's distance, as the Agreement page shows it."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.services import result_rows, whole_answers
from core.services.access import Identity
from core.services.store import Database
from core.services.studies import Study
from pages.widgets import figures, look
from pages.widgets.words import plain


def whole_board(
    db: Database, who: Identity, study: Study, where: Mapping[str, Sequence[str]],
    question: str | None = None,
) -> None:  # fmt: skip
    """Alpha by distance of the question, or of all that have one; nothing where there is none."""
    for found in whole_answers.agreement(db, who, study.key, where, question):
        st.markdown("## Whole answers", anchors=False)
        look.caption(plain(found.title))
        with st.container(key=f"tiles-whole-{found.question}"):
            for group, title in figures.GROUPS.items():
                look.estimate(
                    f"Alpha by distance: {title.lower()}", found.groups[group],
                    key=f"whole-{found.question}-{group}",
                )  # fmt: skip
        look.caption(
            "The whole answers compared by how far apart they are, so that half right counts half. "
            f"{found.groups['all'].method}."
        )
        if found.graded:
            figures.table(
                [{"Against known answers": title, "Mean grade": figures.cell(estimate)}
                 for title, estimate in found.graded.items()],
                f"grades-{found.question}", "Mean grade of each rater against the known answers",
            )  # fmt: skip
            look.caption(
                "A grade is how much of an answer is right, 0 to 1, by the measure of its kind: "
                "half right counts half."
            )
        figures.download(
            result_rows.whole_rows(found), f"{study.key}-{found.question}-whole",
            f"csv-whole-{found.question}",
        )  # fmt: skip
