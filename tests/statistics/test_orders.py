"""Both presentation orders: consistency and the place that a judge leans to."""

import numpy as np
import pytest

from core.statistics.orders import order_agreement, order_preference, place_preference
from core.statistics.table import Rater, Table

GOLDEN = [[20, 12, 0], [3, 10, 0], [0, 0, 5]]
LABELS = ("1st better", "2nd better", "tie")


def judged(counts, labels=LABELS):
    """A table of one judge in both orders with these joint counts."""
    first, second = [], []
    for a, row in enumerate(counts):
        for b, n in enumerate(row):
            first += [a] * n
            second += [b] * n
    units = len(first)
    table = Table(labels, units=units + 2)
    table.load([Rater(1, "j", "model")], [*range(units)] * 2, [0] * (2 * units), first + second,
               [0] * units + [1] * units)  # fmt: skip
    return table


def test_the_golden_consistency_and_preference():
    found = place_preference(GOLDEN)
    assert found.value == pytest.approx(-0.18) and found.n == 50
    assert found.detail["position_consistency"] == pytest.approx(0.70)
    assert (found.detail["primacy"], found.detail["recency"]) == (12, 3)
    assert found.detail["p"] == pytest.approx(0.0351562, abs=1e-6)
    assert found.low < found.value < found.high < 0


def test_it_reads_the_same_from_the_table():
    table = judged(GOLDEN)
    assert order_preference(table, 0).value == pytest.approx(-0.18)
    assert order_agreement(table, 0).value == pytest.approx(0.70)
    assert order_preference(table, 0).coverage == pytest.approx(50 / 52)


def test_half_preferences_count_by_the_place_that_was_named():
    """A and then a tie, or a tie and then the other: both leant to the first place."""
    assert place_preference([[0, 0, 3], [0, 0, 0], [0, 2, 0]]).detail["primacy"] == 5
    assert place_preference([[0, 0, 0], [0, 0, 3], [2, 0, 0]]).detail["recency"] == 5


def test_swapping_the_names_of_the_responses_changes_nothing_but_the_orders_do():
    chance = np.random.default_rng(3)
    counts = chance.integers(0, 9, (3, 3))
    renamed = counts[np.ix_([1, 0, 2], [1, 0, 2])].T  # the other response, the other order
    assert place_preference(renamed).value == pytest.approx(place_preference(counts).value)
    assert place_preference(counts.T).value == pytest.approx(-place_preference(counts).value)


def test_without_places_there_is_no_preference_for_one():
    assert "comparison of two" in order_preference(judged(GOLDEN, ("a", "b", "c")), 0).note
    assert order_preference(judged([[4, 0, 0], [0, 4, 0], [0, 0, 0]]), 0).value == 0
    assert place_preference(np.zeros((3, 3))).value is None
