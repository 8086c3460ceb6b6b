"""How a person likes to work: keys, language, what is done with sensitive content."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.protocol import explain
from core.services import studies
from core.services.access import Identity, require
from core.telling import Told
from core.units import Invalid
from storage import people
from storage import studies as study_rows
from storage.database import Database

MOVES: Mapping[str, str] = {
    "submit": "n", "back": "b", "undo": "u", "skip": "s", "flag": "f", "guidelines": "g",
    "comment": "m", "show": "v", "next_question": "j",
}  # fmt: skip
REVIEWING: Mapping[str, str] = {
    "rubric gap": "g", "slip": "s", "judge error": "j", "bad item": "b",
    "legitimate plurality": "l", "previous case": "p", "next case": "n", "undecided case": "u",
    "answer holds": "h", "decision back": "t", "ask again": "a", "into guidelines": "e",
    "keep proposal": "k", "what all agree on": "m", "accept all": "y",
}  # fmt: skip
RESERVED = frozenset("cr")  # the server's own keys
FUNCTION = ("f2", "f4", "f8", "f9")  # those that browsers leave alone


class Preferences(BaseModel):
    """A person's own settings in a study.

    `keys` maps a move of the desk to the letter or F-key that does it, `review` one of the Review
    page; digits stay with the answers. Sensitive
    content is covered until asked for, shown at once, or passed by. `language` '' is the study's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    keys: Mapping[str, str] = Field(default_factory=lambda: dict(MOVES))
    review: Mapping[str, str] = Field(default_factory=lambda: dict(REVIEWING))
    single_keys: bool = True
    language: str = Field(default="", max_length=12)
    sensitive: Literal["cover", "show", "skip"] = "cover"

    @field_validator("keys")
    @classmethod
    def _usable(cls, keys: Mapping[str, str]) -> Mapping[str, str]:
        return _bound(keys, MOVES)

    @field_validator("review")
    @classmethod
    def _usable_too(cls, keys: Mapping[str, str]) -> Mapping[str, str]:
        return _bound(keys, REVIEWING)


def _bound(keys: Mapping[str, str], moves: Mapping[str, str]) -> Mapping[str, str]:
    """The key of every move of a page; raises `ValueError` for one that cannot work."""
    found = {**moves, **{move: str(key).strip().lower() for move, key in keys.items()}}
    unknown = sorted(set(found) - set(moves))
    if unknown:
        raise ValueError(Told("no move is called {move}", move=repr(unknown[0])))
    for move, key in found.items():
        letter = len(key) == 1 and key.isascii() and key.isalpha()
        if not (letter or key in FUNCTION) or key in RESERVED:
            words = "“{move}” takes a letter (not c or r) or F2, F4, F8 or F9, not “{key}”"
            raise ValueError(Told(words, move=Told(move), key=key))
        twice = [other for other, k in found.items() if k == key and other != move]
        if twice:
            words = "“{move}” and “{other}” have the same key “{key}”"
            raise ValueError(Told(words, move=Told(move), other=Told(twice[0]), key=key))
    return found


def load(db: Database, who: Identity, key: str) -> Preferences:
    """The person's settings in a study; the defaults before they were ever changed."""
    require(who, "annotate")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        kept = people.preferences(connection, study.id, who.name)
    kept = dict(kept or {})
    for wrong in ((), ("keys",), ("keys", "review")):  # keys that were allowed once and are not now
        with suppress(ValidationError):
            return Preferences(**{name: kept[name] for name in kept if name not in wrong})
    return Preferences()


def save(db: Database, who: Identity, key: str, changes: Mapping[str, Any]) -> Preferences:
    """Change some settings; returns all of them. Raises `Invalid` naming the one that is wrong."""
    require(who, "annotate")
    present = load(db, who, key)
    try:
        found = Preferences(**{**present.model_dump(), **changes})
    except ValidationError as error:
        own = [
            one["ctx"]["error"].args[0] for one in error.errors() if "error" in one.get("ctx", {})
        ]
        raise Invalid("settings", own[0] if own else explain(error)) from None
    if found != present:
        with db.write() as connection:
            study = studies.load(db, key, connection)
            study_rows.record(
                connection, study.id, "preference", who.name,
                found.model_dump(mode="json", exclude_defaults=True),
            )  # fmt: skip
    return found
