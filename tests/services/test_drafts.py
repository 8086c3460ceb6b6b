"""A protocol being written: text, data, problems, preview."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.fields import settings_of
from core.protocol import Assignment
from core.questions.base import questions
from core.services import (
    answering,
    assignment,
    comments,
    consent,
    demo,
    drafts,
    people,
    preferences,
    unit_preview,
)  # fmt: skip
from core.services.access import Identity
from core.services.drafts import BLANK
from core.units import Invalid
from core.workers.base import workers
from tests.services.conftest import ANA, BEN


@given(st.dictionaries(st.text(min_size=1), st.text(max_size=120) | st.booleans(), max_size=4))
def test_what_is_written_reads_back(data):
    assert drafts.read(drafts.write(data)) == data


def test_a_protocol_reads_back_as_itself():
    protocol = demo.protocol()
    assert drafts.check(drafts.write(protocol.data())) == (protocol, [])


def test_the_blank_study_is_valid():
    protocol, problems = drafts.check(BLANK)
    assert problems == [] and protocol.name == "my-study"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("both_bad: true", "both_bad: 7", "line 16, questions.preference.both_bad"),
        ("kind: pairwise", "kind: pair", "line 13, questions.preference.kind: no questions part"),
        ("title: My study", "title: ''", "line 2, title"),
        ("overlap: 2", "overlap: none", "line 18, assignment.overlap"),
        ("responses: text", "responses: film", "responses: no content kind is called 'film'"),
        ("fields:\n  prompt: text", "fields:\n  prompt: film", "fields: no content kind is called"),
        ("name: my-study", "name: [my", "line 2"),
        ("units: together", "units: together\nunits: each", "line 12, column 1"),
        ("name: my-study", "colour: red", "line 1"),
    ],
)
def test_a_problem_names_its_line_and_field(old, new, said):
    protocol, problems = drafts.check(BLANK.replace(old, new, 1))
    assert protocol is None
    assert any(said in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("questions", "hello", "expected a list of questions, each with a kind, a name and a title;"
         " found 'hello'"),
        ("questions", "{kind: rating}", "expected a list of questions"),
        ("questions", "[hello]", "number 1: expected settings with a kind; found 'hello'"),
        ("questions", "[]", "a study needs at least one question"),
        ("workers", "judge", "expected a list of workers, each with a kind and a name;"
         " found 'judge'"),
        ("fields", "prompt", "expected the kind of content of each field, as in {prompt: text};"
         " found 'prompt'"),
        ("fields", "{prompt: [text]}", "found ['text']"),
        ("units", "5", "expected one of together, each, pairs; found 5"),
        ("units", "", "expected one of together, each, pairs; found nothing"),
        ("assignment", "3", "expected settings, as in {name: value}; found 3"),
        ("statistics", "alpha", "expected a list, as in [first, second]; found 'alpha'"),
        ("title", "5", "expected a text; put numbers and yes or no into quotes; found 5"),
        ("version", "new", "expected a whole number; found 'new'"),
        ("language", "Old English", "use the code of a language, as in en, de or pt-BR"),
        ("titel", "x", "there is no setting called 'titel'"),
    ],
)  # fmt: skip
def test_a_field_of_a_wrong_shape_says_what_was_expected(field, value, said):
    data = {"name": "x", "title": "X", "questions": "[{kind: text, name: a, title: A}]"}
    lines = [f"{name}: {text}" for name, text in (data | {field: value}).items()]
    number = [*(data | {field: value})].index(field) + 1
    (problem,) = drafts.check("\n".join(lines))[1]
    assert problem.startswith(f"line {number}, {field}") and said in problem


@pytest.mark.parametrize("text", ["", "5", "- a", "a: [", "\x00"])
def test_a_text_that_is_no_study(text):
    assert drafts.read(text) is None
    protocol, problems = drafts.check(text)
    assert protocol is None and problems


@pytest.mark.parametrize(
    "part", [*(questions[n] for n in questions), *(workers[n] for n in workers)]
)
def test_every_setting_of_every_part_has_a_shape(part):
    found = {s.name: s for s in settings_of(part)}
    assert found.keys() == part.model_fields.keys()
    assert found["name"].shape == "line" and found["name"].required
    assert all(s.choices for s in found.values() if s.shape == "choice")


def test_numbers_carry_their_bounds():
    overlap = next(s for s in settings_of(Assignment) if s.name == "overlap")
    assert (overlap.shape, overlap.default, overlap.low, overlap.high) == ("whole", 2, 1, 1000)


def test_preview_of_a_new_study_is_made_up():
    protocol, _ = drafts.check(BLANK)
    unit = unit_preview.example(protocol)
    assert unit.key == "example" and len(unit.outputs) == 2
    assert [q.name for q in unit.questions] == ["preference"]
    alone = protocol.model_copy(update={"units": "each"})
    assert len(unit_preview.example(alone).outputs) == 1


def test_preview_shows_the_studys_own_units_with_the_new_questions(db, study):
    changed = study.protocol.model_copy(update={"questions": study.protocol.questions[:1]})
    first = unit_preview.preview(db, ANA, changed, "small")
    assert first.fields["prompt"].text() == "Prompt 0"
    assert [q.name for q in first.questions] == ["better"]
    assert unit_preview.preview(db, ANA, changed, "small", 1).key == "item-1"
    assert unit_preview.preview(db, ANA, changed, "small", 99).key == "example"
    other = study.protocol.model_copy(update={"fields": {"text": "text"}})
    assert unit_preview.preview(db, ANA, other, "small").key == "example"


def test_people_who_have_judged_are_known(db, study):
    assert people.known(db) == []
    for who in (BEN, ANA):
        answering.submit(db, who, assignment.current(db, who, "small"), {"better": {"winner": "a"}})
    assert people.known(db) == ["ana", "ben"]


def test_people_who_only_looked_are_not_known(db, study):
    held = assignment.current(db, BEN, "small")
    assert people.known(db) == []
    assignment.save_draft(db, BEN, held, {"better": {"winner": "a"}})
    assert people.known(db) == ["ben"]


def test_people_who_said_something_without_an_answer_are_known(db, study):
    assert consent.asks(db, ANA, "small") is False
    comments.comment(db, ANA, assignment.current(db, ANA, "small"), "What is meant?")
    held = assignment.current(db, BEN, "small")
    answering.skip(db, BEN, held, "unclear")
    preferences.save(db, Identity("cyd"), "small", {"language": "de"})
    assert people.known(db) == ["ana", "ben", "cyd"]


def test_names_are_one_line_in_one_form():
    assert people.name("  Zoe\u0308  Ng\n") == "Zo\u00eb Ng"
    for wrong in ("", " ", "a\u202eb", "a\x07b", "x" * 61):
        with pytest.raises(Invalid):
            people.name(wrong)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
            for old, new in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "a: &a [*a]\n",
        "a: " + "[" * 5000 + "]" * 5000,
    ],
    ids=["unfolds", "holds itself", "deep"],
)
def test_a_file_that_unfolds_without_end_is_refused_at_once(text):
    protocol, problems = drafts.check(text)
    assert protocol is None and ("unfold" in problems[0] or "nested" in problems[0])
    assert drafts.read(text) is None
