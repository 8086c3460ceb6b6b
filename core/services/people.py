"""People: the names that are known, and what a name may look like."""

import unicodedata

from core.telling import Told
from core.units import Invalid
from storage import people
from storage.database import Database

LONGEST = 60


def known(db: Database) -> list[str]:
    """Names of people who have been here before, in alphabetical order."""
    with db.read() as connection:
        return people.names(connection)


def name(text: str) -> str:
    """The name as it is stored: one line, outer spaces gone. Raises `Invalid` for anything else."""
    found = unicodedata.normalize("NFC", " ".join(text.split()))
    if not found:
        raise Invalid("name", Told("enter a name"))
    if len(found) > LONGEST:
        raise Invalid("name", Told("a name has at most {most} characters", most=LONGEST))
    if any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn"} for c in found):
        raise Invalid("name", Told("the name holds a character that cannot be shown"))
    if "simulated" in found.casefold():
        raise Invalid("name", Told("the word 'simulated' is kept for raters that are programs"))
    return found
