"""The router: optimal by Neyman, unbiased in simulation, with the interval that it promised."""

import numpy as np
import pytest

from core.routing import Tier, allocate, corrected, cost, half_width, spreads
from core.services.routed import draws, estimate
from core.services.routing import WAYS


def test_the_probability_goes_with_u_over_the_root_of_cost():
    """By hand: u = (.1, .2, .3) at cost 4, budget 4: one call in all, shared as 1 : 2 : 3."""
    tier = Tier("people", 4.0, np.array([0.1, 0.2, 0.3]))
    [p] = allocate([tier], 4.0, epsilon=0.0)
    assert p == pytest.approx([1 / 6, 2 / 6, 3 / 6], rel=1e-6)
    assert cost([tier], [p]) == pytest.approx(4.0)
    half = half_width([tier], [p], z=1.0)
    assert half == pytest.approx(np.sqrt(0.01 * 5 + 0.04 * 2 + 0.09 * 1) / 3)
    [even] = allocate([tier], 4.0, even=True)
    assert even == pytest.approx([1 / 3] * 3) and half < half_width([tier], [even], z=1.0)
    [mixed] = allocate([tier], 4.0, epsilon=0.1)
    assert mixed.min() >= 0.1 / 3 and cost([tier], [mixed]) == pytest.approx(4.0)


def test_two_tiers_share_the_budget_by_spread_and_cost():
    """pi ~ u / sqrt(c) with one factor for both: (1 / 1) : (1 / 2) for costs 1 and 4."""
    cheap = Tier("jury", 1.0, np.full(100, 0.1))
    dear = Tier("people", 4.0, np.full(100, 0.1))
    p, q = allocate([cheap, dear], 60.0, epsilon=0.0)
    assert p[0] / q[0] == pytest.approx(2.0) and cost([cheap, dear], [p, q]) == pytest.approx(60.0)
    assert p[0] == pytest.approx(0.2)
    for shift in (-0.05, 0.05):  # moving money between the tiers only widens the interval
        moved = [p + shift, q - shift / 4]
        assert half_width([cheap, dear], moved) > half_width([cheap, dear], [p, q])


def test_a_budget_for_all_asks_all_and_what_is_paid_is_free():
    paid = np.array([True, False])
    tier = Tier("jury", 1.0, np.array([0.5, 0.5]), paid)
    [p] = allocate([tier], 100.0)
    assert p.tolist() == [1.0, 1.0] and cost([tier], [p]) == 1.0
    assert half_width([tier], [p]) == 0.0
    with pytest.raises(ValueError, match="more than 0"):
        allocate([tier], 0.0)


def test_the_estimate_is_unbiased_and_its_interval_covers():
    """400 draws over 600 units: the mean is the truth, the spread is what was promised."""
    chance = np.random.default_rng(5)
    truth_share = chance.beta(0.6, 0.6, 600)
    people = (chance.random(600) < truth_share).astype(float)
    votes = chance.binomial(5, truth_share) / 5
    judge = (chance.random(600) < truth_share).astype(float)
    wrong, apart, doubt, _ = spreads(judge, votes, people)
    tiers = [Tier("jury", 1.0, apart), Tier("people", 10.0, doubt)]
    p, q = allocate(tiers, 1200.0)
    found, inside = [], 0
    for _ in range(400):
        x, z = chance.random(600) < p, chance.random(600) < q
        value, low, high = corrected(judge, [(votes - judge, x, p), (people - votes, z, q)])
        found.append(value)
        inside += low <= people.mean() <= high
    promised = half_width(tiers, [p, q])
    assert np.mean(found) == pytest.approx(people.mean(), abs=3 * promised / 1.96 / 20)
    assert 1.96 * np.std(found) == pytest.approx(promised, rel=0.25)
    assert 0.91 <= inside / 400 <= 0.99
    even = allocate(tiers, 1200.0, even=True)
    assert promised < half_width(tiers, even)
    assert wrong.shape == (600,)


@pytest.mark.parametrize("way", WAYS)
def test_the_interval_for_the_money_is_what_the_plan_says(way):
    """Plans on simulated units, drawn and put together 300 times as the app does it."""
    chance = np.random.default_rng(7)
    share = chance.beta(0.5, 0.5, 500)
    people = (chance.random(500) < share).astype(float)
    votes = chance.binomial(5, share) / 5
    judge = (chance.random(500) < share).astype(float)
    alone, apart, doubt, spread = spreads(judge, votes, people, np.full(500, 5))
    ways = {
        WAYS[0]: [Tier("jury", 0.05, apart), Tier("people", 1.05, doubt)],
        WAYS[1]: [Tier("people", 1.0, alone)], WAYS[2]: [Tier("people", 1.0, spread)],
    }  # fmt: skip
    chances = allocate(ways[way], 120.0)
    promised = half_width(ways[way], chances)
    jury = chances[0] if len(chances) == 2 else np.zeros(500)
    found, inside, cost = [], 0, []
    for seed in range(300):
        asked, voted = draws(seed, chances[-1], jury)
        told = estimate(way, seed, chances[-1], jury, judge,
                        np.where(asked | voted, votes, np.nan),
                        np.where(asked, people, np.nan))  # fmt: skip
        found.append(told)
        inside += told[1] <= people.mean() <= told[2]
        cost.append(asked.sum() + 0.05 * (asked.sum() + voted.sum()) * (way == WAYS[0]))
    values = np.array(found)
    assert values[:, 0].mean() == pytest.approx(people.mean(), abs=3 * promised / 1.96 / 300**0.5)
    assert 1.96 * values[:, 0].std() == pytest.approx(promised, rel=0.15)
    assert (values[:, 2] - values[:, 0]).mean() == pytest.approx(promised, rel=0.15)
    assert 0.92 <= inside / 300 <= 0.985
    assert np.mean(cost) == pytest.approx(120.0, rel=0.02)


def test_a_judge_that_knows_nothing_is_not_advised():
    """A good judge makes people's answers worth more; one that tosses a coin does not."""
    chance = np.random.default_rng(9)
    people = (chance.random(400) < 0.2).astype(float)
    blank = np.full(400, np.nan)
    half = {}
    for name, right in (("good", 0.95), ("coin", 0.5)):
        judge = np.where(chance.random(400) < right, people, 1 - people)
        alone, _, _, spread = spreads(judge, blank, people)
        for way, tier in (("judge", alone), ("people", spread)):
            tiers = [Tier("people", 1.0, tier)]
            half[name, way] = half_width(tiers, allocate(tiers, 100.0))
    assert half["good", "judge"] < 0.7 * half["good", "people"]
    assert half["coin", "judge"] > half["coin", "people"]


def test_spreads_without_votes_or_people_still_say_something():
    blank = np.full(4, np.nan)
    wrong, apart, doubt, alone = spreads([1, 0, np.nan, 1], blank, blank)
    assert all(np.isfinite(one).all() and (one > 0).all() for one in (wrong, apart, doubt, alone))
    assert doubt == pytest.approx([0.5] * 4) and alone == pytest.approx([0.5] * 4)
