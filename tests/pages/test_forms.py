"""What the form of a study writes is what its file says, for everything a study can say."""

import re

import pytest
import yaml
from streamlit.testing.v1 import AppTest

from core.fields import settings_of, tagged
from core.pairing import RULES
from core.policies import Pairs
from core.protocol import StudyProtocol, from_yaml
from core.questions.base import Question, questions
from core.questions.base import load as load_question
from core.services import drafts
from core.settings import ROOT
from core.workers.base import load as load_worker
from core.workers.base import workers
from pages.widgets.kind_picker import grouped, in_one_line
from pages.widgets.material_form import DESIGNS, RULE_WORDS
from pages.widgets.offers import offers
from tests.contracts.specimens import every_question, every_worker
from tests.pages.conftest import words
from tests.pages.test_studies import field, file, press

WHOLE = """
name: whole
title: Everything a study can say
description: All policies, all kinds of rows.
guidelines: |
  ## Read

  Then answer.
examples:
- {title: One, shown: "A, then B", answer: A, why: "A: it is *right*"}
- {shown: C, answer: D}
consent: |
  We keep it.
sensitive: {topic: [self-harm, "war, and peace"]}
language: de
fields: {prompt: text, code: code}
responses: text
units: {by: task, compare: pairs, rate: each}
pairs: {rule: margin, score: reward, least: 0.5, audit: 0.1}
judged: [answer, revision]
context: {critique: [answer]}
questions:
- {kind: pairwise, name: better, title: "Which?", only: {task: [compare]}}
- kind: segments
  name: steps
  title: Each step
  only: {task: [rate]}
  questions:
  - {kind: label, name: right, title: "Right?", labels: {"right: yes": "", "wrong": "it is: not"}}
  - {kind: rating, name: clear, title: "Clear?", anchors: {1: muddy, 5: clear}}
- {kind: number, name: age, title: "How old are you?", about: participant, low: 18}
- {kind: text, name: last, title: "Anything else?", about: participant}
workers:
- kind: rules
  name: checks
  questions: [better]
  rules:
  - {rule: contains, words: ["because, then", since]}
  - {rule: words, low: 20}
  thresholds: {wrong: 0.0, right: 0.7}
- {kind: generate, name: writer, model: m, temperature: null, settings: [{name: hot, top_p: 0.5}],
   others: {other: {model: n, base_url: "http://127.0.0.1:1/v1", key: SOME_KEY}}}
- {kind: debate, name: talk, model: m, personas: [{name: A, role: first}, {name: B, role: second}]}
assignment: {overlap: 3, order: uncertain, strata: topic, question: better, one_key: false}
reveal: {mode: arms, worker: checks, shares: {never: 1, after: 2.5}, mask: true}
checks:
  gold_share: 0.1
  retest_share: 0.2
  minimum_seconds: 1.5
  rounds: [{name: quiz, kind: qualification, mark: 0.8}, {name: first, attempts: 1}]
experiment:
  design: within
  arms: [{name: plain, hide: [code]}, {name: full, share: 2, outputs: {answer: 1}, skip: [steps]}]
questionnaire: {before: [age], after: [last]}
statistics: [alpha]
exports: [csv]
"""


def _typed_again(texts, *, whole, anew):
    """The page's script: draw the form of each text, and let every field be heard as it stands.

    A text is a study, or (not `whole`) a worker or question by itself. With `anew` a field writes
    also what stands there already; the text is then made once, at the end.
    """
    from contextlib import ExitStack
    from unittest.mock import patch

    import streamlit as st

    from core.questions.base import questions
    from core.services import drafts
    from core.workers.base import workers
    from pages.widgets import form, form_rows
    from pages.widgets.draft import Draft
    from pages.widgets.protocol_form import protocol_form

    drawn = []

    def kept(asked, path, setting, data):
        drawn.append((asked, path, setting))
        form.drawn(asked, path, setting, data)

    if "heard" in st.session_state:
        return
    form_rows.drawn, before = kept, form_rows.drawn
    try:
        for place, text in enumerate(texts):
            draft = Draft(f"concord_text{place}")
            draft.begin(text)
            data = drafts.read(text)
            if whole:
                protocol_form(form.Form(draft), data, new=True)
            else:
                registry = questions if data["kind"] in questions and "title" in data else workers
                form_rows.part(form.Form(draft), (), registry, data)
    finally:
        form_rows.drawn = before

    def noted(draft, data):
        now = draft.now()
        now["read"] = (now["text"], data)

    with ExitStack() as stack:
        if anew:
            stack.enter_context(patch.object(Draft, "at", lambda *_: object()))
            stack.enter_context(patch.object(Draft, "_write", noted))
        for asked, path, setting in drawn:
            form.heard(asked, asked.slot(path), path, setting)
    for asked, _, _ in drawn if anew else ():
        asked.draft.now()["text"] = drafts.write(asked.draft.data())
        break
    st.session_state["heard"] = [".".join(map(str, path)) for _, path, _ in drawn]


