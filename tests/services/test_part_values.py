"""What was put at the parts of a table and a hierarchy: agreement, cases, what is accepted."""

import pytest

from core.services import (
    accepting,
    alignment,
    analysis,
    cases,
    part_values,
    result_rows,
    review,
    whole_answers,
)
from core.services.access import Denied, Identity
from core.statistics.parts import ALIKE, ALPHA, CHANGED
from tests.services.conftest import EVA
from tests.services.plans import fixed, hung, made, said
from tests.written_study import OWNER


@pytest.fixture
def plans(db):
    """Four units of a table with four fields and a hierarchy of three nodes."""
    return made(db, OWNER)


def found(db, question="record", where=None):
    (one,) = part_values.agreement(db, OWNER, "small", where, question)
    return one


def test_the_same_field_corrected_to_other_values_is_no_agreement(db, plans):
    """Two units of four fields: one field put differently, one alike, six left by both."""
    said(db, plans, "ana", fixed(r1_cost=20), fixed(r2_day="Friday"))
    said(db, plans, "ben", fixed(r1_cost=21), fixed(r2_day=" friday"))
    which = analysis.agreement(db, OWNER, "small", "record.cell")
    assert which.pairs[0].percent.value == 1 and which.pairs[0].percent.n == 8
    people = found(db).groups["people"]
    assert people[ALIKE].value == 7 / 8 and people[CHANGED].value == 1 / 2
    assert (people[ALIKE].n, people[ALIKE].coverage) == (8, 8 / 16)
    # 16 values: kept 12, 20 and 21 once each, friday 2; observed 1/8
    expected = 1 - (12 * 11 + 2 * 1) / (16 * 15)
    assert people[ALPHA].value == pytest.approx(1 - (1 / 8) / expected)
    (pair,) = found(db).pairs
    assert (pair.first, pair.second, pair.group) == ("ana", "ben", "human-human")
    assert pair.estimates[ALIKE].value == 7 / 8


def test_numbers_count_by_value_and_texts_without_blanks_and_capitals(db, plans):
    said(db, plans, "ana", fixed(r1_cost=20, r1_day="On the  bridge"), fixed(r1_cost=None))
    said(db, plans, "ben", fixed(r1_cost=20.0, r1_day=" on the Bridge"), fixed(r1_cost="007"))
    rows = {part.key: part for part in found(db).parts}
    assert [part.name for part in rows.values()] == ["1 day", "1 cost", "2 day", "2 cost"]
    assert rows["1/day"].groups["people"].value == 1
    cost = rows["1/cost"].groups["people"]
    assert (cost.value, cost.n, cost.coverage) == (0.5, 2, 0.5)
    assert (rows["1/cost"].changed, rows["1/cost"].answers) == (4, 4)


def test_a_field_left_by_one_and_changed_by_another_is_no_agreement(db, plans):
    said(db, plans, "ana", fixed(r1_day="monday "))  # the same but for what does not count
    said(db, plans, "ben", fixed())
    assert found(db).groups["people"][ALIKE].value == 3 / 4


def test_moves_in_a_hierarchy_are_compared_by_where_they_lead(db, plans):
    said(db, plans, "ana", hung(rice="food"), hung(soup=None), hung(soup=""), question="links")
    said(db, plans, "ben", hung(rice="soup"), hung(soup=None), hung(soup=None), question="links")
    rows = {part.key: part.groups["people"].value for part in found(db, "links").parts}
    assert rows == {"food": 1, "rice": 2 / 3, "soup": 2 / 3}
    slot = analysis.agreement(db, OWNER, "small", "links.link")
    assert slot.pairs[0].percent.value == pytest.approx(8 / 9)  # moved against taken out


