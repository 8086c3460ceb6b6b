"""What an endpoint says in its headers about how much more it will take."""

import re
from collections.abc import Iterator, Mapping

NAMES = ("requests", "tokens")
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
PIECE = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def allowances(headers: Mapping[str, str], tokens_per_call: float) -> Iterator[tuple[int, float]]:
    """How many more calls are allowed within how many seconds: by requests, and by tokens.

    Read from `x-ratelimit-remaining-*` and `x-ratelimit-reset-*`. Nothing for headers that are
    missing or cannot be read, nor for tokens while it is unknown how many a call takes.
    """
    for name in NAMES:
        left = _number(headers.get(f"x-ratelimit-remaining-{name}"))
        wait = seconds(headers.get(f"x-ratelimit-reset-{name}"))
        if left is None or wait is None:
            continue
        if name == "requests":
            yield int(left), wait
        elif tokens_per_call > 0:
            yield int(left / tokens_per_call), wait


def seconds(text: str | None) -> float | None:
    """A length of time as such headers write it: 6m0s, 120ms, or plain seconds; else None."""
    if not text:
        return None
    plain = _number(text)
    if plain is not None:
        return plain
    pieces = PIECE.findall(text)
    if not pieces or "".join(n + u for n, u in pieces) != text.strip():
        return None
    return sum(float(number) * UNITS[unit] for number, unit in pieces)


def _number(text: str | None) -> float | None:
    try:
        found = float(text or "")
    except ValueError:
        return None
    return found if 0 <= found < 1e12 else None
