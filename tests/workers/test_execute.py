"""Code and its tests, an actor in turns, and plans: what is run is run in the sandbox."""

import asyncio
import json

import pytest

from core import sandbox
from core.calls import CallFailed
from core.questions.base import load as question
from core.sandbox import Limits
from core.workers.act import Act
from core.workers.base import CannotAnswer
from core.workers.endpoint import AtEndpoint
from core.workers.evolve import Evolve
from core.workers.execute import Execute
from core.workers.plan import Plan
from core.workers.planned import nodes_of, problems, tools_of
from core.workers.testing import code_in, outcomes, read_tests
from tests.conftest import missing
from tests.workers.scripted import said, unit, work

GOOD = "def double(x):\n    return 2 * x"
BAD = "def double(x):\n    return x"
CALM = Limits(seconds=5)


@pytest.fixture(autouse=True, scope="module")
def _a_sandbox():
    lacking = sandbox.missing()
    if lacking:
        missing(f"the sandbox: {lacking}")


def graded(code, tests, **facts):
    shown = unit({}, {"a": code}, tests=tests, **facts)
    return asyncio.run(Execute(name="tests").work(shown, None))[0]


def passed(draft):
    return [test["passed"] for test in draft.facts["tests"]]


@pytest.mark.parametrize(
    ("tests", "names"),
    [
        ("assert double(2) == 4\nassert double(0) == 0", ["assert double(2) == 4",
                                                          "assert double(0) == 0"]),
        ("def test_two():\n    assert double(2) == 4", ["test_two"]),
        ("import unittest\nclass T(unittest.TestCase):\n    def test_x(self):\n"
         "        self.assertEqual(double(2), 4)", ["T.test_x"]),
        ("def check(candidate):\n    assert candidate(3) == 6", ["check"]),
        (["assert double(2) == 4"], ["assert double(2) == 4"]),
    ],
)  # fmt: skip
def test_tests_come_in_several_forms(tests, names):
    good = graded(GOOD, tests, entry_point="double")
    assert [t["name"] for t in good.facts["tests"]] == names and good.facts["passed"]
    assert (good.role, good.parent, good.facts["right"]) == ("result", "a", len(names))
    bad = graded(BAD, tests, entry_point="double")
    assert passed(bad)[0] is False and not bad.facts["passed"]
    assert "AssertionError" in bad.facts["tests"][0]["trace"] and "failed" in bad.content.text()


def test_programs_are_tested_by_what_they_print():
    pairs = [{"input": "2", "output": "4"}, {"input": "0", "output": "1"}]
    draft = graded("print(2 * int(input()))", pairs)
    assert passed(draft) == [True, False]
    assert "printed '0\\n', expected '1'" in draft.facts["tests"][1]["trace"]
    assert graded("print(2 * int(input()))", json.dumps(pairs)).facts["right"] == 1


def test_code_is_taken_out_of_its_fences():
    assert code_in("Here:\n```python\nx = 1\n```\nand\n```\ny = 2\n```") == "x = 1\n\n\ny = 2\n"
    assert code_in("x = 1") == "x = 1"
    assert graded(f"Sure!\n```python\n{GOOD}\n```", "assert double(1) == 2").facts["passed"]


@pytest.mark.parametrize(
    "code",
    ["import sys\nsys.exit(0)", "import os\nos._exit(0)", "print('passed')\nraise SystemExit",
     "while True: pass", "import os\nwhile True: os.fork()", "x = [0] * 10**10", "def double(:",
     "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "print('x' * 10**7)",
     "open('/etc/passwd').read()"],
)  # fmt: skip
def test_code_that_means_harm_fails_its_tests(code):
    shown = unit({}, {"a": code}, tests="assert True")
    quick = Execute(name="tests", seconds=1.0)
    draft = asyncio.run(quick.work(shown, None))[0]
    assert passed(draft) == [False] and draft.facts["tests"][0]["trace"]


def test_one_test_does_not_reach_into_another():
    code = "import pathlib\ncount = 0\ndef f():\n    global count; count += 1; return count"
    draft = graded(code, "assert f() == 1\nassert f() == 1")
    assert passed(draft) == [True, True]


