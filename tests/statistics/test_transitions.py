"""Before and after: counts, ratios, intervals, and why there may be none."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.statistics.transitions import NO_LINKS, NOT_BOTH, transitions
from core.workers.answers import same
from tests.written_study import DATA

CODES = st.lists(st.tuples(st.integers(-1, 2), st.integers(-1, 2)), max_size=40)


def test_the_four_moves_by_hand():
    found = transitions([0, 0, 0, 1, 1, 1, 1, -1], [0, 0, 1, 0, 0, 0, 1, 0], {0})
    assert found.counts == {"CC": 2, "CI": 1, "IC": 3, "II": 1}
    assert found.ratios["IC"].value == 3 / 7 and found.ratios["IC"].n == 7
    assert found.ratios["IC"].coverage == 7 / 8
    assert (found.before.value, found.after.value) == (3 / 7, 5 / 7)
    assert found.change.value == pytest.approx(2 / 7)
    assert (found.kept.value, found.kept.n) == (2 / 3, 3)
    assert (found.mended.value, found.mended.n) == (3 / 4, 4)


def test_the_interval_of_the_change_is_the_adjusted_wald_one():
    """Half a pair in each cell: 20 gained, 8 lost of 100 pairs, computed by hand."""
    before = [1] * 20 + [0] * 8 + [0] * 40 + [1] * 32
    after = [0] * 20 + [1] * 8 + [0] * 40 + [1] * 32
    found = transitions(before, after, {0}).change
    middle = (20.5 - 8.5) / 102
    half = 1.959963985 * math.sqrt(20.5 + 8.5 - 12.0**2 / 102) / 102
    assert found.value == pytest.approx(0.12)
    assert (found.low, found.high) == pytest.approx((middle - half, middle + half))


def test_nothing_linked_and_nothing_judged_say_why():
    none = transitions([], [], {0})
    assert none.change.value is None and none.change.note == NO_LINKS
    half = transitions([0, -1], [-1, 1], {0})
    assert half.ratios["CC"].note == NOT_BOTH and half.ratios["CC"].coverage == 0.0
    right = transitions([0, 0], [0, 1], {0})
    assert "all were correct" in right.mended.note and right.kept.value == 0.5


@given(rows=CODES)
def test_properties(rows):
    """Moves add up, order is irrelevant, and turning time round swaps what broke and was mended."""
    before, after = [b for b, _ in rows], [a for _, a in rows]
    found, back = transitions(before, after, {0, 2}), transitions(after, before, {0, 2})
    n = sum(b >= 0 and a >= 0 for b, a in rows)
    assert sum(found.counts.values()) == n == found.change.n
    assert transitions(before[::-1], after[::-1], {0, 2}).counts == found.counts
    assert (found.counts["CI"], found.counts["IC"]) == (back.counts["IC"], back.counts["CI"])
    if n:
        assert found.change.value == pytest.approx(found.after.value - found.before.value)
        assert sum(e.value for e in found.ratios.values()) == pytest.approx(1)
        assert found.change.low <= found.change.high


@pytest.mark.parametrize(("name", "share"), [("arc-challenge", 0.498099), ("gpqa", 0.5)])
def test_realcritic_starts_half_right(name, share):
    """Published solutions before, the reference itself after: all that was wrong is mended."""
    path = DATA / "realcritic" / f"{name}.jsonl"
    if not path.is_file():
        pytest.skip("the data set realcritic is absent (expected in ../shared/data)")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    before = [int(not row["previous_score"][0]) for row in rows]
    found = transitions(before, [0] * len(rows), {0})
    assert found.before.value == pytest.approx(share, abs=1e-6)
    assert (found.counts["CI"], found.counts["II"], found.kept.value) == (0, 0, 1.0)
    assert found.change.value == pytest.approx(1 - share, abs=1e-6)
    graded = [int(not same(str(row["pred"]), str(row["gt"]))) for row in rows]
    agree = transitions(before, graded, {0})
    assert (agree.counts["CI"], agree.counts["IC"]) == (0, 0)  # our grader says what theirs did
