"""A protocol being written: its text, what is wrong with it, and how it reads as data."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from pydantic import ValidationError

from core.protocol import ProtocolError, StudyProtocol, explain, from_yaml
from core.questions.base import load as load_question
from core.registry import UnknownPart
from core.strict_yaml import StrictLoader
from core.workers.base import load as load_worker

LINE = 80
ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
BLANK = """\
name: my-study
title: My study
description: What is judged here, and why.
guidelines: |
  ## What you do

  Read everything before you answer.
fields:
  prompt: text
responses: text
units: together
questions:
  - kind: pairwise
    name: preference
    title: Which response is better?
    both_bad: true
assignment:
  overlap: 2
  order: shuffled
"""


class _Writer(yaml.SafeDumper):
    """Writes texts of several lines as blocks, which people can read."""


def _text(writer: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    lines = text.split("\n")
    if ODD.search(text):
        style = '"'
    elif any(line != line.rstrip() for line in lines) or text != text.lstrip():
        style = None
    elif len(lines) > 1:
        style = "|"
    else:
        style = ">" if len(text) > LINE else None
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Writer.add_representer(str, _text)


def write(data: Mapping[str, Any]) -> str:
    """The data as the text of a protocol file."""
    return yaml.dump(dict(data), Dumper=_Writer, sort_keys=False, allow_unicode=True, width=LINE)


def read(text: str) -> dict[str, Any] | None:
    """The text as data, unchecked; None when it is no YAML mapping."""
    try:
        data = yaml.load(text, Loader=StrictLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError:
        return None
    return data if isinstance(data, dict) else None


def check(text: str) -> tuple[StudyProtocol | None, list[str]]:
    """The protocol in the text, or what is wrong with it: one line per problem, with its place."""
    try:
        return from_yaml(text), []
    except ProtocolError as error:
        close = list(_inside(text))
        return None, close or str(error).splitlines()


def _inside(text: str) -> Iterator[str]:
    """Problems inside single questions and workers, each at its own line."""
    data = read(text) or {}
    for part, load in (("questions", load_question), ("workers", load_worker)):
        specs = data.get(part)
        for place, spec in enumerate(specs if isinstance(specs, list) else []):
            if isinstance(spec, Mapping):
                yield from _problems(text, part, place, spec, load)


def _problems(text: str, part: str, place: int, spec: Mapping[str, Any], load: Any) -> list[str]:
    name = f"{part}.{spec.get('name', place + 1)}"
    try:
        load(spec)
    except UnknownPart as error:
        return [f"{_line(text, [part, place, 'kind'])}{name}.kind: {error}"]
    except ValidationError as error:
        return [
            _line(text, [part, place, *problem["loc"]]) + f"{name}.{explained}"
            for problem, explained in zip(error.errors(), explain(error).splitlines(), strict=False)
        ]
    return []


def _line(text: str, path: list[Any]) -> str:
    """The words `line N, ` for the deepest part of the path that the text has."""
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    line = node.start_mark.line
    for part in path:
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if k.value == str(part)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            pair = (node.value[part], node.value[part])
        else:
            break
        if pair is None:
            break
        line, node = pair[0].start_mark.line, pair[1]
    return f"line {line + 1}, "
