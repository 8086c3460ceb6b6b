"""Raters that need no endpoint: what they say, and what they leave unsaid."""

import asyncio

import pytest
from pydantic import ValidationError

from core.content.text import TextContent
from core.questions.base import load as question
from core.units import Shown, Unit
from core.workers import patterns
from core.workers.base import CannotAnswer
from core.workers.base import load as worker
from core.workers.similarity import cosines
from core.workers.simulate import neighbours

BETTER = question({"kind": "pairwise", "name": "better", "title": "Which is better?"})
STRICT = question({"kind": "pairwise", "name": "strict", "title": "Which?", "tie": False})
QUALITY = question({"kind": "rating", "name": "quality", "title": "How good?"})
VERDICT = question({"kind": "label", "name": "verdict", "title": "Right?", "ordered": True,
                    "labels": ["wrong", "partly", "right"]})  # fmt: skip
WHY = question({"kind": "text", "name": "why", "title": "Why?"})


def unit(*texts, asked=(BETTER,), prompt="Name the capital of France", key="u1", **more):
    names = ["one", "two", "three"][: len(texts)]
    shown = tuple(Shown(n, TextContent(t)) for n, t in zip(names, texts, strict=True))
    fields = {"prompt": TextContent(prompt)}
    return Unit(key, "i1", fields, shown, tuple(names), tuple(asked), **more)


def drafts(shown, **spec):
    return asyncio.run(worker({"name": "simulated x", **spec}).work(shown, None))


def value(shown, **spec):
    found = drafts(shown, **spec)
    assert len(found) == 1
    return found[0].value


def test_the_longer_response_wins():
    assert value(unit("a b c d", "a b"), kind="longer") == {"winner": "one"}
    assert value(unit("a b", "a b c d"), kind="longer") == {"winner": "two"}
    tie = {"winner": None, "verdict": "tie"}
    assert value(unit("a b c d e f g h i j", "a b c d e f g h i"), kind="longer") == tie
    assert value(unit("", ""), kind="longer") == tie
    assert (
        "A has 4 words, B has 2 words" in drafts(unit("a b c d", "a b"), kind="longer")[0].rationale
    )


def test_no_tie_is_invented_where_the_question_has_none():
    with pytest.raises(CannotAnswer, match="allows no tie"):
        drafts(unit("a b", "c d", asked=[STRICT]), kind="longer")


def test_longer_answers_only_pairs():
    with pytest.raises(CannotAnswer, match="asks nothing"):
        drafts(unit("a", asked=[QUALITY, WHY]), kind="longer")
    with pytest.raises(CannotAnswer, match="this unit has 3"):
        drafts(unit("a", "b", "c"), kind="longer")


RULE = {"kind": "rules", "rules": [{"rule": "contains", "words": ["because"]}]}
LIKE = {"kind": "similarity", "reference": "key"}


@pytest.mark.parametrize("spec", [RULE, LIKE])
def test_what_scores_cannot_answer_leaves_the_other_answers_alone(spec):
    """Two responses answer the pair; a rating of one, and a label without thresholds, do not."""
    asked, meta = [QUALITY, BETTER, VERDICT, STRICT], {"key": "because of that"}
    found = drafts(unit("yes", "because of that", asked=asked, meta=meta), **spec)
    assert [(d.question, d.value) for d in found] == [
        ("better", {"winner": "two"}), ("strict", {"winner": "two"}),
    ]  # fmt: skip
    even = drafts(unit("because", "because", asked=asked, meta=meta), **spec)
    assert [d.question for d in even] == ["better"]  # STRICT allows no tie
    made = worker({"name": "x", **spec})
    assert made.asked(unit("a", asked=asked, meta=meta)) == (QUALITY,)
    with pytest.raises(CannotAnswer, match="rates one response, but this unit has 2"):
        made.asked(unit("a", "b", asked=[QUALITY], meta=meta))
    with pytest.raises(CannotAnswer, match="thresholds"):
        made.asked(unit("a", asked=[VERDICT], meta=meta))


def near(shown, **more):
    return value(shown, kind="similarity", reference="key", **more)


def test_the_nearer_to_the_reference_wins():
    meta = {"key": "Paris is the capital of France"}
    shown = unit("It is Berlin, of course", "Paris is the capital", meta=meta)
    assert near(shown) == {"winner": "two"}
    assert near(unit("Paris", "Paris", meta=meta)) == {"winner": None, "verdict": "tie"}


def test_a_rating_and_a_label_from_likeness():
    meta = {"key": "Paris is the capital"}
    assert near(unit("Paris is the capital", asked=[QUALITY], meta=meta)) == 5
    assert near(unit("no overlap here", asked=[QUALITY], meta=meta)) == 1
    levels = {"wrong": 0.0, "partly": 0.3, "right": 0.9}
    same = unit("Paris is the capital", asked=[VERDICT], meta=meta)
    assert near(same, thresholds=levels) == "right"
    with pytest.raises(CannotAnswer, match="every label"):
        near(same, thresholds={"right": 0.5})
    with pytest.raises(CannotAnswer, match="reaches no"):
        near(unit("x", asked=[VERDICT], meta=meta), thresholds={**levels, "wrong": 0.1})


