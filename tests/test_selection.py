"""Orders and draws: permutations never written out, probabilities that are what they say."""

import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from core import selection
from core.selection import Permutation


@given(st.integers(0, 2**48), st.integers(1, 300), st.sampled_from([1, 4, 16]))
@settings(max_examples=40, deadline=None)
def test_an_order_visits_every_place_once_and_can_be_read_backwards(seed, size, block):
    order = Permutation(seed, size, block)
    places = [order[n] for n in range(order.steps)]
    assert sorted(p for p in places if p < size) == list(range(size))
    assert [order.index(p) for p in places] == list(range(order.steps))


@pytest.mark.parametrize("size", [2, 6, 23])
def test_every_place_is_equally_often_at_every_step(size):
    seen = Counter((n, Permutation(seed * 7919, size)[n]) for seed in range(1500) for n in (0, 1))
    for step in (0, 1):
        counts = [seen[step, place] for place in range(size)]
        assert stats.chisquare(counts).pvalue > 1e-4


def test_blocks_keep_neighbours_together():
    order = Permutation(5, 64, 16)
    for start in range(0, 64, 16):
        assert len({order[n] // 16 for n in range(start, start + 16)}) == 1


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.floats(0.05, 1), st.integers(1, 4))
@settings(max_examples=80, deadline=None)
def test_probabilities_add_up_and_none_falls_below_the_even_share(scores, epsilon, strata):
    chances = selection.mixed(scores, epsilon)
    assert sum(chances) == pytest.approx(1)
    assert min(chances) >= epsilon / len(scores) - 1e-12
    named = [n % strata for n in range(len(scores))]
    parted = selection.stratified(chances, named)
    for name in set(named):
        share = sum(p for p, s in zip(parted, named, strict=True) if s == name)
        assert share == pytest.approx(1 / len(set(named)))


def test_a_pick_follows_its_probabilities():
    chance = random.Random(4)
    chances = [0.5, 0.05, 0.0, 0.45]
    seen = Counter(selection.pick(chances, chance.random()) for _ in range(4000))
    assert seen[2] == 0
    expected = [4000 * p for p in chances if p]
    assert stats.chisquare([seen[n] for n in (0, 1, 3)], expected).pvalue > 1e-3


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=80))
@settings(max_examples=60, deadline=None)
def test_strata_stand_in_proportion_in_every_stretch(strata):
    order = selection.interleaved(strata)
    assert sorted(order) == list(range(len(strata)))
    share = {s: n / len(strata) for s, n in Counter(strata).items()}
    for end in range(1, len(order) + 1):
        met = Counter(strata[n] for n in order[:end])
        assert all(abs(met[s] - share[s] * end) <= len(share) / 2 + 1 for s in share)


def test_scores_point_where_answers_are_in_doubt():
    votes = np.array([[5.0, 0.0], [3.0, 2.0], [0.0, 0.0]])
    sure, split, none = selection.uncertain(votes)
    assert sure < split < none == pytest.approx(1)
    assert selection.jury(votes) == pytest.approx([0.0, 0.97095, 0.0], abs=1e-5)
    people, models = (
        np.array([[2.0, 0], [2.0, 0], [2.0, 0]]),
        np.array([[1.0, 0], [0, 1.0], [0, 0]]),
    )
    assert selection.divergent(people, models, ordered=False) == [0.0, 1.0, 0.0]
    assert selection.least_covered([2, 0, 1, 0]) == [0.0, 1.0, 0.0, 1.0]


PAIRS = [("a", "b"), ("a", "c"), ("b", "c"), ("a", "c")]


def test_bounds_first_try_what_nobody_tried():
    wins = {("a", "b"): 9.0, ("b", "a"): 1.0, ("a", "c"): 6.0, ("c", "a"): 4.0}
    assert selection.duel_ucb(wins, PAIRS) == [0.0, 0.0, 1.0, 0.0]


@pytest.mark.parametrize("rule", ["ucb", "thompson"])
def test_a_bandit_comes_to_duel_about_the_best_source(rule):
    """Bradley-Terry strengths 4, 2, 1, 1/2: most late duels have the best source in them."""
    strength = {"a": 4.0, "b": 2.0, "c": 1.0, "d": 0.5}
    pairs = [(x, y) for x in strength for y in strength if x < y]
    wins, chance, late = Counter(), random.Random(3), Counter()
    for turn in range(250):
        scores = (
            selection.duel_ucb(wins, pairs) if rule == "ucb"
            else selection.duel_thompson(wins, pairs, turn)
        )  # fmt: skip
        pair = pairs[selection.pick(selection.mixed(scores, 0.1), chance.random())]
        first = chance.random() < strength[pair[0]] / (strength[pair[0]] + strength[pair[1]])
        wins[pair if first else pair[::-1]] += 1
        late[pair] += turn >= 150
    assert sum(n for pair, n in late.items() if "a" in pair) / late.total() > 0.6
    assert late.most_common(1)[0][0] == ("a", "b")


def test_thompson_shares_are_fixed_by_their_seed_and_add_up():
    wins = {("a", "b"): 3.0, ("b", "a"): 2.0}
    one = selection.duel_thompson(wins, PAIRS, 11)
    assert (
        one == selection.duel_thompson(wins, PAIRS, 11) != selection.duel_thompson(wins, PAIRS, 12)
    )
    assert sum(one) == pytest.approx(1) and one[1] == one[3]
    assert selection.duel_thompson(wins, [("a", "a")], 1) == [0.0]


def test_arms_stay_level():
    taken = Counter()
    for n in range(90):
        taken[selection.balanced(taken, {"x": 1.0, "y": 2.0}, n)] += 1
    assert taken == {"x": 30, "y": 60}
    assert selection.by_share({"x": 0.0, "y": 1.0}, 0.0) == "y"
