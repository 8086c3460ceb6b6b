"""Matches, spans and boxes by what was said: cases for Review, and drift."""

import pytest

from core.services import accepting, answering, assignment, cases, studies
from core.services.access import Identity
from tests.services.answers import answer
from tests.services.conftest import ANA, BEN, EVA
from tests.services.test_gold_grades import MATCH, build, pairs
from tests.written_study import OWNER

SPAN = {"kind": "span", "name": "faults", "title": "Faults", "types": ["wrong"], "within": ["one"]}
BOX = {"kind": "box", "name": "places", "title": "Places", "labels": ["leaf"]}
ONE, TWO, TURNED = pairs(("0", "0")), pairs(("0", "0"), ("1", "1")), pairs(("0", "1"), ("1", "0"))
TUNE = {"name": "tune", "kind": "calibration", "drift": 0.7, "window": 5}


@pytest.fixture
def database_url(sqlite_url):
    """SQLite alone: the engine makes no difference here."""
    return sqlite_url


def queue(db, question, kind="people-models"):
    return cases.queue(db, OWNER, "small", question["name"], kind).cases


def test_as_many_pairs_that_are_other_pairs_are_a_case(db):
    """Unit 0: one of two pairs in common (F1 2/3); 1: none in common; 2: alike but for strength."""
    study = build(db, MATCH, [""] * 4)
    answer(db, study, "same", "person", "ana", {"i0": TWO, "i1": TWO, "i2": TWO, "i3": ONE})
    answer(db, study, "same", "person", "ben", {"i0": ONE, "i1": TURNED})
    stronger = {"pairs": [{**one, "strength": 9} for one in TWO["pairs"]]}
    ids = answer(db, study, "same", "person", "ben", {"i2": stronger})
    found = queue(db, MATCH, "people")
    assert [case.unit_id for case in found] == [ids["i1"], ids["i0"]]
    assert [case.gap for case in found] == pytest.approx([1, 1 / 3])
    assert [case.contested for case in found] == [True, False]
    answer(db, study, "same", "person", "eva", {"i1": TWO})
    assert queue(db, MATCH, "people")[0].gap == pytest.approx(2 / 3)


def test_sure_people_contradicted_by_a_model_come_first(db):
    """Two who agree weigh more than one alone; what people and model share out alike is no case."""
    study = build(db, MATCH, [""] * 4)
    answer(db, study, "same", "person", "ana", {"i0": TWO, "i1": TWO, "i2": TWO, "i3": TWO})
    answer(db, study, "same", "person", "eva", {"i1": TWO, "i2": TURNED, "i3": TWO})
    judge = {"i0": TURNED, "i1": TURNED, "i2": TWO, "i3": TWO}
    ids = answer(db, study, "same", "model", "judge", judge)
    found = queue(db, MATCH)
    assert [case.unit_id for case in found] == [ids["i1"], ids["i0"], ids["i2"]]
    by_unit = {case.unit_id: case for case in found}
    assert by_unit[ids["i1"]].weight == pytest.approx(1 * (1 - 2 / 2.5**2) * (2 / 3) ** 0.5)
    assert by_unit[ids["i0"]].weight == pytest.approx(1 * (1 - 1 / 1.5**2) * (1 / 2) ** 0.5)
    assert by_unit[ids["i2"]].gap == pytest.approx(1 / 2) and by_unit[ids["i2"]].contested
    answer(db, study, "same", "model", "judge", {"i2": TURNED}, repeat=1)  # its vote is halved
    assert {case.unit_id for case in queue(db, MATCH)} == {ids["i1"], ids["i0"]}
    assert {case.unit_id for case in queue(db, MATCH, "all")} == {ids["i0"], ids["i1"], ids["i2"]}


def test_spans_and_boxes_elsewhere_are_cases(db):
    study = build(db, SPAN, [""] * 2)
    place = lambda start, end: {"spans": [{
        "field": "one", "start": start, "end": end, "quote": "first\nsecond"[start:end],
        "type": "wrong"}], "missing": []}  # fmt: skip
    answer(db, study, "faults", "person", "ana", {"i0": place(0, 5), "i1": place(0, 5)})
    ids = answer(db, study, "faults", "person", "ben", {"i0": place(6, 12), "i1": place(0, 5)})
    (case,) = queue(db, SPAN, "people")
    assert (case.unit_id, case.gap) == (ids["i0"], 1)
    assert accepting.agreed(db, OWNER, "small", "faults") == [ids["i1"]]


def test_boxes_of_the_same_number_are_compared_by_where_they_lie(db):
    study = build(db, BOX, [""] * 2)
    box = lambda x: {"boxes": [{"id": "b", "label": "leaf", "x": x, "y": 0, "w": 20, "h": 20}],
                     "relations": []}  # fmt: skip
    answer(db, study, "places", "person", "ana", {"i0": box(0.0), "i1": box(0.0)})
    ids = answer(db, study, "places", "model", "eye", {"i0": box(10.0), "i1": box(0.0)})
    (case,) = queue(db, BOX)
    assert (case.unit_id, case.gap) == (ids["i0"], pytest.approx(1 - 1 / 3))  # 10 of 30 shared


@pytest.mark.parametrize(("given", "share"), [(TURNED, 0.0), (ONE, 2 / 3)])
def test_a_calibration_comes_by_what_was_paired_and_not_by_how_many(db, given, share):
    build(db, MATCH, [""] * 8 + ["tune"], assignment={"overlap": 9}, checks={"rounds": [TUNE]})
    studies.set_state(db, OWNER, "small", "open")
    for who in (BEN, EVA):
        assert "training" not in work(db, who, TWO, 8)
    assert "training" not in work(db, Identity("ida"), TWO, 8)
    stages = work(db, ANA, given, 6)
    assert stages == ["first"] * 5 + ["training"]
    with db.read() as connection:
        (event,) = connection.exec_driver_sql("select data from event where kind = 'calibration'")
    assert f'"agreement": {share}'[:18] in event.data


def work(db, who, value, most):
    """Give this answer up to so often; the stages it was given at."""
    stages = []
    while len(stages) < most and (held := assignment.current(db, who, "small")):
        stages.append(held.stage)
        answering.submit(db, who, held, {"same": value}, 9.0)
    return stages
