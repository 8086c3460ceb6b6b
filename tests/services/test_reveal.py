"""Blinding and reveal: what a person may know before they have answered, and what is kept."""

from dataclasses import fields, is_dataclass

import pytest
from sqlalchemy import select, update

from core import masking
from core.protocol import from_yaml
from core.services import analysis, answering, assignment, exports, history, review, studies
from core.services.access import Denied, Identity
from core.services.studies import Refused
from storage.tables import Assignment, Event, Judgment, Output, Study
from tests.services.answers import answer, better
from tests.services.conftest import ANA, PROTOCOL, fill

A, B = {"winner": "a"}, {"winner": "b"}
S, J = Assignment.__table__, Judgment.__table__
ANNOTATOR = Identity("noa", frozenset({"annotator"}))


def opened(db, reveal, count=6, verdict="b", *, seed=11):
    text = PROTOCOL.replace("{overlap: 2}", "{overlap: 50}") + f"reveal: {reveal}\n"
    made = studies.create(db, ANA, from_yaml(text))
    with db.write() as connection:
        connection.execute(update(Study.__table__).values(seed=seed))
    fill(db, studies.load(db, made.key), count)
    for name in ("m1", "m2"):
        given = better(**{f"item_{n}": verdict for n in range(count)})
        answer(db, made, "better", "model", name, given, rationale="SECRET REASON")
    return studies.set_state(db, ANA, "small", "open")


def rows(db, table):
    with db.read() as connection:
        return connection.execute(select(table).order_by(table.c.id)).all()


def own(db):
    return [r for r in rows(db, J) if r.assignment is not None]


