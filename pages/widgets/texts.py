"""The words of the desk in the language of whoever works at it.

`said("submit")` gives the text; the catalogues are catalogue/<code>.yaml, English is complete and
stands in for what another one lacks. Adding a language is adding a file.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from core.protocol import StrictLoader

FOLDER = Path(__file__).parent / "catalogue"
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


class Words:
    """The texts of one language: `words("left", n=3)`."""

    def __init__(self, code: str) -> None:
        self.code = known(code)
        self._texts = catalogue(self.code)

    def __call__(self, name: str, **facts: Any) -> str:
        """The text of that name with the facts filled in."""
        return self._texts[name].format(**facts)

    def told(self, text: str, **facts: Any) -> str:
        """A text of the desk that is named by its English words; English where there is none."""
        return self._texts.get(text, text).format(**facts)

    def raw(self, *names: str) -> dict[str, str]:
        """The texts of those names, their facts not filled in: for a part of the browser."""
        return {name: self._texts[name] for name in names}
