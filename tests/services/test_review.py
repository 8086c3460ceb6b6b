"""Reviewing: what is listed, in which order, and what a decision leaves behind."""

import numpy as np
import pytest

from core.protocol import from_yaml
from core.services import answering, assignment, cases, material, review, studies
from core.services.access import Denied, Identity
from core.services.studies import Refused
from core.units import Invalid
from storage import frames, items, judgments
from storage.judgments import Conflict, NewJudgment
from tests.services.answers import answer, better
from tests.services.conftest import ANA, BEN, EVA, PROTOCOL, fill

PROBE = Identity("probe", frozenset({"annotator"}))


@pytest.fixture
def judged(db, study):
    """Three people sure about item-0, split on item-1, agreed on item-2; one model against them."""
    ids = answer(db, study, "better", "person", "ana", better(item_0="a", item_1="a", item_2="b"))
    answer(db, study, "better", "person", "ben", better(item_0="a", item_1="b", item_2="b"))
    answer(db, study, "better", "person", "eva", better(item_0="a", item_1="t", item_2="b"))
    answer(
        db, study, "better", "model", "judge-1", better(item_0="b", item_1="b", item_2="b"),
        rationale="B is clearer.", confidence=0.9, seconds=1.5,
    )  # fmt: skip
    return ids


def listed(db, kind, **more):
    found = cases.queue(db, ANA, "small", "better", kind, **more)
    return [case.unit_id for case in found.cases]


def test_sure_people_against_a_model_come_first(db, judged):
    assert listed(db, "people-models") == [judged["item-0"], judged["item-1"]]
    first, second = cases.queue(db, ANA, "small", "better").cases
    assert (first.people, first.models, first.contested) == (3, 1, False)
    assert second.contested
    assert first.gap == pytest.approx(1.0)


def test_people_among_themselves(db, judged):
    assert listed(db, "people") == [judged["item-1"]]


def test_everybody(db, judged):
    assert set(listed(db, "all")) == {judged["item-0"], judged["item-1"]}


def test_one_model_of_several(db, study, judged):
    answer(db, study, "better", "rule", "longer", better(item_2="a"))
    found = cases.queue(db, ANA, "small", "better")
    names = {name: i for i, name in found.raters.items()}
    assert set(names) == {"judge-1", "longer"}
    assert listed(db, "people-models", rater=names["longer"]) == [judged["item-2"]]


def test_new_answers_corrections_and_withdrawals_show_at_once(db, study, judged):
    assert len(listed(db, "people-models")) == 2
    answer(db, study, "better", "model", "judge-1", better(item_3="a"))
    answer(db, study, "better", "person", "ana", better(item_3="b"))
    assert judged["item-3"] in listed(db, "people-models")
    with db.write() as connection:
        rows = connection.execute(
            judgments.J.select().where(judgments.J.c.unit == judged["item-0"])
        )
        old = next(row for row in rows if row.rationale == "B is clearer.")
        asked = study.protocol.question("better")
        judgments.append(connection, study.id, [NewJudgment(
            unit=old.unit, unit_key="item-0", question=old.question, question_digest=asked.digest,
            rater=old.rater, rater_key="model:judge-1", value=None, withdrawn=True,
            replaces=(old.id, old.sequence),
        )])  # fmt: skip
    assert judged["item-0"] not in listed(db, "people-models")


def test_repeats_of_one_model_share_one_vote(db, study, judged):
    answer(db, study, "better", "model", "judge-1", better(item_2="a"), repeat=1)
    case = next(c for c in cases.queue(db, ANA, "small", "better").cases
                if c.unit_id == judged["item-2"])  # fmt: skip
    assert case.models == 1
    assert 0 < case.gap < 1


def test_a_look_without_news_reads_no_judgments(db, judged, monkeypatch):
    listed(db, "people-models")
    seen = []
    monkeypatch.setattr(frames, "answers", lambda *args: seen.append(args))
    assert len(listed(db, "people-models")) == 2
    assert seen == []


