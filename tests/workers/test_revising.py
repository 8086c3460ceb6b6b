"""Workers that write: what they send, what they refuse, and what hangs on what."""

from dataclasses import replace

import pytest

from core.calls import CallFailed
from core.content.critique import Critique as CritiqueContent
from core.questions.base import load as load_question
from core.units import Shown, Unit
from core.workers.base import CannotAnswer, load
from core.workers.thinker import a_text
from tests.servers.openai_server import schema_of
from tests.workers.scripted import said, unit, work

ANSWER = "Rice keeps for weeks.\nCool it quickly."
ITEM = {"prompt": "How long does rice keep?", "reference": "SECRET: three days"}
FIRST = {"text": "Not weeks.", "quote": "keeps for  weeks", "kind": "error", "fix": "Say days."}
MISSING = {"text": "No word on reheating.", "quote": "", "kind": "omission", "fix": ""}


def made(kind, **options):
    return load({"kind": kind, "name": kind, "model": "m", **options})


def critique(*claims, verdict="incorrect"):
    return {"analysis": "", "claims": list(claims), "verdict": verdict, "summary": "Sum."}


def with_critique(**facts):
    content = CritiqueContent.parse({"summary": "Bad.", "claims": [{"text": "Not weeks."}]})
    base = unit(ITEM, {"a": ANSWER})
    hung = Shown("c", content, "critique", "critic", "a", facts)
    return replace(base, outputs=(*base.outputs, hung), order=("a", "c"))


def test_a_claim_stands_where_its_quote_does():
    drafts, [body], asked = work(
        made("critique"), unit(ITEM, {"a": ANSWER}), lambda body: critique(FIRST, MISSING)
    )
    [draft] = drafts
    assert (draft.role, draft.parent, draft.source, asked) == ("critique", "a", "m", [""])
    claim, missing = draft.content.claims
    assert ANSWER[claim["start"] : claim["end"]] == claim["quote"] == "keeps for weeks"
    assert "quote" not in missing and draft.facts["failed"] == 2
    system, user = said(body)
    assert ANSWER in user and "SECRET" not in user and "omission: something" in system
    for segment in draft.content.segments():
        assert draft.content.text()[segment.start : segment.end] == segment.text


@pytest.mark.parametrize(
    ("claim", "words"),
    [({**FIRST, "quote": "keeps for months"}, "does not stand in the response"),
     ({**FIRST, "quote": " "}, "needs its quote")],
)  # fmt: skip
def test_a_claim_without_its_passage_is_no_critique(claim, words):
    with pytest.raises(CallFailed, match=words):
        work(made("critique"), unit(ITEM, {"a": ANSWER}), lambda body: critique(claim))


def test_critics_criticise_their_own_or_each_other():
    options = {"others": {"n": {"model": "n"}}, "samples": 2}
    shown = unit(ITEM, {"a": ANSWER})
    own = replace(shown, outputs=(replace(shown.outputs[0], source="n (warm)"),))
    every = made("critique", **options)
    assert every.repeats() == 4
    cross, self_ = made("critique", pairs="cross", **options), made("critique", pairs="self")
    reply = lambda body: critique(FIRST)
    assert work(cross, own, reply, 0)[2] == [""]
    with pytest.raises(CannotAnswer, match="what others wrote"):
        work(cross, own, reply, 1)
    with pytest.raises(CannotAnswer, match="what it wrote itself"):
        work(self_, own, reply)


def test_a_second_critic_keeps_the_good_claims():
    contents = [[FIRST["text"], "It is short."], ["Weeks is too long."]]
    critiques = tuple(
        Shown(f"c{n}", CritiqueContent.parse({"claims": [{"text": t} for t in texts]}),
              "critique", parent="a")
        for n, texts in enumerate(contents)
    )  # fmt: skip
    base = unit(ITEM, {"a": ANSWER})
    labels = ["right", "trivial", "repeated"]

    def reply(body):
        entries = [{"number": n, "why": f"Because {n}.", "label": label}
                   for n, label in enumerate(labels, 1)]  # fmt: skip
        return {"claims": entries[::-1], "summary": "One stays."}

    shown = replace(base, outputs=(*critiques, *base.outputs))
    [draft], _, _ = work(made("metacritique"), shown, reply)
    assert draft.role == "reviewed critique" and draft.parent == "a"
    assert [(c["text"], c["quality"], c["why"]) for c in draft.content.claims] == [
        ("Not weeks.", "right", "Because 1.")
    ]
    assert (draft.facts["failed"], draft.facts["dropped"]) == (1, 2)
    assert [j["critique"] for j in draft.facts["judged"]] == ["c0", "c0", "c1"]
    labels.pop()
    with pytest.raises(CallFailed, match="too short"):
        work(made("metacritique"), shown, reply)


def test_a_revision_hangs_on_its_critique():
    reply = lambda body: {"changes": "Days.", "revision": " Rice keeps for days. "}
    [draft], [body], _ = work(made("refine"), with_critique(failed=1), reply)
    assert (draft.role, draft.parent, draft.content.data) == (
        "revision", "c", "Rice keeps for days.",
    )  # fmt: skip
    assert draft.facts == {"round": 1, "changes": "Days."}
    assert "Not weeks." in said(body)[1]


def test_feedback_without_fault_changes_nothing_and_costs_nothing():
    [draft], requests, _ = work(made("refine"), with_critique(failed=0), lambda body: 1 / 0)
    assert requests == [] and draft.content.data == ANSWER and draft.facts == {"unchanged": True}


