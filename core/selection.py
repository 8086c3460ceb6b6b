"""Which unit next, with what probability: mathematics without storage.

A walk is a permutation; a draw turns scores of a few candidates into probabilities and picks one.
Probabilities are computed over exactly the candidates that could be picked, so that what is stored
with an assignment is the probability with which it was made.
"""

import math
import random
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate

import numpy as np

from core.statistics import disagreement

ROUNDS, MASK = 6, (1 << 64) - 1
BLOCK = 16
SAMPLES = 256
Pair = tuple[str, str]
Wins = Mapping[Pair, float]


class Permutation:
    """A random order of `size` places that is never written out: a Feistel network.

    `order[n]` is the place at step n, `order.index(place)` the step: both in constant time. With
    `block` the order keeps neighbours together: blocks of that many places change places, and
    places change within their block, so that what is even in every block stays even in every order.
    Black & Rogaway (2002), Ciphers with arbitrary finite domains: cycle walking.

    >>> order = Permutation(7, 10)
    >>> sorted(order[n] for n in range(10)) == list(range(10)), order.index(order[3])
    (True, 3)
    """

    def __init__(self, seed: int, size: int, block: int = 1) -> None:
        """The order that `seed` gives."""
        self.seed, self.size, self.block = seed, size, block

    @cached_property
    def _blocks(self) -> int:
        return -(-self.size // self.block)

    def __getitem__(self, step: int) -> int:
        if self.block == 1:
            return _cipher(self.seed, step, self.size)
        outer, inner = divmod(step, self.block)
        at = _cipher(self.seed, outer, self._blocks)
        return at * self.block + _cipher(self.seed ^ (at + 1), inner, self.block)

    def index(self, place: int) -> int:
        """The step at which a place comes."""
        if self.block == 1:
            return _cipher(self.seed, place, self.size, back=True)
        outer, inner = divmod(place, self.block)
        step = _cipher(self.seed, outer, self._blocks, back=True)
        return step * self.block + _cipher(self.seed ^ (outer + 1), inner, self.block, back=True)

    @property
    def steps(self) -> int:
        """How many steps there are: a last block that is not full has steps beyond `size`."""
        return self.size if self.block == 1 else self._blocks * self.block


def _cipher(seed: int, value: int, size: int, *, back: bool = False) -> int:
    """The value under a keyed permutation of range(size), or under its inverse."""
    half = max(1, math.ceil(max(1, (size - 1).bit_length()) / 2))
    mask = (1 << half) - 1
    while True:
        left, right = value >> half, value & mask
        for turn in range(ROUNDS - 1, -1, -1) if back else range(ROUNDS):
            if back:
                left, right = right ^ (_mix(seed, turn, left) & mask), left
            else:
                left, right = right, left ^ (_mix(seed, turn, right) & mask)
        value = left << half | right
        if value < size:
            return value


def _mix(seed: int, turn: int, value: int) -> int:
    """64 well-mixed bits (the finaliser of splitmix64)."""
    x = (seed * 0x9E3779B97F4A7C15 + turn * 0xD1B54A32D192ED03 + value * 0x8CB92BA72F3D8DD7) & MASK
    x = ((x ^ x >> 30) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ x >> 27) * 0x94D049BB133111EB) & MASK
    return x ^ x >> 31


def interleaved(strata: Sequence[Hashable]) -> list[int]:
    """An order of the places of `strata` in which every stretch holds each stratum in proportion.

    Within a stratum the order stays as it was.

    >>> strata = ["a", "a", "a", "a", "b", "b"]
    >>> [strata[n] for n in interleaved(strata)]
    ['a', 'b', 'a', 'a', 'b', 'a']
    """
    size, met = Counter(strata), Counter[Hashable]()
    share = []
    for n, stratum in enumerate(strata):
        share.append(((met[stratum] + 0.5) / size[stratum], n))
        met[stratum] += 1
    return [n for _, n in sorted(share)]


def mixed(scores: Sequence[float], epsilon: float) -> list[float]:
    """Probabilities in proportion to the scores, with the share `epsilon` spread evenly.

    Where no score is above 0 all candidates are equally likely. Never below epsilon / n.

    >>> mixed([3, 1, 0, 0], 0.2)
    [0.65, 0.25, 0.05, 0.05]
    """
    n, total = len(scores), math.fsum(max(0.0, s) for s in scores)
    if total <= 0:
        return [1 / n] * n
    return [round(epsilon / n + (1 - epsilon) * max(0.0, s) / total, 15) for s in scores]


def stratified(probabilities: Sequence[float], strata: Sequence[Hashable]) -> list[float]:
    """The same within each stratum, every stratum among the candidates being equally likely.

    >>> stratified([0.5, 0.25, 0.25], ["news", "news", "mail"])
    [0.3333333333333333, 0.16666666666666666, 0.5]
    """
    mass: Counter[Hashable] = Counter()
    for p, stratum in zip(probabilities, strata, strict=True):
        mass[stratum] += p  # type: ignore[assignment]
    return [p / mass[s] / len(mass) for p, s in zip(probabilities, strata, strict=True)]


def pick(probabilities: Sequence[float], chance: float) -> int:
    """The candidate at `chance` (0 to 1) along the probabilities."""
    marks = list(accumulate(probabilities))
    return next((n for n, mark in enumerate(marks) if chance * marks[-1] < mark), len(marks) - 1)