def typed_again(*texts, whole=True, anew=False):
    """The texts after every field of their forms was heard, and the paths of these fields."""
    page = AppTest.from_function(
        _typed_again, args=(texts,), kwargs={"whole": whole, "anew": anew}, default_timeout=120
    ).run()
    assert not page.exception, [e.value for e in page.exception]
    found = [page.session_state[f"concord_text{n}"]["text"] for n in range(len(texts))]
    return found, page.session_state["heard"]


def example_files():
    found = [*(ROOT / "core/templates").glob("*.yaml"), *(ROOT / "docs/examples").glob("*.yaml"),
             *(ROOT / "tests/data").glob("*.yaml")]  # fmt: skip
    blocks = {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in found}
    return {
        name: data.get("study", data) for name, data in sorted(blocks.items())
        if "questions" in data.get("study", data)
    }  # fmt: skip


@pytest.mark.parametrize("data", [*example_files().values(), yaml.safe_load(WHOLE)],
                         ids=[*example_files(), "whole"])  # fmt: skip
def test_an_example_through_the_form_and_back_is_the_same_study(data):
    text = drafts.write(data)
    for anew in (False, True):
        [again], heard = typed_again(text, anew=anew)
        assert from_yaml(again).digest == from_yaml(text).digest
        assert (anew or again == text) and len(heard) > 40


def test_every_question_and_worker_through_the_form_and_back():
    found = [*every_question().values(), *every_worker().values()]
    texts = [drafts.write({"title": "", **part.definition()}) for part in found]
    again, _ = typed_again(*texts, whole=False)
    for part, text in zip(found, again, strict=True):
        load = load_question if isinstance(part, Question) else load_worker
        assert load(drafts.read(text)) == part


def test_every_setting_of_a_study_has_a_field():
    _, heard = typed_again(WHOLE)
    places = {re.sub(r"\.\d+", "", path).split(".")[0] for path in heard}
    by_hand = {"version", "fields", "units", "responses"}
    assert set(StudyProtocol.model_fields) - places <= by_hand
    for path in ("reveal.shares", "checks.rounds.1.attempts", "experiment.arms.1.outputs",
                 "pairs.least", "questionnaire.before", "questions.1.questions.0.labels",
                 "workers.1.others.other.key", "workers.0.rules.1.low"):  # fmt: skip
        assert path in heard


def _every_model(model, seen):
    if model not in seen:
        seen.add(model)
        for setting in settings_of(model):
            for inner in tagged(setting).values() if setting.models else ():
                _every_model(inner, seen)
    return seen


def test_every_setting_says_what_it_is_for_and_how_it_is_filled_in():
    models = _every_model(StudyProtocol, set())
    for registry in (questions, workers):
        for kind in registry:
            _every_model(registry[kind], models)
    assert len(models) > 60
    for model in models:
        tags = {"rule"} if model.__module__ == "core.workers.rules" else set()
        for setting in settings_of(model):
            assert setting.about or setting.name in tags, (model, setting.name)
            assert setting.shape != "other" or setting.name == "units", (model, setting.name)


def test_every_kind_of_worker_is_in_a_group_and_says_what_it_does():
    kinds = [kind for several in grouped().values() for kind in several]
    assert sorted(kinds) == sorted(workers) and all(grouped().values())
    assert all(len(in_one_line(kind)) > 10 for kind in kinds)


@pytest.mark.parametrize("kind", list(workers))
def test_a_fresh_worker_of_each_kind_can_be_run(kind):
    place = {"model": "m", "base_url": "http://127.0.0.1:1/v1", "key": "SOME_KEY"}
    judges = [
        {"kind": "longer", "name": name, "only": {"part": [name]}} for name in ("long", "more")
    ]
    able = [judge["name"] for judge in judges]
    first = drafts.fresh_worker(kind, able, place, able)
    others = [first, *judges]
    second = drafts.fresh_worker(kind, [other["name"] for other in others], place, able)
    study = {**drafts.read(drafts.BLANK), "workers": others}
    worker, problems = drafts.examine_worker(drafts.write(second), study)
    assert problems == [] and worker.kind == kind and second["name"] != first["name"]
    assert ("key" in second) == ("key" in workers[kind].model_fields)


