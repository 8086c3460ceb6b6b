"""Alpha by a distance: the codes' alpha as a special case, a library's, and what is undefined."""

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.questions.multilabel import set_distance
from core.statistics.alpha import krippendorff_alpha
from core.statistics.distances import alpha_by_distance
from tests.statistics.cases import KRIPPENDORFF_2011

SETS = [frozenset(s) for s in ("", "a", "b", "ab", "ac", "abc", "d")]
UNITS = some.lists(some.lists(some.integers(0, 6), min_size=1, max_size=4), min_size=1, max_size=9)


def unequal(a, b):
    return float(a != b)


def of_sets(units, distance=set_distance, **options):
    return alpha_by_distance(units, dict(enumerate(SETS)), distance, **options)


def counts(units):
    return [[unit.count(code) for code in range(7)] for unit in units]


def test_the_published_nominal_and_interval_cases():
    values = {n: n for n in range(6)}
    units = [[v for v in unit if v] for unit in zip(*KRIPPENDORFF_2011, strict=True)]
    found = alpha_by_distance(units, values, unequal, possible=12)
    assert found.value == pytest.approx(0.743421, abs=5e-7)
    assert (found.n, found.coverage) == (11, pytest.approx(11 / 12))
    squared = alpha_by_distance(units, values, lambda a, b: (a - b) ** 2)
    assert squared.value == pytest.approx(0.849107, abs=5e-7)


@given(UNITS)
def test_masi_of_single_labels_is_the_alpha_of_codes(units):
    single = {n: frozenset({str(n)}) for n in range(7)}
    mine, codes = alpha_by_distance(units, single, set_distance), krippendorff_alpha(counts(units))
    assert mine.n == codes.n
    assert mine.value == (codes.value if codes.value is None else pytest.approx(codes.value))


@given(UNITS)
def test_alpha_with_masi_is_the_librarys(units):
    far = np.array([[set_distance(a, b) for b in SETS] for a in SETS])
    mine = of_sets(units)
    if mine.value is None:
        return
    theirs = krippendorff.alpha(
        value_counts=np.array(counts(units)), value_domain=np.arange(7),
        level_of_measurement=lambda v1, v2, i1, i2, n_v, dtype: far[i1, i2],
    )  # fmt: skip
    assert mine.value == pytest.approx(theirs)


def some_units(many, seed=3):
    chance = np.random.default_rng(seed)
    truth = chance.integers(0, 7, many)
    slip = chance.random((many, 3)) < 0.3
    return np.where(slip, chance.integers(0, 7, (many, 3)), truth[:, None]).tolist()


def test_the_interval_is_that_of_resampled_units():
    units = some_units(200)
    mine = of_sets(units, unequal, possible=400)
    codes = krippendorff_alpha(counts(units), bootstrap=True)
    assert (mine.low, mine.high) == pytest.approx((codes.low, codes.high), abs=0.01)
    assert mine.coverage == 0.5 and "item bootstrap (1,000)" in mine.method
    assert of_sets(units, unequal).low == mine.low


def test_many_values_are_drawn_with_a_fixed_seed_and_say_so():
    units = some_units(300)
    exact, drawn = of_sets(units), of_sets(units, most=3)
    assert drawn.value == pytest.approx(exact.value, abs=0.02)
    assert drawn.low == pytest.approx(exact.low, abs=0.03)
    assert drawn == of_sets(units, most=3)
    assert "20,000 pairs drawn among 7" in drawn.method and "all pairs of 7" in exact.method


def test_distances_are_computed_once():
    known = {}
    of_sets(some_units(50), known=known)
    assert 0 < len(known) <= 21

    def never(a, b):
        raise AssertionError

    of_sets(some_units(50), never, known=known)


@pytest.mark.parametrize(
    ("units", "value", "note"),
    [
        ([], None, "judged by two"), ([[1], [2]], None, "judged by two"),
        ([[1, 1], [1, 1]], None, "no variation"), ([[1, 1], [2, 2]], 1, "all answers agree"),
        ([[1, 2], [2, 2]], 0, "2 units with two answers, 20 are needed"),
    ],
)  # fmt: skip
def test_what_is_undefined_says_why(units, value, note):
    found = of_sets(units, unequal)
    assert found.value == (value if value is None else pytest.approx(value)) and note in found.note
    assert found.low is None
