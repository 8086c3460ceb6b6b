"""Texts that grow on the desk: drawn by our own text area, taken in with whatever is pressed."""

from collections.abc import Callable, MutableMapping
from typing import Any

from core import answers
from core.services.assignment import Ticket
from pages.widgets.components.longtext import longtext, typed
from pages.widgets.texts import Words
from pages.widgets.ui import Facts, Writer

Desk = MutableMapping[str, Any]


def gather(desk: Desk) -> None:
    """Take in the texts and tools that came with a press: its callback may run before theirs."""
    desk["tray"].gather()
    for name, key in desk["texts"].items():
        text = typed(key)
        if text is not None and (text or None) != answers.got(desk["answers"], name):
            desk["answers"] = answers.put(desk["answers"], name, text or None)


def writer(
    desk: Desk, scope: str, store: str, on_text: Callable[[str, str | None], None]
) -> Writer:
    """What draws the text areas of the unit on the desk, their drafts kept as they grow.

    `store` names the person and the study, for the browser's own copies.
    """
    held: Ticket = desk["held"]
    said: Words = desk["words"]
    drafts = held.state == "reserved"

    def area(name: str, value: str | None, facts: Facts) -> str | None:
        key = f"{scope}-{name}"
        desk["texts"][name] = key
        stored = {**held.answers, **held.draft} if drafts else held.answers
        return longtext(
            key=key, store=f"{store}:{held.id}:{name}", facts=facts, value=value,
            kept=answers.got(stored, name), drafts=drafts, said=said,
            on_text=lambda text: on_text(name, text),
        )  # fmt: skip

    return area
