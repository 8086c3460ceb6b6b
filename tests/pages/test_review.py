"""The Review page: one case, its answers, a cause, a decision, and the way to the next."""

import pytest
from streamlit.testing.v1 import AppTest

from core.protocol import from_data, from_yaml
from core.services import cases, review, studies
from core.services.access import Identity
from core.settings import ROOT
from tests.services import plans
from tests.services.answers import answer, better
from tests.services.conftest import PROTOCOL, fill

REA = Identity("rea")


@pytest.fixture
def db(workspace):
    """The database that the page opens."""
    return workspace


@pytest.fixture
def study(db):
    """A study of six pairs, open."""
    fill(db, studies.create(db, REA, from_yaml(PROTOCOL)))
    return studies.set_state(db, REA, "small", "open")


@pytest.fixture
def judged(db, study):
    """Three people against one model on two units, and split on a third."""
    ids = answer(db, study, "better", "person", "ana", better(item_0="a", item_1="b", item_2="a"))
    answer(db, study, "better", "person", "ben", better(item_0="a", item_1="b", item_2="b"))
    answer(db, study, "better", "person", "eva", better(item_0="a", item_2="t"))
    answer(
        db, study, "better", "model", "judge-1", better(item_0="b", item_1="a", item_2="b"),
        rationale="**B** is clearer. <script>alert(1)</script>",
    )  # fmt: skip
    return ids


def page():
    """The page as a researcher sees it."""
    app = AppTest.from_file(str(ROOT / "pages" / "review.py"), default_timeout=30)
    app.query_params["who"] = "rea"
    app.query_params["study"] = "small"
    return app.run()


def words(app):
    """All text on the page."""
    assert not app.exception, app.exception
    parts = [*app.markdown, *app.caption, *app.text, *app.subheader]
    return "\n".join(part.value for part in parts)


def press(app, label):
    """Press the button whose label begins so."""
    (button,) = [b for b in app.button if b.label.removeprefix("✓ ").startswith(label)]
    return button.click().run()


def test_the_weightiest_case_comes_first_with_all_that_is_known(judged):
    text = words(page())
    assert "Case 1 of 3" in text
    assert "0 of 3 decided" in text
    assert "Prompt 0" in text
    assert "Answer a to item-0" in text
    for said in ("A is better", "B is better", "ana", "judge-1", "is clearer", "key says"):
        assert said in text


def test_model_text_is_inert(judged):
    app = page()
    assert "<script>" in words(app)
    assert not any(block.allow_html for block in app.markdown)


def test_next_and_previous(judged):
    app = press(page(), "Next")
    assert "Case 2 of 3" in words(app)
    assert "Prompt 1" in words(app)
    app = press(app, "Previous")
    assert "Prompt 0" in words(app)
    ends = {b.label: b.disabled for b in app.button if b.label in ("Previous", "Next")}
    assert ends == {"Previous": True, "Next": False}


def test_contested_units_come_last_and_are_marked(judged):
    app = press(press(page(), "Next"), "Next")
    assert "Prompt 2" in words(app)
    assert "contested" in words(app)


def test_a_cause_is_stored_shown_and_taken_back(db, judged):
    app = press(page(), "judge error")
    assert "1 of 3 decided" in words(app)
    assert "Case 1 of 3" in words(app), "the case in hand must not jump away"
    assert review.causes(db, REA, "small")["judge error"] == 1
    app = press(app, "judge error")
    assert "0 of 3 decided" in words(app)
    assert sum(review.causes(db, REA, "small").values()) == 0


def test_a_decision_is_stored_with_its_note(db, judged):
    app = page()
    app.text_input[0].set_value("A keeps to the limit.").run()
    press(app, "A is better")
    found = review.detail(db, REA, "small", "better", judged["item-0"]).adjudicated
    assert (found.words, found.rater) == ("A is better", "rea")
    assert found.rationale == "A keeps to the limit."
    assert f"Decided by rea, saved as #{found.sequence}" in words(app)
    app = press(app, "Take my decision back")
    assert review.detail(db, REA, "small", "better", judged["item-0"]).adjudicated is None


