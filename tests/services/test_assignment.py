"""Orders, draws and what is stored with them: the probability is the one that was used."""

import csv
import itertools
from collections import Counter
from itertools import pairwise

import pytest
from scipy import stats
from sqlalchemy import select, update

from core.protocol import ProtocolError, from_data, from_yaml
from core.services import (
    admission,
    answering,
    assignment,
    exports,
    material,
    reading,
    studies,
)
from core.services.access import Identity
from storage import items
from storage.tables import Assignment, Judgment, Output, Question, Rater, Study, Unit
from tests.services.answers import answer, better
from tests.services.conftest import ANA, BEN, PROTOCOL, fill

A = {"winner": "a"}
S, U = Assignment.__table__, Unit.__table__


def opened(db, policy, count=12, *, seed=5):
    """An open study with this assignment policy and a seed that makes its chances repeatable."""
    made = studies.create(db, ANA, from_yaml(PROTOCOL.replace("{overlap: 2}", policy)))
    with db.write() as connection:
        connection.execute(update(Study.__table__).values(seed=seed))
    fill(db, studies.load(db, made.key), count)
    return studies.set_state(db, ANA, "small", "open")


def rows(db):
    with db.read() as connection:
        return connection.execute(select(S).order_by(S.c.id)).all()


def walk(db, who, most=1000):
    seen, held = [], assignment.current(db, who, "small")
    while held and len(seen) < most:
        seen.append(held.unit.key)
        held = answering.submit(db, who, held, {"better": A}, follow=True).next
    return seen


def test_each_person_has_an_order_of_their_own(db):
    opened(db, "{overlap: 9, order: per_rater}", 40)
    orders = [walk(db, Identity(f"p{n}"), 40) for n in range(3)]
    assert len({tuple(order) for order in orders}) == 3
    assert all(sorted(order) == sorted(orders[0]) and len(set(order)) == 40 for order in orders)
    after = [dict(pairwise(o)) for o in orders]
    same = sum(after[0].get(k) == v for k, v in after[1].items())
    assert same < 8  # a rotation of one order would share 38 or 39 of its steps
    assert {(r.policy, r.propensity, r.design) for r in rows(db)} == {
        ("per_rater/2", 1.0, "inclusion")
    }


@pytest.mark.parametrize("order", ["shared", "shuffled", "per_rater"])
def test_a_walk_by_strata_has_each_value_in_its_share(db, order):
    opened(db, f"{{overlap: 2, order: {order}, strata: half}}", 32)
    for who in (ANA, BEN):
        seen = walk(db, who, 16)
        first = sum(int(key.split("-")[1]) < 16 for key in seen)
        assert 7 <= first <= 9


@pytest.mark.parametrize(
    "order", ["random", "least_covered", "uncertain", "jury", "divergent", "duel_ucb",
              "duel_thompson"],
)  # fmt: skip
def test_every_draw_reaches_every_unit_once(db, order):
    opened(db, f"{{overlap: 2, order: {order}, candidates: 4}}", 14)
    for who in (ANA, BEN):
        seen = walk(db, who)
        assert len(seen) == len(set(seen)) == 14
    found = rows(db)
    assert {r.policy for r in found} == {f"{order}/1"}
    assert all(r.design.startswith("draw:") and 0 < r.propensity <= 1 for r in found)
    assert all(r.propensity >= 0.1 / 4 - 1e-9 for r in found)


def drawn(db, people):
    """The first unit of each of many people, and the probability stored with it."""
    for n in range(people):
        assert assignment.current(db, Identity(f"p{n}"), "small") is not None
    return Counter(r.unit for r in rows(db)), {r.unit: r.propensity for r in rows(db)}


@pytest.mark.parametrize("order", ["uncertain", "divergent"])
def test_frequencies_are_the_probabilities_that_were_stored(db, order):
    study = opened(db, f"{{overlap: 1000, order: {order}, epsilon: 0.2, strata: half}}", 6)
    answer(db, study, "better", "model", "m1", better(item_0="a", item_1="a", item_3="b"))
    answer(db, study, "better", "model", "m2", better(item_0="b", item_1="a", item_3="t"))
    answer(db, study, "better", "person", "zoe", better(item_0="a", item_1="b", item_4="b"))
    people = 100
    seen, chance = drawn(db, people)
    assert set(seen) == set(chance) and len(seen) == 6
    assert sum(chance.values()) == pytest.approx(1) and len(set(chance.values())) > 1
    expected = [people * chance[unit] for unit in chance]
    assert stats.chisquare([seen[unit] for unit in chance], expected).pvalue > 0.001
    weights = [1 / (6 * r.propensity) for r in rows(db)]
    assert sum(weights) / people == pytest.approx(1, abs=0.2)


