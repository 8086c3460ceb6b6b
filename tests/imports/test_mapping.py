"""A mapping is data: strict, with mistakes named, and guessed where it can be."""

import pytest

from core.imports.base import File
from core.imports.fit import fitted
from core.imports.form import Form, form_of, with_form
from core.imports.guess import guess
from core.imports.mapping import MappingError, cell, from_yaml
from core.protocol import from_yaml as protocol_of

WHOLE = """
items:
  key: id
  fields: {prompt: text}
judgments:
  - {question: good, kind: person, raters: {ann: a}}
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("items: {key: id, fields: {prompt: text}, colour: red}", "colour"),
        ("items: {key: id, fields: {}}", "fields"),
        ("judgments: [{question: q, kind: person}]", "raters"),
        ("judgments: [{question: q, kind: robot, rater: x, value: v}]", "kind"),
        ("judgments: [{question: q, kind: model, rater: '{x}'}]", "value"),
        ("items: {key: id, key: id}", "twice"),
        ("items: [", "line 1"),
        ("[]", "expected names and values"),
        ("{}", "items, judgments"),
        ("study: {name: A B}\n" + WHOLE, "study"),
        ("items: {key: id, fields: {p: {column: a, constant: b}}}", "not both"),
        ("items: !!python/object/apply:os.getcwd []", "line 1"),
    ],
)
def test_a_wrong_mapping_says_where(text, said):
    with pytest.raises(MappingError, match=said):
        from_yaml(text)


def test_a_mapping_survives_its_own_yaml():
    mapping = from_yaml(WHOLE)
    assert from_yaml(mapping.to_yaml()) == mapping


def test_cells_may_be_nested():
    row = {"a.b": 1, "meta": {"who": ["x", "y"]}}
    assert cell(row, "a.b") == 1
    assert cell(row, "meta.who.1") == "y"
    assert cell(row, "meta.who.7") is None and cell(row, "meta.gone") is None


PAIRS = b"""id,prompt,response_1,response_2,annotator_1,annotator_2,topic
1,Why?,Because.,It is.,1,2,x
2,How?,So.,Thus.,0,1,y
"""


def test_a_guess_finds_pairs_and_their_raters():
    mapping, said = guess([File("pairs.csv", PAIRS)])
    assert mapping.items is not None and mapping.items.key == ("id",)
    assert list(mapping.items.responses) == ["response_1", "response_2"]
    assert list(mapping.judgments[0].raters) == ["annotator_1", "annotator_2"]
    assert mapping.judgments[0].values == {"0": "tie", "1": "response_1", "2": "response_2"}
    assert mapping.protocol().questions[0].kind == "pairwise"
    assert any("pairs.csv" in line for line in said)


def test_a_guess_finds_ratings_in_rows():
    data = b"item_id,text,rater,score\n1,One.,ann,4\n2,Two.,ben,2\n"
    mapping, _ = guess([File("scores.csv", data)])
    question = mapping.protocol().questions[0]
    assert (question.kind, question.low, question.high) == ("rating", 2, 4)
    assert mapping.judgments[0].rater == "{rater}"


@pytest.mark.parametrize(
    ("head", "row", "kind", "responses", "judged", "gold"),
    [
        ("question,answer", "Is {n} even?,{yes}", "rating", ["answer"], [], False),
        ("question,model,answer", "Is {n} even?,m,{yes}", "rating", ["answer"], [], False),
        ("id,question,annotator,answer", "{n},Is {n} even?,ann,{yes}", "label", [],
         ["{annotator}"], False),
        ("question,answer,label", "Is {n} even?,{yes},{right}", "label", ["answer"], [], True),
        ("question,answer,correct", "Is {n} even?,{yes},{one}.0", "rating", ["answer"], [], True),
        ("question,answer,score,truth", "{n}?,{yes},{one},maybe", "rating", ["answer"], [], False),
        ("question,answer_a,answer_b", "Is {n} even?,{yes},no", "pairwise",
         ["answer_a", "answer_b"], [], False),
    ],
)  # fmt: skip
def test_short_responses_are_guessed_to_be_responses(head, row, kind, responses, judged, gold):
    rows = [
        row.format(n=n, yes=("yes", "no")[n % 2], right=("right", "wrong")[n % 2], one=n % 2 + 1)
        for n in range(8)
    ]
    mapping, _ = guess([File("t.csv", "\n".join([head, *rows]).encode())])
    question = mapping.protocol().questions[0]
    assert question.kind == kind and list(mapping.items.responses) == responses
    assert [j.rater for j in mapping.judgments] == judged and bool(mapping.items.gold) == gold
    assert kind != "label" or gold == (set(question.labels) == {"right", "wrong"})
    assert kind != "rating" or (question.low, question.high) in {(1, 5), (1, 2)}


def test_the_form_says_what_the_mapping_says_and_changes_it():
    mapping, _ = guess([File("pairs.csv", PAIRS)])
    form = form_of(mapping)
    assert form == Form(("id",), ["prompt"], ["response_1", "response_2"],
                        ["annotator_1", "annotator_2"], [])  # fmt: skip
    assert form_of(with_form(mapping, form)) == form
    other = with_form(mapping, Form(("id",), ["prompt", "topic"], form.responses,
                                    ["annotator_1"], ["annotator_2"]))  # fmt: skip
    assert [(j.kind, list(j.raters)) for j in other.judgments] == [
        ("person", ["annotator_1"]), ("model", ["annotator_2"]),
    ]  # fmt: skip
    assert list(other.study["fields"]) == ["prompt", "topic"] and not other.items.meta


MADE = protocol_of("""
name: made
title: Made before
fields: {prompt: text, shot: code}
questions:
  - {kind: rating, name: clear, title: How clear is it}
  - {kind: pairwise, name: better, title: Which is better}
""")
INTO = b"""id,topic,prompt,Shot,response_1,response_2,gold_better,annotator_1
1,a,Why?,x = 1,Because.,It is.,1,2
"""


def test_a_guess_into_a_study_finds_its_fields_and_questions():
    mapping, said = fitted([File("new.csv", INTO)], MADE)
    assert mapping.study is None and mapping.items is not None
    assert {n: f.column for n, f in mapping.items.fields.items()} == {
        "prompt": "prompt", "shot": "Shot",
    }  # fmt: skip
    assert {n: g.column for n, g in mapping.items.gold.items()} == {"better": "gold_better"}
    assert list(mapping.items.responses) == ["response_1", "response_2"]
    assert [part.question.constant for part in mapping.judgments] == ["better"]
    assert list(mapping.items.meta) == ["topic"]
    assert "fields: prompt from prompt, shot from Shot" in said and "answers to better" in said


def test_a_guess_into_a_study_whose_names_no_column_has_keeps_the_order():
    mapping, said = fitted([File("new.csv", b"id,question\n1,Why?\n")], MADE)
    assert {n: f.column for n, f in mapping.items.fields.items()} == {"prompt": "question"}
    assert "no column is called shot" in said and mapping.judgments == ()
