"""The blocks that show material, with native widgets and one browser part."""

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd
import streamlit as st

from core.showing import Call, Passage, Records
from core.units import Shown, Unit
from pages.widgets.components import part as browser_part
from pages.widgets.components import texts
from pages.widgets.inert import LONGEST, inert
from pages.widgets.texts import Words
from pages.widgets.words import plain

COLOURED = 50_000
STATIC_ROWS = 200
TRACES = 30
SHORT = 100
ROLES = frozenset({
    "user", "assistant", "system", "tool",
    "answer", "critique", "revision", "checklist", "response",
})  # fmt: skip
SIGNS = {"passed": "✓", "failed": "✗", "error": "!", "skipped": "–"}
DRAWN = ("diff", "heat", "canvas", "tree")


class Material:
    """What `StreamlitUi` draws contents with. Native elements escape HTML; ours use textContent."""

    scope: str
    words: Words
    word: Callable[..., str]

    def __init__(self) -> None:
        self._label = ""
        self._count = 0

    def label(self, text: str) -> None:
        """Name the next block of text; it is drawn together with it, as one element."""
        self._label = f"**{plain(text)}**\n\n"

    def _named(self) -> str:
        label, self._label = self._label, ""
        return label

    def _head(self) -> None:
        if self._label:
            st.markdown(self._named(), anchors=False)

    def _key(self, what: str) -> str:
        self._count += 1
        return f"{what}-{self.scope}-{self._count}"

    def prose(self, text: str) -> None:
        if len(text) > LONGEST:
            self.plain(text)
        else:
            st.markdown(self._named() + inert(text), anchors=False)

    def plain(self, text: str) -> None:
        self._head()
        if len(text) > LONGEST:
            long = self.word(
                "A long text: {n} characters, shown without marks.", n=f"{len(text):,}"
            )
            st.caption(long)
            with st.container(height=420, border=False):
                st.text(text)
        else:
            st.text(text)

    def turn(self, role: str, text: str, *, name: str = "", calls: Sequence[Call] = ()) -> None:
        self._head()
        with st.container(key=f"{self._key('turn')}-{slug(role)}", border=False):
            self.label(" · ".join(filter(None, [role_of(role, self.words), name])))
            if role == "tool":
                self._head()
                self._exact(text)
            else:
                self.prose(text)
            for call in calls:
                called = self.word("Calls {name}", name=f"**{plain(call.name)}**")
                st.markdown(called, anchors=False)
                self._exact(call.arguments)

    def _exact(self, text: str, language: str = "json") -> None:
        """A machine's text: JSON with its lines set out, anything else exactly as it is."""
        spread = spread_out(text) if language == "json" else None
        st.code(spread or text, language="json" if spread else None, wrap_lines=True,
                height=420 if len(text) > LONGEST else "content")  # fmt: skip

    def code(self, text: str, *, language: str = "", title: str = "") -> None:
        self._head()
        if title:
            st.caption(plain(title))
        long = text.count("\n") > 400 or len(text) > LONGEST
        st.code(
            text, language=language or None if len(text) <= COLOURED else None, line_numbers=True,
            wrap_lines=True,
            height=560 if long else "content",
        )  # fmt: skip

    def picture(self, url: str, *, alt: str = "", width: int = 0, height: int = 0) -> None:
        self._head()
        found = base64.b64decode(url.partition(",")[2])
        with st.container(key=self._key("picture")):
            st.image(found, alt=alt or self.word("A picture without a description"))

    def step(self, key: str, title: str, passages: Sequence[Passage]) -> None:
        self._head()
        with st.container(key=self._key("step")):
            self.label(self.word("Step {key}", key=key) + (f": {title}" if title else ""))
            for place, passage in enumerate(passages):
                self._passage(passage, first=place == 0)

    def _passage(self, passage: Passage, *, first: bool) -> None:
        name = f"_{plain(self.word(passage.label))}_" if passage.label else ""
        head = self._named() if first else ""
        if passage.form == "plain" and name and len(passage.text) <= SHORT:
            line = plain(passage.text.replace("\n", " ↵ "))
            st.markdown(f"{head}{name}: {inert(line)}", anchors=False)
            return
        self._label = head + (f"{name}\n\n" if name else "")
        if passage.form == "prose":
            self.prose(passage.text)
        elif passage.form == "code":
            self._head()
            self._exact(passage.text, passage.language)
        else:
            self.plain(passage.text)

    def table(self, columns: Records, rows: Records, *, title: str = "") -> None:
        self._head()
        if title:
            st.markdown(f"**{plain(title)}**", anchors=False)
        heads = [str(c["title"]) for c in columns]
        cells = [[str(row["key"]), *map(said, row["cells"])] for row in rows]
        with st.container(key=self._key("table")):
            if len(rows) <= STATIC_ROWS:
                frame = pd.DataFrame([[_cell(c) for c in row] for row in cells])
                frame.columns = pd.Index(_apart([self.word("row"), *map(_cell, heads)]))
                st.table(frame, border="horizontal", hide_index=True)
            else:
                frame = pd.DataFrame(cells, columns=pd.Index(_apart([self.word("row"), *heads])))
                st.dataframe(frame, key=self._key("frame"), hide_index=True, height=480)

    def results(self, tests: Records) -> None:
        self._head()
        counted = Counter(test["outcome"] for test in tests)
        said_of = ", ".join(f"{n} {self.word(outcome)}" for outcome, n in counted.most_common())
        tally = self.word("{n} tests: {outcomes}", n=len(tests), outcomes=said_of)
        st.markdown(f"**{tally}**", anchors=False)
        rows = [
            {"key": n, "cells": [f"{SIGNS[t['outcome']]} {self.word(t['outcome'])}", t["name"],
                                 t.get("message", ""), t.get("seconds")]}
            for n, t in enumerate(tests, 1)
        ]  # fmt: skip
        heads = [self.word(name) for name in ("outcome", "test", "message", "seconds")]
        self.table([{"key": h, "title": h} for h in heads], rows)
        traced = [(n, t) for n, t in enumerate(tests, 1) if t.get("trace")]
        for number, test in traced[:TRACES]:
            head = self.word("Trace of test {n}: {name}", n=number, name=plain(test["name"]))
            with st.expander(head, expanded=False):
                st.code(test["trace"], language=None, wrap_lines=True)
        if traced[TRACES:]:
            rest = "\n\n".join(f"[test {n}] {t['name']}\n{t['trace']}" for n, t in traced[TRACES:])
            with st.expander(self.word("Traces of {n} more tests", n=len(traced) - TRACES)):
                st.code(rest, language=None, wrap_lines=True, height=420)

    def diff(self, hunks: Records, *, view: str = "unified") -> None:
        self._drawn("diff", hunks=list(hunks), view=view)

    def canvas(self, entities: Records, relations: Records, problems: Sequence[str]) -> None:
        self._drawn("canvas", entities=list(entities), relations=list(relations),
                    problems=list(problems))  # fmt: skip

    def heat(
        self, tokens: Sequence[Sequence[Any]], *, low: float, high: float, measure: str = ""
    ) -> None:
        self._drawn("heat", tokens=[list(t) for t in tokens], low=low, high=high, measure=measure)

    def tree(self, nodes: Records, links: Records) -> None:
        self._drawn("tree", nodes=list(nodes), links=list(links))

    def _drawn(self, view_of: str, **data: Any) -> None:
        self._head()
        key = self._key(view_of)
        words = self.words.raw(*texts(view_of))
        browser_part("material", *DRAWN)(
            key=key, data={"key": key, "block": view_of, "words": words, **data}
        )

    @contextmanager
    def part(self, key: str, title: str) -> Iterator[None]:
        self._head()
        with st.container(key=self._key("part"), border=True):
            self.label(title or self.word("Part {key}", key=key))
            yield


