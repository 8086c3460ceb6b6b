"""Values of settings as a person types them into a form, and back: one is the other's reverse.

Names and values stand on a line each, as `name: value`. What could be misread there (a colon in a
name, a line break, a comma inside one of several texts) is put between quotation marks, as JSON.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from core.fields import Setting

READ = json.JSONDecoder()


def shown(setting: Setting, value: Any) -> Any:
    """What a form's field shows for a value: a text, a list of texts, a number, yes or no.

    A value of another shape than the setting's is shown as well as it goes; the file has it.
    """
    if setting.shape == "list":
        return [str(one) for one in value] if isinstance(value, list | tuple) else []
    if setting.shape in LINES:
        return "\n".join(_lines(value, LINES[setting.shape][0]))
    if setting.shape in {"line", "text"}:
        text = "" if value is None else str(value)
        plain = value is None or read(setting, text) == text
        return text if plain else json.dumps(text, ensure_ascii=False)
    return value


def read(setting: Setting, typed: Any) -> Any:
    """The value that a field's content stands for; None where it is empty and may be."""
    if setting.shape == "list":
        return list(typed or [])
    if setting.shape in LINES:
        return _mapping(setting, str(typed or ""))
    if setting.shape in {"line", "text"}:
        text = str(typed or "")
        if setting.optional and not text.strip():
            return None
        if setting.shape == "line" and not is_long(text):
            text = text.strip()
        return _text_of(text) if setting.shape == "line" or setting.optional else text
    return typed


def is_long(text: str) -> bool:
    """Whether a text needs more than a field of one line."""
    return "\n" in text or len(text) > 100


def _lines(value: Any, write: Callable[[Any], str]) -> list[str]:
    """A mapping line by line; a list is one of names without values."""
    if isinstance(value, list | tuple):
        value = dict.fromkeys(map(str, value), "")
    if not isinstance(value, Mapping):
        return []
    found = []
    for name, one in value.items():
        written = write(one)
        key = _key(str(name))
        found.append(f"{key}: {written}" if written else key)
    return found


def _key(name: str) -> str:
    odd = not name or name != name.strip() or any(c in name for c in ":\n\r") or name[0] == '"'
    return json.dumps(name, ensure_ascii=False) if odd else name


def _mapping(setting: Setting, typed: str) -> dict[Any, Any]:
    """Name -> value of each line that is not empty."""
    found: dict[Any, Any] = {}
    for line in typed.split("\n"):
        if line.strip():
            name, rest = _split(line.strip())
            whole = setting.whole_names and name.lstrip("-").isdecimal()
            found[int(name) if whole else name] = LINES[setting.shape][1](rest)
    return found


def _split(line: str) -> tuple[str, str]:
    """The name of a line and what stands behind its colon."""
    if line.startswith('"'):
        try:
            name, end = READ.raw_decode(line)
        except ValueError:
            name, end = "", 0
        rest = line[end:].lstrip()
        if end and (not rest or rest.startswith(":")):
            return name, rest[1:].strip()
    name, _, rest = line.partition(":")
    return name.strip(), rest.strip()


def _text(value: Any) -> str:
    text = "" if value is None else str(value)
    odd = text != text.strip() or "\n" in text
    return json.dumps(text, ensure_ascii=False) if odd or _text_of(text) != text else text


def _text_of(rest: str) -> str:
    found = _json(rest) if rest.startswith('"') else None
    return found if isinstance(found, str) else rest


def _amount(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    return "" if value is None else str(value)


def _amount_of(rest: str) -> Any:
    """The number; a text that is none stays, so that the setting can say so."""
    for kind in (int, float):
        try:
            return kind(rest)
        except ValueError:
            continue
    return rest


def _texts(value: Any) -> str:
    several = [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]
    line = ", ".join(several)
    odd = "\n" in line or line != line.strip()
    return (
        line if not odd and _texts_of(line) == several else json.dumps(several, ensure_ascii=False)
    )


def _texts_of(rest: str) -> list[str]:
    found = _json(rest) if rest.startswith("[") else None
    if isinstance(found, list) and all(isinstance(one, str) for one in found):
        return found
    return [part.strip() for part in rest.split(",") if part.strip()]


def _value(value: Any) -> str:
    if isinstance(value, str) and value and value == value.strip() and _value_of(value) == value:
        return value if "\n" not in value else json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False)


def _value_of(rest: str) -> Any:
    found = _json(rest)
    return rest if found is None and rest != "null" else found


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


LINES: Mapping[str, tuple[Callable[[Any], str], Callable[[str], Any]]] = {
    "pairs": (_text, _text_of), "amounts": (_amount, _amount_of),
    "lists": (_texts, _texts_of), "values": (_value, _value_of),
}  # fmt: skip
