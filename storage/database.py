"""One engine, two kinds of transaction, and the settings that make them safe."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

from storage.trouble import Unavailable, translate

__all__ = ["Database", "Unavailable", "normalised", "now", "open_engine"]
BUSY_MS = 30_000


def now() -> int:
    """The present as integer microseconds since 1970 UTC."""
    return time.time_ns() // 1000


class Database:
    """A SQLite file or a PostgreSQL database.

    `write()` takes the write lock at once (`BEGIN IMMEDIATE` on SQLite), so that what it reads is
    what it may change; on PostgreSQL a writer locks the study that it works on, by
    `storage.studies.head`. `read()` sees one snapshot and changes nothing. On SQLite every commit
    reaches the disk before it returns (`synchronous=FULL` in WAL mode) and foreign keys are
    enforced. Either raises `Unavailable` when the database as a whole cannot be used: full, locked,
    read-only, out of reach. No error carries the values of a statement.

    `cache` is a plain dict for values derived from immutable rows; it lives as long as the engine.
    """

    def __init__(self, url: str) -> None:
        self.url = normalised(url)
        self.engine: Engine = open_engine(self.url)
        self.cache: dict[Any, Any] = {}
        self.sqlite = self.engine.dialect.name == "sqlite"
        self._writers = self.engine.execution_options(concord_write=True)
        self._readers = self.engine
        if not self.sqlite:  # otherwise each statement would see what was committed just before it
            self._readers = self.engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        self._turn: Any = threading.Lock() if self.sqlite else nullcontext()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may change rows; commits at the end, rolls back on any error."""
        with self._turn, self._writers.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads; never waits for a writer on SQLite."""
        with self._readers.connect() as connection:
            yield connection

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


def normalised(url: str) -> str:
    """The URL with the driver this project uses; a bare path becomes a SQLite file."""
    if "://" not in url:
        return f"sqlite:///{url}"
    scheme, rest = url.split("://", 1)
    if scheme in {"postgres", "postgresql"}:
        return f"postgresql+psycopg://{rest}"
    return url


def open_engine(url: str) -> Engine:
    """An engine with pooled connections, prepared for the dialect of `url`."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        engine = create_engine(
            url, pool_size=10, max_overflow=30, pool_pre_ping=True, hide_parameters=True
        )
        event.listen(engine, "handle_error", translate)
        return engine
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        pool_size=10,
        max_overflow=90,
        pool_timeout=60,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": BUSY_MS / 1000},
    )
    event.listen(engine, "connect", prepare_sqlite)
    event.listen(engine, "begin", begin_sqlite)
    event.listen(engine, "handle_error", translate)
    return engine


def prepare_sqlite(connection: Any, _record: Any) -> None:
    """Turn off the driver's own transactions and set the pragmas of a durable store."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-32000",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def begin_sqlite(connection: Connection) -> None:
    """`BEGIN IMMEDIATE` for writers: a transaction that upgrades later can only fail."""
    writes = connection.get_execution_options().get("concord_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
