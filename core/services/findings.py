"""What analysis hands back: estimates with the names of who they are about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from core.statistics.base import Estimate

PairGroup = Literal["human-human", "human-model", "model-model"]
PAIR_GROUPS: tuple[PairGroup, ...] = ("human-human", "human-model", "model-model")
MAJORITY, KNOWN = "majority of people", "known answers"


class NoAnswer(LookupError):
    """No such question, rater or statistic; the message lists those that there are."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Pair:
    """Two raters: percent agreement and the chosen measure over the units that both judged."""

    first: str
    second: str
    group: PairGroup
    percent: Estimate
    measure: Estimate


@dataclass(frozen=True, slots=True)
class RaterRow:
    """One rater: what it is, how much it did, and its statistics by name.

    `seconds` is the mean time per answer, corrections included; None when no time was kept.
    """

    name: str
    kind: str
    simulated: bool
    n: int
    coverage: float | None
    seconds: float | None
    statistics: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Everything the Agreement page shows of one question, at one revision of the log."""

    study: str
    question: str
    title: str
    revision: int
    level: str
    labels: Sequence[str]
    where: Mapping[str, Sequence[str]]
    units: int
    measure: str
    groups: Mapping[str, Mapping[str, Estimate]]
    means: Mapping[str, tuple[Estimate, Estimate]]
    pairs: Sequence[Pair]
    raters: Sequence[RaterRow]
    study_wide: Mapping[str, Estimate]
    gold_refused: int

    def among(self, group: PairGroup) -> list[Pair]:
        """The pairs of one group."""
        return [pair for pair in self.pairs if pair.group == group]

    def rater(self, name: str) -> RaterRow:
        """The row of the rater of that name; raises `NoAnswer`."""
        for row in self.raters:
            if row.name == name:
                return row
        raise NoAnswer(f"no rater is called {name!r}; there are: {[r.name for r in self.raters]}")


@dataclass(frozen=True, slots=True)
class Confusion:
    """Joint counts of two raters, or of a reference and a rater (rows: the first)."""

    first: str
    second: str
    labels: Sequence[str]
    counts: Sequence[Sequence[int]]
    n: int
