"""Numbers from units drawn with known, unequal chances: unbiased where the plain ones are not."""

import numpy as np
import pytest

from core import selection
from core.statistics.designs import design
from core.statistics.weighted import weighted

NAN = float("nan")


def drawn(seed, *, units=200, answers=60, raters=1, overlap=1, candidates=16):
    """People are drawn to the units on which the model errs; a fifth of the units."""
    chance = np.random.default_rng(seed)
    wrong = chance.random(units) < 0.2
    taken, has, rows = np.zeros(units, int), [set() for _ in range(raters)], []
    for n in range(answers):
        r = n % raters
        able = [u for u in range(units) if taken[u] < overlap and u not in has[r]]
        if not able:
            continue
        chosen = chance.choice(able, size=min(candidates, len(able)), replace=False)
        chances = selection.mixed(np.where(wrong[chosen], 1.0, 0.1), 0.2)
        k = selection.pick(chances, chance.random())
        rows.append((int(chosen[k]), r, 1 / (len(chosen) * chances[k])))
        has[r].add(rows[-1][0])
        taken[rows[-1][0]] += 1
    unit, rater, weight = zip(*rows, strict=True)
    made = design(unit, rater, weight, [True] * len(unit), units=units, overlap=overlap)
    return made, 1.0 - wrong[list(unit)], 1 - wrong.mean()


@pytest.mark.parametrize(
    "shape", [{}, {"raters": 3, "overlap": 2, "answers": 90}, {"units": 100, "answers": 70}]
)
def test_the_plain_share_is_biased_and_the_weighted_interval_covers_the_truth(shape):
    plain, gaps, hits, total_hits, totals = [], [], [], [], []
    for seed in range(150):
        made, right, truth = drawn(seed, **shape)
        ratio, total = weighted("right", made, right)
        assert (made.final * right).mean() == pytest.approx(total.value)
        plain.append(right.mean() - truth)
        gaps.append(ratio.value - truth)
        totals.append(total.value - truth)
        hits.append(ratio.low <= truth <= ratio.high)
        total_hits.append(total.low <= truth <= total.high)
        assert 1 < ratio.detail["effective_n"] < ratio.n <= len(right)
    assert np.mean(plain) < -0.05 and abs(np.mean(plain)) > 8 * abs(np.mean(gaps))
    assert abs(np.mean(gaps)) < 0.01 and abs(np.mean(totals)) < 0.02
    assert 0.90 <= np.mean(hits) <= 1 and 0.89 <= np.mean(total_hits) <= 1


@pytest.mark.parametrize("raters", [1, 3])
def test_when_every_unit_is_answered_the_weighted_mean_is_that_of_the_units(raters):
    made, right, truth = drawn(3, units=40, answers=40 * 2, raters=raters, overlap=min(2, raters))
    ratio, total = weighted("right", made, right)
    assert ratio.value == pytest.approx(truth) == total.value
    assert ratio.high - ratio.low < 1e-3


def test_of_few_out_of_many_it_is_the_ratio_of_weighted_sums():
    weight = [0.5, 2.0, 1.0, 4.0]
    made = design([0, 1, 2, 3], [1] * 4, weight, [True] * 4, units=10**6, overlap=9)
    ratio, total = weighted("mean", made, [1, 0, 1, 1], share=False)
    assert ratio.value == pytest.approx(5.5 / 7.5, abs=1e-5)
    assert total.value == pytest.approx(5.5 / 4, abs=1e-4)
    assert ratio.detail["effective_n"] == pytest.approx(7.5**2 / 21.25, abs=1e-3)
    assert "one answer has 53% of the weight" in ratio.note


def test_what_has_no_known_chance_or_no_value_is_said():
    made = design([0, 1], [1, 1], [NAN, NAN], [True] * 2, units=9, overlap=2)
    ratio, total = weighted("right", made, [1, 0], why="; 2 answers were imported")
    assert ratio.value is total.value is None and "2 answers were imported" in ratio.note
    made = design([0, 1, 2], [1] * 3, [1, 2, 0.5], [True] * 3, units=9, overlap=2)
    assert made.unequal
    ratio, total = weighted("right", made, [1, NAN, 0])
    assert ratio.n == 2 and total.value is None and "1 drawn units have no value" in total.note
    some = np.arange(9) < 2
    ratio, total = weighted("right", made, [1, 0, 1], inside=some)
    assert (ratio.n, ratio.coverage) == (2, 1.0) and total.value is not None
    ratio, total = weighted("right", made, [0, 0, 0])
    assert ratio.high > 0.3 and total.low is None and "no variation" in total.note
    even = design([0, 1], [1, 1], [1, 1], [True] * 2, units=9, overlap=2)
    assert not even.unequal