def test_a_panel_is_offered_those_that_judge_and_roles_are_those_that_are_written():
    at = {"model": "m"}
    rows = [
        {"kind": "judge", "name": "j", **at}, {"kind": "execute", "name": "tests"},
        {"kind": "execute", "name": "share", "writes": ""}, {"kind": "longer", "name": "longest"},
        {"kind": "extract", "name": "points", **at}, {"kind": "generate", "name": "unfinished"},
        {"kind": "postcheck", "name": "checks", **at, "questions": ["followed"]},
        {"kind": "nothing known", "name": "odd", "writes": "oddities"},
    ]  # fmt: skip
    found = offers({"workers": rows})
    assert found["jurors"] == ["j", "share", "longest", "checks"]
    assert {"result", "points", "answer", "oddities"} <= set(found["roles"])


@pytest.fixture
def editing(small, opened):
    return press(opened("studies", who="ana"), "study-edit")


def errors(page):
    return [e.value.replace("\\", "") for e in page.error if e.icon]


def test_an_error_stands_at_its_field(editing):
    field(editing, "selectbox", "assignment-order").select("random").run()
    assert "order: random" in file(editing).value and errors(editing) == []
    field(editing, "button", "experiment-arms-add-").click().run()
    assert errors(editing) == ["an experiment needs two or more arms with different names"]
    field(editing, "button", "experiment-arms-add-").click().run()
    assert errors(editing) == [] and not editing.button(key="draft-save").disabled
    field(editing, "multiselect", "arms-1-hide").select("prompt").run()
    field(editing, "text_input", "arms-0-name").input("Not So").run()
    assert errors(editing) == ["use small letters a to z, digits and underscores, as in is_right"]
    assert editing.button(key="draft-save").disabled
    assert "experiment.arms.0.name: use small" in words(editing)


def test_a_policy_that_names_what_is_not_there_says_so_at_its_field(editing):
    file(editing).input(file(editing).value + "reveal: {mode: after, worker: nobody}\n").run()
    assert errors(editing) == ["reveal names an unknown worker: 'nobody'"]
    assert field(editing, "text_input", "reveal-worker").value == "nobody"


def test_rounds_are_added_moved_and_removed(editing):
    for _ in range(2):
        field(editing, "button", "checks-rounds-add-").click().run()
    field(editing, "selectbox", "rounds-1-kind").select("qualification").run()
    field(editing, "button", "rounds-1-up").click().run()
    found = drafts.read(file(editing).value)["checks"]["rounds"]
    assert [r["name"] for r in found] == ["round2", "round1"]
    assert found[0]["kind"] == "qualification"
    for _ in range(2):
        field(editing, "button", "rounds-0-away").click().run()
    assert not editing.exception and drafts.read(file(editing).value)["checks"] == {"rounds": []}


def test_what_one_screen_shows_may_differ_by_item(editing):
    field(editing, "checkbox", "units-differ").check().run()
    assert drafts.read(file(editing).value)["units"]["by"] == "task"
    field(editing, "text_area", "units-values").input("a: pairs\nb: alone").run()
    assert any("found 'alone'" in said for said in errors(editing))
    field(editing, "text_area", "units-values").input("a: pairs\nb: each").run()
    field(editing, "selectbox", "pairs-rule").select("round_robin").run()
    data = drafts.read(file(editing).value)
    assert data["units"] == {"by": "task", "a": "pairs", "b": "each"}
    assert data["pairs"] == {"rule": "round_robin"} and set(DESIGNS) > {"pairs", "each"}
    field(editing, "checkbox", "units-differ").uncheck().run()
    assert "units" not in drafts.read(file(editing).value)


def test_every_kind_of_question_says_what_it_asks_for(editing):
    adds = [b for b in editing.button if "-questions-add-" in b.key and b.key.count("add") == 1]
    assert len(adds) == len(questions) and all(len(b.help) > 20 for b in adds)
    assert "constant sum" in [b.label for b in adds]


def shown(page):
    """The settings of `pairs` that have a field."""
    kinds = ("selectbox", "text_input", "number_input", "multiselect")
    keys = [widget.key or "" for kind in kinds for widget in getattr(page, kind)]
    return {key.rsplit("-pairs-", 1)[1] for key in keys if "-pairs-" in key}


@pytest.mark.parametrize("rule", list(Pairs.reads))
def test_only_what_the_rule_of_pairs_reads_has_a_field(editing, rule):
    field(editing, "selectbox", "-units").select("pairs").run()
    field(editing, "selectbox", "pairs-rule").select(rule).run()
    assert shown(editing) == {"rule", *Pairs.reads[rule]}
    told = [c.value for c in editing.caption if "- **" in c.value]
    assert len(told) == 1 and all(name.replace("_", "\\_") in told[0] for name in Pairs.reads)
    assert f"- **{rule}**".replace("_", "\\_") in told[0]


