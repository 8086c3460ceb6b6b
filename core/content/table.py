"""A table: a plan per day, a slate, a catalogue, scores, the record of a form."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.content.base import Content, Segment, contents
from core.content.reading import apart, finite, key, listed, record, text, whole_json
from core.ui import Ui
from core.units import Invalid

MOST_CELLS = 100_000


@contents.register
class Table(Content):
    """Rows and columns; `data` is `{"title", "columns": [{key, title}], "rows": [{key, cells}]}`.

    In files also a list of objects (a row each), `{"columns": [...], "rows": [[...]]}`, or one
    object, whose names and values become the rows of a form record. Cells are texts, numbers, truth
    values or null; anything deeper is kept as its JSON text. Rows without a key are numbered from
    1. Segments are rows; `cells()` names every cell.
    """

    kind = "table"
    fixed = frozenset({"key"})

    @classmethod
    def parse(cls, raw: Any) -> "Table":
        if isinstance(raw, list):
            raw = _of_records(raw)
        raw = record(raw, "table", "columns and rows")
        if "rows" not in raw:
            raw = _of_form(raw)
        columns = [
            _column(c, n) for n, c in enumerate(listed(raw.get("columns"), "table", "columns"), 1)
        ]
        rows = [
            _row(r, n, columns) for n, r in enumerate(listed(raw.get("rows"), "table", "rows"), 1)
        ]
        if len(rows) * len(columns) > MOST_CELLS:
            raise Invalid("table", f"at most {MOST_CELLS:,} cells; split it")
        apart([c["key"] for c in columns], "table, columns")
        apart([r["key"] for r in rows], "table, rows")
        title = text(raw.get("title"), "table, title")
        return cls(({"title": title} if title else {}) | {"columns": columns, "rows": rows})

    def cells(self) -> dict[str, Any]:
        """Every cell by its key: `row/column` -> value."""
        columns = self.data["columns"]
        return {
            f"{row['key']}/{column['key']}": value
            for row in self.data["rows"]
            for column, value in zip(columns, row["cells"], strict=True)
        }

    def show(self, ui: Ui) -> None:
        ui.table(self.data["columns"], self.data["rows"], title=self.data.get("title", ""))

    def text(self) -> str:
        return self._laid_out()[0]

    def segments(self) -> Sequence[Segment]:
        return self._laid_out()[1]

    def _laid_out(self) -> tuple[str, list[Segment]]:
        head = "row | " + " | ".join(c["title"] for c in self.data["columns"])
        if self.data.get("title"):
            head = f"[{self.data['title']}]\n{head}"
        lines, found, start = [head], [], len(head) + 1
        for row in self.data["rows"]:
            words = " | ".join(said(value) for value in row["cells"])
            start += len(row["key"]) + 3
            found.append(Segment(row["key"], words, start, start + len(words)))
            lines.append(f"{row['key']} | {words}")
            start += len(words) + 1
        return "\n".join(lines), found

    @classmethod
    def example(cls) -> "Table":
        return cls.parse(
            [
                {"day": 1, "city": "Lisbon", "visit": "Castle", "cost": 12.5},
                {"day": 2, "city": "Porto", "visit": "Cellars, then the bridge", "cost": 18},
            ]
        )


def said(value: Any) -> str:
    """A cell as text: '' for nothing, true and false in small letters."""
    return text(value, "cell")


def _of_records(raw: list[Any]) -> dict[str, Any]:
    """A list of objects as columns and rows; columns in the order in which they first come."""
    rows = [record(r, f"row {n}", "a value per column") for n, r in enumerate(raw, 1)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[row.get(name) for name in names] for row in rows[: MOST_CELLS // max(len(names), 1)]]
    if len(cells) < len(rows):
        raise Invalid("table", f"at most {MOST_CELLS:,} cells; split it")
    return {"columns": names, "rows": cells}


def _of_form(raw: Mapping[str, Any]) -> dict[str, Any]:
    fields = [{"key": name, "cells": [name, value]} for name, value in raw.items()]
    return {"columns": ["field", "value"], "rows": fields}


def _column(raw: Any, place: int) -> dict[str, str]:
    where = f"column {place}"
    raw = raw if isinstance(raw, dict) else {"key": raw}
    name = key(raw.get("key"), f"{where}, key")
    return {"key": name, "title": text(raw.get("title"), f"{where}, title") or name}


def _row(raw: Any, place: int, columns: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    where, name = f"row {place}", key(place, "row")
    if isinstance(raw, dict):
        given = raw.get("key")
        name = name if given is None else key(given, f"{where}, key")
        raw = raw.get("cells")
        raw = [raw.get(c["key"]) for c in columns] if isinstance(raw, dict) else raw
    if not isinstance(raw, list) or len(raw) != len(columns):
        raise Invalid(where, f"expected {len(columns)} cells")
    found = [_cell(v, f"{where}, {c['key']}") for v, c in zip(raw, columns, strict=True)]
    return {"key": name, "cells": found}


def _cell(value: Any, where: str) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return finite(value, where)
    return whole_json(value, where)
