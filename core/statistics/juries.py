"""Every jury that could be formed of some raters, from the votes that they have given already."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.statistics.accuracy import Reference
from core.statistics.base import Estimate, statistic
from core.statistics.cohen import agreement_weights, cohen_kappa, kappas
from core.statistics.percent import percent_agreement
from core.statistics.table import GOLD, MISSING, Table, cross, majority

Ints = NDArray[np.int64]
Pool = Literal["majority", "median", "mean"]
MOST = 10
SELECTED = (
    "the best of {many} juries, chosen on the units that it is measured on: expect less on others"
)


@dataclass(frozen=True, slots=True)
class Jury:
    """A jury against the reference: its members, and kappa and agreement under both rules for ties.

    `missing` leaves a tie without an answer; `tie` counts it as the scale's own tie (None where the
    scale has none). `ties` says how often the votes tied, of `voted` units with all votes.
    """

    members: tuple[int, ...]
    missing: Estimate
    missing_percent: Estimate
    tie: Estimate | None
    tie_percent: Estimate | None
    ties: int
    voted: int


def votes(table: Table, rater: int, tie: int | None) -> Ints:
    """A rater's one vote per unit (-1 without one).

    What it says in both orders of the responses, where it judged in both; `tie` (or nothing) where
    the orders differ.
    """
    first, second = table.column(rater, 0), table.column(rater, 1)
    nothing = np.full(table.possible, MISSING, np.int64)
    one = nothing if first is None else table.codes[:, first].astype(np.int64)
    two = nothing if second is None else table.codes[:, second].astype(np.int64)
    both = (one >= 0) & (two >= 0)
    apart = MISSING if tie is None else tie
    return np.where(both & (one != two), apart, np.where(one >= 0, one, two))


def pooled(ballots: Ints, k: int, pool: Pool = "majority") -> tuple[Ints, Ints]:
    """The code that full rows of votes (units x jurors) give, and which rows tie.

    Codes are -1 for a tie and where a vote is missing. majority: the most frequent code; median and
    mean: of the codes, and a value between two codes is a tie (a mean: half-way between).

    >>> codes, tied = pooled(np.array([[0, 0, 1], [0, 1, 2], [1, 1, -1]]), 3)
    >>> codes.tolist(), tied.tolist()
    ([0, -1, -1], [0, 1, 0])
    """
    full = (ballots >= 0).all(axis=1)
    if pool == "majority":
        counts = np.stack([(ballots == code).sum(axis=1) for code in range(k)], axis=1)
        found = majority(counts)
    else:
        middle = np.median(ballots, axis=1) if pool == "median" else ballots.mean(axis=1)
        below = np.floor(middle + 0.5)
        half = np.isclose(np.abs(middle - np.round(middle, 0)), 0.5)
        loose = (middle != below) if pool == "median" else half
        found = np.where(loose, MISSING, below).astype(np.int64)
    return np.where(full, found, MISSING), (full & (found == MISSING)).astype(np.int64)


def reference_codes(table: Table, reference: Reference) -> Ints:
    """The reference answer per unit: the known one, or the majority of people; -1 without one."""
    if reference == "gold":
        return table.codes[:, GOLD].astype(np.int64)
    return majority(table.patterns["people"].counts)


def every_jury(
    table: Table, members: Sequence[int], *, reference: Reference = "majority",
    pool: Pool = "majority", tie: int | None = None, smallest: int = 2,
) -> list[Jury]:  # fmt: skip
    """All juries of at least `smallest` of the members, each against the reference.

    Six members give 57. Nothing is asked: the votes are those that the table holds. Of more than
    `MOST` members raises ValueError.
    """
    if len(members) > MOST:
        raise ValueError(f"choose at most {MOST} raters: {2**MOST - MOST - 1:,} juries are enough")
    known, ballots = reference_codes(table, reference), _ballots(table, members, tie)
    found = []
    for size in range(smallest, len(members) + 1):
        for chosen in combinations(range(len(members)), size):
            codes, tied = pooled(ballots[:, chosen], table.k, pool)
            own = tuple(members[place] for place in chosen)
            found.append(_jury(table, own, known, codes, tied, tie))
    return found


def _ballots(table: Table, members: Sequence[int], tie: int | None) -> Ints:
    empty = np.zeros((table.possible, 0), np.int64)
    return np.column_stack([votes(table, m, tie) for m in members]) if members else empty


def _jury(
    table: Table, members: tuple[int, ...], known: Ints, codes: Ints, tied: Ints, tie: int | None
) -> Jury:
    missing = _against(table, known, codes)
    counted = None
    if tie is not None:
        counted = _against(table, known, np.where(tied == 1, tie, codes))
    voted = int((codes >= 0).sum() + tied.sum())
    ties = counted or (None, None)
    return Jury(members, missing[0], missing[1], ties[0], ties[1], int(tied.sum()), voted)


def _against(table: Table, known: Ints, codes: Ints) -> tuple[Estimate, Estimate]:
    counts = cross(known, codes, table.k)
    kappa = cohen_kappa(counts, labels=table.labels, possible=table.possible)
    return kappa, percent_agreement(counts, possible=table.possible)


def best(found: Sequence[Jury]) -> Jury | None:
    """The jury with the highest kappa, ties left out; the smaller one of equals."""
    defined = [jury for jury in found if jury.missing.value is not None]
    return max(defined, key=lambda j: (j.missing.value, -len(j.members)), default=None)


def held_out(
    table: Table, members: Sequence[int], *, reference: Reference = "majority",
    pool: Pool = "majority", tie: int | None = None, seed: int = 0,
) -> list[float]:  # fmt: skip
    """Kappa of the best jury on units that had no part in choosing it: one number per half.

    The units with a reference are split in two by the seed; the best jury of each half is measured
    on the other. Shorter where kappa is undefined on a half.
    """
    known, ballots = reference_codes(table, reference), _ballots(table, members, tie)
    there = np.flatnonzero(known >= 0)
    mixed = np.random.default_rng(seed).permutation(there)
    halves = mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :]
    chosen = [c for n in range(2, len(members) + 1) for c in combinations(range(len(members)), n)]
    if not chosen:
        return []
    found = []
    codes = [pooled(ballots[:, c], table.k, pool)[0] for c in chosen]
    for one, other in (halves, halves[::-1]):
        on_one, on_other = (
            kappas(
                np.stack([cross(known[half], own[half], table.k) for own in codes]).astype(float),
                agreement_weights(table.k, "plain"),
            )["value"]
            for half in (one, other)
        )
        if not np.isnan(on_one).all():
            value = float(on_other[int(np.nanargmax(on_one))])
            found += [] if np.isnan(value) else [value]
    return found


@statistic(
    "juries", "Every jury", about="panel",
    reference="Verga et al. (2024); Arif et al. (2024), The Fellowship of the LLMs",
)  # fmt: skip
def juries(
    table: Table, members: Sequence[int], *, reference: Reference = "majority",
    pool: Pool = "majority", tie: int | None = None, seed: int = 0,
) -> Estimate:  # fmt: skip
    """The best jury's kappa against the reference, with every jury in `detail["juries"]`.

    The note warns that the best was chosen on the units that it is measured on;
    `detail["held_out"]` is its kappa on units that had no part in the choice. No interval: that of
    a chosen best would be too narrow. Undefined with fewer than two members or without votes.
    """
    method = f"kappa of the {pool} of each jury against {reference}"
    found = every_jury(table, members, reference=reference, pool=pool, tie=tie)
    winner = best(found)
    if winner is None or winner.missing.value is None:
        note = "undefined: no two of these raters share units that have a reference answer"
        return Estimate("juries", None, method=method, note=note)
    detail: dict[str, Any] = {
        "juries": found, "best": winner,
        "held_out": held_out(table, members, reference=reference, pool=pool, tie=tie, seed=seed),
    }  # fmt: skip
    return Estimate(
        "juries", winner.missing.value, n=winner.missing.n, coverage=winner.missing.coverage,
        method=method, note=SELECTED.format(many=f"{len(found):,}"), detail=detail,
    )  # fmt: skip