def test_every_setting_of_pairs_is_read_by_a_rule_and_each_rule_is_explained():
    read = {name for names in Pairs.reads.values() for name in names}
    assert read == set(Pairs.model_fields) - {"rule"} and set(Pairs.reads) == set(RULES)
    assert list(RULE_WORDS) == list(Pairs.reads)


def test_settings_of_another_rule_come_back_with_it(editing):
    field(editing, "selectbox", "-units").select("pairs").run()
    field(editing, "selectbox", "pairs-rule").select("margin").run()
    assert any("`margin` needs `score`" in said for said in errors(editing))
    field(editing, "text_input", "pairs-score").input("reward").run()
    field(editing, "number_input", "pairs-least").set_value(0.5).run()
    field(editing, "number_input", "pairs-audit").set_value(0.1).run()
    whole = {"rule": "margin", "score": "reward", "least": 0.5, "audit": 0.1}
    assert drafts.read(file(editing).value)["pairs"] == whole and errors(editing) == []
    field(editing, "selectbox", "pairs-rule").select("round_robin").run()
    assert drafts.read(file(editing).value)["pairs"] == {"rule": "round_robin", "audit": 0.1}
    field(editing, "selectbox", "pairs-rule").select("all").run()
    assert "pairs" not in drafts.read(file(editing).value) and errors(editing) == []
    field(editing, "selectbox", "pairs-rule").select("margin").run()
    assert drafts.read(file(editing).value)["pairs"] == whole and errors(editing) == []
    field(editing, "number_input", "pairs-audit").set_value(0.0).run()
    for rule in ("bonus", "margin"):
        field(editing, "selectbox", "pairs-rule").select(rule).run()
    assert "audit" not in drafts.read(file(editing).value)["pairs"]


def test_what_the_file_gives_to_a_rule_that_reads_it_not_is_named(editing):
    text = file(editing).value + "units: pairs\npairs: {rule: round_robin, score: reward}\n"
    file(editing).set_value(text).run()
    assert shown(editing) == {"rule", "rounds", "audit"}
    assert "In the file too, but not read by this rule: score." in words(editing)


def test_inner_questions_are_asked_for_in_the_form(editing):
    field(editing, "button", "-questions-add-segments").click().run()
    field(editing, "button", "questions-2-questions-add-rating").click().run()
    field(editing, "text_input", "questions-2-questions-1-name").input("Bad Name").run()
    assert errors(editing) == ["use small letters a to z, digits and underscores, as in is_right"]
    field(editing, "text_input", "questions-2-questions-1-name").input("clear").run()
    [_, _, made] = drafts.read(file(editing).value)["questions"]
    assert [q["name"] for q in made["questions"]] == ["verdict", "clear"] and errors(editing) == []


def test_a_worker_is_added_and_its_rows_begin_as_they_stand_by_default(editing):
    editing.segmented_control(key="worker-add-group").set_value("judge").run()
    editing.selectbox(key="worker-add-kind-judge").select("debate").run()
    field(editing, "button", "workers-add").click().run()
    assert errors(editing) == ["this is missing"]
    field(editing, "text_input", "workers-0-model").input("m").run()
    field(editing, "text_area", "personas-1-role").input("You doubt it.").run()
    [made] = drafts.read(file(editing).value)["workers"]
    assert made["personas"][0]["name"] == "General Public"
    assert made["personas"][1]["role"] == "You doubt it." and errors(editing) == []


@pytest.mark.parametrize("wrong", [
    "reveal: never", "checks: {rounds: [1, {name: x}]}", "experiment: {arms: none}", "pairs: [1]",
    "assignment:", "workers: [{kind: judge, name: j, model: m, temperature: 1.0e+400}]",
    "assignment: {overlap: 99999999999999999999}", "workers: [judge]", "units: {by: [1]}",
    "workers: [{kind: generate, name: g, model: m, others: [x], settings: {a: 1}}]",
    "examples: [{shown: 1}]", "sensitive: {a: b}", "statistics: alpha", "fields: [a]",
])  # fmt: skip
def test_a_file_with_anything_in_it_still_has_its_form(editing, wrong):
    kept = [line for line in file(editing).value.splitlines() if not line.startswith("assignment")]
    data = yaml.safe_load("\n".join(kept)) | yaml.safe_load(wrong)
    file(editing).input(drafts.write(data)).run()
    assert not editing.exception, [e.value for e in editing.exception]
    assert file(editing).value == drafts.write(data)