def test_tests_that_cannot_be_run_are_said_to_be_so():
    for tests in ("", "x = 1", "def broken(:", {"a": 1}, [{"x": 1}], "def check(c): pass"):
        with pytest.raises(CannotAnswer):
            graded(GOOD, tests)
    with pytest.raises(CannotAnswer, match="no output of 'answer'"):
        asyncio.run(Execute(name="t").work(unit({}, tests="assert 1"), None))


def test_without_a_sandbox_nothing_is_run(monkeypatch):
    monkeypatch.setattr("core.sandbox.missing", lambda: "there is none here")
    with pytest.raises(CannotAnswer, match="there is none here"):
        graded(GOOD, "assert True")
    with pytest.raises(CannotAnswer, match="there is none here"):
        acted([])


def test_it_answers_questions_by_the_share_of_tests():
    asked = question({"kind": "label", "name": "right", "title": "?", "labels": ["no", "yes"]})
    made = Execute(name="t", writes="", thresholds={"no": 0.0, "yes": 1.0})
    for code, answer in ((GOOD, "yes"), (BAD, "no")):
        shown = unit(
            {}, {"a": code}, (asked,), tests="assert double(0) == 0\nassert double(1) == 2"
        )
        draft = asyncio.run(made.work(shown, None))[0]
        assert (draft.question, draft.value) == ("right", answer)
    assert "1 of 2 tests pass" in draft.rationale
    assert made.scope() == "unit" and Execute(name="t").scope() == "item"


def turn(act, content, thought="hm"):
    return {"thought": thought, "act": act, "content": content}


def acted(replies, fields=None, **options):
    """A trajectory whose actor says these turns, and the bodies sent."""
    given = iter(replies)

    facts = {"reference": "42", **options.pop("facts", {})}
    shown = unit(fields or {"prompt": "What is 6 times 7?"}, **facts)
    drafts, sent, asked = work(Act(name="a", model="m", **options), shown, lambda body: next(given))
    return drafts[0], sent, asked


def test_an_actor_sees_what_its_code_prints_and_keeps_its_names():
    draft, sent, _ = acted([
        turn("execute", "x = 6\nprint('first')"), turn("execute", "1 / 0"),
        turn("execute", "print(x * 7)"), turn("solution", "42"),
    ])  # fmt: skip
    assert (draft.facts["success"], draft.facts["solved_at"], draft.facts["ended"]) == (
        True, 4, "solved",
    )  # fmt: skip
    seen = [step["observation"] for step in draft.content.data]
    assert seen[0] == "first" and "ZeroDivisionError" in seen[1]
    assert seen[2] == "42" and seen[3] == "The solution is right."
    assert "42" not in json.dumps(sent[0]) and "first" in said(sent[1])[1]


def test_turns_and_proposals_run_out():
    wrong = turn("solution", "41")
    draft, _, _ = acted([wrong] * 5)
    assert (draft.facts["ended"], draft.facts["turns"], draft.facts["success"]) == (
        "max_proposals", 2, False,
    )  # fmt: skip
    draft, _, _ = acted([turn("execute", "print(1)")] * 9, turns=3)
    assert (draft.facts["ended"], draft.facts["turns"], draft.facts["k"]) == ("max_turns", 3, 3)


def test_a_teacher_gives_feedback_and_not_the_answer():
    turns = [turn("execute", "print(6)"), turn("solution", "42")]
    teacher = AtEndpoint(model="teacher")
    draft, sent, asked = _taught(turns, teacher)
    assert asked == ["", "teacher", ""] and draft.facts["feedback"] == "textual"
    assert "Feedback: Multiply." in draft.content.data[0]["observation"]
    assert "42" in said(sent[1])[1] and "42" not in said(sent[2])[1]


