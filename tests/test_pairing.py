"""Rules for pairs: what each takes, and that chance is the seed's."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.pairing import Candidate, Unscored, novelty, pairs, rounds
from core.policies import Pairs

SCORES = some.lists(some.floats(-10, 10), min_size=2, max_size=8)


def made(scores):
    return [
        Candidate(f"o{n}", f"m{n % 3}", "answer", score, f"text number {n} w{n % 4}")
        for n, score in enumerate(scores)
    ]


def taken(rule, outputs, seed=1):
    return [one.keys for one in pairs(rule, outputs, "item", seed) if one.taken]


@given(SCORES)
def test_k_choose_2_covers_all(scores):
    outputs = made(scores)
    assert taken(Pairs(), outputs) == list(combinations([o.key for o in outputs], 2))


@given(SCORES, some.floats(0, 5), some.floats(0, 5))
def test_the_bounds_of_a_margin_hold(scores, one, two):
    low, high = sorted((one, two))
    outputs = made(scores)
    kept = set(taken(Pairs(rule="margin", score="reward", least=low, most=high), outputs))
    for a, b in combinations(outputs, 2):
        assert ((a.key, b.key) in kept) == (low <= abs(a.score - b.score) <= high)


@given(some.integers(2, 9))
def test_in_each_round_a_source_meets_one_other_and_in_all_each_once(many):
    names = [f"n{n}" for n in range(many)]
    meets = rounds(names)
    assert len(meets) == many * (many - 1) // 2
    for turn in set(meets.values()):
        there = [name for two, n in meets.items() if n == turn for name in two]
        assert len(there) == len(set(there)) == many - many % 2


def test_round_robin_pairs_other_sources_only_and_stops_after_its_rounds():
    outputs = made([0.0] * 6)  # two of each of three sources
    every = taken(Pairs(rule="round_robin"), outputs)
    assert len(every) == 15 - 3
    first = taken(Pairs(rule="round_robin", rounds=1), outputs)
    assert len(first) == 4 and set(first) < set(every)
    others = {tuple(taken(Pairs(rule="round_robin", rounds=1), outputs, n)) for n in range(20)}
    assert len(others) == 3  # each source rests for some items


def test_teacher_against_student():
    outputs = made([0.0] * 4)
    assert taken(Pairs(rule="against", one=("m0",), other=("m1",)), outputs) == [
        ("o0", "o1"), ("o1", "o3"),
    ]  # fmt: skip
    assert len(taken(Pairs(rule="against", one=("m0",)), outputs)) == 4
    assert taken(Pairs(rule="against", by="role", one=("answer",)), outputs) == []


def test_novelty_is_one_minus_the_nearest_cosine():
    assert novelty(["red cat", "red cat", "blue dog"]) == pytest.approx([0, 0, 1])
    assert novelty(["", "!"]) == [1.0, 1.0]


def test_ties_at_the_end_of_the_best_are_drawn_by_the_seed():
    outputs = [Candidate(k, score=1.0, text=k) for k in "abcd"]
    rule = Pairs(rule="bonus", score="reward", top=2)
    found = {tuple(taken(rule, outputs, seed)) for seed in range(30)}
    assert len(found) > 5 and {len(one) for one in found} == {2}


def test_a_bonus_for_novelty_changes_the_best_pair():
    texts = {"a": "red cat sat", "b": "red cat sat", "c": "blue dog ran"}
    outputs = [
        Candidate(k, score=s, text=texts[k]) for k, s in {"a": 1.0, "b": 0.9, "c": 0.5}.items()
    ]
    score = {"rule": "bonus", "score": "reward"}
    assert taken(Pairs(**score, weight=0), outputs) == [("a", "b")]
    assert taken(Pairs(**score, weight=1), outputs) == [("a", "c")]
    assert len(taken(Pairs(**score, top=2), outputs)) == 2


def test_the_audit_takes_its_share_of_what_was_left_out_and_the_same_again():
    rule = Pairs(rule="margin", score="reward", least=1, audit=0.2)
    outputs = made([0.0] * 60)
    found = pairs(rule, outputs, "item", 7)
    assert found == pairs(rule, outputs, "item", 7)
    drawn = [one.keys for one in found if one.audit]
    assert len(found) == 1770 and 0.17 < len(drawn) / 1770 < 0.23
    assert drawn != [one.keys for one in pairs(rule, outputs, "item", 8) if one.audit]
    assert not any(one.audit for one in pairs(rule, made([0.0, 5.0]), "item", 7))


@pytest.mark.parametrize("score", [None, float("nan"), float("inf")])
@pytest.mark.parametrize("rule", [{"rule": "margin", "least": 1}, {"rule": "bonus"}])
def test_a_missing_score_is_named(rule, score):
    outputs = [Candidate("a", score=1.0), Candidate("b", score=score)]
    with pytest.raises(Unscored, match="no score of b"):
        pairs(Pairs(**rule, score="reward"), outputs, "item", 1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"audit": 0.1}, "no settings"),
        ({"rule": "against"}, "needs `one`"),
        ({"rule": "against", "one": ["a"], "other": ["a"]}, "both sides"),
        ({"rule": "margin", "least": 1}, "needs `score`"),
        ({"rule": "margin", "score": "reward"}, "needs `least`"),
        ({"rule": "margin", "score": "reward", "least": 2, "most": 1}, "leaves no pair"),
    ],
)
def test_a_rule_that_says_too_little_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Pairs(**settings)
