"""A database that cannot be used for a while: full, locked, read-only, out of reach."""

from typing import Any

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError

SQLITE = {
    "SQLITE_FULL": "the disk that holds it is full; make room there",
    "SQLITE_READONLY": "it cannot be written to; allow the app to write its file and folder",
    "SQLITE_BUSY": "another program holds it; end that program, or wait for it",
    "SQLITE_LOCKED": "another program holds it; end that program, or wait for it",
    "SQLITE_IOERR": "its disk does not read or write as it should; see to the disk",
    "SQLITE_CANTOPEN": "its file cannot be opened; its folder must exist and be writable",
    "SQLITE_CORRUPT": "its file is damaged; put a copy in its place",
    "SQLITE_NOTADB": "its file is no SQLite database; name another one in DATABASE_URL",
}
POSTGRES = {
    "08": "it cannot be reached; see that the server runs",
    "57P": "its server is shutting down or starting; wait for it",
    "53100": "the disk that holds it is full; make room there",
    "53300": "it takes no more connections; end some, or allow more",
    "25006": "it can only be read; write to its primary server",
    "55P03": "another program holds it; end that program, or wait for it",
}


TROUBLE = "The database cannot be used now"


class Unavailable(RuntimeError):
    """The database cannot be used now; nothing of the transaction was stored.

    The message says why and what to do, and holds no stored text; `why` is its reason alone, ''
    where there is none.
    """

    exit_code = 6

    def __init__(self, message: str, why: str = "") -> None:
        super().__init__(message)
        self.why = why


def translate(context: ExceptionContext) -> None:
    """Raise `Unavailable` in place of a driver's error that is about the database as a whole."""
    why = reason(context.original_exception)
    if why:
        raise Unavailable(f"{TROUBLE}: {why}.", why) from None


def reason(error: Any) -> str:
    """Why the database as a whole cannot be used, in words; '' for any other error."""
    original = error.orig if isinstance(error, DBAPIError) else error
    name = getattr(original, "sqlite_errorname", None) or ""
    state = getattr(original, "sqlstate", None) or ""
    if type(original).__module__.startswith("psycopg") and not state:
        state = "08" if type(original).__name__ == "OperationalError" else ""
    return _found(SQLITE, name) or _found(POSTGRES, state)


def _found(table: dict[str, str], code: str) -> str:
    return next((words for start, words in table.items() if code.startswith(start)), "")
