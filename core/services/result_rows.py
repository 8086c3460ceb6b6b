"""Findings as flat rows, for tables, CSV files and machines."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from core.exports.csv import safe
from core.services.findings import Agreement, Confusion
from core.services.part_values import ValueAgreement
from core.services.whole_answers import WholeAgreement
from core.statistics.base import Estimate, statistics

Row = dict[str, Any]


def estimate_cells(estimate: Estimate, name: str) -> Row:
    """An estimate as columns: value, low, high, n, coverage, and the note that explains it."""
    return {
        name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high,
        f"{name}_n": estimate.n, f"{name}_coverage": estimate.coverage,
        f"{name}_note": estimate.note,
    }  # fmt: skip


def pair_rows(found: Agreement) -> list[Row]:
    """One row per pair of raters: percent agreement, the measure, and kappa's diagnostics."""
    rows = []
    for pair in found.pairs:
        detail = pair.measure.detail
        rows.append(
            {"group": pair.group, "first": pair.first, "second": pair.second}
            | estimate_cells(pair.percent, "percent")
            | estimate_cells(pair.measure, found.measure)
            | {name: detail.get(name) for name in DIAGNOSTICS if name in detail}
        )
    return rows


DIAGNOSTICS = ("pe", "kappa_max", "pabak", "ac1", "prevalence_index", "bias_index")


def rater_rows(found: Agreement) -> list[Row]:
    """One row per rater: how much it did, and each of its statistics."""
    rows = []
    for rater in found.raters:
        row: Row = {
            "rater": rater.name, "kind": rater.kind, "simulated": rater.simulated, "n": rater.n,
            "coverage": rater.coverage, "mean_seconds": rater.seconds,
        }  # fmt: skip
        for name, estimate in rater.statistics.items():
            row |= estimate_cells(estimate, name)
        rows.append(row)
    return rows


def group_rows(found: Agreement) -> list[Row]:
    """One row per group and statistic, and the mean of the pairwise values of each kind of pair."""
    rows: list[Row] = [
        {"group": group, "statistic": name, **estimate_cells(estimate, "value")}
        for group, estimates in found.groups.items()
        for name, estimate in estimates.items()
    ]
    for group, (percent, measure) in found.means.items():
        for name, estimate in (("percent", percent), (found.measure, measure)):
            row = {"group": group, "statistic": f"mean pairwise {name}"}
            rows.append(row | estimate_cells(estimate, "value"))
    return rows


def whole_rows(found: WholeAgreement) -> list[Row]:
    """One row per group: alpha of the whole answers by their distance, and its method.

    And one per rater with a mean grade against the known answers; `group` then names the rater.
    """
    return [
        {"question": found.question, "group": group, "statistic": estimate.name,
         **estimate_cells(estimate, "value"), "method": estimate.method}
        for group, estimate in (*found.groups.items(), *found.graded.items())
    ]  # fmt: skip


def value_rows(found: ValueAgreement) -> list[Row]:
    """What was put at the parts: one row per group and measure, per pair, and per part and group.

    `about` says which of the three a row is; `answers` and `changed` are those to the part.
    """
    rows: list[Row] = []
    for group, own in found.groups.items():
        rows += [
            {"question": found.question, "about": "all parts", "group": group, "statistic": name,
             **estimate_cells(estimate, "value"), "method": estimate.method}
            for name, estimate in own.items()
        ]  # fmt: skip
    for pair in found.pairs:
        rows += [
            {"question": found.question, "about": "pair", "group": pair.group,
             "first": pair.first, "second": pair.second, "statistic": name,
             **estimate_cells(estimate, "value"), "method": estimate.method}
            for name, estimate in pair.estimates.items()
        ]  # fmt: skip
    for part in found.parts:
        rows += [
            {"question": found.question, "about": "part", "group": group, "part": part.key,
             "name": part.name, "answers": part.answers, "changed": part.changed,
             "statistic": estimate.name, **estimate_cells(estimate, "value"),
             "method": estimate.method}
            for group, estimate in part.groups.items()
        ]  # fmt: skip
    return rows


def confusion_rows(found: Confusion) -> list[Row]:
    """One row per label of the first, one column per label of the second."""
    return [
        {f"{found.first} / {found.second}": label, **dict(zip(found.labels, counts, strict=True))}
        for label, counts in zip(found.labels, found.counts, strict=True)
    ]


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as the text of a CSV file; text that a spreadsheet would run gets a leading quote."""
    if not rows:
        return ""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(k for row in rows for k in row)))
    writer.writerow({name: safe(name) for name in writer.fieldnames})
    writer.writerows({k: safe(v) for k, v in row.items()} for row in rows)
    return out.getvalue()


def data(found: Agreement) -> Row:
    """Everything as plain data with stable keys."""
    return {
        "study": found.study, "question": found.question, "title": found.title,
        "revision": found.revision, "level": found.level, "labels": list(found.labels),
        "where": {k: list(v) for k, v in found.where.items()}, "units": found.units,
        "measure": found.measure, "gold_refused": found.gold_refused,
        "groups": group_rows(found), "pairs": pair_rows(found), "raters": rater_rows(found),
        "study_wide": {
            name: estimate_cells(e, "value") | {"detail": dict(e.detail)}
            for name, e in found.study_wide.items()
        },
    }  # fmt: skip


def title(name: str) -> str:
    """The title of a registered statistic."""
    return statistics[name].title
