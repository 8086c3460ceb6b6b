"""Where to spend: which units a jury or people should see beside a single judge.

The share of units with a certain answer is estimated by a telescoping sum,

    mean(judge) + mean((jury - judge) x / p) + mean((people - jury) z / q),

where x and z say whether a unit was drawn for the jury and for people, with probabilities p and q.
Each correction is unbiased for any p and q above 0. Its variance is least for money when they are
proportional to u / sqrt(cost), u being the root mean square of the correction on that unit (active
inference, Zrnic and Candes 2024, with Neyman's allocation over tiers).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
STEPS = 60
LEAST = 0.02


@dataclass(frozen=True, slots=True)
class Tier:
    """A source of answers: what one costs, and per unit the spread of what it corrects.

    `spread` is the root mean square difference to the tier below. Units with `paid` have its answer
    already.
    """

    name: str
    cost: float
    spread: Floats
    paid: NDArray[np.bool_] | None = None

    @property
    def costs(self) -> Floats:
        """What each unit costs here."""
        every = np.full(len(self.spread), self.cost)
        return every if self.paid is None else np.where(self.paid, 0.0, every)


def allocate(
    tiers: Sequence[Tier], budget: float, *, epsilon: float = 0.1, even: bool = False
) -> list[Floats]:
    """Per tier and unit the probability of asking, so that the expected cost is the budget.

    The share `epsilon` is spread evenly, so that no unit is out of reach; `even` spreads all of it.
    What is paid for already has probability 1. Raises `ValueError` for a budget of 0 or less.
    """
    if budget <= 0:
        raise ValueError("a budget is more than 0")
    low, high = 0.0, 1.0
    while _cost(tiers, high, epsilon, even) < budget and high < 1e12:
        high *= 2
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if _cost(tiers, middle, epsilon, even) < budget else (low, middle)
        )
    return _probabilities(tiers, low, epsilon, even)


def _probabilities(tiers: Sequence[Tier], scale: float, epsilon: float, even: bool) -> list[Floats]:
    found = []
    for tier in tiers:
        wanted = scale * tier.spread / np.sqrt(max(tier.cost, 1e-12))
        open_ = tier.costs > 0
        mean = float(wanted[open_].mean()) if open_.any() else 0.0
        share = 1.0 if even else epsilon
        mixed = np.clip((1 - share) * wanted + share * mean, 0.0, 1.0)
        found.append(np.where(open_, mixed, 1.0))
    return found


def _cost(tiers: Sequence[Tier], scale: float, epsilon: float, even: bool) -> float:
    found = _probabilities(tiers, scale, epsilon, even)
    return sum(float((p * tier.costs).sum()) for p, tier in zip(found, tiers, strict=True))


def cost(tiers: Sequence[Tier], probabilities: Sequence[Floats]) -> float:
    """The expected cost."""
    return sum(float((p * tier.costs).sum()) for p, tier in zip(probabilities, tiers, strict=True))


def half_width(tiers: Sequence[Tier], probabilities: Sequence[Floats], z: float = 1.96) -> float:
    """Half the width of the interval to expect, for the share over just these units."""
    variance = 0.0
    for tier, p in zip(tiers, probabilities, strict=True):
        safe = np.maximum(p, 1e-9)
        variance += float((tier.spread**2 * (1 / safe - 1)).sum())
    n = len(tiers[0].spread) if tiers else 1
    return z * float(np.sqrt(max(variance, 0.0))) / n


def corrected(
    base: Any, corrections: Sequence[tuple[Any, Any, Any]], z: float = 1.96
) -> tuple[float, float, float]:
    """The share with its interval (value, low, high), from what was asked.

    `base` is the judge's answer on every unit (0 or 1). Each correction is (difference to the tier
    below, whether the unit was drawn, with what probability); differences of units that were not
    drawn are not read.
    """
    terms = np.asarray(base, np.float64).copy()
    variance = 0.0
    for difference, drawn, probability in corrections:
        taken, p = np.asarray(drawn, bool), np.asarray(probability, np.float64)
        own = np.where(taken, np.nan_to_num(np.asarray(difference, np.float64)), 0.0)
        terms += own / p
        variance += float((own**2 * (1 - p) / p**2).sum())
    n = len(terms)
    value, half = float(terms.mean()), z * float(np.sqrt(variance)) / n
    return value, value - half, value + half


def spreads(
    judge: Any, votes: Any, people: Any, cast: Any = None
) -> tuple[Floats, Floats, Floats, Floats]:
    """Root mean squares per unit: people - judge, jury - judge, people - jury, people - their mean.

    `judge` holds 0 or 1 per unit (nan without an answer), `votes` the jury's shares (nan without),
    `people` the majority of people (nan without). A vote share stands for the chance that people
    say yes, drawn towards one half by half a vote for either answer (Jeffreys); `cast` is how many
    votes it is made of (any number, without). Few votes that all agree would else promise that
    nobody contradicts them. Where ten or more units have people's answers, the size of the
    differences is set by those that were seen. Units without votes take the mean of the others.
    """
    f, g, y = (np.asarray(one, np.float64) for one in (judge, votes, people))
    known = ~np.isnan(g)
    middle = float(np.nanmean(np.where(known, g, np.nan))) if known.any() else 0.5
    share = np.where(known, g, middle)
    if cast is not None:
        n = np.asarray(cast, np.float64)
        share = np.where(known, (share * n + 0.5) / (n + 1), share)
    p = np.clip(share, LEAST, 1 - LEAST)
    f = np.where(np.isnan(f), (p >= 0.5).astype(np.float64), f)
    wrong = np.where(f >= 0.5, 1 - p, p)
    doubt = p * (1 - p) + np.where(known, (p - np.where(known, g, p)) ** 2, 0.0)
    apart = np.where(known, (p - f) ** 2, float(((p - f) ** 2)[known].mean()) if known.any() else
                     float(doubt.mean()))  # fmt: skip
    seen = ~np.isnan(y)
    if int(seen.sum()) >= 10:
        wrong = _sized(wrong, (y - f) ** 2, seen)
        doubt = _sized(doubt, (y - p) ** 2, seen)
    rate = float(np.nanmean(y)) if seen.any() else middle
    alone = np.full(len(p), max(rate * (1 - rate), LEAST**2))
    return (np.sqrt(wrong), np.sqrt(apart), np.sqrt(doubt), np.sqrt(alone))


def _sized(guess: Floats, found: Floats, seen: NDArray[np.bool_]) -> Floats:
    """The guesses scaled so that where both are known their means agree, and none is 0."""
    scale = max(float(found[seen].mean()), LEAST**2) / max(float(guess[seen].mean()), 1e-9)
    return np.maximum(guess * scale, LEAST**2)
