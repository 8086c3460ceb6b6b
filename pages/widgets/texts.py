"""The words of the pages in the language of whoever works at them.

`said("submit")` gives the text; the catalogues are catalogue/<code>.yaml, English is complete and
stands in for what another one lacks. Adding a language is adding a file.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from core.protocol import StrictLoader
from core.services.answering import Conflict
from core.services.store import Unavailable
from core.telling import BETWEEN, Told

FOLDER = Path(__file__).parent / "catalogue"
FIRST, POP = "\u2068", "\u2069"  # an isolate that runs as its own first letter does
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "yi"})


@cache
def catalogue(code: str) -> Mapping[str, str]:
    """The texts of one language by name; English where there is no such file."""
    path = FOLDER / f"{code}.yaml"
    if path.parent != FOLDER or not path.is_file():
        return catalogue("en")
    found = yaml.load(path.read_text("utf-8"), Loader=StrictLoader)  # noqa: S506 - a SafeLoader
    return found if code == "en" else {**catalogue("en"), **found}


@cache
def languages() -> Mapping[str, str]:
    """The languages there are: code -> what the language calls itself."""
    codes = sorted(path.stem for path in FOLDER.glob("*.yaml"))
    return {code: catalogue(code)["language"] for code in codes}


def known(code: str) -> str:
    """The catalogue for a language tag: `de-AT` is answered by `de`, an unknown one by `en`."""
    return next((c for c in (code, code.split("-")[0]) if c in languages()), "en")


def right_to_left(code: str) -> bool:
    """Whether the language is written from right to left."""
    return code.split("-")[0] in RIGHT_TO_LEFT


def _message(error: BaseException) -> str:
    """What an error says; those of the database, which know no languages, are put in words here."""
    if isinstance(error, Unavailable) and error.why:
        return Told("The database cannot be used now: {why}.", why=Told(error.why))
    if isinstance(error, Conflict) and error.sequence:
        return Told(
            "another window answered this differently (#{number}), and nothing more was stored; "
            "reload the page to see that answer",
            number=error.sequence,
        )
    return getattr(error, "message", "") or (error.args[0] if error.args else "")


class Words:
    """The texts of one language: `words("left", n=3)`."""

    def __init__(self, code: str) -> None:
        self.code = known(code)
        self._texts = catalogue(self.code)

    def __call__(self, name: str, /, **facts: Any) -> str:
        """The text of that name with the facts filled in."""
        return self._texts[name].format(**self._apart(facts))

    def told(self, text: str, /, **facts: Any) -> str:
        """A text of the desk that is named by its English words; English where there is none."""
        return self._texts.get(text, text).format(**self._apart(facts))

    def _apart(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Facts that are texts, kept from running into a text that is written the other way."""
        if not right_to_left(self.code):
            return facts
        return {n: f"{FIRST}{f}{POP}" if isinstance(f, str) else f for n, f in facts.items()}

    def of(self, said: BaseException | str) -> str:
        """What an error or message of the services says, in this language where it has the text."""
        if isinstance(said, BaseException):
            said = _message(said)
        if not isinstance(said, Told):
            return str(said)
        return self.told(said.text, **{name: self._fact(f) for name, f in said.facts.items()})

    def _fact(self, fact: Any) -> Any:
        if isinstance(fact, tuple):
            return BETWEEN.join(self.of(one) for one in fact)
        return self.of(fact) if isinstance(fact, Told) else fact

    def moment(self, at: int) -> str:
        """A point in time (microseconds since 1970 UTC) as day, month and time of this machine."""
        when = datetime.fromtimestamp(at / 1e6)  # noqa: DTZ006
        month = self._texts["months"].split()[when.month - 1]
        return self("moment", day=when.day, month=month, time=f"{when:%H:%M}")

    def raw(self, *names: str) -> dict[str, str]:
        """The texts of those names, their facts not filled in: for a part of the browser."""
        return {name: self._texts[name] for name in names}