def _taught(turns, teacher):
    given = iter(turns)

    def reply(body):
        wanted = body["response_format"]["json_schema"]["schema"]["properties"]
        return next(given) if "act" in wanted else {"feedback": "Multiply."}

    made = Act(name="a", model="m", feedback="textual", gold=True, teacher=teacher)
    drafts, sent, asked = work(made, unit({"prompt": "6 * 7?"}, reference="42"), reply)
    return drafts[0], sent, asked


def test_feedback_that_gives_the_answer_away_is_no_feedback():
    made = Act(name="a", model="m", feedback="textual", gold=True)
    shown = unit({"prompt": "6 * 7?"}, reference="42")

    def reply(body):
        wanted = body["response_format"]["json_schema"]["schema"]["properties"]
        return turn("execute", "print(1)") if "act" in wanted else {"feedback": "It is 42."}

    with pytest.raises(CallFailed, match="away"):
        work(made, shown, reply)


def test_binary_feedback_is_good_or_bad():
    made = Act(name="a", model="m", feedback="binary", turns=2)

    def reply(body):
        wanted = body["response_format"]["json_schema"]["schema"]["properties"]
        return turn("execute", "print(1)") if "act" in wanted else {"good": False}

    drafts, _, _ = work(made, unit({"prompt": "?"}, reference="1"), reply)
    assert "Feedback: This is bad." in drafts[0].content.data[0]["observation"]
    assert "Feedback" not in drafts[0].content.data[1]["observation"]


def test_tools_are_called_without_being_seen():
    tools = "def secret_rule(x):\n    return x * 3 + 1"
    draft, sent, _ = acted(
        [turn("execute", "print(secret_rule(2))"), turn("solution", "42")],
        tools="tools", signatures="signatures",
        facts={"tools": tools, "signatures": "secret_rule(x): a number for a number"},
    )  # fmt: skip
    assert draft.content.data[0]["observation"] == "7"
    assert "secret_rule(x)" in said(sent[0])[1] and "x * 3" not in json.dumps(sent)


def test_code_is_judged_by_its_tests():
    draft, sent, _ = acted(
        [turn("solution", BAD), turn("solution", GOOD)], {"prompt": "Write double."},
        facts={"tests": "assert double(2) == 4"},
    )  # fmt: skip
    assert draft.facts["solved_at"] == 2 and "assert double" not in json.dumps(sent)


@pytest.mark.parametrize(
    "broken", ["words", {"thought": "x"}, turn("dance", "x"), turn("solution", "")]
)
def test_a_broken_turn_is_a_failed_call(broken):
    with pytest.raises(CallFailed) as caught:
        acted([broken])
    assert caught.value.kind == "invalid_reply"


TOOLS = json.dumps([
    {"name": "load", "args": {"path": "text"}, "returns": "image"},
    {"name": "caption", "args": {"image": "image"}, "returns": "text"},
])  # fmt: skip
CODE = "def load(path): return 'picture of ' + path\ndef caption(image): return image.upper()"


def nodes(*given):
    return [{"id": n, "name": name, "args": [{"name": k, "value": v} for k, v in args.items()]}
            for n, (name, args) in enumerate(given)]  # fmt: skip


RIGHT = nodes(("load", {"path": "a.png"}), ("caption", {"image": "<node-0.text>"}))
WRONG = nodes(("load", {"file": "a.png"}), ("caption", {"image": "<node-0.image>"}))


@pytest.mark.parametrize(
    ("plan", "problem"),
    [
        (nodes(("paint", {})), "no tool called 'paint'"),
        (nodes(("load", {})), "lacks 'path'"),
        (nodes(("load", {"path": "x", "size": "3"})), "takes no 'size'"),
        (nodes(("caption", {"image": "<node-3.text>"})), "not before it"),
        (nodes(("load", {"path": "x"}), ("load", {"path": "<node-0.text>"})), "takes text, node 0"),
    ],
)
def test_a_verifier_finds_what_is_wrong_with_a_plan(plan, problem):
    assert any(problem in one for one in problems(nodes_of(plan), tools_of(TOOLS)))
    assert problems(nodes_of(RIGHT), tools_of(TOOLS)) == []
    assert nodes_of([]) == "the plan has no node" and isinstance(nodes_of([{"id": 0}]), str)


