"""My work, Messages, and what the desk does with a person's settings and a study's manners."""

import string
from pathlib import Path

import pytest
import yaml

from core.protocol import from_data
from core.services import comments, consent, history, preferences, studies
from pages.widgets import texts
from pages.widgets.panels import sections
from storage.studies import record
from tests.pages.conftest import words
from tests.pages.test_annotate import press, status, stored
from tests.services.conftest import ANA, EVA
from tests.services.test_own_work import CLARA, answer

FOLDER = Path(texts.__file__).parent / "catalogue"


def edited(db, **changes):
    """The small study with some settings changed."""
    study = studies.load(db, "small")
    return studies.edit(
        db, EVA, "small", from_data({**study.protocol.data(), **changes}), study.version
    )


def test_my_work_lists_filters_and_leads_back(small, workspace, opened):
    answer(workspace, ANA, 2)
    page = opened("work", who="ana", study="small")
    said = words(page)
    assert "Prompt 0" in said and "Which is better: " in said and " is better" in said
    page.text_input(key="work-text").set_value("prompt 1").run()
    assert "Prompt 1" in words(page) and "Prompt 0" not in words(page)
    page.text_input(key="work-text").set_value("nowhere").run()
    assert "No unit of yours matches" in words(page)
    page.text_input(key="work-text").set_value("").run()
    page.button(key="work-open-1").click().run()
    assert not page.exception
    page.switch_page("annotate.py").run()
    assert "**1** of up to 6" in status(page) and "answered before" in status(page)


def test_my_work_without_any_says_how_to_begin(small, opened):
    assert "Nothing of yours yet" in words(opened("work", who="ana", study="small"))


def test_settings_move_the_keys(small, workspace, opened):
    page = opened("work", who="ana", study="small")
    page.text_input(key="key-submit").set_value("k")
    press(page, "Save settings")
    page.switch_page("annotate.py").run()
    assert page.button(key="tool-back").proto.shortcut == "b"
    assert preferences.load(workspace, ANA, "small").keys["submit"] == "k"
    page.switch_page("work.py").run()
    press(page, "Keys as at first")
    assert page.text_input(key="key-submit").value == "n"
    assert preferences.load(workspace, ANA, "small").keys == preferences.MOVES


def test_keys_that_clash_are_refused_in_words(small, workspace, opened):
    page = opened("work", who="ana", study="small")
    page.text_input(key="key-submit").set_value("b")
    press(page, "Save settings")
    assert "same key" in words(page)
    assert preferences.load(workspace, ANA, "small").keys["submit"] == "n"


def test_keys_of_review_are_chosen_too_and_clash_among_themselves_only(small, workspace, opened):
    page = opened("work", who="ana", study="small")
    page.text_input(key="review-key-accept all").set_value("b")  # "Back" of the desk: no clash
    page.text_input(key="review-key-bad item").set_value("F4")
    press(page, "Save settings")
    found = preferences.load(workspace, ANA, "small")
    assert (found.review["accept all"], found.review["bad item"]) == ("b", "f4")
    page.text_input(key="review-key-slip").set_value("b")
    press(page, "Save settings")
    assert "“slip” and “accept all” have the same key" in words(page)
    assert preferences.load(workspace, ANA, "small").review["slip"] == "s"


def test_settings_that_were_saved_before_review_had_keys_are_read(small, workspace):
    study = studies.load(workspace, "small")
    with workspace.write() as connection:
        record(connection, study.id, "preference", "ana", {"keys": {"submit": "k"}})
    found = preferences.load(workspace, ANA, "small")
    assert found.keys["submit"] == "k" and found.review == preferences.REVIEWING
    once = {"keys": {"submit": "f5"}, "language": "de", "single_keys": False}
    with workspace.write() as connection:
        record(connection, study.id, "preference", "ana", once)
    found = preferences.load(workspace, ANA, "small")  # a key that browsers use is let go of
    assert (found.keys, found.language, found.single_keys) == (preferences.MOVES, "de", False)


@pytest.mark.parametrize("keys", [preferences.MOVES, preferences.REVIEWING])
def test_no_two_moves_have_one_key_and_none_is_the_servers(keys):
    assert len(set(keys.values())) == len(keys) and not preferences.RESERVED & set(keys.values())


def test_leaving_withdraws_and_the_desk_asks_before_more(small, workspace, opened):
    answer(workspace, ANA, 2)
    page, other = (opened(name, who="ana", study="small") for name in ("work", "annotate"))
    page.checkbox(key="leave-sure").check().run()
    press(page, "Withdraw")
    assert "2 answers withdrawn" in words(page)
    assert page.button(key="leave-go").disabled  # to do it again has to be meant again
    press(other, "Tie")
    assert "You have left this study" in words(other) and len(stored(workspace)) == 4
    page.switch_page("annotate.py").run()
    assert "You have left this study" in words(page)
    press(page, "Take part again")
    assert "of up to 6" in status(page)