def test_groups_slices_repeats_and_new_answers(db, plans):
    said(db, plans, "ana", fixed(r1_cost=20), None, fixed(), fixed())
    said(db, plans, "judge", fixed(r1_cost=21), None, fixed(), kind="model")
    said(db, plans, "judge", fixed(r1_cost=20), kind="model", repeat=1)
    one = found(db)
    assert one.groups["people"][ALIKE].value is None and one.groups["models"][ALIKE].value is None
    assert one.groups["all"][ALIKE].value == 7 / 8
    assert found(db, where={"half": ["second"]}).groups["all"][ALIKE].value == 1
    assert found(db, where={"half": ["second"]}).groups["all"][ALIKE].coverage == 0.5
    said(db, plans, "ben", fixed(r1_cost=20))
    assert found(db).groups["people"][ALIKE].value == 1
    rows = result_rows.value_rows(found(db))
    assert {row["about"] for row in rows} == {"all parts", "pair", "part"}
    assert result_rows.csv_text(rows)
    with pytest.raises(Denied):
        part_values.agreement(db, Identity("x", frozenset({"annotator"})), "small")


def test_review_lists_what_was_put_differently_side_by_side(db, plans):
    ids = said(db, plans, "ana", fixed(r1_cost=20, r2_day="Friday"), fixed(r1_cost=9))
    said(db, plans, "ben", fixed(r1_cost=21, r2_day="friday"), fixed(r1_cost="9.0"))
    said(db, plans, "judge", fixed(r1_cost=20), fixed(r1_cost=9), kind="model")
    (case,) = cases.queue(db, OWNER, "small", "record", "people").cases
    assert (case.unit_id, case.place, case.places, case.people) == (ids["i0"], "1/cost", 1, 2)
    assert case.gap == 1 and case.contested
    (wide,) = cases.queue(db, OWNER, "small", "record", "all").cases
    assert wide.places == 2
    seen = review.detail(db, OWNER, "small", "record", case.unit_id)
    cost, day = review.sides(seen)
    who = [answer.rater for answer in seen.answers]
    assert (cost.part, cost.name, cost.before, cost.known) == ("1/cost", "1 cost", "18", "20")
    assert dict(zip(who, cost.put, strict=True)) == {"ana": "20", "ben": "21", "judge": "20"}
    assert dict(zip(who, day.put, strict=True)) == {"ana": "Friday", "ben": "friday", "judge": None}
    review.adjudicate(db, OWNER, "small", seen, fixed(r1_cost=20))
    assert [c.decided for c in cases.queue(db, OWNER, "small", "record", "people").cases] == [True]


def test_review_of_a_hierarchy_says_where_each_hung_it(db, plans):
    ids = said(db, plans, "ana", hung(rice="food"), question="links")
    said(db, plans, "ben", hung(rice=None, soup=""), question="links")
    (case,) = cases.queue(db, OWNER, "small", "links", "people").cases
    assert (case.unit_id, case.places) == (ids["i0"], 2)
    soup, rice = review.sides(review.detail(db, OWNER, "small", "links", case.unit_id))
    assert (rice.before, list(rice.put)) == ("at the top", ["below “Food”", "taken out"])
    assert (soup.before, list(soup.put)) == ("below “Food”", [None, "at the top"])


def test_only_the_same_whole_answer_is_accepted_at_once(db, plans):
    said(db, plans, "ana", fixed(r1_cost=20), fixed(r1_cost=9), fixed())
    ids = said(db, plans, "ben", fixed(r1_cost=21), fixed(r1_cost=9.0), fixed())
    assert accepting.agreed(db, OWNER, "small", "record") == [ids["i1"], ids["i2"]]
    assert accepting.accept_agreed(db, OWNER, "small", "record") == 2
    assert accepting.accept_agreed(db, OWNER, "small", "record") == 0


def test_known_and_decided_answers_of_tables_are_read_beside_them(db, plans):
    said(db, plans, "ana", fixed(r1_cost=20))
    parts = analysis.agreement(db, OWNER, "small", "record.cell")
    assert parts.gold_refused == 0
    assert parts.raters[0].statistics["gold_accuracy"].n == 4
    assert [w.question for w in whole_answers.agreement(db, OWNER, "small")] == ["record", "links"]
    alignment.lock(db, EVA, "small", "record")
    with db.read() as connection:
        truths = alignment.bench(connection, db, "small", "record").truths
    assert [truth.value for truth in truths.values()] == [fixed(r1_cost=20)]
