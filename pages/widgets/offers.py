"""The names that a form may offer, because a study has them."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.content.base import contents
from core.exports.base import exports
from core.services.drafts import role_of
from core.statistics.base import statistics


def offers(data: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """The names that settings of this study may have: of its questions, fields, roles, workers."""
    asked = _names(data.get("questions"))
    fields = list(data.get("fields") or {"prompt": "text"})
    fields = [str(name) for name in fields]
    made = [role_of(row) for row in _rows(data.get("workers"))]
    roles = list(dict.fromkeys(["answer", "critique", "revision", *filter(None, made)]))
    raters = raters_of(_rows(data.get("workers")))
    places = [*fields, "reference"]
    return {
        **dict.fromkeys(("questions", "skip", "before", "after", "assignment.question"), asked),
        **dict.fromkeys(("hide", "shows", "hides", "leave_out"), fields),
        **dict.fromkeys(("reads", "roles", "judged", "writes"), roles),
        **dict.fromkeys(("question", "reference", "anchor", "edits", "left", "right"), places),
        "jurors": raters, "reveal.worker": raters, "within": [*fields, *roles],
        "content": list(contents), "responses": list(contents),
        "statistics": list(statistics), "exports": list(exports),
    }  # fmt: skip


def raters_of(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names of the workers that judge: a panel can count their votes."""
    return _names([row for row in rows if not role_of(row)])


def _rows(found: Any) -> list[Mapping[str, Any]]:
    return [r for r in found if isinstance(r, Mapping)] if isinstance(found, list) else []


def _names(found: Any) -> list[str]:
    return [str(row["name"]) for row in _rows(found) if row.get("name")]