def test_the_cached_reading_equals_a_fresh_one(db, study, judged):
    for n in range(6):
        listed(db, "all")
        answer(db, study, "better", "rule", f"rule {n}", better(**{f"item_{n}": "ab"[n % 2]}))
    warm = cases.queue(db, ANA, "small", "better", "all").cases
    db.cache.clear()
    assert warm == cases.queue(db, ANA, "small", "better", "all").cases


def test_ordered_scales_count_distance(db):
    plan = from_yaml(
        PROTOCOL.replace("name: small", "name: scaled")
        .replace(
            "questions:",
            "units: each\nquestions:\n  - {kind: rating, name: score, title: How good}",
        )
        .replace("  - {kind: pairwise, name: better, title: Which is better, both_bad: true}\n", "")
    )
    made = studies.create(db, ANA, plan)
    fill(db, made)
    answer(db, made, "score", "person", "ana", {"item-0/a": 5, "item-1/a": 5})
    answer(db, made, "score", "person", "ben", {"item-0/a": 5, "item-1/a": 5})
    ids = answer(db, made, "score", "model", "m", {"item-0/a": 4, "item-1/a": 1})
    found = cases.queue(db, ANA, "scaled", "score").cases
    assert [c.unit_id for c in found] == [ids["item-1/a"], ids["item-0/a"]]
    assert [c.gap for c in found] == pytest.approx([1.0, 0.25])


def test_detail_shows_who_answered_what_and_why(db, study, judged):
    found = review.detail(db, ANA, "small", "better", judged["item-0"])
    assert [(a.rater, a.words) for a in found.answers] == [
        ("ana", "A is better"), ("ben", "A is better"), ("eva", "A is better"),
        ("judge-1", "B is better"),
    ]  # fmt: skip
    model = found.answers[-1]
    assert (model.rationale, model.shown, model.confidence) == ("B is clearer.", "B, A", 0.9)
    assert found.gold == "A is better"
    assert found.adjudicated is None
    assert found.unit.shown == ("a", "b")


def test_a_cause_is_kept_changed_and_counted(db, judged):
    unit = judged["item-0"]
    review.give_cause(db, ANA, "small", "better", unit, "slip")
    review.give_cause(db, BEN, "small", "better", unit, "judge error", "misread the list")
    found = review.detail(db, ANA, "small", "better", unit)
    assert found.cause == "judge error"
    assert [(c["by"], c["cause"]) for c in found.causes] == [
        ("ana", "slip"),
        ("ben", "judge error"),
    ]
    assert review.causes(db, ANA, "small")["judge error"] == 1
    assert sum(review.causes(db, ANA, "small", "better").values()) == 1
    review.give_cause(db, BEN, "small", "better", unit, "")
    assert sum(review.causes(db, ANA, "small").values()) == 0
    assert cases.queue(db, ANA, "small", "better").decided == 0


def test_decided_cases_go_to_the_end(db, judged):
    review.give_cause(db, ANA, "small", "better", judged["item-0"], "judge error")
    found = cases.queue(db, ANA, "small", "better")
    assert [c.unit_id for c in found.cases] == [judged["item-1"], judged["item-0"]]
    assert found.decided == 1


def test_an_unknown_cause_is_refused(db, judged):
    with pytest.raises(Invalid, match="rubric gap"):
        review.give_cause(db, ANA, "small", "better", judged["item-0"], "bad luck")


def test_adjudicating_stores_a_row_and_leaves_first_answers_alone(db, study, judged):
    unit = judged["item-1"]
    with db.read() as connection:
        before = frames.tail(connection, study.id)
    seen = review.detail(db, EVA, "small", "better", unit)
    review.adjudicate(db, EVA, "small", seen, {"winner": "a"}, "A keeps to the limit.")
    found = review.detail(db, ANA, "small", "better", unit)
    assert found.adjudicated.words == "A is better"
    assert (found.adjudicated.rater, found.adjudicated.rationale) == (
        "eva",
        "A keeps to the limit.",
    )
    assert len(found.answers) == 4
    with db.read() as connection:
        assert np.array_equal(before, frames.tail(connection, study.id))
        assert all(isinstance(step, int) for step in judgments.verify(connection, study.id))
    assert cases.queue(db, ANA, "small", "better").decided == 1


