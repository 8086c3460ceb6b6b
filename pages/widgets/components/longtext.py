"""A text of the person's own whose draft is on the server while it is typed."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.widgets.components import part
from pages.widgets.texts import Words

WORDS = (
    "optional", "draft_saved", "draft_saving", "draft_here", "draft_changed", "draft_over",
    "draft_other", "use_it", "drop_it",
)  # fmt: skip


def longtext(
    *, key: str, store: str, facts: dict[str, Any], value: str | None, kept: str | None,
    drafts: bool, said: Words, on_text: Callable[[str | None], None],
) -> str | None:  # fmt: skip
    """Draw the text area; returns the text that the desk has now, or None.

    `store` names the browser's own copy. `value` is what the desk holds, `kept` what the database
    holds; with `drafts` false the database takes no draft, and the copy stays in the browser.
    """

    def heard() -> None:
        text = typed(key)
        if text is not None:
            on_text(text or None)

    part("longtext")(
        key=key, on_draft_change=heard,
        data={**facts, "key": key, "store": store, "value": value, "kept": kept, "drafts": drafts,
              "words": said.raw(*WORDS)},
    )  # fmt: skip
    return value


def typed(key: str) -> str | None:
    """The text that the component has sent, also before its callback ran; None before that."""
    state = st.session_state.get(key)
    draft = state.get("draft") if isinstance(state, dict) else None
    text = draft.get("text") if isinstance(draft, dict) else None
    return text if isinstance(text, str) else None