def test_undecided_cases_come_first_when_asked(judged):
    app = press(page(), "slip")
    app = press(app, "Undecided")
    assert "Prompt 1" in words(app)
    assert "Case 1 of 3" in words(app)


def test_a_decision_made_meanwhile_is_said_and_not_overwritten(db, judged):
    app = page()
    seen = review.detail(db, REA, "small", "better", judged["item-0"])
    review.adjudicate(db, Identity("eva"), "small", seen, {"winner": "b"})
    app = press(app, "A is better")
    assert "meanwhile" in app.error[0].value
    assert review.detail(db, REA, "small", "better", judged["item-0"]).adjudicated.rater == "eva"


def test_the_filters_change_the_queue(db, study, judged):
    answer(db, study, "better", "rule", "longer", better(item_3="a"))
    app = page()
    app.button_group[0].set_value("people").run()
    assert "Case 1 of 1" in words(app)
    assert "Prompt 2" in words(app)
    app.button_group[0].set_value("people-models").run()
    names = {name: i for i, name in cases.queue(db, REA, "small", "better").raters.items()}
    app.selectbox(key="review-rater").set_value(names["longer"]).run()
    assert "No disagreement" in words(app)


def test_without_people_every_rater_is_compared(db, study):
    answer(db, study, "better", "rule", "longer", better(item_3="a"))
    answer(db, study, "better", "rule", "likeness", better(item_3="b"))
    text = words(page())
    assert "Case 1 of 1" in text
    assert "longer" in text


def test_without_answers_the_page_says_what_to_do(study):
    text = words(page())
    assert "No disagreement to review" in text and "Annotate" in text
    assert "choose **All** above" not in text  # it is chosen
    app = page()
    app.button_group[0].set_value("people").run()
    assert "choose **All** above" in words(app)


def test_a_study_of_free_text_has_nothing_to_compare(db):
    plan = PROTOCOL.replace(
        "  - {kind: pairwise, name: better, title: Which is better, both_bad: true}\n", ""
    )
    studies.create(db, REA, from_yaml(plan))
    assert "Nothing to compare" in words(page())


def test_without_a_study(db):
    assert "No study yet" in words(page())


def test_several_labels_are_reviewed_label_by_label_and_decided_whole(db):
    asked = [
        {"kind": "multilabel", "name": "faults", "title": "Faults", "labels": ["odd", "vague"]}
    ]
    made = studies.create(db, REA, from_data({"name": "small", "title": "S", "questions": asked}))
    fill(db, made)
    for name, value in (("ana", ["odd"]), ("ben", ["odd", "vague"])):
        ids = answer(db, made, "faults", "person", name, {"item-0": value})
    app = page()
    picker = next(box for box in app.selectbox if box.key == "review-question")
    assert picker.options == ["Faults: odd", "Faults: vague"]
    app = picker.select("faults.vague").run()
    assert "Case 1 of 1" in words(app)
    app = press(app, "This answer holds")
    assert [e.value for e in app.error] == ["Answer the question first, then press again."]
    app = press(press(app, "vague"), "This answer holds")
    assert not app.error and "saved as #3" in words(app)
    held = review.detail(db, REA, "small", "faults", ids["item-0"]).adjudicated
    assert held.value == ["vague"]


def test_what_each_put_stands_side_by_side(db):
    made = plans.made(db, REA)
    plans.said(db, made, "ana", plans.fixed(r1_cost=20, r2_day="*Friday*"))
    plans.said(db, made, "ben", plans.fixed(r1_cost=21))
    app = page()
    shown = words(app)
    assert "What each put, where they differ" in shown and "2 places differ" in shown
    table = next(t for t in app.table if "As it was" in t.value)
    rows = table.value.reset_index().to_dict("records")
    assert rows[0] == {
        "Part": "1 cost", "As it was": "18", "ana": "20", "ben": "21", "The study's key": "20"
    }  # fmt: skip
    assert rows[1]["ana"] == r"\*Friday\*" and rows[1]["ben"] == "left as it was"
