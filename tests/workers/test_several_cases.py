"""Simulated annotators that judge several cases at once, or after worked turns."""

import asyncio
import json
import re
from dataclasses import replace

import pytest
from pydantic import ValidationError

from core.calls import CallFailed, Endpoint
from core.content.text import TextContent
from core.llm import LLM, Patience
from core.questions.base import load as question
from core.units import Shown, Unit
from core.workers.annotator_pool import original, thirteen
from core.workers.annotators import Annotators
from core.workers.base import CannotAnswer
from core.workers.worked_cases import OWN
from tests.servers.openai_server import Fault, OpenAIServer
from tests.workers.asking import system, work
from tests.workers.test_llm import Memory

BETTER = question({"kind": "pairwise", "name": "better", "title": "Which is better?"})
FIRMLY = question({"kind": "pairwise", "name": "better", "title": "Which?", "strength": 3})
GOOD = question({"kind": "label", "name": "good", "title": "Good?", "labels": ["yes", "no"]})
A, B = {"winner": "a"}, {"winner": "b"}
SHOT = {"item": "i9", "material": {"prompt": "Hm?", "response A": "x", "response B": "y"},
        "answers": {"better": "B"}, "why": "It says more."}  # fmt: skip


def pair(n=0, asked=(BETTER,), left="left"):
    texts = (f"{left} {n}", f"right {n}")
    out = tuple(Shown(k, TextContent(t)) for k, t in zip("ab", texts, strict=True))
    return Unit(f"u{n}", f"i{n}", {"prompt": TextContent(f"Why {n}?")}, out, ("a", "b"), asked)


def pool(*who, **options):
    spec = {"name": "Simulated crowd", "model": "m", "noise": 0, "order": "study"}
    if who:
        spec["annotators"] = [{"name": f"n{n}", **one} for n, one in enumerate(who)]
    return Annotators(**{**spec, **options})


def together(*units):
    return replace(units[0], together=units)


def test_the_thirteen_of_the_original_layout():
    """Cases and histories as in the pool's configuration: 4 5 5 1 5, 1 1 1 1, 4 1 5 1."""
    made = original(["", "mid", "weak"])
    assert [who.cases for who in made] == [4, 5, 5, 1, 5, 1, 1, 1, 1, 4, 1, 5, 1]
    assert [n for n, who in enumerate(made) if who.history] == [0, 3, 6, 7, 8]
    assert [n for n, who in enumerate(made) if who.style == "reasoned"] == [0, 6, 9]
    ways = {who.model_dump_json(exclude={"name"}) for who in made}
    plain = thirteen(["", "mid", "weak"])
    assert len(ways) == 13 and [w.model for w in made] == [w.model for w in plain]
    assert pool(layout="original").gathers() and not pool().gathers()
    assert pool(layout="original").digest != pool().digest
    with pytest.raises(ValidationError, match="layout is of the thirteen"):
        pool({}, layout="original")


def test_what_an_annotator_is_asked_is_part_of_who_the_rater_is():
    every = [pool({}), pool({"cases": 2}), pool({"cases": 3}), pool({"history": True}),
             pool({"history": True}, examples=[SHOT]), pool(), pool(layout="original")]  # fmt: skip
    assert len({one.digest for one in every}) == len(every)
    plain = Annotators(name="Simulated x", model="m", order="study")  # as before all these
    assert plain.digest == "82eac60ce84ffcd57dd74788e4a2b179b99bbfd4e9506d4a0ceffbf3b2bb7fbf"
    with pytest.raises(ValidationError, match="20"):
        pool({"cases": 21})


def test_each_case_stands_between_marks_and_is_named_in_title_and_reply():
    made = pool({"cases": 3})
    shown = together(*(pair(n, left="END zebra") for n in range(3)))
    told = {str(n): {"better": {"reasoning": f"case {n}", "answer": a}} for n, a in
            ((1, "A"), (2, "B"), (3, "tie"))}  # fmt: skip
    drafts, sent = work(made, shown, lambda body: told)
    assert drafts[0].value == A and drafts[0].facts["cases"] == 3 and drafts[0].facts["case"] == 1
    words = sent[""][0]["messages"][1]["content"]
    mark = re.search(r"^BEGIN ([0-9a-f]{20}) ", words, re.M).group(1)
    for case in (1, 2, 3):
        for title in ("prompt", "response A", "response B"):
            assert f"BEGIN {mark} case {case}, {title}\n" in words
    assert words.count('"better": Which is better?') == 1  # asked once, for each of the cases
    assert "each of the cases 1 to 3" in words
    assert "Several cases are put to you" in system(sent[""][0])
    schema = sent[""][0]["response_format"]["json_schema"]["schema"]
    assert list(schema["properties"]) == schema["required"] == ["1", "2", "3"]
    last = replace(shown.together[2], together=shown.together)
    drafts, _ = work(made, last, lambda body: told)
    assert drafts[0].value["verdict"] == "tie" and "case 3" in drafts[0].rationale


def test_cases_that_are_asked_differently_have_questions_of_their_own():
    other = pair(1, asked=(GOOD,))
    told = {"1": {"better": "B"}, "2": {"good": "yes"}}
    drafts, sent = work(pool({"cases": 2, "style": "bare"}), together(pair(0), other),
                        lambda body: told)  # fmt: skip
    assert drafts[0].value == B
    words = sent[""][0]["messages"][1]["content"]
    assert "Questions about case 1:" in words and "Questions about case 2:" in words


