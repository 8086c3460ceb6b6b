"""Widgets for the settings of any part, as `core.fields` describes them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from core.fields import Setting
from pages.widgets import draft
from pages.widgets.words import plain

Path = Sequence[str | int]


def settings_form(path: Path, settings: Sequence[Setting], data: Mapping[str, Any]) -> None:
    """Draw a widget per setting under `path` of the draft; a change goes into its text at once."""
    for setting in settings:
        if setting.shape in WIDGETS:
            value = data.get(setting.name, setting.default)
            key = slot([*path, setting.name])
            WIDGETS[setting.shape](setting, value, key, [*path, setting.name])
        elif setting.name in data:
            st.caption(plain(f"{words(setting.name)}: set in the file."))


def slot(path: Path) -> str:
    """The widget key of a setting; new at every turn of the draft, so that it shows its text."""
    found = draft.current() or {"turn": 0}
    return f"draft-{found['turn']}-" + "-".join(str(step) for step in path)


def words(name: str) -> str:
    """A setting's name as a label."""
    return name.replace("_", " ").capitalize()


def heard(key: str, path: Path, setting: Setting, read: Callable[[Any], Any]) -> None:
    """Put what a widget holds now into the draft; a value equal to the default is left out."""
    value = read(st.session_state[key])
    draft.put(path, None if value == setting.default and not setting.required else value)


def _options(
    setting: Setting, key: str, path: Path, read: Callable[[Any], Any] = lambda v: v
) -> dict[str, Any]:
    return {
        "label": words(setting.name), "key": key, "on_change": heard,
        "args": (key, path, setting, read),
    }  # fmt: skip


def _about(setting: Setting, more: str = "") -> str | None:
    return ". ".join(part for part in (setting.about, more) if part) or None


def line(setting: Setting, value: Any, key: str, path: Path) -> None:
    """A text of one line."""
    shown = "" if value is None else str(value)
    st.text_input(value=shown, help=_about(setting), **_options(setting, key, path, str.strip))


def text(setting: Setting, value: Any, key: str, path: Path) -> None:
    """A text of several lines."""
    shown = "" if value is None else str(value)
    height = 240 if setting.name == "guidelines" else 84
    st.text_area(value=shown, height=height, help=_about(setting), **_options(setting, key, path))


def yes(setting: Setting, value: Any, key: str, path: Path) -> None:
    """Yes or no."""
    st.checkbox(value=value is True, help=_about(setting), **_options(setting, key, path))


def number(setting: Setting, value: Any, key: str, path: Path) -> None:
    """A whole or decimal number; empty means the default."""
    kind: Any = int if setting.shape == "whole" else float
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    inside = is_number and (setting.low is None or value >= setting.low)
    inside = inside and (setting.high is None or value <= setting.high)
    bounds = {
        "min_value": None if setting.low is None else kind(setting.low),
        "max_value": None if setting.high is None else kind(setting.high),
    }
    st.number_input(
        value=kind(value) if is_number else None, step=1 if kind is int else 0.01,
        help=_about(setting), **(bounds if inside else {}), **_options(setting, key, path),
    )  # fmt: skip


def choice(setting: Setting, value: Any, key: str, path: Path) -> None:
    """One of a few values."""
    choices = list(setting.choices)
    index = choices.index(value) if value in choices else None
    st.selectbox(
        options=choices, index=index, help=_about(setting), format_func=str,
        **_options(setting, key, path),
    )  # fmt: skip


def names(setting: Setting, value: Any, key: str, path: Path) -> None:
    """Several texts, parted by commas."""
    shown = ", ".join(str(v) for v in value) if isinstance(value, list | tuple) else ""
    st.text_input(
        value=shown, help=_about(setting, "Parted by commas"),
        **_options(setting, key, path, split),
    )  # fmt: skip


def split(typed: str) -> list[str] | tuple[()]:
    """The texts between commas; an empty tuple where there are none."""
    return [part.strip() for part in typed.split(",") if part.strip()] or ()


def pairs(setting: Setting, value: Any, key: str, path: Path) -> None:
    """Names with meanings, one per line."""
    if isinstance(value, Mapping):
        shown = "\n".join(f"{name}: {meaning}" if meaning else f"{name}"
                          for name, meaning in value.items())  # fmt: skip
    else:
        shown = "\n".join(str(v) for v in value) if isinstance(value, list | tuple) else ""
    st.text_area(
        value=shown, height=110, help=_about(setting, "One per line, as name: meaning"),
        **_options(setting, key, path, lines),
    )  # fmt: skip


def lines(typed: str) -> dict[str | int, str]:
    """Name -> meaning of each line that is not empty; whole numbers stay numbers."""
    found: dict[str | int, str] = {}
    for one in typed.splitlines():
        name, _, meaning = one.partition(":")
        if name.strip():
            short = name.strip()
            found[int(short) if short.isdecimal() else short] = meaning.strip()
    return found


WIDGETS: Mapping[str, Callable[[Setting, Any, str, Path], None]] = {
    "line": line, "text": text, "yes": yes, "whole": number, "decimal": number,
    "choice": choice, "list": names, "pairs": pairs,
}  # fmt: skip
