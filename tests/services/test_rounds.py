"""Rounds, known answers, attention items, units asked again: given out unseen, and reported."""

from collections import Counter
from dataclasses import fields

import pytest
from sqlalchemy import select, update

from core.protocol import from_data, from_yaml
from core.services import (
    admission,
    analysis,
    answering,
    assignment,
    cases,
    effects,
    material,
    overview,
    participants,
    quality,
    studies,
)
from core.services.access import Identity
from core.services.studies import Refused
from core.units import Invalid
from storage import items
from storage.tables import Assignment, Event, Judgment, Study, Unit
from tests.services.conftest import ANA, BEN, PROTOCOL, fill

S, J, U = Assignment.__table__, Judgment.__table__, Unit.__table__
A, B = {"winner": "a"}, {"winner": "b"}


def opened(db, checks, uses=(), count=12, *, seed=3, more=""):
    """An open study of `count` plain pairs, and one pair more for each of `uses`; all gold is a."""
    text = PROTOCOL.replace("{overlap: 2}", "{overlap: 50}") + f"checks: {checks}\n{more}"
    made = studies.create(db, ANA, from_yaml(text))
    words = lambda text: {"kind": "text", "data": text}
    rows = [{} for _ in range(count)] + [{"use": use, "feedback": "A says so."} for use in uses]
    with db.write() as connection:
        connection.execute(update(Study.__table__).values(seed=seed))
        items.add_items(connection, made.id, (
            {"key": f"i{n}", "content": {"prompt": words(f"Prompt {n}")}, "meta": meta,
             "gold": {"better": A}} for n, meta in enumerate(rows)
        ))  # fmt: skip
        ids = items.item_ids(connection, made.id)
        items.add_outputs(connection, made.id, (
            {"item": i, "key": o, "content": words(f"Answer {o} to {k}")}
            for k, i in ids.items() for o in "ab"
        ))  # fmt: skip
        material.add_missing_units(connection, studies.load(db, "small", connection))
    return studies.set_state(db, ANA, "small", "open")


def rows(db, table):
    with db.read() as connection:
        return connection.execute(select(table).order_by(table.c.id)).all()


def work(db, who, value=A, most=1000, **by_stage):
    """Answer everything that comes; the tickets."""
    held, seen = assignment.current(db, who, "small"), []
    while held and len(seen) < most:
        given = by_stage.get(held.stage, value)
        seen.append(held)
        receipt = answering.submit(db, who, held, {"better": given}, 9.0, follow=True)
        held = receipt.next or assignment.current(db, who, "small")
    return seen


def test_checks_are_mixed_in_and_a_ticket_never_tells(db):
    opened(db, "{gold_share: 0.2, attention_share: 0.1, retest_share: 0.2, retest_gap: 3}",
           ["gold"] * 4 + ["attention"] * 2, 20)  # fmt: skip
    seen = work(db, ANA)
    by = {r.id: r for r in rows(db, S)}
    stages = Counter(by[t.id].stage for t in seen)
    assert stages["first"] == 20 and stages["gold"] and stages["attention"] and stages["retest"]
    plain = next(t for t in seen if by[t.id].stage == "first")
    for held in seen:
        for f in fields(held):
            if f.name not in {"id", "unit_id", "unit", "place", "total", "most"}:
                assert getattr(held, f.name) == getattr(plain, f.name), f.name
        assert held.unit.meta == held.unit.gold == {} and held.unit.condition == ""
        assert {o.source for o in held.unit.outputs} == {""}
        assert "attention" not in repr(held) and "retest" not in repr(held)
    drawn = [r for r in by.values() if r.stage != "first"]
    assert all(r.design.startswith("draw:") and 0 < r.propensity <= 1 for r in drawn)
    logged = Counter(r.stage for r in rows(db, J))
    assert logged == {"first": 20 + stages["gold"], "attention": stages["attention"],
                      "retest": stages["retest"]}  # fmt: skip
    assert {u.taken for u in rows(db, U) if u.position < 0} == {0}


def test_a_unit_asked_again_comes_later_with_sides_drawn_anew_and_no_earlier_answer(db):
    opened(db, "{retest_share: 0.4, retest_gap: 4}", count=25)
    seen = work(db, ANA)
    by = {r.id: r for r in rows(db, S)}
    again = [t for t in seen if by[t.id].stage == "retest"]
    first = {t.unit_id: t for t in seen if by[t.id].stage == "first"}
    assert len(again) >= 6 and len({t.unit_id for t in again}) == len(again)
    assert all(t.place - first[t.unit_id].place >= 4 for t in again)
    assert all(not t.given and not t.draft for t in again)
    assert any(t.unit.shown != first[t.unit_id].unit.shown for t in again)


