"""Tools that make an answer in the browser: orders, spans, boxes, pairs, hierarchies, fields."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import streamlit as st

from pages.widgets.components import part, texts
from pages.widgets.texts import Words

WORDS = {
    "correction": (
        "optional", "row_name", "field_was", "field_back", "field_restored", "all_fields_right",
        "undo_corrections", "correction_hint", "correction_table",
    ),
    "hierarchy": (
        "optional", "the_top", "moved_below", "not_below_itself", "node_out", "node_back",
        "already_top", "nothing_before", "picked_up", "put_down", "node_level", "is_out",
        "is_moved", "put_below", "put_at_top", "move_node", "take_node_out", "bring_back",
        "all_links_right", "undo_changes", "hierarchy_hint", "carrying_hint", "hierarchy_list",
    ),
    "ranking": (
        "optional", "response", "ranked_at", "ranked_of", "tied_at", "not_ranked", "unplaced",
        "already_first", "already_last", "all_placed", "move_up", "move_down", "tie_above",
        "take_out", "place_it", "place_this", "place_all", "ranked_list", "unplaced_list",
        "rank_hint", "rank_hint_ties", "best", "worst", "is_best", "is_worst",
    ),
    "slider": ("slider_unset", "slider_set"),
    "span": (
        "optional", "types", "marked", "mark_hint", "mark_priority", "select_first", "selected",
        "marked_already", "no_overlap", "nothing_to_mark", "type_of", "remove", "removed",
        "remove_quote", "evidence", "evidence_only", "only_evidence", "select_evidence",
        "add_evidence", "cancel", "evidence_for", "evidence_added", "remove_evidence", "missing",
        "added", "what_missing", "missing_note", "remove_missing",
    ),
}  # fmt: skip

MORE = {"box": ("pictures",)}


@dataclass(frozen=True, slots=True)
class Tray:
    """The tools in sight, and what was taken from each.

    Streamlit runs the callbacks of buttons before those of components: a press that came together
    with a change in a tool would be answered without that change. Whatever acts on the answers
    calls `gather` first.
    """

    tools: dict[str, Callable[[Any], None]] = field(default_factory=dict)
    taken: dict[str, Any] = field(default_factory=dict)

    def hold(self, key: str, on_value: Callable[[Any], None]) -> None:
        """A tool is drawn: what it has sent so far has been heard."""
        self.tools[key] = on_value
        self.taken[key] = _sent(key)

    def take(self, key: str) -> None:
        """Take what a tool has sent, once."""
        made = _sent(key)
        if made is not None and made != self.taken[key]:
            self.taken[key] = made
            self.tools[key](made.get("value"))

    def gather(self) -> None:
        """Take in what came with a press."""
        for key in tuple(self.tools):
            self.take(key)


def draw(
    tool: str, key: str, facts: Mapping[str, Any], value: Any, said: Words,
    on_value: Callable[[Any], None], tray: Tray,
) -> Any:  # fmt: skip
    """Draw a tool; returns the value that the desk has now.

    The browser keeps the answer in the making and sends it again until `value` equals it. A picture
    to draw on lies in a part of its own, which does not change with the answer: the browser keeps
    it, and an answer of a few hundred bytes does not send it again.
    """
    ground = facts.get("ground")
    if ground and ground.get("url"):
        held = f"ground-{key}"
        part("picture", "pictures")(key=held, data={"key": held, "url": ground["url"]})
        facts = {**facts, "ground": {**ground, "url": "", "picture": held}}
    tray.hold(key, on_value)
    data = {
        **facts,
        "key": key,
        "value": value,
        "words": said.raw(*WORDS.get(tool, ()), *texts(tool)),
    }
    heard = partial(tray.take, key)
    part(tool, *MORE.get(tool, ()), "tool")(key=key, data=data, on_made_change=heard)
    return value


def _sent(key: str) -> dict[str, Any] | None:
    state = st.session_state.get(key)
    made = state.get("made") if isinstance(state, dict) else None
    return dict(made) if isinstance(made, dict) else None
