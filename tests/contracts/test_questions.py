"""What every question kind keeps to, whoever writes it."""

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.digest import canonical
from core.questions.base import load, questions
from core.questions.grades import Grade
from core.ui import Recorder
from core.units import Invalid, Unit
from tests.contracts.hostile import BOUNDS, VALUES, fuzz, near
from tests.contracts.specimens import every_question, unit

EVERY = every_question()
ALL = pytest.mark.parametrize("question", EVERY.values(), ids=EVERY.keys())


def replies(question, shown):
    """Replies that the schema allows, as far as it lists them; else the example as a reply."""
    schema = question.reply_schema(shown)
    return schema.get("enum") or [question.reply(question.example(shown), shown)]


@ALL
def test_the_example_is_a_valid_value_in_its_one_form(question):
    shown = unit(question)
    value = question.check(question.example(shown), shown)
    assert question.check(value, shown) == value
    assert canonical(value) == canonical(question.example(shown))
    assert question.distance(value, value) == 0


@ALL
def test_an_answer_is_right_by_itself_and_any_other_by_a_share(question):
    shown = unit(question)
    values = [question.check(question.example(shown), shown),
              *(question.read(r, shown) for r in replies(question, shown))]  # fmt: skip
    for known in values[:6]:
        assert question.grade(known, known, shown) == Grade(1.0)
        for value in values:
            found = question.grade(value, known, shown)
            assert 0 <= found.credit <= 1
            assert not (found.right and found.differs)
            assert all(str(one).strip() for one in found.differs)


def coded_within(question, value, shown):
    """Every code is a whole number within the scale of its slot."""
    scales = {"": question.scale(shown), **question.slots()}
    for slot, code in question.codes(value, shown).items():
        scale = scales[question.slot_of(slot)[0]]
        assert scale.level != "none", f"{slot!r} has a code and no scale"
        assert type(code) is int and 0 <= code < len(scale.labels)


@ALL
def test_what_lacks_the_material_is_barred_and_never_drawn_without_a_way_to_answer(question):
    assert question.barred(unit(question)) == ""
    empty = Unit("u", "i", {})
    why = question.barred(empty)
    if why:
        with pytest.raises(Invalid) as error:
            question.ask(Recorder(), empty)
        assert error.value.message == why
    else:
        recorder = Recorder()
        question.ask(recorder, empty)
        asked = [b for b in recorder.blocks if b["block"] not in ("heading", "note")]
        assert asked, "it is asked with nothing to answer by"


@ALL
def test_codes_lie_within_the_scale(question):
    shown = unit(question)
    values = [question.example(shown), *(question.read(r, shown) for r in replies(question, shown))]
    for value in values:
        coded_within(question, value, shown)
    for scale in (question.scale(shown), *question.slots().values()):
        assert len(set(scale.labels)) == len(scale.labels) <= 127
        assert (scale.level == "none") == (scale.labels == ())


@ALL
def test_a_value_comes_back_as_the_reply_it_was(question):
    shown = unit(question)
    value = question.example(shown)
    for turned in (shown, shown.reversed()):
        assert question.read(question.reply(value, turned), turned) == value


@ALL
def test_a_cell_of_a_table_comes_back(question):
    shown = unit(question)
    value = question.example(shown)
    assert question.cell(question.plain(value), shown) == value
    assert question.cell(str(question.plain(value)), shown) == value


@ALL
def test_the_digits_press_a_block_that_is_drawn(question):
    shown, ui = unit(question), Recorder()
    question.ask(ui, shown)
    name = question.waiting(shown, None)
    assert question.entry() in ("press", "presses", "typing")
    if question.entry() != "typing":
        assert name in {block.get("name") for block in ui.blocks}


@ALL
def test_codes_do_not_depend_on_the_order_shown(question):
    shown = unit(question)
    value = question.example(shown)
    assert question.codes(value, shown.reversed()) == question.codes(value, shown)
    assert question.scale(shown.reversed()) == question.scale(shown)


@ALL
def test_what_the_schema_allows_can_be_read(question):
    shown = unit(question)
    schema = question.reply_schema(shown)
    jsonschema.Draft202012Validator.check_schema(schema)
    for reply in replies(question, shown):
        jsonschema.validate(reply, schema)
        value = question.read(reply, shown)
        assert question.check(value, shown) == value


