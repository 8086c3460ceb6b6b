"""The table follows any edits, and always equals what counting from scratch gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.statistics.groups import GROUPS
from core.statistics.table import Rater, Table, majority
from tests.statistics.cases import table_of

UNITS, K = 5, 3
WHO = [Rater(1, "ana"), Rater(2, "ben"), Rater(3, "cleo"), Rater(4, "m", "model"),
       Rater(5, "rule", "rule"), Rater(6, "bot", "person", simulated=True)]  # fmt: skip
EDIT = st.tuples(
    st.integers(0, UNITS - 1), st.integers(0, len(WHO) - 1), st.integers(-1, K - 1),
    st.integers(0, 2),
)  # fmt: skip


def empty(gold=None):
    return Table(["a", "b", "c"], "ordinal", units=UNITS, gold=gold)


@settings(max_examples=150, deadline=None)
@given(st.lists(EDIT, max_size=60), st.lists(st.integers(-1, K - 1), min_size=UNITS,
                                             max_size=UNITS))  # fmt: skip
def test_edits_and_withdrawals_equal_a_rebuild(edits, gold):
    table = empty(gold)
    for unit, who, code, repeat in edits:
        table.put(unit, table.rater(WHO[who]), code, repeat)
    assert table.difference(table.rebuilt()) == ""


@settings(max_examples=60, deadline=None)
@given(st.lists(EDIT, min_size=1, max_size=60), st.integers(0, 60))
def test_loading_then_following_equals_following(edits, split):
    one, two = empty(), empty()
    for table in (one, two):
        for who in WHO:
            table.rater(who)
    for unit, who, code, repeat in edits:
        one.put(unit, who, code, repeat)
    head = np.array(edits[:split], dtype=np.int64).reshape(-1, 4)
    two.load(WHO, *head[:, :3].T, head[:, 3])
    for unit, who, code, repeat in edits[split:]:
        two.put(unit, who, code, repeat)
    for group in GROUPS:
        assert one.patterns[group].occurring() == two.patterns[group].occurring()
    for a in range(len(WHO)):
        assert np.array_equal(one.pair(a, (a + 1) % 6), two.pair(a, (a + 1) % 6))
        assert one.answered(a, 1) == two.answered(a, 1)


def test_a_difference_is_seen():
    table = table_of([[0, 1], [1, 1]], 2)
    other = table.rebuilt()
    other.joint[2, 4] += 1
    assert table.difference(other) == "joint"
    other = table.rebuilt()
    other.patterns["people"].move(0, 1, -1)
    assert table.difference(other) == "patterns of people"


def test_a_slice_holds_only_its_units():
    table = table_of([[0, 0], [0, 1], [1, 1]], 2, gold=[0, 0, 1])
    part = table.sliced([True, False, True])
    assert part.possible == 2
    assert part.pair(0, 1).tolist() == [[1, 0], [0, 1]]
    assert part.confusion(0, part.column(1)).tolist() == [[1, 0], [0, 1]]


def test_a_person_is_held_against_the_others_and_a_model_against_all():
    table = table_of([[0, 0, 1, 1]], 2, kinds=["person", "person", "person", "model"])
    assert table.against[table.column(0)].sum() == 0
    assert table.against[table.column(2)].tolist() == [[0, 1], [0, 0]]
    assert table.against[table.column(3)].tolist() == [[0, 1], [0, 0]]


def test_simulated_raters_are_never_people():
    table = empty()
    table.put(0, table.rater(WHO[5]), 1)
    assert table.patterns["people"].counts.sum() == 0
    assert table.patterns["models"].counts.sum() == 1
    assert WHO[5].title == "bot (simulated)"
    assert WHO[4].title == "rule (rule)"


def test_samples_beyond_the_two_orders_are_passed_by():
    table = table_of([[0], [1]], 2)
    table.put(0, 0, 1, repeat=2)
    assert table.answered(0) == 2
    assert table.column(0, 2) is None


@pytest.mark.parametrize(("row", "best"), [([3, 1], 0), ([1, 1], -1), ([0, 0], -1), ([0, 2], 1)])
def test_a_tie_is_no_majority(row, best):
    assert majority(row).tolist() == [best]