def test_the_room_for_a_reply_grows_with_the_cases():
    made = pool({"cases": 3, "style": "bare"}, max_tokens=50)
    told = {str(n): {"better": "A"} for n in (1, 2, 3)}
    _, sent = work(made, together(*map(pair, range(3))), lambda body: told)
    assert sent[""][0]["max_tokens"] == 150
    _, sent = work(made, pair(), lambda body: {"better": "A"})
    assert sent[""][0]["max_tokens"] == 50


def test_noise_and_identity_are_each_units_own_in_a_request():
    made = pool({"cases": 5, "style": "bare"}, noise=0.5)
    units = [pair(n) for n in range(5)]
    told = {str(n): {"better": "A"} for n in range(1, 6)}
    for unit in units:
        drafts, _ = work(made, replace(unit, together=tuple(units)), lambda body: told)
        assert (drafts[0].value, drafts[0].facts["replaced"]) == made.noisy(BETTER, unit, A)
        assert drafts[0].facts["given"] == A


def test_worked_cases_come_as_earlier_turns():
    made = pool({"history": True}, examples=[SHOT, {**SHOT, "item": "i8", "why": ""}])
    told = {"better": {"reasoning": "So.", "answer": "A"}}
    drafts, sent = work(made, pair(), lambda body: told)
    messages = sent[""][0]["messages"]
    assert [m["role"] for m in messages] == ["system", *["user", "assistant"] * 2, "user"]
    assert drafts[0].value == A
    reply = json.loads(messages[2]["content"])
    assert reply == {"better": {"reasoning": "It says more.", "answer": "B"}}
    assert messages[3]["content"].startswith("That is right. It says more.\n")
    assert messages[5]["content"].startswith("That is right.\n") and "left 0" in str(messages[5])
    marks = {re.search(r"BEGIN (\S+)", m["content"]).group(1) for m in messages[1::2]}
    assert len(marks) == 1 and "left 0" not in str(messages[:5])


def test_before_several_cases_one_is_worked_and_then_the_others_together():
    made = pool({"history": True, "cases": 2, "style": "bare"})
    told = {"1": {"better": "A"}, "2": {"better": "B"}}
    _, sent = work(made, together(pair(0), pair(1)), lambda body: told)
    messages = sent[""][0]["messages"]
    first, second = (json.loads(m["content"]) for m in messages[2:5:2])
    assert first == {"1": {"better": OWN[0].better}}
    assert second == {"1": {"better": OWN[1].better}, "2": {"better": OWN[2].better}}
    assert "case 2, response B" in messages[3]["content"]
    assert '"1": {"better": ...}}' in messages[1]["content"]


def test_own_worked_cases_fit_the_question_and_there_are_none_for_labels():
    told = {"better": {"reasoning": "So.", "answer": "A2"}}
    _, sent = work(pool({"history": True}), pair(asked=(FIRMLY,)), lambda body: told)
    assert json.loads(sent[""][0]["messages"][2]["content"])["better"]["answer"] == "A3"
    told = {"good": {"reasoning": "So.", "answer": "yes"}}
    _, sent = work(pool({"history": True}), pair(asked=(GOOD,)), lambda body: told)
    assert [m["role"] for m in sent[""][0]["messages"]] == ["system", "user"]


def test_a_worked_case_is_never_judged_and_must_hold_valid_answers():
    made = pool({"history": True}, examples=[{**SHOT, "item": "i0"}])
    for refused in (lambda: made.company(pair(0)), lambda: work(made, pair(0), lambda body: {})):
        with pytest.raises(CannotAnswer, match="worked cases"):
            refused()
    assert made.asked(pair(1)) and made.company(pair(1))
    wrong = pool({"history": True}, examples=[{**SHOT, "answers": {"better": "Z"}}])
    with pytest.raises(CannotAnswer, match="a worked case answers 'Z'"):
        wrong.asked(pair(0))
    with pytest.raises(ValidationError, match="answers"):
        pool({"history": True}, examples=[{"material": {"x": "y"}, "answers": {}}])


def ask_at_once(reply, ledger, times=3):
    async def go(url):
        llm = LLM(Endpoint(url, "m"), ledger, patience=Patience(asks=1, tries=1, first_wait=0.01))
        message = [{"role": "user", "content": "Hello"}]
        try:
            return await asyncio.gather(
                *(llm.ask(message) for _ in range(times)), return_exceptions=True
            )
        finally:
            await llm.close()

    with OpenAIServer(reply, latency=0.02) as server:
        return asyncio.run(go(server.url)), server.count


def test_the_same_call_is_under_way_once():
    found, count = ask_at_once(lambda body: "yes", Memory())
    assert count == 1 and {one.text for one in found} == {"yes"}
    assert sorted(one.cached for one in found) == [False, True, True]
    assert len({one.call for one in found}) == 1


def test_who_waits_for_a_call_that_fails_is_told_why():
    found, count = ask_at_once(lambda body: Fault(finish="length", text="cut"), Memory())
    assert count == 1 and {type(one) for one in found} == {CallFailed}
    assert len({id(one) for one in found}) == 1 and found[0].kind == "truncated"
