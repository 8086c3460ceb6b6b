"""Answers in the making: by question name, and by path inside a question of several parts."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote


def path(name: str, *slots: str) -> str:
    """The name of a part of an answer: the question's name, then the way to the part."""
    return "/".join([name, *(quote(slot, safe=" ") for slot in slots)])


def steps(name: str) -> list[str]:
    """The way that a name gives: the question, then part within part."""
    return [unquote(step) for step in name.split("/")]


def got(answers: Mapping[str, Any], name: str) -> Any:
    """What stands at a path; None where nothing does."""
    found: Any = answers
    for step in steps(name):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def put(answers: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    """The answers with `value` at a path; None takes it out, and what is empty then with it.

    A function is given what stands there and returns what shall stand there.
    """
    return _put(answers, steps(name), value)


def _put(held: Any, way: list[str], value: Any) -> dict[str, Any]:
    found = dict(held) if isinstance(held, Mapping) else {}
    here, rest = way[0], way[1:]
    if rest:
        new = _put(found.get(here), rest, value) or None
    else:
        new = value(found.get(here)) if callable(value) else value
    found[here] = new
    if new is None:
        del found[here]
    return found