def everything(value):
    """Every text inside a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for k, v in value.items():
            yield from (*everything(k), *everything(v))
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from everything(one)
    elif is_dataclass(value):
        for f in fields(value):
            yield from everything(getattr(value, f.name))


@pytest.mark.parametrize("mode", ["never", "after"])
def test_nothing_of_a_verdict_is_known_before_the_answer(db, mode):
    opened(db, f"{{mode: {mode}, mask: true}}")
    held = assignment.current(db, ANNOTATOR, "small")
    assert held.verdicts == ()
    told = "\n".join(everything(held))
    assert not {"SECRET", "m1", "m2", "m1's"} & set(told.split()) and "SECRET" not in told
    assert "m1" not in told and "model" not in told
    entries = history.mine(db, ANNOTATOR, "small").entries
    assert "SECRET" not in "\n".join(everything(list(entries)))
    for route in (
        lambda: analysis.agreement(db, ANNOTATOR, "small"),
        lambda: review.detail(db, ANNOTATOR, "small", "better", held.unit_id),
        lambda: exports.first_lines(db, ANNOTATOR, "small", exports.Choice("csv")),
    ):
        with pytest.raises(Denied):
            route()


def test_the_verdict_is_shown_before_answering_and_recorded(db):
    opened(db, "{mode: before}")
    held = assignment.current(db, ANA, "small")
    (verdict,) = held.verdicts
    assert verdict.value == B and (verdict.votes, verdict.of, verdict.by) == (2, 2, "models")
    assert verdict.words == f"{held.unit.letter('b')} is better"
    answering.submit(db, ANA, held, {"better": A})
    (stored,) = own(db)
    assert stored.stage == "first" and stored.revealed == list(verdict.rows) == ["#1", "#7"]
    assert rows(db, S)[0].arm == "before"


def test_commit_reveal_revise_keeps_both_answers(db):
    opened(db, "{mode: after}")
    first = assignment.current(db, ANA, "small")
    receipt = answering.submit(db, ANA, first, {"better": A, "why": "mine"}, follow=True)
    second = receipt.next
    assert second.unit_id == first.unit_id and second.stage == "revised"
    assert second.unit.shown == first.unit.shown and second.draft == {"better": A, "why": "mine"}
    assert second.verdicts[0].value == B
    assert assignment.current(db, ANA, "small").id == second.id
    after = answering.submit(db, ANA, second, {"better": B, "why": "mine"}, follow=True).next
    assert after.unit_id != first.unit_id and after.verdicts == ()
    stored = [(r.stage, r.value, bool(r.revealed)) for r in own(db)]
    assert stored == [
        ("first", '{"winner":"a"}', False), ("first", '"mine"', False),
        ("revised", '{"winner":"b"}', True), ("revised", '"mine"', True),
    ]  # fmt: skip
    again = assignment.at(db, ANA, "small", 1)
    assert again.answers["better"] == A and again.verdicts == () and again.stays
    assert not assignment.at(db, ANA, "small", 2).stays and again.most == 12  # each unit twice
    kept = [(e.stage, dict(e.answers)["Which is better"]) for e in history.mine(
        db, ANA, "small", status="submitted").entries]  # fmt: skip
    letters = [f"{first.unit.letter(one)} is better" for one in "ba"]
    assert kept == [("revised", letters[0]), ("first", letters[1])]
    with pytest.raises(Refused, match="second look"):
        answering.submit(db, ANA, again, {"better": B})
    with pytest.raises(Refused, match="second look"):
        answering.undo(db, ANA, "small", again)
    repeated = answering.submit(db, ANA, first, {"better": A, "why": "mine"})
    assert repeated.stored == 0
    assert len(own(db)) == 4


def test_without_a_single_verdict_there_is_no_second_look(db):
    study = opened(db, "{mode: after}")
    answer(db, study, "better", "model", "m3", better(item_0="a"))
    answer(db, study, "better", "model", "m4", better(item_0="a"))
    held = assignment.current(db, ANA, "small")
    after = answering.submit(db, ANA, held, {"better": A}, follow=True).next
    assert after.stage == "first" and after.unit.key == "item-1"


def test_a_named_worker_gives_the_verdict(db):
    text = PROTOCOL + "reveal: {mode: before, worker: simulated judge}\nworkers:\n"
    text += "  - {kind: simulate, name: simulated judge, questions: [better]}\n"
    made = studies.create(db, ANA, from_yaml(text))
    fill(db, made)
    answer(db, made, "better", "model", "m1", better(item_0="b"))
    spec = {"simulated": True}
    answer(db, made, "better", "rule", "simulated judge", better(item_0="a"), spec=spec)
    studies.set_state(db, ANA, "small", "open")
    (verdict,) = assignment.current(db, ANA, "small").verdicts
    assert verdict.value == A and verdict.by == "simulated raters"


def test_arms_are_drawn_per_person_and_item_and_stay_what_they_are(db):
    opened(db, "{mode: arms, shares: {never: 1, before: 1, after: 2}}", 24)
    for n in range(4):
        who = Identity(f"p{n}")
        held = assignment.current(db, who, "small")
        while held:
            assert bool(held.verdicts) == (held.stage == "revised" or _arm(db, held) == "before")
            held = answering.submit(db, who, held, {"better": A}, follow=True).next
    first = [r for r in rows(db, S) if r.stage == "first"]
    counts = {arm: sum(r.arm == arm for r in first) for arm in ("never", "before", "after")}
    assert sum(counts.values()) == 96 and counts["after"] > counts["never"] > 10 < counts["before"]
    assert len({tuple(r.arm for r in first if r.rater == rater)
                for rater in {r.rater for r in first}}) == 4  # fmt: skip
    revised = [r for r in rows(db, S) if r.stage == "revised"]
    assert len(revised) == counts["after"] and {r.arm for r in revised} == {"after"}


def _arm(db, held):
    return next(r.arm for r in rows(db, S) if r.id == held.id)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("As Claude, made by Anthropic, I cannot.", "As [model], made by [maker], I cannot."),
        ("I'm ChatGPT, a large language model trained by OpenAI.",
         "I'm [model], a large language model trained by [maker]."),
        ("I am Gemini, built by Google.", "I am [model], built by [maker]."),
        ("My name is Claude 3.5 Sonnet.", "My name is [model]."),
        ("I am a language model by Meta AI.", "I am a language model by [maker]."),
        ("Llama 3 and GPT-4o differ.", "[model] and [model] differ."),
        ("As an AI assistant created by DeepSeek, I", "As an AI assistant created by [maker], I"),
        ("Claude Monet painted; the Gemini twins; Apple pie by Google Maps.",
         "Claude Monet painted; the Gemini twins; Apple pie by Google Maps."),
        ("I am a fan of Claude Debussy, and as Apple grew, I sold.",
         "I am a fan of Claude Debussy, and as Apple grew, I sold."),
        ("The llama is an animal.", "The llama is an animal."),
    ],
)  # fmt: skip
def test_what_tells_the_writer_is_hidden_and_nothing_else(text, shown):
    assert masking.mask(text) == shown
    for one in masking.find(text):
        assert text[one.start : one.end] == one.text


def test_sources_of_the_study_are_hidden_and_the_stored_text_stays(db):
    opened(db, "{mask: true}")
    words = "I'm ChatGPT. Zephyr-ours says: rice keeps three days."
    with db.write() as connection:
        connection.execute(
            update(Output.__table__)
            .values(source="zephyr-ours", content={"kind": "text", "data": words})
        )  # fmt: skip
    held = assignment.current(db, ANA, "small")
    assert {o.content.text() for o in held.unit.outputs} == {
        "I'm [model]. [model] says: rice keeps three days."
    }
    event = next(e for e in rows(db, Event.__table__) if e.kind == "mask")
    assert event.data["hidden"]["a"] == [[4, 11, "ChatGPT"], [13, 24, "Zephyr-ours"]]
    with db.read() as connection:
        assert connection.execute(select(Output.content)).scalars().first()["data"] == words
    assert "ChatGPT" not in "\n".join(everything(list(history.mine(db, ANA, "small").entries)))
