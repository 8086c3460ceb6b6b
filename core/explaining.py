"""What is wrong with data, in words a person can act on."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from pydantic import ValidationError

NAMES = {
    r"^[a-z0-9][a-z0-9-]*$": "use small letters a to z, digits and hyphens, as in my-study-2",
    r"^[a-z][a-z0-9_]*$": "use small letters a to z, digits and underscores, as in is_right",
    r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$": "use the code of a language, as in en, de or pt-BR",
}
LIST = "a list, as in [first, second]"
SETTINGS = "settings, as in {name: value}"
EXPECTED = {
    "dict_type": SETTINGS, "mapping_type": SETTINGS, "model_type": SETTINGS,
    "model_attributes_type": SETTINGS, "list_type": LIST, "tuple_type": LIST,
    "string_type": "a text; put numbers and yes or no into quotes",
    "int_type": "a whole number", "int_parsing": "a whole number",
    "int_from_float": "a whole number", "float_type": "a number", "float_parsing": "a number",
    "bool_type": "true or false", "bool_parsing": "true or false",
}  # fmt: skip
FOUND = 60
Path = tuple[str | int, ...]


class Misplaced(ValueError):
    """A problem found while settings are looked at together; `path` leads to the one to change."""

    def __init__(self, path: Sequence[str | int], message: str) -> None:
        super().__init__(message)
        self.path: Path = tuple(path)


def explain(error: ValidationError, text: str = "") -> str:
    """A pydantic error, one line per field: where it stands, what was expected, what was found.

    `text` is the YAML that the data were read from; with it each line names its line there.
    """
    return "\n".join(explained(problem, text) for problem in error.errors())


def explained(problem: Any, text: str = "") -> str:
    """One problem of a pydantic error with its field, and its line of the text."""
    path = path_of(problem)
    where = line_of(text, path) if text and path else ""
    return f"{where}{'.'.join(map(str, path)) or 'study'}: {message_of(problem)}"


def found(value: Any) -> str:
    """A value that was not expected, short, for a message."""
    if value is None:
        return "nothing"
    said = repr(dict(value) if isinstance(value, Mapping) else value)
    return said if len(said) <= FOUND else f"{said[: FOUND - 1]}…"


def listed(raw: Any, what: str) -> None:
    """Raise ValueError unless it is a list; `what` says of which things."""
    if not isinstance(raw, list | tuple):
        raise ValueError(f"expected a list of {what}; found {found(raw)}")


def message_of(problem: Any) -> str:
    """What is wrong, without the field."""
    kind, message = problem["type"], problem["msg"].removeprefix("Value error, ")
    if kind == "missing":
        return "this is missing"
    if kind == "extra_forbidden":
        return f"there is no setting called {str(problem['loc'][-1])[:FOUND]!r}"
    if kind == "string_pattern_mismatch":
        return str(NAMES.get(problem["ctx"]["pattern"], message))
    if kind in EXPECTED:
        return f"expected {EXPECTED[kind]}; found {found(problem['input'])}"
    if kind == "literal_error":
        return f"expected {problem['ctx']['expected']}; found {found(problem['input'])}"
    return str(message)


def path_of(problem: Any) -> Path:
    """Where the problem is: what pydantic says, and what a `Misplaced` adds to it."""
    return (*problem["loc"], *getattr(problem.get("ctx", {}).get("error"), "path", ()))


def placed(data: Any, path: Sequence[str | int]) -> Path:
    """The path without the steps that pydantic adds where one of several classes was chosen."""
    found: list[str | int] = []
    for place, step in enumerate(path):
        chosen = isinstance(data, Mapping) and step not in data and step in data.values()
        if chosen and place < len(path) - 1:
            continue
        found.append(step)
        data = _child(data, step)
    return tuple(found)


def _child(data: Any, step: str | int) -> Any:
    if isinstance(data, Mapping):
        return data.get(step)
    inside = isinstance(data, list | tuple) and isinstance(step, int) and step < len(data)
    return data[step] if inside else None


def line_of(text: str, path: Sequence[str | int]) -> str:
    """The words `line N, ` for the deepest part of the path that the YAML text has."""
    try:
        node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return ""
    if node is None:
        return ""
    line = node.start_mark.line
    for part in path:
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if k.value == str(part)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            pair = (node.value[part], node.value[part]) if part < len(node.value) else None
        else:
            break
        if pair is None:
            break
        line, node = pair[0].start_mark.line, pair[1]
    return f"line {line + 1}, "