def planned_by(replies, check, options=None, **facts):
    given = iter(replies)
    shown = unit({"prompt": "Describe a.png"}, tools=TOOLS, tool_code=CODE, **facts)
    made = Plan(name="p", model="m", check=check, **(options or {}))
    return work(made, shown, lambda body: {"nodes": next(given)})


def test_a_plan_is_written_again_until_nothing_is_wrong():
    reference = json.dumps(RIGHT)
    drafts, sent, _ = planned_by([WRONG, RIGHT], "PVE", reference=reference)
    assert [d.facts["passed"] for d in drafts] == [False, True] and drafts[1].parent == "attempt 1"
    assert "lacks 'path'" in said(sent[1])[1]
    assert drafts[1].facts["results"] == {"0": "picture of a.png", "1": "PICTURE OF A.PNG"}
    f1 = [d.facts["argument_f1"] for d in drafts]
    assert f1 == [0.5, 1.0] and drafts[0].facts["tool_f1"] == 1.0
    drafts, sent, _ = planned_by([WRONG], "P")
    assert len(drafts) == 1 and drafts[0].facts["passed"]


def test_a_plan_that_fails_when_run_says_where():
    broken = nodes(("caption", {"image": "x"}))
    shown = unit({"prompt": "?"}, tools=TOOLS, tool_code="def caption(image): return 1 / 0")
    made = Plan(name="p", model="m", check="PVE", attempts=1)
    drafts, _, _ = work(made, shown, lambda body: {"nodes": broken})
    assert drafts[0].facts["wrong"] == ["node 0 (caption): ZeroDivisionError: division by zero"]


def test_an_answer_called_reference_is_no_plan():
    """An item may have one for other workers; only what is said to be a plan must be one."""
    for other in ("a picture of a", "[1]", "42", json.dumps([])):
        drafts, _, _ = planned_by([RIGHT], "P", reference=other)
        assert "argument_f1" not in drafts[0].facts
    good = json.dumps(RIGHT)
    secret = unit(
        {"prompt": "?", "reference_plan": good.replace("a.png", "secret.png")}, tools=TOOLS
    )
    made = Plan(name="p", model="m", check="P")
    drafts, sent, _ = work(made, secret, lambda body: {"nodes": RIGHT})
    assert drafts[0].facts["tool_f1"] == 1.0 and "secret.png" not in said(sent[0])[1]
    for name in ("reference", "mine"):
        drafts, _, _ = planned_by([RIGHT], "P", {"reference": name}, **{name: good})
        assert drafts[0].facts["argument_f1"] == 1.0
        with pytest.raises(CannotAnswer, match=f"plan in '{name}'"):
            planned_by([RIGHT], "P", {"reference": name}, **{name: "nothing"})
    with pytest.raises(CannotAnswer, match="plan in 'reference_plan'"):
        planned_by([RIGHT], "P", reference_plan="nothing")


def test_outcomes_are_told_apart():
    tests = read_tests(unit({}, tests="assert x == 1\nassert x == 2"), "tests", "")
    first, second = outcomes("x = 1", tests, CALM)
    assert first.passed and not second.passed and second.end == "ended with exit code 1"


def test_code_evolves_by_its_tests():
    texts = iter([BAD + "  # again", GOOD])

    def reply(body):
        wanted = body["response_format"]["json_schema"]["schema"]["properties"]
        return {"text": next(texts)} if "text" in wanted else {"reflection": "double it"}

    made = Evolve(name="e", model="m", tests="tests", generations=2, children=1, least=0)
    shown = unit({"prompt": "Write double."}, {"a": BAD},
                 tests="assert double(0) == 0\nassert double(1) == 2")  # fmt: skip
    drafts, sent, _ = work(made, shown, reply)
    assert [d.facts["fitness"] for d in drafts] == [5.0, 10.0] and drafts[1].facts["lift"] == 5
    assert "assert double" not in json.dumps(sent)
    with pytest.raises(CannotAnswer, match="no tests"):
        work(made, unit({"prompt": "?"}, {"a": BAD}), reply)
