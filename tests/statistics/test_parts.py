"""Agreement on parts that may be changed, against counts on paper and against plain alpha."""

import numpy as np
import pytest

from core.statistics.alpha import krippendorff_alpha
from core.statistics.distances import alpha_by_distance
from core.statistics.parts import ALIKE, ALPHA, CHANGED, Compared, agreement

KEPT = "as it was"


def drawn(chance, units=60, parts=5, raters=3):
    """Units in which raters change a part now and then, mostly to the same."""
    found = []
    for _ in range(units):
        right = {str(p): str(chance.integers(3)) for p in range(parts) if chance.random() < 0.4}
        put = [
            {p: v if chance.random() < 0.7 else str(chance.integers(3))
             for p, v in right.items() if chance.random() < 0.8}
            for _ in range(raters)
        ]  # fmt: skip
        found.append(Compared(parts, put))
    return found


def as_places(units):
    """Each part of each unit as a unit of its own, with what every rater left there."""
    return [[put.get(str(p), KEPT) for put in unit.put] for unit in units
            for p in range(unit.parts)]  # fmt: skip


def test_three_raters_counted_by_hand():
    """One unit of four parts: a to x, x, y; b changed by one alone; c by all alike; d by nobody.

    Pairs alike: a 1 of 3, b 1 of 3, c 3 of 3, d 3 of 3. Pairs with a change: a 3, b 2, c 3.
    """
    unit = Compared(4, [{"a": "x", "b": "x", "c": "z"}, {"a": "x", "c": "z"}, {"a": "y", "c": "z"}])
    found = agreement([unit], possible=8)
    assert found[ALIKE].value == pytest.approx((1 + 1 + 3 + 3) / 12)
    assert found[CHANGED].value == pytest.approx((1 + 0 + 3) / (3 + 2 + 3))
    # 12 values: kept 5, x 3, y 1, z 3; expected 1 - (20 + 6 + 0 + 6) / 132
    assert found[ALPHA].value == pytest.approx(1 - (4 / 12) / (1 - 32 / 132))
    assert (found[ALIKE].n, found[CHANGED].n, found[ALIKE].coverage) == (4, 3, 0.5)
    assert found[ALIKE].low is None and "1 units, 20 are needed" in found[ALIKE].note


def test_alpha_is_the_nominal_alpha_of_the_parts():
    units = drawn(np.random.default_rng(3))
    places = as_places(units)
    names = sorted({value for place in places for value in place})
    counts = np.array([[place.count(name) for name in names] for place in places])
    found = agreement(units)[ALPHA]
    assert found.value == pytest.approx(krippendorff_alpha(counts, metric="nominal").value)
    apart = alpha_by_distance(places, {v: v for v in names}, lambda a, b: float(a != b))
    assert found.value == pytest.approx(apart.value)


def test_the_interval_is_that_of_units_drawn_anew():
    units = drawn(np.random.default_rng(4), units=80)
    found = agreement(units)
    chance = np.random.default_rng(5)
    again = [
        agreement([units[n] for n in chance.integers(0, len(units), len(units))], least=10**6)
        for _ in range(400)
    ]
    for name in (ALIKE, CHANGED, ALPHA):
        low, high = np.quantile([one[name].value for one in again], [0.025, 0.975])
        assert (found[name].low, found[name].high) == pytest.approx((low, high), abs=0.03)
        assert found[name].low < found[name].value < found[name].high


def test_what_has_no_number_says_why():
    nothing = agreement([Compared(3, [{"a": "1"}])])
    assert all(e.value is None and "two raters" in e.note for e in nothing.values())
    kept = agreement([Compared(3, [{}, {}])] * 30)
    assert kept[ALIKE].value == 1 and kept[ALIKE].note == "no interval: all 90 parts are left alike"
    assert kept[CHANGED].note == "undefined: nobody changed a part"
    assert kept[ALPHA].note == "undefined: no variation, every part is as it was"
