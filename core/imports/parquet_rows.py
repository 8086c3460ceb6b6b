"""Rows out of a Parquet file, a few at a time where they may unpack to much."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.imports.base import File, Place, Problems

UNPACKED = 20
AT_ONCE = 400_000_000


def parquet(
    file: File, stream: IO[bytes], problems: Problems
) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Rows of a Parquet file; NaN is missing, times are ISO text, nested values stay nested."""
    place = Place(file.name)
    number = 0
    try:
        opened = pq.ParquetFile(stream)
        facts = opened.metadata
        unpacked = sum(facts.row_group(n).total_byte_size for n in range(facts.num_row_groups))
        if unpacked > max(UNPACKED * file.size, 100_000_000):
            problems.add(place, "", "a file that unpacks to a reasonable size", f"{unpacked} bytes")
            return
        for batch in opened.iter_batches(batch_size=_rows_at_once(facts)):
            for row in batch.to_pylist():
                number += 1
                here = Place(file.name, number, "row")
                yield here, {str(n): _plain(v, here, n, problems) for n, v in row.items()}
    except (pa.ArrowException, OSError, ValueError, RecursionError) as error:
        if isinstance(error, ValueError) and hasattr(error, "problems"):
            raise
        problems.add(place, "", "a sound Parquet file", str(error).split("\n")[0])
    if not number and not problems.found:
        problems.add(place, "", "at least one row", "none")


def _rows_at_once(facts: Any) -> int:
    """How many rows are unpacked together: a text that is stored once may stand in every row."""
    chunks = [
        facts.row_group(group).column(column).total_uncompressed_size
        for group in range(facts.num_row_groups)
        for column in range(facts.num_columns)
    ]
    return max(1, min(1000, AT_ONCE // max(1, *map(int, chunks), 1)))


def _plain(value: Any, place: Place, column: str, problems: Problems) -> Any:
    """A Parquet value as plain JSON."""
    if isinstance(value, float):
        return None if value != value else value
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, dict):
        return {str(k): _plain(v, place, column, problems) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v, place, column, problems) for v in value]
    if isinstance(value, Decimal | timedelta):
        return str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    problems.add(place, column, "text, numbers, lists or records", type(value).__name__)
    return None
