"""Settings being written in this session. Their text is the truth; a form changes the text."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.services import drafts

Path = Sequence[str | int]
MISSING = object()


@dataclass(frozen=True, slots=True)
class Draft:
    """A text of settings under `slot` of the session; its `turn` counts how often it was redrawn.

    `key` is the study that is changed and `seen` its version; `error` says why it was not saved.
    """

    slot: str

    def begin(self, text: str, key: str | None = None, seen: int = 0) -> None:
        """Start writing; of a study, a new one or a new version of `key`, which was at `seen`."""
        turn = (self.now() or {"turn": -1})["turn"] + 1
        st.session_state[self.slot] = {
            "text": text, "key": key, "seen": seen, "turn": turn, "error": "",
        }  # fmt: skip

    def now(self) -> dict[str, Any] | None:
        """What is being written, or None."""
        found: dict[str, Any] | None = st.session_state.get(self.slot)
        return found

    def data(self) -> dict[str, Any]:
        """The settings that the text holds; none where it can't be read."""
        now = self.now() or {"text": ""}
        if now.get("read", ("",))[0] != now["text"]:
            now["read"] = (now["text"], drafts.read(now["text"]) or {})
        return deepcopy(now.get("read", ("", {}))[1])

    def at(self, path: Path) -> Any:
        """What the text says at the path; `MISSING` where it says nothing."""
        found: Any = self.data()
        for step in path:
            inside = isinstance(found, list) and isinstance(step, int) and step < len(found)
            if not inside and not (isinstance(found, dict) and step in found):
                return MISSING
            found = found[step]
        return found

    def drop(self) -> None:
        """Stop writing; what was not saved is gone."""
        st.session_state.pop(self.slot, None)

    def retype(self, text: str) -> None:
        """Take the text as it was typed; the form is drawn anew from it."""
        now = st.session_state[self.slot]
        now["text"], now["error"] = text, ""
        now["turn"] += 1

    def put(self, path: Path, value: Any, grounds: Mapping[tuple[Any, ...], Any]) -> None:
        """Set one setting; the text follows.

        `grounds` are values that hold where the text has none: a change inside one writes it down.
        """
        data = self.data()
        _holder(data, path, grounds)[path[-1]] = value
        self._write(data)

    def take(self, path: Path, grounds: Mapping[tuple[Any, ...], Any]) -> None:
        """Take a setting out, and the groups that are empty without it."""
        if self.at(path) is MISSING:
            return
        data = self.data()
        holder = _holder(data, path, grounds)
        if isinstance(holder, dict):
            holder.pop(path[-1], None)
            _prune(data, path[:-1])
        self._write(data)

    def reshape(
        self, path: Path, value: Any, grounds: Mapping[tuple[Any, ...], Any] | None = None
    ) -> None:
        """Replace a whole list or mapping (None takes it out), and draw the form anew."""
        if value is None:
            self.take(path, grounds or {})
        else:
            self.put(path, value, grounds or {})
        st.session_state[self.slot]["turn"] += 1

    def _write(self, data: dict[str, Any]) -> None:
        now = st.session_state[self.slot]
        now["text"], now["error"] = drafts.write(data), ""


def _holder(data: Any, path: Path, grounds: Mapping[tuple[Any, ...], Any]) -> Any:
    """What the last step of the path is set in; made where it is missing."""
    holder = data
    for place, step in enumerate(path[:-1], 1):
        if isinstance(holder, dict) and not isinstance(holder.get(step), dict | list):
            holder[step] = deepcopy(grounds.get(tuple(path[:place]), {}))
        holder = holder[step]
    return holder


def _prune(data: Any, path: Path) -> None:
    """Take groups away that hold nothing; a row stays, empty or not."""
    for end in range(len(path), 0, -1):
        holder = data
        for step in path[: end - 1]:
            holder = holder[step]
        if not isinstance(holder, dict) or holder.get(path[end - 1]) != {}:
            return
        del holder[path[end - 1]]


STUDY = Draft("concord_draft")
WORKER = Draft("concord_worker")
