"""Published worked examples: facts that hold anywhere, and the reference cases where they lie."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import core.charts
import core.statistics
from core.statistics.alpha import krippendorff_alpha
from core.statistics.cohen import cohen_kappa, diagnostics
from core.statistics.percent import percent_agreement
from core.statistics.table import cross
from tests.statistics.cases import (
    KRIPPENDORFF_2011,
    codes_of,
    counts_of,
    reference_cases,
)

CASES = reference_cases()
MODULES = [
    f"{package.__name__}.{module.name}"
    for package in (core.statistics, core.charts)
    for module in pkgutil.iter_modules(package.__path__)
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_hold(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def alpha_of(raters_by_units, metric):
    codes, values = codes_of(raters_by_units)
    return krippendorff_alpha(counts_of(codes, len(values)), metric=metric, values=values)


@pytest.mark.parametrize(
    ("metric", "printed"),
    [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)],
)
def test_krippendorff_2011(metric, printed):
    assert alpha_of(KRIPPENDORFF_2011, metric).value == pytest.approx(printed, abs=5e-4)


@pytest.mark.parametrize(
    ("table", "printed"),
    [
        ([[88, 14, 18], [10, 40, 10], [2, 6, 12]], 0.492),
        ([[20, 5], [10, 15]], 0.400),
        ([[38, 5, 0, 1], [33, 11, 3, 0], [10, 14, 5, 6], [3, 7, 3, 10]], 0.208),
        ([[13, 0, 0], [0, 20, 7], [0, 4, 56]], 0.796),
    ],
)
def test_published_kappas(table, printed):
    assert cohen_kappa(table).value == pytest.approx(printed, abs=5e-4)


def test_cohen_1968_with_own_weights():
    apart = np.array([[0, 1, 3], [1, 0, 6], [3, 6, 0]])
    found = cohen_kappa([[88, 14, 18], [10, 40, 10], [2, 6, 12]], weights=1 - apart / 6)
    assert found.value == pytest.approx(0.348, abs=5e-4)


def test_equal_agreement_and_unequal_kappa():
    """Feinstein and Cicchetti's paradox: both agree on 85 %, kappa is .70 and .32."""
    even, skewed = [[40, 9], [6, 45]], [[80, 10], [5, 5]]
    assert percent_agreement(even).value == percent_agreement(skewed).value == 0.85
    assert cohen_kappa(even).value == pytest.approx(0.70, abs=5e-3)
    assert cohen_kappa(skewed).value == pytest.approx(0.32, abs=5e-3)
    assert diagnostics(skewed)["kappa_max"] == pytest.approx(0.7727, abs=1e-4)


def test_an_unused_level_keeps_its_place():
    """Without level 3 the distance from 2 to 4 would shrink, and kappa would be .75."""
    table = cross([0, 1, 3, 3, 0], [0, 3, 3, 1, 0], 4)
    assert cohen_kappa(table, weights="quadratic").value == pytest.approx(0.565217, abs=1e-6)


def case(name):
    if not CASES:
        pytest.skip("../shared/reference is absent")
    return CASES[name]


ALPHAS = [
    "krippendorff2011_nominal", "krippendorff2011_ordinal", "krippendorff2011_interval",
    "krippendorff2011_ratio", "wikipedia_alpha_nominal", "krippendorff2011_nominal_2obs",
    "gwet2014_raw4raters_identity_krippendorff",
]  # fmt: skip
KAPPAS = [
    "cohen1960", "kappa_wiki_a", "kappa_feinstein_bal", "kappa_feinstein_skew",
    "kappa_landis_koch_winnipeg", "anxiety_r23_unweighted", "anxiety_r23_squared_reduced",
    "kappa_gap_category_trap",
]  # fmt: skip


@pytest.mark.parametrize("name", ALPHAS)
def test_reference_alphas(name):
    found = case(name)
    inputs = found["inputs"]
    got = alpha_of(inputs["raters_x_units"], inputs.get("level", "nominal"))
    assert got.value == pytest.approx(found["expected"], abs=found["tolerance"])
    full = found.get("expected_full_precision")
    if full is not None:
        assert got.value == pytest.approx(full, abs=1e-9)


