"""Checklists: written, answered item by item, and what follows from the pass rate."""

import json
from dataclasses import replace

import pytest
from pydantic import ValidationError

from core.calls import CallFailed
from core.content.checklist import ChecklistContent
from core.content.text import TextContent
from core.questions.base import load as question
from core.units import Invalid, Shown, Unit
from core.workers.base import CannotAnswer
from core.workers.checklist import Checklist
from core.workers.checklist_judge import ChecklistJudge
from tests.workers.asking import system, user, work

BETTER = question({"kind": "pairwise", "name": "better", "title": "Which is better?"})
QUALITY = question({"kind": "rating", "name": "quality", "title": "How good?"})
SHARE = question({"kind": "number", "name": "share", "title": "How much?", "low": 0, "high": 1})
OUT = (Shown("a", TextContent("left")), Shown("b", TextContent("right")))
FIELDS = {"prompt": TextContent("Name three cities, in order of size.")}
PAIR = Unit("u", "i", FIELDS, OUT, ("a", "b"), (BETTER,))
ONE = replace(PAIR, outputs=OUT[:1], order=("a",), questions=(QUALITY, SHARE))
ITEMS = ["Are there three?", "Are they cities?", "Are they in order?"]
LISTED = replace(PAIR, outputs=(*OUT, Shown("c", ChecklistContent.parse(ITEMS), "checklist")))


def writer(**options):
    return Checklist(**{"name": "w", "model": "m", **options})


def checker(**options):
    return ChecklistJudge(**{"name": "c", "model": "m", **options})


def checks(left, right):
    """A server that answers items by a string of Y and N per response, and writes the list."""

    def reply(body):
        if "questions" in json.dumps(body["response_format"]):
            return {"analysis": "Three things.", "questions": [
                {"text": text, "required": True} for text in ITEMS]}  # fmt: skip
        given = left if "\nleft\n" in user(body) else right
        return {str(n): {"analysis": f"because {n}", "answer": "YES" if c == "Y" else "NO"}
                for n, c in enumerate(given, 1)}  # fmt: skip

    return reply


def test_a_checklist_is_an_output_with_its_items():
    drafts, sent = work(writer(), PAIR, checks("", ""))
    [draft] = drafts
    assert (draft.role, draft.parent, draft.question) == ("checklist", "", "")
    assert draft.content.lines() == ITEMS and draft.content.data[0]["required"] is True
    assert "left" not in user(sent[""][0]) and "Write 2 to 8 questions" in system(sent[""][0])
    listed = sent[""][0]["response_format"]["json_schema"]["schema"]["properties"]["questions"]
    assert (listed["minItems"], listed["maxItems"]) == (2, 8)
    assert writer().scope() == "item" and writer().reads == ()


@pytest.mark.parametrize("count", [1, 9])
def test_too_few_or_too_many_questions_are_no_checklist(count):
    items = [{"text": "Is it so?", "required": True}] * count
    with pytest.raises(CallFailed):
        work(writer(), PAIR, lambda body: {"analysis": "x", "questions": items})


def test_the_pass_rate_decides_a_pair_and_equal_rates_tie():
    made = checker(checklist="list")
    shown = replace(PAIR, meta={"list": "\n".join(ITEMS)})
    drafts, sent = work(made, shown, checks("YYN", "YNN"))
    [draft] = drafts
    assert draft.value == {"winner": "a"} and len(sent[""]) == 2
    assert draft.facts["pass_rate"] == {"a": pytest.approx(2 / 3), "b": pytest.approx(1 / 3)}
    assert draft.facts["met"] == {"a": [True, True, False], "b": [True, False, False]}
    assert draft.facts["from"] == "list" and draft.facts["checklist"] == ITEMS
    assert "A: 2 of 3 items are met." in draft.rationale and "NO: Are they in order?" in (
        draft.rationale
    )
    assert "YES only when the item is met entirely" in system(sent[""][0])
    tie, _ = work(made, shown, checks("YYN", "NYY"))
    assert tie[0].value == {"winner": None, "verdict": "tie"}


def test_nothing_is_asked_where_the_rate_answers_no_question_of_the_unit():
    shown = replace(PAIR, questions=(QUALITY, BETTER))
    drafts, _ = work(checker(), shown, checks("YYY", "YNN"))
    assert [(d.question, d.value) for d in drafts] == [("better", {"winner": "a"})]
    with pytest.raises(CannotAnswer, match="rates one response, but this unit has 2"):
        checker().asked(replace(PAIR, questions=(QUALITY,)))
    with pytest.raises(CannotAnswer, match="no response to check"):
        checker().asked(replace(LISTED, outputs=LISTED.outputs[2:]))


def test_the_pass_rate_on_a_scale():
    made = checker(checklist="list")
    shown = replace(ONE, meta={"list": ITEMS and "\n".join(ITEMS)})
    drafts, _ = work(made, shown, checks("YYN", ""))
    assert [(d.question, d.value) for d in drafts] == [("quality", 4), ("share", 0.666667)]


def test_without_a_list_one_is_written_first_the_same_for_every_response():
    drafts, sent = work(checker(), PAIR, checks("YYY", "YNN"))
    assert drafts[0].facts["from"] == "own" and drafts[0].facts["checklist"] == ITEMS
    assert len(sent[""]) == 3
    _, others = work(writer(), PAIR, checks("", ""))
    assert others[""][0]["messages"] == sent[""][0]["messages"]


def test_item_by_item():
    shown = replace(ONE, meta={"list": "\n".join(ITEMS)}, questions=(QUALITY,))
    one = {"1": {"analysis": "x", "answer": "YES"}}
    drafts, sent = work(checker(checklist="list", together=False), shown, lambda body: one)
    assert len(sent[""]) == 3 and drafts[0].value == 5
    with pytest.raises(CannotAnswer, match="'list'"):
        work(checker(checklist="list"), ONE, lambda body: one)


def test_failed_items_are_named_for_a_refiner():
    made = checker(writes="critique", reads=("checklist", "answer"))
    assert made.scope() == "item"
    drafts, _ = work(made, LISTED, checks("YYN", "YYY"))
    first, second = drafts
    assert (first.role, first.parent, first.key) == ("critique", "a", "a")
    assert "- Are they in order? because 3" in first.content.text()
    assert first.facts["failed"] == ["Are they in order?"]
    assert second.parent == "b" and "nothing needs to be mended" in second.content.text()
    assert second.facts["pass_rate"] == 1.0
    with pytest.raises(ValidationError, match="reads"):
        checker(writes="critique", reads=("checklist",))


def test_an_answer_that_is_neither_yes_nor_no_is_no_value():
    shown = replace(ONE, meta={"list": "\n".join(ITEMS)})
    with pytest.raises(CallFailed):
        work(checker(checklist="list"), shown, lambda body: {
            str(n): {"analysis": "x", "answer": "PARTLY"} for n in (1, 2, 3)})  # fmt: skip


def test_what_a_file_may_hold():
    assert ChecklistContent.parse("one?\n\n two?  ").lines() == ["one?", "two?"]
    made = ChecklistContent.parse([{"text": "a?", "required": False}, "b?"])
    assert made.data == [{"text": "a?", "required": False}, {"text": "b?"}]
    assert [made.text()[s.start : s.end] for s in made.segments()] == ["a?", "b?"]
    for bad in ([], "", 3, [{"text": ""}], [{"text": "x", "required": 1}], [{"word": "x"}], [[1]],
                ["x"] * 201):  # fmt: skip
        with pytest.raises(Invalid):
            ChecklistContent.parse(bad)
