"""Blocks of questions that take several presses, several parts, or a number."""

import difflib
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import streamlit as st

from core.ui import Option
from pages.widgets.components.tools import draw
from pages.widgets.inert import inert
from pages.widgets.texts import Words
from pages.widgets.words import plain

PICKS = 5
WORD = re.compile(r"\s*\S+|\s+")


class Parts:
    """What `StreamlitUi` draws for such questions; it has the keys and hears the answers."""

    scope: str
    room: str
    active: str
    keys: bool
    on_answer: Callable[[str, Any], None]
    words: Words

    def heading(
        self, *, title: str, help: str = "", required: bool = True, part: bool = False
    ) -> None:
        mark = "" if required or part else f" {self.words('optional')}"
        words = plain(title) if part else f"**{plain(title)}**{mark}"
        st.markdown(words, help=inert(help) or None, anchors=False)

    def toggle(
        self, *, name: str, title: str, options: Sequence[Option],
        value: Sequence[Any] | None = None, help: str = "", required: bool = True, none: str = "",
        part: bool = False, fixed: bool = False,
    ) -> list[Any] | None:  # fmt: skip
        given = list(value or [])
        with self.row(name):
            self.heading(title=title, help=help, required=required, part=part)
            self._toggles(name, options, given)
            if none:
                with st.container(horizontal=True, key=f"choices-{self.scope}-{name}-none"):
                    chosen = value is not None and not given
                    self.press(name, len(options), Option([], none), chosen, _none_or_nothing)
        return None if value is None else given

    def _toggles(self, name: str, options: Sequence[Option], given: Sequence[Any]) -> None:
        place = 0
        for group in dict.fromkeys(option.group for option in options):
            with st.container(
                horizontal=True, gap="xsmall", key=f"choices-{self.scope}-{name}-{place}"
            ):
                if group:
                    st.caption(plain(group), width="content")
                for option in options:
                    if option.group == group:
                        change = partial(toggled, option.value)
                        self.press(name, place, option, option.value in given, change)
                        place += 1

    def row(self, name: str) -> AbstractContextManager[Any]:
        """A row of its own for a part of a question: its title and what answers it."""
        return st.container(key=f"asked-{self.scope}-{name}") if "/" in name else nullcontext()

    def press(
        self, name: str, place: int, option: Option, chosen: bool, value: Any, *,
        hint: bool = True,
    ) -> None:  # fmt: skip
        """One button of a question; the digits press those of the active one."""
        live = self.keys and self.active == name
        label = plain(option.label)
        st.button(
            f"✓ {label}" if chosen else label,
            key=f"{self.room}-{name}-{place}",
            help=plain(option.hint) if option.hint and hint else None,
            type="primary" if chosen else "secondary",
            shortcut=str((place + 1) % 10) if live and place < 10 else None,
            on_click=self.on_answer,
            args=(name, value),
        )

    def number(
        self, *, name: str, title: str, value: float | None = None, low: float | None = None,
        high: float | None = None, step: float | None = None, whole: bool = False, unit: str = "",
        slider: bool = False, ends: tuple[str, str] = ("", ""), help: str = "",
        required: bool = True, part: bool = False,
    ) -> float | None:  # fmt: skip
        kind: Any = int if whole else float
        words = f"{title} ({unit})" if unit else title
        if slider and low is not None and high is not None:
            self.heading(title=words, help=help, required=required, part=part)
            self._slider(name, words, value, kind(low), kind(high), step, kind)
        else:
            if not part:  # a label in bold is read out with its asterisks
                self.heading(title=words, help=help, required=required)
            label = plain(words) + ("" if required else f" {self.words('optional')}")
            self._typed(name, label, value, (low, high), step, kind, help if part else "", part)
        said = " · ".join(
            f"{end:g}: {what}" for end, what in zip((low, high), ends, strict=True)
            if what and end is not None
        )  # fmt: skip
        if said:
            st.caption(plain(said))
        return value

    def _typed(
        self, name: str, label: str, value: Any, ends: Sequence[float | None], step: Any,
        kind: Any, help: str, seen: bool,
    ) -> None:  # fmt: skip
        """A field for a number; its label is `seen`, or only read out."""
        key = f"{self.scope}-{name}"
        st.session_state.setdefault(key, None if value is None else kind(value))
        low, high = (None if end is None else kind(end) for end in ends)
        st.number_input(
            label, low, high, None, key=key,
            step=kind(step or 0) or (1 if kind is int else 0.01),
            placeholder=self.words.told("Type a number"), help=inert(help) or None, width=260,
            on_change=self._set, args=(name, key),
            label_visibility="visible" if seen else "collapsed",
        )  # fmt: skip

    def _slider(
        self, name: str, title: str, value: Any, low: Any, high: Any, step: Any, kind: Any
    ) -> None:
        picks = sorted({kind(low + (high - low) * n / (PICKS - 1)) for n in range(PICKS)})
        with st.container(horizontal=True, gap="xsmall", key=f"choices-{self.scope}-{name}"):
            for place, pick in enumerate(picks):
                self.press(name, place, Option(pick, f"{pick:g}"), value == pick, pick)
        facts = {"title": title, "low": low, "high": high,
                 "step": kind(step or 0) or (1 if kind is int else (high - low) / 100)}  # fmt: skip

        def heard(moved: Any) -> None:
            if type(moved) in (int, float):
                self.on_answer(name, kind(moved))

        draw("slider", f"{self.scope}-{name}", facts, value, self.words, heard, self.tray)

    def _set(self, name: str, key: str) -> None:
        self.on_answer(name, st.session_state.get(key))

    def note(self, text: str) -> None:
        st.caption(plain(text))

    def changes(self, old: str, new: str) -> None:
        st.markdown(marked(old, new), anchors=False)


def toggled(value: Any, now: Any) -> list[Any] | None:
    """A list with `value` put in or taken out; None when nothing is left."""
    held = list(now or [])
    if value in held:
        held.remove(value)
    else:
        held.append(value)
    return held or None


def _none_or_nothing(now: Any) -> list[Any] | None:
    return None if now == [] else []


def marked(old: str, new: str) -> str:
    """Both texts in one, inert: what was taken out is struck through, what is new is green."""
    before, after = WORD.findall(old), WORD.findall(new)
    parts = []
    for what, a, b, c, d in difflib.SequenceMatcher(None, before, after).get_opcodes():
        if what == "equal":
            parts.append(_line("".join(before[a:b])))
            continue
        gone, come = _line("".join(before[a:b]).strip()), _line("".join(after[c:d]).strip())
        parts.append(f" :red-background[~~{gone}~~]" if gone else "")
        parts.append(f" :green-background[{come}]" if come else "")
    return "".join(parts)


def _line(text: str) -> str:
    """Text inside a mark, which may not hold a line's end."""
    return plain(text).replace("\n", " ↵ ")