def test_an_export_says_how_each_answer_was_drawn(db):
    opened(db, "{overlap: 5, order: random}", 4)
    held = assignment.current(db, ANA, "small")
    answering.submit(db, ANA, held, {"better": A})
    head, line = exports.first_lines(db, ANA, "small", exports.Choice("csv"))
    found = dict(zip(*csv.reader([head, line]), strict=True))
    assert (found["policy"], found["propensity"], found["design"]) == ("random/1", "0.25", "draw:4")
    assert found["arm"] == found["revealed"] == ""


def test_fewest_answers_come_first(db):
    opened(db, "{overlap: 3, order: least_covered, epsilon: 0.05}", 10)
    for n in range(10):
        assignment.current(db, Identity(f"p{n}"), "small")
    with db.read() as connection:
        taken = Counter(connection.execute(select(U.c.taken)).scalars())
    assert taken[1] >= 8


def test_an_order_reads_what_fits_and_says_where_nothing_does(db):
    opened(db, "{overlap: 50, order: duel_ucb, strata: half}")
    said = lambda **policy: admission.warnings(db, ANA, "small", planned(policy))  # noqa: E731
    rating = {"kind": "rating", "name": "clear", "title": "Clear"}
    marks = {"kind": "multilabel", "name": "marks", "title": "Marks", "labels": ["x", "y"]}
    better_ = {"kind": "pairwise", "name": "better", "title": "Better"}

    def planned(policy):
        asked = policy.pop("questions", [rating, better_])
        return from_data({"name": "small", "title": "S", "questions": asked,
                          "assignment": {"order": "duel_ucb", **policy}})  # fmt: skip

    assert reading.asked(planned({})).name == "better"  # not the rating before it
    assert reading.asked(planned({"order": "jury"})).name == "clear"
    assert said() == said(order="jury", strata="half") == []
    assert "'clear' is none" in said(question="clear")[0]
    assert "the study asks none" in said(order="uncertain", questions=[marks])[0]
    assert said(order="shared", questions=[marks]) == []
    assert "fact 'hallf', which no item has" in said(strata="hallf")[0]


def test_a_duel_without_a_comparison_takes_every_unit_alike(db):
    marks = "  - {kind: multilabel, name: marks, title: Marks, labels: [x, y]}"
    question = "  - {kind: pairwise, name: better, title: Which is better, both_bad: true}"
    policy = "{overlap: 9, order: duel_thompson}"
    text = PROTOCOL.replace("{overlap: 2}", policy).replace(question, marks)
    made = studies.create(db, ANA, from_yaml(text))
    fill(db, made, 10)
    studies.set_state(db, ANA, "small", "open")
    assignment.current(db, ANA, "small")
    assert [(r.propensity, r.design) for r in rows(db)] == [(0.1, "draw:10")]


def test_duels_are_about_sources_and_follow_the_log(db):
    study = opened(db, "{overlap: 50, order: duel_ucb, epsilon: 0.1}", 6)
    sources = ["p1", "p2", "p3"]
    with db.write() as connection:
        for n, (x, y) in enumerate([(0, 1), (0, 2), (1, 2)] * 2):
            item = items.item_ids(connection, study.id)[f"item-{n}"]
            for key, source in (("a", sources[x]), ("b", sources[y])):
                table = Output.__table__
                connection.execute(
                    update(table).where(table.c.item == item, table.c.key == key)
                    .values(source=source)
                )  # fmt: skip
    for n in range(6):
        answer(db, study, "better", "person", f"x{n}", better(item_0="a", item_1="t"))
    held = assignment.current(db, ANA, "small")
    found = rows(db)[-1]
    assert found.propensity in (pytest.approx(0.9 / 2 + 0.1 / 6), pytest.approx(0.1 / 6))
    keys = Counter(
        assignment.current(db, Identity(f"q{n}"), "small").unit.key for n in range(30)
    )  # fmt: skip
    # p1 and p3 may each be the best, and p3 has not met p2 yet
    assert held is not None and keys["item-2"] + keys["item-5"] >= 22


def test_a_limit_ends_the_work_of_one_person(db):
    opened(db, "{overlap: 2, limit: 3}")
    assert len(walk(db, ANA)) == 3 and len(walk(db, BEN)) == 3
    assert assignment.why_nothing(db, ANA, "small") == "limit"


