"""Corrections of a table or a record, field by field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from core.content.base import Content, storable
from core.content.plain import Plain
from core.content.table import Table, said
from core.questions.base import PLACE, Scale, questions, schema_of, tenth
from core.questions.changes import LONGEST, Changes, same_form
from core.questions.grades import told
from core.telling import Told
from core.ui import Ui
from core.units import Invalid, Unit

CELL = Scale(level="nominal", labels=("kept", "corrected"))


@dataclass(frozen=True, slots=True)
class Cell:
    """A field as the content has it; `id` is `row/column`, or the key of a part."""

    id: str
    row: str
    column: str
    value: Any
    fixed: bool = False


@questions.register
class Correction(Changes):
    """What is to be corrected in a table or a record, field by field.

    The value is `{"cells": [{"cell": id, "value": ...}]}`: the fields that are wrong, with what
    belongs there, in the order of the content; a field of a table is `row/column`. A correction
    has the type of what it corrects where it can (a number, a truth value), and is a text
    otherwise; null empties a field. An empty list says that every field is right. The parts of a
    content that is no table are fields too. Coded by the share of fields kept, in tenths; slot
    `cell` codes each field: kept, corrected.
    """

    kind = "correction"
    within: str = Field(
        default="", description="field or role to correct; the first table when empty"
    )
    columns: tuple[str, ...] = Field(
        default=(), description="columns whose cells may be corrected; all when empty"
    )
    most: int = Field(default=300, ge=1, le=2000, description="how many fields it may have")

    def grid(self, unit: Unit) -> list[list[Cell]]:
        """The fields, row by row; raises `Invalid` where there are none, or too many."""
        content = self.start(unit, "table")
        if content is None:
            found = []
        elif isinstance(content, Table):
            found = self._of_table(content)
        else:
            found = [[Cell(part.key, part.key, "", part.text.strip())]
                     for part in content.segments()]  # fmt: skip
        many = sum(not cell.fixed for row in found for cell in row)
        if not many:
            raise self.refuse(Told("there is nothing to correct here; name its field in `within`"))
        if many > self.most:
            words = "there are {n} fields; set `most` of the question, or `columns`"
            raise self.refuse(Told(words, n=many))
        return found

    def _of_table(self, table: Table) -> list[list[Cell]]:
        columns, rows = table.data["columns"], table.data["rows"]
        wrong = sorted(set(self.columns) - {c["key"] for c in columns})
        if wrong:
            words = "columns: the table has no column “{name}”"
            raise self.refuse(Told(words, name=wrong[0]))
        named = [all(r["cells"][n] == r["key"] for r in rows) for n in range(len(columns))]
        if len(table.cells()) < len(columns) * len(rows):
            raise self.refuse("the keys of rows and columns are not apart; leave out their slashes")
        return [
            [
                Cell(f"{row['key']}/{column['key']}", row["key"], column["title"], value,
                     column["key"] not in self.columns if self.columns else name)
                for column, value, name in zip(columns, row["cells"], named, strict=True)
            ]
            for row in rows
        ]  # fmt: skip

    def fields(self, unit: Unit) -> list[Cell]:
        """The fields that may be corrected, in their order."""
        return [cell for row in self.grid(unit) for cell in row if not cell.fixed]

    def ask(self, ui: Ui, unit: Unit, draft: Any = None) -> Any:
        grid = self.grid(unit)
        columns = [cell.column for cell in grid[0]]
        rows = [
            {"key": row[0].row,
             "cells": [{"id": c.id, "text": said(c.value), "fixed": c.fixed} for c in row]}
            for row in grid
        ]  # fmt: skip
        return ui.tool(
            "correction", name=self.name, title=self.title, help=self.help,
            required=self.required, value=draft,
            facts={"columns": columns, "rows": rows, "longest": LONGEST},
        )  # fmt: skip

    def instruct(self, unit: Unit) -> str:
        return "\n".join([
            self.heading(),
            f"The fields under “{self._title()}” have a number each. List those that are wrong, "
            "each with the number and the whole text that belongs there; an empty text empties the "
            "field. An empty list means that every field is right.",
        ])  # fmt: skip

    def _title(self) -> str:
        return f"{self.name}: fields"

    def material(self, unit: Unit) -> Sequence[tuple[str, Content]]:
        lines = [
            f"[{n}] {c.row}{f' / {c.column}' if c.column else ''}: {said(c.value)}"
            for n, c in enumerate(self.fields(unit), 1)
        ]
        return [(self._title(), Plain("\n".join(lines)))]

    def reply_schema(self, unit: Unit) -> dict[str, Any]:
        many = len(self.fields(unit))
        one = schema_of({
            "cell": {"type": "integer", "minimum": 1, "maximum": many},
            "value": {"type": "string", "maxLength": LONGEST},
        })  # fmt: skip
        return schema_of({"corrections": {"type": "array", "items": one, "maxItems": many}})

    def read(self, reply: Any, unit: Unit) -> Any:
        ids = [cell.id for cell in self.fields(unit)]
        found = []
        for place, one in enumerate(self._listed(reply, "corrections"), 1):
            if type(one["cell"]) is not int or not 1 <= one["cell"] <= len(ids):
                raise self.refuse(
                    f"correction {place}, cell: expected a whole number, 1 to {len(ids)}"
                )
            found.append({"cell": ids[one["cell"] - 1], "value": one["value"]})
        return self.check({"cells": found}, unit)

    def reply(self, value: Any, unit: Unit) -> Any:
        number = {cell.id: n for n, cell in enumerate(self.fields(unit), 1)}
        return {"corrections": [{"cell": number[one["cell"]], "value": said(one["value"])}
                                for one in value["cells"]]}  # fmt: skip

    def _listed(self, value: Any, name: str) -> list[Mapping[str, Any]]:
        return self.listed(value, name, "correction", ("cell", "value"), self.most)

    def check(self, value: Any, unit: Unit) -> Any:
        fields = {cell.id: cell for cell in self.fields(unit)}
        given: dict[str, Any] = {}
        for place, one in enumerate(self._listed(value, "cells"), 1):
            cell = one["cell"]
            if not isinstance(cell, str) or cell not in fields:
                raise self.refuse(f"correction {place}, cell: expected a field that may change")
            if cell in given:
                raise self.refuse(f"correction {place}, cell: {cell!r} is corrected twice")
            given[cell] = self._typed(one["value"], fields[cell].value, place)
        return {"cells": [{"cell": key, "value": given[key]} for key, cell in fields.items()
                          if key in given and said(given[key]) != said(cell.value)]}  # fmt: skip

    def _typed(self, raw: Any, old: Any, place: int) -> Any:
        """A correction in the type of what it corrects; a text where it has none of that type."""
        try:
            words = storable(raw, "value").strip() if isinstance(raw, str) else said(raw)
        except Invalid:
            words = None
        if words is None or len(words) > LONGEST:
            raise self.refuse(
                f"correction {place}, value: expected a text of at most {LONGEST:,} characters, a "
                "number, true, false or null"
            )
        if words == said(old).strip():
            return old
        if isinstance(old, bool):
            return {"true": True, "false": False}.get(words.lower(), words or None)
        if isinstance(old, int | float):
            found = _number(words)
            return old if found == old else found
        return words or None

    def form(self) -> str:
        return '{"cells": [{"cell": "2/cost", "value": 20}]}'

    def slots(self) -> Mapping[str, Scale]:
        return {"cell": CELL}

    def codes(self, value: Any, unit: Unit) -> dict[str, int]:
        fields = self.fields(unit)
        changed = {one["cell"] for one in value["cells"]}
        cells = {f"cell{PLACE}{cell.id}": int(cell.id in changed) for cell in fields}
        return {"": tenth(1 - len(changed) / len(fields)), **cells}

    def parts(self, unit: Unit) -> dict[str, str]:
        return {c.id: f"{c.row} {c.column}".strip() for c in self.fields(unit)}

    def before(self, unit: Unit) -> dict[str, str]:
        return {cell.id: said(cell.value) for cell in self.fields(unit)}

    def put(self, value: Any) -> dict[str, str]:
        return {one["cell"]: same_form(one["value"]) for one in value["cells"]}

    def put_words(self, value: Any, unit: Unit) -> dict[str, str]:
        return {one["cell"]: said(one["value"]) for one in value["cells"]}

    def told_puts(self, value: Any, unit: Unit) -> Mapping[str, Any]:
        return {key: f"“{words[:60]}”" if words else told("empty")
                for key, words in self.put_words(value, unit).items()}  # fmt: skip

    def describe(self, value: Any, unit: Unit) -> str:
        try:
            fields = {cell.id: cell for cell in self.fields(unit)}
        except Invalid:  # a unit without its contents
            fields = {}

        def short(text: str) -> str:
            return f"“{text[:60]}”"

        told = []
        for one in value["cells"]:
            cell = fields.get(one["cell"])
            where = one["cell"] if cell is None else f"{cell.row} {cell.column}".strip()
            old = f"{short(said(cell.value))} → " if cell is not None else ""
            told.append(f"{where}: {old}{short(said(one['value']))}")
        return "; ".join(told) or Told("every field is right")

    def example(self, unit: Unit) -> Any:
        first = self.fields(unit)[0]
        return self.check({"cells": [{"cell": first.id, "value": "another"}]}, unit)


def _number(words: str) -> Any:
    """The number that is written there, else the words; None for nothing."""
    if not words:
        return None
    try:
        found = float(words)
    except ValueError:
        return words
    if not abs(found) <= 1e15:
        return words
    return int(words) if words.lstrip("+-").isdecimal() else found
