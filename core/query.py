"""SQL that nobody vouches for, over a copy of tables in memory: reading only, within limits."""

import re
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from core.units import Invalid

Cell = str | int | float | None
LONGEST_SQL, LONGEST_CELL, STEPS = 10_000, 1_000_000, 2_000
READING = "only SELECT is allowed: a query reads and changes nothing"
PLAIN = """
abs avg cast ceil ceiling char coalesce concat concat_ws count cume_dist date datetime dense_rank
exp first_value floor format glob group_concat hex ifnull iif instr json_array_length json_extract
json_type julianday lag last_value lead length like ln log log10 log2 lower ltrim max median min mod
nth_value ntile nullif percent_rank pi pow power printf quote rank replace round row_number rtrim
sign sqrt strftime string_agg substr substring sum time total trim trunc typeof unicode
unixepoch upper -> ->>
"""
FUNCTIONS = frozenset(PLAIN.split())


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table to be asked: its name, its columns with what each holds, and its rows."""

    name: str
    columns: Mapping[str, str]
    rows: Iterable[Sequence[Cell]]
    about: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What a query gave: `more` says that it had more rows than are kept."""

    sql: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    more: bool
    seconds: float

    def data(self) -> dict[str, Any]:
        """The finding as plain data."""
        return {
            "sql": self.sql, "columns": list(self.columns), "rows": [list(r) for r in self.rows],
            "more": self.more, "seconds": round(self.seconds, 3),
        }  # fmt: skip


class Copy:
    """Tables copied into a database in memory, which can then only be read.

    Close it when done. One thread at a time.
    """

    def __init__(self, sheets: Sequence[Sheet]) -> None:
        self.sheets = tuple(sheets)
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        names = set()
        for sheet in self.sheets:
            names.add(sheet.name)
            columns = ", ".join(_quoted(column) for column in sheet.columns)
            self._db.execute(f"CREATE TABLE {_quoted(sheet.name)} ({columns})")
            marks = ", ".join("?" * len(sheet.columns))
            insert = f"INSERT INTO {_quoted(sheet.name)} VALUES ({marks})"  # noqa: S608
            self._db.executemany(insert, sheet.rows)
        self._db.commit()
        self._names, self._refused, self._until = names, "", 0.0
        self._close_in()

    def _close_in(self) -> None:
        limits = {
            sqlite3.SQLITE_LIMIT_LENGTH: LONGEST_CELL,
            sqlite3.SQLITE_LIMIT_SQL_LENGTH: LONGEST_SQL, sqlite3.SQLITE_LIMIT_ATTACHED: 0,
            sqlite3.SQLITE_LIMIT_COLUMN: 200, sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 20,
            sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 200, sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1_000,
            sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
        }  # fmt: skip
        for limit, most in limits.items():
            self._db.setlimit(limit, most)
        self._db.execute("PRAGMA query_only = ON")
        self._db.set_authorizer(self._allowed)
        self._db.set_progress_handler(lambda: int(time.monotonic() > self._until), STEPS)

    def _allowed(self, action: int, first: str | None, second: str | None, *_: str | None) -> int:
        """Selecting, reading the copied tables and plain functions; nothing else."""
        if action in {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE}:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ:
            if first in self._names or not (first or "").lower().startswith(("sqlite_", "pragma_")):
                return sqlite3.SQLITE_OK
            self._refused = f"the table {first!r} is not there to be read"
        elif action == sqlite3.SQLITE_FUNCTION:
            if (second or "").lower() in FUNCTIONS:
                return sqlite3.SQLITE_OK
            self._refused = f"the function {second!r} is not allowed"
        else:
            self._refused = READING
        return sqlite3.SQLITE_DENY

    def ask(self, sql: str, *, seconds: float = 3.0, rows: int = 1000) -> Found:
        """What the query gives, at most so many rows within so many seconds.

        Raises `Invalid` saying what is wrong with the query, or that it took too long.
        """
        begun, self._refused = time.monotonic(), ""
        self._until = begun + seconds
        bare = sql.strip().rstrip(";").strip()
        try:
            with closing(self._db.execute(bare)) as cursor:
                if cursor.description is None:
                    raise Invalid(
                        "sql", "only SELECT is allowed: a query reads and changes nothing"
                    )
                columns = _apart([str(column[0]) for column in cursor.description])
                found = cursor.fetchmany(rows + 1)
        except (sqlite3.Error, sqlite3.Warning, OverflowError) as error:
            raise Invalid("sql", self._reason(error, seconds)) from None
        plain = tuple(tuple(_plain(cell) for cell in row) for row in found[:rows])
        return Found(bare, columns, plain, len(found) > rows, time.monotonic() - begun)

    def _reason(self, error: Exception, seconds: float) -> str:
        if "interrupted" in str(error):
            return f"the query took longer than {seconds:g} s; ask for less"
        return self._refused or str(error)[:300]

    def described(self, values: int = 12) -> str:
        """The tables in words: columns, what each holds, rows, and the values of short columns."""
        return "\n\n".join(self._of(sheet, values) for sheet in self.sheets)

    def _of(self, sheet: Sheet, values: int) -> str:
        name = _quoted(sheet.name)
        count = self.ask(f"SELECT count(*) FROM {name}").rows[0][0]  # noqa: S608
        lines = [f"{sheet.name} ({count} rows): {sheet.about}".rstrip(": ")]
        for column, about in sheet.columns.items():
            lines.append(f"  {column}: {about}{self._values(name, column, values)}")
        return "\n".join(lines)

    def _values(self, name: str, column: str, most: int) -> str:
        shown = f"SELECT DISTINCT {_quoted(column)} FROM {name} LIMIT {most + 1}"  # noqa: S608
        found = [row[0] for row in self.ask(shown).rows]
        short = all(len(str(value)) <= 40 for value in found)
        if not found or len(found) > most or not short:
            return ""
        return f" (values: {', '.join(repr(value) for value in found)})"

    def close(self) -> None:
        """Forget the copy."""
        self._db.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""').replace("\x00", "") + '"'


def _plain(cell: Any) -> Cell:
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace").replace("\x00", "\ufffd")
    if isinstance(cell, float) and not (abs(cell) < float("inf")):
        return None
    return cell.replace("\x00", "\ufffd") if isinstance(cell, str) else cell


def _apart(names: Sequence[str]) -> tuple[str, ...]:
    """Column names, each once: a second one gets a number."""
    found: list[str] = []
    for name in names:
        base, number = re.sub(r"\s+", " ", name)[:80] or "column", 2
        while name in found or not name.strip():
            name, number = f"{base} {number}", number + 1
        found.append(name[:90])
    return tuple(found)