def least_covered(taken: Sequence[int]) -> list[float]:
    """1 for the candidates with fewest answers or reservations, else 0."""
    return [float(n == min(taken)) for n in taken]


def uncertain(votes: np.ndarray) -> list[float]:
    """How much doubt all raters' answers leave: 1 - their certainty (units x K counts)."""
    return [float(x) for x in 1 - disagreement.certainty(votes)]


def jury(votes: np.ndarray) -> list[float]:
    """The entropy of the models' answers over its maximum, log K (units x K counts)."""
    found = disagreement.entropy(disagreement.shares(votes)) / math.log2(max(votes.shape[1], 2))
    return [float(x) for x in found]


def divergent(people: np.ndarray, models: np.ndarray, *, ordered: bool) -> list[float]:
    """How far people and models lie apart; 0 where either has not answered."""
    both = (people.sum(axis=1) > 0) & (models.sum(axis=1) > 0)
    gap = disagreement.divergence(people, models, ordered=ordered)
    return [float(x) for x in np.where(both, gap, 0.0)]


def duel_ucb(wins: Wins, pairs: Sequence[Pair], alpha: float = 0.51) -> list[float]:
    """1 for candidates of the pair that relative upper confidence bounds choose, else 0.

    The champion is the source that could beat most others (bound at least 1/2); it duels the one
    that could beat it most. Pairs that no candidate shows are passed by. Zoghi et al. (2014), RUCB;
    alpha > 1/2 as there. `wins[a, b]` counts duels that a won against b, ties as half.
    """
    names = sorted({name for pair in pairs for name in pair})
    total = math.fsum(wins.get((a, b), 0) for a in names for b in names if a != b)
    bound = {
        (a, b): _bound(wins.get((a, b), 0), wins.get((b, a), 0), total, alpha)
        for a in names for b in names if a != b
    }  # fmt: skip
    could = {a: sum(bound[a, b] >= 0.5 for b in names if b != a) for a in names}
    known = {frozenset(pair) for pair in pairs if pair[0] != pair[1]}
    ranked = [
        (could[a], bound[b, a], a, b) for a in names for b in names if frozenset((a, b)) in known
    ]  # fmt: skip
    if not ranked:
        return [0.0] * len(pairs)
    best = frozenset(max(ranked)[2:])
    return [float(frozenset(pair) == best) for pair in pairs]


def _bound(won: float, lost: float, total: float, alpha: float) -> float:
    n = won + lost
    return 1.0 if n == 0 else won / n + math.sqrt(alpha * math.log(max(total, 1.0)) / n)


def duel_thompson(wins: Wins, pairs: Sequence[Pair], seed: int) -> list[float]:
    """How often each candidate's pair is the best duel in `SAMPLES` draws from the posterior.

    Each draw takes every preference from Beta(1 + wins, 1 + losses); the champion beats most
    others, and duels, in a second draw, the one that beats it most clearly. A pair's share is
    parted evenly among its candidates. The draws are fixed by the seed before anything is picked,
    so the probabilities are exact. Wu & Liu (2016), double Thompson sampling.
    """
    names = sorted({name for pair in pairs for name in pair})
    shown = Counter(frozenset(pair) for pair in pairs if pair[0] != pair[1])
    if len(names) < 2 or not shown:
        return [0.0] * len(pairs)
    chance = np.random.default_rng(seed)
    first, second = (_sampled(wins, names, chance) for _ in range(2))
    able = np.array([[frozenset((a, b)) in shown for b in names] for a in names])
    beaten = (first > 0.5).sum(axis=2) + chance.random((SAMPLES, len(names))) * 0.5
    beaten[:, ~able.any(axis=1)] = -1
    champion = beaten.argmax(axis=1)
    against = np.where(able[champion], second[np.arange(SAMPLES), :, champion], -1.0)
    chosen = Counter(
        frozenset((names[a], names[b]))
        for a, b in zip(champion, against.argmax(axis=1), strict=True)
    )
    return [
        chosen[frozenset(p)] / SAMPLES / shown[frozenset(p)] if frozenset(p) in shown else 0.0
        for p in pairs
    ]


def _sampled(wins: Wins, names: Sequence[str], chance: np.random.Generator) -> np.ndarray:
    """Preferences drawn from their posterior: (SAMPLES, a, b) with b, a being 1 - a, b."""
    found = np.full((SAMPLES, len(names), len(names)), 0.5)
    for i, a in enumerate(names):
        for j in range(i + 1, len(names)):
            b = names[j]
            shape = 1 + wins.get((a, b), 0), 1 + wins.get((b, a), 0)
            found[:, i, j] = chance.beta(*shape, SAMPLES)
            found[:, j, i] = 1 - found[:, i, j]
    return found


def balanced(counts: Mapping[str, int], shares: Mapping[str, float], seed: int) -> str:
    """The arm that lags furthest behind its share; ties are drawn by the seed."""
    lag = {name: counts.get(name, 0) / share for name, share in shares.items()}
    least = [name for name, n in lag.items() if n <= min(lag.values()) + 1e-12]
    return random.Random(seed).choice(sorted(least))  # noqa: S311


def by_share(shares: Mapping[str, float], chance: float) -> str:
    """The name at `chance` (0 to 1) along the shares."""
    names = [name for name, share in shares.items() if share > 0]
    total = math.fsum(shares[name] for name in names)
    return names[pick([shares[name] / total for name in names], chance)]
