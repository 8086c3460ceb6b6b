"""When two final answers are the same."""

import re
from fractions import Fraction

EDGES = " \t\r\n.,;:!?\"'`$*()[]"
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:/\d+)?%?")


def same(answer: str, reference: str) -> bool:
    """Whether two short answers say the same: as numbers where both are, else word for word.

    Case, spaces, outer punctuation and thousands separators do not count.

    >>> same("The answer is yes.", "the answer is  YES"), same("1,250.0", "1250"), same("1/2", ".5")
    (True, True, True)
    >>> same("12", "120"), same("", "")
    (False, False)
    """
    first, second = _number(answer), _number(reference)
    if first is not None and second is not None:
        return first == second
    plain, wanted = _plain(answer), _plain(reference)
    return bool(plain) and plain == wanted


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).strip(EDGES)


def _number(text: str) -> Fraction | None:
    bare = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text.strip(EDGES.replace(".", "")).rstrip("."))
    bare = re.sub(r"^([-+]?)\.(?=\d)", r"\g<1>0.", bare)
    if len(bare) > 60 or not NUMBER.fullmatch(bare):
        return None
    share = bare.endswith("%")
    try:
        value = Fraction(bare.rstrip("%")) if "/" not in bare else _ratio(bare.rstrip("%"))
    except (ValueError, ZeroDivisionError):
        return None
    return value / 100 if share else value


def _ratio(text: str) -> Fraction:
    top, _, bottom = text.partition("/")
    return Fraction(top) / Fraction(bottom)
