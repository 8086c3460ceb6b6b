"""Simulated coverage of the intervals: a seeded sample here, the long run at night."""

import math

import numpy as np
import pytest

from core.statistics.accuracy import macro
from core.statistics.alpha import krippendorff_alpha
from core.statistics.cohen import cohen_kappa
from core.statistics.intervals import wilson
from core.statistics.table import cross
from tests.statistics.cases import counts_of

UNITS, RATERS, K = 100, 3, 4


@pytest.fixture
def studies(nightly):
    """How many simulated studies."""
    return 2000 if nightly else 300


def ratings(chance, units, raters=RATERS):
    """Ordinal answers: a true level per unit and noise per rater, cut into K codes."""
    level = chance.normal(size=(units, 1)) + 0.9 * chance.normal(size=(units, raters))
    return np.digitize(level, [-0.8, 0.0, 0.8])


def truth(statistic):
    """The statistic of a study so large that its own error does not matter."""
    return statistic(ratings(np.random.default_rng(1), 200_000))


def covered(statistic, interval, studies, seed):
    """The share of simulated studies whose interval holds the true value."""
    chance, target = np.random.default_rng(seed), truth(statistic)
    hits = 0
    for _ in range(studies):
        low, high = interval(ratings(chance, UNITS))
        hits += low <= target <= high
    return hits / studies


def bounds(estimate):
    return estimate.low, estimate.high


def enough(share, studies):
    """Within .93 to .97, give or take two standard errors of so many studies."""
    slack = 2 * math.sqrt(0.95 * 0.05 / studies)
    return 0.93 - slack <= share <= 0.97 + slack


@pytest.mark.parametrize("metric", ["nominal", "ordinal", "interval"])
def test_delta_interval_of_alpha(metric, studies):
    alpha = lambda codes: krippendorff_alpha(counts_of_fast(codes), metric=metric)
    share = covered(lambda c: alpha(c).value, lambda c: bounds(alpha(c)), studies, 11)
    assert enough(share, studies), share


@pytest.mark.parametrize("metric", ["nominal", "ordinal"])
def test_bootstrap_interval_of_alpha(metric, studies):
    point = lambda codes: krippendorff_alpha(counts_of_fast(codes), metric=metric).value
    alpha = lambda codes: krippendorff_alpha(
        counts_of_fast(codes), metric=metric, bootstrap=True, replicates=400
    )
    share = covered(point, lambda c: bounds(alpha(c)), studies, 12)
    assert enough(share, studies), share


@pytest.mark.parametrize("weights", ["plain", "linear", "quadratic"])
def test_interval_of_kappa(weights, studies):
    kappa = lambda codes: cohen_kappa(cross(codes[:, 0], codes[:, 1], K), weights=weights)
    share = covered(lambda c: kappa(c).value, lambda c: bounds(kappa(c)), studies, 13)
    assert enough(share, studies), share


def test_interval_of_macro_f1(studies):
    found = lambda codes: macro(cross(codes[:, 0], codes[:, 1], K))
    share = covered(lambda c: found(c).value, lambda c: bounds(found(c)), studies, 14)
    assert enough(share, studies), share


def test_interval_of_percent_agreement(studies):
    same = lambda codes: int((codes[:, 0] == codes[:, 1]).sum())
    share = covered(
        lambda c: same(c) / len(c), lambda c: wilson(same(c), len(c)), studies, 15
    )  # fmt: skip
    assert enough(share, studies), share


def counts_of_fast(codes):
    return (codes[:, :, None] == np.arange(K)).sum(axis=1)


def test_the_fast_counts_are_the_counts():
    codes = ratings(np.random.default_rng(2), 40)
    assert np.array_equal(counts_of_fast(codes), counts_of(codes, K))


def test_the_bootstrap_is_seeded_and_counts_lost_replicates():
    codes = ratings(np.random.default_rng(3), 40)
    once, again = (
        krippendorff_alpha(counts_of_fast(codes), bootstrap=True, seed=5) for _ in range(2)
    )
    assert bounds(once) == bounds(again)
    assert once.detail["lost_replicates"] == 0
    rare = np.array([[2, 0]] * 29 + [[1, 1]])
    assert krippendorff_alpha(rare, bootstrap=True).detail["lost_replicates"] > 0