@ALL
def test_a_reply_names_what_was_shown_not_where_it_stood(question):
    """Reading the same letter in the other order gives the other response."""
    shown = unit(question)
    if "enum" not in question.reply_schema(shown):
        return
    read = {str(r): question.read(r, shown) for r in replies(question, shown)}
    turned = {str(r): question.read(r, shown.reversed()) for r in replies(question, shown)}
    assert sorted(map(canonical, read.values())) == sorted(map(canonical, turned.values()))
    if question.about == "pair" and "A" in read and "B" in read:
        assert read["A"] == turned["B"] != read["B"]


@ALL
def test_a_model_is_told_what_to_do(question):
    words = question.instruct(unit(question))
    assert question.title in words and question.help in words
    for reply in question.reply_schema(unit(question)).get("enum", []):
        assert str(reply) in words or isinstance(reply, int)


@ALL
def test_a_value_can_be_said(question):
    shown = unit(question)
    for reply in replies(question, shown):
        assert question.describe(question.read(reply, shown), shown).strip()


@ALL
def test_the_definition_comes_back(question):
    again = load(question.definition())
    assert again == question and again.digest == question.digest
    canonical(question.definition())


@ALL
def test_another_wording_is_another_question(question):
    assert question.model_copy(update={"title": "Other words"}).digest != question.digest
    assert len(question.digest) == 64


@ALL
def test_it_draws_and_gives_the_draft_back(question):
    shown, ui = unit(question), Recorder()
    value = question.example(shown)
    assert question.ask(ui, shown, value) == value
    assert question.ask(Recorder(), shown) is None
    assert any(block.get("title") == question.title for block in ui.blocks)
    canonical(ui.blocks)


@ALL
def test_it_names_its_nearest_kind_elsewhere(question):
    there = question.argilla()
    assert there["type"] and there["name"] == question.name
    canonical(there)


def kept_or_refused(question, shown, take, given):
    """Take something: it is refused by an error that names the question, or it has one form."""
    try:
        kept = take(given, shown)
    except Invalid as error:
        assert error.message and error.field == question.name
        return
    assert question.check(kept, shown) == kept
    text = canonical(kept)
    text.encode("utf-8")
    assert "\\u0000" not in text
    coded_within(question, kept, shown)
    assert isinstance(question.describe(kept, shown), str)
    assert question.distance(kept, kept) == 0
    assert question.grade(kept, kept, shown) == Grade(1.0)
    assert question.cell(question.plain(kept), shown) == kept
    assert question.read(question.reply(kept, shown), shown) == kept


def generated(question, data):
    """Anything at all, or something like a valid value, a valid reply, a valid cell."""
    shown = unit(question)
    value = question.example(shown)
    likely = [value, question.reply(value, shown), question.plain(value)]
    given = data.draw(st.one_of(VALUES, BOUNDS, *map(near, likely)))
    for take in (question.check, question.read, question.cell):
        kept_or_refused(question, shown, take, given)


KINDS = {name: question for name, question in EVERY.items() if name == question.kind}
OTHERS = {name: question for name, question in EVERY.items() if name not in KINDS}


@pytest.mark.parametrize("question", KINDS.values(), ids=KINDS.keys())
@pytest.mark.timeout(3600)
@fuzz(10_000, 100)
@given(data=st.data())
def test_ten_thousand_answers_of_a_kind_are_refused_or_have_one_form(question, data):
    generated(question, data)


@pytest.mark.parametrize("question", OTHERS.values(), ids=OTHERS.keys())
@pytest.mark.timeout(3600)
@fuzz(2_000, 25)
@given(data=st.data())
def test_answers_to_documented_questions_are_refused_or_have_one_form(question, data):
    generated(question, data)


def test_a_part_whose_optional_answer_is_empty_comes_back_as_the_reply_it_was():
    question = EVERY["docs-sentences"]
    given = {"1": {"verdict": "right", "errors": ["fact"], "sure": 100, "note": ""}}
    kept_or_refused(question, unit(question), question.read, given)


@pytest.mark.parametrize(("kind", "first"), [("segments", "1. A · "), ("first_error", "1. B · ")])
def test_a_part_says_which_response_it_is_of(kind, first):
    inner = [{"kind": "label", "name": "ok", "title": "Right?", "labels": ["yes", "no"]}]
    asked = questions[kind](name="parts", title="Each part", questions=inner)
    shown = unit(asked).reversed()  # A on the screen is the study's second
    ui = Recorder()
    assert asked.ask(ui, shown, None) is None
    lines = [block["title"] for block in ui.blocks if " · " in str(block.get("title"))]
    assert lines[0].startswith(first)
    assert len(lines) == (2 if kind == "segments" else 1)
    assert "·" not in str(asked.material(shown))  # models have them numbered in the study's order
