"""Rows out of files: JSON lines, a JSON array, CSV, TSV and Parquet, each row with its place."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from core.imports.base import File, Place, Problems
from core.imports.parquet_rows import parquet

Row = tuple[Place, dict[str, Any]]
Reader = Callable[[File, IO[bytes], Problems], Iterator[Row]]
LONGEST_CELL = 20_000_000
BOM = b"\xef\xbb\xbf"
WELL_FORMED = "well-formed CSV (quotes doubled inside quotes)"
DEEP = "no more than a few hundred levels of nesting"
REFUSED = {
    b"\x80": "a pickle can run code when it is read; save the data as JSONL or Parquet",
    b"PK": "a zip archive or spreadsheet; unpack it, or save the sheet as CSV",
    b"\x1f\x8b": "a gzip archive; unpack it first",
    b"\xff\xfe": "UTF-16 text; save the file as UTF-8",
    b"\xfe\xff": "UTF-16 text; save the file as UTF-8",
    b"SQLite format 3": "a database; export the table as CSV",
}


class Repeated(ValueError):
    """A JSON object has one name twice."""


def rows(file: File, problems: Problems, limit: int) -> Iterator[Row]:
    """Every row of a file with its place; what cannot be read goes to `problems`."""
    place = Place(file.name)
    if not _readable(file, place, problems, limit):
        return
    with _opened(file) as stream:
        start = stream.read(64)
        stream.seek(0)
        for mark, what in REFUSED.items():
            if start.startswith(mark):
                problems.add(place, "", "JSON lines, a JSON array, CSV, TSV or Parquet", what)
                return
        reader = READERS.get(Path(file.name).suffix.lower())
        if reader is None:
            problems.add(place, "", f"a file ending in {', '.join(READERS)}", file.name)
            return
        yield from reader(file, stream, problems)


def _readable(file: File, place: Place, problems: Problems, limit: int) -> bool:
    if isinstance(file.data, Path) and not file.data.is_file():
        found = "a folder" if file.data.is_dir() else "no such file"
        problems.add(place, "", "a file", found)
    elif file.size == 0:
        problems.add(place, "", "at least one row", "an empty file")
    elif file.size > limit:
        megabytes = f"{file.size / 1e6:.0f} MB"
        problems.add(place, "", f"at most {limit / 1e6:.0f} MB; split the file", megabytes)
    else:
        return True
    return False


@contextmanager
def _opened(file: File) -> Iterator[IO[bytes]]:
    if isinstance(file.data, bytes):
        yield BytesIO(file.data)
    else:
        with file.data.open("rb") as stream:
            yield stream


def _lines(file: File, stream: IO[bytes], problems: Problems) -> Iterator[tuple[Place, str]]:
    """Physical lines as text; one that is not UTF-8 is a problem and comes as ''."""
    for number, raw in enumerate(stream, 1):
        place = Place(file.name, number)
        try:
            text = (raw.removeprefix(BOM) if number == 1 else raw).decode("utf-8")
        except UnicodeDecodeError as error:
            found = f"byte 0x{raw[error.start]:02x}; save the file as UTF-8"
            problems.add(place, "", "UTF-8 text", found)
            text = ""
        yield place, text


def json_lines(file: File, stream: IO[bytes], problems: Problems) -> Iterator[Row]:
    """One JSON object per line; empty lines are passed over."""
    empty = True
    for place, text in _lines(file, stream, problems):
        if not text.strip():
            continue
        empty = False
        row = _decoded(text, place, problems)
        if isinstance(row, dict):
            yield place, row
        elif row is not None:
            problems.add(place, "", "a JSON object with names and values", row)
    if empty and not problems.found:
        problems.add(Place(file.name), "", "at least one row", "only empty lines")


def _decoded(text: str, place: Place, problems: Problems) -> Any:
    """The JSON value of a text, or None after noting why there is none."""
    try:
        found = DECODER.decode(text)
    except json.JSONDecodeError as error:
        problems.add(place, f"character {error.colno}", f"JSON ({error.msg})", _near(text, error))
    except Repeated as error:
        problems.add(place, str(error), "each name once", "the same name twice")
    except RecursionError:
        problems.add(place, "", DEEP, "deeper nesting")
    except ValueError as error:
        long = "integer string" in str(error)  # Python's own bound on the digits of a number
        found = "a number of thousands of digits" if long else str(error)
        problems.add(place, "", "JSON numbers within reason", found)
    else:
        if found is None:
            problems.add(place, "", "a JSON object with names and values", "null")
        return found
    return None


def _near(text: str, error: json.JSONDecodeError) -> str:
    return text[max(0, error.pos - 10) : error.pos + 30].strip() or "the end"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise Repeated(Counter(names).most_common(1)[0][0])
    return found


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON number; write null for a missing value")


DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)


def json_text(file: File, stream: IO[bytes], problems: Problems) -> Iterator[Row]:
    """A JSON array of objects, or JSON lines under the name .json."""
    start = stream.read(4096).removeprefix(BOM).lstrip()
    stream.seek(0)
    if not start.startswith(b"["):
        yield from json_lines(file, stream, problems)
        return
    text = "".join(text for _, text in _lines(file, stream, problems))
    if not problems.found:
        yield from _array(file, text, problems)


def _array(file: File, text: str, problems: Problems) -> Iterator[Row]:
    """The objects of an array one by one, so that each is known by its line."""
    at, line = _skip(text, text.index("[") + 1), 1
    counted = 0
    if text[at : at + 1] == "]":
        problems.add(Place(file.name), "", "at least one row", "an empty list")
        return
    while True:
        line, counted = line + text.count("\n", counted, at), at
        place = Place(file.name, line)
        try:
            row, end = DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            _decoded(text[at:], place, problems)
            return
        if isinstance(row, dict):
            yield place, row
        else:
            problems.add(place, "", "a JSON object with names and values", row)
        end = _skip(text, end)
        mark = text[end : end + 1]
        if mark != ",":
            if mark != "]" or text[end + 1 :].strip():
                here = Place(file.name, line + text.count("\n", counted, end))
                problems.add(here, "", "a comma, or ] and the end", text[end : end + 30])
            return
        at = _skip(text, end + 1)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def comma(file: File, stream: IO[bytes], problems: Problems) -> Iterator[Row]:
    """CSV with a header, an empty cell being None; semicolons where the header has no comma."""
    first = stream.readline()
    stream.seek(0)
    mark = ";" if b";" in first and b"," not in first else ","
    yield from _separated(file, stream, problems, mark)


def tabs(file: File, stream: IO[bytes], problems: Problems) -> Iterator[Row]:
    """TSV with a header."""
    yield from _separated(file, stream, problems, "\t")


def _separated(file: File, stream: IO[bytes], problems: Problems, mark: str) -> Iterator[Row]:
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(
        (text for _, text in _lines(file, stream, problems)), delimiter=mark, strict=True
    )
    header: list[str] = []
    empty = True
    while True:
        place = Place(file.name, reader.line_num + 1)
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            why = "a lone carriage return" if "new-line" in str(error) else str(error)
            what = "lines that end in a line feed" if "new-line" in str(error) else WELL_FORMED
            problems.add(place, "", what, why)
            return
        if not cells:
            continue
        if not header:
            header = [cell.strip() for cell in cells]
            if not _header(header, place, problems):
                return
            continue
        empty = False
        if len(cells) != len(header):
            problems.add(place, "", f"{len(header)} columns", f"{len(cells)} columns")
        else:
            yield place, {n: c or None for n, c in zip(header, cells, strict=True)}
    if not header:
        problems.add(Place(file.name), "", "a header line", "none")
    elif empty and not any(problem.place.file == file.name for problem in problems.found):
        problems.add(Place(file.name), "", "at least one row", "only a header")


def _header(names: list[str], place: Place, problems: Problems) -> bool:
    twice = [name for name, times in Counter(names).items() if times > 1]
    if "" in names:
        problems.add(place, f"column {names.index('') + 1}", "a name in the header", "an empty one")
    elif twice:
        problems.add(place, twice[0], "each column name once", "the same name twice")
    return "" not in names and not twice


READERS: dict[str, Reader] = {
    ".jsonl": json_lines, ".ndjson": json_lines, ".json": json_text, ".csv": comma, ".tsv": tabs,
    ".parquet": parquet,
}  # fmt: skip
