"""A person's own side of a study: history, comments, settings, consent and leaving."""

import pytest

from core.protocol import from_data
from core.services import answering, assignment, comments, consent, history, preferences, studies
from core.services.access import Denied, Identity
from core.services.studies import Refused
from core.services.verify import check
from core.units import Invalid
from storage import judgments
from tests.services.conftest import ANA, BEN, EVA

A = {"better": {"winner": "a"}}
CLARA = Identity("clara", frozenset({"annotator"}))
DAN = Identity("dan", frozenset({"annotator"}))


def answer(db, who, count=1, **more):
    """Answer so many units; the last ticket."""
    for _ in range(count):
        held = assignment.current(db, who, "small")
        answering.submit(db, who, held, {**A, **more})
    return held


def edited(db, **changes):
    """The study with some settings changed."""
    study = studies.load(db, "small")
    protocol = from_data({**study.protocol.data(), **changes})
    return studies.edit(db, EVA, "small", protocol, study.version)


def test_history_shows_ones_own_units_by_status(study, db):
    letter = answer(db, ANA, 2).unit.letter("a")
    held = assignment.current(db, ANA, "small")
    answering.skip(db, ANA, held, "unclear")
    held = assignment.current(db, ANA, "small")
    assert history.counts(db, ANA, "small") == {
        "pending": 1, "draft": 0, "submitted": 2, "skipped": 1,
    }  # fmt: skip
    assignment.save_draft(db, ANA, held, {"why": "half a thought"})
    page = history.mine(db, ANA, "small")
    assert [e.status for e in page.entries] == ["draft", "skipped", "submitted", "submitted"]
    assert [e.place for e in page.entries] == [4, 3, 2, 1] and page.before is None
    assert page.entries[2].answers == (("Which is better", f"{letter} is better"),)
    assert page.entries[3].excerpt == "Prompt 0"
    assert history.counts(db, ANA, "small")["draft"] == 1
    assert history.mine(db, BEN, "small").entries == ()


def test_history_is_searched_and_read_on(study, db):
    answer(db, ANA, 4, why="Because of THAT")
    found = history.mine(db, ANA, "small", text="prompt 2")
    assert [e.excerpt for e in found.entries] == ["Prompt 2"]
    assert len(history.mine(db, ANA, "small", text="because of that").entries) == 4
    assert len(history.mine(db, ANA, "small", text="Answer b to item-1").entries) == 1
    assert not history.mine(db, ANA, "small", status="skipped").entries
    first = history.mine(db, ANA, "small", count=3)
    assert [e.place for e in first.entries] == [4, 3, 2] and first.before == 2
    assert [e.place for e in history.mine(db, ANA, "small", before=2).entries] == [1]


def test_a_withdrawn_answer_is_no_answer(study, db):
    held = answer(db, ANA)
    answering.undo(db, ANA, "small", assignment.at(db, ANA, "small", held.place))
    (entry,) = history.mine(db, ANA, "small").entries
    assert entry.status == "draft" and len(entry.answers) == 1  # a draft again


def test_comments_are_answered_and_closed(study, db):
    held = assignment.current(db, CLARA, "small")
    thread = comments.comment(db, CLARA, held, " Is B cut off? ")
    (seen,) = comments.threads(db, EVA, "small")
    assert (seen.id, seen.kind, seen.rater, seen.unit, seen.place) == (
        thread, "comment", "clara", held.unit.key, held.place,
    )  # fmt: skip
    assert seen.messages[0].text == "Is B cut off?" and seen.waits
    comments.reply(db, EVA, "small", thread, "It is. Judge what is there.")
    (mine,) = comments.threads(db, CLARA, "small")
    assert [m.own for m in mine.messages] == [True, False] and comments.waiting([mine]) == 1
    comments.resolve(db, CLARA, "small", thread)
    assert comments.threads(db, EVA, "small")[0].resolved
    comments.reply(db, CLARA, "small", thread, "One more thing")
    assert not comments.threads(db, EVA, "small")[0].resolved


def test_a_flag_with_a_note_is_a_thread_too(study, db):
    held = assignment.current(db, ANA, "small")
    answering.flag(db, ANA, held, "cut off")
    answering.flag(db, ANA, held)
    words = [t.messages[0].text for t in comments.threads(db, ANA, "small")]
    assert words == ["Flagged without a note.", "cut off"]


