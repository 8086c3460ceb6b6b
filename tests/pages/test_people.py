"""The People page, and what the desk shows around a unit."""

from core.protocol import from_data
from core.services import answering, assignment, material, studies
from storage import items
from tests.pages.conftest import words
from tests.pages.test_annotate import press, status
from tests.services.answers import answer, better
from tests.services.conftest import ANA, BEN, EVA, fill

A = {"winner": "a"}


def edited(db, **changes):
    study = studies.load(db, "small")
    return studies.edit(
        db, EVA, "small", from_data({**study.protocol.data(), **changes}), study.version
    )


def test_people_are_listed_paused_and_given_work(small, workspace, opened):
    held = assignment.current(workspace, BEN, "small")
    answering.submit(workspace, BEN, held, {"better": A}, 2.5, follow=True)
    page = opened("people", who="ana", study="small")
    assert "Known answers" in words(page) or page.table
    page.selectbox(key="people-who").set_value("ben").run()
    press(page, "Pause")
    assert "ben is paused" in "\n".join(s.value for s in page.success)
    assert assignment.why_nothing(workspace, BEN, "small") == "blocked"
    press(page, "Let go on")
    page.text_input(key="people-give-name").set_value("cleo")
    page.number_input(key="people-give-count").set_value(3)
    press(page, "Give")
    assert "cleo was given 3 units" in "\n".join(s.value for s in page.success)


def test_a_verdict_is_drawn_only_when_it_may_be_seen(small, workspace, opened):
    edited(workspace, reveal={"mode": "after"})
    study = studies.load(workspace, "small")
    answer(workspace, study, "better", "model", "m1", better(item_0="b"))
    page = opened("annotate", who="ana", study="small")
    assert "What the models say" not in words(page)
    press(page, "Tie")
    press(page, "Submit")
    assert "What the models say" in words(page) and "1 of 1, model" in words(page)
    assert "✓ Tie" in [b.label for b in page.button]
    press(page, "Submit")
    assert "What the models say" not in words(page) and "Prompt 1" in words(page)


def test_a_training_round_says_what_was_right(small, workspace, opened):
    edited(workspace, checks={"by": "half", "rounds": [{"name": "second"}]})
    page = opened("annotate", who="ana", study="small")
    assert "practice unit" in words(page) and "Prompt 3" in words(page)
    press(page, "Tie")
    press(page, "Submit")
    assert "the known answer is" in words(page) and "answered before" not in status(page)
    press(page, "Next")
    assert "Prompt 4" in words(page) and "the known answer is" not in words(page)


def test_a_training_round_says_how_much_was_right_and_what_differs(workspace, opened):
    asked = {"kind": "multilabel", "name": "faults", "title": "Faults",
             "labels": ["*unclear*", "wrong", "rude"]}  # fmt: skip
    data = {"name": "sets", "title": "S", "questions": [asked],
            "checks": {"by": "half", "rounds": [{"name": "second"}]}}  # fmt: skip
    made = studies.create(workspace, ANA, from_data(data))
    fill(workspace, made)
    with workspace.write() as connection:
        gold = {"faults": ["*unclear*", "wrong"]}
        connection.execute(items.I.update().values(gold=gold))
    studies.set_state(workspace, ANA, "sets", "open")
    page = opened("annotate", who="ana", study="sets")
    press(page, "wrong")
    press(page, "rude")
    press(page, "Submit")
    said = words(page)
    assert "50 % of it is right" in said and "the known answer is" in said
    assert "- missing: *unclear*" in said and "- too much: rude" in said


def test_results_show_what_the_verdict_did(small, workspace, opened):
    edited(workspace, reveal={"mode": "before"})
    study = studies.load(workspace, "small")
    answer(workspace, study, "better", "model", "m1", better(item_0="b"))
    held = assignment.current(workspace, ANA, "small")
    answering.submit(workspace, ANA, held, {"better": A})
    page = opened("agreement", who="ana", study="small")
    said = words(page)
    assert "What seeing the verdict does" in said and "undefined" in said


def test_a_case_is_asked_again_and_what_all_say_is_accepted(small, workspace, opened):
    for who, values in ((ANA, "aab"), (BEN, "aba")):
        for value in values:
            held = assignment.current(workspace, who, "small")
            answering.submit(workspace, who, held, {"better": {"winner": value}})
    page = opened("review", who="eva", study="small")
    press(page, "Ask again (2)")
    held = assignment.current(workspace, ANA, "small")
    assert held.stage == "revised"
    assert "2 of 2 are asked again and have not answered" in words(page)
    assert next(b for b in page.button if b.label.startswith("Ask again (0)")).disabled
    answering.submit(workspace, ANA, held, {"better": {"winner": "b"}})
    page.run()
    assert "1 of 2 are asked again" in words(page) and "ana, asked again" in words(page)
    press(page, "Accept what all agree on")
    press(page, "Accept 1 units")
    assert any("Accept 0 units" in b.label for b in page.button)
    press(page, "rubric gap")
    guide = lambda: next(a for a in page.text_area if "guidelines" in a.label)
    assert "because …" in guide().value
    page.text_input[0].set_value("It names a source.").run()
    press(page, "A is better")
    assert "because it names a source." in guide().value, "drafted from what was decided since"
    guide().set_value("My own words.").run()
    press(page, "Tie")
    assert guide().value == "My own words."
    guide().set_value("Prefer the one with a source.")
    press(page, "Put it into the guidelines")
    assert "Prefer the one with a source." in studies.load(workspace, "small").protocol.guidelines


def test_a_qualification_that_would_admit_everybody_is_said_and_keeps_the_study_closed(
    small, workspace, opened
):
    checks = {"by": "use", "rounds": [{"name": "entry", "kind": "qualification", "mark": 0.5}]}
    edited(workspace, checks=checks)
    page = opened("people", who="ana", study="small")
    assert "would admit everybody" in "\n".join(w.value for w in page.warning)
    studies.set_state(workspace, EVA, "small", "paused")
    page = opened("studies", who="ana", study="small")
    assert "would admit everybody" in "\n".join(w.value for w in page.warning)
    press(page, "Open")
    assert "would admit everybody" in "\n".join(e.value for e in page.error)
    assert studies.load(workspace, "small").state == "paused"


def test_who_drifts_meets_the_calibration_round_on_the_page(small, workspace, opened):
    tune = {"name": "second", "kind": "calibration", "drift": 0.9, "window": 5}
    edited(workspace, checks={"by": "half", "rounds": [tune]}, assignment={"overlap": 9})
    with workspace.write() as connection:
        fill_more(connection, workspace)
    for who in (BEN, EVA):
        held = assignment.current(workspace, who, "small")
        while held is not None:
            held = answering.submit(workspace, who, held, {"better": A}, follow=True).next
    page = opened("annotate", who="ana", study="small")
    for _ in range(5):
        assert "practice unit" not in words(page)
        press(page, "Tie")
        press(page, "Submit")
    assert "practice unit" in words(page) and "Prompt 3" in words(page)


def fill_more(connection, db):
    """Six units more of the ordinary work."""
    study = studies.load(db, "small", connection)
    text = {"kind": "text", "data": "More"}
    rows = [{"key": f"more-{n}", "content": {"prompt": text}, "meta": {"half": "first"}}
            for n in range(6)]  # fmt: skip
    items.add_items(connection, study.id, rows)
    ids = items.item_ids(connection, study.id)
    items.add_outputs(connection, study.id, [
        {"item": ids[row["key"]], "key": key, "content": text} for row in rows for key in "ab"
    ])  # fmt: skip
    material.add_missing_units(connection, study)