def test_options_stand_in_an_order_drawn_for_the_person_and_recorded(db):
    text = """
name: small
title: Labels
assignment: {overlap: 9, options: shuffled}
questions:
  - {kind: label, name: tone, title: Tone, labels: [warm, cold, dry, kind, rude]}
"""
    made = studies.create(db, ANA, from_yaml(text))
    fill(db, made, 2)
    studies.set_state(db, ANA, "small", "open")
    orders = {}
    for n in range(4):
        who = Identity(f"p{n}")
        held = assignment.current(db, who, "small")
        answering.submit(db, who, held, {"tone": "dry"})
        with db.read() as connection:
            unit = next(iter(material.all_units(connection, made)))
        assert unit[1].questions[0].digest == held.unit.questions[0].digest
        orders[who.name] = _shown(db, who.name)
    assert len(set(orders.values())) > 1
    assert all(sorted(o[2:]) == ["tone=cold", "tone=dry", "tone=kind", "tone=rude", "tone=warm"]
               for o in orders.values())  # fmt: skip


def test_what_has_an_order_of_its_own_keeps_it_and_the_rest_is_shuffled(db):
    text = """
name: small
title: Several
assignment: {overlap: 99, options: shuffled}
questions:
  - {kind: ranking, name: order, title: Best first}
  - {kind: multilabel, name: bad, title: "What is bad?", none: true,
     labels: [unclear, style > dull, style > rude, style > stiff, facts > made up, facts > old]}
  - {kind: multilabel, name: years, title: "From when?", ordered: true, labels: [old, middle, new]}
  - {kind: label, name: size, title: "How long?", ordered: true, labels: [short, fair, long]}
  - {kind: checklist, name: rules, title: "Does it keep to them?", lines: [one, two], na: true}
"""
    made = studies.create(db, ANA, from_yaml(text))
    fill(db, made, 1)
    studies.set_state(db, ANA, "small", "open")
    sides, orders = set(), set()
    people = iter(range(40))
    while len(sides) < 2 or len(orders) < 4:
        who = Identity(f"p{next(people)}")
        held = assignment.current(db, who, "small")
        answering.submit(db, who, held, {q.name: q.example(held.unit) for q in held.unit.questions})
        shown = _shown_by_question(db, who.name)
        sides.add(shown["order"])
        assert shown["order"] == held.unit.shown == tuple(o.key for o in held.unit.outputs)
        assert not any(shown[name][2:] for name in ("years", "size", "rules"))
        orders.add(shown["bad"][2:])
        groups = [option.partition("=")[2].partition(" > ")[0] for option in shown["bad"][2:]]
        assert len(groups) == 6 and len(list(itertools.groupby(groups))) == 3


def _shown_by_question(db, name):
    query = (
        select(Question.name, Judgment.shown)
        .join(Question, Question.id == Judgment.question)
        .join(Rater, Rater.id == Judgment.rater)
        .where(Rater.key == name)
    )
    with db.read() as connection:
        return {row.name: tuple(row.shown) for row in connection.execute(query)}


def _shown(db, name):
    query = select(Judgment.shown).join(Rater, Rater.id == Judgment.rater)
    with db.read() as connection:
        return tuple(connection.execute(query.where(Rater.key == name)).scalar())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("assignment: {order: best}", "assignment.order"),
        ("assignment: {epsilon: 0.01}", "assignment.epsilon"),
        ("assignment: {question: nothing}", "unknown question"),
        ("reveal: {worker: nobody}", "unknown worker"),
        ("reveal: {shares: {sometimes: 1}}", "no such arm"),
        ("experiment: {arms: [{name: one}]}", "two or more arms"),
        ("experiment: {arms: [{name: one}, {name: before}]}", "name of an arm of `reveal`"),
        ("checks: {gold_share: 0.5, retest_share: 0.5}", "less than a tenth"),
        ("checks: {rounds: [{name: gold}]}", "names of their own"),
    ],
)  # fmt: skip
def test_a_policy_that_cannot_be_is_refused(text, said):
    body = PROTOCOL.replace("assignment: {overlap: 2}\n", "")
    with pytest.raises(ProtocolError, match=said):
        from_yaml(f"{body}\n{text}")


def test_defaults_leave_the_protocol_as_it_was():
    plain = from_yaml(PROTOCOL).data()
    assert set(plain) == {"name", "title", "questions", "fields"}
