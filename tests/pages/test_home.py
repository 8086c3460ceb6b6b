"""Home: who, what to do, what to see."""

import pytest

from core.protocol import from_yaml
from core.services import answering, assignment, studies
from tests.pages.conftest import words
from tests.services.conftest import ANA, BEN, PROTOCOL

A = {"winner": "a"}
TITLE = "'![](http://a.example/b.png) study'"


def enter(page, name):
    """Type a name and continue."""
    page.text_input(key="who-entered").input(name)
    next(b for b in page.button if b.label == "Continue").click().run()
    assert not page.exception


def test_a_fresh_workspace_says_what_to_do_next(opened):
    page = opened("home", who="ana")
    assert "No study yet" in words(page)
    assert {"Create a study", "Bring data"} <= {b.label for b in page.button}


def test_somebody_new_sees_the_study_and_picks_a_name(small, opened):
    page = opened("home")
    assert page.title[0].value == "A small study" and "Who is judging?" in words(page)
    enter(page, "  Zoë   Ng ")
    assert page.query_params["who"] == "Zoë Ng"
    assert "0 of 6" in words(page)


@pytest.mark.parametrize("name", ["", "   ", "a\u202eb", "x" * 61])
def test_a_name_that_cannot_be_is_refused(small, opened, name):
    page = opened("home", who=name)
    assert "Who is judging?" in words(page)
    assert bool(page.error) == bool(name.strip())
    if len(name) <= 60:
        enter(page, name)
        assert page.error and "Who is judging?" in words(page)


def test_a_link_with_a_bad_name_says_why(small, opened):
    said = words(opened("annotate", who="x" * 61))
    assert "name in this link can't be used: a name has at most 60 characters." in said
    page = opened("home", who="x" * 61)
    enter(page, "zoe")
    assert page.query_params["who"] == "zoe" and not page.error


def test_a_name_in_a_link_is_not_offered_to_others_before_something_is_stored(small, opened):
    page = opened("annotate", who="zoe")
    assert not page.error
    assert "Here before:" not in words(opened("home"))


def test_a_known_name_is_offered(small, workspace, opened):
    answering.submit(workspace, ANA, assignment.current(workspace, ANA, "small"), {"better": A})
    page = opened("home")
    page.button(key="who-known-0").click().run()
    assert "1 of 6" in words(page)


def test_progress_and_one_button(small, workspace, opened):
    page = opened("home", who="ana")
    assert "Nothing saved yet, 6 left for you." in words(page)
    assert page.button(key="start").label == "Start judging"
    held = assignment.current(workspace, ANA, "small")
    held = answering.submit(workspace, ANA, held, {"better": A}, follow=True).next
    answering.skip(workspace, ANA, held, "unclear")
    page.run()
    assert "1 saved, 1 skipped, 4 left for you." in words(page)
    assert page.button(key="start").label == "Continue judging"


def test_nothing_left(small, workspace, opened):
    held = assignment.current(workspace, ANA, "small")
    while held:
        held = answering.submit(workspace, ANA, held, {"better": A}, follow=True).next
    page = opened("home", who="ana")
    assert "Nothing is left for you. Thank you." in words(page)
    assert "start" not in {b.key for b in page.button}


def test_a_paused_study_offers_nothing_to_press(small, workspace, opened):
    studies.set_state(workspace, ANA, "small", "paused")
    page = opened("home", who="ana")
    assert "This study is paused and takes no answers now; open it" in words(page)
    assert "start" not in {b.key for b in page.button}
    page.button(key="state").click().run()
    assert page.title[0].value == "Studies"


def test_a_study_without_data_leads_to_the_data_page(workspace, opened):
    studies.create(workspace, ANA, from_yaml(PROTOCOL.replace("A small study", TITLE)))
    page = opened("home", who="ana")
    assert page.title[0].value == "\\!\\[\\](http\\:\u200b//a.example/b.png) study"
    page.button(key="bring").click().run()
    assert page.title[0].value == "Data"


def test_agreement_at_a_glance(small, workspace, opened):
    assert "Not known yet" in words(opened("home", who="ana"))
    for who in (ANA, BEN):
        held = assignment.current(workspace, who, "small")
        for place in range(6):
            value = A if place % 2 else {"winner": "b"}
            held = answering.submit(workspace, who, held, {"better": value}, follow=True).next
    said = words(opened("home", who="ana"))
    assert "Which is better (people)" in said and "1.00" in said and "n = 6" in said
    assert "coverage 100%" in said


def test_the_study_of_the_address_is_in_hand(small, workspace, opened):
    studies.clone(workspace, ANA, "small", "other", "Another one")
    assert opened("home", who="ana", study="small").title[0].value == "A small study"
    page = opened("home", who="ana")
    assert page.title[0].value == "Another one"
    page.selectbox(key="study-choice").select("small").run()
    assert page.title[0].value == "A small study" and page.query_params["study"] == "small"


@pytest.mark.parametrize("name", ["home", "annotate", "data"])
def test_an_unknown_study_in_the_address_opens_no_other(small, workspace, opened, name):
    wanted = "![](http://a.example/b.png)"
    page = opened("home", who="ana", study=wanted)
    if name != "home":
        page.query_params["study"] = wanted
        page.switch_page(f"{name}.py")
        page.query_params["study"] = wanted
        page.run()
    said = words(page)
    assert f"There is no study called **{wanted}**." in said and "A small study" not in said
    assert "![" not in page.error[0].value
    assert page.query_params["study"] == wanted and page.selectbox(key="study-choice").value is None
    page.button(key="study-known-0").click().run()
    assert page.query_params["study"] == "small" and "no study called" not in words(page)


def test_an_unknown_study_where_there_is_none(workspace, opened):
    assert "No study yet" in words(opened("home", who="ana", study="lost"))
