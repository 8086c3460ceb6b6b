"""Bringing a database up to the newest schema, and showing where schema and tables differ.

A migration is a file `versions/NNNN_what_it_does.py`; NNNN is its revision. Alembic is imported
only when there is something to do, so that a start with an up-to-date database costs one query.
"""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text

from storage.database import Database

FOLDER = Path(__file__).resolve().parent / "migrations"
LOCK = 0x636F6E636F7264  # "concord": the advisory lock that processes on PostgreSQL share


class Ahead(RuntimeError):
    """The database was migrated by a newer Concord than this one."""


def head() -> str:
    """The newest revision that this version of Concord knows."""
    return max(path.name[:4] for path in (FOLDER / "versions").glob("[0-9]*.py"))


def current(connection: Connection) -> str:
    """The revision of a database; '' when it has no tables yet."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def upgrade(db: Database) -> tuple[str, str]:
    """Bring the schema to the newest revision; returns (revision before, revision after).

    Changes nothing when it is there already. Processes that start at once take turns: the change
    is one transaction under the database's write lock, all or nothing. Raises `Ahead` when the
    database is newer than this program.
    """
    with db.read() as connection:
        before = current(connection)
    if before == head():
        return before, before
    if before > head():
        raise Ahead(f"the database is at {before}, this Concord knows {head()}: update Concord")
    with db.write() as connection:
        if not db.sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        before = current(connection)
        if before != head():
            _run(connection)
    return before, head()


def _run(connection: Connection) -> None:
    from alembic import command

    command.upgrade(configuration(connection), "head")


def configuration(connection: Connection) -> Any:
    """Alembic's configuration over an open connection."""
    from alembic.config import Config

    found = Config()
    found.set_main_option("script_location", str(FOLDER))
    found.attributes["connection"] = connection
    return found


def differences(db: Database) -> list[str]:
    """What `storage.tables` says and the migrated database lacks, or the other way; [] when equal.

    This is `alembic check`, on whichever engine the database runs.
    """
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from storage.tables import Base

    with db.read() as connection:
        found = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    return [str(difference) for difference in found]