def test_rounds_and_the_best_of_several():
    scores = iter([3, 8, 5, 4, 9, 9])
    texts = iter("abcdef")

    def reply(body):
        if "revision" in schema_of(body)["properties"]:
            return {"changes": "", "revision": next(texts)}
        return {"evaluation": "", "score": next(scores), "feedback": "Go on."}

    worker = made("refine", rounds=3, candidates=2, enough=9, reviewer="r",
                  others={"r": {"model": "r"}})  # fmt: skip
    drafts, requests, asked = work(worker, with_critique(failed=1), reply)
    # two rounds of two, then one whose score 9 is enough is the last
    assert [(d.role, d.content.data, d.facts["score"], d.parent) for d in drafts] == [
        ("revision draft", "b", 8, "c"), ("revision draft", "c", 5, "round 1"),
        ("revision", "e", 9, "round 2"),
    ]  # fmt: skip
    assert asked.count("r") == asked.count("") == 6 == len(requests) / 2


def test_the_loop_of_generator_and_reviewers():
    scores = iter([6.5, 4, 9.5, 9.5])

    def reply(body):
        fields = (schema_of(body) or {"properties": {}})["properties"]
        if "score" in fields:
            return {"evaluation": "Fine.", "score": next(scores), "feedback": "More numbers."}
        return {"answer": "Second."} if "answer" in fields else "First."

    worker = made("feedback", reviewers=["x", "y"], enough=9,
                  others={"x": {"model": "x"}, "y": {"model": "y"}})  # fmt: skip
    drafts, requests, asked = work(worker, unit(ITEM), reply)
    assert [(d.role, d.key, d.parent) for d in drafts] == [
        ("answer", "response 1", ""), ("feedback", "feedback 1.1", "response 1"),
        ("feedback", "feedback 1.2", "response 1"), ("answer", "response 2", "response 1"),
        ("feedback", "feedback 2.1", "response 2"), ("feedback", "feedback 2.2", "response 2"),
    ]  # fmt: skip
    assert asked == ["", "x", "y", "", "x", "y"]
    assert requests[0]["messages"] == [{"role": "user", "content": ITEM["prompt"]}]
    assert "Score: 6.5/10" in said(requests[3])[1] and "Score: 4/10" in said(requests[3])[1]
    with pytest.raises(ValueError, match="names no model"):
        made("feedback", reviewers=["z"])


def revised():
    base = with_critique(failed=1)
    revision = Shown("r", a_text("Rice keeps for days."), "revision", "m", "c")
    return replace(base, outputs=(*base.outputs, revision), order=("a", "c", "r"))


def test_a_postcheck_as_output_and_as_judgment():
    told = {"points": [{"point": "weeks", "revision": "follows"}], "reason": "It did.",
            "label": "Qualified"}  # fmt: skip
    [draft], _, _ = work(made("postcheck"), revised(), lambda body: told)
    assert (draft.role, draft.parent) == ("postcheck", "r")
    assert draft.facts["qualified"] is True and draft.content.data.startswith("Qualified. It did.")
    asked = load_question({"kind": "label", "name": "followed", "title": "Did it follow",
                           "labels": {"qualified": "", "unqualified": ""}})  # fmt: skip
    whole = revised()
    seen = Unit("u", "i", whole.fields, whole.outputs[2:], ("r",), (asked,),
                context=whole.outputs[:2])  # fmt: skip
    worker = made("postcheck", questions=["followed"])
    assert (worker.scope(), made("postcheck").scope()) == ("unit", "output")
    [draft], _, _ = work(worker, seen, lambda body: told)
    assert (draft.question, draft.value, draft.shown) == ("followed", "qualified", ("r",))


def test_a_contradiction_begins_anew_without_the_old_text():
    checks = iter([[{"where": "line 1", "what": "weeks is impossible"}], []])

    def reply(body):
        if "answer" in schema_of(body)["properties"]:
            return {"answer": "Three days."}
        found = next(checks)
        return {"conditions": "", "contradictions": found, "consistent": not found}

    [draft], requests, _ = work(made("recheck"), unit(ITEM, {"a": ANSWER}), reply)
    assert (draft.role, draft.parent, draft.content.data) == ("rechecked", "a", "Three days.")
    assert (draft.facts["restarts"], draft.facts["consistent"]) == (1, True)
    again = said(requests[1])[1]
    assert "weeks is impossible" in again and ANSWER not in again
    told = {"conditions": "", "contradictions": [], "consistent": False}
    with pytest.raises(CallFailed, match="exactly when no contradiction"):
        work(made("recheck"), unit(ITEM, {"a": ANSWER}), lambda body: told)
    ok = {**told, "consistent": True}
    [same], _, _ = work(made("recheck"), unit(ITEM, {"a": ANSWER}), lambda body: ok)
    assert same.content.data == ANSWER and same.facts["unchanged"]


def test_what_does_not_fit_together_is_refused():
    for kind, options, words in (
        ("refine", {"reads": ["critique"]}, "improves"),
        ("refine", {"reviewer": "x"}, "names no model"),
        ("metacritique", {"keep": ["good"]}, "not among the qualities"),
        ("metacritique", {"reads": ["answer"]}, "what they are about"),
        ("postcheck", {"reads": ["answer"]}, "three roles"),
        ("recheck", {"checker": "x"}, "names no model"),
        ("feedback", {"reads": ["answer"]}, "reads no outputs"),
    ):
        with pytest.raises(ValueError, match=words):
            made(kind, **options)