def test_a_skipped_check_takes_nothing_from_the_overlap(db):
    opened(db, "{gold_share: 0.5}", ["gold"] * 9)
    held = assignment.current(db, ANA, "small")
    while rows(db, S)[-1].stage != "gold":
        held = answering.submit(db, ANA, held, {"better": A}, 9.0, follow=True).next
    answering.skip(db, ANA, held, "unclear")
    assert {u.taken for u in rows(db, U) if u.position < 0} == {0}
    answering.submit(db, ANA, assignment.at(db, ANA, "small", held.place), {"better": A}, 9.0)
    assert rows(db, S)[-1].state == "submitted"


def test_training_explains_and_comes_first(db):
    opened(db, "{rounds: [{name: warm_up}]}", ["warm_up"] * 2)
    held = assignment.current(db, ANA, "small")
    assert held.stage == "training" and held.unit.key == "i12"
    receipt = answering.submit(db, ANA, held, {"better": B}, 9.0, follow=True)
    (said,) = receipt.feedback
    assert receipt.next is None and not said.right and said.why == "A says so."
    assert said.known == f"{held.unit.letter('a')} is better"
    with pytest.raises(Refused, match="stay as they are"):
        answering.submit(db, ANA, assignment.at(db, ANA, "small", 1), {"better": A}, 9.0)
    with pytest.raises(Refused, match="asks every unit"):
        answering.skip(db, ANA, assignment.current(db, ANA, "small"), "unclear")
    assert [t.unit.key for t in work(db, ANA, most=2)] == ["i13", "i0"]
    assert {r.stage for r in rows(db, J)} == {"training", "first"}


def test_a_qualification_that_is_failed_is_repeated_and_then_ends_the_work(db):
    opened(db, "{rounds: [{name: entry, kind: qualification, mark: 0.6, attempts: 2}]}",
           ["entry"] * 2)  # fmt: skip
    failed = work(db, ANA, B)
    assert [t.unit.key for t in failed] == ["i12", "i13", "i12", "i13"]
    assert [r.repeat for r in rows(db, S)] == [0, 0, 1, 1]
    assert assignment.why_nothing(db, ANA, "small") == "not_admitted"
    held = assignment.current(db, BEN, "small")
    assert answering.submit(db, BEN, held, {"better": A}, 9.0).feedback == ()
    passed = work(db, BEN)
    assert len(passed) == 1 + 12 and assignment.why_nothing(db, BEN, "small") == ""
    held = assignment.current(db, Identity("eva"), "small")  # under way, neither in nor out
    assert {q.name: q.failed for q in quality.table(db, ANA, "small")} == {
        "ana": True, "ben": False, "eva": False
    }  # fmt: skip


def test_a_calibration_round_comes_when_agreement_has_drifted(db):
    opened(db, "{rounds: [{name: tune, kind: calibration, drift: 0.7, window: 5}]}",
           ["tune"] * 2, 16)  # fmt: skip
    for who in (BEN, Identity("eva")):
        assert {t.stage for t in work(db, who)} == {"first"}
    seen = work(db, ANA, B)
    places = [t.place for t in seen if t.stage == "training"]
    assert places[:2] == [6, 7] and len(places) >= 4
    events = [e.data for e in rows(db, Event.__table__) if e.kind == "calibration"]
    assert events[0] == {"round": "tune", "agreement": 0.0, "n": 5}
    ana = next(q for q in quality.table(db, ANA, "small") if q.name == "ana")
    assert (ana.calibrations, ana.drifted) == (len(events), events[-1]["agreement"])
    assert {r.repeat for r in rows(db, S) if r.stage == "training"} >= {0, 1}


def test_an_answer_below_the_least_time_is_not_taken_and_that_is_known(db):
    opened(db, "{minimum_seconds: 3}")
    held = assignment.current(db, ANA, "small")
    for seconds in (1.0, None):
        with pytest.raises(Invalid, match="3 seconds"):
            answering.submit(db, ANA, held, {"better": A}, seconds)
    assert rows(db, J) == []
    assert [e.kind for e in rows(db, Event.__table__)][-2:] == ["hurried", "hurried"]
    answering.submit(db, ANA, held, {"better": A}, 3.0)
    answering.submit(db, ANA, assignment.at(db, ANA, "small", 1), {"better": B}, 0.5)


