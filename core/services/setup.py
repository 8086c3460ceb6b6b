"""A database made ready for use."""

import importlib
import importlib.util

from storage.database import Database
from storage.tables import Base


def ensure(db: Database) -> None:
    """Bring the tables up to date; changes nothing when they are."""
    if importlib.util.find_spec("storage.migrate"):
        importlib.import_module("storage.migrate").upgrade(db)
    else:
        Base.metadata.create_all(db.engine)
