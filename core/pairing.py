"""Which pairs of an item's outputs become units: mathematics without storage.

Chance comes from a digest of the seed and the names, so that the same seed gives the same pairs,
however often and in whatever order they are asked for.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from core.digest import digest
from core.policies import Pairs


class Unscored(ValueError):
    """An item whose outputs lack the score that the rule reads; the message names them."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An output that can be paired: key, who made it, its role, score (None: none) and text."""

    key: str
    source: str = ""
    role: str = "answer"
    score: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Paired:
    """A pair as the rule sees it, in order of arrival.

    `taken` says whether the rule took it, `audit` whether it was drawn from those left out.
    `round` counts from 1 where the rule has rounds. `margin` is the difference of the scores,
    `worth` what a ranking sorts by; None where the rule reads neither.
    """

    keys: tuple[str, str]
    taken: bool = True
    audit: bool = False
    round: int = 0
    margin: float | None = None
    worth: float | None = None


def pairs(rule: Pairs, made: Sequence[Candidate], item: str, seed: int) -> list[Paired]:
    """Every pair of an item's outputs with what becomes of it; raises `Unscored`."""
    found = RULES[rule.rule](rule, made, f"{seed}/{item}")
    if not rule.audit:
        return found
    return [
        replace(one, audit=not one.taken and chance(seed, item, *one.keys) < rule.audit)
        for one in found
    ]


def chance(*names: object) -> float:
    """A number from 0 up to 1 that the names alone decide."""
    return int(digest([str(name) for name in names])[:13], 16) / 16**13


def _all(rule: Pairs, made: Sequence[Candidate], seed: str) -> list[Paired]:
    return [Paired((a.key, b.key)) for a, b in combinations(made, 2)]


def _round_robin(rule: Pairs, made: Sequence[Candidate], seed: str) -> list[Paired]:
    """The circle method over the sources, whose places on the circle are drawn for each item."""
    sources = dict.fromkeys(one.source or one.key for one in made)
    meets = rounds(sorted(sources, key=lambda name: chance(seed, name)))
    found = []
    for a, b in combinations(made, 2):
        turn = meets.get(frozenset((a.source or a.key, b.source or b.key)), 0)
        taken = bool(turn) and (not rule.rounds or turn <= rule.rounds)
        found.append(Paired((a.key, b.key), taken, round=turn))
    return found


def rounds(names: Sequence[str]) -> dict[frozenset[str], int]:
    """The round, from 1, in which two names meet: each name once a round, each two once in all.

    The circle method: one place is fixed, the others move on by one place each round. With an odd
    number of names one rests in each round.

    >>> meets = rounds(["a", "b", "c", "d"])
    >>> [sorted("".join(sorted(two)) for two, n in meets.items() if n == turn) for turn in (1, 2)]
    [['ad', 'bc'], ['ac', 'bd']]
    """
    circle: list[str | None] = [*names, *[None] * (len(names) % 2)]
    found: dict[frozenset[str], int] = {}
    for turn in range(1, len(circle)):
        for place in range(len(circle) // 2):
            a, b = circle[place], circle[-1 - place]
            if a is not None and b is not None:
                found[frozenset((a, b))] = turn
        circle = [circle[0], circle[-1], *circle[1:-1]]
    return found


def _against(rule: Pairs, made: Sequence[Candidate], seed: str) -> list[Paired]:
    """Each output of the one side with each of the other."""
    side = {one.key: one.source if rule.by == "source" else one.role for one in made}

    def meet(a: str, b: str) -> bool:
        return side[a] in rule.one and (
            side[b] in rule.other if rule.other else side[b] not in rule.one
        )

    return [
        Paired((a.key, b.key), meet(a.key, b.key) or meet(b.key, a.key))
        for a, b in combinations(made, 2)
    ]


def _margin(rule: Pairs, made: Sequence[Candidate], seed: str) -> list[Paired]:
    """The pairs whose scores differ by at least `least` and at most `most`."""
    scores = scored(made)
    low, high = rule.least or 0.0, math.inf if rule.most is None else rule.most
    gaps = [(a.key, b.key, abs(scores[a.key] - scores[b.key])) for a, b in combinations(made, 2)]
    return [Paired((a, b), low <= gap <= high, margin=gap) for a, b, gap in gaps]


def _bonus(rule: Pairs, made: Sequence[Candidate], seed: str) -> list[Paired]:
    """The `top` pairs by the mean of their outputs' score + weight x novelty."""
    scores, new = scored(made), novelty([one.text for one in made])
    worth = {one.key: scores[one.key] + rule.weight * n for one, n in zip(made, new, strict=True)}
    found = [
        Paired(
            (a.key, b.key), margin=abs(scores[a.key] - scores[b.key]),
            worth=(worth[a.key] + worth[b.key]) / 2,
        )
        for a, b in combinations(made, 2)
    ]  # fmt: skip
    ranked = sorted((one.worth or 0.0 for one in found), reverse=True)
    least = ranked[min(rule.top, len(ranked)) - 1] if ranked else 0.0
    kept = {one.keys for one in found if (one.worth or 0.0) > least}
    tied = [one.keys for one in found if one.worth == least]
    kept |= set(sorted(tied, key=lambda keys: chance(seed, *keys))[: rule.top - len(kept)])
    return [replace(one, taken=one.keys in kept) for one in found]


def scored(made: Sequence[Candidate]) -> dict[str, float]:
    """The score of each output by key; raises `Unscored` naming those without one."""
    bare = [one.key for one in made if one.score is None or not math.isfinite(one.score)]
    if bare:
        more = f" and {len(bare) - 3} more" if len(bare) > 3 else ""
        raise Unscored(f"no score of {', '.join(bare[:3])}{more}")
    return {one.key: float(one.score or 0.0) for one in made}


def novelty(texts: Sequence[str]) -> list[float]:
    """How new each text is beside the others: 1 - its highest TF-IDF cosine to another, 0 to 1.

    Words are weighted within these texts alone. A text that shares no word with another has 1, and
    so has every text where there are no words at all.

    >>> [round(n, 2) for n in novelty(["a red cat", "a red cat", "blue dogs run"])]
    [0.0, 0.0, 1.0]
    """
    from sklearn.feature_extraction.text import TfidfVectorizer  # slow to import

    try:
        matrix = TfidfVectorizer(token_pattern=r"(?u)\b\w+\b").fit_transform(texts)
    except ValueError:  # no words
        return [1.0] * len(texts)
    near = (matrix @ matrix.T).toarray()
    np.fill_diagonal(near, 0.0)
    return [float(n) for n in np.clip(1 - near.max(axis=1), 0, 1)]


RULES: Mapping[str, Callable[[Pairs, Sequence[Candidate], str], list[Paired]]] = {
    "all": _all, "round_robin": _round_robin, "against": _against, "margin": _margin,
    "bonus": _bonus,
}  # fmt: skip
