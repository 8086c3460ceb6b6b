"""The Annotate page: what it shows, what its buttons store, what it says when it cannot."""

from sqlalchemy import select

from core.protocol import from_data
from core.services import answering, assignment, studies
from storage.tables import Event, Judgment
from tests.pages.conftest import words
from tests.services.answers import answer as given
from tests.services.conftest import ANA

A = {"winner": "a"}


def press(page, text):
    """Press the button whose label contains the text."""
    next(b for b in page.button if text in b.label).click()
    page.run()
    assert not page.exception, [e.value for e in page.exception]


def write(page, study, db, text):
    """Put a text where the browser's text area sends it; it has no face here."""
    held = assignment.current(db, ANA, study.key)
    page.session_state[f"a{held.id}-why"] = {"draft": {"text": text}}


def status(page):
    """The line over the progress bar."""
    return next(e for e in page.main if e.type == "progress").proto.text


def stored(db):
    with db.read() as connection:
        return connection.execute(select(Judgment.__table__)).all()


def test_the_unit_is_shown_with_its_model_names_hidden(small, opened):
    page = opened("annotate", who="ana", study="small")
    said = words(page)
    assert "Prompt 0" in said and "Response A" in said and "Response B" in said
    assert "Which is better" in said and "Answer a to item-0" in said


def test_answers_are_kept_as_a_draft_and_stored_on_submit(small, workspace, opened):
    page = opened("annotate", who="ana", study="small")
    press(page, "Tie")
    assert stored(workspace) == [] and "draft kept" in status(page)
    assert "✓ Tie" in [b.label for b in page.button]
    write(page, small, workspace, "No difference that matters")
    press(page, "Submit")
    values = [row.value for row in stored(workspace)]
    assert values == ['{"verdict":"tie","winner":null}', '"No difference that matters"']
    assert "saved #2" in status(page) and "**2** of up to 6" in status(page)


def test_submit_without_an_answer_says_what_is_missing(small, workspace, opened):
    page = opened("annotate", who="ana", study="small")
    press(page, "Submit")
    assert "needs an answer" in words(page) and stored(workspace) == []


def test_back_undo_and_change(small, workspace, opened):
    page = opened("annotate", who="ana", study="small")
    press(page, "A is better")
    press(page, "Submit")
    press(page, "Back")
    assert "answered before" in status(page)
    press(page, "B is better")
    press(page, "Save change")
    assert len(stored(workspace)) == 2 and "**2** of up to 6" in status(page)
    press(page, "Undo")
    assert "taken back" in status(page) and stored(workspace)[-1].withdrawn


def test_skip_and_flag_leave_events(small, workspace, opened):
    page = opened("annotate", who="ana", study="small")
    press(page, "Flag")
    page.text_input(key="flag-text").set_value("cut off")
    press(page, "Send")
    assert "Flagged" in words(page)
    press(page, "Skip")
    press(page, "unclear")
    with workspace.read() as connection:
        rows = connection.execute(select(Event.kind, Event.data)).all()  # type: ignore[call-overload]
    said = {row.kind: row.data for row in rows}
    assert said["flag"] == {"note": "cut off"} and said["skip"]["reason"] == "unclear"
    assert "**2** of up to 6" in status(page)


def test_guidelines_open_and_close(small, opened):
    page = opened("annotate", who="ana", study="small")
    press(page, "Guidelines")
    assert "No guidelines yet." in words(page)
    press(page, "Guidelines")
    assert "No guidelines yet." not in words(page)


def test_a_stale_window_is_told_about_the_other_answer(small, workspace, opened):
    page = opened("annotate", who="ana", study="small")
    press(page, "A is better")
    held = assignment.current(workspace, ANA, "small")
    answering.submit(workspace, ANA, held, {"better": {"winner": held.unit.shown[1]}})
    press(page, "Submit")
    assert "answered this differently" in words(page)


def test_a_paused_study_says_so(small, workspace, opened):
    studies.set_state(workspace, ANA, "small", "paused")
    page = opened("annotate", who="ana", study="small")
    assert "paused" in words(page)
    press(page, "Go to Studies")
    assert page.title[0].value == "Studies"


