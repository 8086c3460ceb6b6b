"""What holds for any answers, what libraries say about the same, and what degenerate cases say."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.statistics.accuracy import accuracy_of, macro
from core.statistics.alpha import alpha, krippendorff_alpha
from core.statistics.base import EVERY, About, statistics
from core.statistics.cohen import cohen, cohen_kappa, cohen_quadratic
from core.statistics.orders import order_accuracy, order_agreement, order_kappa
from core.statistics.people import clear_majority
from core.statistics.percent import percent, percent_agreement
from core.statistics.table import Rater, Table, cross
from tests.statistics.cases import counts_of, table_of

K = 4
CODES = st.lists(
    st.lists(st.integers(-1, K - 1), min_size=3, max_size=3), min_size=2, max_size=30
).map(np.array)
METRICS = ("nominal", "ordinal", "interval")


def close(a, b):
    assert (a is None) == (b is None)
    assert a is None or a == pytest.approx(b, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(CODES, st.permutations(range(3)), st.randoms(use_true_random=False))
def test_order_of_raters_and_units_changes_nothing(codes, raters, chance):
    rows = list(range(len(codes)))
    chance.shuffle(rows)
    table, other = table_of(codes, K), table_of(codes[rows][:, raters], K)
    for metric in METRICS:
        close(
            krippendorff_alpha(counts_of(codes, K), metric=metric).value,
            krippendorff_alpha(
                other.patterns["all"].rows, other.patterns["all"].weights, metric=metric
            ).value,
        )
    close(cohen(table, 0, 1).value, cohen(other, raters.index(0), raters.index(1)).value)
    close(cohen(table, 0, 1).value, cohen(table, 1, 0).value)


@settings(max_examples=60, deadline=None)
@given(CODES, st.permutations(range(K)))
def test_renaming_nominal_codes_changes_nothing(codes, names):
    renamed = np.where(codes < 0, -1, np.array([*names, -1])[codes])
    one, two = table_of(codes, K), table_of(renamed, K)
    for statistic in (percent, cohen):
        close(statistic(one, 0, 1).value, statistic(two, 0, 1).value)
    close(alpha(one).value, alpha(two).value)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, K - 1), min_size=2, max_size=30))
def test_identical_raters_agree_wholly(codes):
    assume(len(set(codes)) > 1)
    table = table_of(np.array([codes, codes, codes]).T, K, level="ordinal")
    assert cohen(table, 0, 1).value == pytest.approx(1)
    assert cohen_quadratic(table, 0, 2).value == pytest.approx(1)
    for metric in METRICS:
        found = alpha(table, metric=metric)
        assert found.value == pytest.approx(1)
        assert found.low is None and "agree" in found.note
    assert macro(cross(codes, codes, K)).value == pytest.approx(1)


@settings(max_examples=60, deadline=None)
@given(CODES)
def test_unused_levels_do_not_move_plain_statistics(codes):
    small, wide = table_of(codes, K), table_of(codes, K + 3)
    close(cohen(small, 0, 1).value, cohen(wide, 0, 1).value)
    close(alpha(small).value, alpha(wide).value)
    ordinal = [krippendorff_alpha(counts_of(codes, k), metric="ordinal").value
               for k in (K, K + 3)]  # fmt: skip
    close(*ordinal)


@settings(max_examples=60, deadline=None)
@given(CODES)
def test_units_with_one_answer_change_nothing(codes):
    single = np.vstack([codes, [[2, -1, -1]]])
    close(alpha(table_of(codes, K)).value, alpha(table_of(single, K)).value)
    close(cohen(table_of(codes, K), 0, 1).value, cohen(table_of(single, K), 0, 1).value)


@settings(max_examples=40, deadline=None)
@given(CODES, st.sampled_from(METRICS))
def test_alpha_beside_the_krippendorff_library(codes, metric):
    import krippendorff

    mine = krippendorff_alpha(counts_of(codes, K), metric=metric)
    assume(mine.value is not None)
    raw = np.where(codes < 0, np.nan, codes).T
    theirs = krippendorff.alpha(raw, level_of_measurement=metric, value_domain=list(range(K)))
    assert mine.value == pytest.approx(theirs, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, K - 1), st.integers(0, K - 1)), min_size=20, max_size=80))
def test_kappa_and_its_error_beside_statsmodels(pairs):
    from statsmodels.stats.inter_rater import cohens_kappa

    table = cross(*zip(*pairs, strict=True), K)
    mine = cohen_kappa(table)
    assume(mine.low is not None)
    for ours, wt in (("plain", None), ("linear", "linear"), ("quadratic", "quadratic")):
        weights = None if wt is None else np.arange(K)
        library = cohens_kappa(table, weights=weights, wt=wt)
        found = cohen_kappa(table, weights=ours)
        assert found.value == pytest.approx(library.kappa, abs=1e-9)
        theirs = 0.0 if np.isnan(library.std_kappa) else library.std_kappa  # of -1e-17, there
        assert found.detail["se"] == pytest.approx(theirs, abs=1e-7)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, K - 1), st.integers(0, K - 1)), min_size=20, max_size=80))
def test_macro_measures_beside_scikit_learn(pairs):
    from sklearn.metrics import precision_recall_fscore_support

    truth, said = (list(x) for x in zip(*pairs, strict=True))
    theirs = precision_recall_fscore_support(truth, said, average="macro", zero_division=0)
    table = cross(truth, said, K)
    for name, expected in zip(
        ("macro_precision", "macro_recall", "macro_f1"), theirs, strict=False
    ):
        assert macro(table, name).value == pytest.approx(expected, abs=1e-9)


def test_no_overlap_says_so():
    table = table_of([[0, -1], [-1, 1]], 2)
    for statistic in (percent, cohen):
        found = statistic(table, 0, 1)
        assert found.value is None and "judged by both" in found.note and found.n == 0
    assert "judged by two raters" in alpha(table).note


def test_one_category_is_undefined_and_says_why():
    table = table_of([[1, 1]] * 30, 3)
    found = cohen(table, 0, 1)
    assert found.value is None and "no variation" in found.note and "c1" in found.note
    assert found.detail["po"] == 1 and found.detail["pabak"] == 1
    assert alpha(table).value is None and "no variation" in alpha(table).note
    assert percent(table, 0, 1).value == 1


def test_small_samples_get_no_interval_and_perfect_ones_get_wilson():
    few = cohen_kappa([[5, 2], [2, 5]])
    assert few.value is not None and few.low is None and "20 are needed" in few.note
    perfect = cohen_kappa([[20, 0], [0, 20]])
    assert perfect.value == 1 and perfect.low is None and "at least 91%" in perfect.note
    silent = cohen_kappa([[30, 10], [0, 0]])
    assert silent.value == pytest.approx(0) and "only one answer" in silent.note


def test_weighted_statistics_refuse_a_scale_without_order():
    table = table_of([[0, 1], [1, 1]] * 20, 2)
    assert "ordered scale" in cohen_quadratic(table, 0, 1).note
    assert "ordered scale" in alpha(table, metric="ordinal").note


def test_text_order_is_schema_order():
    """Labels low, medium, high: their place in the scale counts, not the alphabet."""
    scale = ["low", "medium", "high"]
    a, b = ["low", "medium", "high", "high"] * 5, ["low", "high", "high", "medium"] * 5
    table = Table(scale, "ordinal", units=20)
    codes = [[scale.index(x) for x in said] for said in (a, b)]
    table.load([Rater(1, "a"), Rater(2, "b")], [*range(20)] * 2, [0] * 20 + [1] * 20,
               codes[0] + codes[1])  # fmt: skip
    right = cohen_kappa(cross(codes[0], codes[1], 3), weights="quadratic").value
    assert cohen_quadratic(table, 0, 1).value == pytest.approx(right)
    names = sorted(scale)
    wrong = cross([names.index(x) for x in a], [names.index(x) for x in b], 3)
    assert abs(right - cohen_kappa(wrong, weights="quadratic").value) > 0.1


def test_both_orders():
    table = Table(["a", "b"], units=4, gold=[0, 0, 1, 1])
    judge = table.rater(Rater(1, "judge", "model"))
    for unit, (first, second) in enumerate([(0, 0), (0, 1), (1, 1), (1, -1)]):
        table.put(unit, judge, first, 0)
        table.put(unit, judge, second, 1)
    agreed = order_agreement(table, judge)
    assert (agreed.value, agreed.n, agreed.coverage) == (pytest.approx(2 / 3), 3, 0.75)
    assert agreed.detail["of_possible"] == 0.5
    right = order_accuracy(table, judge)
    assert right.value == pytest.approx((1 + 2 / 3) / 2)
    assert right.detail["of_possible"] == pytest.approx((4 + 2) / 2 / 4)
    assert order_kappa(table, judge).value == pytest.approx(0.4)
    only = table_of([[0], [1]], 2, kinds=["model"])
    assert "both presentation orders" in order_agreement(only, 0).note


def test_majority_counts():
    found = clear_majority(table_of([[0, 0, 1], [1, 1, 1], [0, 1, -1], [-1, -1, -1]], 2))
    assert found.value == pytest.approx(2 / 3) and found.n == 3
    assert found.detail == {"counts": {"c0": 1, "c1": 1}, "ties": 1}


def test_accuracy_without_reference_explains_itself():
    found = accuracy_of(np.zeros((2, 2)), against="gold", possible=7)
    assert found.value is None and "known answer" in found.note and found.coverage == 0
    assert percent_agreement([[1, 0], [0, 0]], possible=4).coverage == 0.25


def test_every_statistic_says_what_it_is():
    assert {"percent", "cohen", "cohen_linear", "cohen_quadratic", "alpha"} <= set(statistics)
    for name in statistics:
        part = statistics[name]
        assert part.title and part.reference and part.about in get_args(About)
        assert part.levels and set(part.levels) <= {*EVERY, "none"}
        assert (part.function.__doc__ or "").strip()
