"""Work by person, how well it goes, and what reveals and arms did."""

from collections import Counter

import numpy as np
import pytest
from scipy import stats
from sqlalchemy import select

from core.protocol import from_yaml
from core.services import answering, assignment, effects, quality, studies, team
from core.services.access import Denied, Identity
from core.services.studies import Refused
from core.units import Invalid
from storage.tables import Assignment, Unit
from tests.services import test_reveal, test_rounds
from tests.services.answers import answer, better
from tests.services.conftest import ANA, BEN, EVA, PROTOCOL, fill

A, B = {"winner": "a"}, {"winner": "b"}
S, U = Assignment.__table__, Unit.__table__
NOA = Identity("noa", frozenset({"annotator"}))


def rows(db, table):
    with db.read() as connection:
        return connection.execute(select(table).order_by(table.c.id)).all()


def by_name(db):
    return {one.name: one for one in quality.table(db, ANA, "small")}


def test_units_are_given_moved_and_released_within_the_overlap(db, study):
    assert team.give(db, EVA, "small", "ana", 4) == 4
    assert team.give(db, EVA, "small", "ben", 2, units=["item-5", "item-0"]) == 2
    assert team.give(db, EVA, "small", "ben", 9, units=["item-0"]) == 0
    assert {u.taken for u in rows(db, U)} == {0, 1, 2}
    held = assignment.current(db, BEN, "small")
    assert held.unit.key == "item-5"
    assignment.save_draft(db, BEN, held, {"better": A})
    lease = rows(db, S)[4].lease_until
    assert lease - rows(db, S)[4].created_at > 6 * team.DAY
    assert team.move(db, EVA, "small", "ana", ["ben", "cleo"]) == {"ben": 2, "cleo": 2}
    found = by_name(db)
    assert [found[n].work.waiting for n in ("ana", "ben", "cleo")] == [0, 4, 2]
    assert team.release(db, EVA, "small", "ben") == 3
    assert by_name(db)["ben"].work.waiting == 1
    assert sum(u.taken for u in rows(db, U)) == 3
    policies = Counter(r.policy for r in rows(db, S))
    assert policies["rebalance/1"] == 4 and policies["hand/1"] == 2
    moved = assignment.current(db, Identity("cleo"), "small")
    answering.submit(db, Identity("cleo"), moved, {"better": A})
    with pytest.raises(Invalid, match="no unit is called"):
        team.give(db, EVA, "small", "ben", 1, units=["item-99"])
    with pytest.raises(Denied):
        team.give(db, NOA, "small", "ben", 1)


def test_a_unit_that_nobody_else_can_take_stays(db, study):
    team.give(db, EVA, "small", "ana", 1, units=["item-0"])
    team.give(db, EVA, "small", "ben", 1, units=["item-0"])
    assert team.move(db, EVA, "small", "ana", ["ben"]) == {"ben": 0}
    assert by_name(db)["ana"].work.waiting == 1 and rows(db, U)[0].taken == 2


def test_somebody_paused_gets_nothing_and_loses_no_answer(db, study):
    held = assignment.current(db, NOA, "small")
    assert team.block(db, EVA, "small", "noa") == 1
    assert rows(db, U)[0].taken == 0
    answering.submit(db, NOA, held, {"better": A}, follow=True)
    assert assignment.current(db, NOA, "small") is None
    assert assignment.why_nothing(db, NOA, "small") == "blocked"
    assert by_name(db)["noa"].work.answered == 1
    team.block(db, EVA, "small", "noa", False)
    assert assignment.current(db, NOA, "small") is not None
    team.limit(db, EVA, "small", "noa", 1)
    assert assignment.why_nothing(db, NOA, "small") == "limit"
    with pytest.raises(Refused, match="nobody called"):
        team.block(db, EVA, "small", "zoe")
    with pytest.raises(Denied):
        team.block(db, NOA, "small", "noa", False)


def test_the_quality_of_each_person_is_counted(db):
    checks = """{gold_share: 0.2, attention_share: 0.2, retest_share: 0.2, retest_gap: 2,
      rounds: [{name: entry, kind: qualification, mark: 0.5}]}"""
    test_rounds.opened(db, checks, ["gold"] * 3 + ["attention"] * 3 + ["entry"] * 2, 16)
    test_rounds.work(db, ANA, A)
    with pytest.raises(Denied):
        quality.table(db, NOA, "small")
    ana = by_name(db)["ana"]
    logged = Counter(r.stage for r in rows(db, test_rounds.J))
    assert (ana.gold.value, ana.gold.n) == (1.0, logged["first"])
    assert (ana.attention.value, ana.attention.n) == (1.0, logged["attention"])
    assert (ana.retest.value, ana.retest.n) == (1.0, logged["retest"])
    assert (ana.rounds["entry"].value, ana.rounds["entry"].n) == (1.0, 2)
    held = assignment.current(db, BEN, "small")
    sides = {A["winner"]: A, B["winner"]: B}
    turn = 0
    while held:
        turn += 1
        given = A if held.stage == "training" else sides["ab"[turn % 2]]
        receipt = answering.submit(db, BEN, held, {"better": given}, 2.0, follow=True)
        held = receipt.next
    ben = by_name(db)["ben"]
    assert 0.3 < ben.gold.value < 0.7 and ben.gold.low < ben.gold.value < ben.gold.high
    assert ben.seconds == 2.0 and ben.attention.n > 0
    by = {row["person"]: row for row in quality.rows(quality.table(db, ANA, "small"))}
    assert by["ana"]["gold"] == 1.0 and by["ben"]["gold_n"] == ben.gold.n


