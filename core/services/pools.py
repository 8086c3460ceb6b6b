"""Units apart from the ordinary work: known answers, attention items, rounds, questionnaires.

A pool is a range of positions below 0. The walk and the draw begin at position 0, so they never
meet one, and a pool is found by the index that the walk uses.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.protocol import StudyProtocol

WIDTH = 10_000_000
FIXED = ("gold", "attention", "before", "after")
QUESTIONNAIRES = {"questionnaire-before": "before", "questionnaire-after": "after"}


def names(protocol: StudyProtocol) -> tuple[str, ...]:
    """The pools that there can be; the place of each gives its range."""
    return (*FIXED, *(r.name for r in protocol.checks.rounds))


def bounds(protocol: StudyProtocol, name: str) -> tuple[int, int]:
    """Positions low < p < high of a pool."""
    band = names(protocol).index(name) + 1
    return -band * WIDTH - 1, -(band - 1) * WIDTH


def at(protocol: StudyProtocol, position: int) -> str:
    """The pool that a position lies in; '' for the ordinary work."""
    if position >= 0:
        return ""
    found = (-position - 1) // WIDTH
    return names(protocol)[found] if found < len(names(protocol)) else ""


def counted(positions: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which positions hold units of the study's own: the ordinary ones, and known answers mixed in.

    What is asked apart (attention items, rounds, questionnaires) is no part of its coverage.
    """
    return np.asarray(positions >= -WIDTH)


def of(protocol: StudyProtocol, meta: Mapping[str, Any], unit: str = "") -> str:
    """The pool that an item with these facts is in, or its unit of that key; '' for ordinary work.

    The units of questionnaires go by their key, so that a copy of a study knows them again.
    """
    if protocol.questionnaire.names and unit in QUESTIONNAIRES:
        return QUESTIONNAIRES[unit]
    value = str(meta.get(protocol.checks.by, ""))
    return value if value in protocol.checks.pools else ""
