"""What is wrong with data, in words a person can act on."""

from collections.abc import Mapping
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


def explain(error: ValidationError, text: str = "") -> str:
    """A pydantic error, one line per field: where it stands, what was expected, what was found.

    `text` is the YAML that the data were read from; with it each line names its line there.
    """
    lines = []
    for problem in error.errors():
        path = [str(part) for part in problem["loc"]]
        where = _line(text, path) if text and path else ""
        lines.append(f"{where}{'.'.join(path) or 'study'}: {_words(problem)}")
    return "\n".join(lines)


def found(value: Any) -> str:
    """A value that was not expected, short, for a message."""
    if value is None:
        return "nothing"
    said = repr(dict(value) if isinstance(value, Mapping) else value)
    return said if len(said) <= FOUND else f"{said[: FOUND - 1]}…"


def _words(problem: Any) -> str:
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


def _line(text: str, path: list[str]) -> str:
    try:
        node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
        for part in path:
            child = _child(node, part)
            if child is None:
                break
            node = child
    except yaml.YAMLError:
        return ""
    return f"line {node.start_mark.line + 1}, "


def _child(node: Any, part: str) -> Any:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
        return node.value[int(part)]
    return None