def test_pools_can_be_named_after_the_items_came(db):
    opened(db, "{}", ["gold"] * 3, 6)
    assert min(u.position for u in rows(db, U)) == 0
    study = studies.load(db, "small")
    changed = from_data({**study.protocol.data(), "checks": {"gold_share": 0.5}})
    studies.edit(db, ANA, "small", changed, study.version)
    assert sum(u.position < 0 for u in rows(db, U)) == 3
    assert sorted(u.position for u in rows(db, U) if u.position >= 0) == list(range(6))
    assert len({t.unit_id for t in work(db, ANA)}) >= 6
    study = studies.load(db, "small")
    plain = from_data({**study.protocol.data(), "checks": {}})
    studies.edit(db, ANA, "small", plain, study.version)
    assert min(u.position for u in rows(db, U)) == 0


EXPERIMENT = """
experiment:
  design: %s
  arms:
    - {name: full}
    - {name: bare, hide: [prompt], skip: [why], guidelines: Look at the answers alone.}
questionnaire: {before: [years], after: [tired]}
"""


def test_people_are_spread_over_the_arms_and_see_what_their_arm_shows(db):
    text = PROTOCOL.replace("{overlap: 2}", "{overlap: 50}")
    text += "  - {kind: label, name: years, title: Years of practice, labels: [few, many]}\n"
    text += "  - {kind: label, name: tired, title: Are you tired, labels: ['yes', 'no']}\n"
    made = studies.create(db, ANA, from_yaml(text + EXPERIMENT % "between"))
    fill(db, made, 4)
    studies.set_state(db, ANA, "small", "open")
    kept = Counter()
    for n in range(6):
        who = Identity(f"p{n}")
        held = assignment.current(db, who, "small")
        assert [q.name for q in held.unit.questions] == ["years"] and held.unit.fields == {}
        held = answering.submit(db, who, held, {"years": "few"}, follow=True).next
        bare = "prompt" not in held.unit.fields
        asked = [q.name for q in held.unit.questions]
        assert asked == (["better"] if bare else ["better", "why"])
        assert held.guidelines == ("Look at the answers alone." if bare else "")
        kept[bare] += 1
        for _ in range(4):
            held = answering.submit(db, who, held, {"better": A}, follow=True).next
        assert [q.name for q in held.unit.questions] == ["tired"]
        assert answering.submit(db, who, held, {"tired": "no"}, follow=True).next is None
    assert kept == {True: 3, False: 3}
    by_arm = effects.of_arms(db, ANA, "small", "tired")
    assert [(row.arm, row.people, row.counts) for row in by_arm] == [
        ("full", 3, {"no": 3}), ("bare", 3, {"no": 3})
    ]  # fmt: skip
    said = participants.answers(db, ANA, "small", "tired")
    assert (said.people, said.shares["no"].value, said.shares["no"].n) == (6, 1.0, 6)
    assert participants.about_people(studies.load(db, "small"), "better") is None
    assert [one.name for one in cases.questions(studies.load(db, "small"))] == ["better"]
    studies.clone(db, ANA, "small", "copy")
    studies.set_state(db, ANA, "copy", "open")
    held = assignment.current(db, BEN, "copy")
    assert [q.name for q in held.unit.questions] == ["years"]
    held = answering.submit(db, BEN, held, {"years": "few"}, follow=True).next
    assert held.unit.key == "item-0"
    arms = {(r.rater, r.arm) for r in rows(db, S) if r.study == made.id}
    assert len(arms) == 6 and {r.stage for r in rows(db, J)} == {"first", "participant"}


def test_within_people_the_arms_come_equally_often(db):
    body = EXPERIMENT.split("questionnaire")[0] % "within"
    made = studies.create(db, ANA, from_yaml(PROTOCOL + body))
    fill(db, made, 8)
    studies.set_state(db, ANA, "small", "open")
    work(db, ANA)
    assert Counter(r.arm for r in rows(db, S)) == {"full": 4, "bare": 4}


ENTRY = "{rounds: [{name: entry, kind: qualification, mark: 0.6}]}"


