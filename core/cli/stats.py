"""`concord stats`: how far raters agree, as the Agreement page says it."""

from collections.abc import Sequence
from typing import Any

import click

from core.charts.words import interval_words
from core.cli import OPERATOR, answer, database, json_option, study_option
from core.services import (
    analysis,
    critique_effects,
    move_words,
    part_values,
    result_rows,
    revisions,
    studies,
    weighting,
    whole_answers,
)
from core.services.findings import Agreement
from core.services.part_values import ValueAgreement
from core.services.revisions import Revisions
from core.services.store import Database
from core.services.weighting import Weighted
from core.services.whole_answers import WholeAgreement
from core.statistics.base import Estimate
from core.statistics.parts import TITLES


@click.command(
    "stats",
    help="""Print agreement of people and models, with intervals, n and coverage.

Example: concord stats --study demo --question better --json""",
)
@study_option
@click.option("--question", help="Name of one question; all that have codes, unless named.")
@click.option("--measure", help="Pair statistic, such as cohen or cohen_quadratic.")
@click.option("--where", "facts", multiple=True, metavar="FACT=VALUE",
              help="Only units whose item has this fact; may be repeated.")  # fmt: skip
@click.option("--bootstrap", is_flag=True, help="Item-bootstrap intervals for alpha.")
@json_option
def command(
    study: str, question: str | None, measure: str | None, facts: tuple[str, ...],
    bootstrap: bool, as_json: bool,
) -> None:  # fmt: skip
    """Print the numbers."""
    db = database()
    try:
        now = studies.load(db, study)
        whole = whole_answers.agreement(db, OPERATOR, study, _where(facts), question)
        values = part_values.agreement(db, OPERATOR, study, _where(facts), question)
        names = _questions(now, question, bool(whole))
        found = [
            analysis.agreement(db, OPERATOR, study, name, measure=measure,
                               where=_where(facts), bootstrap=bootstrap)
            for name in names
        ]  # fmt: skip
        weighed = [
            one for name in names
            if (one := weighting.weights(db, OPERATOR, study, name, where=_where(facts)))
        ]  # fmt: skip
        moved = _moved(db, now, names)
        followed = [] if question and "." in question else critique_effects.followed(
            db, OPERATOR, study, question
        )  # fmt: skip
    finally:
        db.close()
    text = "\n\n".join([*(_text(one) for one in found), *(_whole_text(one) for one in whole),
                        *(_values_text(one) for one in values),
                        *(_weighted_text(one) for one in weighed),
                        *(move_words.revisions_text(one) for one in moved),
                        *(move_words.followed_line(one) for one in followed)])  # fmt: skip
    data = {
        "study": study, "questions": [result_rows.data(one) for one in found],
        "whole_answers": [row for one in whole for row in result_rows.whole_rows(one)],
        "parts": [row for one in values for row in result_rows.value_rows(one)],
        "revisions": [row for one in moved for row in revisions.flat(one)],
        "critiques": critique_effects.flat(followed),
        "weighted": [row for one in weighed for row in weighting.flat(one)],
    }  # fmt: skip
    answer(data, text, as_json)


def _questions(study: studies.Study, question: str | None, whole: bool) -> list[str | None]:
    """What has codes of what is asked for; none where whole answers are all there is."""
    coded = [q.name for q in analysis.coded(study)]
    wanted: list[str | None] = [question] if question else [*coded]
    if whole and (question not in coded if question else not coded):
        return []
    return wanted or [None]


def _moved(
    db: Database, study: studies.Study, names: Sequence[str | None]
) -> list[Revisions]:  # fmt: skip
    """Before and after revising, of each whole question that anybody answered on both."""
    if not revisions.exist(db, study):
        return []
    found = [
        revisions.before_after(db, OPERATOR, study.key, name)
        for name in names if name and "." not in name
    ]  # fmt: skip
    return [one for one in found if one.linked and one.rows]