def test_the_end_of_the_queue_is_said(small, workspace, opened):
    held = assignment.current(workspace, ANA, "small")
    while held:
        held = answering.submit(workspace, ANA, held, {"better": A}, follow=True).next
    page = opened("annotate", who="ana", study="small")
    assert "Nothing left for you here" in words(page)
    press(page, "Back")
    assert "answered before" in status(page)


def test_keys_can_be_turned_off(small, opened):
    page = opened("annotate", who="ana", study="small")
    assert any(b.proto.shortcut for b in page.button)
    page.sidebar.toggle(key="keys-on").set_value(False).run()
    assert not any(b.proto.shortcut for b in page.main.button)


def test_all_that_is_open_is_named_and_goes_as_it_is_answered(small, workspace, opened):
    study = studies.load(workspace, "small")
    data = study.protocol.data()
    data["questions"] += [
        {"kind": "label", "name": "tone", "title": "Which tone?", "labels": ["warm", "cold"]},
        {"kind": "rating", "name": "clear", "title": "*How* clear?"},
    ]
    studies.edit(workspace, ANA, "small", from_data(data), study.version)
    page = opened("annotate", who="ana", study="small")
    press(page, "A is better")
    press(page, "Submit")
    assert "2 questions still need an answer: “Which tone?”, “*How* clear?”" in words(page)
    assert "“Which is better”" not in words(page) and stored(workspace) == []
    press(page, "warm")
    assert "“*How* clear?” needs an answer" in words(page)
    press(page, "4")
    assert "answer" not in "".join(one.value for one in page.error)
    keyed = lambda: [b.label for b in page.button if b.proto.shortcut == "2"]
    assert keyed() == ["2"]  # the last one; the key for the next question goes round
    press(page, "Next question")
    assert keyed() == ["B is better"]
    press(page, "Submit")
    assert len(stored(workspace)) == 3
    press(page, "Back")
    assert keyed() == ["B is better"]  # whoever comes back begins at the first question
    press(page, "Next question")
    assert keyed() == ["cold"]


def test_what_a_unit_cannot_be_asked_is_said_and_the_rest_is_answered(small, workspace, opened):
    study = studies.load(workspace, "small")
    data = study.protocol.data()
    lines = {"kind": "checklist", "name": "lines", "title": "Is *all* met?", "role": "list"}
    data["questions"] = [lines, *data["questions"]]
    studies.edit(workspace, ANA, "small", from_data(data), study.version)
    page = opened("annotate", who="ana", study="small", lane="native")
    said = words(page)
    assert "Not asked here: **Is *all* met?** (this unit has no output of the role “list”" in said
    assert next(b for b in page.button if b.label == "Tie").proto.shortcut == "3"
    press(page, "Tie")
    press(page, "Submit")
    assert "saved #1" in status(page)


def test_where_nothing_can_be_asked_there_is_nothing_to_submit(small, workspace, opened):
    study = studies.load(workspace, "small")
    lines = {"kind": "checklist", "name": "lines", "title": "Is it met?", "role": "list"}
    data = {**study.protocol.data(), "questions": [lines]}
    studies.edit(workspace, ANA, "small", from_data(data), study.version)
    page = opened("annotate", who="ana", study="small")
    assert "None of the questions can be asked here" in words(page)
    assert "Submit" not in [b.label for b in page.button]
    press(page, "Skip")
    press(page, "broken or empty")
    assert "**2** of up to 6" in status(page)


def test_a_first_answer_that_stays_is_shown_and_not_offered_for_change(small, workspace, opened):
    study = studies.load(workspace, "small")
    data = {**study.protocol.data(), "reveal": {"mode": "after"}}
    made = studies.edit(workspace, ANA, "small", from_data(data), study.version)
    given(workspace, made, "better", "model", "m1", {f"item-{n}": A for n in range(6)})
    page = opened("annotate", who="ana", study="small")
    press(page, "Tie")
    press(page, "Submit")
    assert "What the models say" in words(page) and "(1 of 1, models)" in words(page)
    press(page, "Back")
    assert "this answer stays as it is" in status(page) and "**Which is better** tie" in words(page)
    labels = [b.label for b in page.button]
    assert "Next" in labels and not {"Save change", "Tie"} & set(labels)
    page.switch_page("work.py").run()
    assert "blue-badge[second look]" in words(page)
