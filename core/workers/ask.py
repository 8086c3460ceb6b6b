"""Answers questions over tables with a query that it writes and that is run here, reading only."""

import asyncio
import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from core.content.base import Content
from core.query import Cell, Copy, Found, Sheet
from core.units import Draft, Invalid, Unit
from core.workers.base import CannotAnswer, Model, workers
from core.workers.thinker import WORDS, Thinker, a_text, given, of

SHOWN, CELL = 30, 200
DRAWINGS = ["none", "bar", "line", "points"]


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: the words, the query and its rows, and how to draw them (kind '' for not)."""

    words: str
    found: Found
    drawing: Mapping[str, str]
    calls: tuple[int | None, ...]

    def data(self) -> dict[str, Any]:
        """The answer as plain data."""
        return {"answer": self.words, **self.found.data(), "drawing": dict(self.drawing)}


@workers.register
class Ask(Thinker):
    """Answers a question over tables: a model writes SQL, it is run here, the model reads the rows.

    As a worker it answers the item's `question` over the field or fact `table` (rows of named
    cells, or CSV). The query runs on a copy in memory that can only be read, for at most `seconds`
    and `rows`; one that fails is an invalid reply, with the reason. Zhang et al. (2024), AllHands.
    """

    kind = "ask"
    words = ("ask_query", "ask_answer")
    writes: str = "answer"
    table: str = "table"
    question: str = "prompt"
    rows: int = Field(default=200, ge=1, le=5000)
    seconds: float = Field(default=2.0, gt=0, le=4)

    def scope(self) -> Any:
        return "item"

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        copy = Copy([sheet_of(unit, self.table)])
        try:
            answered = await self.answer(given(unit, self.question), copy, llm, repeat)
        finally:
            copy.close()
        text = f"{answered.words}\n\n{answered.found.sql}"
        return [Draft(
            role=self.writes, content=a_text(text), repeat=repeat, call=answered.calls[-1],
            facts=answered.data(),
        )]  # fmt: skip

    async def answer(
        self, question: str, copy: Copy, llm: Model | None, repeat: int = 0
    ) -> Answered:
        """The answer to a question over a copy; raises `CallFailed` when there is no valid query.

        The model is shown the columns, the values of short ones, and of the rows at most thirty.
        """
        tables = await asyncio.to_thread(copy.described)
        material: list[tuple[str, Content]] = [("tables", a_text(tables))]
        asked = ("question", a_text(question))
        first = await self.think(
            llm, "ask_query", [*material, asked],
            'Reply in this form: {"sql": "SELECT ...", "drawing": "none", "bar", "line" or '
            '"points", "across": "column", "up": "column"}',
            of(sql=WORDS, drawing={"enum": DRAWINGS}, across={"type": "string"},
               up={"type": "string"}),
            repeat=repeat, check=lambda value: self._queried(value, copy),
        )  # fmt: skip
        found, drawing = first.value
        second = await self.think(
            llm, "ask_answer", [asked, ("query", a_text(found.sql)), ("rows", a_text(seen(found)))],
            'Reply in this form: {"answer": "..."}', of(answer=WORDS), repeat=repeat,
        )  # fmt: skip
        return Answered(second.value["answer"], found, drawing, (first.call, second.call))

    def _queried(self, value: Mapping[str, Any], copy: Copy) -> tuple[Found, dict[str, str]]:
        found = copy.ask(value["sql"], seconds=self.seconds, rows=self.rows)
        return found, drawing_of(found, value["drawing"], value["across"], value["up"])


def drawing_of(found: Found, kind: str, across: str, up: str) -> dict[str, str]:
    """How to draw a finding; {} for not at all. Raises `Invalid` for columns that cannot be."""
    if kind == "none" or not found.rows:
        return {}
    for name in (across, up):
        if name not in found.columns:
            raise Invalid("drawing", f"the query has no column {name!r}; name its own columns")
    place = found.columns.index(up)
    if not all(isinstance(row[place], int | float | None) for row in found.rows):
        raise Invalid("up", f"the column {up!r} holds no numbers, so it cannot be drawn")
    return {"kind": kind, "across": across, "up": up}


def seen(found: Found) -> str:
    """The rows as a model sees them: the first thirty, each cell cut."""
    lines = [" | ".join(found.columns)]
    lines += [
        " | ".join("" if cell is None else str(cell)[:CELL] for cell in row)
        for row in found.rows[:SHOWN]
    ]
    left = len(found.rows) - SHOWN
    if left > 0 or found.more:
        lines.append(f"[{max(left, 0)}{' or more' if found.more else ''} further rows]")
    return "\n".join(lines)


def sheet_of(unit: Unit, name: str) -> Sheet:
    """The table in a field or fact of an item; raises `CannotAnswer` for anything else."""
    field = unit.fields.get(name)
    raw = field.data if field is not None else unit.meta.get(name)
    if isinstance(raw, Mapping) and "columns" in raw and "rows" in raw:
        titles = [c["key"] if isinstance(c, Mapping) else str(c) for c in raw["columns"]]
        cells = [r["cells"] if isinstance(r, Mapping) else r for r in raw["rows"]]
        return _sheet(titles, cells)
    if isinstance(raw, list) and raw and all(isinstance(row, Mapping) for row in raw):
        titles = list(dict.fromkeys(str(name) for row in raw for name in row))
        return _sheet(titles, [[row.get(title) for title in titles] for row in raw])
    if isinstance(raw, str) and raw.strip():
        lines = list(csv.reader(io.StringIO(raw)))
        return _sheet(lines[0], lines[1:])
    raise CannotAnswer(f"the item has no table in a field or fact called {name!r}")


def _sheet(titles: Sequence[str], rows: Sequence[Sequence[Any]]) -> Sheet:
    names = [title.strip() or f"column {n}" for n, title in enumerate(titles, 1)]
    if len({name.casefold() for name in names}) != len(names):
        raise CannotAnswer("two columns of the table have the same name")
    if any(len(row) != len(names) for row in rows):
        raise CannotAnswer("the table has rows of another length than its first line")
    cells = [[_cell(cell) for cell in row] for row in rows]
    return Sheet("data", dict.fromkeys(names, ""), cells, "the table that the question is about")


def _cell(cell: Any) -> Cell:
    if isinstance(cell, bool):
        return int(cell)
    if cell is None or isinstance(cell, int | float):
        return cell
    text = str(cell)
    for read in (int, float):
        try:
            number = read(text)
        except ValueError:
            continue
        return number if abs(number) < 2**63 else text
    return text