def test_a_decision_may_be_changed_and_taken_back(db, judged):
    def now():
        return review.detail(db, EVA, "small", "better", judged["item-1"])

    one = review.adjudicate(db, EVA, "small", now(), {"winner": "a"})
    assert review.adjudicate(db, EVA, "small", now(), {"winner": "a"}) == one
    two = review.adjudicate(db, EVA, "small", now(), {"winner": "b"})
    assert two == one + 1
    review.adjudicate(db, EVA, "small", now(), None)
    assert now().adjudicated is None
    assert cases.queue(db, ANA, "small", "better").decided == 0
    with pytest.raises(Refused, match="nothing"):
        review.adjudicate(db, EVA, "small", now(), None)
    review.adjudicate(db, EVA, "small", now(), {"winner": "a"})
    assert now().adjudicated.words == "A is better"


def test_the_newest_decision_of_anybody_counts(db, judged):
    def now():
        return review.detail(db, EVA, "small", "better", judged["item-1"])

    stale = now()
    review.adjudicate(db, EVA, "small", stale, {"winner": "a"})
    with pytest.raises(Conflict, match="meanwhile"):
        review.adjudicate(db, ANA, "small", stale, {"winner": "b"})
    review.adjudicate(db, ANA, "small", now(), {"winner": "b"})
    assert now().adjudicated.rater == "ana"
    review.adjudicate(db, ANA, "small", now(), None)
    assert now().adjudicated.rater == "eva"
    assert cases.queue(db, ANA, "small", "better").decided == 1


def test_a_wrong_value_is_refused(db, judged):
    seen = review.detail(db, EVA, "small", "better", judged["item-1"])
    with pytest.raises(Invalid):
        review.adjudicate(db, EVA, "small", seen, {"winner": "c"})


def test_annotators_may_not_review(db, judged):
    with pytest.raises(Denied, match="researcher"):
        cases.queue(db, PROBE, "small", "better")
    with pytest.raises(Denied):
        review.detail(db, PROBE, "small", "better", judged["item-0"])
    with pytest.raises(Denied):
        review.give_cause(db, PROBE, "small", "better", judged["item-0"], "slip")


def test_a_study_without_answers_has_no_cases(db, study):
    assert listed(db, "people-models") == listed(db, "all") == []
    assert [q.name for q in cases.questions(study)] == ["better"]


def test_answers_given_on_the_page_are_reviewed(db, study):
    for who, place in ((ANA, 0), (BEN, 1)):
        held = assignment.current(db, who, "small")
        answering.submit(db, who, held, {"better": {"winner": held.unit.order[place]}})
    (case,) = cases.queue(db, ANA, "small", "better", "people").cases
    found = review.detail(db, ANA, "small", "better", case.unit_id)
    assert {a.rater for a in found.answers} == {"ana", "ben"}


def test_gold_about_one_output_reaches_only_its_unit(db):
    plan = from_yaml(PROTOCOL.replace("small", "mixed", 1).replace(
        "questions:", "units: {by: half, first: each}\nquestions:"))  # fmt: skip
    made = studies.create(db, ANA, plan)
    fill(db, made)
    with db.write() as connection:
        gold = {"score/a": 4, "score/b": 2, "better": {"winner": "a"}}
        connection.execute(items.I.update().values(gold=gold))
    with db.read() as connection:
        units = {u.key: u for _, u in material.all_units(connection, made)}
    assert len(units) == 3 * 2 + 3
    assert units["item-0/a"].gold == {"score": 4, "better": {"winner": "a"}}
    assert units["item-0/b"].gold["score"] == 2
    assert units["item-5"].gold == {"better": {"winner": "a"}}


def test_a_decision_about_an_older_wording_is_refused(db, judged):
    case = cases.queue(db, EVA, "small", "better").cases[0]
    seen = review.detail(db, EVA, "small", "better", case.unit_id)
    text = PROTOCOL.replace("Which is better", "Which is worse")
    studies.edit(db, EVA, "small", from_yaml(text), studies.load(db, "small").version)
    with pytest.raises(Conflict, match="changed meanwhile"):
        review.adjudicate(db, EVA, "small", seen, {"winner": "a"})
