"""Putting untrusted material into a message so that it cannot pass for instructions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.content.base import Content
from core.digest import digest


@dataclass(frozen=True, slots=True)
class Fence:
    """A mark that no piece of the material contains.

    Units that do not contain it share it, so that what comes before their material is the same
    text, and a server's prefix cache keeps it.
    """

    mark: str

    def around(self, title: str, content: Content) -> list[dict[str, Any]]:
        """The content as parts of a message, between its two lines."""
        begin = {"type": "text", "text": f"\nBEGIN {self.mark} {title}\n"}
        end = {"type": "text", "text": f"\nEND {self.mark} {title}\n"}
        return [begin, *content.messages(), end]


def fence(contents: Sequence[Content], salt: str = "") -> Fence:
    """The fence for these contents: the salt's first mark that none of them contains.

    Material that guesses a mark gets the next one.
    """
    texts = [c.text() for c in contents]
    number = 0
    while True:
        mark = digest([salt, number])[:20]
        if not any(mark in text for text in texts):
            return Fence(mark)
        number += 1


def joined(parts: Sequence[dict[str, Any]]) -> str | list[dict[str, Any]]:
    """The parts with neighbouring texts put together; a plain text when there is nothing else."""
    found: list[dict[str, Any]] = []
    for part in parts:
        if found and part["type"] == found[-1]["type"] == "text":
            found[-1] = {"type": "text", "text": found[-1]["text"] + part["text"]}
        else:
            found.append(dict(part))
    return str(found[0]["text"]) if [p["type"] for p in found] == ["text"] else found
