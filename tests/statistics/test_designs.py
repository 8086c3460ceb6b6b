"""What was open at each draw: as counted by hand, whatever came, changed and went."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.statistics.designs import Assigned, design

UNITS, RATERS = 6, 4
ROW = st.tuples(
    st.integers(0, UNITS - 1), st.integers(0, RATERS - 1),
    st.sampled_from([float("nan"), 0.5, 1.0, 3.0]), st.booleans(),
)  # fmt: skip
ROWS = st.lists(ROW, max_size=UNITS * RATERS, unique_by=lambda row: row[:2])


def made(rows, overlap):
    return design(*columns(rows), units=UNITS, overlap=overlap)


def columns(rows):
    return [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]


def outside(rows, n, overlap):
    """The units that were closed, or held by the rater, when assignment n was made."""
    taken, holders = [0] * UNITS, [set() for _ in range(UNITS)]
    for unit, rater, _, counted in rows[:n]:
        if taken[unit] < overlap:
            taken[unit] += counted
            holders[unit].add(rater)
    return [u for u in range(UNITS) if taken[u] >= overlap or rows[n][1] in holders[u]]


@settings(max_examples=150, deadline=None)
@given(ROWS, st.integers(1, 3))
def test_what_was_open_is_what_counting_by_hand_says(rows, overlap):
    found = made(rows, overlap)
    drawn = [n for n, row in enumerate(rows) if row[2] == row[2]]
    assert found.at.tolist() == drawn
    of_unit = 10.0 ** np.arange(UNITS)
    gone = [outside(rows, n, overlap) for n in drawn]
    assert found.open.tolist() == [max(1, UNITS - len(units)) for units in gone]
    assert found.outside(of_unit).tolist() == [sum(of_unit[u] for u in units) for units in gone]


@settings(max_examples=150, deadline=None)
@given(ROWS, st.integers(1, 3))
def test_final_weights_give_the_mean_of_what_the_draws_estimate(rows, overlap):
    found = made(rows, overlap)
    if len(found.at):
        values = np.arange(len(rows)) % 3 + 0.5
        whole = float((found.part * found.each(values)).sum())
        assert float((found.final * values).sum()) / len(found.at) == pytest.approx(whole)


@settings(max_examples=150, deadline=None)
@given(ROWS, st.integers(1, 3), st.lists(st.tuples(st.integers(0, 24), ROW), max_size=6))
def test_changes_in_the_middle_leave_what_a_new_beginning_makes(rows, overlap, changes):
    live = Assigned(UNITS, overlap)
    live.extend(*columns(rows))
    for place, new in changes:
        place = min(place, len(rows))
        before = [row for row in rows[:place] if row[:2] != new[:2]]
        after = [row for row in rows[place:] if row[:2] != new[:2]]
        first = next((n for n, row in enumerate(rows) if row[:2] == new[:2]), place)
        rows = [*before, new, *after]
        live.cut(min(first, place))
        live.extend(*columns(rows[len(live) :]))
        if new[2] == new[2]:
            live.weigh(rows.index(new), new[2] + 1)
            rows[rows.index(new)] = (*new[:2], new[2] + 1, new[3])
    one, other = live.design(), made(rows, overlap)
    for field in fields(one):
        for a, b in zip(*(parts(getattr(of, field.name)) for of in (one, other)), strict=True):
            assert np.array_equal(a, b)
    assert live._taken == [
        sum(r[0] == u and r[3] for r in held(rows, overlap)) for u in range(UNITS)
    ]


def held(rows, overlap):
    """The assignments that were made before their unit was closed."""
    taken, found = [0] * UNITS, []
    for row in rows:
        if taken[row[0]] < overlap:
            taken[row[0]] += row[3]
            found.append(row)
    return found


def parts(value):
    """A field of a design as a list of what it consists of."""
    return list(value) if isinstance(value, tuple | list) else [value]