def role_of(name: str, words: Words) -> str:
    """What an output or a turn of that role is called; roles of a study's own keep their name."""
    return words.told(name.capitalize()) if name in ROLES else name.capitalize()


def output_name(unit: Unit, output: Shown, words: Words) -> str:
    """What an output is called over its card: by its letter, a lone one by its role."""
    if len(unit.outputs) == 1:
        return role_of(output.role, words)
    return words.told("Response {letter}", letter=unit.letter(output.key))


def said(value: Any) -> str:
    """A cell of a table as text."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def spread_out(text: str) -> str | None:
    """JSON with indents; None for what is no object or list."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict | list):
        return None
    return text if len(text) <= SHORT else json.dumps(found, ensure_ascii=False, indent=2)


def slug(text: str) -> str:
    """A text as part of a key: letters and digits of any script, at most 40."""
    return "".join(c if c.isalnum() else "-" for c in text.lower())[:40]


def _cell(text: str) -> str:
    """A text for a cell that reads marks: shown as it is, on as many lines."""
    return inert(plain(text)).replace("\n", "  \n")


def _apart(names: Sequence[str]) -> list[str]:
    """Column names made different where two are the same, by blanks that do not show."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        found.append(name + "\u200b" * seen[name])
        seen[name] += 1
    return found