def kappa_table(inputs):
    if "table" in inputs:
        return inputs["table"]
    scale = inputs.get("scale") or list(range(1, 7))
    code = {v: n for n, v in enumerate(scale)}
    return cross([code[v] for v in inputs["a"]], [code[v] for v in inputs["b"]], len(scale))


@pytest.mark.parametrize("name", KAPPAS)
def test_reference_kappas(name):
    found = case(name)
    weights = "quadratic" if found["stat"].endswith("quadratic") else "plain"
    got = cohen_kappa(kappa_table(found["inputs"]), weights=weights)
    assert got.value == pytest.approx(found["expected"], abs=found["tolerance"])


def test_reference_declared_scale_of_six():
    """The same ratings over the declared scale of 1 to 6 give .2298, not .2520."""
    inputs = case("anxiety_r23_unweighted")["inputs"]
    got = cohen_kappa(kappa_table(inputs | {"scale": list(range(1, 7))}), weights="quadratic")
    assert got.value == pytest.approx(0.2298, abs=5e-5)


def test_reference_sas_interval():
    found = case("sas_simple_kappa")
    got = cohen_kappa(found["inputs"]["table"], least=1)
    expected = found["expected"]
    assert got.value == pytest.approx(expected["kappa"], abs=1e-4)
    assert got.detail["se"] == pytest.approx(expected["ase"], abs=1e-4)
    assert (got.low, got.high) == pytest.approx((expected["low"], expected["high"]), abs=1e-4)


@pytest.mark.parametrize("name", ["paradox_skew", "paradox_balanced"])
def test_reference_paradoxes(name):
    found = case(name)
    got = diagnostics(found["inputs"]["table"])
    for key, expected in found["expected"].items():
        if key != "kappa":
            assert got[key] == pytest.approx(expected, abs=1e-9), key
    kappa = cohen_kappa(found["inputs"]["table"]).value
    assert kappa == pytest.approx(found["expected"]["kappa"], abs=1e-9)


def test_reference_abstractors():
    found = case("gwet2014_3x3abstractors")
    table, expected = found["inputs"]["table"], found["expected"]
    got = diagnostics(table)
    assert cohen_kappa(table).value == pytest.approx(expected["cohen"], abs=5.1e-4)
    assert got["ac1"] == pytest.approx(expected["ac1"], abs=5.1e-4)
    assert got["pabak"] == pytest.approx(expected["bp"], abs=5.1e-4)
    rows = [(i, j) for i in range(3) for j in range(3) for _ in range(table[i][j])]
    counts = counts_of(np.array(rows), 3)
    assert krippendorff_alpha(counts).value == pytest.approx(expected["alpha"], abs=5.1e-4)


def test_reference_degenerate_cases():
    case("degenerate_single_category_alpha")
    assert krippendorff_alpha([[2, 0], [2, 0], [2, 0]]).value is None
    assert cohen_kappa([[3, 0], [0, 0]]).value is None


def test_reference_weighted_custom():
    found = case("cohen1968_weighted")
    apart = np.array(found["inputs"]["disagreement_weights"])
    got = cohen_kappa(found["inputs"]["table"], weights=1 - apart / apart.max())
    assert got.value == pytest.approx(found["expected"], abs=found["tolerance"])


BUILT = {"krippendorff_alpha", "krippendorff", "cohen_kappa", "cohen_kappa_quadratic",
         "cohen_kappa_ci", "kappa_paradox", "two_rater_cac", "weighted_kappa_custom"}  # fmt: skip


def test_every_reference_case_of_a_built_statistic_is_checked_here():
    if not CASES:
        pytest.skip("../shared/reference is absent")
    mine = {name for name, found in CASES.items() if found["stat"] in BUILT}
    checked = {*ALPHAS, *KAPPAS, "sas_simple_kappa", "paradox_skew", "paradox_balanced",
               "gwet2014_3x3abstractors", "cohen1968_weighted",
               "degenerate_single_category_alpha", "degenerate_single_category_kappa"}  # fmt: skip
    assert mine == checked