def _where(facts: tuple[str, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for fact in facts:
        name, sign, value = fact.partition("=")
        if not sign or not name:
            raise click.BadParameter(f"{fact!r}: expected FACT=VALUE, such as subset=Natural")
        found.setdefault(name, []).append(value)
    return found


def _text(found: Agreement) -> str:
    lines = [f"{found.title} ({found.question}): {found.units} units, {found.level} scale"]
    for group, estimates in found.groups.items():
        lines += [f"  {result_rows.title(n)}, {group}: {_words(e)}" for n, e in estimates.items()]
    lines += [f"  {result_rows.title(n)}: {_words(e)}" for n, e in found.study_wide.items()]
    for group, (_, mean) in found.means.items():
        if mean.defined:
            lines.append(f"  mean pairwise {found.measure}, {group}: {interval_words(mean)}")
    for pair in found.pairs:
        lines.append(f"  {pair.group}: {pair.first} / {pair.second}")
        lines.append(f"    percent {_words(pair.percent)}")
        lines.append(f"    {found.measure} {_words(pair.measure)}")
    for rater in found.raters:
        pace = f", {rater.seconds:.1f} s each" if rater.seconds is not None else ""
        lines.append(f"  {rater.name}: {rater.n} answered ({_share(rater.coverage)}){pace}")
        lines += [f"    {result_rows.title(n)}: {_words(e)}" for n, e in rater.statistics.items()
                  if e.defined]  # fmt: skip
    return "\n".join(lines)


def _whole_text(found: WholeAgreement) -> str:
    lines = [f"{found.title} ({found.question}): {found.units} units, whole answers"]
    title = result_rows.title("alpha_distance")
    lines += [f"  {title}, {group}: {_words(e)}" for group, e in found.groups.items()]
    lines.append(f"  {found.groups['all'].method}")
    lines += [f"  mean grade against known answers, {who}: {_words(e)}"
              for who, e in found.graded.items()]  # fmt: skip
    return "\n".join(lines)


def _values_text(found: ValueAgreement) -> str:
    lines = [f"{found.title} ({found.question}): {found.units} units, what was put at each part"]
    for group, own in found.groups.items():
        lines += [f"  {TITLES[name]}, {group}: {_words(e)}" for name, e in own.items()]
    for pair in found.pairs:
        lines.append(f"  {pair.group}: {pair.first} / {pair.second}")
        lines += [f"    {TITLES[name]}: {_words(e)}" for name, e in pair.estimates.items()]
    return "\n".join(lines)


def _weighted_text(found: Weighted) -> str:
    lines = [f"{found.question}: weighted by 1 / probability, {found.drawn} units drawn"]
    lines += [f"  not weighted: {n} answers {why}" for why, n in found.unknown.items()]
    for row in found.rows:
        name = f"{row.what} {row.of}".strip()
        plain = "undefined" if row.plain.value is None else f"{row.plain.value:.4f}"
        lines.append(f"  {name}: plain {plain}")
        lines.append(f"    Hajek {_words(row.hajek)}{_effective(row.hajek)}")
        lines.append(f"    Horvitz-Thompson {_words(row.ht)}")
    return "\n".join(lines)


def _effective(estimate: Estimate) -> str:
    detail = estimate.detail
    if not detail:
        return ""
    return f"; effective n {detail['effective_n']:.1f}, largest weight {detail['max_weight']:.2f}"


def _words(estimate: Estimate) -> str:
    if not estimate.defined:
        return estimate.note
    bounds = ""
    if estimate.low is not None and estimate.high is not None:
        bounds = f" [{estimate.low:.4f}, {estimate.high:.4f}]"
    note = f"; {estimate.note}" if estimate.note else ""
    return (
        f"{estimate.value:.4f}{bounds}, n = {estimate.n}, coverage "
        f"{_share(estimate.coverage)}{note}"
    )


def _share(value: Any) -> str:
    return "unknown" if value is None else f"{value:.1%}"