def test_consent_comes_first(small, workspace, opened):
    edited(workspace, consent="We keep your answers **here**.")
    page = opened("annotate", who="ana", study="small")
    assert "Before you begin" in words(page) and "Prompt 0" not in words(page)
    press(page, "I agree")
    assert "Prompt 0" in words(page) and not consent.asks(workspace, ANA, "small")


def test_a_comment_reaches_the_researcher_and_a_reply_comes_back(small, workspace, opened):
    page = opened("annotate", who="ana", study="small")
    press(page, "Comment")
    page.text_input(key="comment-text").set_value("Is this cut off?")
    press(page, "Send")
    assert "Messages page" in words(page)
    (thread,) = comments.threads(workspace, EVA, "small")
    comments.reply(workspace, EVA, "small", thread.id, "Yes, judge what is *there*.")
    page = opened("annotate", who="ana", study="small")
    assert "1 new on the Messages page" in [b.label for b in page.button]
    page = opened("messages", who="ana", study="small")
    said = words(page)
    assert "Is this cut off?" in said and "judge what is" in said and "new" in said
    page.text_input(key=f"reply-text-{thread.id}").set_value("Thanks")
    press(page, "Send")
    assert len(comments.threads(workspace, ANA, "small")[0].messages) == 3
    press(page, "Close")
    assert "No messages" in words(page)


def test_messages_of_others_are_for_researchers(small, workspace, opened):
    held = answer(workspace, CLARA)
    comments.comment(workspace, CLARA, held, "A word of Clara's")
    page = opened("messages", who="eva", study="small")
    assert "by clara" in words(page) and not [b for b in page.button if "Open the unit" in b.label]
    page.toggle[-1].set_value(True).run()
    assert "Answer a to item-0" in words(page)


def test_sensitive_units_are_covered_until_asked_for(small, workspace, opened):
    edited(workspace, sensitive={"half": ["first"]})
    page = opened("annotate", who="ana", study="small")
    assert "This may be distressing" in words(page) and "Answer a" not in words(page)
    press(page, "Show it")
    assert "Answer a to item-0" in words(page)


def test_sensitive_units_are_passed_by_for_who_wants_that(small, workspace, opened):
    edited(workspace, sensitive={"half": ["first"]})
    preferences.save(workspace, ANA, "small", {"sensitive": "skip"})
    page = opened("annotate", who="ana", study="small")
    assert "Prompt 3" in words(page)
    assert history.counts(workspace, ANA, "small")["skipped"] == 3


def test_the_end_leads_back_to_what_was_skipped(small, workspace, opened):
    page = opened("annotate", who="ana", study="small")
    press(page, "Skip")
    press(page, "unclear")
    for _ in range(5):
        press(page, "A is better")
        press(page, "Submit")
    assert "answered 5 and skipped 1" in words(page)
    press(page, "Answer the skipped ones")
    press(page, "A is better")
    press(page, "Submit")
    assert len(stored(workspace)) == 6


def test_the_guidelines_come_with_help_and_examples(small, workspace, opened):
    edited(
        workspace, guidelines="Be fair.\n\n## Lengths\n\nShort is fine.\n\n## Tone\n\nKind.",
        examples=[{"shown": "A: yes\nB: no", "answer": "A", "why": "It says yes."}],
    )  # fmt: skip
    page = opened("annotate", who="ana", study="small")
    press(page, "Guidelines")
    said = words(page)
    assert "Short is fine" in said and "It says yes" in said and "> A: yes\n> B: no" in said


def test_sections_begin_with_their_headings():
    assert sections("Hi\n\n## A\n\na\n\n### B\n\nb") == ["Hi", "## A\n\na", "### B\n\nb"]
    assert sections("## A\n\na") == ["## A\n\na"] and sections("  ") == []


def test_the_desk_speaks_the_language_of_the_study_or_the_person(small, workspace, opened):
    edited(workspace, language="de-AT")
    page = opened("annotate", who="ana", study="small")
    assert "Absenden" in [b.label for b in page.button] and "von höchstens" in status(page)
    preferences.save(workspace, ANA, "small", {"language": "ar"})
    page = opened("annotate", who="ana", study="small")
    assert "إرسال" in [b.label for b in page.button]
    assert texts.right_to_left("ar") and not texts.right_to_left("de-AT")


def test_an_unknown_language_is_answered_in_english(small, workspace, opened):
    edited(workspace, language="tlh")
    page = opened("annotate", who="ana", study="small")
    assert "Submit" in [b.label for b in page.button]


@pytest.mark.parametrize("code", sorted(p.stem for p in FOLDER.glob("*.yaml")))
def test_a_catalogue_is_complete_and_names_the_same_facts(code):
    own = yaml.safe_load((FOLDER / f"{code}.yaml").read_text("utf-8"))
    english = texts.catalogue("en")
    assert set(own) == set(english)
    fields = lambda text: sorted({f for _, f, _, _ in string.Formatter().parse(text) if f})
    assert {n: fields(t) for n, t in own.items()} == {n: fields(t) for n, t in english.items()}
