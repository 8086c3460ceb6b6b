"""Tidy judgments: one row of a table per row of the log."""

import csv
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

from core.exports.base import Entry, Exporter, Material, exports

COLUMNS = (
    "study", "sequence", "unit", "item", "outputs", "question", "rater", "rater_kind", "simulated",
    "stage", "repeat", "condition", "value", "code", "label", "rationale", "confidence", "seconds",
    "shown", "status", "replaces", "created_at", "revealed", "arm", "policy", "propensity",
    "design", "audit",
)  # fmt: skip
AUDIT = {None: "", True: "yes", False: "no"}
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TidyCsv(Exporter):
    """A CSV table of every judgment, safe to open in a spreadsheet."""

    kind = "csv"
    title = "Tidy judgments (CSV)"
    suffix = ".csv"
    mime = "text/csv"

    def lines(self, material: Material) -> Generator[str, None, None]:
        yield _line(COLUMNS)
        for entry in material.entries():
            material.count("judgments")
            yield _line([safe(cell) for cell in _row(material.protocol.name, entry)])


exports.register(TidyCsv())


def _row(study: str, entry: Entry) -> list[Any]:
    return [
        study, entry.sequence, entry.unit, entry.item, "+".join(entry.outputs),
        entry.question.name, entry.rater.name, entry.rater.kind,
        "yes" if entry.rater.simulated else "no", entry.stage, entry.repeat, entry.condition,
        None if entry.value is None else entry.question.plain(entry.value), entry.code,
        label(entry), entry.rationale, entry.confidence, entry.seconds, "+".join(entry.shown),
        entry.status, entry.replaces, iso(entry.created_at), "+".join(entry.revealed), entry.arm,
        entry.policy, entry.propensity, entry.design, AUDIT[entry.audit],
    ]  # fmt: skip


def label(entry: Entry) -> str:
    """The code in words; '' without a code."""
    labels = entry.question.scale(entry.outline()).labels
    return labels[entry.code] if entry.code is not None and entry.code < len(labels) else ""


def iso(moment: int) -> str:
    """Microseconds since 1970 UTC as ISO 8601 text."""
    return (EPOCH + timedelta(microseconds=moment)).isoformat(timespec="microseconds")


def safe(cell: Any) -> Any:
    """A cell that no spreadsheet reads as a formula: such texts get a leading apostrophe."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _line(cells: Any) -> str:
    out = StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()
