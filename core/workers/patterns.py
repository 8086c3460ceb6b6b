"""Regular expressions that cannot run away, and the words of a text."""

import re
from functools import lru_cache
from itertools import pairwise

from core.content.base import Content

LONGEST, PIECE, ALL = 200, 500, 20_000
TOKENS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?[^:]|\{\d*,?\d*\}|.", re.DOTALL)
OPEN_ENDED = re.compile(r"[*+]|\{\d*,\d*\}")


def checked(pattern: str) -> str:
    """The pattern, if it is of the safe kind; raises ValueError saying what is not allowed.

    Safe: at most 200 characters, no repeated group, no look-around or back-reference, at most two
    of `*`, `+`, `{m,n}`. Sentence by sentence such a search ends soon.
    """
    if len(pattern) > LONGEST:
        raise ValueError(f"a pattern has at most {LONGEST} characters; this has {len(pattern)}")
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    tokens = TOKENS.findall(pattern)
    if any(t.startswith("(?") and t != "(?:" for t in tokens):
        raise ValueError("a pattern has no look-around, flags or named groups")
    if any(re.fullmatch(r"\\[1-9]", t) for t in tokens):
        raise ValueError("a pattern has no back-references")
    for before, token in pairwise(tokens):
        if before == ")" and (token in "*+?" or token.startswith("{")):
            raise ValueError("a group cannot be repeated; write it out")
    if sum(bool(OPEN_ENDED.fullmatch(t)) for t in tokens) > 2:
        raise ValueError("a pattern has at most two of *, + and {m,n}")
    return pattern


@lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, ignoring case."""
    return re.compile(pattern, re.IGNORECASE)


def found(pattern: str, content: Content) -> bool:
    """Whether a segment of the content matches; 500 characters of each, 20,000 in all, are read."""
    room, search = ALL, compiled(pattern).search
    for segment in content.segments():
        piece = segment.text[:PIECE]
        if room <= 0:
            return False
        if search(piece):
            return True
        room -= len(piece)
    return False


def long_words(text: str) -> set[str]:
    """The words of four letters and more, in one case."""
    return {word for word in re.findall(r"[^\W\d_]{4,}", text.casefold())}