def test_likeness_needs_a_reference_and_words():
    with pytest.raises(CannotAnswer, match="'key'"):
        near(unit("a", "b"))
    with pytest.raises(CannotAnswer, match="no words"):
        near(unit("!", "?", meta={"key": "..."}))


def test_cosines_by_hand():
    found = cosines("a b", {"same": "a b", "none": "c"})
    assert found["same"] == pytest.approx(1.0)
    assert found["none"] == 0.0
    assert cosines("a b", {"none": "c", "same": "a b"}) == found


RULES = [
    {"rule": "contains", "words": ["Paris", "Lyon"]}, {"rule": "has_number"},
    {"rule": "words", "low": 2, "high": 5}, {"rule": "avoids", "words": ["sorry"]},
    {"rule": "mentions", "share": 0.5}, {"rule": "pattern", "pattern": r"\d{4}"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "met"),
    [("paris 1999", 5), ("Sorry", 0), ("The capital of France", 3), ("", 1),
     ("one two three four five six", 1)],
)  # fmt: skip
def test_how_many_rules_are_met(text, met):
    made = worker({"kind": "rules", "name": "r", "rules": RULES})
    shown = unit(text, asked=[QUALITY])
    assert sum(rule.met(shown.outputs[0].content, shown) for rule in made.rules) == met


def test_the_share_of_rules_becomes_an_answer():
    rules = [{"rule": "has_number", "weight": 3}, {"rule": "contains", "words": ["x"]}]
    spec = {"kind": "rules", "rules": rules}
    assert value(unit("7", "x"), **spec) == {"winner": "one"}
    assert value(unit("7", asked=[QUALITY]), **spec) == 4
    assert value(unit("", asked=[QUALITY]), **spec) == 1
    levels = {"wrong": 0, "partly": 0.5, "right": 1}
    assert value(unit("7 x", asked=[VERDICT]), thresholds=levels, **spec) == "right"
    assert "gives a number (1 of 2)" in drafts(unit("7", asked=[QUALITY]), **spec)[0].rationale


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+", "(a|b)*", "(?=a)", "(?i)a", r"(a)\1", "a*b*c*", "a" * 201, "(", r".*.*.{1,9}x"],
)
def test_patterns_that_could_run_away_are_refused(pattern):
    with pytest.raises(ValidationError):
        worker({"kind": "rules", "name": "r", "rules": [{"rule": "pattern", "pattern": pattern}]})


@pytest.mark.parametrize("pattern", [r"\d+\s*(?:km|mi)", r"^[A-Z][^(]*", r"[)*]+\*", r"a{2}b{3}c?"])
def test_harmless_patterns_are_taken(pattern):
    assert patterns.checked(pattern) == pattern


def test_a_pattern_reads_a_bounded_part():
    long = TextContent("a" * 600 + "7")
    assert not patterns.found("7", long)
    assert not patterns.found("7", TextContent(("b" * 499 + "\n") * 60 + "7"))
    assert patterns.found("7", TextContent("b\n" * 60 + "7"))


def test_a_simulated_rater_is_named_so_and_repeats_itself():
    with pytest.raises(ValidationError, match="simulated"):
        worker({"kind": "simulate", "name": "Ann"})
    made = worker({"kind": "simulate", "name": "Simulated 1"})
    assert made.simulated and made.rater == "rule"
    shown = unit("a", asked=[QUALITY], gold={"quality": 3})
    assert drafts(shown, kind="simulate") == drafts(shown, kind="simulate")


def share_right(accuracy, seed=0):
    spec = {"kind": "simulate", "accuracy": accuracy, "seed": seed}
    units = [unit("a", asked=[QUALITY], gold={"quality": 3}, key=f"u{n}") for n in range(400)]
    return [value(u, **spec) for u in units]


def test_a_simulated_rater_slips_as_often_as_it_says_and_to_a_neighbour():
    found = share_right(0.8)
    assert 290 <= found.count(3) <= 350
    assert set(found) == {2, 3, 4}
    assert share_right(1.0) == [3] * 400
    assert share_right(0.0).count(3) == 0
    assert share_right(0.8, seed=1) != found


def test_without_gold_there_is_no_simulated_answer():
    with pytest.raises(CannotAnswer):
        drafts(unit("a", asked=[QUALITY]), kind="simulate")
    with pytest.raises(CannotAnswer, match="gold answer is not valid"):
        drafts(unit("a", asked=[QUALITY], gold={"quality": 9}), kind="simulate")


def test_neighbours_of_an_answer():
    pair, one = unit("a", "b"), unit("a")
    assert neighbours(QUALITY, one, 1) == [2]
    assert neighbours(VERDICT, one, "partly") == ["wrong", "right"]
    assert neighbours(BETTER, pair, {"winner": "one"}) == [
        {"winner": "two"}, {"winner": None, "verdict": "tie"},
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["longer", "similarity", "rules", "simulate"])
def test_offline_raters_are_rules_and_need_no_model(kind):
    more = {"rules": RULES} if kind == "rules" else {}
    made = worker({"kind": kind, "name": "simulated", **more})
    assert made.rater == "rule" and not made.needs_model()
    assert worker(made.definition()) == made
    assert made.simulated == (kind == "simulate")
