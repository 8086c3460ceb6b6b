"""The database that the settings name, with its schema up to date."""

from core.services.access import Identity, require
from core.settings import settings
from storage import migrate
from storage.database import Database, Unavailable

__all__ = [
    "Behind", "Database", "Unavailable", "connect", "differences", "ensure", "open_store",
    "upgrade",
]  # fmt: skip


class Behind(RuntimeError):
    """The schema cannot be used as it is; the message says what to do."""


def connect(url: str = "") -> Database:
    """The database at a URL, else the one that the settings name; its schema is left as it is."""
    return Database(url or settings().database_url)


def open_store(url: str = "") -> Database:
    """The same, brought up to the newest schema. Raises `Behind` when that cannot be done."""
    db = connect(url)
    try:
        ensure(db)
    except BaseException:
        db.close()
        raise
    return db


def ensure(db: Database) -> None:
    """Bring the tables up to date; changes nothing when they are. Raises `Behind`."""
    upgrade(db, Identity("operator"))


def upgrade(db: Database, who: Identity) -> tuple[str, str]:
    """Bring the schema to the newest revision; returns (before, after), '' for an empty database.

    Raises `Behind` when the database was made by a newer Concord.
    """
    require(who, "administer")
    try:
        return migrate.upgrade(db)
    except migrate.Ahead as error:
        raise Behind(str(error)) from None


def differences(db: Database) -> list[str]:
    """Where the tables in the code and the database's schema differ; [] when they agree."""
    return migrate.differences(db)
