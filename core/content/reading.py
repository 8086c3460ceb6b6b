"""Raw values of a file taken apart: what each function names, or `Invalid` with a place."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from core.content.base import storable
from core.digest import canonical
from core.units import Invalid

MOST_PARTS = 5_000
LONGEST_KEY = 200


def record(raw: Any, where: str, example: str) -> dict[str, Any]:
    """An object with text names; `example` says which."""
    if not isinstance(raw, dict) or not all(isinstance(name, str) for name in raw):
        raise Invalid(where, f"expected an object with {example}")
    return raw


def listed(raw: Any, where: str, example: str, *, empty: bool = False) -> list[Any]:
    """A list of at most five thousand entries; not empty unless `empty`."""
    if not isinstance(raw, list) or not (raw or empty):
        raise Invalid(where, f"expected a list of {example}")
    if len(raw) > MOST_PARTS:
        raise Invalid(where, f"at most {MOST_PARTS:,} entries, found {len(raw):,}; split it")
    return raw


def text(raw: Any, where: str) -> str:
    """A text; numbers and truth values become theirs, nothing becomes ''."""
    if raw is None:
        return ""
    if isinstance(raw, bool | int | float):
        return storable(canonical(finite(raw, where)), where)
    return storable(raw, where)


def words(raw: Any, where: str) -> str:
    """A text that is needed: not missing, not only blanks."""
    found = text(raw, where)
    if not found.strip():
        raise Invalid(where, "expected a text, found nothing")
    return found


def key(raw: Any, where: str) -> str:
    """A short name: a text or a whole number, at most 200 characters, on one line."""
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        raise Invalid(where, "expected a short text or a whole number as the key")
    if isinstance(raw, int) and abs(raw) > 10**18:
        raise Invalid(where, "expected a key of at most 18 digits")
    found = storable(str(raw), where)
    if not found.strip() or len(found) > LONGEST_KEY or len(found.splitlines()) > 1:
        raise Invalid(where, f"expected a key of 1 to {LONGEST_KEY} characters on one line")
    return found


def apart(keys: Sequence[str], where: str) -> None:
    """Raise `Invalid` when two keys are the same."""
    seen: set[str] = set()
    for found in keys:
        if found in seen:
            raise Invalid(where, f"expected keys of their own, found {found!r} twice")
        seen.add(found)


def finite(raw: Any, where: str, low: float = -1e15, high: float = 1e15) -> Any:
    """A number from `low` to `high`, or a truth value, as it is."""
    if isinstance(raw, bool):
        return raw
    if not isinstance(raw, int | float) or not math.isfinite(raw) or not low <= raw <= high:
        raise Invalid(where, f"expected a number from {low:g} to {high:g}")
    return raw


def number(raw: Any, where: str, low: float = -1e15, high: float = 1e15) -> float | int:
    """A finite number from `low` to `high`; truth values are none."""
    if isinstance(raw, bool):
        raise Invalid(where, "expected a number, found true or false")
    found: float | int = finite(raw, where, low, high)
    return found


def whole_json(raw: Any, where: str) -> str:
    """Free JSON as text: a text as it is, other values in their one form, nothing as ''."""
    if raw is None or isinstance(raw, str):
        return text(raw, where)
    try:
        return storable(canonical(raw), where)
    except (ValueError, TypeError, RecursionError) as error:
        if isinstance(error, Invalid):
            raise
        raise Invalid(where, "expected plain JSON") from None


def first(raw: Mapping[str, Any], *names: str) -> Any:
    """The value under the first of these names that holds one."""
    return next((raw[name] for name in names if raw.get(name) is not None), None)


def without_empty(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that hold something: no None, '' or empty list."""
    return {name: value for name, value in facts.items() if value not in (None, "", [])}