def test_a_researcher_may_ask_for_a_calibration(db):
    checks = "{rounds: [{name: tune, kind: calibration}]}"
    test_rounds.opened(db, checks, ["tune"] * 2, 4)
    held = assignment.current(db, BEN, "small")
    team.calibrate(db, EVA, "small", "ben", "tune")
    after = answering.submit(db, BEN, held, {"better": A}, follow=True).next
    assert after.stage == "training"
    seen = test_rounds.work(db, BEN)
    assert Counter(t.stage for t in seen) == {"training": 2, "first": 3}
    assert by_name(db)["ben"].calibrations == 1
    with pytest.raises(Refused, match="no calibration round"):
        team.calibrate(db, EVA, "small", "ben", "nothing")


def test_anchoring_and_flips_are_counted_with_their_intervals(db):
    test_reveal.opened(db, "{mode: arms}", 30, "b")
    assert not effects.of_reveal(db, ANA, "small", "better").anchoring.defined
    for n in range(4):
        who = Identity(f"p{n}")
        held = assignment.current(db, who, "small")
        while held:
            swayed = bool(held.verdicts) and held.place % 2
            held = answering.submit(
                db, who, held, {"better": B if swayed else A}, 1.0, follow=True
            ).next
    found = effects.of_reveal(db, ANA, "small", "better")
    assert sum(found.arms.values()) == 120
    assert found.anchoring.coverage == found.changed.coverage == found.wronged.coverage == 1
    assert 0.2 < found.anchoring.value < 0.8
    assert found.anchoring.low < found.anchoring.value < found.anchoring.high
    assert found.anchoring.detail["other"] == 0.0
    assert found.changed.n == found.arms["after"] == found.wronged.n
    assert found.wronged.value == found.changed.value == found.towards.value > 0
    assert not found.righted.defined and "wrong first answers" in found.righted.note


def test_arms_have_results_of_their_own(db):
    body = test_rounds.EXPERIMENT.split("questionnaire")[0] % "between"
    made = studies.create(db, ANA, from_yaml(PROTOCOL.replace("2}", "9}") + body))
    fill(db, made, 6)
    studies.set_state(db, ANA, "small", "open")
    answer(db, made, "better", "model", "m", better(item_0="a"))
    for n in range(4):
        who = Identity(f"p{n}")
        held = assignment.current(db, who, "small")
        bare = "prompt" not in held.unit.fields
        while held:
            given = B if bare and held.place % 3 == 0 else A
            held = answering.submit(db, who, held, {"better": given}, 1.0, follow=True).next
    full, bare = effects.of_arms(db, ANA, "small", "better")
    assert (full.arm, full.people, full.answers, full.accuracy.value) == ("full", 2, 12, 1.0)
    assert bare.accuracy.value == pytest.approx(8 / 12) and bare.alpha.value == 1.0
    assert full.effect is None and bare.effect.value == pytest.approx(-1 / 3)
    assert bare.effect.detail == {"people": 2, "others": 2} and "no variation" in bare.effect.note
    assert [row["arm"] for row in effects.arm_rows([full, bare])] == ["full", "bare"]


def test_within_subjects_each_person_is_compared_with_themselves(db):
    body = test_rounds.EXPERIMENT.split("questionnaire")[0] % "within"
    made = studies.create(db, ANA, from_yaml(PROTOCOL.replace("2}", "9}") + body))
    fill(db, made, 6)
    studies.set_state(db, ANA, "small", "open")
    for n in range(3):
        held = assignment.current(db, Identity(f"p{n}"), "small")
        while held:
            wrong = "prompt" not in held.unit.fields and held.place > 2 * n
            held = answering.submit(db, Identity(f"p{n}"), held, {"better": B if wrong else A},
                                    1.0, follow=True).next  # fmt: skip
    _, bare = effects.of_arms(db, ANA, "small", "better")
    gaps = np.array([1, 2 / 3, 1 / 3])  # of three units each, one fewer is wrong of each person
    assert bare.effect.value == pytest.approx(-gaps.mean()) and bare.effect.n == 3
    half = stats.t.ppf(0.975, 2) * gaps.std(ddof=1) / 3**0.5
    assert bare.effect.high - bare.effect.value == pytest.approx(half)
