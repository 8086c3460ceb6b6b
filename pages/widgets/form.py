"""Widgets for the settings of any part, as `core.fields` describes them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import streamlit as st

from core import typed
from core.explaining import Path
from core.fields import Setting
from core.services.drafts import Problem
from pages.widgets.draft import MISSING, Draft
from pages.widgets.words import plain

MOST = 2.0**53
HINTS = {
    "pairs": "One per line, as name: meaning", "amounts": "One per line, as name: number",
    "lists": "One per line, as name: value, another value",
    "values": "One per line, as name: value",
}  # fmt: skip
EXAMPLES = {
    "base_url": "http://127.0.0.1:8000/v1", "key": "OPENAI_API_KEY", "model": "name-of-the-model",
}  # fmt: skip


LABELS = {"base_url": "Base URL", "key": "Name of the key", "na": "N/A"}


@dataclass(frozen=True)
class Form:
    """A form of a draft: what is wrong with it, and what its settings may name.

    `offers` are names by the setting that may have them (`skip`, or `reveal.worker` where the name
    alone does not tell); others may be typed all the same. `grounds` are values that hold where the
    text has none, by path; drawing fills them in.
    """

    draft: Draft
    problems: Sequence[Problem] = ()
    offers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    grounds: dict[Path, Any] = field(default_factory=dict)

    def slot(self, path: Sequence[str | int]) -> str:
        """The key of a widget; new at every turn of the draft, so that it shows its text."""
        turn = (self.draft.now() or {"turn": 0})["turn"]
        name = self.draft.slot.removeprefix("concord_")
        return f"{name}-{turn}-" + "-".join(str(step) for step in path)

    def offered(self, path: Path) -> Sequence[str]:
        """The names that a setting may have, where they are known."""
        inside = f"{path[-2]}.{path[-1]}" if len(path) > 1 else ""
        return self.offers.get(inside, self.offers.get(str(path[-1]), ()))

    def say(self, path: Path, *, within: bool = False) -> None:
        """Say what is wrong with a setting; with `within` also what is wrong inside it."""
        here = [
            problem.message for problem in self.problems
            if problem.path == path or (within and problem.path[: len(path)] == path)
        ]  # fmt: skip
        if here:
            with st.container(key=self.slot(["wrong", *path])):
                st.error(plain("\n\n".join(here)), icon=":material/error:")

    def put(self, path: Path, setting: Setting, value: Any) -> None:
        """Write a setting down; one that comes to be at its default is left out."""
        now = self.draft.at(path)
        if now is not MISSING and typed.read(setting, typed.shown(setting, now)) == value:
            return
        empty = value is None and not (setting.optional and setting.default is not None)
        if empty or (value == setting.default and not setting.required):
            self.draft.take(path, self.grounds)
        else:
            self.draft.put(path, value, self.grounds)


def drawn(form: Form, path: Path, setting: Setting, data: Mapping[str, Any]) -> None:
    """One field, and under it what is wrong with it."""
    value = data.get(setting.name, setting.default)
    with st.container(gap="xsmall"):
        WIDGETS[setting.shape](form, path, setting, value)
        form.say(path, within=True)


def words(name: str) -> str:
    """A setting's name as a label."""
    return LABELS.get(name, name.replace("_", " ").capitalize())


def heard(form: Form, key: str, path: Path, setting: Setting) -> None:
    """Put what a widget holds now into the draft."""
    form.put(path, setting, typed.read(setting, st.session_state[key]))


def _options(form: Form, path: Path, setting: Setting) -> dict[str, Any]:
    key = form.slot(path)
    hint = HINTS.get(setting.shape, "")
    about = setting.about[:1].upper() + setting.about[1:]
    return {
        "label": words(setting.name), "key": key, "on_change": heard,
        "args": (form, key, path, setting),
        "help": ". ".join(part for part in (about, hint) if part) or None,
    }  # fmt: skip


def line(form: Form, path: Path, setting: Setting, value: Any) -> None:
    """A text: of one line, or of several where it is long; offered names are chosen."""
    content = typed.shown(setting, value)
    offered = form.offered(path)
    if setting.shape == "line" and offered:
        known = list(dict.fromkeys([*offered, *([content] if content else [])]))
        st.selectbox(
            options=known, index=known.index(content) if content else None, placeholder="none",
            accept_new_options=True, **_options(form, path, setting),
        )  # fmt: skip
    elif setting.shape == "text" or typed.is_long(content):
        height = min(240, max(90, 30 + 24 * (len(content) // 60 + content.count("\n") + 1)))
        st.text_area(value=content, height=height, **_options(form, path, setting))
    else:
        example = EXAMPLES.get(setting.name)
        st.text_input(value=content, placeholder=example, **_options(form, path, setting))


def yes(form: Form, path: Path, setting: Setting, value: Any) -> None:
    """Yes or no."""
    st.checkbox(value=value is True, **_options(form, path, setting))


def number(form: Form, path: Path, setting: Setting, value: Any) -> None:
    """A whole or decimal number; empty is null where the setting takes it, else the default."""
    kind: Any = int if setting.shape == "whole" else float
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    is_number = is_number and isfinite(value) and abs(value) < MOST
    inside = is_number and (setting.low is None or value >= setting.low)
    inside = inside and (setting.high is None or value <= setting.high)
    bounds = {
        "min_value": None if setting.low is None else kind(setting.low),
        "max_value": None if setting.high is None else kind(setting.high),
    }
    key = form.slot(path)
    st.session_state.setdefault(key, kind(value) if is_number else None)
    st.number_input(  # without a value of its own it can be emptied
        value=None, step=1 if kind is int else 0.01,
        format="%d" if kind is int else "%g", placeholder="none" if setting.optional else None,
        **(bounds if inside or value is None else {}), **_options(form, path, setting),
    )  # fmt: skip


def choice(form: Form, path: Path, setting: Setting, value: Any) -> None:
    """One of a few values."""
    choices = list(setting.choices)
    index = choices.index(value) if value in choices else None
    st.selectbox(
        options=choices, index=index, format_func=lambda v: str(v) or "none",
        **_options(form, path, setting),
    )  # fmt: skip


def several(form: Form, path: Path, setting: Setting, value: Any) -> None:
    """Several texts, in their order: chosen among those offered, or typed."""
    content = typed.shown(setting, value)
    known = list(dict.fromkeys([*form.offered(path), *content]))
    st.multiselect(
        options=known, default=list(dict.fromkeys(content)), accept_new_options=True,
        placeholder="choose or type" if form.offered(path) else "type, then Enter",
        select_all=False, **_options(form, path, setting),
    )  # fmt: skip


def lines(form: Form, path: Path, setting: Setting, value: Any) -> None:
    """Names with values, one per line."""
    content = typed.shown(setting, value)
    height = min(240, max(90, 30 + 24 * (content.count("\n") + 2)))
    st.text_area(value=content, height=height, **_options(form, path, setting))


Draw = Callable[[Form, Path, Setting, Any], None]
WIDGETS: Mapping[str, Draw] = {
    "line": line, "text": line, "yes": yes, "whole": number, "decimal": number, "choice": choice,
    "list": several, **dict.fromkeys(("pairs", "amounts", "lists", "values"), lines),
}  # fmt: skip