def test_annotators_see_and_answer_only_their_own_threads(study, db):
    held = assignment.current(db, CLARA, "small")
    thread = comments.comment(db, CLARA, held, "Mine")
    assert comments.threads(db, DAN, "small") == []
    with pytest.raises(Refused, match="no such thread"):
        comments.reply(db, DAN, "small", thread, "Let me in")
    with pytest.raises(Refused, match="no such thread"):
        comments.resolve(db, EVA, "small", thread + 99)
    with pytest.raises(Refused):
        comments.comment(db, DAN, held, "On somebody else's unit")


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001, "\x00", "\ud800"])
def test_a_comment_must_be_a_text_that_can_be_kept(study, db, text):
    held = assignment.current(db, CLARA, "small")
    with pytest.raises(Invalid, match="comment"):
        comments.comment(db, CLARA, held, text)
    assert comments.threads(db, CLARA, "small") == []


def test_settings_are_kept_per_person_and_checked(study, db):
    assert preferences.load(db, ANA, "small") == preferences.Preferences()
    found = preferences.save(db, ANA, "small", {"keys": {"submit": "K"}, "sensitive": "skip"})
    assert found.keys["submit"] == "k" and found.keys["back"] == "b"
    assert preferences.load(db, ANA, "small") == found
    assert preferences.load(db, BEN, "small").keys["submit"] == "n"


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"keys": {"submit": "b"}}, "same key"), ({"keys": {"submit": "c"}}, "takes a letter"),
     ({"keys": {"submit": "1"}}, "takes a letter"), ({"keys": {"fly": "x"}}, "no move"),
     ({"keys": {"submit": "F1"}}, "takes a letter"),
     ({"keys": {"back": "F5"}}, "F2, F4, F8 or F9"), ({"sensitive": "eat"}, "sensitive"),
     ({"other": 1}, "other")],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(study, db, changes, said):
    with pytest.raises(Invalid, match=said):
        preferences.save(db, ANA, "small", changes)
    assert preferences.load(db, ANA, "small") == preferences.Preferences()


def test_nothing_is_asked_before_consent_is_given(study, db):
    edited(db, consent="We keep your answers.")
    assert consent.asks(db, ANA, "small")
    with pytest.raises(consent.NoConsent):
        assignment.current(db, ANA, "small")
    consent.give(db, ANA, "small")
    consent.give(db, ANA, "small")
    assert not consent.asks(db, ANA, "small") and answer(db, ANA)
    edited(db, consent="We keep your answers for ten years.")
    assert consent.asks(db, ANA, "small")


def test_an_answer_without_consent_is_refused(study, db):
    held = assignment.current(db, ANA, "small")
    edited(db, consent="We keep your answers.")
    with pytest.raises(consent.NoConsent):
        answering.submit(db, ANA, held, A)
    with db.read() as connection:
        assert judgments.revision(connection, study.id) == 0


def test_who_leaves_takes_every_answer_along(study, db):
    answer(db, ANA, 3, why="so")
    answer(db, BEN, 3)
    held = assignment.current(db, ANA, "small")
    assert consent.withdraw(db, ANA, "small") == 6
    assert consent.withdraw(db, ANA, "small") == 0
    with db.read() as connection:
        assert judgments.count(connection, study.id) == 3
    assert check(db, EVA, "small").whole
    assert not history.mine(db, ANA, "small").entries
    assert consent.asks(db, ANA, "small")
    with pytest.raises(consent.NoConsent, match="left this study"):
        answering.submit(db, ANA, held, A)  # another window, or an outbox
    answer(db, CLARA, 6)  # the places that were left are free for others
    answer(db, DAN, 3)
    assert assignment.current(db, DAN, "small") is None


def test_who_comes_back_may_answer_again(study, db):
    edited(db, consent="Yes?")
    consent.give(db, ANA, "small")
    answer(db, ANA)
    consent.withdraw(db, ANA, "small")
    with pytest.raises(consent.NoConsent):
        assignment.current(db, ANA, "small")
    consent.give(db, ANA, "small")
    answer(db, ANA, 6)
    with db.read() as connection:
        assert judgments.count(connection, study.id) == 6


def test_roles_are_asked_for(study, db):
    nobody = Identity("x", frozenset())
    for call in (history.mine, history.counts, comments.threads, preferences.load, consent.asks,
                 consent.give, consent.withdraw):  # fmt: skip
        with pytest.raises(Denied):
            call(db, nobody, "small")
