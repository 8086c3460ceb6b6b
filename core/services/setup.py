"""A database made ready for use."""

from storage.database import Database
from storage.migrate import upgrade


def ensure(db: Database) -> None:
    """Bring the tables up to date; changes nothing when they are."""
    upgrade(db)
