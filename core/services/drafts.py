"""A protocol being written: its text, what is wrong with it, and how it reads as data."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import ValidationError

from core.explaining import Path, line_of, message_of, path_of, placed
from core.protocol import ProtocolError, StudyProtocol, from_yaml
from core.questions.base import load as load_question
from core.registry import UnknownPart
from core.strict_yaml import StrictLoader
from core.workers.base import Worker, workers
from core.workers.base import load as load_worker

LINE = 80
PLACE = ("model", "base_url", "key", "timeout", "prompt_price", "completion_price")
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


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a draft: the path to the setting, what is wrong, both in one line."""

    path: Path
    message: str
    line: str


def check(text: str) -> tuple[StudyProtocol | None, list[str]]:
    """The protocol in the text, or what is wrong with it: one line per problem, with its place."""
    protocol, problems = examine(text)
    return protocol, [problem.line for problem in problems]


def examine(text: str) -> tuple[StudyProtocol | None, list[Problem]]:
    """The protocol in the text, or what is wrong with it."""
    data = read(text)
    if data is None:
        return None, [Problem((), line, line) for line in _unread(text)]
    inside = list(_inside(text, data))
    covered = {problem.path[0] for problem in inside}
    try:
        return StudyProtocol(**data), []
    except TypeError as error:
        return None, [Problem((), str(error), str(error))]
    except ValidationError as error:
        whole = list(_found(error, text, data))
    return None, [*(p for p in whole if p.path[:1] not in {(c,) for c in covered}), *inside]


def examine_worker(text: str, study: Mapping[str, Any]) -> tuple[Worker | None, list[Problem]]:
    """The worker in a text of its own, or what is wrong with it alone or in the study."""
    data = read(text)
    if data is None:
        words = "expected the settings of a worker: kind, name and so on, as YAML"
        return None, [Problem((), words, words)]
    found = list(_problems(text, (), data, load_worker, ""))
    if found:
        return None, found
    others = [row for row in study.get("workers", ()) if row.get("name") != data["name"]]
    here = ("workers", len(others))
    try:
        StudyProtocol(**{**study, "workers": [*others, data]})
    except ValidationError as error:
        for one in error.errors():
            path = path_of(one)
            path, words = path[2:] if path[:2] == here else (), message_of(one)
            where = line_of(text, path) if path else ""
            found.append(
                Problem(path, words, f"{where}{'.'.join(map(str, path)) or 'study'}: {words}")
            )
        return None, found
    return load_worker(data), []


def _unread(text: str) -> list[str]:
    """What keeps the text from being read as a mapping."""
    try:
        from_yaml(text)
    except ProtocolError as error:
        return str(error).splitlines()
    return []


def _inside(text: str, data: Mapping[str, Any]) -> Iterator[Problem]:
    """Problems inside single questions and workers, each at its own line."""
    for part, load in (("questions", load_question), ("workers", load_worker)):
        specs = data.get(part)
        for place, spec in enumerate(specs if isinstance(specs, list) else []):
            if isinstance(spec, Mapping):
                name = f"{part}.{spec.get('name', place + 1)}."
                yield from _problems(text, (part, place), spec, load, name)


def _problems(
    text: str, path: Path, spec: Mapping[str, Any], load: Any, name: str
) -> Iterator[Problem]:
    """What is wrong with one part, whose settings stand at the path."""
    try:
        load(spec)
    except UnknownPart as error:
        where = line_of(text, (*path, "kind"))
        yield Problem((*path, "kind"), str(error), f"{where}{name}kind: {error}")
    except TypeError as error:
        yield Problem(path, str(error), f"{line_of(text, path)}{name}{error}")
    except ValidationError as error:
        yield from _found(error, text, spec, path, name)


def _found(
    error: ValidationError, text: str, data: Any, path: Path = (), name: str = ""
) -> Iterator[Problem]:
    """The problems of a pydantic error about the data at the path."""
    for one in error.errors():
        inside = placed(data, path_of(one))
        where = line_of(text, (*path, *inside)) if path or inside else ""
        field = ".".join(map(str, inside)) or ("settings" if name else "study")
        message = message_of(one)
        yield Problem((*path, *inside), message, f"{where}{name}{field}: {message}")


def role_of(row: Mapping[str, Any]) -> str:
    """The role that a worker writes, as a file describes it; '' for one that judges."""
    try:
        made = load_worker(row)
    except (ValidationError, UnknownPart):
        kind = str(row.get("kind", ""))
        default = workers[kind].model_fields["writes"].default if kind in workers else ""
        return str(row.get("writes", default))
    return "" if made.scope() == "unit" else made.writes


def fresh_worker(
    kind: str, taken: Collection[str], place: Mapping[str, Any], raters: Collection[str] = ()
) -> dict[str, Any]:
    """A new worker of a kind: a name that is not taken, what it can't be without, and a model.

    A panel begins with `raters`, the workers that judge, as its jurors. `place` is the endpoint to
    begin with (model, base_url, key, prices); it is left out where the kind asks no model. A model
    that is not given is to be filled in.
    """
    part = workers[kind]
    stem = f"simulated {kind}" if part.simulated else kind
    names = (stem if n == 1 else f"{stem} {n}" for n in range(1, len(taken) + 2))
    known = part.sample().definition()
    needed = {name for name, field in part.model_fields.items() if field.is_required()}
    start: dict[str, Any] = {
        "kind": kind,
        "name": next(name for name in names if name not in taken),
    }
    start |= {name: known[name] for name in known if name in needed - {"name", "model"}}
    if "jurors" in needed:
        start["jurors"] = list(raters)
    if "model" in part.model_fields:
        start |= {name: place[name] for name in PLACE if name in place}
    return start
