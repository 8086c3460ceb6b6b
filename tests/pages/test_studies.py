"""Studies: writing, changing, copying, moving."""

import pytest

from core.services import answering, assignment, drafts, studies
from core.services.studies import MOVES
from tests.pages.conftest import words
from tests.services.conftest import ANA

A = {"winner": "a"}


def press(page, key):
    """Press a button by its key; the page must not break."""
    page.button(key=key).click().run()
    assert not page.exception, [e.value for e in page.exception]
    return page


def field(page, kind, end):
    """The form's widget whose key ends so."""
    return next(w for w in page.get(kind) if w.key and w.key.endswith(end))


def file(page):
    return page.text_area(key="draft-file")


@pytest.fixture
def editing(small, opened):
    return press(opened("studies", who="ana"), "study-edit")


def test_create_a_study(workspace, opened):
    page = press(opened("studies", who="ana"), "study-new")
    field(page, "text_input", "-name").input("first").run()
    field(page, "text_input", "-title").input("The first one").run()
    assert "name: first" in file(page).value
    press(page, "draft-save")
    made = studies.load(workspace, "first")
    assert (made.title, made.state) == ("The first one", "draft")
    assert "Saved: The first one, version 1" in words(page)


def test_a_taken_name_is_refused_and_nothing_is_lost(small, opened):
    page = press(opened("studies", who="ana"), "study-new")
    field(page, "text_input", "-name").input("small").run()
    press(page, "draft-save")
    assert "exists" in words(page) and "name: small" in file(page).value


def test_the_form_follows_the_file(editing):
    typed = file(editing).value.replace("title: A small study", "title: From the file")
    file(editing).input(typed).run()
    assert field(editing, "text_input", "-title").value == "From the file"


def test_the_file_follows_the_form(editing):
    field(editing, "checkbox", "questions-0-tie").uncheck().run()
    assert "tie: false" in file(editing).value
    field(editing, "checkbox", "questions-0-tie").check().run()
    assert "tie: false" not in file(editing).value


@pytest.mark.parametrize("kind", ["label", "pairwise", "rating", "text"])
def test_a_question_of_each_kind_can_be_added_and_removed(editing, kind):
    add = next(b for b in editing.button if b.key.endswith(f"questions-add-{kind}"))
    add.click().run()
    assert not editing.exception and not editing.error
    assert drafts.read(file(editing).value)["questions"][-1]["kind"] == kind
    away = [b for b in editing.button if b.key.endswith("-away")]
    away[-1].click().run()
    assert len(drafts.read(file(editing).value)["questions"]) == 2


def test_a_wrong_file_names_line_and_field(editing, workspace):
    file(editing).input(file(editing).value.replace("both_bad: true", "both_bad: 7")).run()
    said = words(editing)
    assert "line 7, questions.better.both_bad" in said
    assert editing.button(key="draft-save").disabled
    assert studies.load(workspace, "small").version == 1


def test_a_name_that_cannot_be_says_what_can(editing):
    wrong = file(editing).value.replace("name: better", "name: Better <b>")
    file(editing).input(wrong).run()
    assert "use small letters a to z, digits and underscores" in words(editing)


def test_a_file_that_is_no_yaml_keeps_the_text(editing):
    file(editing).input("name: [small").run()
    assert file(editing).value == "name: [small"
    assert "line 1" in words(editing) and editing.warning


def test_saving_says_which_answers_still_count(small, workspace, opened):
    held = assignment.current(workspace, ANA, "small")
    answering.submit(workspace, ANA, held, {"better": A, "why": "so"})
    page = press(opened("studies", who="ana"), "study-edit")
    field(page, "text_input", "questions-0-title").input("Which is best").run()
    said = words(page)
    assert "**why**: still count" in said and "**better**: start without answers" in said
    press(page, "draft-save")
    assert studies.load(workspace, "small").version == 2


def test_people_are_asked_again_after_a_question_is_reworded(small, workspace, opened):
    for _ in range(2):
        answering.submit(workspace, ANA, assignment.current(workspace, ANA, "small"), {"better": A})
    page = press(opened("studies", who="ana"), "study-edit")
    assert not [b for b in page.button if b.key == "study-ask-anew"]
    field(page, "text_input", "questions-0-title").input("Which is best").run()
    press(page, "draft-save")
    assert "better**: 2 units have 2 answers to an older wording only: 2 can be" in words(page)
    assert page.button(key="study-ask-anew").label == "Ask again (2 units)"
    press(page, "study-ask-anew")
    said = words(page)
    assert "2 units are asked again, 2 times in all." in said and "2 wait for people" in said
    assert page.button(key="study-ask-anew").disabled
    for _ in range(2):
        held = assignment.current(workspace, ANA, "small")
        assert held.stage == "reworded"
        answering.submit(workspace, ANA, held, {"better": A})
    page.run()
    assert "older wording" not in words(page)


def test_material_cannot_change_once_answers_exist(small, workspace, opened):
    answering.submit(workspace, ANA, assignment.current(workspace, ANA, "small"), {"better": A})
    page = press(opened("studies", who="ana"), "study-edit")
    field(page, "button", "field-add").click().run()
    press(page, "draft-save")
    assert "clone the study" in words(page)
    assert studies.load(workspace, "small").version == 1


def test_somebody_else_saved_meanwhile(editing, workspace):
    now = studies.load(workspace, "small")
    changed = now.protocol.model_copy(update={"title": "Theirs"})
    studies.edit(workspace, ANA, "small", changed, now.version)
    field(editing, "text_input", "-title").input("Mine").run()
    press(editing, "draft-save")
    assert "saved meanwhile" in words(editing)
    assert studies.load(workspace, "small").title == "Theirs"


def test_the_preview_shows_a_unit_of_the_study(editing):
    said = words(editing) + "".join(t.value for t in editing.text)
    assert "A unit of this study" in said and "Prompt 0" in said


def test_a_question_that_does_not_fit_the_screen_is_said_in_the_preview(editing):
    file(editing).input(file(editing).value + "units: each\n").run()
    assert not editing.exception
    assert "compares two responses" in editing.warning[0].value


def test_leaving_saves_nothing(editing, workspace):
    field(editing, "text_input", "-title").input("Not kept").run()
    press(editing, "draft-drop")
    assert studies.load(workspace, "small").title == "A small study"


def test_only_allowed_moves_are_offered(small, workspace, opened):
    page = opened("studies", who="ana")
    for state in ("paused", "closed", "archived", "closed", "open"):
        press(page, f"move-{state}")
        assert studies.load(workspace, "small").state == state
        offered = {b.key.removeprefix("move-") for b in page.button if b.key.startswith("move-")}
        assert offered == MOVES[state]
        assert f"The study is now {state}" in words(page)


def test_clone(small, workspace, opened):
    page = opened("studies", who="ana")
    page.text_input(key="clone-name").input("second")
    press(page, "clone-go")
    assert studies.load(workspace, "second").state == "draft"
    assert page.text_input(key="clone-name").value == "second-copy" and "· second" in words(page)
    page.text_input(key="clone-name").input("No Good")
    press(page, "clone-go")
    assert "name" in page.error[0].value
