"""Statistics of what workers write: pass@k, success after k turns, overlap of points, trees."""

import csv
import json
import math
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.statistics.hierarchy import coverage
from core.statistics.multiturn import feedback_gain, slope, success_rate
from core.statistics.overlap import overlap, shuffled
from core.statistics.passes import pass_at_k, pass_rate
from core.statistics.plans import f1, plan_f1
from core.statistics.roles import node_values

MINT = Path(__file__).resolve().parents[3] / "shared" / "data" / "mint_bench"


@given(st.integers(1, 8), st.data())
def test_pass_at_k_is_the_share_of_subsets_with_a_right_one(samples, data):
    right, k = data.draw(st.integers(0, samples)), data.draw(st.integers(1, samples))
    draws = list(combinations([True] * right + [False] * (samples - right), k))
    share = sum(map(any, draws)) / len(draws)
    assert pass_at_k(samples, right, k) == pytest.approx(share)


def test_pass_at_k_needs_k_samples():
    with pytest.raises(ValueError, match="at least 3"):
        pass_at_k(2, 1, 3)
    found = pass_rate({"a": (2, 1), "b": (1, 0)}, 2)
    assert (found.value, found.n, found.coverage) == (1.0, 1, 0.5)
    assert "no interval" in pass_rate({"a": (3, 1)}, 2).note
    assert not pass_rate({"a": (1, 1)}, 2).defined and not pass_rate({}, 1).defined


def test_pass_rates_have_intervals_over_items():
    one = pass_rate({str(n): (1, n % 2) for n in range(30)}, 1)
    assert one.value == 0.5 and one.low == pytest.approx(0.3315, abs=1e-3)
    many = pass_rate({str(n): (5, n % 6) for n in range(30)}, 1)
    assert many.value == pytest.approx(0.5) and many.low < 0.5 < many.high
    half = 2.0452 * math.sqrt(sum((n % 6 / 5 - 0.5) ** 2 for n in range(30)) / 29 / 30)
    assert many.high - 0.5 == pytest.approx(half, abs=1e-4)


def test_success_rates_and_slopes_of_the_published_table():
    if not MINT.is_dir():
        pytest.skip("the MINT outcomes are not here")
    runs = defaultdict(list)
    with (MINT / "outcomes.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            runs[row["model"], int(row["k"])].append(row["success"] == "1")
    rates = {key: success_rate(done, key[1]).value for key, done in runs.items()}
    every = json.loads((MINT / "expected.json").read_text("utf-8"))
    wanted = [one for one in every if one["published"] is not None]
    for one in wanted:
        model, _, rest = one["statistic"].partition(": success rate % at k=")
        found = 100 * rates[model, int(rest[0])]
        assert found == pytest.approx(one["published"], abs=one["tolerance"]), one["statistic"]
    assert len(wanted) == 35
    compared = 0
    for row in json.loads((MINT / "published_benchmark.json").read_text("utf-8")):
        by_k = {k: row.get(str(k)) for k in range(1, 6)}
        if not all(isinstance(rate, int | float) for rate in by_k.values()):
            continue
        assert slope(by_k) == pytest.approx(row["Slope"], abs=0.011), row["model"]
        compared += 1
    assert compared > 30


def test_feedback_may_help_or_hurt():
    without = {str(n): n < 10 for n in range(40)}
    fed = {str(n): 5 <= n < 20 for n in range(40)}
    found = feedback_gain(without, fed)
    assert found.value == pytest.approx(0.125) and found.low < 0 < found.high
    assert dict(found.detail) == {"gained": 10, "lost": 5}
    part = feedback_gain(without, {"0": False, "x": True})
    assert (part.value, part.n, part.low) == (-1.0, 1, None) and part.coverage == 1 / 41
    assert not feedback_gain(without, {}).defined and not success_rate([], 1).defined
    assert slope({1: 0.5}) is None


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=12))
def test_overlap_stays_between_0_and_1_and_does_not_mind_order(pairs):
    found, back = overlap(4, 5, pairs), overlap(4, 5, pairs[::-1])
    assert found == back
    shares = (found.hit_rate, found.jaccard, found.szymkiewicz_simpson, found.dice)
    assert all(0 <= share <= 1 for share in shares)
    assert found.common <= found.matched and found.jaccard <= found.dice
    assert overlap(0, 0, []).jaccard is None


def test_the_null_meets_others_of_the_group_and_never_its_own():
    pairs = [(n, n) for n in range(6)]
    groups = ["x", "x", "x", "y", "y", "alone"]
    met = []

    def measure(a, b):
        met.append((a, b))
        return float(a == b)

    means = shuffled(pairs, groups, measure, rounds=5, seed=1)
    assert means == [0.0] * 5 and len(met) == 25
    assert all(a != b and groups[a] == groups[b] for a, b in met)
    assert shuffled(pairs, groups, measure, rounds=5, seed=1) == means
    assert shuffled(pairs[:1], ["x"], measure) == []
    assert shuffled(pairs, groups, lambda a, b: None) == []


def test_trees_and_plans():
    assert coverage([], 3).value == 0 and coverage([], 0).value is None
    assert node_values({}) == {}
    plan = [{"id": 0, "name": "load", "args": {"path": "x"}},
            {"id": 1, "name": "caption", "args": {"image": "<node-0.text>"}}]  # fmt: skip
    assert plan_f1(plan, plan) == {"tool_f1": 1.0, "argument_f1": 1.0, "edge_f1": 1.0}
    assert plan_f1(plan[:1], plan)["edge_f1"] == 0.0
    assert f1(["a"], ["b"]) == 0.0
