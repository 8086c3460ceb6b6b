"""Repetition stability: how often a judge asked again says what it says most."""

import numpy as np
import pytest

from core.statistics.samples import repetition_stability
from core.statistics.table import Rater, Table

JUDGE = Rater(1, "j", "model")


def sampled(*queries, units=None, order=0):
    """A table in which one judge gave each unit these samples in one presentation order."""
    table = Table(["a", "b", "c"], units=units or len(queries))
    rows = [(u, c, 2 * n + order) for u, codes in enumerate(queries)
            for n, c in enumerate((codes[0], *codes))]  # fmt: skip
    unit, code, repeat = np.array(rows).T
    return table.load([JUDGE], unit, np.zeros(len(rows), int), code, repeat)


def test_the_formula_of_the_paper():
    """RS = mean over queries of max count / R: 5 of 5, 3 of 5, 2 of 5."""
    table = sampled([0] * 5, [0, 0, 0, 1, 1], [0, 0, 1, 1, 2], units=4)
    found = repetition_stability(table, 0)
    assert found.value == pytest.approx((1 + 0.6 + 0.4) / 3)
    assert found.n == 3 and found.coverage == 0.75
    assert "no interval" in found.note


def test_orders_are_averaged_before_units_and_single_samples_are_left_out():
    table = sampled([0, 0], [1])
    for repeat, code in ((3, 0), (5, 1)):
        table.put(0, 0, code, repeat)
    found = repetition_stability(table, 0)
    assert found.n == 1 and found.value == pytest.approx((1 + 0.5) / 2)


def test_samples_that_come_one_by_one_are_the_same_as_all_at_once():
    chance = np.random.default_rng(5)
    queries = chance.integers(0, 3, (30, 6)).tolist()
    whole, slow = sampled(*queries), Table(["a", "b", "c"], units=30)
    slow.rater(JUDGE)
    for unit, codes in enumerate(queries):
        for n, code in enumerate(codes):
            slow.put(unit, 0, (code + 1) % 3, 2 * n + 2)
            slow.put(unit, 0, code, 2 * n + 2)
    assert repetition_stability(slow, 0) == repetition_stability(whole, 0)
    before = slow.touched[1]
    slow.put(0, 0, -1, 2)
    assert slow.touched[1] > before, "a sample that moves asks for the estimate anew"
    assert slow.samples.codes[0, 0, 0].keys() == {4, 6, 8, 10, 12}
    some = whole.sliced([n % 2 == 0 for n in range(30)])
    assert repetition_stability(some, 0) == repetition_stability(sampled(*queries[::2]), 0)
    assert 1 / 3 < repetition_stability(whole, 0).low < repetition_stability(whole, 0).value < 1


def test_without_samples_it_says_so_and_samples_change_no_other_number():
    bare, table = Table(["a", "b"], units=2), sampled([0, 1, 0], [1, 1, 1])
    bare.rater(JUDGE)
    assert "several samples" in repetition_stability(bare, 0).note
    assert table.answered(0, 0) == 2 and table.answered(0, 1) == 0
    assert table.difference(table.rebuilt()) == ""
