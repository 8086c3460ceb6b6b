"""A form of settings, also of those that are made of settings: groups, rows, named ones, parts."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import streamlit as st
from pydantic import BaseModel

from core.explaining import Path
from core.fields import Setting, home_of, settings_of, tagged
from core.questions.base import Question, questions
from core.questions.segments import Segments
from core.registry import Registry
from pages.widgets.form import WIDGETS, Draw, Form, drawn, words
from pages.widgets.words import plain

SMALL = frozenset({"yes", "whole", "decimal", "choice", "line", "list"})
FIRST = ("name", "title", "help")
STARTS: Mapping[str, Mapping[str, Any]] = {
    "label": {"labels": {"good": "", "bad": ""}},
    "rating": {"anchors": {1: "worst", 5: "best"}},
    "span": {"types": {"error": "", "doubtful": ""}},
    "multilabel": {"labels": {"one": "", "another": ""}},
    "checklist": {"lines": {"the first line": "", "the second line": ""}},
    "segments": {
        "questions": [
            {
                "kind": "label",
                "name": "verdict",
                "title": "Is it right?",
                "labels": {"right": "", "wrong": ""},
            }
        ]
    },
}


def settings_form(
    form: Form, path: Path, settings: Sequence[Setting], data: Mapping[str, Any]
) -> None:
    """Draw a widget per setting under `path` of the draft; a change goes into its text at once.

    Short ones stand side by side.
    """
    for small, several in groupby(settings, lambda s: s.shape in SMALL and s.name != "title"):
        if small:
            run = list(several)
            with st.container(key=form.slot(["fieldrow", *path, run[0].name])):
                for setting in run:
                    drawn(form, (*path, setting.name), setting, data)
            continue
        for setting in several:
            if setting.shape in NESTED:
                here = (*path, setting.name)
                NESTED[setting.shape](form, here, setting, data.get(setting.name))
            elif setting.shape in WIDGETS:
                drawn(form, (*path, setting.name), setting, data)


def group(form: Form, path: Path, setting: Setting, value: Any) -> None:
    """Settings of their own; one that may be missing has a box that says whether it is there."""
    [model] = setting.models
    given = isinstance(value, Mapping)
    if setting.optional:
        key = form.slot([*path, "given"])
        st.checkbox(
            f"{words(setting.name)}: settings of its own", given, key=key,
            help=setting.about or None, on_change=form.draft.reshape,
            args=(path, None if given else fresh(model, {}), form.grounds),
        )  # fmt: skip
        if not given:
            return
    with st.container(border=setting.optional, key=form.slot(["group", *path])):
        form.say(path)
        settings_form(form, path, settings_of(model), value if given else {})


def rows(form: Form, path: Path, setting: Setting, value: Any) -> None:
    """Several groups in an order, each of a class that its tag tells."""
    if value is None and setting.default:
        form.grounds[path] = setting.default
        value = setting.default
    found = list(value) if isinstance(value, list | tuple) else []
    kinds = tagged(setting)
    heading(form, path, setting)
    for place, row in enumerate(found):
        here = (*path, place)
        given = row if isinstance(row, Mapping) else {}
        model = kinds.get(str(given.get(setting.tag, "")) if setting.tag else "")
        with st.container(border=True, key=form.slot(["row", *here])):
            st.markdown(f"**{plain(_called(given, setting, place))}**", anchors=False)
            form.say(here)
            if model is None:
                st.caption("It is of no kind that there is; mend it in the file.")
            else:
                known = [s for s in settings_of(model) if s.name != setting.tag]
                settings_form(form, here, known, given)
            moves(form, path, found, place, least=len(setting.default or ()) and 1)
    with st.container(horizontal=True, key=form.slot(["adds", *path])):
        for tag, model in kinds.items():
            start = {**({setting.tag: tag} if tag else {}), **fresh(model, found)}
            label = f"Add: {words(tag)}" if tag else f"Add to {words(setting.name).lower()}"
            st.button(
                label, key=form.slot([*path, "add", tag]), icon=":material/add:",
                on_click=form.draft.reshape, args=(path, [*found, start], form.grounds),
            )  # fmt: skip


def _called(row: Mapping[str, Any], setting: Setting, place: int) -> str:
    name = row.get("name") or row.get("title") or (words(str(row.get(setting.tag, ""))) or "")
    return f"{place + 1}. {name}" if name else f"{place + 1}."


def named(form: Form, path: Path, setting: Setting, value: Any) -> None:
    """Groups that go by names."""
    [model] = setting.models
    found = dict(value) if isinstance(value, Mapping) else {}
    heading(form, path, setting)
    for place, (name, row) in enumerate(found.items()):
        key = form.slot([*path, place, "name"])
        with st.container(border=True, key=form.slot(["row", *path, place])):
            st.text_input("Name", str(name), key=key, on_change=_renamed,
                          args=(form, path, found, name, key))  # fmt: skip
            form.say((*path, name))
            given = row if isinstance(row, Mapping) else {}
            settings_form(form, (*path, name), settings_of(model), given)
            rest = {n: r for n, r in found.items() if n != name}
            st.button("Remove", key=form.slot([*path, place, "away"]), icon=":material/delete:",
                      on_click=form.draft.reshape, args=(path, rest or None))  # fmt: skip
    more = {**found, unused("model", found): fresh(model, {})}
    st.button(
        f"Add to {words(setting.name).lower()}", key=form.slot([*path, "add"]),
        icon=":material/add:", on_click=form.draft.reshape, args=(path, more),
    )  # fmt: skip


def _renamed(form: Form, path: Path, found: Mapping[str, Any], name: str, key: str) -> None:
    new = st.session_state[key].strip()
    if new and new not in found:
        rows = {new if n == name else n: row for n, row in found.items()}
        form.draft.reshape(path, rows)


def heading(form: Form, path: Path, setting: Setting) -> None:
    """What several groups are, and what is wrong with them together."""
    st.markdown(f"**{words(setting.name)}**", help=setting.about or None, anchors=False)
    form.say(path)


def moves(form: Form, path: Path, found: Sequence[Any], place: int, *, least: int = 0) -> None:
    """Buttons that move a row up or take it away; `least` of them stay."""
    up = [*found[: place - 1], found[place], found[place - 1], *found[place + 1 :]]
    rest = [*found[:place], *found[place + 1 :]]
    with st.container(horizontal=True, key=form.slot([*path, place, "moves"])):
        st.button(
            "Move up", key=form.slot([*path, place, "up"]), on_click=form.draft.reshape,
            args=(path, up if place else list(found), form.grounds), disabled=place == 0,
            icon=":material/arrow_upward:",
        )  # fmt: skip
        st.button(
            "Remove", key=form.slot([*path, place, "away"]), on_click=form.draft.reshape,
            args=(path, rest, form.grounds), icon=":material/delete:",
            disabled=len(found) <= least,
        )  # fmt: skip


def fresh(model: type[BaseModel], taken: Sequence[Any] | Mapping[str, Any]) -> dict[str, Any]:
    """A new row: a name that is not taken, where it needs one; the rest is to be filled in."""
    if "name" not in model.model_fields:
        return {}
    names = [row.get("name") for row in taken if isinstance(row, Mapping)]
    return {"name": unused(model.__name__.lower(), names)}


def unused(stem: str, taken: Any) -> str:
    """The stem with the first number that gives a new name."""
    return next(n for n in (f"{stem}{i}" for i in range(1, 10_000)) if n not in taken)


def parts(form: Form, path: Path, setting: Setting, value: Any) -> None:
    """Questions inside a question."""
    found = list(value) if isinstance(value, list | tuple) else []
    heading(form, path, setting)
    for place, row in enumerate(found):
        with st.container(border=True, key=form.slot(["row", *path, place])):
            given = row if isinstance(row, Mapping) else {}
            name = given.get("title") or given.get("name") or place + 1
            st.markdown(f"**{plain(str(name))}** ({plain(str(given.get('kind', '?')))})")
            part(form, (*path, place), questions, given)
            moves(form, path, found, place)
    adds(form, path, [kind for kind in questions if inner(questions[kind])], found)


def inner(kind: type[Question]) -> bool:
    """Whether such a question may be asked of each part of a content."""
    return not issubclass(kind, Segments) and kind.model_fields["about"].default not in {
        "pair", "set",
    }  # fmt: skip


def adds(form: Form, path: Path, kinds: Sequence[str], found: Sequence[Any]) -> None:
    """A button per kind of question that may be added."""
    taken = {row.get("name") for row in found if isinstance(row, Mapping)}
    with st.container(horizontal=True, vertical_alignment="center", key=form.slot([*path, "adds"])):
        st.caption("Add a question:", width="content")
        for kind in kinds:
            called = kind.replace("_", " ")
            start = {"kind": kind, "name": unused(f"{kind}_", taken), "title": f"New {called}"}
            st.button(
                called, key=form.slot([*path, "add", kind]), on_click=form.draft.reshape,
                args=(path, [*found, {**start, **STARTS.get(kind, {})}]),
                help=said_of(questions[kind]),
            )  # fmt: skip


def said_of(kind: type) -> str:
    """What a kind of question asks for: the first sentence that its class says of itself."""
    said = " ".join((kind.__doc__ or "").replace("`", "").split())
    return plain(said.split(". ")[0].rstrip("."))


def part(form: Form, path: Path, registry: Registry[Any], row: Mapping[str, Any]) -> None:
    """A question or worker: what it is called, what its kind adds, and what all of them have."""
    form.say(path)
    form.say((*path, "kind"))
    kind = registry[row["kind"]] if row.get("kind") in registry else None
    if kind is None:
        st.caption("It is of no kind that there is; mend it in the file.")
        return
    for title, settings in sections(kind):
        if title:
            st.markdown(f"**{title}**", anchors=False)
        settings_form(form, path, settings, row)


def sections(kind: type[BaseModel]) -> list[tuple[str, list[Setting]]]:
    """The settings of a question or worker in sections, each with its title; none is empty."""
    found: dict[str, list[Setting]] = {}
    for setting in settings_of(kind):
        home = home_of(kind, setting.name).__name__
        if setting.name in FIRST:
            title = ""
        elif home in {"AtEndpoint", "ModelWorker"} or setting.name == "others":
            title = "The model"
        elif home in {"Worker", "Thinker"}:
            title = "What it works on"
        else:
            title = "When it is asked" if home == "Question" else "What it does"
        found.setdefault(title, []).append(setting)
    order = ("", "The model", "What it does", "What it works on", "When it is asked")
    known = [(title, found[title]) for title in order if title in found]
    is_question = issubclass(kind, Question)
    return [("What is asked" if is_question and t == "What it does" else t, s) for t, s in known]


NESTED: Mapping[str, Draw] = {"group": group, "rows": rows, "named": named, "parts": parts}