def test_a_qualification_that_would_admit_everybody_keeps_the_study_closed(db):
    made = studies.create(db, ANA, from_yaml(PROTOCOL + f"checks: {ENTRY}\n"))
    fill(db, made, 2)
    with pytest.raises(Refused, match="'entry' has no item with a known answer"):
        studies.set_state(db, ANA, "small", "open")
    (said,) = admission.warnings(db, ANA, "small")
    assert "fact 'use' is 'entry'" in said
    words = {"kind": "text", "data": "Which?"}
    for key, gold in (("bad", {"better": {"winner": "nobody"}}), ("good", {"better": A})):
        with db.write() as connection:
            items.add_items(connection, made.id, [
                {"key": key, "content": {"prompt": words}, "meta": {"use": "entry"}, "gold": gold}
            ])  # fmt: skip
            item = items.item_ids(connection, made.id)[key]
            items.add_outputs(connection, made.id, [
                {"item": item, "key": o, "content": words} for o in "ab"
            ])  # fmt: skip
            material.add_missing_units(connection, studies.load(db, "small", connection))
        assert bool(admission.warnings(db, ANA, "small")) == (key == "bad")
    assert studies.set_state(db, ANA, "small", "open").state == "open"


def test_a_qualification_without_a_mark_is_said_to_admit_everybody(db):
    opened(db, "{rounds: [{name: entry, kind: qualification}]}", ["entry"])
    (said,) = admission.warnings(db, ANA, "small")
    assert "mark 0" in said
    assert admission.warnings(db, ANA, "small", from_yaml(PROTOCOL)) == []


def test_what_is_asked_apart_is_no_part_of_coverage(db):
    study = opened(db, "{gold_share: 0.3, attention_share: 0.3, rounds: [{name: warm_up}]}",
                   ["gold"] * 2 + ["attention"] * 3 + ["warm_up"] * 4, 6)  # fmt: skip
    data = study.protocol.data()
    data["questions"] = [*data["questions"], {"kind": "number", "name": "age", "title": "Age"}]
    data["questionnaire"] = {"before": ["age"]}
    studies.edit(db, ANA, "small", from_data(data), study.version)
    held = assignment.current(db, ANA, "small")
    answering.submit(db, ANA, held, {"age": 30}, 9.0)
    work(db, ANA)
    found = analysis.agreement(db, ANA, "small", "better")
    (ana,) = found.raters
    gold = {r.unit for r in rows(db, S) if r.stage == "gold"}
    assert found.units == 6 + 2 and ana.n == 6 + len(gold)
    seen = overview.overview(db, ANA, "small")
    assert (seen.items, seen.units) == (15, 6)
    assert studies.listing(db, ANA)[0].units == 6


def test_a_calibration_comes_again_only_while_agreement_stays_low(db):
    opened(db, "{rounds: [{name: tune, kind: calibration, drift: 0.7, window: 5}]}",
           ["tune"] * 2, 24)  # fmt: skip
    for who in (BEN, Identity("eva")):
        work(db, who)
    held, places = assignment.current(db, ANA, "small"), []
    while held is not None:
        mended = len(places) >= 4  # after the second round she answers as the others do
        places += [held.place] if held.stage == "training" else []
        given = A if mended else B
        receipt = answering.submit(db, ANA, held, {"better": given}, 9.0, follow=True)
        held = receipt.next or assignment.current(db, ANA, "small")
    assert places[:2] == [6, 7] and len(places) == 4 and places[2] >= 7 + 5
    events = [e.data["agreement"] for e in rows(db, Event.__table__) if e.kind == "calibration"]
    assert len(events) == 2 and max(events) < 0.7


def test_how_many_may_come_is_known_from_the_first_and_tells_no_check_apart(db):
    checks = "{gold_share: 0.3, attention_share: 0.2, rounds: [{name: teach, kind: training}]}"
    opened(db, checks, ["gold"] * 3 + ["attention"] * 2 + ["teach"] * 2)
    seen = work(db, ANA)
    assert {held.most for held in seen} == {19} and seen[-1].place <= 19


def test_how_many_may_come_keeps_to_the_limit_and_counts_units_asked_again(db):
    opened(db, "{retest_share: 0.25, retest_gap: 1}")
    assert assignment.current(db, ANA, "small").most == 16
    limited = from_yaml(PROTOCOL.replace("{overlap: 2}", "{overlap: 50, limit: 5}"))
    studies.edit(db, ANA, "small", limited, 1)
    assert assignment.current(db, BEN, "small").most == 5
