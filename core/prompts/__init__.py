"""The words that workers say to models: one .md file per prompt, versioned by its digest."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import Template

from core.digest import digest

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt: its text, with `$name` where values go, and the digest of that text."""

    name: str
    text: str
    digest: str

    def fill(self, **values: str) -> str:
        """The text with its values; raises KeyError when one is missing."""
        return Template(self.text).substitute(values)


@lru_cache(maxsize=64)
def prompt(name: str) -> Prompt:
    """The prompt of that name; raises `KeyError` naming those there are."""
    path = FOLDER / f"{name}.md"
    if not name.replace("_", "").isalnum() or not path.is_file():
        known = ", ".join(sorted(p.stem for p in FOLDER.glob("*.md")))
        raise KeyError(f"no prompt is called {name!r}; there are: {known}")
    text = path.read_text(encoding="utf-8").strip()
    return Prompt(name, text, digest(text))
