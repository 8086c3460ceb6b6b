"""Stand-ins and baselines: a pool of simulated annotators, the nearest answer, chance."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest
from pydantic import ValidationError

from core.content.text import TextContent
from core.questions.base import load as question
from core.units import Shown, Unit
from core.workers.annotator_pool import thirteen
from core.workers.annotators import Annotators
from core.workers.base import CannotAnswer
from core.workers.base import load as worker
from core.workers.nearest import canberra
from tests.workers.asking import system, user, work

BETTER = question({"kind": "pairwise", "name": "better", "title": "Which is better?"})
QUALITY = question({"kind": "rating", "name": "quality", "title": "How good?"})
A, B = {"winner": "a"}, {"winner": "b"}


def pair(n=0):
    texts = (f"left {n}", f"right {n}")
    out = tuple(Shown(k, TextContent(t)) for k, t in zip("ab", texts, strict=True))
    return Unit(f"u{n}", "i", {"prompt": TextContent("Why?")}, out, ("a", "b"), (BETTER,))


def one(text, key="u", problem="Why?"):
    out = (Shown("a", TextContent(text)),)
    return Unit(key, "i", {"prompt": TextContent(problem)}, out, ("a",), (QUALITY,))


def pool(**options):
    return Annotators(**{"name": "Simulated crowd", "model": "m", "order": "study", **options})


def test_thirteen_annotators_over_the_models_that_there_are():
    three = thirteen(["", "mid", "weak"])
    assert Counter(a.model for a in three) == {"": 5, "mid": 4, "weak": 4}
    assert len({(a.model, a.persona, a.style) for a in three}) == 13
    assert len({a.name for a in thirteen([""])}) == 13
    assert {a.style for a in three} == {"reasoned", "bare"}


def test_noise_is_a_fair_coin_half_of_the_time():
    """AlpacaFarm: p_label_flip .25 replaces half of the labels by a coin, so a quarter flips."""
    made = pool()
    found = [made.noisy(BETTER, pair(n), A) for n in range(4000)]
    replaced = sum(drawn for _, drawn in found)
    flipped = sum(value == B for value, _ in found)
    assert replaced == pytest.approx(2000, abs=130) and flipped == pytest.approx(1000, abs=110)
    assert all(value == A for value, drawn in found if not drawn)
    assert found == [made.noisy(BETTER, pair(n), A) for n in range(4000)]
    assert found != [pool(seed=1).noisy(BETTER, pair(n), A) for n in range(4000)]
    assert all(not drawn for _, drawn in (pool(noise=0).noisy(BETTER, pair(n), A)
                                          for n in range(50)))  # fmt: skip


def test_each_annotator_sees_a_pair_in_an_order_drawn_for_it():
    """AlpacaFarm: every annotator switches the two outputs by a fair coin that the inputs seed, is
    asked in that order, and what it says is switched back; the noise is drawn for the pair as it
    is. So one that always takes the first prefers neither response in the long run."""
    who = [{"name": n, "style": "bare"} for n in ("first", "second")]
    made = pool(annotators=who, noise=0, order="drawn")
    orders = [[made.seen(pair(n), one).shown for n in range(2000)] for one in made.pool]
    for drawn in orders:
        assert set(drawn) == {("a", "b"), ("b", "a")}
        assert drawn.count(("b", "a")) == pytest.approx(1000, abs=90)
    same = sum(a == b for a, b in zip(*orders, strict=True))
    assert same == pytest.approx(1000, abs=90)  # one annotator's coin says nothing of another's
    other = pool(annotators=who, noise=0, order="drawn", seed=1)
    assert [other.seen(pair(n), other.pool[0]).shown for n in range(50)] != orders[0][:50]
    switched = next(n for n in range(50)
                    if made.seen(pair(n), made.drawn(pair(n))).shown == ("b", "a"))  # fmt: skip
    drafts, sent = work(made, pair(switched), lambda body: {"better": "A"})
    said = user(sent[""][0])
    assert said.index(f"right {switched}") < said.index(f"left {switched}")
    assert drafts[0].value == B and drafts[0].shown == ("b", "a")
    noisy = pool(order="drawn")
    assert [noisy.noisy(BETTER, pair(n), A) for n in range(99)] == \
        [pool().noisy(BETTER, pair(n), A) for n in range(99)]  # fmt: skip
    assert made.drawn(pair(3).reversed()) == made.drawn(pair(3))
    assert pool(order="drawn").digest == Annotators(name="Simulated x", model="m").digest
    assert pool(order="drawn").digest != pool().digest


def test_the_draw_depends_on_what_is_shown_and_not_on_the_name_of_the_unit():
    made = pool()
    renamed = replace(pair(3), key="another", item="other")
    assert made.drawn(renamed) == made.drawn(pair(3))
    assert made.noisy(BETTER, renamed, A) == made.noisy(BETTER, pair(3), A)
    assert len({made.drawn(pair(n)).name for n in range(200)}) == 13


def test_a_drawn_annotator_is_asked_in_its_way_at_its_model():
    others = {"mid": {"model": "n", "base_url": "http://x/v1"}}
    who = [{"name": "lazy", "persona": "You are in a hurry.", "style": "bare", "model": "mid"}]
    made = pool(others=others, annotators=who, noise=0)
    drafts, sent = work(made, pair(), lambda body: {"better": "B"})
    assert drafts[0].value == B and not sent[""] and sent["mid"][0]["model"] == "n"
    assert "You are in a hurry." in system(sent["mid"][0]) and sent["mid"][0]["temperature"] == 1.0
    assert drafts[0].facts == {"annotator": "lazy", "replaced": False, "given": B}
    assert "Simulated annotator lazy" in drafts[0].rationale
    talk = [{"name": "calm"}]
    told = {"better": {"reasoning": "It is shorter.", "answer": "A"}}
    drafts, _ = work(pool(annotators=talk, noise=0), pair(), lambda body: told)
    assert drafts[0].value == A and "It is shorter." in drafts[0].rationale


def test_an_annotator_with_a_token_bias_sends_it():
    biased = [{"name": "first", "style": "bare", "bias": {"32": 5}}]
    _, sent = work(pool(annotators=biased, noise=0), pair(), lambda body: {"better": "A"})
    assert sent[""][0]["logit_bias"] == {"32": 5}
    plain = [{"name": "first", "style": "bare"}]
    _, sent = work(pool(annotators=plain, noise=0), pair(), lambda body: {"better": "A"})
    assert "logit_bias" not in sent[""][0]
    assert pool(annotators=plain).digest != pool(annotators=biased).digest
    with pytest.raises(ValidationError, match="100"):
        pool(annotators=[{"name": "first", "bias": {"32": 500}}])


def test_simulated_annotators_are_named_so_and_their_models_known():
    assert pool().simulated and pool().needs_model()
    with pytest.raises(ValidationError, match="simulated"):
        pool(name="The crowd")
    with pytest.raises(ValidationError, match="nowhere"):
        pool(annotators=[{"name": "x", "model": "nowhere"}])
    at = {"model": "n", "base_url": "http://x/v1"}
    moved = {"model": "n", "base_url": "http://y/v1", "key": "K"}
    assert pool(others={"mid": at}).digest == pool(others={"mid": moved}).digest
    assert pool(others={"mid": at}).digest != pool(others={"mid": {**at, "model": "o"}}).digest


def said(shown, **spec):
    return asyncio.run(worker({"name": "x", **spec}).work(shown, None))[0].value


def test_the_first_and_a_random_answer():
    assert said(pair(), kind="baseline") == A
    assert said(pair().reversed(), kind="baseline") == B
    assert said(one("x"), kind="baseline") == 1
    spec = {"kind": "baseline", "pick": "random"}
    found = [said(pair(n), **spec) for n in range(300)]
    assert found == [said(pair(n), **spec) for n in range(300)]
    assert found != [said(pair(n), **spec, seed=1) for n in range(300)]
    counts = Counter(map(str, found))
    assert len(counts) == 3 and min(counts.values()) > 70


PAST = [
    {"key": "p1", "problem": "Why?", "answer": "because ice melts in the sun", "values":
     {"quality": 5}},
    {"key": "p2", "problem": "Why?", "answer": "nobody knows", "values": {"quality": 1}},
    {"key": "p3", "problem": "How?", "answer": "ice melts because of heat", "values":
     {"quality": 3}},
]  # fmt: skip


def near(shown, past=PAST):
    return said(shown, kind="nearest", past=past)


def test_the_nearest_past_answer_to_the_same_problem_is_copied():
    assert near(one("ice melts in the sun")) == 5
    assert near(one("nobody really knows")) == 1
    assert near(one("ice melts because of heat", problem=" why? ")) == 5
    assert near(one("ice", problem="How?")) == 3


def test_an_answer_is_left_out_of_its_own_past():
    assert near(one("because ice melts in the sun", key="p1")) == 1
    with pytest.raises(CannotAnswer, match="no other answer"):
        near(one("ice melts because of heat", key="p3", problem="How?"))


def test_equally_near_answers_that_differ_have_no_score():
    twins = [{**PAST[0], "key": k, "values": {"quality": v}} for k, v in (("a", 2), ("b", 4))]
    with pytest.raises(CannotAnswer, match="equally near"):
        near(one("because ice melts in the sun"), twins)
    three = [*twins, {**twins[0], "key": "c"}]
    assert near(one("because ice melts in the sun"), three) == 2


def test_canberra_by_hand():
    """A word in one of two texts adds 1; an equal weight adds nothing."""
    assert canberra("a b", ["a b", "c d"]) == [pytest.approx(0), pytest.approx(4)]
    with pytest.raises(CannotAnswer):
        canberra("!", ["?"])


def test_a_past_score_off_the_scale_is_named():
    with pytest.raises(CannotAnswer, match="not valid"):
        near(one("nobody"), [{**PAST[1], "values": {"quality": 9}}])
